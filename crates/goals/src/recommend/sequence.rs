//! What comes next, by the order in which things were taken: SASRec (Kang & McAuley, arXiv 1808.09781). It learns by the softmax over all items and
//! not by one that is drawn, which makes it overconfident (Petrov & Macdonald, arXiv 2308.07192).

use super::rank::Known;
use super::unseen::Rows;
use crate::causal::{Blueprint, CausalTransformer};
use crate::networks::Placed;
use pellucid_grad::Var;
use pellucid_nn::{Pass, Seed, module};
use pellucid_tensor::{Result, Tensor};

/// A transformer over the items that somebody took, which sees the last of them only.
pub(crate) struct Sequence {
    network: CausalTransformer,
    context: usize,
}

module!(Sequence { network });

/// Items in their order, as the network sees them, and the places after which it is asked what comes next.
pub(crate) struct Stretches {
    /// `[n, length]` (`u32`): of a shorter stretch the rest is filled up, which no place before it sees.
    items: Tensor,
    /// `[m]` (`u32`): positions in n · length.
    places: Tensor,
}

impl Stretches {
    /// Asks what comes next after every place of each.
    ///
    /// # Errors
    /// No memory.
    pub(crate) fn everywhere(all: &[&[u32]]) -> Result<Stretches> {
        Stretches::new(all, |items| 0..items.len())
    }

    /// Asks what comes next after the last place of each; none may be empty.
    ///
    /// # Errors
    /// No memory.
    pub(crate) fn at_the_end(all: &[&[u32]]) -> Result<Stretches> {
        Stretches::new(all, |items| items.len().saturating_sub(1)..items.len())
    }

    fn new(all: &[&[u32]], asked: impl Fn(&[u32]) -> std::ops::Range<usize>) -> Result<Stretches> {
        let length = all.iter().map(|items| items.len()).max().unwrap_or_default().max(1);
        let (mut items, mut places) = (Vec::with_capacity(all.len() * length), Vec::new());
        for own in all {
            places.extend(asked(own).map(|place| (items.len() + place) as u32));
            items.extend_from_slice(own);
            items.resize(items.len().next_multiple_of(length), 0);
        }
        Ok(Stretches {
            items: Tensor::new(&items, &[all.len(), length])?,
            places: Tensor::new(&places, &[places.len()])?,
        })
    }
}

impl Sequence {
    /// For so many items.
    ///
    /// # Errors
    /// An impossible size, and no memory.
    pub(crate) fn new(seed: &Seed, b: &Blueprint, items: usize) -> Result<Sequence> {
        Ok(Sequence { network: CausalTransformer::new(seed, b, items)?, context: b.context })
    }

    /// What it sees of all that somebody took: the last.
    pub(crate) fn seen<'a>(&self, known: &'a Known) -> &'a [(u32, f32)] {
        &known.taken[known.taken.len().saturating_sub(self.context)..]
    }

    /// How much some items are expected after the places of stretches that are asked about: logits `[m, k]`.
    ///
    /// items: `[k]` (`u32`).
    ///
    /// # Errors
    /// Items that are not there, and no memory.
    pub(crate) fn expected(&self, pass: &Pass, stretches: &Stretches, items: &Tensor) -> Result<Var> {
        self.network.logits_among(pass, &stretches.items, &stretches.places, items)
    }

    /// The table that has a row for each item.
    pub(super) fn table_of_items(&mut self) -> Rows<'_> {
        Rows { table: &mut self.network.pieces_mut().weight, exponents: false }
    }

    /// Its parts in words.
    ///
    /// # Errors
    /// Impossible sizes.
    pub(crate) fn describe(&self) -> Result<Vec<Placed>> {
        let layers = self.network.describe(self.context)?;
        Ok(layers.into_iter().map(|l| Placed { part: format!("order: {}", l.part), lane: 2, ..l }).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence() -> Sequence {
        let b = Blueprint { width: 16, depth: 2, heads: 2, dropout: 0.2, context: 5 };
        Sequence::new(&Seed::new(3), &b, 9).unwrap()
    }

    fn logits(sequence: &Sequence, stretches: &Stretches) -> Vec<Vec<f32>> {
        let all = Tensor::new(&(0..9u32).collect::<Vec<_>>(), &[9]).unwrap();
        let found = sequence.expected(&Pass::inference(), stretches, &all).unwrap();
        found.value().data::<f32>().unwrap().chunks(9).map(<[f32]>::to_vec).collect()
    }

    fn near(a: &[f32], b: &[f32]) -> bool {
        a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5)
    }

    #[test]
    fn what_is_expected_at_a_place_does_not_depend_on_what_is_taken_later() {
        let sequence = sequence();
        let of = |items: &[u32]| logits(&sequence, &Stretches::everywhere(&[items]).unwrap());
        let (one, other) = (of(&[1, 2, 3, 4, 5]), of(&[1, 2, 3, 8, 7]));
        for place in 0..3 {
            assert!(near(&one[place], &other[place]), "place {place}");
        }
        assert!(!near(&one[3], &other[3]) && !near(&one[4], &other[4]));
        // The order does matter.
        assert!(!near(&of(&[1, 2, 3])[2], &of(&[2, 1, 3])[2]));
    }

    #[test]
    fn a_short_stretch_says_the_same_beside_a_longer_one() {
        let sequence = sequence();
        let (short, long) = (&[6u32, 2][..], &[1u32, 2, 3, 4, 5][..]);
        let together = logits(&sequence, &Stretches::at_the_end(&[short, long, short]).unwrap());
        let alone = |items| logits(&sequence, &Stretches::at_the_end(&[items]).unwrap());
        assert!(near(&together[0], &alone(short)[0]) && near(&together[2], &alone(short)[0]));
        assert!(near(&together[1], &alone(long)[0]));
        let places = logits(&sequence, &Stretches::everywhere(&[short, long]).unwrap());
        assert_eq!(places.len(), 7, "what only fills up is not asked about");
        assert!(near(&places[1], &together[0]) && near(&places[6], &together[1]));
    }

    #[test]
    fn of_much_that_was_taken_the_last_is_seen() {
        let taken: Vec<(u32, f32)> = (0..8).map(|item| (item, 0.0)).collect();
        let known = Known { user: None, taken };
        assert_eq!(sequence().seen(&known), &known.taken[3..]);
    }
}
