//! Whether what an explanation names is missed more than anything else: of words that were translated, and of what somebody took.

use super::shuffled;
use pellucid_tensor::Stream;
use serde::{Deserialize, Serialize};

/// Of explanations by chance, at most this share may do as well.
const BY_CHANCE: f64 = 0.1;

/// Orders by chance, of at least so many words: of fewer there are too few orders to tell anything.
const ORDERS: usize = 199;
const FEWEST: usize = 4;

/// What is lost without what an explanation names, beside what is lost without as much by chance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Missed {
    /// With everything.
    pub everything: f64,
    /// Without what is named.
    pub without_named: f64,
    /// Without others, on average.
    pub without_others: f64,
    /// Of explanations by chance, those without which as much is lost.
    pub as_good_by_chance: u64,
    /// Explanations by chance.
    pub by_chance: u64,
}

impl Missed {
    /// Whether more is lost than by chance: a permutation test at one in ten.
    pub fn holds(&self) -> bool {
        let p = (1 + self.as_good_by_chance) as f64 / (1 + self.by_chance) as f64;
        self.without_named < self.everything && p <= BY_CHANCE
    }
}

/// Measures an alignment: how much less likely each written word becomes, on average, if the word that it is made from first of all is left out of
/// the text; and if the words of the text change their places in the alignment by chance. `weights` and `without` are `[written, read]`: the
/// alignment, and the probability of each written word without each word read; `everything` those of the whole text. `None` of texts with too
/// few words.
pub fn alignment_missed(
    weights: &[f64],
    everything: &[f64],
    without: &[f64],
    read: usize,
    seed: u64,
) -> Option<Missed> {
    let written = everything.len();
    if read < FEWEST || written == 0 {
        return None;
    }
    let first = |row: &[f64]| (0..read).max_by(|&a, &b| row[a].total_cmp(&row[b]).then(b.cmp(&a)));
    let named: Vec<usize> = weights.chunks(read).filter_map(first).collect();
    let mean = |of: &dyn Fn(usize) -> f64| (0..written).map(of).sum::<f64>() / written as f64;
    let left = |order: &[usize]| mean(&|word| without[word * read + order[named[word]]]);
    let as_it_is: Vec<usize> = (0..read).collect();
    let without_named = left(&as_it_is);
    let mut random = Stream::new(seed, "alignments", 0);
    let as_good = (0..ORDERS).filter(|_| left(&shuffled(read, &mut random)) <= without_named).count();
    Some(Missed {
        everything: mean(&|word| everything[word]),
        without_named,
        without_others: mean(&|word| {
            let row = &without[word * read..(word + 1) * read];
            (row.iter().sum::<f64>() - row[named[word]]) / (read - 1) as f64
        }),
        as_good_by_chance: as_good as u64,
        by_chance: ORDERS as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each of six words needs one of six, by turns.
    fn missed(shift: usize) -> Missed {
        let at = |i: usize| (i / 6, i % 6);
        let weights: Vec<f64> =
            (0..36).map(at).map(|(word, read)| if read == (word + shift) % 6 { 0.9 } else { 0.02 }).collect();
        let without: Vec<f64> =
            (0..36).map(at).map(|(word, read)| if read == word { 0.1 } else { 0.8 }).collect();
        alignment_missed(&weights, &[0.9; 6], &without, 6, 1).unwrap()
    }

    #[test]
    fn an_alignment_that_names_what_is_needed_holds_and_another_does_not() {
        let right = missed(0);
        assert!(right.holds() && right.as_good_by_chance < 3, "{right:?}");
        let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert!(
            near(right.everything, 0.9) && near(right.without_named, 0.1) && near(right.without_others, 0.8)
        );
        let wrong = missed(1);
        assert!(!wrong.holds() && near(wrong.without_named, 0.8), "{wrong:?}");
    }

    #[test]
    fn an_alignment_by_chance_seldom_holds() {
        let holds = |seed: u64| {
            let mut random = Stream::new(seed, "made", 0);
            let mut draw =
                |n: usize| -> Vec<f64> { (0..n).map(|_| f64::from(random.between(0.0, 0.9))).collect() };
            let (weights, without) = (draw(40), draw(40));
            alignment_missed(&weights, &[0.95; 5], &without, 8, seed).unwrap().holds()
        };
        // One in ten, and three standard errors of that.
        assert!((0..200).filter(|&seed| holds(seed)).count() <= 33);
        assert_eq!(alignment_missed(&[0.5; 6], &[0.5; 2], &[0.5; 6], 3, 1), None);
    }
}
