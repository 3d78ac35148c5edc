//! Buffers by size class: what a tensor drops, the next tensor of that size takes.
//!
//! A training loop asks for the same sizes in every step, so after the first step nothing is
//! allocated. Classes are four to each power of two, which wastes at most a fifth.
//!
//! There is a cap, since a system that is asked for more memory than it has stops the program without a word.

use crate::{Error, Result};
use pellucid_kernels::buffer::{Buffer, Element};
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

static FREE: Mutex<BTreeMap<usize, Vec<Buffer<u8>>>> = Mutex::new(BTreeMap::new());
static IN_USE: AtomicUsize = AtomicUsize::new(0);
static KEPT: AtomicUsize = AtomicUsize::new(0);

/// By default nine tenths of the memory that is free when the first tensor is made.
static LIMIT: LazyLock<AtomicUsize> = LazyLock::new(|| {
    let free = pellucid_base::free_memory().and_then(|free| usize::try_from(free / 10 * 9).ok());
    AtomicUsize::new(free.unwrap_or(usize::MAX))
});

/// How much larger than needed a kept buffer may be: pictures that were halved take the room of the whole ones.
const SLACK: usize = 2;

/// A buffer that returns to the pool when dropped.
pub struct Pooled<T: Element> {
    buffer: Option<Buffer<T>>,
    /// What was worked out of the elements as they are now.
    derived: OnceLock<Derived>,
}

/// Something worked out of a tensor's elements, kept beside them.
pub(crate) type Derived = Arc<dyn Any + Send + Sync>;

/// Bytes in use by tensors now.
pub fn in_use() -> usize {
    IN_USE.load(Relaxed)
}

/// Caps the bytes that tensors may use; asking for more gives [`Error::Memory`].
pub fn set_limit(bytes: usize) {
    LIMIT.store(bytes, Relaxed);
}

/// Gives kept buffers back to the system.
pub fn release() {
    if let Ok(mut free) = FREE.lock() {
        free.clear();
        KEPT.store(0, Relaxed);
    }
}

/// The class of a size: the least of 2ᵏ · {4, 5, 6, 7} / 4 bytes that holds it, at least a cache line.
fn class(bytes: usize) -> usize {
    let bytes = bytes.max(64);
    let quarter = (1usize << bytes.ilog2()) / 4;
    bytes.div_ceil(quarter.max(64)) * quarter.max(64)
}

/// A kept buffer of this class, or of the next larger one that is kept: at most [`SLACK`] times as large, and not beyond
/// the bytes that may still be used.
fn kept_buffer(class: usize, left: usize) -> Option<Buffer<u8>> {
    let most = class.saturating_mul(SLACK).min(left).max(class);
    let mut free = FREE.lock().ok()?;
    let (_, buffers) = free.range_mut(class..=most).find(|(_, buffers)| !buffers.is_empty())?;
    buffers.pop()
}

impl<T: Element> Pooled<T> {
    /// A buffer of `len` elements whose values are unspecified.
    pub(crate) fn take(len: usize) -> Result<Self> {
        let bytes =
            len.checked_mul(size_of::<T>()).ok_or(Error::Memory { bytes: usize::MAX, in_use: in_use() })?;
        let class = class(bytes);
        let (used, limit) = (IN_USE.load(Relaxed), LIMIT.load(Relaxed));
        let wanted = used.saturating_add(class);
        if wanted > limit {
            return Err(Error::Memory { bytes, in_use: in_use() });
        }
        let mut buffer = match kept_buffer(class, limit.saturating_sub(used)) {
            Some(buffer) => {
                KEPT.fetch_sub(buffer.capacity(), Relaxed);
                buffer.cast::<T>()
            }
            None => {
                if wanted.saturating_add(KEPT.load(Relaxed)) > limit {
                    release();
                }
                Buffer::<T>::zeroed(class / size_of::<T>()).or_else(|_| {
                    release();
                    Buffer::zeroed(class / size_of::<T>())
                })?
            }
        };
        IN_USE.fetch_add(buffer.capacity() * size_of::<T>(), Relaxed);
        buffer.set_len(len);
        Ok(Pooled { buffer: Some(buffer), derived: OnceLock::new() })
    }

    pub(crate) fn derived(&self) -> &OnceLock<Derived> {
        &self.derived
    }

    pub(crate) fn as_slice(&self) -> &[T] {
        self.buffer.as_deref().unwrap_or(&[])
    }

    /// The elements, to be written: what was derived from them is forgotten.
    pub(crate) fn as_mut_slice(&mut self) -> &mut [T] {
        self.derived.take();
        self.buffer.as_deref_mut().unwrap_or(&mut [])
    }
}

impl<T: Element> Drop for Pooled<T> {
    fn drop(&mut self) {
        let Some(buffer) = self.buffer.take() else { return };
        let class = buffer.capacity() * size_of::<T>();
        IN_USE.fetch_sub(class, Relaxed);
        if let Ok(mut free) = FREE.lock() {
            KEPT.fetch_add(class, Relaxed);
            free.entry(class).or_default().push(buffer.cast());
        }
    }
}

/// Bytes kept for reuse.
pub fn kept() -> usize {
    KEPT.load(Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_hold_their_sizes_and_waste_little() {
        for bytes in (1..5000).chain([1 << 20, (1 << 20) + 1, 7 << 28]) {
            let c = class(bytes);
            assert!(c >= bytes && c.is_multiple_of(64));
            assert_eq!(class(c), c);
            assert!(bytes < 512 || c as f64 <= bytes as f64 * 1.25);
        }
    }

    #[test]
    fn a_dropped_buffer_is_used_again() {
        let len = 123_457;
        let first = Pooled::<f32>::take(len).unwrap();
        let at = first.as_slice().as_ptr() as usize;
        drop(first);
        let second = Pooled::<f64>::take(len / 2).unwrap();
        assert_eq!(second.as_slice().as_ptr() as usize, at);
        assert_eq!(second.as_slice().len(), len / 2);
    }
}
