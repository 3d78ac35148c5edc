//! How many threads take part decides nothing. In a file of its own, so that no other test uses the threads meanwhile.

#![allow(clippy::unwrap_used)]

mod common;

use common::{plan, remains, run_to_end};
use pellucid_kernels::threads::set_threads;

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let results = [1, 2, 4].map(|threads| {
        set_threads(threads);
        let place = tempfile::tempdir().unwrap();
        let (task, _) = run_to_end(&plan(30), place.path(), 2_000);
        (task.weights(), remains(place.path()))
    });
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0], results[2]);
}
