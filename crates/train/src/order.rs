//! Which rows a step learns from: a function of the seed and the step alone.

use crate::error::{Failure, Result};
use pellucid_tensor::Stream;
use std::sync::Arc;

/// The order of the training rows.
///
/// Every epoch visits the rows in an order of its own, drawn from `Stream::new(seed, "shuffle", epoch)`, in
/// batches of one size. The rows left over at an epoch's end are not used in that epoch: a small last
/// batch would weigh its rows more than the others and spoil a batch norm's statistics. Since the order
/// changes, every row gets its turn in other epochs. Fewer rows than a batch make one batch of all rows.
///
/// Rows of different lengths are padded to the longest of their batch. So that this costs little, a few batches at a time
/// share out their rows by length, and all batches of the epoch are then shuffled.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    rows: usize,
    batch: usize,
    seed: u64,
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
        Ok(Order { rows, batch: batch.min(rows), seed, lengths })
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
        let Order { rows, batch, seed, .. } = *self;
        let lengths = self.lengths.clone();
        let per_epoch = self.steps_per_epoch();
        let mut drawn = None;
        let mut permutation: Vec<usize> = Vec::new();
        (start..).map(move |step| {
            let (epoch, position) = (step / per_epoch, (step % per_epoch) as usize);
            if drawn != Some(epoch) {
                permutation.clear();
                permutation.extend(0..rows);
                Stream::new(seed, "shuffle", epoch).shuffle(&mut permutation);
                if !lengths.is_empty() {
                    by_length(&mut permutation, batch, &lengths, &mut Stream::new(seed, "lengths", epoch));
                }
                drawn = Some(epoch);
            }
            permutation[position * batch..][..batch].to_vec()
        })
    }
}

/// Shares out rows to their batches by length, and shuffles the whole batches.
fn by_length(rows: &mut [usize], batch: usize, lengths: &[usize], random: &mut Stream) {
    let whole = rows.len() / batch * batch;
    for some in rows[..whole].chunks_mut(SHARED_OUT * batch) {
        some.sort_by_key(|&row| lengths.get(row).copied().unwrap_or_default());
    }
    let mut order: Vec<usize> = (0..whole / batch).collect();
    random.shuffle(&mut order);
    let sorted = rows[..whole].to_vec();
    for (to, from) in rows.chunks_exact_mut(batch).zip(order) {
        to.copy_from_slice(&sorted[from * batch..][..batch]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_epoch_visits_each_row_once_in_an_order_of_its_own() {
        let order = Order::new(12, 4, 7, |_| 0).unwrap();
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
        for order in [Order::new(11, 3, 1, |_| 0).unwrap(), Order::new(11, 3, 1, |row| row % 4).unwrap()] {
            let all: Vec<_> = order.starting_at(0).take(20).collect();
            for start in 0..20 {
                let rest: Vec<_> = order.starting_at(start as u64).take(20 - start).collect();
                assert_eq!(rest, all[start..]);
            }
            assert!(all.iter().all(|batch| batch.len() == 3));
        }
    }

    #[test]
    fn rows_of_like_length_share_a_batch_and_each_still_comes_once() {
        let order = Order::new(400, 10, 5, |row| row / 100).unwrap();
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
    fn few_rows_make_one_batch_and_none_an_error() {
        let order = Order::new(3, 10, 1, |_| 0).unwrap();
        assert_eq!((order.batch(), order.steps_per_epoch()), (3, 1));
        assert!(Order::new(0, 10, 1, |_| 0).is_err() && Order::new(10, 0, 1, |_| 0).is_err());
    }
}
