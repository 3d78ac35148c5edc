//! Memory for numbers: aligned to cache lines, always initialised, and fallible to get.

use std::alloc::{Layout, alloc, dealloc};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

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

/// Bytes of a cache line, which is also one 512-bit vector.
const LINE: usize = 64;

/// What lies at the beginning of one.
#[repr(align(64))]
struct LineStart;

/// A large page of x86-64 and of AArch64.
const LARGE_PAGE: usize = 1 << 21;

/// Buffers from this size on lie on large pages where the system has them: a processor keeps few addresses of
/// pages at hand, and fetches ahead up to the end of a page.
const ON_LARGE_PAGES: usize = 2 * LARGE_PAGE;

/// A fixed-length run of numbers whose first one lies on a 64-byte boundary.
pub struct Buffer<T: Element> {
    memory: NonNull<T>,
    /// Bytes behind `memory`, all of them initialised.
    bytes: usize,
    len: usize,
}

// SAFETY: a buffer owns its memory, as a vector does.
unsafe impl<T: Element> Send for Buffer<T> {}
// SAFETY: as above; a shared buffer is only read.
unsafe impl<T: Element> Sync for Buffer<T> {}

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
        let impossible = OutOfMemory { bytes: usize::MAX };
        let wanted = len.checked_mul(size_of::<T>()).ok_or(impossible)?;
        let bytes = wanted.checked_next_multiple_of(LINE).ok_or(impossible)?;
        if bytes == 0 {
            return Ok(Buffer { memory: NonNull::<LineStart>::dangling().cast(), bytes, len });
        }
        let layout = layout(bytes).ok_or(OutOfMemory { bytes: wanted })?;
        // SAFETY: the size is not 0; the memory is initialised before anybody reads it.
        let memory = unsafe {
            let memory = NonNull::new(alloc(layout)).ok_or(OutOfMemory { bytes: wanted })?;
            if bytes >= ON_LARGE_PAGES {
                ask_for_large_pages(memory, bytes);
            }
            memory.write_bytes(0, bytes);
            memory
        };
        Ok(Buffer { memory: memory.cast(), bytes, len })
    }

    /// The same memory as elements of another type: as many as fit into the capacity, values unspecified.
    pub fn cast<U: Element>(self) -> Buffer<U> {
        let owner = std::mem::ManuallyDrop::new(self);
        Buffer { memory: owner.memory.cast(), bytes: owner.bytes, len: owner.bytes / size_of::<U>() }
    }

    /// How many elements fit without a new allocation.
    pub fn capacity(&self) -> usize {
        self.bytes / size_of::<T>()
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

/// How a buffer of so many bytes is allocated; nothing if there cannot be such a buffer.
fn layout(bytes: usize) -> Option<Layout> {
    Layout::from_size_align(bytes, if bytes >= ON_LARGE_PAGES { LARGE_PAGE } else { LINE }).ok()
}

/// Asks Linux for large pages behind memory that nobody has touched yet (`madvise(2)`, `MADV_HUGEPAGE`). It is advice: a
/// system without them answers with an error, and everything works as before.
fn ask_for_large_pages(memory: NonNull<u8>, bytes: usize) {
    #[cfg(target_os = "linux")]
    {
        unsafe extern "C" {
            fn madvise(
                address: *mut std::ffi::c_void,
                length: usize,
                advice: std::ffi::c_int,
            ) -> std::ffi::c_int;
        }
        const HUGE_PAGE: std::ffi::c_int = 14;
        // SAFETY: the range is memory of this program; the advice changes nothing that it contains.
        unsafe {
            madvise(memory.as_ptr().cast(), bytes / LARGE_PAGE * LARGE_PAGE, HUGE_PAGE);
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (memory, bytes);
}

impl<T: Element> Drop for Buffer<T> {
    fn drop(&mut self) {
        if let (true, Some(layout)) = (self.bytes > 0, layout(self.bytes)) {
            // SAFETY: the memory came from `alloc` with this layout, and nobody uses it any more.
            unsafe { dealloc(self.memory.as_ptr().cast(), layout) };
        }
    }
}

impl<T: Element> Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: the memory holds at least `len * size_of::<T>()` initialised bytes, aligned to 64,
        // and every bit pattern is a valid `T`.
        unsafe { std::slice::from_raw_parts(self.memory.as_ptr(), self.len) }
    }
}

impl<T: Element> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as in `deref`; the mutable borrow of `self` makes the slice unique.
        unsafe { std::slice::from_raw_parts_mut(self.memory.as_ptr(), self.len) }
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
    fn large_and_empty_buffers_work_as_others() {
        let mut large = Buffer::<u8>::zeroed(ON_LARGE_PAGES + 1).unwrap();
        assert_eq!(large.as_ptr() as usize % LARGE_PAGE, 0);
        assert!(large.iter().all(|&x| x == 0));
        large.fill(7);
        let large = large.cast::<u32>();
        assert_eq!(large.len(), ON_LARGE_PAGES / 4 + 16);
        assert!(large[..ON_LARGE_PAGES / 4].iter().all(|&x| x == 0x0707_0707));
        let none = Buffer::<u8>::zeroed(0).unwrap();
        assert_eq!(none.as_ptr() as usize % LINE, 0);
        let mut none = none.cast::<f32>();
        assert!(none.is_empty() && none.set_len(0) && !none.set_len(1));
    }

    #[test]
    fn an_impossible_size_is_an_error() {
        assert!(Buffer::<f64>::zeroed(usize::MAX / 4).is_err());
        assert!(Buffer::<f64>::zeroed(usize::MAX).is_err());
    }
}
