//! The operations, one file each: forward, backward and cases side by side.
//!
//! To add one: write `ops/<name>.rs` with a public function and a `pub(crate) fn cases`, and add its
//! line to the list below. The tests then check its gradients and compare it with reference values.

use crate::check::Op;

macro_rules! ops {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        $(mod $name; pub use $name::*;)*

        /// Every operation, with its cases.
        pub static OPS: &[Op] = &[$(Op { name: stringify!($name), cases: $name::cases }),*];
    };
}

ops![
    attention,
    avg_pool2d,
    batch_norm,
    binary,
    concat,
    conv2d,
    cross_entropy,
    drop_path,
    dropout,
    embedding,
    global_avg_pool,
    group_norm,
    gru,
    index_select,
    layer_norm,
    linear,
    lstm,
    matmul,
    max_pool2d,
    narrow,
    permute,
    pointwise_losses,
    reduce,
    reshape,
    residual,
    rotary,
    softmax,
    unary,
];
