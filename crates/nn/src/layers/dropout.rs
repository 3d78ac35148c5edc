use super::expect_probability;
use crate::check::Sample;
use crate::{InWords, Layer, Pass, Piece, Reach, module};
use pellucid_grad::{Var, ops};
use pellucid_tensor::Result;

/// In training, sets every number to 0 with probability p and divides the others by 1 − p
/// (Srivastava et al. 2014); otherwise changes nothing. x: any shape.
pub struct Dropout {
    p: f64,
}

module!(Dropout {});

impl Dropout {
    /// With probability p in [0, 1).
    ///
    /// # Errors
    /// Another p.
    pub fn new(p: f64) -> Result<Dropout> {
        Ok(Dropout { p: expect_probability("dropout", p)? })
    }
}

impl Layer for Dropout {
    fn forward(&self, pass: &Pass, x: &Var) -> Result<Var> {
        match pass.is_training() && self.p > 0.0 {
            true => ops::dropout(x, self.p, &pass.random()),
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
        format!("dropout {}", self.p)
    }

    fn in_words(&self) -> InWords {
        InWords::aside("Dropout", "leaves numbers out by chance while it learns, so that none is relied on alone")
    }

    fn lower(&self) -> Result<Vec<Piece>> {
        Ok(Vec::new())
    }
}

pub(crate) fn samples() -> Result<Vec<Sample>> {
    Ok(vec![
        Sample::new("a third", Dropout::new(1.0 / 3.0)?, &[40], &[]),
        Sample::new("none", Dropout::new(0.0)?, &[2, 3], &[]),
    ])
}
