//! Memory for numbers: aligned to cache lines, always initialised, and fallible to get.

use std::ops::{Deref, DerefMut};

/// A number that a [`Buffer`] can hold: plain bits, every pattern of which is a value.
///
/// # Safety
/// The type must have no padding, no invalid bit patterns, an alignment of at most 64,
/// and a size that divides 64.
pub unsafe trait Element:
    Copy + Default + Send + Sync + std::fmt::Debug + PartialEq + 'static
{
}

// SAFETY: primitive numbers meet every condition.
unsafe impl Element for f32 {}
// SAFETY: as above.
unsafe impl Element for f64 {}
// SAFETY: as above.
unsafe impl Element for u32 {}
// SAFETY: as above.
unsafe impl Element for u8 {}
// SAFETY: as above.
unsafe impl Element for i8 {}
// SAFETY: as above.
unsafe impl Element for i32 {}

/// One cache line, which is also one 512-bit vector.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// A fixed-length run of numbers whose first one lies on a 64-byte boundary.
pub struct Buffer<T: Element> {
    lines: Vec<Line>,
    len: usize,
    element: std::marker::PhantomData<T>,
}

/// The memory asked for could not be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory {
    /// Bytes that were asked for.
    pub bytes: usize,
}

impl<T: Element> Buffer<T> {
    /// A buffer of `len` zeros.
    ///
    /// # Errors
    /// [`OutOfMemory`] if the system has no such amount, or if its size overflows.
    pub fn zeroed(len: usize) -> Result<Self, OutOfMemory> {
        let bytes = len.checked_mul(size_of::<T>()).ok_or(OutOfMemory { bytes: usize::MAX })?;
        let count = bytes.div_ceil(64);
        let mut lines = Vec::new();
        lines.try_reserve_exact(count).map_err(|_| OutOfMemory { bytes })?;
        lines.resize(count, Line([0; 64]));
        Ok(Buffer { lines, len, element: std::marker::PhantomData })
    }

    /// The same memory as elements of another type: as many as fit into the capacity, values unspecified.
    pub fn cast<U: Element>(self) -> Buffer<U> {
        let len = self.lines.len() * 64 / size_of::<U>();
        Buffer { lines: self.lines, len, element: std::marker::PhantomData }
    }

    /// How many elements fit without a new allocation.
    pub fn capacity(&self) -> usize {
        self.lines.len() * 64 / size_of::<T>()
    }

    /// Uses the same memory for `len` elements; their values are whatever the memory last held.
    /// Returns whether the capacity suffices; if not, nothing changes.
    pub fn set_len(&mut self, len: usize) -> bool {
        let fits = len <= self.capacity();
        if fits {
            self.len = len;
        }
        fits
    }
}

impl<T: Element> Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: `lines` owns at least `len * size_of::<T>()` initialised bytes, aligned to 64,
        // and every bit pattern is a valid `T`.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl<T: Element> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as in `deref`; the mutable borrow of `self` makes the slice unique.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_aligned_zeroed_and_keeps_its_memory() {
        let mut b = Buffer::<f32>::zeroed(100).unwrap();
        assert_eq!(b.as_ptr() as usize % 64, 0);
        assert!(b.iter().all(|&x| x == 0.0));
        assert_eq!(b.capacity(), 112);
        assert!(b.set_len(112) && !b.set_len(113));
        assert_eq!(b.len(), 112);
    }

    #[test]
    fn an_impossible_size_is_an_error() {
        assert!(Buffer::<f64>::zeroed(usize::MAX / 4).is_err());
        assert!(Buffer::<f64>::zeroed(usize::MAX).is_err());
    }
}
