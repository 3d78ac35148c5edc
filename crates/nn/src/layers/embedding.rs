use crate::check::Sample;
use crate::{Init, InWords, Layer, Param, Pass, Seed, module};
use pellucid_grad::{Var, ops};
use pellucid_tensor::Result;

/// A table of learned vectors, looked up by index: y[…] = weight[x[…]].
///
/// x: indices (`u32`) below `rows`, `[n, …]`; weight: `[rows, width]`; y: `[n, …, width]`.
/// The gradient of the table has only the rows that were looked up.
pub struct Embedding {
    /// The table.
    pub weight: Param,
}

module!(Embedding { weight });

impl Embedding {
    /// A table of `rows` vectors of `width` numbers, normal with deviation 1/√width, so that vectors have a
    /// length of about 1. It is not subject to weight decay, which would shrink the rows of rare indices.
    ///
    /// # Errors
    /// An impossible size, or no memory.
    pub fn new(seed: &Seed, rows: usize, width: usize) -> Result<Embedding> {
        let init = Init::Normal(1.0 / (width.max(1) as f64).sqrt());
        Ok(Embedding { weight: Param::bias(init.tensor(&[rows, width], &seed.part("weight"))?) })
    }
}

impl Layer for Embedding {
    fn forward(&self, pass: &Pass, x: &Var) -> Result<Var> {
        ops::embedding(&pass.param(&self.weight), x.value())
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>> {
        Ok([input, &[self.weight.value.shape().last()]].concat())
    }

    fn name(&self) -> String {
        let shape = self.weight.value.shape();
        format!("embedding {} × {}", shape.first().unwrap_or(&0), shape.last())
    }

    fn in_words(&self) -> InWords {
        let shape = self.weight.value.shape();
        let (values, width) = (shape.first().unwrap_or(&0), shape.last());
        InWords::step("Vectors", format!("looks up a vector of {width} numbers for each of {values} values"))
    }
}

pub(crate) fn samples() -> Result<Vec<Sample>> {
    let sample = |name, input: &[usize]| -> Result<Sample> {
        let layer = Embedding::new(&Seed::new(1), 11, 4)?;
        Ok(Sample { indices: Some(11), ..Sample::new(name, layer, input, &[]) })
    };
    Ok(vec![sample("one index", &[])?, sample("several indices", &[3])?])
}
