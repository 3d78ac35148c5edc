//! A producer on its own thread that runs ahead of its consumer: decoding goes on while the network trains.

use crate::error::DataError;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{Builder, JoinHandle};

/// The consumer's side of [`ahead`].
#[derive(Debug)]
pub struct Ahead<T, E = DataError> {
    results: Option<Receiver<Result<T, E>>>,
    producer: Option<JoinHandle<()>>,
}

/// Runs `items` on a thread of its own, at most `depth` (at least 1) results ahead, and gives them in order.
///
/// An error is passed on and does not end the stream; a panic of the producer becomes an error and ends it.
/// Dropping the stream stops the producer after the item it is working on and waits for it.
///
/// ```
/// use pellucid_data::{DataError, ahead};
/// let squares = ahead((0..4).map(|x| Ok::<_, DataError>(x * x)), 2);
/// assert_eq!(squares.collect::<Result<Vec<_>, _>>().unwrap(), [0, 1, 4, 9]);
/// ```
pub fn ahead<T, E, I>(items: I, depth: usize) -> Ahead<T, E>
where
    T: Send + 'static,
    E: From<DataError> + Send + 'static,
    I: IntoIterator<Item = Result<T, E>> + Send + 'static,
{
    let (sender, results) = sync_channel(depth.max(1));
    let failed = sender.clone();
    let work = move || {
        let run = catch_unwind(AssertUnwindSafe(|| {
            for item in items {
                if sender.send(item).is_err() {
                    return;
                }
            }
        }));
        if let Err(panic) = run {
            // When the consumer is gone there is no one left to tell.
            let _ = failed.send(Err(stopped(panic.as_ref()).into()));
        }
    };
    match Builder::new().name("ahead".to_owned()).spawn(work) {
        Ok(producer) => Ahead { results: Some(results), producer: Some(producer) },
        Err(error) => {
            let (sender, results) = sync_channel(1);
            let told =
                sender.send(Err(DataError::io("could not start a thread", "reading ahead", &error).into()));
            debug_assert!(told.is_ok(), "the channel has room for one");
            Ahead { results: Some(results), producer: None }
        }
    }
}

fn stopped(panic: &(dyn Any + Send)) -> DataError {
    let text = panic
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    DataError::unreadable("reading ahead stopped by a fault in the program")
        .because(text.unwrap_or_else(|| "no reason was given".to_owned()))
        .advise("please report this with the data that caused it")
}

impl<T, E> Iterator for Ahead<T, E> {
    type Item = Result<T, E>;

    fn next(&mut self) -> Option<Self::Item> {
        self.results.as_ref()?.recv().ok()
    }
}

impl<T, E> Drop for Ahead<T, E> {
    fn drop(&mut self) {
        // A closed channel ends the producer's next send.
        self.results = None;
        if let Some(producer) = self.producer.take() {
            // Its panics were caught and passed on as an error.
            let _ = producer.join();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn order_is_kept_and_errors_pass_through() {
        let items = (0..100).map(|i| if i == 50 { Err(DataError::refused("fifty")) } else { Ok(i) });
        let seen: Vec<_> = ahead(items, 3).collect();
        assert_eq!(seen.len(), 100);
        for (i, item) in seen.into_iter().enumerate() {
            match item {
                Ok(value) => assert_eq!(value, i),
                Err(error) => assert_eq!((i, error.what.as_str()), (50, "fifty")),
            }
        }
    }

    #[test]
    fn a_panic_becomes_an_error_and_ends_the_stream() {
        let items = (0..10).map(|i| if i == 2 { panic!("item {i} is bad") } else { Ok::<_, DataError>(i) });
        let seen: Vec<_> = ahead(items, 1).collect();
        assert_eq!(seen.len(), 3);
        assert!(seen[2].as_ref().unwrap_err().to_string().contains("item 2 is bad"));
    }

    #[test]
    fn dropping_stops_an_endless_producer_that_ran_at_most_depth_ahead() {
        let made = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&made);
        let items = std::iter::repeat_with(move || Ok::<_, DataError>(count.fetch_add(1, Ordering::SeqCst)));
        let mut stream = ahead(items, 4);
        assert_eq!(stream.next().unwrap().unwrap(), 0);
        drop(stream);
        // One taken, four waiting, one in the producer's hand, one more place freed by the taking.
        assert!(made.load(Ordering::SeqCst) <= 7);
    }
}
