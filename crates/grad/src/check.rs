//! The checks every operation must pass: gradients against finite differences, and cases to compare.
//!
//! An operation's file lists its [`Case`]s; the tests run a gradient check and a comparison with stored
//! reference values over all of them, and the benches time them.

use crate::{Tape, Var};
use pellucid_tensor::{DType, Result, Tensor};

/// Lengths around the widths of vector registers, where kernels tend to go wrong.
pub const EDGE_LENGTHS: [usize; 11] = [0, 1, 7, 8, 9, 15, 16, 17, 31, 33, 1000];

/// A call of an operation on its inputs.
pub type Call = Box<dyn Fn(&[Var]) -> Result<Var>>;

/// A way to call an operation: the shapes of its inputs, and the call.
pub struct Case {
    /// Unique among all cases: `op/what is special`.
    pub name: String,
    /// The inputs that get gradients.
    pub inputs: Vec<Tensor>,
    /// The call; inputs that are not differentiable (indices, labels) are captured.
    pub run: Call,
}

/// An operation in the registry.
pub struct Op {
    /// Its name, which is also the name of its file.
    pub name: &'static str,
    /// Its cases.
    pub cases: fn() -> Result<Vec<Case>>,
}

/// Deterministic numbers in [−1, 1) that a reference script can make as well:
/// element `i` of input `k` is `((7919 i + 104729 (k + 1)) mod 2003) / 1001.5 − 1`.
///
/// # Errors
/// An impossible shape.
pub fn numbers(k: usize, shape: &[usize]) -> Result<Tensor> {
    let mut t = Tensor::unset::<f64>(shape)?;
    for (i, x) in t.data_mut::<f64>()?.iter_mut().enumerate() {
        *x = ((7919 * i + 104_729 * (k + 1)) % 2003) as f64 / 1001.5 - 1.0;
    }
    Ok(t)
}

/// Deterministic integers in 0 … `below` − 1 that a reference script can make as well, for labels and indices:
/// `((7919 i + 104729 (k + 1)) mod 2003) mod below`.
///
/// # Errors
/// An impossible shape.
pub fn integers(k: usize, shape: &[usize], below: usize) -> Result<Tensor> {
    let mut t = Tensor::unset::<u32>(shape)?;
    for (i, x) in t.data_mut::<u32>()?.iter_mut().enumerate() {
        *x = ((7919 * i + 104_729 * (k + 1)) % 2003 % below.max(1)) as u32;
    }
    Ok(t)
}

impl Case {
    /// A case whose inputs are [`numbers`] of the given shapes.
    ///
    /// # Errors
    /// An impossible shape.
    pub fn new(
        name: impl Into<String>,
        shapes: &[&[usize]],
        run: impl Fn(&[Var]) -> Result<Var> + 'static,
    ) -> Result<Case> {
        let inputs = shapes.iter().enumerate().map(|(k, s)| numbers(k, s)).collect::<Result<_>>()?;
        Ok(Case { name: name.into(), inputs, run: Box::new(run) })
    }

    /// Runs forward and backward with inputs of the given type: the output, and one gradient per input of
    /// Σ output · [`numbers`]`(100)`.
    ///
    /// # Errors
    /// Those of the operation.
    pub fn evaluate(&self, dtype: DType) -> Result<(Tensor, Vec<Tensor>)> {
        let inputs = self.inputs.iter().map(|t| t.cast(dtype)).collect::<Result<Vec<_>>>()?;
        evaluate(&self.run, &inputs)
    }

    /// Compares the gradients in double precision with central finite differences.
    ///
    /// # Errors
    /// Those of the operation; a description of the first gradient that differs.
    pub fn check_gradients(&self) -> std::result::Result<(), String> {
        check_gradients(&self.run, &self.inputs).map_err(|why| format!("{}: {why}", self.name))
    }
}

fn evaluate(run: &dyn Fn(&[Var]) -> Result<Var>, inputs: &[Tensor]) -> Result<(Tensor, Vec<Tensor>)> {
    let tape = Tape::new();
    let vars: Vec<_> = inputs.iter().map(|t| tape.watch(t)).collect();
    let out = run(&vars)?;
    let value = out.value().clone();
    let gradients = out.backward_from(numbers(100, value.shape())?.cast(value.dtype())?)?;
    let gradients = vars.iter().zip(inputs).map(|(v, t)| match gradients.of(v) {
        Some(g) => g.to_dense(),
        None => Tensor::zeros(t.dtype(), t.shape()),
    });
    Ok((value, gradients.collect::<Result<_>>()?))
}

/// Compares the gradients of `Σ run(inputs) · numbers(100)` with central finite differences
/// (ε = 10⁻⁶; absolute tolerance 10⁻⁵, relative 10⁻³). Of large inputs some fifty elements are tried.
///
/// # Errors
/// Those of `run`; a description of the first gradient that differs.
pub fn check_gradients(
    run: &dyn Fn(&[Var]) -> Result<Var>,
    inputs: &[Tensor],
) -> std::result::Result<(), String> {
    const EPS: f64 = 1e-6;
    let text = |e: pellucid_tensor::Error| e.to_string();
    let outputs = |inputs: &[Tensor]| -> Result<Tensor> {
        let tape = Tape::idle();
        let vars: Vec<_> = inputs.iter().map(|t| tape.constant(t)).collect();
        Ok(run(&vars)?.value().clone())
    };
    let (value, gradients) = evaluate(run, inputs).map_err(text)?;
    let weights = numbers(100, value.shape()).map_err(text)?.to_vec();
    for (k, input) in inputs.iter().enumerate() {
        if gradients[k].shape() != input.shape() {
            return Err(format!(
                "input {k} has shape {}, its gradient {}",
                input.shape(),
                gradients[k].shape()
            ));
        }
        let analytic = gradients[k].to_vec();
        for i in (0..input.len()).step_by(input.len().div_ceil(53).max(1)) {
            let shifted = |delta: f64| -> Result<Vec<f64>> {
                let mut moved = inputs.to_vec();
                moved[k].data_mut::<f64>()?[i] += delta;
                Ok(outputs(&moved)?.to_vec())
            };
            let (above, below) = (shifted(EPS).map_err(text)?, shifted(-EPS).map_err(text)?);
            // The difference comes before the sum, whose rounding error would be divided by ε.
            let changes = above.iter().zip(&below).zip(&weights).map(|((a, b), w)| (a - b) * w);
            let numeric = changes.sum::<f64>() / (2.0 * EPS);
            let close = (numeric - analytic[i]).abs() <= 1e-5 + 1e-3 * numeric.abs();
            if !close {
                return Err(format!(
                    "input {k}, element {i}: gradient {}, finite difference {numeric}",
                    analytic[i]
                ));
            }
        }
    }
    Ok(())
}
