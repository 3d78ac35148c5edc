//! What the recurrent operations share: parameters, checks, and the record of a whole sequence.

use crate::check::{Case, EDGE_LENGTHS};
use crate::tape::record_many;
use crate::{Var, expect};
use pellucid_kernels::Float;
use pellucid_kernels::recurrent::{self, Cell, Gradients, Sequences, Start, Weights};
use pellucid_tensor::{Error, Result, Scalar, Tensor};

/// The parameters of a recurrent operation and the order in which it reads, as in PyTorch: the gates one after the other
/// along the first axis.
#[derive(Clone, Copy)]
pub struct Recurrent<'a> {
    /// `[gates · hidden, inputs]`.
    pub weight_ih: &'a Var,
    /// `[gates · hidden, hidden]`.
    pub weight_hh: &'a Var,
    /// `[gates · hidden]`.
    pub bias_ih: &'a Var,
    /// `[gates · hidden]`.
    pub bias_hh: &'a Var,
    /// Whether each row is read from its end to its beginning; outputs stay where their inputs are.
    pub reverse: bool,
    /// `[batch]`, the steps of each row: past them its outputs are 0. Without it, all steps of all rows count.
    pub lengths: Option<&'a [u32]>,
}

/// The shape of the sequences and the axis lengths of the parameters, checked.
fn sequences<'a, C: Cell>(op: &'static str, x: &Var, r: &Recurrent<'a>) -> Result<Sequences<'a>> {
    let &[batch, time, inputs] = &x.shape()[..] else {
        return Err(Error::shape(op, format!("x is {}, expected [batch, time, inputs]", x.shape())));
    };
    let hidden = r.weight_hh.shape().last();
    let all = C::GATES.saturating_mul(hidden);
    expect::parameter(op, "weight_hh", r.weight_hh.shape(), &[all, hidden], x.shape())?;
    expect::parameter(op, "weight_ih", r.weight_ih.shape(), &[all, inputs], x.shape())?;
    expect::parameter(op, "bias_ih", r.bias_ih.shape(), &[all], x.shape())?;
    expect::parameter(op, "bias_hh", r.bias_hh.shape(), &[all], x.shape())?;
    if let Some(lengths) = r.lengths {
        if lengths.len() != batch {
            return Err(Error::argument(op, format!("{} lengths for {batch} rows", lengths.len())));
        }
        if let Some(row) = lengths.iter().position(|&l| l as usize > time) {
            let why = format!("row {row} is said to have {} steps, x has {time}", lengths[row]);
            return Err(Error::argument(op, why));
        }
    }
    Ok(Sequences { batch, time, inputs, hidden, reverse: r.reverse, lengths: r.lengths })
}

/// Computes and records all states; `start` holds the initial state, and the cells if there are any.
pub(crate) fn record<C: Cell, T: Float + Scalar>(
    op: &'static str,
    x: &Var,
    r: &Recurrent<'_>,
    start: &[&Var],
) -> Result<Var> {
    let s = sequences::<C>(op, x, r)?;
    for (state, name) in start.iter().zip(["the initial state", "the initial cells"]) {
        expect::parameter(op, name, state.shape(), &[s.batch, s.hidden], x.shape())?;
    }
    let inputs = [&[x, r.weight_ih, r.weight_hh, r.bias_ih, r.bias_hh], start].concat();
    let mut gates = Tensor::unset::<T>(&[s.batch, s.time, C::GATES * s.hidden])?;
    let mut kept = Tensor::unset::<T>(&[s.batch, s.time, s.hidden])?;
    let mut y = Tensor::unset::<T>(&[s.batch, s.time, s.hidden])?;
    let values: Vec<Tensor> = inputs.iter().map(|v| v.value().clone()).collect();
    let (x, w, first) = taken::<T>(&values)?;
    recurrent::forward::<C, T>(&s, x, &w, first, gates.data_mut()?, kept.data_mut()?, y.data_mut()?)?;
    let wanted: Vec<bool> = inputs.iter().map(|v| v.needs_gradient()).collect();
    let (reverse, lengths) = (s.reverse, s.lengths.map(<[u32]>::to_vec));
    let Sequences { batch, time, inputs: width, hidden, .. } = s;
    let states = y.clone();
    record_many(y, &inputs, move |dy, send| {
        let s = Sequences { batch, time, inputs: width, hidden, reverse, lengths: lengths.as_deref() };
        let biases_wanted = wanted[3] || wanted[4];
        let is_wanted = |i: usize| if i == 3 || i == 4 { biases_wanted } else { wanted[i] };
        let mut gradients = values
            .iter()
            .enumerate()
            .map(|(i, v)| is_wanted(i).then(|| Tensor::unset::<T>(v.shape())).transpose())
            .collect::<Result<Vec<_>>>()?;
        let mut places = gradients.iter_mut().map(|g| g.as_mut().map(Tensor::data_mut).transpose());
        let mut next = || places.next().transpose().map(Option::flatten);
        let d = Gradients {
            x: next()?,
            input: next()?,
            hidden: next()?,
            biases: next()?.zip(next()?),
            start: Start { state: next()?, cells: next()? },
        };
        let (x, w, first) = taken::<T>(&values)?;
        let (gates, kept) = (gates.data_mut()?, kept.data_mut()?);
        recurrent::backward::<C, T>(&s, x, &w, first, gates, kept, states.data()?, dy.data()?, d)?;
        for (i, gradient) in gradients.into_iter().enumerate() {
            if let Some(gradient) = gradient.filter(|_| wanted[i]) {
                send(i, gradient.into())?;
            }
        }
        Ok(())
    })
}

/// The numbers of the inputs in the order of [`record`].
#[allow(clippy::type_complexity)]
fn taken<T: Float + Scalar>(values: &[Tensor]) -> Result<(&[T], Weights<'_, T>, Start<&[T]>)> {
    let at = |i: usize| values.get(i).map(Tensor::data::<T>).transpose();
    let needed = |i: usize| Ok::<_, Error>(at(i)?.unwrap_or_default());
    let weights =
        Weights { input: needed(1)?, hidden: needed(2)?, bias_input: needed(3)?, bias_hidden: needed(4)? };
    Ok((needed(0)?, weights, Start { state: at(5)?, cells: at(6)? }))
}

/// A recurrent operation on x, its parameters and the start.
type Call = fn(&Var, &Recurrent<'_>, &[Var]) -> Result<Var>;

/// The cases of an operation with so many gates and so many parts of the start.
pub(crate) fn cases(op: &'static str, gates: usize, parts: usize, call: Call) -> Result<Vec<Case>> {
    let case = |name: String, [batch, time, inputs, hidden]: [usize; 4], start: bool, reverse, lengths| {
        let all = gates * hidden;
        let mut shapes: Vec<Vec<usize>> =
            vec![vec![batch, time, inputs], vec![all, inputs], vec![all, hidden], vec![all], vec![all]];
        shapes.resize(if start { 5 + parts } else { 5 }, vec![batch, hidden]);
        let shapes: Vec<&[usize]> = shapes.iter().map(Vec::as_slice).collect();
        Case::new(format!("{op}/{name}"), &shapes, move |v| {
            let [x, weight_ih, weight_hh, bias_ih, bias_hh, start @ ..] = v else {
                return Err(Error::argument(op, "a case has at least five inputs"));
            };
            let r = Recurrent { weight_ih, weight_hh, bias_ih, bias_hh, reverse, lengths };
            call(x, &r, start)
        })
    };
    let mut cases = Vec::new();
    for n in EDGE_LENGTHS {
        cases.push(case(format!("{n} rows"), [n, 2, 3, 2], false, false, None)?);
    }
    for n in EDGE_LENGTHS.into_iter().filter(|&n| n < 1000) {
        cases.push(case(format!("{n} states"), [2, 3, 2, n], true, false, None)?);
    }
    for n in [0, 1, 9, 33] {
        cases.push(case(format!("{n} in"), [2, 2, n, 3], false, true, None)?);
        cases.push(case(format!("{n} steps"), [2, n, 3, 4], false, false, None)?);
    }
    let lengths = Some(&[4, 0, 7, 1, 6][..]);
    for (name, start, reverse, lengths) in [
        ("start", true, false, None),
        ("reverse", false, true, None),
        ("lengths", false, false, lengths),
        ("reverse, lengths, start", true, true, lengths),
    ] {
        cases.push(case(name.into(), [5, 7, 3, 6], start, reverse, lengths)?);
    }
    let mut large = case("large".into(), [21, 5, 40, 70], true, false, None)?;
    // With larger weights so many states would be chaotic, and rounding errors grow from step to step.
    for weight in &mut large.inputs[1..3] {
        weight.data_mut::<f64>()?.iter_mut().for_each(|w| *w *= 0.2);
    }
    cases.push(large);
    Ok(cases)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Tape, ops};

    fn ones(tape: &Tape, shape: &[usize]) -> Var {
        tape.watch(&Tensor::full(0.5f32, shape).unwrap())
    }

    #[test]
    fn what_does_not_fit_is_an_error_that_says_so() {
        let tape = Tape::idle();
        let run = |x: &[usize], weight_ih: &[usize], lengths: Option<&[u32]>, start: &[usize]| {
            let [weight_ih, weight_hh, bias] = [weight_ih, &[6, 2], &[6]].map(|shape| ones(&tape, shape));
            let (bias_ih, bias_hh) = (&bias, &bias);
            let (weight_ih, weight_hh) = (&weight_ih, &weight_hh);
            let r = Recurrent { weight_ih, weight_hh, bias_ih, bias_hh, reverse: false, lengths };
            ops::gru(&ones(&tape, x), &r, Some(&ones(&tape, start))).err().map(|e| e.to_string())
        };
        let x = &[4, 5, 3];
        assert_eq!(run(x, &[6, 3], Some(&[5, 0, 1, 2]), &[4, 2]), None);
        assert!(run(&[4, 3], &[6, 3], None, &[4, 2]).unwrap().contains("[4, 3]"));
        assert!(run(x, &[6, 4], None, &[4, 2]).unwrap().contains("weight_ih is [6, 4]"));
        assert!(run(x, &[6, 3], None, &[3, 2]).unwrap().contains("initial state is [3, 2]"));
        assert!(run(x, &[6, 3], Some(&[5, 5]), &[4, 2]).unwrap().contains("2 lengths for 4 rows"));
        assert!(run(x, &[6, 3], Some(&[5, 5, 6, 5]), &[4, 2]).unwrap().contains("row 2"));
    }

    #[test]
    fn only_wanted_gradients_are_computed() {
        let tape = Tape::new();
        let (x, weight_hh) = (ones(&tape, &[2, 3, 1]).detach(), ones(&tape, &[8, 2]).detach());
        let (weight_ih, bias_ih) = (ones(&tape, &[8, 1]).detach(), ones(&tape, &[8]).detach());
        let bias_hh = ones(&tape, &[8]);
        let r = Recurrent {
            weight_ih: &weight_ih,
            weight_hh: &weight_hh,
            bias_ih: &bias_ih,
            bias_hh: &bias_hh,
            reverse: false,
            lengths: None,
        };
        let y = ops::lstm(&x, &r, None).unwrap();
        let gradients = y.backward_from(Tensor::full(1f32, &[2, 3, 2]).unwrap()).unwrap();
        assert!([&x, &weight_ih, &weight_hh, &bias_ih].iter().all(|v| gradients.of(v).is_none()));
        assert!(gradients.of(&bias_hh).is_some());
    }
}
