//! Cross entropy between logits and classes.

use crate::Var;
use crate::check::{Case, EDGE_LENGTHS, integers, numbers};
use crate::expect::weights;
use crate::tape::record;
use pellucid_kernels::losses::{self, Classes};
use pellucid_kernels::{Float, elementwise};
use pellucid_tensor::{Error, Result, Scalar, Tensor, with_float};

const OP: &str = "cross_entropy";

/// The weighted mean over rows of the cross entropy between a target distribution and `p = softmax(logits)`:
/// `Σᵢ rᵢ [ (1 − s) w_y (−ln p_y) + s / classes · Σ_c w_c (−ln p_c) ] / Σᵢ rᵢ w_y`, with y the row's label, s the
/// smoothing, w the class weights and r the row weights. If all weights are 0, or there are no rows, it is 0.
///
/// logits: `[n, classes]`; labels: `[n]` of type u32; smoothing: the share of the target that is spread evenly over all
/// classes (Szegedy et al., arXiv 1512.00567); class_weights: `[classes]`; row_weights: `[n]`, where 0 ignores a
/// row. The result is a scalar.
///
/// # Errors
/// Shapes or types other than these, a label outside of the classes, a smoothing outside of [0, 1], weights that are
/// negative or not finite, or no memory.
pub fn cross_entropy(
    logits: &Var,
    labels: &Tensor,
    smoothing: f64,
    class_weights: Option<&Tensor>,
    row_weights: Option<&Tensor>,
) -> Result<Var> {
    let [n, classes] = logits.shape()[..] else {
        return Err(Error::shape(OP, format!("expected logits [n, classes], got {}", logits.shape())));
    };
    if labels.shape()[..] != [n] {
        let why = format!("expected one label for each of {n} rows, got labels of shape {}", labels.shape());
        return Err(Error::shape(OP, why));
    }
    if let Some((row, label)) =
        labels.data::<u32>()?.iter().enumerate().find(|&(_, &label)| label as usize >= classes)
    {
        return Err(Error::argument(
            OP,
            format!("row {row} has the label {label}, there are {classes} classes"),
        ));
    }
    if !(0.0..=1.0).contains(&smoothing) {
        return Err(Error::argument(OP, format!("smoothing is {smoothing}, expected 0 to 1")));
    }
    with_float!(OP, logits.dtype(), T => {
        let of = Classes {
            labels: labels.data()?,
            count: classes,
            smoothing: T::from_f64(smoothing),
            class_weights: weights::<T>(OP, "class_weights", class_weights, classes)?,
            row_weights: weights::<T>(OP, "row_weights", row_weights, n)?,
        };
        let mut gradient = Tensor::unset::<T>(logits.shape())?;
        let loss = losses::cross_entropy(logits.value().data()?, of, gradient.data_mut()?)?;
        finish(logits, loss, gradient)
    })
}

/// Records a scalar loss whose gradient was computed along with it.
pub(crate) fn finish<T: Float + Scalar>(x: &Var, loss: T, mut gradient: Tensor) -> Result<Var> {
    record(Tensor::scalar(loss)?, [x], move |g, _| {
        let g = g.data::<T>()?[0];
        if g != T::ONE {
            elementwise::map_in_place(
                gradient.data_mut::<T>()?,
                1,
                #[inline(always)]
                |x| x * g,
            );
        }
        Ok([Some(gradient.into())])
    })
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    struct Options {
        smoothing: f64,
        class_weights: bool,
        row_weights: Option<f64>,
    }
    let plain = || Options { smoothing: 0.0, class_weights: false, row_weights: None };
    let case = |name: String, logits: Tensor, options: Options| -> Result<Case> {
        let (n, classes) = (logits.dim(0)?, logits.dim(1)?);
        let labels = integers(9, &[n], classes)?;
        // Weights in [0.1, 1.9); a quarter of the rows is ignored.
        let moved = |k: usize, len: usize, factor: f64| -> Result<Tensor> {
            let mut w = numbers(k, &[len])?;
            for (i, w) in w.data_mut::<f64>()?.iter_mut().enumerate() {
                *w = if k == 11 && i % 4 == 1 { 0.0 } else { factor * (1.0 + 0.9 * *w) };
            }
            Ok(w)
        };
        let class_weights = options.class_weights.then(|| moved(10, classes, 1.0)).transpose()?;
        let row_weights = options.row_weights.map(|factor| moved(11, n, factor)).transpose()?;
        let run = move |v: &[Var]| {
            let cast = |w: &Option<Tensor>| w.as_ref().map(|w| w.cast(v[0].dtype())).transpose();
            let (class, row) = (cast(&class_weights)?, cast(&row_weights)?);
            cross_entropy(&v[0], &labels, options.smoothing, class.as_ref(), row.as_ref())
        };
        Ok(Case { name: format!("cross_entropy/{name}"), inputs: vec![logits], run: Box::new(run) })
    };
    let mut cases = Vec::new();
    for n in EDGE_LENGTHS.into_iter().filter(|&n| n > 0) {
        cases.push(case(format!("{n} classes"), numbers(0, &[3, n])?, plain())?);
    }
    let logits = || numbers(0, &[9, 5]);
    cases.push(case("no rows".into(), numbers(0, &[0, 4])?, plain())?);
    cases.push(case("smoothed".into(), logits()?, Options { smoothing: 0.1, ..plain() })?);
    cases.push(case("smoothed altogether".into(), logits()?, Options { smoothing: 1.0, ..plain() })?);
    cases.push(case("class weights".into(), logits()?, Options { class_weights: true, ..plain() })?);
    cases.push(case("row weights".into(), logits()?, Options { row_weights: Some(1.0), ..plain() })?);
    cases.push(case("all rows ignored".into(), logits()?, Options { row_weights: Some(0.0), ..plain() })?);
    let all = || Options { smoothing: 0.2, class_weights: true, row_weights: Some(3.0) };
    cases.push(case("everything".into(), logits()?, all())?);
    cases.push(case("everything, large".into(), numbers(0, &[700, 101])?, all())?);
    let extreme = [80.0, -80.0, 0.0, -80.0, -80.0, -79.0, 80.0, 80.0, 79.0, 400.0, -400.0, 399.5];
    let extreme = || Tensor::new::<f64>(&extreme, &[4, 3]);
    cases.push(case("extreme".into(), extreme()?, plain())?);
    cases.push(case("extreme, smoothed".into(), extreme()?, Options { smoothing: 0.1, ..plain() })?);
    Ok(cases)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Tape;
    use pellucid_tensor::DType;

    #[test]
    fn what_does_not_fit_is_an_error_that_says_where() {
        let x = Tape::idle().constant(&Tensor::full(1f32, &[2, 3]).unwrap());
        let labels = |l: &[u32]| Tensor::new(l, &[l.len()]).unwrap();
        let good = labels(&[0, 2]);
        let error = cross_entropy(&x, &labels(&[0, 3]), 0.0, None, None).err().unwrap().to_string();
        assert!(error.contains("row 1") && error.contains("label 3"), "{error}");
        let fails = |labels: &Tensor, s, c: Option<&Tensor>, r: Option<&Tensor>| {
            cross_entropy(&x, labels, s, c, r).is_err()
        };
        let three = Tensor::full(1f32, &[3]).unwrap();
        assert!(fails(&labels(&[0]), 0.0, None, None) && fails(&three, 0.0, None, None));
        assert!(fails(&good, 1.5, None, None) && fails(&good, f64::NAN, None, None));
        assert!(fails(&good, 0.0, None, Some(&three)));
        assert!(fails(&good, 0.0, Some(&three.cast(DType::F64).unwrap()), None));
        assert!(fails(&good, 0.0, None, Some(&Tensor::new(&[1f32, -1.0], &[2]).unwrap())));
        assert!(fails(&good, 0.0, None, Some(&Tensor::new(&[1f32, f32::NAN], &[2]).unwrap())));
        assert!(!fails(&good, 0.0, Some(&three), None));
    }

    #[test]
    fn the_gradient_follows_the_factor_in_front_of_the_loss() {
        let tape = Tape::new();
        let labels = Tensor::new(&[1u32], &[1]).unwrap();
        let x = tape.watch(&Tensor::full(0f64, &[1, 2]).unwrap());
        let loss = cross_entropy(&x, &labels, 0.0, None, None).unwrap();
        let g = crate::ops::scale(&loss, 6.0).unwrap().backward().unwrap();
        assert_eq!(g.of(&x).unwrap().to_dense().unwrap().to_vec(), [3.0, -3.0]);
    }
}
