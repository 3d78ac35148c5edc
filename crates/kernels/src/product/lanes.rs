//! Vector registers behind one small interface, so that the micro-kernel is written once.

use crate::float::Float;

/// One register (or a few) of `LEN` numbers.
///
/// # Safety
/// The methods may use the instructions of the implementing type's vector family: the caller makes
/// sure that the processor has them. Pointers must be valid for `LEN` elements (`splat`: for one);
/// no alignment is needed.
pub(crate) trait Lanes<T>: Copy {
    /// Numbers in the register.
    const LEN: usize;
    unsafe fn zero() -> Self;
    unsafe fn load(from: *const T) -> Self;
    unsafe fn store(self, to: *mut T);
    /// The number at `from` in every lane.
    unsafe fn splat(from: *const T) -> Self;
    /// `self` + a·b.
    unsafe fn plus_product(self, a: Self, b: Self) -> Self;
    /// Adds to the numbers at `to`.
    unsafe fn add_to(self, to: *mut T);
}

/// Plain code: `N` numbers, which the compiler keeps in registers of the plain target.
#[derive(Clone, Copy)]
pub(crate) struct Plain<T, const N: usize>([T; N]);

impl<T: Float, const N: usize> Lanes<T> for Plain<T, N> {
    const LEN: usize = N;
    #[inline(always)]
    unsafe fn zero() -> Self {
        Plain([T::ZERO; N])
    }
    #[inline(always)]
    unsafe fn load(from: *const T) -> Self {
        // SAFETY: promised by the caller; arrays of `T` have the alignment of `T`.
        Plain(unsafe { from.cast::<[T; N]>().read() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut T) {
        // SAFETY: as in `load`.
        unsafe { to.cast::<[T; N]>().write(self.0) }
    }
    #[inline(always)]
    unsafe fn splat(from: *const T) -> Self {
        // SAFETY: promised by the caller.
        Plain([unsafe { from.read() }; N])
    }
    #[inline(always)]
    unsafe fn plus_product(mut self, a: Self, b: Self) -> Self {
        for i in 0..N {
            self.0[i] += a.0[i] * b.0[i];
        }
        self
    }
    #[inline(always)]
    unsafe fn add_to(mut self, to: *mut T) {
        // SAFETY: promised by the caller.
        unsafe {
            let old = Self::load(to);
            for i in 0..N {
                self.0[i] += old.0[i];
            }
            self.store(to);
        }
    }
}

/// Implements [`Lanes`] for one x86-64 register type by the intrinsics named.
#[cfg(target_arch = "x86_64")]
macro_rules! register {
    ($register:ty, $number:ty, $len:literal, $zero:ident, $load:ident, $store:ident, $splat:ident, $fma:ident, $add:ident) => {
        impl Lanes<$number> for $register {
            const LEN: usize = $len;
            #[inline(always)]
            unsafe fn zero() -> Self {
                // SAFETY: the caller vouches for the instructions.
                unsafe { $zero() }
            }
            #[inline(always)]
            unsafe fn load(from: *const $number) -> Self {
                // SAFETY: the caller vouches for the instructions and the pointer.
                unsafe { $load(from) }
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut $number) {
                // SAFETY: as above.
                unsafe { $store(to, self) }
            }
            #[inline(always)]
            unsafe fn splat(from: *const $number) -> Self {
                // SAFETY: as above.
                unsafe { $splat(*from) }
            }
            #[inline(always)]
            unsafe fn plus_product(self, a: Self, b: Self) -> Self {
                // SAFETY: the caller vouches for the instructions.
                unsafe { $fma(a, b, self) }
            }
            #[inline(always)]
            unsafe fn add_to(self, to: *mut $number) {
                // SAFETY: the caller vouches for the instructions and the pointer.
                unsafe { $store(to, $add($load(to), self)) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Lanes;
    use std::arch::x86_64::*;

    #[rustfmt::skip]
    register!(__m512, f32, 16, _mm512_setzero_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_set1_ps, _mm512_fmadd_ps, _mm512_add_ps);
    #[rustfmt::skip]
    register!(__m512d, f64, 8, _mm512_setzero_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_set1_pd, _mm512_fmadd_pd, _mm512_add_pd);
    #[rustfmt::skip]
    register!(__m256, f32, 8, _mm256_setzero_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_set1_ps, _mm256_fmadd_ps, _mm256_add_ps);
    #[rustfmt::skip]
    register!(__m256d, f64, 4, _mm256_setzero_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_set1_pd, _mm256_fmadd_pd, _mm256_add_pd);
}
