//! Stochastic depth (Huang, Sun, Liu, Sedra & Weinberger, arXiv 1603.09382).

use crate::Var;
use crate::check::Case;
use crate::tape::record;
use pellucid_kernels::Float;
use pellucid_tensor::{Error, Result, Scalar, Stream, Tensor, with_float};

const OP: &str = "drop_path";

/// Each row of the first axis is 0 with probability `p` and otherwise multiplied by 1 / (1 − p): before a residual
/// connection, this skips the branch for some samples.
///
/// Which rows are dropped depends only on the stream's seed, purpose and index: derive one for every call.
/// x: `[rows, ..]`; the result has the shape of x.
///
/// # Errors
/// No first axis, a `p` outside of [0, 1], a type that is not floating point, or no memory.
pub fn drop_path(x: &Var, p: f64, stream: &Stream) -> Result<Var> {
    let Some(&rows) = x.shape().first() else {
        return Err(Error::shape(OP, "x is a single number, expected rows"));
    };
    if !(0.0..=1.0).contains(&p) {
        return Err(Error::argument(OP, format!("p is {p}, expected a probability from 0 to 1")));
    }
    if p == 0.0 {
        return Ok(x.clone());
    }
    let threshold = p * 4_294_967_296.0;
    let factor = move |word: u32| if f64::from(word) < threshold { 0.0 } else { 1.0 / (1.0 - p) };
    let factors: Vec<f64> =
        (0..rows.div_ceil(4)).flat_map(|n| stream.block(n as u32)).take(rows).map(factor).collect();
    with_float!(OP, x.dtype(), T => {
        let mut y = x.value().clone();
        scale_rows::<T>(&mut y, &factors)?;
        record(y, [x], move |mut dy, _| {
            scale_rows::<T>(&mut dy, &factors)?;
            Ok([Some(dy.into())])
        })
    })
}

/// Multiplies each row by its factor; a factor of 0 gives 0 whatever the row holds.
fn scale_rows<T: Float + Scalar>(x: &mut Tensor, factors: &[f64]) -> Result<()> {
    let width = x.len().checked_div(factors.len()).unwrap_or(0).max(1);
    for (row, &factor) in x.data_mut::<T>()?.chunks_exact_mut(width).zip(factors) {
        match factor {
            0.0 => row.fill(T::ZERO),
            _ => row.iter_mut().for_each(|v| *v *= T::from_f64(factor)),
        }
    }
    Ok(())
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    let case = |name: &str, x: &[usize], p: f64| {
        Case::new(format!("drop_path/{name}"), &[x], move |v| {
            drop_path(&v[0], p, &Stream::new(5, "drop_path", 3))
        })
    };
    Ok(vec![
        case("nothing", &[4, 3], 0.0)?,
        case("everything", &[4, 3], 1.0)?,
        case("no rows", &[0, 3], 0.5)?,
        case("empty rows", &[3, 0], 0.5)?,
        case("numbers", &[11], 0.5)?,
        case("pictures", &[9, 4, 3, 5], 0.4)?,
    ])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Tape;

    #[test]
    fn whole_rows_are_dropped_with_probability_p() {
        let x = Tape::idle().constant(&Tensor::full(1f32, &[20_000, 3]).unwrap());
        let y = drop_path(&x, 0.3, &Stream::new(2, "drop_path", 0)).unwrap().value().to_vec();
        let dropped = y.chunks(3).filter(|row| row[0] == 0.0).count() as f64 / 20_000.0;
        assert!((dropped - 0.3).abs() < 0.01, "{dropped}");
        assert!(y.chunks(3).all(|row| row.iter().all(|&v| v == row[0])));
    }

    #[test]
    fn impossible_probabilities_and_single_numbers_are_errors() {
        let stream = Stream::new(2, "drop_path", 0);
        let x = Tape::idle().constant(&Tensor::full(1f32, &[2]).unwrap());
        assert!(drop_path(&x, 1.5, &stream).is_err());
        let number = Tape::idle().constant(&Tensor::scalar(1f32).unwrap());
        assert!(drop_path(&number, 0.5, &stream).is_err());
    }
}
