use crate::check::Sample;
use crate::recurrent::{self, Direction};
use crate::{Layer, Pass, Seed, module};
use pellucid_grad::{Var, ops};
use pellucid_tensor::Result;

/// Long short-term memory (Hochreiter & Schmidhuber 1997; see [`ops::lstm`] for the formulas).
///
/// x: `[n, time, inputs]`; y: all states, `[n, time, hidden]`, or `[n, time, 2 · hidden]` if it reads both ways.
pub struct Lstm {
    /// From the beginning to the end.
    pub ahead: Direction,
    /// From the end to the beginning.
    pub back: Option<Direction>,
}

module!(Lstm { ahead, back });

/// The gates: i, f, g, o.
const GATES: usize = 4;

impl Lstm {
    /// For `inputs` numbers at each step and a state of `hidden`. All parameters start uniform on ±1/√hidden.
    ///
    /// # Errors
    /// An impossible size, or no memory.
    pub fn new(seed: &Seed, inputs: usize, hidden: usize) -> Result<Lstm> {
        Ok(Lstm { ahead: Direction::new(&seed.part("ahead"), GATES, inputs, hidden)?, back: None })
    }

    /// As [`new`](Lstm::new), and with a second set of parameters that reads from the end; the states stand side by side.
    ///
    /// # Errors
    /// As [`new`](Lstm::new).
    pub fn both_ways(seed: &Seed, inputs: usize, hidden: usize) -> Result<Lstm> {
        let back = Direction::new(&seed.part("back"), GATES, inputs, hidden)?;
        Ok(Lstm { back: Some(back), ..Lstm::new(seed, inputs, hidden)? })
    }

    /// The states for rows of different lengths, `[n]`: past its length a row's are 0.
    ///
    /// # Errors
    /// A shape or lengths that do not fit, or no memory.
    pub fn states(&self, pass: &Pass, x: &Var, lengths: Option<&[u32]>) -> Result<Var> {
        recurrent::run((&self.ahead, self.back.as_ref()), pass, lengths, |p| ops::lstm(x, p, None))
    }
}

impl Layer for Lstm {
    fn forward(&self, pass: &Pass, x: &Var) -> Result<Var> {
        self.states(pass, x, None)
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>> {
        recurrent::output_shape("lstm", &self.ahead, self.back.as_ref(), input)
    }

    fn name(&self) -> String {
        recurrent::name("lstm", &self.ahead, self.back.as_ref())
    }

    fn multiply_adds(&self, input: &[usize]) -> u64 {
        recurrent::multiply_adds(&self.ahead, self.back.as_ref(), input)
    }
}

pub(crate) fn samples() -> Result<Vec<Sample>> {
    let seed = Seed::new(1);
    let wrong: &[&[usize]] = &[&[], &[3], &[4, 2], &[2, 4, 3]];
    Ok(vec![
        Sample::new("plain", Lstm::new(&seed, 3, 5)?, &[4, 3], wrong),
        Sample::new("both ways", Lstm::both_ways(&seed, 3, 5)?, &[4, 3], wrong),
    ])
}
