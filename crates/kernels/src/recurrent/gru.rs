//! The gated recurrent unit.

use super::Cell;
use crate::float::Float;

/// The gated recurrent unit (Cho et al., arXiv 1406.1078), in the form whose reset gate stands behind the product:
///
/// r = σ(aᵣ + sᵣ), z = σ(a_z + s_z), n = tanh(aₙ + r q) with q = sₙ + b, h′ = (1 − z) n + z h,
///
/// where a is the input's part of the gates and s the state's. Gates: r, z, n. Kept: q.
pub struct Gru;

impl Cell for Gru {
    const GATES: usize = 3;
    const SHARED: usize = 2;

    #[inline(always)]
    fn forward<T: Float>(gates: &mut [T], sums: &[T], bias: &[T], _: &[T], kept: &mut [T], h: &mut [T]) {
        let len = h.len();
        let (r, rest) = gates.split_at_mut(len);
        let (z, n) = rest.split_at_mut(len);
        let (sum_r, rest) = sums.split_at(len);
        let (sum_z, sum_n) = rest.split_at(len);
        ahead(r, z, n, sum_r, sum_z, sum_n, bias, kept, h);
    }

    #[inline(always)]
    fn backward<T: Float>(
        gates: &mut [T],
        kept: &mut [T],
        _: &[T],
        before: &[T],
        dh: &mut [T],
        _: &mut [T],
        dsums: &mut [T],
    ) {
        let len = dh.len();
        let (r, rest) = gates.split_at_mut(len);
        let (z, n) = rest.split_at_mut(len);
        let (dr, rest) = dsums.split_at_mut(len);
        let (dz, dq) = rest.split_at_mut(len);
        back(r, z, n, kept, before, dh, dr, dz, dq);
    }
}

// Slices that come in as arguments are known to the compiler not to overlap.

#[inline(always)]
fn ahead<T: Float>(
    r: &mut [T],
    z: &mut [T],
    n: &mut [T],
    sum_r: &[T],
    sum_z: &[T],
    sum_n: &[T],
    bias: &[T],
    q: &mut [T],
    h: &mut [T],
) {
    let len = h.len();
    let (r, z, n, q) = (&mut r[..len], &mut z[..len], &mut n[..len], &mut q[..len]);
    let (sum_r, sum_z, sum_n, bias) = (&sum_r[..len], &sum_z[..len], &sum_n[..len], &bias[..len]);
    for j in 0..len {
        let reset = (r[j] + sum_r[j]).sigmoid();
        let update = (z[j] + sum_z[j]).sigmoid();
        let candidate = sum_n[j] + bias[j];
        let new = (n[j] + reset * candidate).tanh();
        (r[j], z[j], n[j], q[j]) = (reset, update, new, candidate);
        h[j] = new + update * (h[j] - new);
    }
}

#[inline(always)]
fn back<T: Float>(
    r: &mut [T],
    z: &mut [T],
    n: &mut [T],
    q: &mut [T],
    before: &[T],
    dh: &mut [T],
    dr: &mut [T],
    dz: &mut [T],
    dq: &mut [T],
) {
    let len = dh.len();
    let (r, z, n, q) = (&mut r[..len], &mut z[..len], &mut n[..len], &mut q[..len]);
    let (dr, dz, dq, before) = (&mut dr[..len], &mut dz[..len], &mut dq[..len], &before[..len]);
    for j in 0..len {
        let (reset, update, new, g) = (r[j], z[j], n[j], dh[j]);
        let to_update = g * (before[j] - new) * update * (T::ONE - update);
        let to_new = g * (T::ONE - update) * (T::ONE - new * new);
        let to_reset = to_new * q[j] * reset * (T::ONE - reset);
        let to_candidate = to_new * reset;
        (r[j], z[j], n[j], q[j]) = (to_reset, to_update, to_new, to_candidate);
        (dr[j], dz[j], dq[j]) = (to_reset, to_update, to_candidate);
        dh[j] = g * update;
    }
}
