//! Batches made ready on a thread of their own, a few ahead of the training.

use crate::error::{Failure, Result};
use crate::order::Order;
use crate::task::Source;
use pellucid_tensor::Stream;
use std::ops::Range;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Instant;

/// How many batches may wait.
const AHEAD: usize = 3;

/// A batch and what it took to make.
pub(crate) struct Fed<B> {
    pub(crate) batch: B,
    pub(crate) seconds: f64,
}

/// The training's end of the line.
pub(crate) struct Feed<B> {
    line: Receiver<Result<Fed<B>>>,
}

impl<B> Feed<B> {
    /// The batch of the next step; waits for it.
    pub(crate) fn next(&self) -> Result<Fed<B>> {
        self.line.recv().unwrap_or_else(|_| {
            Err(Failure::source("the thread that prepares the data ended unexpectedly; please report this"))
        })
    }
}

/// Calls `body` with the batches of `steps`, in order, prepared meanwhile on another thread.
///
/// # Errors
/// Those of `body`; no thread to be had.
pub(crate) fn feed<S: Source, R>(
    source: &S,
    order: &Order,
    seed: u64,
    steps: Range<u64>,
    body: impl FnOnce(Feed<S::Batch>) -> Result<R>,
) -> Result<R> {
    let (send, line) = sync_channel(AHEAD);
    std::thread::scope(|scope| {
        let produce = move || {
            for (step, rows) in steps.clone().zip(order.starting_at(steps.start)) {
                let start = Instant::now();
                let mut augment = Stream::new(seed, "augment", step);
                let fed = source
                    .batch(&rows, &mut augment)
                    .map(|batch| Fed { batch, seconds: start.elapsed().as_secs_f64() });
                let failed = fed.is_err();
                if send.send(fed).is_err() || failed {
                    break;
                }
            }
        };
        let producer = std::thread::Builder::new()
            .name("pellucid-data".into())
            .spawn_scoped(scope, produce)
            .map_err(|e| Failure::source(format!("no thread to prepare the data: {e}")))?;
        let result = body(Feed { line });
        // A panic in there has reached `body` as an error already.
        let _ = producer.join();
        result
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Share;

    struct Rows;

    impl Source for Rows {
        type Batch = (Vec<usize>, u32);

        fn rows(&self) -> usize {
            10
        }

        fn batch(&self, rows: &[usize], augment: &mut Stream) -> Result<Self::Batch> {
            assert!(!rows.contains(&99));
            match rows.contains(&7) {
                true => Err(Failure::source("row 7 is broken")),
                false => Ok((rows.to_vec(), augment.next_u32())),
            }
        }
    }

    fn until_failure(start: u64) -> (Vec<(Vec<usize>, u32)>, String) {
        let order = Order::new(Rows.rows(), 1, 3, Share::Rows, |_| 0).unwrap();
        feed(&Rows, &order, 3, start..1000, |feed| {
            let mut seen = Vec::new();
            loop {
                match feed.next() {
                    Ok(fed) => seen.push(fed.batch),
                    Err(failure) => return Ok((seen, failure.to_string())),
                }
            }
        })
        .unwrap()
    }

    #[test]
    fn batches_depend_on_the_step_alone_and_failures_arrive_in_order() {
        let (all, failure) = until_failure(0);
        assert_eq!(failure, "row 7 is broken");
        assert!(all.len() >= 2, "the seed puts row 7 late enough");
        assert_eq!(until_failure(1).0, all[1..]);
    }

    #[test]
    fn leaving_early_ends_the_thread() {
        let order = Order::new(5, 5, 3, Share::Rows, |_| 0).unwrap();
        let rows = feed(&Rows, &order, 3, 0..u64::MAX, |feed| Ok(feed.next()?.batch.0.len())).unwrap();
        assert_eq!(rows, 5);
    }

    #[test]
    fn a_panic_while_reading_is_an_error() {
        struct Broken;
        impl Source for Broken {
            type Batch = ();
            fn rows(&self) -> usize {
                1
            }
            fn batch(&self, _: &[usize], _: &mut Stream) -> Result<()> {
                std::panic::resume_unwind(Box::new("broken"))
            }
        }
        let order = Order::new(1, 1, 0, Share::Rows, |_| 0).unwrap();
        let failure = feed(&Broken, &order, 0, 0..2, |feed| feed.next().map(|_| ())).unwrap_err();
        assert!(failure.to_string().contains("ended unexpectedly"));
    }
}
