use super::expect_probability;
use crate::check::Sample;
use crate::{InWords, Layer, Pass, Piece, Reach, module};
use pellucid_grad::{Var, ops};
use pellucid_tensor::Result;

/// In training, sets whole examples to 0 with probability p and divides the others by 1 − p (stochastic depth,
/// Huang et al., arXiv 1603.09382); otherwise changes nothing. x: any shape.
pub struct DropPath {
    p: f64,
}

module!(DropPath {});

impl DropPath {
    /// With probability p in [0, 1).
    ///
    /// # Errors
    /// Another p.
    pub fn new(p: f64) -> Result<DropPath> {
        Ok(DropPath { p: expect_probability("drop path", p)? })
    }
}

impl Layer for DropPath {
    fn forward(&self, pass: &Pass, x: &Var) -> Result<Var> {
        match pass.is_training() && self.p > 0.0 {
            true => ops::drop_path(x, self.p, &pass.random()),
            false => Ok(x.clone()),
        }
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>> {
        Ok(input.to_vec())
    }

    fn reach(&self) -> Option<[Reach; 2]> {
        Some([Reach::PLACE; 2])
    }

    fn name(&self) -> String {
        format!("drop path {}", self.p)
    }

    fn in_words(&self) -> InWords {
        InWords::aside("Drop path", "is left out by chance while it learns, so that none is relied on alone")
    }

    fn lower(&self) -> Result<Vec<Piece>> {
        Ok(Vec::new())
    }
}

pub(crate) fn samples() -> Result<Vec<Sample>> {
    Ok(vec![
        Sample::new("half", DropPath::new(0.5)?, &[2, 3], &[]),
        Sample::new("none", DropPath::new(0.0)?, &[2], &[]),
    ])
}
