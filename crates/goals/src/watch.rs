//! Who watches a command at work.

use pellucid_train::Observer;

/// A progress bar, lines of text, JSON events, or nobody. Nothing a watcher does changes a result.
pub trait Watcher: Observer {
    /// Something a person wants to know, such as what a column was taken for.
    fn note(&mut self, text: &str);

    /// A part of the work begins: what it is, and how many items it has.
    fn begin(&mut self, _work: &str, _items: usize) {}

    /// So many items are done.
    fn advance(&mut self, _done: usize) {}

    /// The training is about to start: steps, the estimated seconds, the data's and the network's memory in bytes.
    fn planned(&mut self, _steps: u64, _seconds: f64, _bytes: usize) {}
}

/// Nobody.
pub struct Unwatched;

impl Observer for Unwatched {
    fn warning(&mut self, _: &str) {}
}

impl Watcher for Unwatched {
    fn note(&mut self, _: &str) {}
}
