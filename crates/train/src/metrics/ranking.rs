//! How good short lists of recommendations are, each for one user.

use super::rows::check_row_count;
use super::{Counts, Format, Metric, MetricError, RankMetric};

/// Recommendations that are looked at.
pub const LISTED: usize = 10;

/// The lists of some users, scored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RankRows {
    lists: Vec<RankedList>,
}

/// The scores of one user's list.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RankedList {
    ndcg: f64,
    recall: f64,
    reciprocal: f64,
}

impl RankedList {
    /// Of the items that were recommended, the best first, and those that were taken; `None` if none was taken.
    pub fn of(recommended: &[u32], taken: &[u32]) -> Option<RankedList> {
        if taken.is_empty() {
            return None;
        }
        let gain = |place: usize| 1.0 / (place as f64 + 2.0).log2();
        let hit = |(place, item): (usize, &u32)| taken.contains(item).then_some(place);
        let hits: Vec<usize> = recommended.iter().take(LISTED).enumerate().filter_map(hit).collect();
        let best: f64 = (0..taken.len().min(LISTED)).map(gain).sum();
        Some(RankedList {
            ndcg: hits.iter().map(|&place| gain(place)).sum::<f64>() / best,
            recall: hits.len() as f64 / taken.len() as f64,
            reciprocal: hits.first().map_or(0.0, |&place| 1.0 / (place as f64 + 1.0)),
        })
    }

    /// Its gain, discounted by place, as a share of the best possible.
    pub fn ndcg(&self) -> f64 {
        self.ndcg
    }
}

impl RankRows {
    /// The lists of users who took something.
    ///
    /// # Errors
    /// More lists than can be counted.
    pub fn new(lists: Vec<RankedList>) -> Result<RankRows, MetricError> {
        check_row_count(lists.len())?;
        Ok(RankRows { lists })
    }

    /// How many lists there are.
    pub fn len(&self) -> usize {
        self.lists.len()
    }

    /// True without lists.
    pub fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    fn mean(&self, counts: &Counts, of: fn(&RankedList) -> f64) -> Option<f64> {
        let (mut sum, mut all) = (0.0, 0.0);
        for (list, &times) in self.lists.iter().zip(counts.times()) {
            sum += f64::from(times) * of(list);
            all += f64::from(times);
        }
        (all > 0.0).then(|| sum / all)
    }
}

/// Discounted gain (Järvelin & Kekäläinen 2002), each thing taken being worth the same: Σ 1 / log₂(place + 1) as a share of the best possible.
pub(super) const NDCG: RankMetric = RankMetric {
    metric: Metric {
        name: "ndcg@10",
        label: "Ten recommendations, by place (nDCG)",
        meaning: "How good the ten recommendations of a user are, compared with the best ten possible: what was taken counts more the \
                  higher it stands in the list. 1 is perfect.",
        higher_is_better: true,
        format: Format::Number,
    },
    score: |rows, counts| rows.mean(counts, |list| list.ndcg),
};

/// The share of what a user took that is among his ten recommendations.
pub(super) const RECALL: RankMetric = RankMetric {
    metric: Metric {
        name: "recall@10",
        label: "Found by ten recommendations (recall)",
        meaning: "The share of what a user went on to take that was among the ten recommendations.",
        higher_is_better: true,
        format: Format::Percent,
    },
    score: |rows, counts| rows.mean(counts, |list| list.recall),
};

/// The mean of 1 / the place of the first recommendation that was taken, 0 if none of the ten was.
pub(super) const MRR: RankMetric = RankMetric {
    metric: Metric {
        name: "mrr@10",
        label: "How early the first hit comes (MRR)",
        meaning: "1 if the first recommendation was taken, a half if the second was the first to be taken, and so on; 0 if none of ten was.",
        higher_is_better: true,
        format: Format::Number,
    },
    score: |rows, counts| rows.mean(counts, |list| list.reciprocal),
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lists_are_scored_by_hand() {
        // Hits in places 1 and 3 of five things taken.
        let list = RankedList::of(&[7, 1, 9, 2], &[9, 7, 30, 31, 32]).unwrap();
        let best: f64 = (0..5).map(|place| 1.0 / f64::log2(f64::from(place) + 2.0)).sum();
        assert!((list.ndcg - (1.0 + 0.5) / best).abs() < 1e-12);
        assert!((list.recall - 0.4).abs() < 1e-12 && (list.reciprocal - 1.0).abs() < 1e-12);
        assert_eq!(RankedList::of(&[1, 2], &[3]).unwrap(), RankedList::default());
        assert!(RankedList::of(&[1, 2], &[]).is_none());
        // Beyond the tenth place nothing counts, and more than ten need not be found.
        let all: Vec<u32> = (0..20).collect();
        assert!((RankedList::of(&all, &all).unwrap().ndcg - 1.0).abs() < 1e-12);
        assert_eq!(RankedList::of(&all, &[15]).unwrap(), RankedList::default());
        let rows = RankRows::new(vec![list, RankedList::default()]).unwrap();
        assert_eq!((RECALL.score)(&rows, &Counts::once(2)), Some(0.2));
        assert_eq!((MRR.score)(&rows, &Counts::new(vec![1, 0])), Some(1.0));
        assert_eq!((NDCG.score)(&RankRows::default(), &Counts::once(0)), None);
    }

    #[test]
    fn they_are_as_scikit_learn_has_them() {
        // From tests/reference/metrics.py: ndcg_score of the list below with k = 10.
        let recommended: Vec<u32> = vec![4, 11, 0, 7, 19, 3, 15, 8, 2, 13];
        let list = RankedList::of(&recommended, &[0, 3, 8, 9, 12, 13, 19]).unwrap();
        assert!((list.ndcg - SCIKIT_LEARN).abs() < 1e-9, "{}", list.ndcg);
    }

    const SCIKIT_LEARN: f64 = 0.507858680764;
}
