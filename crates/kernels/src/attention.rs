//! Scaled dot-product attention (Vaswani et al., arXiv 1706.03762): y = softmax(q kᵀ / √width) v for every head.
//!
//! The scores of a few queries live in the nearest cache, from the product that makes them to the product that uses
//! them (Dao et al., arXiv 2205.14135). Of a row of probabilities only the logarithm of its sum is kept; the way back
//! computes the row again from it (Dao, arXiv 2307.08691).
//!
//! Heads lie beside each other, as a linear map leaves them, and q, k and v may lie in one tensor: nothing is
//! permuted. Keys and queries past an example's lengths are never touched.

mod backward;
mod forward;
mod panels;

use crate::buffer::OutOfMemory;
use crate::float::Float;
use crate::product::wanted_tasks;
use crate::scratch::parallel_with_scratch;
use crate::threads::GRAIN;
use std::ops::Range;

/// Where q, k or v lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The number of the tensor, which is `[batch, time, columns]`.
    pub tensor: usize,
    /// The first column: `heads · width` columns belong to it.
    pub first: usize,
}

/// The sizes of an attention, what may see what, and where things lie.
#[derive(Clone, Copy, Debug)]
pub struct Attention<'a> {
    /// Examples.
    pub batch: usize,
    /// Heads, beside each other in every row.
    pub heads: usize,
    /// Numbers of a head.
    pub width: usize,
    /// The time of q.
    pub queries: usize,
    /// The time of k and v.
    pub keys: usize,
    /// Whether a query sees only the keys up to its own place. The last query stands at the last key: if there are more keys than
    /// queries, the first ones are the past.
    pub causal: bool,
    /// `[batch]`, how many queries of an example are real; the results of the others are 0.
    pub query_lengths: Option<&'a [u32]>,
    /// `[batch]`, how many keys of an example are real; nobody sees the others.
    pub key_lengths: Option<&'a [u32]>,
    /// Where q, k and v lie, and their gradients alike.
    pub places: [Place; 3],
}

impl Attention<'_> {
    /// Columns of q, k, v and of the result.
    fn columns(&self) -> usize {
        self.heads * self.width
    }

    /// How many numbers the result `[batch, queries, heads · width]` has.
    pub fn output_len(&self) -> usize {
        self.batch * self.queries * self.columns()
    }

    /// How many numbers the statistics `[batch, heads, queries]` have.
    pub fn statistics_len(&self) -> usize {
        self.batch * self.heads * self.queries
    }

    /// What may see what in one example.
    fn view(&self, item: usize) -> View {
        let length = |of: Option<&[u32]>, whole: usize| of.map_or(whole, |l| (l[item] as usize).min(whole));
        View {
            queries: length(self.query_lengths, self.queries),
            keys: length(self.key_lengths, self.keys),
            causal: self.causal,
        }
    }

    /// The distance between rows of q, k and v in tensors of the given lengths.
    fn strides(&self, lengths: &[usize]) -> [usize; 3] {
        let times = [self.queries, self.keys, self.keys];
        let strides: [usize; 3] = std::array::from_fn(|i| {
            let (rows, Place { tensor, first }) = (self.batch * times[i], self.places[i]);
            assert!(tensor < lengths.len(), "attention: there is no tensor {tensor}");
            let stride = lengths[tensor].checked_div(rows).unwrap_or(0);
            assert!(
                lengths[tensor] == rows * stride && (rows == 0 || first + self.columns() <= stride),
                "attention: {} numbers for {rows} rows with columns from {first} on",
                lengths[tensor]
            );
            stride
        });
        for lengths in [self.query_lengths, self.key_lengths].into_iter().flatten() {
            assert!(lengths.len() == self.batch, "attention: lengths of another batch");
        }
        strides
    }

    /// Where the row `row` of head `head` of example `item` begins.
    fn at(&self, which: usize, stride: usize, item: usize, head: usize, row: usize) -> usize {
        let time = if which == 0 { self.queries } else { self.keys };
        (item * time + row) * stride + self.places[which].first + head * self.width
    }

    /// The address of the first row of q, k or v.
    fn rows<T>(&self, which: usize, tensors: &[&[T]], stride: usize, item: usize, head: usize) -> Rows<T> {
        let data = tensors[self.places[which].tensor].as_ptr();
        Rows { data: data.wrapping_add(self.at(which, stride, item, head, 0)), stride }
    }

    /// Parts into which each head is best cut, at most `most`, so that all threads have work.
    fn parts(&self, most: usize) -> usize {
        let work = 2 * self.output_len().saturating_mul(self.keys);
        wanted_tasks(work).div_ceil(self.batch * self.heads).min(most).max(1)
    }

    /// Calls `task(item, head, part, scratch)` for all parts of all heads in parallel; heads of little work are joined.
    fn parallel<T: Float>(
        &self,
        parts: usize,
        scratch: usize,
        task: impl Fn(usize, usize, usize, &mut [T]) + Sync,
    ) -> Result<(), OutOfMemory> {
        let units = self.batch * self.heads * parts;
        let work = self.queries.saturating_mul(self.keys).saturating_mul(2 * self.width) / parts;
        let together = (GRAIN / work.max(1)).clamp(1, units.max(1));
        parallel_with_scratch(units.div_ceil(together), scratch, |i, scratch: &mut [T]| {
            for unit in i * together..units.min((i + 1) * together) {
                let (head, part) = (unit / parts, unit % parts);
                task(head / self.heads, head % self.heads, part, scratch);
            }
        })
    }

    /// 1 / √width.
    fn scale<T: Float>(&self) -> T {
        T::from_f64(1.0 / (self.width as f64).sqrt())
    }
}

/// Rows of one head: `width` numbers each.
#[derive(Clone, Copy)]
struct Rows<T> {
    data: *const T,
    stride: usize,
}

impl<T> Rows<T> {
    fn row(&self, row: usize) -> *const T {
        self.data.wrapping_add(row * self.stride)
    }
}

/// What may see what in one example.
#[derive(Clone, Copy)]
struct View {
    queries: usize,
    keys: usize,
    causal: bool,
}

impl View {
    /// How many keys a query sees: those before this number.
    fn seen_by(&self, query: usize) -> usize {
        match self.causal {
            true => (query + 1 + self.keys).saturating_sub(self.queries).min(self.keys),
            false => self.keys,
        }
    }

    /// How many keys the last of some queries sees; none for no queries.
    fn seen_by_any(&self, queries: &Range<usize>) -> usize {
        if queries.is_empty() { 0 } else { self.seen_by(queries.end - 1) }
    }

    /// The first query that sees a key.
    fn first_to_see(&self, key: usize) -> usize {
        if self.causal { (key + self.queries).saturating_sub(self.keys) } else { 0 }
    }
}

#[cfg(test)]
mod tests;
