//! Nodes in numbers: to see which ranges they need, and for what stays in numbers.

use super::map::{Form, Map};
use super::node::{Node, Pool, Residual};
use pellucid_grad::{Tape, Var, ops};
use pellucid_kernels::activation::Activation;
use pellucid_tensor::{Error, Result, Tensor};

/// The result of the nodes, whose maps and residual blocks note what comes in and goes out.
pub(super) fn observe(nodes: &mut [Node], x: Tensor) -> Result<Tensor> {
    nodes.iter_mut().try_fold(x, |x, node| match node {
        Node::Map(map) => {
            let y = map.numbers(&x)?;
            map.from.see(&x)?;
            map.to.see(&y)?;
            Ok(y)
        }
        Node::Residual(residual) => {
            let Residual { body, around, .. } = residual;
            let sides = [observe(around, x.clone())?, observe(body, x.clone())?];
            let y = sum(sides, residual.activation)?;
            residual.from.see(&x)?;
            residual.to.see(&y)?;
            Ok(y)
        }
        Node::Pool(pool) => pool.numbers(&x),
        Node::Mean => on(&x, ops::global_avg_pool),
        Node::Flatten => flatten(&x),
        Node::Affine { scale, shift, activation } => affine(&x, scale, shift, *activation),
        Node::Activate(activation) => on(&x, |x| ops::activate(x, *activation)),
    })
}

/// The result of an op on a constant.
pub(super) fn on(x: &Tensor, op: impl FnOnce(&Var) -> Result<Var>) -> Result<Tensor> {
    Ok(op(&Tape::idle().constant(x))?.value().clone())
}

/// activation(around + body).
pub(super) fn sum([around, body]: [Tensor; 2], activation: Activation) -> Result<Tensor> {
    if around.shape() != body.shape() {
        return Err(Error::mismatch("int8", around.shape(), body.shape()));
    }
    on(&around, |around| {
        let sum = ops::add(around, &Tape::idle().constant(&body))?;
        if activation == Activation::Identity { Ok(sum) } else { ops::activate(&sum, activation) }
    })
}

/// Each example as one row.
pub(super) fn flatten(x: &Tensor) -> Result<Tensor> {
    let Some((&n, rest)) = x.shape().split_first() else {
        return Err(Error::shape("int8", "a single number has no axis for the examples"));
    };
    x.reshape(&[n, rest.iter().product()])
}

/// activation(x · scale + shift).
pub(super) fn affine(x: &Tensor, scale: &Tensor, shift: &Tensor, activation: Activation) -> Result<Tensor> {
    on(x, |x| {
        let [scale, shift] = [scale, shift].map(|t| Tape::idle().constant(t));
        ops::activate(&ops::add(&ops::mul(x, &scale)?, &shift)?, activation)
    })
}

impl Map {
    /// The result in numbers.
    pub(super) fn numbers(&self, x: &Tensor) -> Result<Tensor> {
        let Form::Numbers { weight, bias } = &self.form else {
            return Err(Error::state("int8: the weights are in bytes already"));
        };
        on(x, |x| {
            let [weight, bias] = [weight, bias].map(|t| Tape::idle().constant(t));
            match &self.options {
                Some(options) => ops::conv2d(x, &weight, Some(&bias), options, self.activation),
                None => ops::linear(x, &weight, Some(&bias), self.activation),
            }
        })
    }
}

impl Pool {
    /// The result in numbers. The smallest is minus the largest of what is negated.
    pub(super) fn numbers(&self, x: &Tensor) -> Result<Tensor> {
        let negated = |x: &Tensor| -> Result<Tensor> {
            let mut x = x.clone();
            for pixel in x.data_mut::<f32>()?.chunks_mut(self.smallest.len().max(1)) {
                pixel.iter_mut().zip(&self.smallest).filter(|(_, s)| **s == 1).for_each(|(x, _)| *x = -*x);
            }
            Ok(x)
        };
        let pool = |x: &Tensor| on(x, |x| ops::max_pool2d(x, self.window, self.stride, self.padding));
        if self.smallest.is_empty() { pool(x) } else { negated(&pool(&negated(x)?)?) }
    }
}
