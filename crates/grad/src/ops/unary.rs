//! Elementary functions, element by element.

use crate::Var;
use crate::check::{Case, EDGE_LENGTHS, numbers};
use crate::tape::record;
use pellucid_kernels::Float;
use pellucid_kernels::activation::Activation;
use pellucid_kernels::elementwise::{self, ELEMENTARY};
use pellucid_tensor::{Result, Scalar, Tensor, with_float};

/// What the way back needs of an element: the input, or the value.
#[derive(Clone, Copy, PartialEq)]
enum Keep {
    Input,
    Value,
}

/// A function with its derivative.
trait Elementary: 'static {
    const NAME: &'static str;
    const KEEP: Keep;
    fn value<T: Float>(x: T) -> T;
    /// The derivative, from what `KEEP` names.
    fn slope<T: Float>(kept: T) -> T;
}

/// A function with the range its cases draw inputs from.
type Tried = (&'static str, fn(&Var) -> Result<Var>, f64, f64);

/// Declares functions: `name in range of its cases: its value from x; its derivative from the Input or the Value`.
macro_rules! elementary {
    ($(
        $(#[$doc:meta])*
        $name:ident in $low:literal..$high:literal: |$x:ident| $value:expr; $keep:ident |$kept:ident| $slope:expr;
    )*) => {
        $(
            $(#[$doc])*
            ///
            /// # Errors
            /// An integer element type, or no memory.
            pub fn $name(x: &Var) -> Result<Var> {
                struct This;
                impl Elementary for This {
                    const NAME: &'static str = stringify!($name);
                    const KEEP: Keep = Keep::$keep;
                    #[inline(always)]
                    fn value<T: Float>($x: T) -> T {
                        $value
                    }
                    #[inline(always)]
                    fn slope<T: Float>($kept: T) -> T {
                        $slope
                    }
                }
                apply::<This>(x)
            }
        )*

        const FUNCTIONS: &[Tried] = &[$((stringify!($name), $name, $low, $high)),*];
    };
}

elementary! {
    /// `max(x, 0)`; the derivative at 0 is taken as 0.
    relu in -2.999..3.001: |x| Activation::Relu.value(x); Value |y| Activation::Relu.slope(y);
    /// `x Φ(x)` with the normal distribution function Φ, computed by erf (Hendrycks & Gimpel, arXiv 1606.08415).
    gelu in -4.0..4.0: |x| Activation::Gelu.value(x); Input |x| Activation::Gelu.slope(x);
    /// `x σ(x)` with the logistic function σ (arXiv 1702.03118), also called swish.
    silu in -6.0..6.0: |x| Activation::Silu.value(x); Input |x| Activation::Silu.slope(x);
    /// The logistic function `σ(x) = 1 / (1 + e⁻ˣ)`.
    sigmoid in -6.0..6.0: |x| x.sigmoid(); Value |y| y * (T::ONE - y);
    /// The hyperbolic tangent.
    tanh in -3.0..3.0: |x| x.tanh(); Value |y| T::ONE - y * y;
    /// `eˣ`.
    exp in -3.0..3.0: |x| x.exp(); Value |y| y;
    /// The natural logarithm: −∞ at 0, NaN below.
    ln in 0.5..4.5: |x| x.ln(); Input |x| T::ONE / x;
    /// The square root: its derivative at 0 is ∞.
    sqrt in 0.5..4.5: |x| x.sqrt(); Value |y| T::from_f64(0.5) / y;
    /// `|x|`; the derivative at 0 is taken as 0.
    abs in -2.999..3.001: |x| x.abs(); Input |x| if x > T::ZERO {
        T::ONE
    } else if x < T::ZERO {
        -T::ONE
    } else {
        x
    };
    /// `x²`.
    square in -3.0..3.0: |x| x * x; Input |x| x + x;
    /// `ln(1 + eˣ)`, a smooth relu.
    softplus in -9.0..9.0: |x| elementwise::softplus(x); Input |x| x.sigmoid();
    /// The sine of x in radians.
    sin in -7.0..7.0: |x| x.sin(); Input |x| x.cos();
    /// The cosine of x in radians.
    cos in -7.0..7.0: |x| x.cos(); Input |x| -x.sin();
}

/// The activation function of that name.
///
/// # Errors
/// An integer element type, or no memory.
pub fn activate(x: &Var, activation: Activation) -> Result<Var> {
    match activation {
        Activation::Identity => Ok(x.clone()),
        Activation::Relu => relu(x),
        Activation::Gelu => gelu(x),
        Activation::Silu => silu(x),
        Activation::Sigmoid => sigmoid(x),
        Activation::Tanh => tanh(x),
    }
}

fn apply<F: Elementary>(x: &Var) -> Result<Var> {
    fn typed<T: Float + Scalar, F: Elementary>(x: &Var) -> Result<Var> {
        let mut y = Tensor::unset::<T>(x.shape())?;
        elementwise::map(
            x.value().data::<T>()?,
            y.data_mut()?,
            ELEMENTARY,
            #[inline(always)]
            |x| F::value(x),
        );
        let kept = if F::KEEP == Keep::Input { x.value().clone() } else { y.clone() };
        record(y, [x], move |mut g, _| {
            elementwise::zip_in_place(
                g.data_mut::<T>()?,
                kept.data()?,
                ELEMENTARY,
                #[inline(always)]
                |g, kept| g * F::slope(kept),
            );
            Ok([Some(g.into())])
        })
    }
    with_float!(F::NAME, x.dtype(), T => typed::<T, F>(x))
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for &(name, run, low, high) in FUNCTIONS {
        let mut case = |what: &str, shape: &[usize]| -> Result<()> {
            let mut x = numbers(0, shape)?;
            x.data_mut::<f64>()?.iter_mut().for_each(|x| *x = low + (high - low) / 2.0 * (*x + 1.0));
            let name = format!("unary/{name} {what}");
            cases.push(Case { name, inputs: vec![x], run: Box::new(move |v| run(&v[0])) });
            Ok(())
        };
        case("scalar", &[])?;
        case("nothing", &[2, 0, 3])?;
        case("length 7", &[7])?;
        case("length 33", &[33])?;
        case("large", &[700, 101])?;
    }
    for n in EDGE_LENGTHS {
        let run = |v: &[Var]| activate(&v[0], Activation::Gelu);
        cases.push(Case::new(format!("unary/activate length {n}"), &[&[n]], run)?);
    }
    for activation in
        [Activation::Identity, Activation::Relu, Activation::Silu, Activation::Sigmoid, Activation::Tanh]
    {
        let run = move |v: &[Var]| activate(&v[0], activation);
        cases.push(Case::new(format!("unary/activate {activation:?}"), &[&[5, 4]], run)?);
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Tape;
    use pellucid_tensor::DType;

    #[test]
    fn corners_have_the_slopes_that_are_documented() {
        for f in [relu, abs] {
            let x = Tape::new().watch(&Tensor::new(&[0f32, -0.0], &[2]).unwrap());
            let g = f(&x).unwrap().backward_from(Tensor::full(1f32, &[2]).unwrap()).unwrap();
            assert_eq!(g.of(&x).unwrap().to_dense().unwrap().to_vec(), [0.0, 0.0]);
        }
    }

    #[test]
    fn extreme_numbers_stay_finite_where_the_function_does() {
        let start = Tensor::new(&[-1e30f32, -100.0, 100.0, 1e30], &[4]).unwrap();
        for f in [relu, gelu, silu, sigmoid, tanh, softplus, abs] {
            let x = Tape::new().watch(&start);
            let y = f(&x).unwrap();
            assert!(y.value().to_vec().iter().all(|v| v.is_finite()));
            let g = y.backward_from(Tensor::full(1f32, &[4]).unwrap()).unwrap();
            assert!(g.of(&x).unwrap().to_dense().unwrap().to_vec().iter().all(|v| v.is_finite()));
        }
    }

    #[test]
    fn integers_are_refused() {
        let x = Tape::idle().constant(&Tensor::zeros(DType::U32, &[2]).unwrap());
        assert!(relu(&x).err().unwrap().to_string().contains("relu"));
    }
}
