//! A network in bytes as tensors by name.

use super::map::Form;
use super::node::{Node, Range};
use crate::state::Named;
use pellucid_tensor::{Error, Result, Tensor};

/// Every tensor of the nodes, by the number of the node, its part and its name: `3.weight`, `5.body.0.steps`.
pub(super) fn save(nodes: &[Node], path: &str, named: &mut Named) -> Result<()> {
    for (i, node) in nodes.iter().enumerate() {
        let mut put = |name: &str, tensor: Tensor| named.insert(format!("{path}{i}.{name}"), tensor);
        match node {
            Node::Map(map) => {
                let (weight, bias) = match &map.form {
                    Form::Numbers { weight, bias } => (weight, bias),
                    Form::Bytes { weight, steps, bias, .. } => {
                        put("steps", steps.clone());
                        (weight, bias)
                    }
                };
                put("weight", weight.clone());
                put("bias", bias.clone());
                put("ranges", ranges(map.from, map.to)?);
            }
            Node::Affine { scale, shift, .. } => {
                put("scale", scale.clone());
                put("shift", shift.clone());
            }
            Node::Pool(pool) => {
                put("smallest", Tensor::new(&pool.smallest, &[pool.smallest.len()])?);
            }
            Node::Residual(residual) => {
                put("ranges", ranges(residual.from, residual.to)?);
                save(&residual.body, &format!("{path}{i}.body."), named)?;
                save(&residual.around, &format!("{path}{i}.around."), named)?;
            }
            Node::Mean | Node::Flatten | Node::Activate(_) => {}
        }
    }
    Ok(())
}

fn ranges(from: Range, to: Range) -> Result<Tensor> {
    Tensor::new(&[from.low, from.high, to.low, to.high], &[4])
}

/// Gives nodes of the same network the tensors that [`save`] made, taking them from `named`.
pub(super) fn load(nodes: &mut [Node], path: &str, named: &mut Named) -> Result<()> {
    for (i, node) in nodes.iter_mut().enumerate() {
        let mut take = |name: &str| {
            let path = format!("{path}{i}.{name}");
            named
                .remove(&path)
                .ok_or_else(|| Error::state(format!("the stored network in bytes has no tensor `{path}`")))
        };
        match node {
            Node::Map(map) => {
                (map.from, map.to) = ranges_of(&take("ranges")?)?;
                let Form::Numbers { weight: old, bias: old_bias } = &map.form else { continue };
                let (weight, bias) = (take("weight")?, take("bias")?);
                if weight.shape() != old.shape() || bias.shape() != old_bias.shape() {
                    return Err(Error::mismatch("int8", weight.shape(), old.shape()));
                }
                bias.data::<f32>()?;
                map.form = match take("steps") {
                    Ok(steps) if steps.shape() == bias.shape() => {
                        weight.data::<i8>()?;
                        steps.data::<f32>()?;
                        Form::Bytes { weight, steps, bias, ready: None }
                    }
                    Ok(steps) => return Err(Error::mismatch("int8", steps.shape(), bias.shape())),
                    Err(_) => {
                        weight.data::<f32>()?;
                        Form::Numbers { weight, bias }
                    }
                };
            }
            Node::Affine { scale, shift, .. } => {
                for (old, name) in [(scale, "scale"), (shift, "shift")] {
                    let new = take(name)?;
                    if new.shape() != old.shape() {
                        return Err(Error::mismatch("int8", new.shape(), old.shape()));
                    }
                    *old = new;
                }
            }
            Node::Pool(pool) => {
                pool.smallest = take("smallest")?.data::<u8>()?.iter().map(|&s| s.min(1)).collect()
            }
            Node::Residual(residual) => {
                (residual.from, residual.to) = ranges_of(&take("ranges")?)?;
                load(&mut residual.body, &format!("{path}{i}.body."), named)?;
                load(&mut residual.around, &format!("{path}{i}.around."), named)?;
            }
            Node::Mean | Node::Flatten | Node::Activate(_) => {}
        }
    }
    Ok(())
}

fn ranges_of(tensor: &Tensor) -> Result<(Range, Range)> {
    match tensor.data::<f32>()? {
        &[a, b, c, d] => Ok((Range { low: a, high: b }, Range { low: c, high: d })),
        _ => Err(Error::state("the stored ranges of a network in bytes are not four numbers")),
    }
}
