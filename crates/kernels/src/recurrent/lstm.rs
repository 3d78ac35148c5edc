//! Long short-term memory.

use super::Cell;
use crate::float::Float;

/// Long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000):
///
/// i, f, o = σ(a + s), g = tanh(a + s), c′ = f c + i g, h′ = o tanh c′,
///
/// where a is the input's part of the gates and s the state's. Gates: i, f, g, o. Kept: c′.
pub struct Lstm;

impl Cell for Lstm {
    const GATES: usize = 4;
    const SHARED: usize = 4;

    #[inline(always)]
    fn forward<T: Float>(gates: &mut [T], sums: &[T], _: &[T], before: &[T], kept: &mut [T], h: &mut [T]) {
        let len = h.len();
        let (i, rest) = gates.split_at_mut(len);
        let (f, rest) = rest.split_at_mut(len);
        let (g, o) = rest.split_at_mut(len);
        ahead(i, f, g, o, sums, before, kept, h);
    }

    #[inline(always)]
    fn backward<T: Float>(
        gates: &mut [T],
        kept: &mut [T],
        kept_before: &[T],
        _: &[T],
        dh: &mut [T],
        dkept: &mut [T],
        dsums: &mut [T],
    ) {
        let len = dh.len();
        let (i, rest) = gates.split_at_mut(len);
        let (f, rest) = rest.split_at_mut(len);
        let (g, o) = rest.split_at_mut(len);
        back(i, f, g, o, kept, kept_before, dh, dkept);
        dsums.copy_from_slice(gates);
    }
}

// Slices that come in as arguments are known to the compiler not to overlap.

#[inline(always)]
fn ahead<T: Float>(
    i: &mut [T],
    f: &mut [T],
    g: &mut [T],
    o: &mut [T],
    sums: &[T],
    before: &[T],
    c: &mut [T],
    h: &mut [T],
) {
    let len = h.len();
    let (i, f, g, o) = (&mut i[..len], &mut f[..len], &mut g[..len], &mut o[..len]);
    let (before, c) = (&before[..len], &mut c[..len]);
    let (sum_i, rest) = sums.split_at(len);
    let (sum_f, rest) = rest.split_at(len);
    let (sum_g, sum_o) = (&rest[..len], &rest[len..2 * len]);
    for j in 0..len {
        let input = (i[j] + sum_i[j]).sigmoid();
        let forget = (f[j] + sum_f[j]).sigmoid();
        let new = (g[j] + sum_g[j]).tanh();
        let output = (o[j] + sum_o[j]).sigmoid();
        let cell = forget * before[j] + input * new;
        (i[j], f[j], g[j], o[j], c[j]) = (input, forget, new, output, cell);
        h[j] = output * cell.tanh();
    }
}

#[inline(always)]
fn back<T: Float>(
    i: &mut [T],
    f: &mut [T],
    g: &mut [T],
    o: &mut [T],
    c: &[T],
    before: &[T],
    dh: &mut [T],
    dc: &mut [T],
) {
    let len = dh.len();
    let (i, f, g, o) = (&mut i[..len], &mut f[..len], &mut g[..len], &mut o[..len]);
    let (c, before, dc) = (&c[..len], &before[..len], &mut dc[..len]);
    for j in 0..len {
        let (input, forget, new, output) = (i[j], f[j], g[j], o[j]);
        let squashed = c[j].tanh();
        let to_cell = dc[j] + dh[j] * output * (T::ONE - squashed * squashed);
        i[j] = to_cell * new * input * (T::ONE - input);
        f[j] = to_cell * before[j] * forget * (T::ONE - forget);
        g[j] = to_cell * input * (T::ONE - new * new);
        o[j] = dh[j] * squashed * output * (T::ONE - output);
        dc[j] = to_cell * forget;
        dh[j] = T::ZERO;
    }
}
