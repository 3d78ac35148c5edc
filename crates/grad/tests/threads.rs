//! The same bits for any number of threads. In a file of its own: no other test may hold the workers meanwhile.

#![allow(clippy::unwrap_used)]

use pellucid_grad::ops::OPS;
use pellucid_kernels::threads::set_threads;
use pellucid_tensor::DType;

/// The bits of the output and all gradients, in single precision.
fn bits(case: &pellucid_grad::check::Case) -> Vec<Vec<u64>> {
    let (output, gradients) = case.evaluate(DType::F32).unwrap();
    std::iter::once(&output)
        .chain(&gradients)
        .map(|t| t.to_vec().into_iter().map(f64::to_bits).collect())
        .collect()
}

#[test]
fn one_two_and_four_threads_give_the_same_bits() {
    for op in OPS {
        for case in (op.cases)().unwrap() {
            set_threads(1);
            let one = bits(&case);
            for threads in [2, 4] {
                set_threads(threads);
                assert!(bits(&case) == one, "{} differs with {threads} threads", case.name);
            }
        }
    }
}
