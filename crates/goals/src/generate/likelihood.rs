//! How likely a network holds a text to be.

use super::script::Script;
use crate::causal::CausalTransformer;
use pellucid_nn::Pass;
use pellucid_tensor::{Result, Tensor};
use pellucid_train::metrics::Stretch;
use std::ops::Range;

/// Windows that are looked at together.
const AT_ONCE: usize = 16;

/// The places of a row of pieces that are foreseen together, and the pieces that are seen for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// What is seen.
    pub(crate) seen: Range<usize>,
    /// Of these, what is foreseen.
    pub(crate) foreseen: Range<usize>,
}

/// Cuts a row of pieces into windows, so that every piece but the first is foreseen once, from as many pieces before it as fill half the
/// context at least, where there are so many.
pub(crate) fn windows(pieces: usize, context: usize) -> Vec<Window> {
    let (context, half) = (context.max(2), (context / 2).max(1));
    let (mut windows, mut next) = (Vec::new(), 1);
    while next < pieces {
        // The first window has nothing before it.
        let end = if next == 1 { pieces.min(context + 1) } else { pieces.min(next + half) };
        windows.push(Window { seen: end.saturating_sub(context + 1)..end, foreseen: next..end });
        next = end;
    }
    windows
}

/// The likelihood of the foreseen pieces of each window.
///
/// # Errors
/// Pieces that are not in the vocabulary, and no memory.
pub(crate) fn likelihood(
    network: &CausalTransformer,
    script: &Script,
    pieces: &[u32],
    windows: &[Window],
    progress: &mut dyn FnMut(usize),
) -> Result<Vec<Stretch>> {
    let mut stretches = Vec::with_capacity(windows.len());
    for some in windows.chunks(AT_ONCE) {
        let longest = some.iter().map(|w| w.seen.len() - 1).max().unwrap_or_default();
        let mut seen = Vec::with_capacity(some.len() * longest);
        for window in some {
            let row = &pieces[window.seen.start..window.seen.end - 1];
            seen.extend(row);
            // What comes after a place does not change what is expected there.
            seen.extend(std::iter::repeat_n(0, longest - row.len()));
        }
        let logits = network.logits(&Pass::inference(), &Tensor::new(&seen, &[some.len(), longest])?)?;
        let logits = logits.value();
        let (size, logits) = (logits.dim(1)?, logits.data::<f32>()?);
        for (row, window) in some.iter().enumerate() {
            let mut stretch = Stretch::default();
            for at in window.foreseen.clone() {
                let place = row * longest + (at - 1 - window.seen.start);
                stretch.cost += nats(&logits[place * size..(place + 1) * size], pieces[at]);
                stretch.steps += 1;
                stretch.units += script.units(pieces[at]);
            }
            stretches.push(stretch);
        }
        progress(stretches.len());
    }
    Ok(stretches)
}

/// −ln of the probability that logits give to a piece.
fn nats(logits: &[f32], piece: u32) -> f64 {
    let best = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|&logit| f64::from(logit - best).exp()).sum();
    let own = logits.get(piece as usize).copied().unwrap_or(f32::NEG_INFINITY);
    sum.ln() - f64::from(own - best)
}

#[cfg(test)]
mod tests {
    use super::super::vocabulary::Vocabulary;
    use super::*;
    use crate::causal::Blueprint;
    use pellucid_grad::ops;
    use pellucid_nn::Seed;

    #[test]
    fn every_piece_but_the_first_is_foreseen_once_from_enough_before_it() {
        for (pieces, context) in [(100, 8), (9, 8), (10, 8), (5, 8), (2, 8), (1, 8), (0, 8), (50, 3), (50, 2)]
        {
            let all = windows(pieces, context);
            let foreseen: Vec<usize> = all.iter().flat_map(|w| w.foreseen.clone()).collect();
            assert_eq!(foreseen, (1..pieces).collect::<Vec<_>>());
            for w in &all {
                assert!(
                    w.seen.len() <= context + 1
                        && w.seen.end == w.foreseen.end
                        && w.seen.start < w.foreseen.start
                );
                let before = w.foreseen.start - w.seen.start;
                assert!(w.seen.start == 0 || before >= context / 2, "{before} before it");
            }
        }
    }

    #[test]
    fn windows_of_any_length_together_are_as_each_alone() {
        let vocabulary = Vocabulary::learn(&["abcabcabd".repeat(9)], true).unwrap();
        let b = Blueprint { width: 16, depth: 2, heads: 2, dropout: 0.0, context: 6 };
        let network = CausalTransformer::new(&Seed::new(1), &b, vocabulary.size()).unwrap();
        let pieces = vocabulary.of(&"abdcab".repeat(5)).unwrap();
        let script = Script::Text(vocabulary);
        let cut = windows(pieces.len(), 6);
        let found = likelihood(&network, &script, &pieces, &cut, &mut |_| {}).unwrap();
        let mut all = 0.0;
        for (window, stretch) in cut.iter().zip(&found) {
            let seen =
                Tensor::new(&pieces[window.seen.start..window.seen.end - 1], &[1, window.seen.len() - 1])
                    .unwrap();
            let logits = network.logits(&Pass::inference(), &seen).unwrap();
            let first = window.foreseen.start - 1 - window.seen.start;
            let places = ops::narrow(&logits, 0, first, window.foreseen.len()).unwrap();
            let next = Tensor::new(&pieces[window.foreseen.clone()], &[window.foreseen.len()]).unwrap();
            let mean = ops::cross_entropy(&places, &next, 0.0, None, None).unwrap().value().item().unwrap();
            assert!((stretch.cost - mean * f64::from(stretch.steps)).abs() < 1e-4);
            all += f64::from(stretch.units);
        }
        assert_eq!(all as usize, pieces.len() - 1);
    }
}
