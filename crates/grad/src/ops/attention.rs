//! Scaled dot-product attention (Vaswani et al., arXiv 1706.03762), as one operation.

use crate::Var;
use crate::check::{Case, EDGE_LENGTHS, integers};
use crate::tape::record_many;
use pellucid_kernels::Float;
use pellucid_kernels::attention::{Attention, Place};
use pellucid_tensor::{DType, Error, Result, Scalar, Tensor, with_float};

const OP: &str = "attention";

/// What an attention leaves out; by default nothing. What is left out costs nothing, and may hold anything.
#[derive(Clone, Default)]
pub struct AttentionMask {
    /// Whether a query sees only the keys up to its own place. The last query stands at the last key: if there are more keys
    /// than queries, the first ones are the past.
    pub causal: bool,
    /// `[batch]` (`u32`), how many queries of each example are real; the results of the others are 0.
    pub query_lengths: Option<Tensor>,
    /// `[batch]` (`u32`), how many keys of each example are real; nobody sees the others.
    pub key_lengths: Option<Tensor>,
}

impl AttentionMask {
    /// For sequences that look at themselves and of which only the first `lengths` (`[batch]`, `u32`) places are real.
    pub fn padded(lengths: &Tensor) -> AttentionMask {
        AttentionMask {
            causal: false,
            query_lengths: Some(lengths.clone()),
            key_lengths: Some(lengths.clone()),
        }
    }
}

/// `softmax(q kᵀ / √(columns / heads)) v` for each of `heads` equal parts of the columns.
///
/// q: `[batch, queries, columns]`; k, v: `[batch, keys, columns]`; the result has the shape of q. A query that sees no
/// key gets 0.
///
/// # Errors
/// Shapes other than these, columns that `heads` does not divide, lengths that do not fit, types that differ or are not
/// floating point, or no memory.
pub fn attention(q: &Var, k: &Var, v: &Var, heads: usize, mask: &AttentionMask) -> Result<Var> {
    record(&[q, k, v], [0, 1, 2], heads, mask)
}

/// As [`attention`] of sequences over themselves: q, k and v beside each other in one tensor.
///
/// qkv: `[batch, time, 3 · columns]`; the result is `[batch, time, columns]`.
///
/// # Errors
/// As [`attention`].
pub fn self_attention(qkv: &Var, heads: usize, mask: &AttentionMask) -> Result<Var> {
    record(&[qkv], [0, 0, 0], heads, mask)
}

/// As [`attention`] of one sequence over another: k and v beside each other in one tensor.
///
/// q: `[batch, queries, columns]`; kv: `[batch, keys, 2 · columns]`; the result has the shape of q.
///
/// # Errors
/// As [`attention`].
pub fn cross_attention(q: &Var, kv: &Var, heads: usize, mask: &AttentionMask) -> Result<Var> {
    record(&[q, kv], [0, 1, 1], heads, mask)
}

/// Finds the sizes, given which input holds q, k and v, and records the operation.
fn record(inputs: &[&Var], of: [usize; 3], heads: usize, mask: &AttentionMask) -> Result<Var> {
    let shapes = || inputs.iter().map(|v| v.shape().to_string()).collect::<Vec<_>>().join(", ");
    let wrong = |why: &str| Error::shape(OP, format!("{why}: {}", shapes()));
    // The columns of an input are shared evenly by what lies in it.
    let sizes = |which: usize| match &inputs[of[which]].shape()[..] {
        &[batch, time, all] => {
            let shares = of.iter().filter(|&&input| input == of[which]).count();
            match all.is_multiple_of(shares) {
                true => Ok([batch, time, all / shares]),
                false => Err(wrong("columns that q, k and v cannot share evenly")),
            }
        }
        _ => Err(wrong("expected [batch, time, columns]")),
    };
    let ([batch, queries, columns], k, v) = (sizes(0)?, sizes(1)?, sizes(2)?);
    let keys = k[1];
    if k != [batch, keys, columns] || v != k {
        return Err(wrong("expected [batch, queries, columns] and twice [batch, keys, columns]"));
    }
    if heads == 0 || !columns.is_multiple_of(heads) {
        return Err(Error::argument(OP, format!("{columns} columns cannot be shared by {heads} heads")));
    }
    let dtype = inputs[0].dtype();
    if let Some(other) = inputs.iter().map(|v| v.dtype()).find(|&other| other != dtype) {
        return Err(Error::dtype(OP, &format!("inputs of type {}", dtype.name()), other));
    }
    for (name, lengths, time) in
        [("query_lengths", &mask.query_lengths, queries), ("key_lengths", &mask.key_lengths, keys)]
    {
        let Some(lengths) = lengths else { continue };
        if lengths.shape()[..] != [batch] {
            return Err(Error::shape(OP, format!("{name} is {}, expected [{batch}]", lengths.shape())));
        }
        if lengths.dtype() != DType::U32 {
            return Err(Error::dtype(OP, &format!("{name} of type u32"), lengths.dtype()));
        }
        if let Some(i) = lengths.data::<u32>()?.iter().position(|&l| l as usize > time) {
            return Err(Error::argument(OP, format!("{name}: number {i} is more than the {time} there are")));
        }
    }
    let places = std::array::from_fn(|which| {
        let before = of[..which].iter().filter(|&&input| input == of[which]).count();
        Place { tensor: of[which], first: before * columns }
    });
    let sizes = Sizes { batch, heads, width: columns / heads, queries, keys, places, mask: mask.clone() };
    with_float!(OP, dtype, T => typed::<T>(inputs, sizes))
}

/// What the kernel needs to know, with the lengths kept alive.
struct Sizes {
    batch: usize,
    heads: usize,
    width: usize,
    queries: usize,
    keys: usize,
    places: [Place; 3],
    mask: AttentionMask,
}

impl Sizes {
    fn kernel(&self) -> Result<Attention<'_>> {
        let Sizes { batch, heads, width, queries, keys, places, .. } = *self;
        let AttentionMask { causal, query_lengths, key_lengths } = &self.mask;
        Ok(Attention {
            batch,
            heads,
            width,
            queries,
            keys,
            causal: *causal,
            query_lengths: query_lengths.as_ref().map(Tensor::data).transpose()?,
            key_lengths: key_lengths.as_ref().map(Tensor::data).transpose()?,
            places,
        })
    }
}

/// The numbers of all tensors.
fn data<T: Scalar>(tensors: &[Tensor]) -> Result<Vec<&[T]>> {
    tensors.iter().map(Tensor::data).collect()
}

fn typed<T: Float + Scalar>(inputs: &[&Var], sizes: Sizes) -> Result<Var> {
    let mut y = Tensor::unset::<T>(&[sizes.batch, sizes.queries, sizes.heads * sizes.width])?;
    let mut statistics = Tensor::unset::<T>(&[sizes.batch, sizes.heads, sizes.queries])?;
    let tensors: Vec<Tensor> = inputs.iter().map(|v| v.value().clone()).collect();
    sizes.kernel()?.forward(&data::<T>(&tensors)?, y.data_mut()?, statistics.data_mut()?)?;
    let kept = y.clone();
    record_many(y, inputs, move |dy, send| {
        let gradients = tensors.iter().map(|t| Tensor::unset::<T>(t.shape()));
        let mut gradients = gradients.collect::<Result<Vec<_>>>()?;
        let mut slices = gradients.iter_mut().map(Tensor::data_mut).collect::<Result<Vec<_>>>()?;
        let (y, statistics, dy) = (kept.data()?, statistics.data()?, dy.data()?);
        sizes.kernel()?.backward(&data::<T>(&tensors)?, y, statistics, dy, &mut slices)?;
        gradients.into_iter().enumerate().try_for_each(|(i, gradient)| send(i, gradient.into()))
    })
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    let open = AttentionMask::default;
    let causal = || AttentionMask { causal: true, ..AttentionMask::default() };
    let three = |name: String, q: [usize; 3], keys: usize, heads: usize, mask: AttentionMask| {
        let k = [q[0], keys, q[2]];
        Case::new(format!("attention/{name}"), &[&q, &k, &k], move |v| {
            attention(&v[0], &v[1], &v[2], heads, &mask)
        })
    };
    let own = |name: String, batch: usize, time: usize, columns: usize, heads: usize, mask: AttentionMask| {
        Case::new(format!("attention/self_attention {name}"), &[&[batch, time, 3 * columns]], move |v| {
            self_attention(&v[0], heads, &mask)
        })
    };
    let cross = |name: &str, q: [usize; 3], keys: usize, heads: usize, mask: AttentionMask| {
        let kv = [q[0], keys, 2 * q[2]];
        Case::new(format!("attention/cross_attention {name}"), &[&q, &kv], move |v| {
            cross_attention(&v[0], &v[1], heads, &mask)
        })
    };
    let mut cases = Vec::new();
    for n in EDGE_LENGTHS.into_iter().filter(|&n| n < 1000) {
        cases.push(three(format!("{n} queries"), [2, n, 4], 5, 2, open())?);
        // In heads of one number even rounding errors cancel where the true gradient is 0, as with a single key.
        cases.push(three(format!("{n} keys"), [2, 3, 3], n, 3, open())?);
        cases.push(three(format!("{n} wide"), [1, 3, 2 * n], 4, 2, open())?);
        cases.push(own(format!("over {n}, causal"), 2, n, 4, 2, causal())?);
    }
    // Lengths from nothing to everything.
    let lengths = |k, batch, time: usize| integers(k, &[batch], time + 1);
    let padded = AttentionMask::padded(&Tensor::new(&[9u32, 0, 1, 5], &[4])?);
    cases.push(own("padded".into(), 4, 9, 6, 2, padded.clone())?);
    cases.push(own("padded, causal".into(), 4, 9, 6, 2, AttentionMask { causal: true, ..padded })?);
    cases.push(own("large".into(), 3, 150, 40, 2, AttentionMask::padded(&lengths(5, 3, 150)?))?);
    cases.push(own("large, causal".into(), 1, 300, 33, 1, causal())?);
    cases.push(cross("without a mask", [2, 3, 4], 7, 2, open())?);
    let both = |k, queries, keys| -> Result<_> {
        let (query_lengths, key_lengths) = (lengths(k, 5, queries)?, lengths(k + 1, 5, keys)?);
        Ok(AttentionMask { causal: false, query_lengths: Some(query_lengths), key_lengths: Some(key_lengths) })
    };
    cases.push(cross("padded", [5, 8, 6], 11, 3, both(6, 8, 11)?)?);
    let keys_only = AttentionMask { query_lengths: None, ..both(6, 8, 11)? };
    cases.push(cross("padded keys", [5, 8, 6], 11, 3, keys_only)?);
    cases.push(cross("large", [5, 130, 32], 140, 2, both(6, 130, 140)?)?);
    cases.push(three("causal with a past".into(), [2, 3, 8], 10, 2, causal())?);
    cases.push(three("causal with more queries than keys".into(), [2, 10, 8], 4, 2, causal())?);
    Ok(cases)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Tape;

    #[test]
    fn what_does_not_fit_is_an_error_that_names_it() {
        let tape = Tape::idle();
        let ones = |shape: &[usize]| tape.constant(&Tensor::full(1f32, shape).unwrap());
        let open = AttentionMask::default();
        let error = |result: Result<Var>| result.err().map(|e| e.to_string()).unwrap();
        let why = error(attention(&ones(&[2, 3, 4]), &ones(&[2, 5, 4]), &ones(&[2, 6, 4]), 2, &open));
        assert!(why.contains("[2, 5, 4]") && why.contains("[2, 6, 4]"), "{why}");
        assert!(error(self_attention(&ones(&[2, 3, 12]), 3, &open)).contains("4 columns"));
        assert!(error(self_attention(&ones(&[2, 3, 12]), 0, &open)).contains("0 heads"));
        assert!(self_attention(&ones(&[2, 3, 13]), 1, &open).is_err());
        assert!(self_attention(&ones(&[6, 12]), 1, &open).is_err());
        assert!(cross_attention(&ones(&[2, 3, 4]), &ones(&[1, 3, 8]), 1, &open).is_err());
        for lengths in [Tensor::new(&[4u32, 1], &[2]), Tensor::new(&[1u32], &[1]), Tensor::full(1f32, &[2])] {
            let mask = AttentionMask::padded(&lengths.unwrap());
            let why = error(self_attention(&ones(&[2, 3, 12]), 1, &mask));
            assert!(why.contains("query_lengths"), "{why}");
        }
    }
}
