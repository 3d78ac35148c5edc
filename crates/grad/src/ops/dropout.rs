//! Dropout (Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov 2014).

use crate::Var;
use crate::check::Case;
use crate::tape::record;
use pellucid_kernels::Float;
use pellucid_kernels::dropout as kernel;
use pellucid_tensor::{Error, Result, Scalar, Stream, Tensor, with_float};

const OP: &str = "dropout";

/// Each number is 0 with probability `p` and otherwise multiplied by 1 / (1 − p), so that its expectation stays.
///
/// Which numbers are dropped depends only on the stream's seed, purpose and index, not on what has been drawn from
/// it: derive one for every call. x: any shape; the result has the shape of x. The gradient is dropped alike.
///
/// # Errors
/// A `p` outside of [0, 1], a type that is not floating point, or no memory.
pub fn dropout(x: &Var, p: f64, stream: &Stream) -> Result<Var> {
    if !(0.0..=1.0).contains(&p) {
        return Err(Error::argument(OP, format!("p is {p}, expected a probability from 0 to 1")));
    }
    if p == 0.0 {
        return Ok(x.clone());
    }
    with_float!(OP, x.dtype(), T => {
        let mut y = x.value().clone();
        drop_some::<T>(&mut y, p, stream)?;
        let stream = stream.clone();
        record(y, [x], move |mut dy, _| {
            drop_some::<T>(&mut dy, p, &stream)?;
            Ok([Some(dy.into())])
        })
    })
}

/// Drops numbers in place; the same p and stream drop the same ones.
fn drop_some<T: Float + Scalar>(x: &mut Tensor, p: f64, stream: &Stream) -> Result<()> {
    let values = x.data_mut::<T>()?;
    if p == 1.0 {
        values.fill(T::ZERO);
        return Ok(());
    }
    let threshold = (p * 4_294_967_296.0) as u32;
    kernel::dropout(
        values,
        threshold,
        T::from_f64(1.0 / (1.0 - p)),
        #[inline(always)]
        |n| stream.block(n),
    );
    Ok(())
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    let case = |name: &str, x: &[usize], p: f64| {
        Case::new(format!("dropout/{name}"), &[x], move |v| dropout(&v[0], p, &Stream::new(5, "dropout", 0)))
    };
    Ok(vec![
        case("nothing", &[40], 0.0)?,
        case("everything", &[40], 1.0)?,
        case("a single number", &[], 0.5)?,
        case("no numbers", &[0, 3], 0.5)?,
        case("some", &[3, 7, 5], 0.3)?,
        case("many", &[130, 67], 0.75)?,
    ])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Tape;

    fn ones() -> Var {
        Tape::idle().constant(&Tensor::full(1f32, &[100, 1000]).unwrap())
    }

    #[test]
    fn the_share_dropped_is_p_and_the_mean_stays() {
        for p in [0.1, 0.5, 0.9] {
            let y = dropout(&ones(), p, &Stream::new(1, "dropout", 7)).unwrap().value().to_vec();
            let dropped = y.iter().filter(|&&v| v == 0.0).count() as f64 / 1e5;
            assert!((dropped - p).abs() < 0.005, "{dropped} dropped for p = {p}");
            assert!(y.iter().all(|&v| v == 0.0 || (v * (1.0 - p) - 1.0).abs() < 1e-6));
        }
    }

    #[test]
    fn the_mask_follows_the_stream_and_not_its_position() {
        let mut stream = Stream::new(1, "dropout", 7);
        let first = dropout(&ones(), 0.5, &stream).unwrap();
        stream.next_u32();
        assert_eq!(dropout(&ones(), 0.5, &stream).unwrap().value(), first.value());
        let other = dropout(&ones(), 0.5, &Stream::new(1, "dropout", 8)).unwrap();
        assert_ne!(other.value(), first.value());
    }

    #[test]
    fn impossible_probabilities_are_errors() {
        for p in [-0.1, 1.1, f64::NAN] {
            assert!(dropout(&ones(), p, &Stream::new(1, "dropout", 0)).is_err());
        }
    }
}
