//! Working memory that lives longer than a call: after the first steps of a training run, kernels
//! find what they need here and allocate nothing.

use crate::buffer::{Buffer, Element, OutOfMemory};
use crate::threads::try_parallel;
use std::cell::RefCell;

/// Buffers a thread keeps for later.
const KEPT: usize = 8;

thread_local! {
    static SHELF: RefCell<Vec<Buffer<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Calls `body` with `len` numbers of working memory, aligned to cache lines and holding whatever they last held.
///
/// # Errors
/// [`OutOfMemory`] if the system has no such amount.
pub(crate) fn with_scratch<T: Element, R>(
    len: usize,
    body: impl FnOnce(&mut [T]) -> R,
) -> Result<R, OutOfMemory> {
    let bytes = len.checked_mul(size_of::<T>()).ok_or(OutOfMemory { bytes: usize::MAX })?;
    let mut buffer = take(bytes)?;
    // SAFETY: the buffer holds at least `bytes` initialised bytes, aligned to 64; every bit pattern is a `T`.
    let numbers = unsafe { std::slice::from_raw_parts_mut(buffer.as_mut_ptr().cast::<T>(), len) };
    let result = body(numbers);
    give_back(buffer);
    Ok(result)
}

/// Calls `task(0, scratch)`, … `task(tasks - 1, scratch)` in parallel, each with `len` numbers as [`with_scratch`] gives.
///
/// # Errors
/// As [`with_scratch`]; the tasks that had no memory were not called then.
pub(crate) fn parallel_with_scratch<T: Element>(
    tasks: usize,
    len: usize,
    task: impl Fn(usize, &mut [T]) + Sync,
) -> Result<(), OutOfMemory> {
    try_parallel(tasks, |i| with_scratch(len, |scratch| task(i, scratch)))
}

/// The smallest kept buffer that is large enough, or a new one (in place of the largest that is not).
fn take(bytes: usize) -> Result<Buffer<u8>, OutOfMemory> {
    let kept = SHELF.with_borrow_mut(|shelf| {
        let fits = |b: &Buffer<u8>| b.capacity() >= bytes;
        let best = (0..shelf.len()).filter(|&i| fits(&shelf[i])).min_by_key(|&i| shelf[i].capacity());
        if let Some(i) = best {
            return Some(shelf.swap_remove(i));
        }
        if let Some(i) = (0..shelf.len()).max_by_key(|&i| shelf[i].capacity()) {
            shelf.swap_remove(i);
        }
        None
    });
    match kept {
        Some(buffer) => Ok(buffer),
        None => Buffer::zeroed(bytes),
    }
}

fn give_back(buffer: Buffer<u8>) {
    SHELF.with_borrow_mut(|shelf| {
        if shelf.len() < KEPT {
            shelf.push(buffer);
        }
    });
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::with_scratch;

    #[test]
    fn nested_uses_are_disjoint_and_memory_is_found_again() {
        let first = with_scratch::<f32, _>(1000, |a| {
            a.fill(1.0);
            with_scratch::<f64, _>(50, |b| b.fill(2.0)).unwrap();
            assert!(a.iter().all(|&x| x == 1.0));
            a.as_ptr() as usize
        });
        let again = with_scratch::<u32, _>(900, |a| a.as_ptr() as usize);
        assert_eq!(first, again);
        assert!(with_scratch::<f64, _>(usize::MAX, |_| ()).is_err());
    }
}
