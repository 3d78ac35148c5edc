//! Products of bytes behind the interface of the micro-kernel's registers.
//!
//! What the micro-kernel takes for one number are four bytes: unsigned ones of A by signed ones of B, whose four
//! products are added to a 32-bit sum. Nothing is rounded or cut off, so all families give the same sums.

use super::lanes::Lanes;

/// Four bytes of A by four bytes of B.
fn dot(a: i32, b: i32) -> i32 {
    let (a, b) = (a.to_ne_bytes(), b.to_ne_bytes());
    (0..4).map(|i| i32::from(a[i]) * i32::from(b[i] as i8)).sum()
}

/// Plain code: `N` sums, or `N` times four bytes.
#[derive(Clone, Copy)]
pub(crate) struct PlainBytes<const N: usize>([i32; N]);

impl<const N: usize> Lanes<i32> for PlainBytes<N> {
    const LEN: usize = N;
    #[inline(always)]
    unsafe fn zero() -> Self {
        PlainBytes([0; N])
    }
    #[inline(always)]
    unsafe fn load(from: *const i32) -> Self {
        // SAFETY: promised by the caller.
        PlainBytes(unsafe { from.cast::<[i32; N]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn splat(from: *const i32) -> Self {
        // SAFETY: promised by the caller.
        PlainBytes([unsafe { from.read_unaligned() }; N])
    }
    #[inline(always)]
    unsafe fn plus_product(mut self, a: Self, b: Self) -> Self {
        for i in 0..N {
            self.0[i] = self.0[i].wrapping_add(dot(a.0[i], b.0[i]));
        }
        self
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut i32) {
        // SAFETY: promised by the caller.
        unsafe { to.cast::<[i32; N]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn add_to(self, to: *mut i32) {
        // SAFETY: promised by the caller.
        unsafe {
            let old: [i32; N] = to.cast::<[i32; N]>().read_unaligned();
            PlainBytes::<N>(std::array::from_fn(|i| old[i].wrapping_add(self.0[i]))).store(to);
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Lanes;
    use std::arch::x86_64::*;

    /// One instruction for sixteen times four products (`avx512vnni`).
    #[derive(Clone, Copy)]
    pub(crate) struct Vnni(__m512i);

    impl Lanes<i32> for Vnni {
        const LEN: usize = 16;
        #[inline(always)]
        unsafe fn zero() -> Self {
            // SAFETY: the caller vouches for the instructions.
            Vnni(unsafe { _mm512_setzero_si512() })
        }
        #[inline(always)]
        unsafe fn load(from: *const i32) -> Self {
            // SAFETY: the caller vouches for the instructions and the pointer.
            Vnni(unsafe { _mm512_loadu_si512(from.cast()) })
        }
        #[inline(always)]
        unsafe fn splat(from: *const i32) -> Self {
            // SAFETY: as above.
            Vnni(unsafe { _mm512_set1_epi32(from.read_unaligned()) })
        }
        #[inline(always)]
        unsafe fn plus_product(self, a: Self, b: Self) -> Self {
            // SAFETY: the caller vouches for the instructions.
            Vnni(unsafe { _mm512_dpbusd_epi32(self.0, a.0, b.0) })
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut i32) {
            // SAFETY: the caller vouches for the instructions and the pointer.
            unsafe { _mm512_storeu_si512(to.cast(), self.0) }
        }
        #[inline(always)]
        unsafe fn add_to(self, to: *mut i32) {
            // SAFETY: as above.
            unsafe { Vnni(_mm512_add_epi32(_mm512_loadu_si512(to.cast()), self.0)).store(to) }
        }
    }

    /// Bytes widened to 16 bits, since 256-bit multiplication of bytes saturates: four times four products in two
    /// instructions, as two sums for each column until they are stored.
    #[derive(Clone, Copy)]
    pub(crate) struct Widened(__m256i);

    impl Widened {
        /// The four sums.
        #[inline(always)]
        unsafe fn sums(self) -> __m128i {
            // SAFETY: the caller vouches for the instructions.
            unsafe {
                let pairs = _mm256_hadd_epi32(self.0, self.0);
                _mm_unpacklo_epi64(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1))
            }
        }
    }

    impl Lanes<i32> for Widened {
        const LEN: usize = 4;
        #[inline(always)]
        unsafe fn zero() -> Self {
            // SAFETY: the caller vouches for the instructions.
            Widened(unsafe { _mm256_setzero_si256() })
        }
        #[inline(always)]
        unsafe fn load(from: *const i32) -> Self {
            // SAFETY: the caller vouches for the instructions and the pointer.
            Widened(unsafe { _mm256_cvtepi8_epi16(_mm_loadu_si128(from.cast())) })
        }
        #[inline(always)]
        unsafe fn splat(from: *const i32) -> Self {
            // SAFETY: as above.
            Widened(unsafe { _mm256_cvtepu8_epi16(_mm_set1_epi32(from.read_unaligned())) })
        }
        #[inline(always)]
        unsafe fn plus_product(self, a: Self, b: Self) -> Self {
            // SAFETY: the caller vouches for the instructions.
            Widened(unsafe { _mm256_add_epi32(self.0, _mm256_madd_epi16(a.0, b.0)) })
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut i32) {
            // SAFETY: the caller vouches for the instructions and the pointer.
            unsafe { _mm_storeu_si128(to.cast(), self.sums()) }
        }
        #[inline(always)]
        unsafe fn add_to(self, to: *mut i32) {
            // SAFETY: as above.
            unsafe {
                _mm_storeu_si128(
                    to.cast(),
                    _mm_add_epi32(_mm_loadu_si128(to.cast_const().cast()), self.sums()),
                );
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Vnni, Widened};
