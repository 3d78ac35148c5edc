//! The micro-kernel: the one inner loop under matrix products and convolutions.
//!
//! It computes a small tile of C that stays in registers from the first product to the last,
//! as a sum over `taps` of small matrix products (batch-reduce, Georganas et al., arXiv 1906.06440):
//!
//! C[i, j] (+)= Σ_tap Σ_k A_tap[i, k] · B_tap[k, j]
//!
//! Rows of A and of C are given by address, so the same loop serves plain matrices, transposed ones
//! and the scattered rows of a convolution.

use super::bytes::PlainBytes;
#[cfg(target_arch = "x86_64")]
use super::bytes::{Vnni, Widened};
use super::lanes::{Lanes, Plain};
use crate::buffer::Element;
use crate::float::Float;
use crate::isa::Isa;
#[cfg(target_arch = "x86_64")]
use crate::isa::has_vnni;
use std::any::TypeId;
use std::ops::AddAssign;

/// The most rows a tile has in any family.
pub(crate) const MAX_ROWS: usize = 14;

/// The most columns a tile has in any family.
pub(crate) const MAX_COLS: usize = 32;

/// The operands of one tile of `rows` × `cols` numbers.
pub(crate) struct Tile<T> {
    /// `[taps, rows]` addresses of the rows of A.
    pub(crate) a: *const *const T,
    /// Small products to add up.
    pub(crate) taps: usize,
    /// The range of k in every row of A.
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// Distance in A from one k to the next.
    pub(crate) a_step: usize,
    /// Row `from` of the first B: as many numbers as the kernel has columns, whatever `cols` is.
    pub(crate) b: *const T,
    /// Distance in B from one k to the next, and from one tap to the next.
    pub(crate) b_step: usize,
    pub(crate) b_tap: usize,
    /// `[rows]` addresses of the rows of C.
    pub(crate) c: *const *mut T,
    /// Columns of C that exist.
    pub(crate) cols: usize,
    /// Whether to add to what C holds.
    pub(crate) accumulate: bool,
    /// What is fetched meanwhile, because tiles after this one need it.
    pub(crate) ahead: Option<Ahead<T>>,
}

/// Two streams of addresses that the processor fetches into its second cache while it computes a tile.
#[derive(Clone, Copy)]
pub(crate) struct Ahead<T> {
    /// Where they begin.
    pub(crate) from: [*const T; 2],
    /// Distance from one address to the next.
    pub(crate) step: usize,
    /// Steps of k from one address to the next.
    pub(crate) every: usize,
}

/// Computes one tile; see [`Kernel::run`] for what it relies on.
type Run<T> = unsafe fn(&Tile<T>);

/// The micro-kernels of one vector family.
pub(crate) struct Kernel<T: 'static> {
    /// The most rows of a tile.
    pub(crate) rows: usize,
    /// Numbers in a vector; a tile has one or two vectors of columns.
    pub(crate) lanes: usize,
    /// `run[rows - 1][vectors - 1]`.
    run: &'static [[Run<T>; 2]],
    /// The same for rows of A that lie side by side.
    run_columns: &'static [[Run<T>; 2]],
}

impl<T> Kernel<T> {
    /// Columns of a full tile, and the width of a panel of B.
    pub(crate) fn width(&self) -> usize {
        2 * self.lanes
    }

    /// Columns the kernel computes (and reads from B) for a tile with `cols` of them.
    pub(crate) fn padded(&self, cols: usize) -> usize {
        if cols <= self.lanes { self.lanes } else { 2 * self.lanes }
    }

    /// Computes a tile of `rows` rows.
    ///
    /// # Safety
    /// Every address in `tile` is valid for what its field describes; no other thread touches the tile of C.
    #[inline(always)]
    pub(crate) unsafe fn run(&self, rows: usize, tile: &Tile<T>) {
        let vectors = usize::from(tile.cols > self.lanes);
        // SAFETY: promised by the caller; kernels are handed out only for families the processor has.
        unsafe {
            let run = if tile.has_columns(rows) { self.run_columns } else { self.run };
            run[rows - 1][vectors](tile)
        }
    }
}

impl<T> Tile<T> {
    /// Whether the numbers of A for one k lie side by side, as in a transposed matrix.
    ///
    /// # Safety
    /// `a` holds `rows` addresses.
    #[inline(always)]
    unsafe fn has_columns(&self, rows: usize) -> bool {
        // SAFETY: promised by the caller.
        let row = |i| unsafe { *self.a.add(i) };
        self.a_step > 1 && self.taps == 1 && (1..rows).all(|i| row(i) == row(0).wrapping_add(i))
    }
}

/// The same number, of which the compiler knows nothing: else it would keep `R` running addresses, for which there
/// are not enough registers, in place of one offset.
#[inline(always)]
fn opaque(offset: usize) -> usize {
    #[cfg(target_arch = "x86_64")]
    {
        let mut offset = offset;
        // SAFETY: the code is empty.
        unsafe {
            std::arch::asm!("/* {0} */", inout(reg) offset, options(pure, nomem, nostack, preserves_flags))
        };
        offset
    }
    #[cfg(not(target_arch = "x86_64"))]
    offset
}

/// Steps of k after which a column of A is needed that is fetched now: every step reads another page, which the processor
/// does not foresee.
const AHEAD: usize = 32;

/// Lets the processor fetch what lies at an address, into the first cache or else into the second, while it does
/// other work.
#[inline(always)]
fn fetch_ahead<const FIRST: bool, T>(address: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the instruction never faults, whatever the address; every x86-64 has it.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _MM_HINT_T1, _mm_prefetch};
        if FIRST {
            _mm_prefetch::<_MM_HINT_T0>(address.cast());
        } else {
            _mm_prefetch::<_MM_HINT_T1>(address.cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

/// Lets the processor fetch a tile of C, which is needed at the end.
///
/// # Safety
/// As [`Kernel::run`].
#[inline(always)]
unsafe fn fetch_c<T, const R: usize>(t: &Tile<T>, vectors: usize, lanes: usize) {
    for i in 0..R {
        // SAFETY: promised by the caller.
        let c = unsafe { *t.c.add(i) };
        for v in 0..vectors {
            fetch_ahead::<true, T>(c.wrapping_add(v * lanes));
        }
    }
}

/// sums += a · b for one k: `a(i)` is the address of A's number in row i.
///
/// # Safety
/// The addresses can be read, and the processor has the instructions of `L`.
#[inline(always)]
unsafe fn multiply<T, L: Lanes<T>, const R: usize, const V: usize>(
    a: impl Fn(usize) -> *const T,
    b: *const T,
    sums: &mut [[L; V]; R],
) {
    // SAFETY: promised by the caller.
    unsafe {
        let mut vectors = [L::zero(); V];
        for v in 0..V {
            vectors[v] = L::load(b.add(v * L::LEN));
        }
        for i in 0..R {
            let a = L::splat(a(i));
            for v in 0..V {
                sums[i][v] = sums[i][v].plus_product(a, vectors[v]);
            }
        }
    }
}

/// The tile of `R` rows and `V` vectors of columns.
///
/// # Safety
/// As [`Kernel::run`], and the processor has the instructions of `L`.
#[inline(always)]
unsafe fn tile<T: Element + AddAssign, L: Lanes<T>, const R: usize, const V: usize>(t: &Tile<T>) {
    // SAFETY: all addresses are valid by the caller's promise; offsets stay within what `Tile` describes.
    unsafe {
        fetch_c::<T, R>(t, V, L::LEN);
        let mut sums = [[L::zero(); V]; R];
        let ahead = t.ahead.unwrap_or(Ahead { from: [t.b; 2], step: 0, every: usize::MAX });
        for tap in 0..t.taps {
            let rows: [*const T; R] = t.a.add(tap * R).cast::<[*const T; R]>().read();
            let mut b = t.b.add(tap * t.b_tap);
            let mut offset = t.from * t.a_step;
            let (mut left, mut fetched) = (t.to - t.from, 0);
            while left > 0 {
                let some = ahead.every.min(left);
                left -= some;
                fetch_ahead::<false, T>(ahead.from[0].wrapping_add(fetched));
                fetch_ahead::<false, T>(ahead.from[1].wrapping_add(fetched));
                fetched += ahead.step;
                for _ in 0..some {
                    multiply(|i| rows[i].add(offset), b, &mut sums);
                    offset = opaque(offset + t.a_step);
                    b = b.wrapping_add(t.b_step);
                }
            }
        }
        put(t, &sums);
    }
}

/// As [`tile`] for rows of A that lie side by side: one address in place of `R`.
///
/// # Safety
/// As [`tile`].
#[inline(always)]
unsafe fn tile_of_columns<T: Element + AddAssign, L: Lanes<T>, const R: usize, const V: usize>(t: &Tile<T>) {
    // SAFETY: as in `tile`.
    unsafe {
        fetch_c::<T, R>(t, V, L::LEN);
        let mut sums = [[L::zero(); V]; R];
        let (mut a, mut b) = ((*t.a).wrapping_add(t.from * t.a_step), t.b);
        // The columns are neighbours, on one line or two.
        let soon = a.wrapping_add(AHEAD * t.a_step);
        let own = Ahead { from: [soon, soon.wrapping_add(R - 1)], step: t.a_step, every: 1 };
        let ahead = t.ahead.unwrap_or(own);
        let (mut left, mut fetched) = (t.to - t.from, 0);
        while left > 0 {
            let some = ahead.every.min(left);
            left -= some;
            fetch_ahead::<false, T>(ahead.from[0].wrapping_add(fetched));
            fetch_ahead::<false, T>(ahead.from[1].wrapping_add(fetched));
            fetched += ahead.step;
            for _ in 0..some {
                multiply(|i| a.add(i), b, &mut sums);
                a = a.wrapping_add(t.a_step);
                b = b.wrapping_add(t.b_step);
            }
        }
        put(t, &sums);
    }
}

/// Writes the sums of a tile to C, or adds them.
///
/// # Safety
/// As [`tile`].
#[inline(always)]
unsafe fn put<T: Element + AddAssign, L: Lanes<T>, const R: usize, const V: usize>(
    t: &Tile<T>,
    sums: &[[L; V]; R],
) {
    // SAFETY: as in `tile`.
    unsafe {
        if t.cols == V * L::LEN {
            for i in 0..R {
                let c = *t.c.add(i);
                for v in 0..V {
                    let to = c.add(v * L::LEN);
                    if t.accumulate { sums[i][v].add_to(to) } else { sums[i][v].store(to) }
                }
            }
            return;
        }
        let mut row = [T::default(); MAX_COLS];
        for i in 0..R {
            let c = std::slice::from_raw_parts_mut(*t.c.add(i), t.cols);
            for v in 0..V {
                sums[i][v].store(row.as_mut_ptr().add(v * L::LEN));
            }
            if t.accumulate {
                for (c, &x) in c.iter_mut().zip(&row) {
                    *c += x;
                }
            } else {
                c.copy_from_slice(&row[..t.cols]);
            }
        }
    }
}

/// Defines the kernels of one family: a module with one compiled function per number of rows.
macro_rules! family {
    ($name:ident, $number:ty, $lanes:ty, [$($feature:meta)?], $most:literal, [$($rows:literal)+]) => {
        mod $name {
            use super::*;
            $(#[$feature])?
            unsafe fn run<const R: usize, const V: usize>(t: &Tile<$number>) {
                // SAFETY: promised by the caller of `Kernel::run`.
                unsafe { tile::<$number, $lanes, R, V>(t) }
            }
            $(#[$feature])?
            unsafe fn run_columns<const R: usize, const V: usize>(t: &Tile<$number>) {
                // SAFETY: promised by the caller of `Kernel::run`.
                unsafe { tile_of_columns::<$number, $lanes, R, V>(t) }
            }
            pub(super) static KERNEL: Kernel<$number> = Kernel {
                rows: $most,
                lanes: <$lanes as Lanes<$number>>::LEN,
                run: &[$([run::<$rows, 1>, run::<$rows, 2>]),+],
                run_columns: &[$([run_columns::<$rows, 1>, run_columns::<$rows, 2>]),+],
            };
        }
    };
}

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256, __m256d, __m512, __m512d};

#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
family!(avx512_f32, f32, __m512, [target_feature(enable = "avx512f")], 14, [1 2 3 4 5 6 7 8 9 10 11 12 13 14]);
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
family!(avx512_f64, f64, __m512d, [target_feature(enable = "avx512f")], 14, [1 2 3 4 5 6 7 8 9 10 11 12 13 14]);
#[cfg(target_arch = "x86_64")]
family!(avx2_f32, f32, __m256, [target_feature(enable = "avx2,fma")], 6, [1 2 3 4 5 6]);
#[cfg(target_arch = "x86_64")]
family!(avx2_f64, f64, __m256d, [target_feature(enable = "avx2,fma")], 6, [1 2 3 4 5 6]);
family!(portable_f32, f32, Plain<f32, 4>, [], 4, [1 2 3 4]);
family!(portable_f64, f64, Plain<f64, 2>, [], 4, [1 2 3 4]);

#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
family!(vnni_bytes, i32, Vnni, [target_feature(enable = "avx512f,avx512vnni")], 14, [1 2 3 4 5 6 7 8 9 10 11 12 13 14]);
#[cfg(target_arch = "x86_64")]
family!(avx2_bytes, i32, Widened, [target_feature(enable = "avx2")], 6, [1 2 3 4 5 6]);
family!(portable_bytes, i32, PlainBytes<4>, [], 4, [1 2 3 4]);

/// The kernels of a family for [products of bytes](super::bytes); a family that this processor has not is lowered to
/// what there is.
pub(crate) fn bytes_kernel(isa: Isa) -> &'static Kernel<i32> {
    match isa.min(Isa::detect()) {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 if has_vnni() => &vnni_bytes::KERNEL,
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 | Isa::Avx2 => &avx2_bytes::KERNEL,
        _ => &portable_bytes::KERNEL,
    }
}

/// The kernels of a family; a family that this processor or this type has not is lowered to what there is.
pub(crate) fn kernel<T: Float>(isa: Isa) -> &'static Kernel<T> {
    let isa = isa.min(Isa::detect());
    let single: &Kernel<f32> = match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => &avx512_f32::KERNEL,
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => &avx2_f32::KERNEL,
        _ => &portable_f32::KERNEL,
    };
    let double: &Kernel<f64> = match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => &avx512_f64::KERNEL,
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => &avx2_f64::KERNEL,
        _ => &portable_f64::KERNEL,
    };
    let chosen: *const Kernel<T> = if TypeId::of::<T>() == TypeId::of::<f32>() {
        std::ptr::from_ref(single).cast()
    } else {
        assert!(TypeId::of::<T>() == TypeId::of::<f64>(), "products exist for f32 and f64");
        std::ptr::from_ref(double).cast()
    };
    // SAFETY: the branch taken proves that `T` is the number type of the kernel behind the pointer.
    unsafe { &*chosen }
}
