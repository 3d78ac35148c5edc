//! Networks in bytes: convolution, pooling and the way from numbers to bytes and back.
//!
//! A byte q in 0 … 255 stands for the number (q − zero) · scale, with one scale and one zero for a whole tensor; weights are
//! signed bytes with a scale for each output channel and no zero (Jacob et al., arXiv 1712.05877). Sums are exact in
//! 32 bits, so the numbers of a result do not depend on the vector family or the number of threads.
//!
//! After ReLU there are no negative numbers, and zero is 0: ReLU is what happens when a sum is cut off to fit a byte.

mod finish;
mod numbers;
mod pool;
mod sweep;

pub use finish::{Around, Finish, Out};
pub use numbers::{Coding, dequantise, quantise};
pub use pool::{max_pool, mean};
pub use sweep::{MAX_TERMS, conv2d, pack, packed_len};

#[cfg(test)]
mod tests;
