//! Recommendations explained: what of all that was taken speaks for them, and whether they are lost without it.

use super::model::Recommender;
use super::rank::{Known, TOGETHER};
use crate::{Error, Result};
use pellucid_insight::explain::Missed;
use pellucid_insight::report::data::{ExplainedRecommendation, Reason};
use pellucid_tensor::Stream;
use std::collections::HashSet;

/// Choices by chance with which reasons are compared, if there are at least so many different ones.
const CHOICES: usize = 99;
const FEWEST: usize = 20;

impl Recommender {
    /// Recommends as [`recommend`](Self::recommend) does, and measures the reasons: what becomes of the score and of the place in the list if what
    /// is named had not been taken, beside as many other things by chance.
    ///
    /// # Errors
    /// As [`recommend`](Self::recommend).
    pub fn explain(
        &self,
        user: Option<&str>,
        more: &[String],
        count: usize,
        seed: u64,
    ) -> Result<Vec<ExplainedRecommendation>> {
        let known = self.known(user, more)?;
        let list = self.recommend(user, more, count)?;
        let shown = known.shown().to_vec();
        let whole = self.scores_of(std::slice::from_ref(&known))?;
        let mut random = Stream::new(seed, "choices", 0);
        // The same choices serve all recommendations for which as many things are named.
        let mut by_chance: Vec<Option<Vec<Vec<f32>>>> = Vec::new();
        let mut all = Vec::with_capacity(list.len());
        for (rank, item) in list.into_iter().enumerate() {
            let number = self.items.find(&item.item);
            let number = number.ok_or_else(|| Error::model(format!("`{}` has no number", item.item)))?;
            let named: HashSet<u32> =
                item.because.iter().filter_map(|why| self.items.find(&why.item)).collect();
            let mut explained = ExplainedRecommendation {
                place: rank as u64 + 1,
                item: item.item,
                title: item.title,
                rating: item.rating,
                new: item.new,
                because: item
                    .because
                    .into_iter()
                    .map(|why| Reason { item: why.item, title: why.title, share: why.share })
                    .collect(),
                taken: shown.len() as u64,
                ..ExplainedRecommendation::default()
            };
            if !named.is_empty() && choices(shown.len(), named.len()) >= FEWEST {
                by_chance.resize(by_chance.len().max(named.len() + 1), None);
                let others = match by_chance[named.len()].take() {
                    Some(others) => others,
                    None => self.without_some(&known, &shown, named.len(), &mut random)?,
                };
                let left = shown.iter().filter(|(item, _)| !named.contains(item)).copied().collect();
                let without = self.scores_of(&[Known { user: known.user, taken: left }])?;
                let score = |scores: &[f32]| f64::from(scores[number as usize]);
                let place_by = |scores: &[f32]| place(scores, number, &known.taken);
                let (of_named, n) = (score(&without[0]), others.len().max(1) as f64);
                explained.place_without_named = place_by(&without[0]);
                explained.place_without_others = others.iter().map(|s| place_by(s) as f64).sum::<f64>() / n;
                explained.missed = Some(Missed {
                    everything: score(&whole[0]),
                    without_named: of_named,
                    without_others: others.iter().map(|s| score(s)).sum::<f64>() / n,
                    as_good_by_chance: others.iter().filter(|s| score(s) <= of_named).count() as u64,
                    by_chance: others.len() as u64,
                });
                by_chance[explained.because.len()] = Some(others);
            }
            all.push(explained);
        }
        Ok(all)
    }

    /// Scores of all items, if `count` things by chance had not been taken; for each choice.
    fn without_some(
        &self,
        known: &Known,
        shown: &[(u32, f32)],
        count: usize,
        random: &mut Stream,
    ) -> Result<Vec<Vec<f32>>> {
        let mut left = |_| {
            let mut order: Vec<usize> = (0..shown.len()).collect();
            random.shuffle(&mut order);
            let mut kept = order.split_off(count);
            // In the order of time, as they were.
            kept.sort_unstable();
            Known { user: known.user, taken: kept.into_iter().map(|i| shown[i]).collect() }
        };
        self.scores_of(&(0..CHOICES).map(&mut left).collect::<Vec<_>>())
    }

    /// Scores of all items, for each of some users.
    fn scores_of(&self, users: &[Known]) -> Result<Vec<Vec<f32>>> {
        let scorer = self.scorer();
        let mut all = Vec::with_capacity(users.len());
        for some in users.chunks(TOGETHER) {
            let some: Vec<&Known> = some.iter().collect();
            all.extend(scorer.scores(&some)?);
        }
        Ok(all)
    }
}

/// The place of an item among all that were not taken.
fn place(scores: &[f32], item: u32, taken: &[(u32, f32)]) -> u64 {
    let taken: HashSet<u32> = taken.iter().map(|&(item, _)| item).collect();
    let own = scores[item as usize];
    let before = (0u32..).zip(scores).filter(|(other, score)| **score > own && !taken.contains(other));
    before.count() as u64 + 1
}

/// In how many ways `count` of `all` things can be chosen, or a large number.
fn choices(all: usize, count: usize) -> usize {
    (0..count).fold(1usize, |ways, i| ways.saturating_mul(all.saturating_sub(i)) / (i + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_choices_are_counted() {
        assert_eq!([choices(6, 3), choices(5, 3), choices(2, 3), choices(9, 1)], [20, 10, 0, 9]);
        let scores = [0.1, 0.9, 0.5, 0.7];
        assert_eq!(place(&scores, 2, &[(1, 1.0)]), 2);
        assert_eq!(place(&scores, 0, &[]), 4);
    }
}
