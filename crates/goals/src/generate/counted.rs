//! The trivial way to foresee a text: counting what followed the last few pieces so far.

use super::script::Script;
use std::collections::HashMap;

/// Pieces that are counted at most.
const MOST: usize = 8_000_000;

/// How often pieces followed the last few, interpolated from the longest run to the shortest by the method of Witten & Bell (1991, method C):
/// p(w | h) = (n(h w) + t(h) · p(w | shorter h)) / (n(h) + t(h)), with t(h) different pieces seen after h.
pub(crate) struct Counted {
    /// How often each run was followed by anything, and by how many different pieces.
    runs: HashMap<u64, (u32, u32)>,
    /// How often each run was followed by a piece.
    next: HashMap<u64, u32>,
    back: usize,
    vocabulary: usize,
}

/// A number that stands for a run and its length; the next piece back is added in front.
fn longer(run: u64, piece: u32) -> u64 {
    (run ^ (u64::from(piece) + 1)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
}

/// The run of no pieces.
const NONE: u64 = 0x51ed_270b_9f64_2f1d;

impl Counted {
    /// Counts.
    pub(crate) fn new(script: &Script, pieces: &[u32]) -> Counted {
        let back = script.counted();
        let pieces = &pieces[..pieces.len().min(MOST)];
        let (mut runs, mut next) = (HashMap::<u64, (u32, u32)>::new(), HashMap::<u64, u32>::new());
        for (at, &piece) in pieces.iter().enumerate() {
            let mut run = NONE;
            for length in 0..=back.min(at) {
                if length > 0 {
                    run = longer(run, pieces[at - length]);
                }
                let times = next.entry(longer(!run, piece)).or_default();
                let (all, different) = runs.entry(run).or_default();
                *all += 1;
                *different += u32::from(*times == 0);
                *times += 1;
            }
        }
        Counted { runs, next, back, vocabulary: script.size() }
    }

    /// −ln of the probability of the piece at a place, from those before it.
    pub(crate) fn nats(&self, pieces: &[u32], at: usize) -> f64 {
        let (mut p, mut run) = (1.0 / self.vocabulary.max(1) as f64, NONE);
        for length in 0..=self.back.min(at) {
            if length > 0 {
                run = longer(run, pieces[at - length]);
            }
            let Some(&(all, different)) = self.runs.get(&run) else { break };
            let times = self.next.get(&longer(!run, pieces[at])).copied().unwrap_or_default();
            p = (f64::from(times) + f64::from(different) * p) / f64::from(all + different);
        }
        -p.ln()
    }
}

#[cfg(test)]
mod tests {
    use super::super::vocabulary::Vocabulary;
    use super::*;

    #[test]
    fn probabilities_add_up_to_one_and_follow_the_formula() {
        let text = "abracadabra abracadabra";
        let vocabulary = Vocabulary::learn(&[text.to_owned()], true).unwrap();
        let pieces = vocabulary.of(text).unwrap();
        let (script, size) = (Script::Text(vocabulary), 7);
        let counted = Counted::new(&script, &pieces);
        let Script::Text(vocabulary) = &script else { unreachable!("it is a text") };
        assert_eq!(vocabulary.size(), size as usize);
        for start in ["abra", "", "cc", "a a a a"] {
            let mut pieces = vocabulary.of(start).unwrap();
            pieces.push(0);
            let at = pieces.len() - 1;
            let p = |piece: u32| {
                let mut pieces = pieces.clone();
                pieces[at] = piece;
                (-counted.nats(&pieces, at)).exp()
            };
            let all: f64 = (0..size).map(p).sum();
            assert!((all - 1.0).abs() < 1e-9, "{start}: {all}");
        }
        // Without any piece before it: n(a) = 10 of 23, six different ones (of 2 + 6 in the vocabulary).
        let a = vocabulary.of("a").unwrap();
        let want: f64 = (10.0 + 6.0 / f64::from(size)) / (23.0 + 6.0);
        assert!((counted.nats(&a, 0) + want.ln()).abs() < 1e-12);
        assert!(counted.nats(&vocabulary.of("abrac").unwrap(), 4) < 0.7, "always c or d or a space");
    }
}
