//! Long short-term memory (Hochreiter & Schmidhuber 1997).

use crate::Var;
use crate::check::Case;
use crate::recurrent::{self, Recurrent};
use pellucid_kernels::recurrent::Lstm;
use pellucid_tensor::{Result, with_float};

const OP: &str = "lstm";

/// All states of a long short-term memory, step after step:
///
/// i = σ(Wᵢᵢ x + bᵢᵢ + Wₕᵢ h + bₕᵢ), f and o likewise, g = tanh(…), c′ = f c + i g, h′ = o tanh c′.
///
/// x: `[batch, time, inputs]`; the parameters hold the gates i, f, g, o; initial: the state h and the cells c, both
/// `[batch, hidden]`, zeros if left out; the result is `[batch, time, hidden]`.
///
/// # Errors
/// Shapes other than these, lengths that do not fit, a type that is not floating point, or no memory.
pub fn lstm(x: &Var, parameters: &Recurrent<'_>, initial: Option<(&Var, &Var)>) -> Result<Var> {
    let both = initial.map(|(state, cells)| [state, cells]);
    let start = both.as_ref().map_or(&[][..], |both| &both[..]);
    with_float!(OP, x.dtype(), T => recurrent::record::<Lstm, T>(OP, x, parameters, start))
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    recurrent::cases("lstm", 4, 2, |x, parameters, start| {
        lstm(x, parameters, start.first().zip(start.get(1)))
    })
}
