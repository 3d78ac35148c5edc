//! What recurrent layers share: the parameters of one direction, and the two directions of a layer.

use crate::{InWords, Init, Param, Pass, Seed, module};
use pellucid_grad::{Recurrent, Var, ops};
use pellucid_tensor::{Error, Result};

/// The parameters of a recurrent layer in one direction, in the layout of PyTorch: the gates one after the other along
/// the first axis.
pub struct Direction {
    /// `[gates · hidden, inputs]`.
    pub weight_ih: Param,
    /// `[gates · hidden, hidden]`.
    pub weight_hh: Param,
    /// `[gates · hidden]`.
    pub bias_ih: Param,
    /// `[gates · hidden]`.
    pub bias_hh: Param,
}

module!(Direction { weight_ih, weight_hh, bias_ih, bias_hh });

impl Direction {
    /// All parameters uniform on ±1/√hidden, as in PyTorch.
    pub(crate) fn new(seed: &Seed, gates: usize, inputs: usize, hidden: usize) -> Result<Direction> {
        let init = Init::Uniform(1.0 / (hidden.max(1) as f64).sqrt());
        let all = gates.saturating_mul(hidden);
        let draw = |name: &str, shape: &[usize]| init.tensor(shape, &seed.part(name));
        Ok(Direction {
            weight_ih: Param::weight(draw("weight_ih", &[all, inputs])?),
            weight_hh: Param::weight(draw("weight_hh", &[all, hidden])?),
            bias_ih: Param::bias(draw("bias_ih", &[all])?),
            bias_hh: Param::bias(draw("bias_hh", &[all])?),
        })
    }

    /// (inputs, hidden).
    pub fn sizes(&self) -> (usize, usize) {
        (self.weight_ih.value.shape().last(), self.weight_hh.value.shape().last())
    }

    /// Calls an operation such as [`ops::gru`] with the parameters of this direction: for a start of one's own.
    ///
    /// # Errors
    /// Those of the operation.
    pub fn run(
        &self,
        pass: &Pass,
        reverse: bool,
        lengths: Option<&[u32]>,
        operation: impl FnOnce(&Recurrent<'_>) -> Result<Var>,
    ) -> Result<Var> {
        operation(&Recurrent {
            weight_ih: &pass.param(&self.weight_ih),
            weight_hh: &pass.param(&self.weight_hh),
            bias_ih: &pass.param(&self.bias_ih),
            bias_hh: &pass.param(&self.bias_hh),
            reverse,
            lengths,
        })
    }
}

/// Defines a recurrent layer by its name, what it is called, how many gates it has, and its operation.
macro_rules! recurrent_layer {
    ($(#[$doc:meta])* $name:ident, $called:literal, $gates:literal gates, $operation:path) => {
        use $crate::check::Sample;
        use $crate::recurrent::{self, Direction};
        use $crate::{InWords, Layer, Pass, Seed, module};
        use pellucid_grad::Var;
        use pellucid_tensor::Result;

        $(#[$doc])*
        pub struct $name {
            /// From the beginning to the end.
            pub ahead: Direction,
            /// From the end to the beginning.
            pub back: Option<Direction>,
        }

        module!($name { ahead, back });

        impl $name {
            /// For `inputs` numbers at each step and a state of `hidden`. All parameters start uniform on ±1/√hidden.
            ///
            /// # Errors
            /// An impossible size, or no memory.
            pub fn new(seed: &Seed, inputs: usize, hidden: usize) -> Result<$name> {
                Ok($name { ahead: Direction::new(&seed.part("ahead"), $gates, inputs, hidden)?, back: None })
            }

            /// As [`new`](Self::new), and with a second set of parameters that reads from the end; the states stand side by side.
            ///
            /// # Errors
            /// As [`new`](Self::new).
            pub fn both_ways(seed: &Seed, inputs: usize, hidden: usize) -> Result<$name> {
                let back = Direction::new(&seed.part("back"), $gates, inputs, hidden)?;
                Ok($name { back: Some(back), ..$name::new(seed, inputs, hidden)? })
            }

            /// The states for rows of different lengths, `[n]`: past its length a row's are 0.
            ///
            /// # Errors
            /// A shape or lengths that do not fit, or no memory.
            pub fn states(&self, pass: &Pass, x: &Var, lengths: Option<&[u32]>) -> Result<Var> {
                recurrent::run((&self.ahead, self.back.as_ref()), pass, lengths, |p| $operation(x, p, None))
            }
        }

        impl Layer for $name {
            fn forward(&self, pass: &Pass, x: &Var) -> Result<Var> {
                self.states(pass, x, None)
            }

            fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>> {
                recurrent::output_shape($called, &self.ahead, self.back.as_ref(), input)
            }

            fn name(&self) -> String {
                recurrent::name($called, &self.ahead, self.back.as_ref())
            }

            fn in_words(&self) -> InWords {
                recurrent::in_words(&self.ahead, self.back.as_ref())
            }

            fn multiply_adds(&self, input: &[usize]) -> u64 {
                recurrent::multiply_adds(&self.ahead, self.back.as_ref(), input)
            }
        }

        pub(crate) fn samples() -> Result<Vec<Sample>> {
            let seed = Seed::new(1);
            let wrong: &[&[usize]] = &[&[], &[3], &[4, 2], &[2, 4, 3]];
            Ok(vec![
                Sample::new("plain", $name::new(&seed, 3, 5)?, &[4, 3], wrong),
                Sample::new("both ways", $name::both_ways(&seed, 3, 5)?, &[4, 3], wrong),
            ])
        }
    };
}

pub(crate) use recurrent_layer;

/// The states of one direction, or of both side by side.
pub(crate) fn run(
    (ahead, back): (&Direction, Option<&Direction>),
    pass: &Pass,
    lengths: Option<&[u32]>,
    operation: impl Fn(&Recurrent<'_>) -> Result<Var>,
) -> Result<Var> {
    let states = ahead.run(pass, false, lengths, &operation)?;
    let Some(back) = back else { return Ok(states) };
    ops::concat(&[&states, &back.run(pass, true, lengths, &operation)?], 2)
}

/// The shape that an example becomes.
pub(crate) fn output_shape(
    layer: &'static str,
    ahead: &Direction,
    back: Option<&Direction>,
    input: &[usize],
) -> Result<Vec<usize>> {
    let (inputs, hidden) = ahead.sizes();
    match *input {
        [time, width] if width == inputs => Ok(vec![time, hidden * (1 + usize::from(back.is_some()))]),
        _ => Err(Error::shape(layer, format!("the input must be [time, {inputs}], it is {input:?}"))),
    }
}

/// Multiply-adds for an example.
pub(crate) fn multiply_adds(ahead: &Direction, back: Option<&Direction>, input: &[usize]) -> u64 {
    let weights = |d: &Direction| (d.weight_ih.value.len() + d.weight_hh.value.len()) as u64;
    let time = input.first().copied().unwrap_or_default() as u64;
    time.saturating_mul(weights(ahead) + back.map_or(0, weights))
}

/// What a layer of the given kind is called.
pub(crate) fn name(kind: &str, ahead: &Direction, back: Option<&Direction>) -> String {
    let both = if back.is_some() { ", both ways" } else { "" };
    format!("{kind} {}{both}", ahead.sizes().1)
}

/// The same for people who know no networks.
pub(crate) fn in_words(ahead: &Direction, back: Option<&Direction>) -> InWords {
    let ends = if back.is_some() { ", from both ends" } else { "" };
    let states = ahead.sizes().1;
    InWords::step("Recurrent layer", format!("reads piece by piece and keeps {states} numbers in mind{ends}"))
}
