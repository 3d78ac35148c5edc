//! Gradients made ready for a sweep.

use super::StepInfo;
use crate::{Module, Param, Step, params_mut};
use pellucid_grad::Gradient;
use pellucid_kernels::Float;
use pellucid_kernels::optimizer::sum_of_squares;
use pellucid_tensor::{Error, Result, Scalar, Tensor, with_float};

/// A parameter that is about to change.
pub(super) struct Target<'a> {
    pub(super) path: String,
    pub(super) param: &'a mut Param,
    pub(super) gradient: Tensor,
    /// Which rows the gradient is for, strictly ascending; `None` for all.
    pub(super) rows: Option<Vec<u32>>,
}

/// All parameters that are about to change.
pub(super) struct Prepared<'a> {
    pub(super) targets: Vec<Target<'a>>,
    pub(super) info: StepInfo,
    /// What gradients are multiplied by, to keep within the norm that was asked for.
    pub(super) scale: f64,
}

/// Pairs parameters with their gradients and takes the norm; if it is finite, also writes the updates of buffers.
///
/// With `sparse`, gradients of rows stay rows, each row once; otherwise they become dense.
pub(super) fn prepare<'a>(
    model: &'a mut dyn Module,
    step: Step,
    clip: Option<f64>,
    sparse: bool,
) -> Result<Prepared<'a>> {
    let Step { mut gradients, mut updates } = step;
    let (mut targets, mut buffers) = (Vec::new(), Vec::new());
    for (path, param) in params_mut(model) {
        if let Some(gradient) = gradients.remove(&param.id()).filter(|_| param.is_trained()) {
            targets.push(Target::new(path, param, gradient, sparse)?);
        } else if let Some(value) = updates.remove(&param.id()) {
            buffers.push((param, value));
        }
    }
    let squares = match targets.first().map(|t| t.gradient.dtype()) {
        Some(dtype) => with_float!("optimiser", dtype, T => squares::<T>(&targets))?,
        None => 0.0,
    };
    let grad_norm = squares.sqrt();
    let info = StepInfo { grad_norm, finite: grad_norm.is_finite() };
    if info.finite {
        buffers.into_iter().for_each(|(param, value)| param.value = value);
    }
    let scale = clip.map_or(1.0, |most| (most / (grad_norm + 1e-6)).min(1.0));
    Ok(Prepared { targets, info, scale })
}

fn squares<T: Float + Scalar>(targets: &[Target]) -> Result<f64> {
    let slices = targets.iter().map(|t| t.gradient.data::<T>()).collect::<Result<Vec<_>>>()?;
    Ok(sum_of_squares(&slices))
}

impl<'a> Target<'a> {
    fn new(path: String, param: &'a mut Param, gradient: Gradient, sparse: bool) -> Result<Target<'a>> {
        let (gradient, rows, shape) = match gradient {
            Gradient::Rows { indices, values, shape } if sparse => {
                let (rows, values) =
                    with_float!("optimiser", values.dtype(), T => sum_rows::<T>(&indices, &values))?;
                (values, Some(rows), shape)
            }
            gradient => {
                let dense = gradient.to_dense()?;
                let shape = *dense.shape();
                (dense, None, shape)
            }
        };
        let value = &param.value;
        if shape != *value.shape() || gradient.dtype() != value.dtype() {
            let why = format!(
                "`{path}` is {} {}, its gradient {} {shape}",
                value.dtype().name(),
                value.shape(),
                gradient.dtype().name()
            );
            return Err(Error::shape("optimiser", why));
        }
        Ok(Target { path, param, gradient, rows })
    }
}

/// Rows in ascending order, each once, with the sum of the values given for it (in the order they were given).
fn sum_rows<T: Float + Scalar>(indices: &Tensor, values: &Tensor) -> Result<(Vec<u32>, Tensor)> {
    let indices = indices.data::<u32>()?;
    let width = values.len().checked_div(indices.len()).unwrap_or(0);
    if width * indices.len() != values.len() {
        return Err(Error::argument("optimiser", "a gradient whose numbers of rows and indices differ"));
    }
    let mut order: Vec<usize> = (0..indices.len()).collect();
    order.sort_by_key(|&i| indices[i]);
    let mut rows: Vec<u32> = order.iter().map(|&i| indices[i]).collect();
    rows.dedup();
    let mut sums = Tensor::zeros(T::DTYPE, &[rows.len(), width])?;
    let (given, target) = (values.data::<T>()?, sums.data_mut::<T>()?);
    let mut at = 0;
    for i in order {
        if rows[at] != indices[i] {
            at += 1;
        }
        let sum = target[at * width..].iter_mut();
        sum.zip(&given[i * width..][..width]).for_each(|(s, &v)| *s += v);
    }
    Ok((rows, sums))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_named_several_times_are_summed() {
        let indices = Tensor::new(&[5u32, 1, 5, 0], &[4]).unwrap();
        let values = Tensor::new(&[1f32, 2.0, 3.0, 4.0, 10.0, 20.0, 7.0, 8.0], &[4, 2]).unwrap();
        let (rows, sums) = sum_rows::<f32>(&indices, &values).unwrap();
        assert_eq!(rows, [0, 1, 5]);
        assert_eq!(sums.to_vec(), [7.0, 8.0, 3.0, 4.0, 11.0, 22.0]);
        let none = Tensor::zeros(pellucid_tensor::DType::U32, &[0]).unwrap();
        let empty = Tensor::zeros(pellucid_tensor::DType::F32, &[0, 2]).unwrap();
        assert!(sum_rows::<f32>(&none, &empty).unwrap().0.is_empty());
    }
}
