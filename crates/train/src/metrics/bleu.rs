//! BLEU: how many of the words, and of the runs of two, three and four words, stand in a text by a person, too.

use super::texts::total;
use super::{Format, Metric, TextMetric};
use std::collections::HashMap;

/// `100 · min(1, e^(1 − r/a)) · (p₁ p₂ p₃ p₄)^(1/4)` over the whole set (Papineni et al. 2002), with `pₙ` the share of the answers' runs of n
/// words that stand in the true texts, and a and r the words of both. As `sacrebleu` counts (Post, arXiv 1804.08771): words by the
/// rules `13a`, upper and lower case told apart; where no run of a length is right, half a one is assumed, then a quarter, and so on.
pub(super) const BLEU: TextMetric = TextMetric {
    metric: Metric {
        name: "bleu",
        label: "Agreement in words (BLEU)",
        meaning: "How many of its words, and of its runs of two to four words, a person chose as well: 0 to 100; \
                  above 30 a text can be understood, above 50 it is fluent, and no two people reach 100.",
        higher_is_better: true,
        format: Format::Points,
    },
    score: |rows, counts| {
        let sum: [u64; 2 * LONGEST + 2] = total(rows.words.iter().map(Tally::all), counts);
        (counts.total() > 0).then(|| bleu(&sum))
    },
};

/// Words of the longest run.
const LONGEST: usize = 4;

/// What an answer and the true text have in common.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// For each length, runs of the answer that stand in the true text.
    right: [u32; LONGEST],
    /// For each length, runs of the answer.
    runs: [u32; LONGEST],
    /// Words of the answer and of the true text.
    words: [u32; 2],
}

impl Tally {
    pub(super) fn of(answer: &str, truth: &str) -> Tally {
        let (answer, truth) = (words(answer), words(truth));
        let mut tally = Tally { words: [answer.len() as u32, truth.len() as u32], ..Tally::default() };
        for n in 1..=LONGEST {
            let mut there: HashMap<&[String], u32> = HashMap::new();
            truth.windows(n).for_each(|run| *there.entry(run).or_default() += 1);
            for run in answer.windows(n) {
                tally.runs[n - 1] += 1;
                if let Some(left) = there.get_mut(run).filter(|left| **left > 0) {
                    *left -= 1;
                    tally.right[n - 1] += 1;
                }
            }
        }
        tally
    }

    fn all(&self) -> [u32; 2 * LONGEST + 2] {
        let mut all = [0; 2 * LONGEST + 2];
        all[..LONGEST].copy_from_slice(&self.right);
        all[LONGEST..2 * LONGEST].copy_from_slice(&self.runs);
        all[2 * LONGEST..].copy_from_slice(&self.words);
        all
    }
}

/// The score of the counts of a whole set: right runs, runs, words of the answers, words of the truth.
fn bleu(sum: &[u64; 2 * LONGEST + 2]) -> f64 {
    let (right, rest) = sum.split_at(LONGEST);
    let (runs, words) = rest.split_at(LONGEST);
    // Without a right word, or a single answer of four words, nothing can be said for it.
    if right.iter().all(|&n| n == 0) || runs.contains(&0) {
        return 0.0;
    }
    let mut assumed = 1.0;
    let mut logs = 0.0;
    for (&right, &runs) in right.iter().zip(runs) {
        let share = match right {
            0 => {
                assumed /= 2.0;
                assumed / runs as f64
            }
            _ => right as f64 / runs as f64,
        };
        logs += share.ln();
    }
    let [answer, truth] = [words[0] as f64, words[1] as f64];
    let brevity = if answer < truth { (1.0 - truth / answer).exp() } else { 1.0 };
    100.0 * brevity * (logs / LONGEST as f64).exp()
}

/// The words and signs of a text by the rules `13a` of NIST's script mteval-v13a, as `sacrebleu` applies them.
fn words(text: &str) -> Vec<String> {
    let text = text.trim_end_matches(is_space).replace("<skipped>", "").replace("-\n", "").replace('\n', " ");
    let text = text.replace("&quot;", "\"").replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">");
    let mut apart = String::with_capacity(text.len() + 8);
    for c in format!(" {text} ").chars() {
        match c {
            '{'..='~' | '['..='`' | ' '..='&' | '('..='+' | ':'..='@' | '/' => apart.extend([' ', c, ' ']),
            _ => apart.push(c),
        }
    }
    let stop = |c: char| matches!(c, '.' | ',');
    let digit = |c: char| c.is_ascii_digit();
    // Full stops and commas that do not follow a digit, those that no digit follows, and dashes after a digit.
    let apart = split_pairs(&apart, |a, b| !digit(a) && stop(b), |a, b| [a, ' ', b, ' ']);
    let apart = split_pairs(&apart, |a, b| stop(a) && !digit(b), |a, b| [' ', a, ' ', b]);
    let apart = split_pairs(&apart, |a, b| digit(a) && b == '-', |a, b| [a, ' ', b, ' ']);
    apart.split(is_space).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// What Python takes for space.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// Writes anew all pairs of neighbours that are as described, from the left; a character belongs to one pair at most.
fn split_pairs(
    text: &str,
    is: impl Fn(char, char) -> bool,
    with: impl Fn(char, char) -> [char; 4],
) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text.chars().peekable();
    while let Some(a) = rest.next() {
        match rest.peek().copied().filter(|&b| is(a, b)) {
            Some(b) => {
                out.extend(with(a, b));
                rest.next();
            }
            None => out.push(a),
        }
    }
    out
}
