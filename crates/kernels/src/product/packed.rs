//! A matrix packed once, for products with many small matrices.

use super::micro::{Kernel, MAX_ROWS, Tile};
use super::pack::pack_panel;
use crate::float::Float;
use crate::matmul::Mat;
use crate::threads::{GRAIN, SharedMut, cut, parallel};

/// Numbers of a panel that tiles read one after the other: about half of the nearest cache.
const SLICE: usize = 1 << 12;

/// B `[k, n]` in the order in which the micro-kernel reads it.
pub(crate) struct Packed<'a, T: 'static> {
    kernel: &'static Kernel<T>,
    k: usize,
    n: usize,
    /// `[panels, k, width]`.
    panels: &'a [T],
}

impl<'a, T: Float> Packed<'a, T> {
    /// Numbers that the copy of a matrix `[k, n]` takes.
    pub(crate) fn room(kernel: &Kernel<T>, k: usize, n: usize) -> usize {
        k.saturating_mul(n.next_multiple_of(kernel.width()))
    }

    /// Copies B, in parallel, into memory of [`room`](Packed::room) numbers.
    ///
    /// # Panics
    /// If B is shorter than its shape, or the memory has another length.
    pub(crate) fn new(kernel: &'static Kernel<T>, b: Mat<T>, room: &'a mut [T]) -> Self {
        let (k, n, width) = (b.rows, b.cols, kernel.width());
        assert!(b.fits(1, 0), "packing: the matrix is shorter than its shape");
        assert_eq!(room.len(), Self::room(kernel, k, n), "packing: memory of another length");
        let panels = n.div_ceil(width);
        let slabs = (k * width).div_ceil(GRAIN).max(1);
        let to = SharedMut(room.as_mut_ptr());
        parallel(panels * slabs, |unit| {
            let (panel, slab) = (unit / slabs, cut(k, slabs, unit % slabs));
            let (col, place) = (panel * width, (panel * k + slab.start) * width);
            let cols = width.min(n - col);
            let from = b.data.as_ptr().wrapping_add(slab.start * b.row_stride + col * b.col_stride);
            let widths = (cols, kernel.padded(cols), width);
            let strides = (b.row_stride, b.col_stride);
            // SAFETY: the slab lies within B, its copy within `room`; each unit writes its own.
            unsafe {
                let to = to.region(place, slab.len() * width);
                pack_panel(from, strides, slab.len(), widths, to.as_mut_ptr());
            }
        });
        Packed { kernel, k, n, panels: room }
    }

    /// C (+)= A · B on the calling thread, with a: `[rows, k]` and c: `[rows, n]`. A row of C depends on its row
    /// of A alone, whatever the others are.
    ///
    /// # Panics
    /// If A or C is shorter than its shape.
    pub(crate) fn product(&self, rows: usize, a: &[T], c: &mut [T], accumulate: bool) {
        let (k, n, width) = (self.k, self.n, self.kernel.width());
        assert!(a.len() >= rows * k && c.len() >= rows * n, "packed product: A or C is too short");
        if k == 0 {
            if !accumulate {
                c[..rows * n].fill(T::ZERO);
            }
            return;
        }
        let (a, c) = (a.as_ptr(), c.as_mut_ptr());
        let slices = (k * width).div_ceil(SLICE);
        let tiles = rows.div_ceil(self.kernel.rows);
        for panel in 0..n.div_ceil(width) {
            let col = panel * width;
            for slice in 0..slices {
                let depth = cut(k, slices, slice);
                for tile in 0..tiles {
                    let rows = cut(rows, tiles, tile);
                    let a_rows: [*const T; MAX_ROWS] =
                        std::array::from_fn(|i| a.wrapping_add((rows.start + i) * k));
                    let c_rows: [*mut T; MAX_ROWS] =
                        std::array::from_fn(|i| c.wrapping_add((rows.start + i) * n + col));
                    let tile = Tile {
                        a: a_rows.as_ptr(),
                        taps: 1,
                        from: depth.start,
                        to: depth.end,
                        a_step: 1,
                        b: self.panels.as_ptr().wrapping_add((panel * k + depth.start) * width),
                        b_step: width,
                        b_tap: 0,
                        c: c_rows.as_ptr(),
                        cols: width.min(n - col),
                        accumulate: accumulate || slice > 0,
                        ahead: None,
                    };
                    // SAFETY: the lengths were checked above; the panel is as wide as the kernel reads, and only
                    // this thread has C.
                    unsafe { self.kernel.run(rows.len(), &tile) };
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::Isa;
    use crate::matmul::tests::numbers;
    use crate::product::micro::kernel;

    fn check<T: Float>(isa: Isa, (m, k, n): (usize, usize, usize), transposed: bool, accumulate: bool) {
        let mut seed = 7;
        let (a, b) = (numbers::<T>(m * k, &mut seed), numbers::<T>(k * n, &mut seed));
        let b = if transposed { Mat::new(&b, n, k).t() } else { Mat::new(&b, k, n) };
        let before = numbers::<T>(m * n, &mut seed);
        let (kernel, mut c) = (kernel::<T>(isa), before.clone());
        let mut room = vec![T::from_f64(f64::NAN); Packed::room(kernel, k, n)];
        Packed::new(kernel, b, &mut room).product(m, &a, &mut c, accumulate);
        for i in 0..m {
            for j in 0..n {
                let term = |p: usize| a[i * k + p] * b.data[p * b.row_stride + j * b.col_stride];
                let start = if accumulate { before[i * n + j].to_f64() } else { 0.0 };
                let want = start + (0..k).map(|p| term(p).to_f64()).sum::<f64>();
                let got = c[i * n + j].to_f64();
                assert!((got - want).abs() < 1e-4, "{isa:?} {m}×{k}×{n}: {got} instead of {want}");
            }
        }
    }

    #[test]
    fn products_agree_with_sums_of_products() {
        for isa in Isa::ALL {
            for (m, k, n) in
                [(1, 1, 1), (8, 33, 17), (16, 300, 65), (15, 7, 32), (3, 0, 5), (0, 4, 4), (4, 4, 0)]
            {
                check::<f32>(isa, (m, k, n), false, false);
                check::<f32>(isa, (m, k, n), true, true);
                check::<f64>(isa, (m, k, n), true, false);
            }
        }
    }
}
