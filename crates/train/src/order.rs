//! Which rows a step learns from: a function of the seed and the step alone.

use crate::error::{Failure, Result};
use pellucid_tensor::Stream;

/// The order of the training rows.
///
/// Every epoch visits the rows in an order of its own, drawn from `Stream::new(seed, "shuffle", epoch)`, in
/// batches of one size. The rows left over at an epoch's end are not used in that epoch: a small last
/// batch would weigh its rows more than the others and spoil a batch norm's statistics. Since the order
/// changes, every row gets its turn in other epochs. Fewer rows than a batch make one batch of all rows.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    rows: usize,
    batch: usize,
    seed: u64,
}

impl Order {
    pub(crate) fn new(rows: usize, batch: usize, seed: u64) -> Result<Order> {
        if rows == 0 || batch == 0 {
            return Err(Failure::plan(format!(
                "{rows} training rows in batches of {batch}: nothing to learn from"
            )));
        }
        Ok(Order { rows, batch: batch.min(rows), seed })
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
        let Order { rows, batch, seed } = *self;
        let per_epoch = self.steps_per_epoch();
        let mut drawn = None;
        let mut permutation: Vec<usize> = Vec::new();
        (start..).map(move |step| {
            let (epoch, position) = (step / per_epoch, (step % per_epoch) as usize);
            if drawn != Some(epoch) {
                permutation.clear();
                permutation.extend(0..rows);
                Stream::new(seed, "shuffle", epoch).shuffle(&mut permutation);
                drawn = Some(epoch);
            }
            permutation[position * batch..][..batch].to_vec()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_epoch_visits_each_row_once_in_an_order_of_its_own() {
        let order = Order::new(12, 4, 7).unwrap();
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
        let order = Order::new(11, 3, 1).unwrap();
        let all: Vec<_> = order.starting_at(0).take(20).collect();
        for start in 0..20 {
            let rest: Vec<_> = order.starting_at(start as u64).take(20 - start).collect();
            assert_eq!(rest, all[start..]);
        }
        assert!(all.iter().all(|batch| batch.len() == 3));
    }

    #[test]
    fn few_rows_make_one_batch_and_none_an_error() {
        let order = Order::new(3, 10, 1).unwrap();
        assert_eq!((order.batch(), order.steps_per_epoch()), (3, 1));
        assert!(Order::new(0, 10, 1).is_err() && Order::new(10, 0, 1).is_err());
    }
}
