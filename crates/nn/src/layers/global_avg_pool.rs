use super::expect_picture;
use crate::check::Sample;
use crate::{InWords, Layer, Pass, Piece, module};
use pellucid_grad::{Var, ops};
use pellucid_tensor::Result;

/// The mean of each channel over the whole picture: `[n, height, width, channels]` becomes `[n, channels]`.
pub struct GlobalAvgPool;

module!(GlobalAvgPool {});

impl Layer for GlobalAvgPool {
    fn forward(&self, _: &Pass, x: &Var) -> Result<Var> {
        ops::global_avg_pool(x)
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>> {
        Ok(vec![expect_picture("global pool", input)?.2])
    }

    fn name(&self) -> String {
        "global average pool".into()
    }

    fn in_words(&self) -> InWords {
        InWords::then("Pool", "takes the mean over all places")
    }

    fn lower(&self) -> Result<Vec<Piece>> {
        Ok(vec![Piece::GlobalAvgPool])
    }
}

pub(crate) fn samples() -> Result<Vec<Sample>> {
    Ok(vec![Sample::new("plain", GlobalAvgPool, &[3, 4, 5], &[&[5], &[4, 5], &[1, 3, 4, 5]])])
}
