//! Numbers kept or dropped at random (Srivastava et al. 2014).

use crate::float::Float;
use crate::isa::simd;
use crate::threads::{GRAIN, parallel_chunks};

/// Random words that a call of `block` gives.
const BLOCK: usize = 4;

/// Calls of `block` made together, which the compiler turns into vector code.
const TOGETHER: usize = 16;

/// Numbers of a task: a random word costs as much as some ten multiplications.
const TASK: usize = GRAIN / 8;

/// `x[i] ← x[i] · scale` where random word i, which is `block(i / 4)[i mod 4]`, is at least `threshold`; 0 elsewhere.
pub fn dropout<T: Float>(x: &mut [T], threshold: u32, scale: T, block: impl Fn(u32) -> [u32; BLOCK] + Sync) {
    parallel_chunks(x, TASK, |task, x| {
        let first = (task * TASK / BLOCK) as u32;
        simd(
            #[inline(always)]
            || {
                for (i, x) in x.chunks_mut(TOGETHER * BLOCK).enumerate() {
                    let mut words = [[0; BLOCK]; TOGETHER];
                    for (j, word) in words.iter_mut().enumerate() {
                        *word = block(first.wrapping_add((i * TOGETHER + j) as u32));
                    }
                    for (x, &word) in x.iter_mut().zip(words.as_flattened()) {
                        *x = if word >= threshold { *x * scale } else { T::ZERO };
                    }
                }
            },
        );
    });
}

#[cfg(test)]
mod tests {
    use super::dropout;

    #[test]
    fn each_number_is_judged_by_its_own_word() {
        let words = |n: u32| [0, 1, 2, 3].map(|lane| (4 * n + lane).wrapping_mul(2_654_435_761));
        for len in [0, 1, 3, 4, 5, 63, 64, 65, 10_000] {
            let mut x = vec![1.5f32; len];
            dropout(&mut x, 1 << 30, 2.0, words);
            for (i, &v) in x.iter().enumerate() {
                let word = (i as u32).wrapping_mul(2_654_435_761);
                assert_eq!(v, if word >= 1 << 30 { 3.0 } else { 0.0 }, "element {i} of {len}");
            }
        }
    }
}
