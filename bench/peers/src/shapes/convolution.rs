//! A convolution with as many zeros around the picture as keep its size, batches of channels-last pictures.

use super::{mean_square, numbers};
use pellucid_kernels::conv::{self, Conv2d, Weight};
use pellucid_kernels::matmul::Epilogue;
use pellucid_peers::{number, timed};
use pellucid_tensor::{Error, Result};
use serde_json::{Value, json};

pub(crate) fn time(pass: &str, sizes: [&str; 6], seconds: &str) -> Result<Value> {
    let [batch, side, channels, out, kernel, stride] = sizes.map(number::<usize>);
    let (kernel, stride, side) = (kernel?, stride?, side?);
    let conv = Conv2d {
        stride: (stride, stride),
        ..Conv2d::centred(batch?, (side, side), (channels?, out?), kernel)
    };
    let (oh, ow) = conv
        .out_size()
        .map_err(|_| Error::argument("shapes", format!("the convolution {conv:?} is impossible")))?;
    let mut x = numbers(conv.batch * side * side * conv.channels);
    let mut w = numbers(conv.out * kernel * kernel * conv.channels);
    let mut y = numbers(conv.batch * oh * ow * conv.out);
    let run = || {
        match pass {
            "forward" => conv::forward(&conv, &x, Weight::Plain(&w), &mut y, Epilogue::default()),
            "input" => conv::backward_input(&conv, &y, &w, &mut x, false),
            "weight" => conv::backward_weight(&conv, &x, &y, &mut w, false),
            _ => return Err(Error::argument("shapes", format!("`{pass}` is no pass of a convolution"))),
        }
        .map_err(|_| Error::state("there is no memory for the convolution"))?;
        Ok(0.0)
    };
    let mut answer = timed(number(seconds)?, run)?;
    let result = match pass {
        "forward" => &y,
        "input" => &x,
        _ => &w,
    };
    answer["loss"] = json!(mean_square(result));
    Ok(answer)
}
