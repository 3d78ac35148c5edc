//! The network as nodes: pieces with everything folded together that can be.

use super::Piece;
use super::map::{Form, Map};
use pellucid_kernels::activation::Activation;
use pellucid_kernels::int8::Coding;
use pellucid_kernels::window::Padding;
use pellucid_tensor::{Error, Result, Tensor};

/// The numbers that came by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Range {
    pub(super) low: f32,
    pub(super) high: f32,
}

impl Range {
    pub(super) const EMPTY: Range = Range { low: f32::INFINITY, high: f32::NEG_INFINITY };

    /// Widens the range to hold more numbers.
    pub(super) fn see(&mut self, x: &Tensor) -> Result<()> {
        for &x in x.data::<f32>()? {
            self.low = self.low.min(x);
            self.high = self.high.max(x);
        }
        Ok(())
    }

    pub(super) fn coding(self) -> Coding {
        Coding::of_range(self.low, self.high)
    }
}

/// One step.
pub(super) enum Node {
    Map(Box<Map>),
    Pool(Pool),
    Mean,
    Flatten,
    Affine { scale: Tensor, shift: Tensor, activation: Activation },
    Activate(Activation),
    Residual(Residual),
}

/// The largest number of each window; of some channels the smallest.
pub(super) struct Pool {
    pub(super) window: (usize, usize),
    pub(super) stride: (usize, usize),
    pub(super) padding: Padding,
    /// `[channels]`: 1 where the smallest is wanted; empty if nowhere.
    pub(super) smallest: Vec<u8>,
}

/// A body and a way around it.
pub(super) struct Residual {
    pub(super) body: Vec<Node>,
    pub(super) around: Vec<Node>,
    pub(super) activation: Activation,
    pub(super) from: Range,
    pub(super) to: Range,
    /// How x comes in, and the sum goes out (as numbers without a coding), if the addition is a part of the body's last map.
    pub(super) fused: Option<(Coding, Option<Coding>)>,
}

/// The nodes of a list of pieces.
pub(super) fn nodes(pieces: Vec<Piece>) -> Result<Vec<Node>> {
    let mut nodes = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Conv { weight, bias, options, activation } => {
                let &[out, rows, cols, inputs] = &weight.shape()[..] else {
                    return Err(Error::shape(
                        "int8",
                        format!("a convolution's weight is {}", weight.shape()),
                    ));
                };
                let shape = [out, rows, cols, inputs];
                nodes.push(Node::Map(Box::new(Map::new(shape, Some(options), weight, bias, activation)?)));
            }
            Piece::Linear { weight, bias, activation } => {
                let &[out, inputs] = &weight.shape()[..] else {
                    return Err(Error::shape("int8", format!("a linear map's weight is {}", weight.shape())));
                };
                nodes.push(Node::Map(Box::new(Map::new(
                    [out, 1, 1, inputs],
                    None,
                    weight,
                    bias,
                    activation,
                )?)));
            }
            Piece::Affine { scale, shift, activation } => {
                if !fold(&mut nodes, &scale, &shift, activation)? {
                    let channels = [scale.len()];
                    let (scale, shift) = (Tensor::new(&scale, &channels)?, Tensor::new(&shift, &channels)?);
                    nodes.push(Node::Affine { scale, shift, activation });
                }
            }
            Piece::Activate(activation) => match nodes.last_mut() {
                Some(Node::Map(map)) if map.activation == Activation::Identity => map.activation = activation,
                _ => nodes.push(Node::Activate(activation)),
            },
            Piece::MaxPool { window, stride, padding } => {
                nodes.push(Node::Pool(Pool { window, stride, padding, smallest: Vec::new() }));
            }
            Piece::GlobalAvgPool => nodes.push(Node::Mean),
            Piece::Flatten => nodes.push(Node::Flatten),
            Piece::Residual { body, around, activation } => nodes.push(Node::Residual(Residual {
                body: self::nodes(body)?,
                around: self::nodes(around)?,
                activation,
                from: Range::EMPTY,
                to: Range::EMPTY,
                fused: None,
            })),
        }
    }
    Ok(nodes)
}

/// Folds x · scale + shift into the map before it, if there is one without an activation.
///
/// A maximum may lie between: where scale ≥ 0, scale · max x = max (scale · x); where it is negative, the largest number becomes
/// the smallest, so there the pooling takes the minimum. ReLU, which never decreases, may change places with both.
fn fold(nodes: &mut [Node], scale: &[f32], shift: &[f32], activation: Activation) -> Result<bool> {
    let (map, pool) = match nodes {
        [.., Node::Map(map)] => (map, None),
        [.., Node::Map(map), Node::Pool(pool)] if pool.smallest.is_empty() => (map, Some(pool)),
        _ => return Ok(false),
    };
    let moves = pool.is_none() || matches!(activation, Activation::Identity | Activation::Relu);
    if map.activation != Activation::Identity || !moves || map.shape[0] != scale.len() {
        return Ok(false);
    }
    let Form::Numbers { weight, bias } = &mut map.form else { return Ok(false) };
    let filter = weight.len() / scale.len().max(1);
    for (filter, &scale) in weight.data_mut::<f32>()?.chunks_mut(filter.max(1)).zip(scale) {
        filter.iter_mut().for_each(|w| *w *= scale);
    }
    for ((bias, &scale), &shift) in bias.data_mut::<f32>()?.iter_mut().zip(scale).zip(shift) {
        *bias = *bias * scale + shift;
    }
    map.activation = activation;
    if let Some(pool) = pool {
        pool.smallest = scale.iter().map(|&scale| u8::from(scale < 0.0)).collect();
    }
    Ok(true)
}

/// Whether what follows takes bytes as they are.
fn takes_bytes(rest: &[Node]) -> bool {
    match rest.split_first() {
        Some((Node::Map(map), _)) => map.fits_bytes(),
        Some((Node::Pool(_) | Node::Mean | Node::Residual(_), _)) => true,
        Some((Node::Flatten, rest)) => takes_bytes(rest),
        _ => false,
    }
}

/// Puts the nodes into bytes by the ranges they hold. `coming` is how x comes in (`None`: as numbers); returns how the
/// result goes out, which is in bytes where possible if `bytes_out`.
pub(super) fn to_bytes(
    nodes: &mut [Node],
    coming: Option<Coding>,
    bytes_out: bool,
) -> Result<Option<Coding>> {
    let mut coming = coming;
    for i in 0..nodes.len() {
        let Some((node, rest)) = nodes[i..].split_first_mut() else { break };
        let out = if rest.is_empty() { bytes_out } else { takes_bytes(rest) };
        coming = match node {
            Node::Map(map) if map.fits_bytes() => {
                let to = (out && map.cuts_off()).then(|| map.to.coding());
                let smallest = match rest.first() {
                    Some(Node::Pool(pool)) if to.is_some() => &pool.smallest[..],
                    _ => &[],
                };
                map.prepare(coming.unwrap_or(map.from.coding()), to, smallest, None)?;
                to
            }
            Node::Residual(residual) => residual.prepare(coming, out)?,
            Node::Pool(_) | Node::Flatten => coming,
            Node::Map(_) | Node::Mean | Node::Affine { .. } | Node::Activate(_) => None,
        };
    }
    Ok(coming)
}

impl Residual {
    /// Where the body ends in a map, the addition becomes a part of it; else the two are added as numbers.
    fn prepare(&mut self, coming: Option<Coding>, bytes_out: bool) -> Result<Option<Coding>> {
        let from = coming.unwrap_or(self.from.coding());
        let around = to_bytes(&mut self.around, Some(from), true)?;
        let cuts_off = matches!(self.activation, Activation::Identity | Activation::Relu);
        let to = (bytes_out && cuts_off).then(|| self.to.coding());
        match (self.body.split_last_mut(), around) {
            // What comes around has the pixels of bytes, also beside numbers.
            (Some((Node::Map(last), body)), Some(around))
                if last.fits_bytes() && last.cuts_off() && (to.is_some() || last.fills_pixels()) =>
            {
                // The map's input comes in bytes from what is before it, or as x.
                let rest = to_bytes(body, Some(from), true)?;
                last.prepare(rest.unwrap_or(last.from.coding()), to, &[], Some(around))?;
                self.fused = Some((from, to));
                Ok(to)
            }
            _ => {
                to_bytes(&mut self.body, Some(from), false)?;
                Ok(None)
            }
        }
    }
}
