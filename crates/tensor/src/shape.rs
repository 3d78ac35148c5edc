//! The lengths of a tensor's axes.

use crate::{Error, Result};
use std::fmt;
use std::ops::Deref;

/// The most axes a tensor can have.
pub const MAX_RANK: usize = 6;

/// Up to [`MAX_RANK`] axis lengths, outermost first, without an allocation. It reads like a slice.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Shape {
    dims: [usize; MAX_RANK],
    rank: u8,
}

impl Shape {
    /// A shape from axis lengths.
    ///
    /// # Errors
    /// More than [`MAX_RANK`] axes, or a number of elements that overflows.
    pub fn new(dims: &[usize]) -> Result<Shape> {
        if dims.len() > MAX_RANK {
            return Err(Error::shape(
                "shape",
                format!("{} axes, at most {MAX_RANK} are supported", dims.len()),
            ));
        }
        if dims
            .iter()
            .try_fold(1usize, |n, &d| n.checked_mul(d.max(1)))
            .is_none_or(|n| n > isize::MAX as usize / 8)
        {
            return Err(Error::shape("shape", format!("{dims:?} has more elements than can be addressed")));
        }
        let mut shape = Shape { dims: [0; MAX_RANK], rank: dims.len() as u8 };
        shape.dims[..dims.len()].copy_from_slice(dims);
        Ok(shape)
    }

    /// The shape of a single number: no axes, one element.
    pub fn scalar() -> Shape {
        Shape::default()
    }

    /// The number of elements: the product of the lengths.
    pub fn elements(&self) -> usize {
        self.iter().product()
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        usize::from(self.rank)
    }

    /// The length of the last axis; 1 for a scalar.
    pub fn last(&self) -> usize {
        <[usize]>::last(self).copied().unwrap_or(1)
    }

    /// The shape two shapes broadcast to: aligned at their last axes, lengths of 1 stretch.
    ///
    /// # Errors
    /// A pair of lengths that differ with neither being 1.
    pub fn broadcast(&self, other: &Shape, op: &'static str) -> Result<Shape> {
        let rank = self.rank().max(other.rank());
        let mut dims = [0; MAX_RANK];
        for (axis, dim) in dims.iter_mut().enumerate().take(rank) {
            let at = |s: &Shape| (axis + s.rank()).checked_sub(rank).map_or(1, |i| s.dims[i]);
            *dim = match (at(self), at(other)) {
                (a, b) if a == b => a,
                (1, b) => b,
                (a, 1) => a,
                _ => return Err(Error::mismatch(op, self, other)),
            };
        }
        Shape::new(&dims[..rank])
    }

    /// The same shape with the length of one axis replaced; the axis must exist.
    #[must_use]
    pub fn with(mut self, axis: usize, len: usize) -> Shape {
        if axis < self.rank() {
            self.dims[axis] = len;
        }
        self
    }

    /// The shape cut around an axis: (product before it, its length, product after it).
    ///
    /// # Errors
    /// An axis that does not exist.
    pub fn around(&self, axis: usize, op: &'static str) -> Result<(usize, usize, usize)> {
        if axis >= self.rank() {
            return Err(Error::argument(op, format!("axis {axis} of a tensor of shape {self}")));
        }
        Ok((self[..axis].iter().product(), self[axis], self[axis + 1..].iter().product()))
    }
}

impl Deref for Shape {
    type Target = [usize];

    fn deref(&self) -> &[usize] {
        &self.dims[..usize::from(self.rank)]
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, d) in self.iter().enumerate() {
            write!(f, "{}{d}", if i > 0 { ", " } else { "" })?;
        }
        f.write_str("]")
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(dims: &[usize]) -> Shape {
        Shape::new(dims).unwrap()
    }

    #[test]
    fn broadcasting_follows_the_last_axes() {
        let wide = shape(&[2, 1, 4]).broadcast(&shape(&[3, 1]), "add").unwrap();
        assert_eq!(wide, shape(&[2, 3, 4]));
        assert_eq!(Shape::scalar().broadcast(&shape(&[0, 2]), "add").unwrap(), shape(&[0, 2]));
        assert!(shape(&[2]).broadcast(&shape(&[3]), "add").is_err());
    }

    #[test]
    fn impossible_shapes_are_errors() {
        assert!(Shape::new(&[1; 7]).is_err());
        assert!(Shape::new(&[usize::MAX, 2]).is_err());
        assert!(Shape::new(&[usize::MAX, 0]).is_err());
        assert_eq!(Shape::scalar().elements(), 1);
        assert_eq!(shape(&[3, 0]).elements(), 0);
    }
}
