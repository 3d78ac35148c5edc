//! Nodes in bytes.

use super::map::Form;
use super::node::{Node, Pool, Residual};
use super::numbers::{affine, flatten, on, sum};
use super::value::{Bytes, Value};
use pellucid_grad::ops;
use pellucid_kernels::activation::Activation;
use pellucid_kernels::int8::{max_pool, mean};
use pellucid_kernels::pool2d::Pool2d;
use pellucid_tensor::{Error, Result, Shape, Tensor};

const OP: &str = "int8";

/// The result of the nodes.
pub(super) fn run(nodes: &[Node], x: Value) -> Result<Value> {
    nodes.iter().try_fold(x, |x, node| match (node, x) {
        (Node::Map(map), x) => match &map.form {
            Form::Bytes { .. } => map.run(x, None),
            Form::Numbers { .. } => Ok(Value::Numbers(map.numbers(&x.into_numbers()?)?)),
        },
        (Node::Residual(residual), x) => residual.run(x),
        (Node::Pool(pool), Value::Bytes(x)) => pool.run(&x).map(Value::Bytes),
        (Node::Pool(pool), Value::Numbers(x)) => pool.numbers(&x).map(Value::Numbers),
        (Node::Mean, Value::Bytes(x)) => means(&x).map(Value::Numbers),
        (Node::Mean, Value::Numbers(x)) => on(&x, ops::global_avg_pool).map(Value::Numbers),
        (Node::Flatten, x) => flat(x),
        (Node::Affine { scale, shift, activation }, x) => {
            affine(&x.into_numbers()?, scale, shift, *activation).map(Value::Numbers)
        }
        (Node::Activate(activation), x) => {
            on(&x.into_numbers()?, |x| ops::activate(x, *activation)).map(Value::Numbers)
        }
    })
}

/// The (number, height, width, channels) of pictures.
fn pictures(shape: &Shape) -> Result<[usize; 4]> {
    <[usize; 4]>::try_from(&shape[..]).map_err(|_| {
        Error::shape(OP, format!("the input must be [n, height, width, channels], it is {shape}"))
    })
}

/// The mean of each channel over the picture.
fn means(x: &Bytes) -> Result<Tensor> {
    let [n, height, width, channels] = pictures(&x.shape)?;
    if height * width == 0 || height * width > 1 << 24 {
        return Err(Error::shape(OP, format!("no mean of pictures of shape {}", x.shape)));
    }
    let mut y = Tensor::unset::<f32>(&[n, channels])?;
    mean(x.data.data()?, height * width, x.wide, x.coding, y.data_mut()?, channels);
    Ok(y)
}

/// Each example as one row; in bytes, if its pixels have no others than its channels between them.
fn flat(x: Value) -> Result<Value> {
    match x {
        Value::Bytes(x) if x.shape.rank() > 1 && x.wide == x.shape.last() => {
            let row = x.shape[1..].iter().product();
            let shape = Shape::new(&[x.shape[0], row])?;
            Ok(Value::Bytes(Bytes { shape, wide: row, ..x }))
        }
        x => flatten(&x.into_numbers()?).map(Value::Numbers),
    }
}

impl Pool {
    fn run(&self, x: &Bytes) -> Result<Bytes> {
        let [batch, height, width, channels] = pictures(&x.shape)?;
        let Pool { window, stride, padding, ref smallest } = *self;
        let pool = Pool2d { batch, height, width, channels: x.wide, kernel: window, stride, padding };
        let (oh, ow) =
            pool.out_size().map_err(|why| Error::shape(OP, format!("the input is {}: {why}", x.shape)))?;
        let mut flip = vec![0; x.wide];
        flip.iter_mut().zip(smallest).for_each(|(flip, &smallest)| *flip = 255 * smallest);
        let mut data = Tensor::unset::<u8>(&[batch * oh * ow * x.wide])?;
        max_pool(&pool, x.data.data()?, &flip, data.data_mut()?)?;
        let shape = Shape::new(&[batch, oh, ow, channels])?;
        Ok(Bytes { data, shape, wide: x.wide, coding: x.coding })
    }
}

impl Residual {
    fn run(&self, x: Value) -> Result<Value> {
        let (Some((from, to)), Some((Node::Map(last), body))) = (self.fused, self.body.split_last()) else {
            let sides = [run(&self.around, x.clone())?, run(&self.body, x)?];
            let [around, body] = sides;
            let sides = [around.into_numbers()?, body.into_numbers()?];
            return sum(sides, self.activation).map(Value::Numbers);
        };
        let x = Value::Bytes(x.into_bytes(from)?);
        let around = match run(&self.around, x.clone())? {
            Value::Bytes(around) => around,
            Value::Numbers(_) => return Err(Error::state("int8: what comes around is not in bytes")),
        };
        match last.run(run(body, x)?, Some(&around))? {
            Value::Numbers(mut y) if to.is_none() && self.activation != Activation::Identity => {
                self.activation.apply(y.data_mut::<f32>()?);
                Ok(Value::Numbers(y))
            }
            y => Ok(y),
        }
    }
}
