//! Few workers, low latency, and results that never depend on how many there are.
//!
//! Work is cut into tasks by its size alone. Since a task's result depends only on its index, 1, 2 and 4 threads give
//! the same bits.
//!
//! Every thread has a share of neighbouring tasks, the same one in every job of as many tasks: what a thread wrote in one
//! operation lies in its own caches when it reads it in the next. Fetching a line from the caches of another
//! processor takes 30 ns where both share a last cache and 180 ns where they do not. Who is done with its share helps
//! the others from the end of theirs.
//!
//! A call from inside a task, or while another thread has the workers, runs on the calling thread.

use std::cell::Cell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};

/// Multiply-adds (or comparable operations) that make a task worth handing to another thread.
pub const GRAIN: usize = 1 << 15;

/// Turns a worker waits actively before it goes to sleep (some tens of microseconds).
const SPINS: usize = 1 << 13;

/// The most threads that take part.
const MOST_THREADS: usize = 128;

/// One thread's tasks that nobody has taken yet: the first one's index, and in the upper half the index after the last.
/// It has a cache line (on some processors fetched in pairs) of its own.
#[repr(align(128))]
struct Share(AtomicU64);

impl Share {
    fn set(&self, tasks: Range<usize>) {
        self.0.store((tasks.end as u64) << 32 | tasks.start as u64, SeqCst);
    }

    /// Takes the first task, or the last one.
    fn take(&self, last: bool) -> Option<usize> {
        let halves = |both: u64| ((both & u64::from(u32::MAX)), both >> 32);
        let rest = |both| match halves(both) {
            (start, end) if start >= end => None,
            (start, end) if last => Some((end - 1) << 32 | start),
            (start, end) => Some(end << 32 | (start + 1)),
        };
        let (start, end) = halves(self.0.fetch_update(SeqCst, SeqCst, rest).ok()?);
        Some(if last { end as usize - 1 } else { start as usize })
    }
}

/// One call of [`parallel`]: it lives on the caller's stack until all workers have left it.
struct Job<'a> {
    task: &'a (dyn Fn(usize) + Sync),
    panicked: AtomicBool,
}

/// What the caller tells the workers.
#[repr(align(128))]
struct Notice {
    job: AtomicPtr<Job<'static>>,
    /// Threads that have a share in the job.
    threads: AtomicUsize,
    /// Counts jobs; a change wakes the workers.
    epoch: AtomicUsize,
}

/// Workers that may be looking at the job.
#[repr(align(128))]
struct Inside(AtomicUsize);

struct Pool {
    /// Held by the thread that has the workers.
    owner: Mutex<()>,
    notice: Notice,
    shares: [Share; MOST_THREADS],
    inside: Inside,
    spawned: Mutex<usize>,
    asleep: AtomicUsize,
    sleep: Mutex<()>,
    wake: Condvar,
}

thread_local! {
    static IN_TASK: Cell<bool> = const { Cell::new(false) };
}

static THREADS: AtomicUsize = AtomicUsize::new(0);

static POOL: Pool = Pool {
    owner: Mutex::new(()),
    notice: Notice {
        job: AtomicPtr::new(std::ptr::null_mut()),
        threads: AtomicUsize::new(0),
        epoch: AtomicUsize::new(0),
    },
    shares: [const { Share(AtomicU64::new(0)) }; MOST_THREADS],
    inside: Inside(AtomicUsize::new(0)),
    spawned: Mutex::new(0),
    asleep: AtomicUsize::new(0),
    sleep: Mutex::new(()),
    wake: Condvar::new(),
};

/// Sets how many threads take part from now on (at least 1; more than 128 count as 128).
pub fn set_threads(count: usize) {
    THREADS.store(count.clamp(1, MOST_THREADS), SeqCst);
}

/// How many threads take part: as set, or one per processor.
pub fn threads() -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    match THREADS.load(SeqCst) {
        // Asking the system takes longer than a small operation.
        0 => *PROCESSORS
            .get_or_init(|| std::thread::available_parallelism().map_or(1, |n| n.get().min(MOST_THREADS))),
        n => n,
    }
}

/// Calls `task(0)`, `task(1)`, … `task(tasks - 1)`, each once, in any order, on one or more threads.
///
/// # Panics
/// If a task panicked (on the calling thread, after all others have ended).
pub fn parallel(tasks: usize, task: impl Fn(usize) + Sync) {
    let threads = threads().min(tasks);
    let guard = match threads {
        0 | 1 => None,
        // The indices of a share are two halves of one number.
        _ if IN_TASK.get() || u32::try_from(tasks).is_err() => None,
        _ => POOL.owner.try_lock().ok(),
    };
    if guard.is_none() {
        (0..tasks).for_each(task);
    } else if !POOL.run(&Job { task: &task, panicked: AtomicBool::new(false) }, tasks, threads) {
        drop(guard);
        resume_unwind(Box::new("a parallel task panicked"));
    }
}

/// As [`parallel`] for tasks that can fail: all of them are called, and the error of the first (by index) is returned.
///
/// # Errors
/// A task's.
///
/// # Panics
/// As [`parallel`].
pub(crate) fn try_parallel<E: Send>(
    tasks: usize,
    task: impl Fn(usize) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let first: Mutex<Option<(usize, E)>> = Mutex::new(None);
    parallel(tasks, |index| {
        if let Err(error) = task(index) {
            let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
            if first.as_ref().is_none_or(|(earlier, _)| index < *earlier) {
                *first = Some((index, error));
            }
        }
    });
    first.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), |(_, error)| Err(error))
}

impl Pool {
    /// Runs one job on the caller and workers, `threads` together; returns whether no task panicked.
    fn run(&'static self, job: &Job<'_>, tasks: usize, threads: usize) -> bool {
        self.spawn(threads - 1);
        for (thread, share) in self.shares[..threads].iter().enumerate() {
            share.set(cut(tasks, threads, thread));
        }
        self.notice.threads.store(threads, SeqCst);
        // The lifetime is erased here; it is restored in effect by the wait below.
        self.notice.job.store(std::ptr::from_ref(job).cast_mut().cast(), SeqCst);
        self.notice.epoch.fetch_add(1, SeqCst);
        if self.asleep.load(SeqCst) > 0 {
            drop(self.sleep.lock());
            self.wake.notify_all();
        }
        IN_TASK.set(true);
        self.work(job, 0, threads);
        IN_TASK.set(false);
        self.notice.job.store(std::ptr::null_mut(), SeqCst);
        // Every task is taken; whoever still runs one is inside. A worker that enters later finds no job.
        while self.inside.0.load(SeqCst) != 0 {
            std::hint::spin_loop();
        }
        !job.panicked.load(SeqCst)
    }

    /// Does the thread's own share from the front, then those of the threads after it from the back.
    fn work(&self, job: &Job<'_>, thread: usize, threads: usize) {
        for step in 0..threads {
            while let Some(index) = self.shares[(thread + step) % threads].take(step > 0) {
                if catch_unwind(AssertUnwindSafe(|| (job.task)(index))).is_err() {
                    job.panicked.store(true, SeqCst);
                }
            }
        }
    }

    /// Starts workers until there are `count`. Without new threads (a system limit) the caller works alone.
    fn spawn(&'static self, count: usize) {
        let Ok(mut spawned) = self.spawned.lock() else { return };
        while *spawned < count {
            let index = *spawned;
            let worker = std::thread::Builder::new().name(format!("pellucid-{index}"));
            if worker.spawn(move || self.worker(index)).is_err() {
                return;
            }
            *spawned += 1;
        }
    }

    fn worker(&self, index: usize) {
        IN_TASK.set(true);
        let (mut seen, thread) = (0, index + 1);
        loop {
            seen = self.wait(seen);
            self.inside.0.fetch_add(1, SeqCst);
            let (job, threads) = (self.notice.job.load(SeqCst), self.notice.threads.load(SeqCst));
            if !job.is_null() && thread < threads {
                // SAFETY: the caller in `run` keeps the job alive until `inside` is 0 after it took the
                // pointer back; this worker counted itself in before it read the pointer.
                self.work(unsafe { &*job }, thread, threads);
            }
            self.inside.0.fetch_sub(1, SeqCst);
        }
    }

    /// Waits for an epoch other than `seen`: actively for a while, then asleep.
    fn wait(&self, seen: usize) -> usize {
        for _ in 0..SPINS {
            let epoch = self.notice.epoch.load(SeqCst);
            if epoch != seen {
                return epoch;
            }
            std::hint::spin_loop();
        }
        let Ok(mut guard) = self.sleep.lock() else { return self.notice.epoch.load(SeqCst) };
        self.asleep.fetch_add(1, SeqCst);
        while self.notice.epoch.load(SeqCst) == seen {
            match self.wake.wait(guard) {
                Ok(g) => guard = g,
                Err(_) => break,
            }
        }
        self.asleep.fetch_sub(1, SeqCst);
        self.notice.epoch.load(SeqCst)
    }
}

/// Part `index` of `0..len` cut into `count` parts whose lengths differ by at most one.
#[inline(always)]
pub(crate) fn cut(len: usize, count: usize, index: usize) -> Range<usize> {
    let (small, larger) = (len / count, len % count);
    let start = index * small + index.min(larger);
    start..start + small + usize::from(index < larger)
}

/// A pointer that tasks share because each writes a region of its own.
pub(crate) struct SharedMut<T>(pub(crate) *mut T);

// SAFETY: users of `SharedMut` write disjoint regions from different tasks.
unsafe impl<T: Send> Send for SharedMut<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for SharedMut<T> {}

impl<T> SharedMut<T> {
    /// The pointer to the element `offset` further on.
    pub(crate) fn after(&self, offset: usize) -> SharedMut<T> {
        SharedMut(self.at(offset))
    }

    /// The address of element `index`.
    pub(crate) fn at(&self, index: usize) -> *mut T {
        self.0.wrapping_add(index)
    }

    /// The region `[start, start + len)` behind the pointer.
    ///
    /// # Safety
    /// The region lies inside the slice the pointer came from, and no other task touches it.
    #[allow(clippy::mut_from_ref)]
    pub(crate) unsafe fn region(&self, start: usize, len: usize) -> &mut [T] {
        // SAFETY: promised by the caller.
        unsafe { std::slice::from_raw_parts_mut(self.0.add(start), len) }
    }
}

/// Calls `task(i, chunk)` for every chunk of `chunk` elements of `out` (the last may be shorter), in parallel.
pub fn parallel_chunks<T: Send>(out: &mut [T], chunk: usize, task: impl Fn(usize, &mut [T]) + Sync) {
    let chunk = chunk.max(1);
    let len = out.len();
    let shared = SharedMut(out.as_mut_ptr());
    parallel(len.div_ceil(chunk), |i| {
        let start = i * chunk;
        // SAFETY: chunks are disjoint and end within `len`.
        task(i, unsafe { shared.region(start, chunk.min(len - start)) });
    });
}

/// As [`parallel_chunks`], over two slices cut at the same places: chunk `i` of `a` has `chunk_a`
/// elements, chunk `i` of `b` has `chunk_b`. Both must have the same number of chunks.
///
/// # Panics
/// If the numbers of chunks differ.
pub fn parallel_chunks2<A: Send, B: Send>(
    a: &mut [A],
    chunk_a: usize,
    b: &mut [B],
    chunk_b: usize,
    task: impl Fn(usize, &mut [A], &mut [B]) + Sync,
) {
    let (chunk_a, chunk_b) = (chunk_a.max(1), chunk_b.max(1));
    assert_eq!(
        a.len().div_ceil(chunk_a),
        b.len().div_ceil(chunk_b),
        "the slices have different numbers of chunks"
    );
    let (len_a, len_b) = (a.len(), b.len());
    let (shared_a, shared_b) = (SharedMut(a.as_mut_ptr()), SharedMut(b.as_mut_ptr()));
    parallel(len_a.div_ceil(chunk_a), |i| {
        let (start_a, start_b) = (i * chunk_a, i * chunk_b);
        // SAFETY: chunks are disjoint and end within their slice.
        let (part_a, part_b) = unsafe {
            (
                shared_a.region(start_a, chunk_a.min(len_a - start_a)),
                shared_b.region(start_b, chunk_b.min(len_b - start_b)),
            )
        };
        task(i, part_a, part_b);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_runs_once_for_any_number_of_threads() {
        for count in [1, 2, 4, 7] {
            set_threads(count);
            for tasks in [0, 1, 2, 3, 100, 1000] {
                let hits: Vec<_> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
                parallel(tasks, |i| {
                    hits[i].fetch_add(1, SeqCst);
                });
                assert!(hits.iter().all(|h| h.load(SeqCst) == 1));
            }
        }
    }

    #[test]
    fn nested_calls_and_many_callers_finish() {
        set_threads(4);
        std::thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| {
                    for _ in 0..200 {
                        let mut out = vec![0usize; 64];
                        parallel_chunks(&mut out, 8, |i, c| {
                            parallel_chunks(c, 2, |j, d| d.fill(i * 4 + j));
                        });
                        assert!(out.iter().enumerate().all(|(k, &v)| v == k / 2));
                    }
                });
            }
        });
    }

    #[test]
    fn the_first_error_is_returned_after_all_tasks() {
        set_threads(3);
        let done = AtomicUsize::new(0);
        let outcome = try_parallel(20, |i| {
            done.fetch_add(1, SeqCst);
            if i % 7 == 3 { Err(i) } else { Ok(()) }
        });
        assert_eq!((outcome, done.into_inner()), (Err(3), 20));
        assert_eq!(try_parallel(5, |_| Ok::<(), ()>(())), Ok(()));
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_lives_on() {
        set_threads(2);
        assert!(catch_unwind(|| parallel(10, |i| assert!(i != 5))).is_err());
        let mut out = [0; 10];
        parallel_chunks(&mut out, 1, |i, c| c[0] = i);
        assert_eq!(out, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
}
