//! Finding the text that the network holds for the likeliest: beam search.

use super::network::{Padded, Translator};
use pellucid_tensor::{Result, Tensor};

/// How a translation is looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Search {
    /// Beginnings that are followed at once; 1 takes the likeliest piece each time.
    pub(crate) beams: usize,
    /// How much longer texts are helped: the logarithm of their probability is divided by ((5 + length) / 6) to this power (Wu et al.,
    /// arXiv 1609.08144), because each further piece makes a text less likely.
    pub(crate) length_power: f64,
}

impl Default for Search {
    fn default() -> Self {
        Search { beams: 5, length_power: 1.0 }
    }
}

/// A translation that was found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    /// Its pieces, without those at both ends.
    pub(crate) pieces: Vec<u32>,
    /// The logarithm of its probability, divided as [`Search::length_power`] says.
    pub(crate) score: f64,
    /// The logarithm of its probability.
    pub(crate) log_probability: f64,
}

/// The special pieces of what is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    /// Before a text.
    pub(crate) begin: u32,
    /// After a text.
    pub(crate) end: u32,
    /// Pieces from this one on can stand in a text.
    pub(crate) first: u32,
}

/// A text may become so many times as long as the one that was read, and some pieces more.
const LONGER: usize = 2;
const MORE: usize = 10;

/// One beginning of a translation.
#[derive(Clone)]
struct Beam {
    pieces: Vec<u32>,
    log_probability: f64,
}

/// The translations of one text under way.
struct Underway {
    /// Which text it is.
    text: usize,
    beams: Vec<Beam>,
    found: Vec<Found>,
    /// The most pieces.
    longest: usize,
}

/// The likeliest translations of each text (its pieces), the best first, at most as many as there are beams.
///
/// # Errors
/// Pieces that are not in the vocabulary, and no memory.
pub(crate) fn search(net: &Translator, texts: &[&[u32]], ends: Ends, how: Search) -> Result<Vec<Vec<Found>>> {
    let beams = how.beams.max(1);
    let mut all: Vec<Vec<Found>> = vec![Vec::new(); texts.len()];
    let mut running: Vec<Underway> = texts
        .iter()
        .enumerate()
        .map(|(text, pieces)| Underway {
            text,
            beams: vec![Beam { pieces: Vec::new(), log_probability: 0.0 }],
            found: Vec::new(),
            longest: LONGER * pieces.len() + MORE,
        })
        .collect();
    if running.is_empty() {
        return Ok(all);
    }
    let mut writing = net.begin(&Padded::new(texts)?)?;
    let mut last: Vec<u32> = vec![ends.begin; running.len()];
    loop {
        let logits = net.write(&mut writing, &Tensor::new(&last, &[last.len()])?)?;
        let vocabulary = logits.dim(1)?;
        let mut rows = logits.data::<f32>()?.chunks_exact(vocabulary.max(1));
        let (mut from, mut first) = (Vec::new(), 0u32);
        last.clear();
        for one in &mut running {
            let logits: Vec<&[f32]> = rows.by_ref().take(one.beams.len()).collect();
            let old = one.beams.len() as u32;
            for (row, piece) in one.advance(&logits, ends, beams, how.length_power) {
                from.push(first + row as u32);
                last.push(piece);
            }
            first += old;
        }
        let finished = |one: &Underway| one.beams.is_empty();
        for one in running.iter_mut().filter(|one| finished(one)) {
            one.found.sort_by(|a, b| b.score.total_cmp(&a.score));
            one.found.truncate(beams);
            all[one.text] = std::mem::take(&mut one.found);
        }
        running.retain(|one| !finished(one));
        if running.is_empty() {
            return Ok(all);
        }
        writing = writing.of_rows(&Tensor::new(&from, &[from.len()])?)?;
    }
}

impl Underway {
    /// Takes the likeliest next pieces; gives for each beginning that is followed which one it goes on from, and with which piece. None
    /// when all is found.
    fn advance(&mut self, logits: &[&[f32]], ends: Ends, beams: usize, power: f64) -> Vec<(usize, u32)> {
        // Half of the best may be ends.
        let mut best: Vec<(f64, usize, u32)> = Vec::with_capacity(2 * beams + 1);
        for (row, (beam, logits)) in self.beams.iter().zip(logits).enumerate() {
            let log_sum = log_sum_exp(logits);
            for (piece, &logit) in (0u32..).zip(*logits) {
                if piece < ends.first && piece != ends.end {
                    continue;
                }
                let sum = beam.log_probability + f64::from(logit) - log_sum;
                if best.len() < 2 * beams || best.last().is_some_and(|worst| sum > worst.0) {
                    let at = best.partition_point(|other| other.0 >= sum);
                    best.insert(at, (sum, row, piece));
                    best.truncate(2 * beams);
                }
            }
        }
        let places = self.beams.first().map_or(0, |beam| beam.pieces.len()) + 1;
        let scored =
            |log_probability: f64, length: usize| log_probability / ((5.0 + length as f64) / 6.0).powf(power);
        let (mut next, mut from) = (Vec::with_capacity(beams), Vec::with_capacity(beams));
        for (rank, (sum, row, piece)) in best.into_iter().enumerate() {
            let so_far = &self.beams[row].pieces;
            if piece == ends.end {
                // An end that is not among the best does not end anything.
                if rank < beams {
                    let score = scored(sum, places);
                    self.found.push(Found { pieces: so_far.clone(), score, log_probability: sum });
                }
            } else if next.len() < beams {
                let pieces = [so_far, &[piece][..]].concat();
                next.push(Beam { pieces, log_probability: sum });
                from.push((row, piece));
            }
        }
        if places >= self.longest {
            // What has come to no end is better than nothing.
            let left = next.drain(..).map(|beam| Found {
                score: scored(beam.log_probability, places),
                log_probability: beam.log_probability,
                pieces: beam.pieces,
            });
            if self.found.is_empty() {
                self.found.extend(left);
            }
        }
        if self.found.len() >= beams || places >= self.longest {
            self.beams.clear();
            return Vec::new();
        }
        self.beams = next;
        from
    }
}

/// ln Σ eˣ.
pub(super) fn log_sum_exp(x: &[f32]) -> f64 {
    let most = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    f64::from(most) + f64::from(x.iter().map(|&x| (x - most).exp()).sum::<f32>()).ln()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::translate::network::Blueprint;
    use pellucid_nn::{Pass, Seed};

    const ENDS: Ends = Ends { begin: 2, end: 3, first: 4 };

    fn net() -> Translator {
        let shape = Blueprint { width: 8, depth: 2, heads: 2, dropout: 0.3, shared: false };
        Translator::new(&Seed::new(5), &shape, [11, 9]).unwrap()
    }

    /// The logarithm of the probability of a translation, all of it at once.
    fn log_probability(net: &Translator, text: &[u32], written: &[u32]) -> f64 {
        let fed = [&[ENDS.begin], written].concat();
        let places: Vec<u32> = (0..fed.len() as u32).collect();
        let logits = net.logits(
            &Pass::inference(),
            &Padded::new(&[text]).unwrap(),
            &Padded::new(&[&fed]).unwrap().pieces,
            &Tensor::new(&places, &[places.len()]).unwrap(),
        );
        let logits = logits.unwrap().value().clone();
        let next = written.iter().copied().chain([ENDS.end]);
        let rows = logits.data::<f32>().unwrap().chunks(9);
        rows.zip(next).map(|(row, piece)| f64::from(row[piece as usize]) - log_sum_exp(row)).sum()
    }

    #[test]
    fn what_is_found_piece_by_piece_has_the_probability_of_the_whole() {
        let net = net();
        let texts: [&[u32]; 3] = [&[4, 10, 5], &[7], &[9, 9, 8, 6, 4, 5]];
        for beams in [1, 3, 8] {
            let all = search(&net, &texts, ENDS, Search { beams, length_power: 1.0 }).unwrap();
            for (text, found) in texts.iter().zip(&all) {
                assert!(!found.is_empty() && found.len() <= beams);
                assert!(found.windows(2).all(|two| two[0].score >= two[1].score));
                for (i, one) in found.iter().enumerate() {
                    assert!(found[..i].iter().all(|other| other.pieces != one.pieces));
                    assert!(one.pieces.iter().all(|&piece| piece >= ENDS.first));
                    // What came to no end within the longest length has no end that counts.
                    if one.pieces.len() < LONGER * text.len() + MORE {
                        let whole = log_probability(&net, text, &one.pieces);
                        assert!((one.log_probability - whole).abs() < 1e-4, "{found:?}: {whole}");
                    }
                }
            }
            // Nobody is disturbed by others' being translated at the same time.
            let alone = search(&net, &texts[1..2], ENDS, Search { beams, length_power: 1.0 }).unwrap();
            let pieces = |found: &[Found]| found.iter().map(|f| f.pieces.clone()).collect::<Vec<_>>();
            assert_eq!(pieces(&alone[0]), pieces(&all[1]));
        }
        assert!(search(&net, &[], ENDS, Search::default()).unwrap().is_empty());
    }
}
