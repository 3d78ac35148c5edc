//! Gated recurrent units (Cho et al., arXiv 1406.1078).

use crate::Var;
use crate::check::Case;
use crate::recurrent::{self, Recurrent};
use pellucid_kernels::recurrent::Gru;
use pellucid_tensor::{Result, with_float};

const OP: &str = "gru";

/// All states of a gated recurrent unit, step after step:
///
/// r = σ(Wᵢᵣ x + bᵢᵣ + Wₕᵣ h + bₕᵣ), z likewise, n = tanh(Wᵢₙ x + bᵢₙ + r (Wₕₙ h + bₕₙ)), h′ = (1 − z) n + z h.
///
/// x: `[batch, time, inputs]`; the parameters hold the gates r, z, n; initial: `[batch, hidden]`, zeros if left out; the
/// result is `[batch, time, hidden]`.
///
/// # Errors
/// Shapes other than these, lengths that do not fit, a type that is not floating point, or no memory.
pub fn gru(x: &Var, parameters: &Recurrent<'_>, initial: Option<&Var>) -> Result<Var> {
    let start: &[&Var] = initial.as_slice();
    with_float!(OP, x.dtype(), T => recurrent::record::<Gru, T>(OP, x, parameters, start))
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    recurrent::cases("gru", 3, 1, |x, parameters, start| gru(x, parameters, start.first()))
}
