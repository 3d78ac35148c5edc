//! Which rows a step learns from: a function of the seed and the step alone.

use crate::error::{Failure, Result};
use crate::task::Share;
use pellucid_tensor::Stream;
use std::ops::Range;
use std::sync::Arc;

/// The order of the training rows.
///
/// Every epoch visits the rows in an order of its own, drawn from `Stream::new(seed, "shuffle", epoch)`, in
/// batches of one size. The rows left over at an epoch's end are not used in that epoch: a small last
/// batch would weigh its rows more than the others and spoil a batch norm's statistics. Since the order
/// changes, every row gets its turn in other epochs. Fewer rows than a batch make one batch of all rows.
///
/// Rows of different lengths are padded to the longest of their batch. So that this costs little, a few batches at a time
/// share out their rows by length, and all batches of the epoch are then shuffled. With [`Share::Lengths`], each of these takes
/// neighbours in that order up to its part of the sum of all lengths: many short rows or few long ones.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    rows: usize,
    batch: usize,
    seed: u64,
    share: Share,
    /// The length of each row; empty if they do not differ.
    lengths: Arc<[usize]>,
}

/// Batches that share out their rows by length.
const SHARED_OUT: usize = 32;

impl Order {
    pub(crate) fn new(
        rows: usize,
        batch: usize,
        seed: u64,
        share: Share,
        length: impl Fn(usize) -> usize,
    ) -> Result<Order> {
        if rows == 0 || batch == 0 {
            return Err(Failure::plan(format!(
                "{rows} training rows in batches of {batch}: nothing to learn from"
            )));
        }
        let lengths: Vec<usize> = (0..rows).map(length).collect();
        let differ = lengths.windows(2).any(|pair| pair[0] != pair[1]);
        let lengths = if differ { lengths.into() } else { Arc::default() };
        Ok(Order { rows, batch: batch.min(rows), seed, share, lengths })
    }

    pub(crate) fn batch(&self) -> usize {
        self.batch
    }

    pub(crate) fn steps_per_epoch(&self) -> u64 {
        (self.rows / self.batch) as u64
    }

    /// Epochs completed after so many steps, in fractions.
    pub(crate) fn epochs_after(&self, steps: u64) -> f64 {
        steps as f64 / self.steps_per_epoch() as f64
    }

    /// The rows of step `start`, of the step after it, and so on without end.
    pub(crate) fn starting_at(&self, start: u64) -> impl Iterator<Item = Vec<usize>> + use<> {
        let order = self.clone();
        let per_epoch = self.steps_per_epoch();
        let mut drawn = None;
        let (mut rows, mut batches) = (Vec::new(), Vec::new());
        (start..).map(move |step| {
            let (epoch, position) = (step / per_epoch, (step % per_epoch) as usize);
            if drawn != Some(epoch) {
                (rows, batches) = order.epoch(epoch);
                drawn = Some(epoch);
            }
            batches
                .get(position)
                .and_then(|range: &Range<usize>| rows.get(range.clone()))
                .unwrap_or(&[])
                .to_vec()
        })
    }

    /// The rows of an epoch in the order in which they are used, and which of them make each batch.
    fn epoch(&self, epoch: u64) -> (Vec<usize>, Vec<Range<usize>>) {
        let Order { batch, seed, .. } = *self;
        let mut rows: Vec<usize> = (0..self.rows).collect();
        Stream::new(seed, "shuffle", epoch).shuffle(&mut rows);
        rows.truncate(self.rows / batch * batch);
        let of_rows = |rows: usize| (0..rows / batch).map(|i| i * batch..(i + 1) * batch);
        if self.lengths.is_empty() {
            let batches = of_rows(rows.len()).collect();
            return (rows, batches);
        }
        let length = |&row: &usize| self.lengths.get(row).copied().unwrap_or_default();
        let mut batches = Vec::new();
        for (i, some) in rows.chunks_mut(SHARED_OUT * batch).enumerate() {
            some.sort_by_key(length);
            let first = i * SHARED_OUT * batch;
            let moved = |range: Range<usize>| first + range.start..first + range.end;
            match self.share {
                Share::Rows => batches.extend(of_rows(some.len()).map(moved)),
                Share::Lengths => {
                    let lengths: Vec<usize> = some.iter().map(length).collect();
                    batches.extend(evenly(&lengths, some.len() / batch).into_iter().map(moved));
                }
            }
        }
        Stream::new(seed, "lengths", epoch).shuffle(&mut batches);
        (rows, batches)
    }
}

/// Cuts rows of these lengths into `parts`, none empty, whose sums of lengths are about the same.
fn evenly(lengths: &[usize], parts: usize) -> Vec<Range<usize>> {
    let all: usize = lengths.iter().sum();
    let (mut ranges, mut start, mut sum) = (Vec::with_capacity(parts), 0, 0);
    for part in 1..=parts {
        // So many rows are left to the others at least.
        let most = lengths.len() - (parts - part);
        let mut end = start;
        while end < most && (end == start || part == parts || (sum + lengths[end]) * parts <= part * all) {
            sum += lengths[end];
            end += 1;
        }
        ranges.push(start..end);
        start = end;
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_epoch_visits_each_row_once_in_an_order_of_its_own() {
        let order = Order::new(12, 4, 7, Share::Rows, |_| 0).unwrap();
        let batches: Vec<_> = order.starting_at(0).take(6).collect();
        let (first, second) = (batches[..3].concat(), batches[3..].concat());
        assert_ne!(first, second);
        for mut epoch in [first, second] {
            epoch.sort_unstable();
            assert_eq!(epoch, (0..12).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_order_can_be_entered_anywhere() {
        let of = |share, length: fn(usize) -> usize| Order::new(11, 3, 1, share, length).unwrap();
        for order in
            [of(Share::Rows, |_| 0), of(Share::Rows, |row| row % 4), of(Share::Lengths, |row| row % 4)]
        {
            let all: Vec<_> = order.starting_at(0).take(20).collect();
            for start in 0..20 {
                let rest: Vec<_> = order.starting_at(start as u64).take(20 - start).collect();
                assert_eq!(rest, all[start..]);
            }
            assert!(all.iter().all(|batch| !batch.is_empty()));
            assert!(order.share == Share::Lengths || all.iter().all(|batch| batch.len() == 3));
        }
    }

    #[test]
    fn rows_of_like_length_share_a_batch_and_each_still_comes_once() {
        let order = Order::new(400, 10, 5, Share::Rows, |row| row / 100).unwrap();
        for epoch in 0..3 {
            let batches: Vec<_> = order.starting_at(epoch * 40).take(40).collect();
            let mixed = batches.iter().filter(|b| b.iter().any(|row| row / 100 != b[0] / 100)).count();
            assert!(mixed <= 6, "{mixed} of 40 batches hold rows of several lengths");
            let mut rows = batches.concat();
            assert!(!rows.is_sorted_by_key(|row| row / 100), "the batches are shuffled");
            rows.sort_unstable();
            assert_eq!(rows, (0..400).collect::<Vec<_>>());
        }
    }

    #[test]
    fn batches_of_like_length_hold_about_as_many_places_each() {
        let order = Order::new(645, 10, 5, Share::Lengths, |row| 1 + row % 40).unwrap();
        for epoch in 0..3 {
            let batches: Vec<_> = order.starting_at(epoch * 64).take(64).collect();
            let places = |batch: &Vec<usize>| batch.iter().map(|row| 1 + row % 40).sum::<usize>();
            let mean = batches.iter().map(places).sum::<usize>() / 64;
            assert!(batches.iter().all(|b| places(b).abs_diff(mean) <= 45), "about {mean} in each");
            assert!(batches.iter().map(Vec::len).max() > Some(20), "many short ones");
            let mut rows = batches.concat();
            rows.sort_unstable();
            assert_eq!(rows.len(), 640);
            assert!(rows.windows(2).all(|pair| pair[0] < pair[1]), "each once");
        }
    }

    #[test]
    fn no_part_is_empty() {
        assert_eq!(evenly(&[1, 1, 1, 1, 100], 3), [0..3, 3..4, 4..5]);
        assert_eq!(evenly(&[100, 1, 1], 3), [0..1, 1..2, 2..3]);
        assert_eq!(evenly(&[0, 0, 0, 0], 2), [0..3, 3..4]);
        assert_eq!(evenly(&[2, 2, 2, 2, 4, 4], 4), [0..2, 2..4, 4..5, 5..6]);
    }

    #[test]
    fn few_rows_make_one_batch_and_none_an_error() {
        let order = Order::new(3, 10, 1, Share::Rows, |_| 0).unwrap();
        assert_eq!((order.batch(), order.steps_per_epoch()), (3, 1));
        assert!(Order::new(0, 10, 1, Share::Rows, |_| 0).is_err());
        assert!(Order::new(10, 0, 1, Share::Rows, |_| 0).is_err());
    }
}
