//! Recurrent networks over whole sequences: forward, and back through time.
//!
//! The input's part of the gates is one product for all steps. What remains is a chain: each step multiplies the state
//! before it by the recurrent weight. Rows of a batch do not depend on each other, so a task takes a few rows through
//! all steps by itself, and no thread waits for another; the weight is packed once for all steps and tasks. Back in
//! time it is the same, and the gradients of the weights are single products over all steps.
//!
//! With `lengths`, rows end early: past its length a row's state stands still and its outputs are 0.

mod gru;
mod lstm;
mod sweep;
#[cfg(test)]
mod tests;

pub use gru::Gru;
pub use lstm::Lstm;

use crate::buffer::OutOfMemory;
use crate::columns::column_sums;
use crate::float::Float;
use crate::matmul::{Epilogue, Mat, matmul};
use crate::scratch::with_scratch;
use sweep::{sweep_back, sweep_forward};

/// What a recurrent network does with a row's gates at one step. The slices are `[hidden]` for each gate; functions
/// run inside [`simd`](crate::isa::simd).
pub trait Cell: 'static {
    /// Gates.
    const GATES: usize;

    /// The first so many gates have one gradient for the input's and the state's part. Of the others (at most one),
    /// `kept` holds the gradient of the state's part after the sweep back.
    const SHARED: usize;

    /// One step forward.
    ///
    /// gates: the input's part of the gates, becomes their values; sums: the state's part, without the biases of gates
    /// that are not shared, which are `bias`; before: what the step before kept; kept: what this one keeps; h: the
    /// state, becomes the next one.
    fn forward<T: Float>(gates: &mut [T], sums: &[T], bias: &[T], before: &[T], kept: &mut [T], h: &mut [T]);

    /// One step back.
    ///
    /// gates: their values, become the gradients of the input's part; kept, kept_before: what this step and the one
    /// before kept; before: the state before the step; dh: the gradient of the state after the step, becomes that of
    /// the state before it, but for the part that comes through the product; dkept: the gradient of `kept` from the
    /// step after, becomes that of `kept_before`; dsums: gets the gradients of the state's part.
    fn backward<T: Float>(
        gates: &mut [T],
        kept: &mut [T],
        kept_before: &[T],
        before: &[T],
        dh: &mut [T],
        dkept: &mut [T],
        dsums: &mut [T],
    );
}

/// The sequences of a batch: x `[batch, time, inputs]`, y `[batch, time, hidden]`.
#[derive(Clone, Copy, Debug)]
pub struct Sequences<'a> {
    /// Rows.
    pub batch: usize,
    /// Steps.
    pub time: usize,
    /// Numbers that come in at each step.
    pub inputs: usize,
    /// Numbers of the state.
    pub hidden: usize,
    /// Whether each row is read from its end to its beginning.
    pub reverse: bool,
    /// `[batch]`: the steps of each row; without it, all of them.
    pub lengths: Option<&'a [u32]>,
}

impl Sequences<'_> {
    /// The number of steps of a row.
    fn length(&self, row: usize) -> usize {
        self.lengths.map_or(self.time, |lengths| self.time.min(lengths[row] as usize))
    }

    /// The position that a row's step reads and writes, and the one of the step before it; nothing past the row's length.
    fn position(&self, row: usize, step: usize) -> Option<(usize, Option<usize>)> {
        let length = self.length(row);
        match step < length {
            false => None,
            true if self.reverse => Some((length - 1 - step, (step > 0).then(|| length - step))),
            true => Some((step, step.checked_sub(1))),
        }
    }
}

/// The parameters, in the layout of PyTorch: gates one after the other along the first axis.
#[derive(Clone, Copy, Debug)]
pub struct Weights<'a, T> {
    /// `[gates · hidden, inputs]`.
    pub input: &'a [T],
    /// `[gates · hidden, hidden]`.
    pub hidden: &'a [T],
    /// `[gates · hidden]`.
    pub bias_input: &'a [T],
    /// `[gates · hidden]`.
    pub bias_hidden: &'a [T],
}

/// What a sweep starts from: the state, and for [`Lstm`] the cells, both `[batch, hidden]`, zeros if left out; or where
/// their gradients go.
#[derive(Clone, Copy, Debug)]
pub struct Start<S> {
    /// The state h.
    pub state: Option<S>,
    /// The cells c.
    pub cells: Option<S>,
}

/// Where the gradients go that are wanted, each of the shape of what it belongs to.
#[derive(Debug)]
pub struct Gradients<'a, T> {
    /// Of x.
    pub x: Option<&'a mut [T]>,
    /// Of [`Weights::input`].
    pub input: Option<&'a mut [T]>,
    /// Of [`Weights::hidden`].
    pub hidden: Option<&'a mut [T]>,
    /// Of [`Weights::bias_input`] and [`Weights::bias_hidden`].
    pub biases: Option<(&'a mut [T], &'a mut [T])>,
    /// Of the start.
    pub start: Start<&'a mut [T]>,
}

/// Checks the lengths of everything that both directions take.
fn check<C: Cell, T>(
    s: &Sequences,
    x: &[T],
    w: &Weights<T>,
    start: [Option<usize>; 4],
    [gates, kept, y]: [usize; 3],
) {
    let (all, wide) = (C::GATES * s.hidden, s.batch * s.time);
    assert!(x.len() == wide * s.inputs, "recurrent: x has another length than its shape");
    assert!(w.input.len() == all * s.inputs && w.hidden.len() == all * s.hidden, "recurrent: weights");
    assert!(w.bias_input.len() == all && w.bias_hidden.len() == all, "recurrent: biases");
    assert!(gates == wide * all && kept == wide * s.hidden && y == kept, "recurrent: results");
    assert!(s.lengths.is_none_or(|lengths| lengths.len() == s.batch), "recurrent: lengths");
    assert!(start.into_iter().flatten().all(|len| len == s.batch * s.hidden), "recurrent: start");
}

/// All states, y `[batch, time, hidden]`; for [`backward`], gates `[batch, time, gates · hidden]` get the values of the
/// gates, and kept `[batch, time, hidden]` what [`Cell`] keeps.
///
/// # Errors
/// No memory for the packed weight.
///
/// # Panics
/// If the lengths do not fit.
pub fn forward<C: Cell, T: Float>(
    s: &Sequences,
    x: &[T],
    w: &Weights<T>,
    start: Start<&[T]>,
    gates: &mut [T],
    kept: &mut [T],
    y: &mut [T],
) -> Result<(), OutOfMemory> {
    let lengths = [start.state.map(<[T]>::len), start.cells.map(<[T]>::len), None, None];
    check::<C, T>(s, x, w, lengths, [gates.len(), kept.len(), y.len()]);
    let all = C::GATES * s.hidden;
    with_scratch(all, |bias: &mut [T]| {
        bias.copy_from_slice(w.bias_input);
        bias.iter_mut().zip(&w.bias_hidden[..C::SHARED * s.hidden]).for_each(|(b, &more)| *b += more);
        let (x, input) = (Mat::new(x, s.batch * s.time, s.inputs), Mat::new(w.input, all, s.inputs));
        matmul(x, input.t(), gates, Epilogue { bias: Some(bias), ..Epilogue::default() })
    })??;
    sweep_forward::<C, T>(s, w, start, gates, kept, y)
}

/// The gradients of everything, given dy, that of y; start and y are those of [`forward`], and gates and kept what it
/// left, which are overwritten. What stands past a row's length has the gradient 0.
///
/// # Errors
/// No memory for the packed weight and the gradients of the state.
///
/// # Panics
/// If the lengths do not fit.
pub fn backward<C: Cell, T: Float>(
    s: &Sequences,
    x: &[T],
    w: &Weights<T>,
    start: Start<&[T]>,
    gates: &mut [T],
    kept: &mut [T],
    y: &[T],
    dy: &[T],
    mut d: Gradients<T>,
) -> Result<(), OutOfMemory> {
    let lengths = [
        start.state.map(<[T]>::len),
        start.cells.map(<[T]>::len),
        d.start.state.as_ref().map(|s| s.len()),
        d.start.cells.as_ref().map(|s| s.len()),
    ];
    check::<C, T>(s, x, w, lengths, [gates.len(), kept.len(), y.len()]);
    assert!(dy.len() == y.len(), "recurrent: dy has another length than y");
    let (h, all, wide) = (s.hidden, C::GATES * s.hidden, s.batch * s.time);
    with_scratch(y.len(), |before: &mut [T]| {
        sweep_back::<C, T>(s, w, start, gates, kept, y, dy, before, d.start)?;
        let Some(dhidden) = d.hidden.as_mut() else { return Ok(()) };
        let before = Mat::new(before, wide, h);
        let (shared, other) = dhidden.split_at_mut(C::SHARED * h * h);
        let to_shared = Mat { cols: C::SHARED * h, ..Mat::new(gates, wide, all) };
        matmul(to_shared.t(), before, shared, Epilogue::default())?;
        match other.is_empty() {
            true => Ok(()),
            false => matmul(Mat::new(kept, wide, h).t(), before, other, Epilogue::default()),
        }
    })??;
    let dgates = Mat::new(gates, wide, all);
    if let Some(dinput) = d.input {
        matmul(dgates.t(), Mat::new(x, wide, s.inputs), dinput, Epilogue::default())?;
    }
    if let Some(dx) = d.x {
        matmul(dgates, Mat::new(w.input, all, s.inputs), dx, Epilogue::default())?;
    }
    if let Some((to_input, to_hidden)) = d.biases {
        column_sums(gates, to_input)?;
        to_hidden.copy_from_slice(to_input);
        if C::SHARED < C::GATES {
            column_sums(kept, &mut to_hidden[C::SHARED * h..])?;
        }
    }
    Ok(())
}
