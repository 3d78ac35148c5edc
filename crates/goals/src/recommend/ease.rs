//! EASE (Steck, arXiv 1905.03375): of all linear maps from what people took to what they take, the best that does not look at the thing itself. It has
//! a closed form, so it is the strong simple answer beside a network.

/// Things for which the map is worked out: those taken most often. More would take minutes and gigabytes.
pub(crate) const MOST: usize = 4_000;

/// The map of some items.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Ease {
    /// Which items these are, ascending.
    pub(crate) items: Vec<u32>,
    /// `[items, items]`: what having the first says for the second.
    pub(crate) weights: Vec<f32>,
}

/// How often two items were taken by the same user, `[items, items]`.
#[derive(Clone)]
pub(crate) struct Together {
    items: Vec<u32>,
    /// The lower triangle, by rows; the rest is its mirror image.
    counts: Vec<f32>,
}

impl Together {
    /// Counts over users, each with the items he took; only the items taken most often, if there are too many.
    pub(crate) fn of<'a>(items: usize, users: impl Iterator<Item = &'a [u32]> + Clone) -> Together {
        let mut taken = vec![0u32; items];
        users.clone().flatten().for_each(|&item| taken[item as usize] += 1);
        let mut order: Vec<u32> = (0..items as u32).filter(|&item| taken[item as usize] > 0).collect();
        order.sort_by_key(|&item| (std::cmp::Reverse(taken[item as usize]), item));
        order.truncate(MOST);
        order.sort_unstable();
        let at: Vec<Option<usize>> = {
            let mut at = vec![None; items];
            order.iter().enumerate().for_each(|(i, &item)| at[item as usize] = Some(i));
            at
        };
        let n = order.len();
        let mut counts = vec![0.0; n * n];
        for user in users {
            let own: Vec<usize> = user.iter().filter_map(|&item| at[item as usize]).collect();
            for &a in &own {
                for &b in &own {
                    counts[a * n + b] += 1.0;
                }
            }
        }
        Together { items: order, counts }
    }

    /// The map, with weights that are the smaller the larger `lambda` is; `None` if the counts have no inverse.
    pub(crate) fn solve(&self, lambda: f64) -> Option<Ease> {
        let n = self.items.len();
        let mut gram: Vec<f64> = self.counts.iter().map(|&count| f64::from(count)).collect();
        gram.iter_mut().step_by(n + 1).for_each(|x| *x += lambda);
        let inverse = inverse(gram, n)?;
        let mut weights = vec![0.0; n * n];
        for (i, (out, row)) in weights.chunks_mut(n.max(1)).zip(inverse.chunks(n.max(1))).enumerate() {
            for (j, (out, x)) in out.iter_mut().zip(row).enumerate() {
                *out = if i == j { 0.0 } else { (-x / inverse[j * n + j]) as f32 };
            }
        }
        Some(Ease { items: self.items.clone(), weights })
    }
}

impl Ease {
    /// Adds to `scores` of all items what a user's items say for them, `share` times.
    pub(crate) fn add(&self, taken: &[u32], share: f32, scores: &mut [f32]) {
        for item in taken {
            let Some(row) = self.row(*item) else { continue };
            for (&other, &weight) in self.items.iter().zip(row) {
                if let Some(score) = scores.get_mut(other as usize) {
                    *score += share * weight;
                }
            }
        }
    }

    /// What having an item says for each of the items.
    pub(crate) fn row(&self, item: u32) -> Option<&[f32]> {
        let at = self.items.binary_search(&item).ok()?;
        self.weights.get(at * self.items.len()..(at + 1) * self.items.len())
    }
}

/// Rows that are eliminated together, so that what they change is read from memory once.
const BLOCK: usize = 32;

/// The inverse of a symmetric positive definite matrix, by Cholesky's factors L Lᵀ: first L, then L⁻¹, then L⁻ᵀ L⁻¹ (Golub & Van Loan, "Matrix
/// computations", 4.2). `None` if it is not positive definite.
pub(super) fn inverse(mut a: Vec<f64>, n: usize) -> Option<Vec<f64>> {
    factor(&mut a, n)?;
    // Row i of L⁻¹: (eᵢ − Σₖ lᵢₖ (L⁻¹)ₖ) / lᵢᵢ.
    let mut lower = vec![0.0; n * n];
    for i in 0..n {
        let (done, rest) = lower.split_at_mut(i * n);
        let row = &mut rest[..n];
        row[i] = 1.0;
        for k in 0..i {
            let l = a[i * n + k];
            if l != 0.0 {
                row[..=k].iter_mut().zip(&done[k * n..=k * n + k]).for_each(|(x, y)| *x -= l * y);
            }
        }
        let diagonal = a[i * n + i];
        row[..=i].iter_mut().for_each(|x| *x /= diagonal);
    }
    // Σₖ (L⁻¹)ₖᵢ (L⁻¹)ₖⱼ, the lower triangle, and its mirror image.
    a.fill(0.0);
    for block in (0..n).step_by(BLOCK) {
        for i in 0..(block + BLOCK).min(n) {
            let out = &mut a[i * n..=i * n + i];
            for k in block.max(i)..(block + BLOCK).min(n) {
                let x = lower[k * n + i];
                out.iter_mut().zip(&lower[k * n..=k * n + i]).for_each(|(out, y)| *out += x * y);
            }
        }
    }
    for i in 0..n {
        for j in 0..i {
            a[j * n + i] = a[i * n + j];
        }
    }
    Some(a)
}

/// Puts L into the lower triangle of a symmetric matrix, so many rows at a time.
fn factor(a: &mut [f64], n: usize) -> Option<()> {
    for start in (0..n).step_by(BLOCK) {
        let end = (start + BLOCK).min(n);
        for i in start..n {
            let (above, below) = a.split_at_mut(i * n);
            let row = &mut below[..n];
            for j in start..end.min(i + 1) {
                let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
                if j == i {
                    let left = row[i] - dot(&row[start..i], &row[start..i]);
                    if !(left > 0.0 && left.is_finite()) {
                        return None;
                    }
                    row[i] = left.sqrt();
                } else {
                    let other = &above[j * n..(j + 1) * n];
                    row[j] = (row[j] - dot(&row[start..j], &other[start..j])) / other[j];
                }
            }
        }
        // What these columns take from all that is left.
        for i in end..n {
            let (above, below) = a.split_at_mut(i * n);
            let row = &mut below[..n];
            let own: [f64; BLOCK] = std::array::from_fn(|k| row.get(start + k).copied().unwrap_or_default());
            let own = &own[..end - start];
            for j in end..i {
                let other = &above[j * n + start..j * n + end];
                row[j] -= own.iter().zip(other).map(|(x, y)| x * y).sum::<f64>();
            }
            row[i] -= own.iter().map(|x| x * x).sum::<f64>();
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use pellucid_tensor::Stream;

    #[test]
    fn the_inverse_is_one() {
        let mut random = Stream::new(1, "gram", 0);
        for n in [1, 2, 31, 33, 70] {
            let x: Vec<f64> = (0..n * n).map(|_| f64::from(random.normal())).collect();
            let mut gram = vec![0.0; n * n];
            for i in 0..n {
                for j in 0..n {
                    gram[i * n + j] = (0..n).map(|k| x[k * n + i] * x[k * n + j]).sum::<f64>();
                }
                gram[i * n + i] += 1.0;
            }
            let inverse = inverse(gram.clone(), n).unwrap();
            for i in 0..n {
                for j in 0..n {
                    let product: f64 = (0..n).map(|k| gram[i * n + k] * inverse[k * n + j]).sum();
                    let want = if i == j { 1.0 } else { 0.0 };
                    assert!((product - want).abs() < 1e-8, "{n}: {product} at {i}, {j}");
                }
            }
        }
        assert!(inverse(vec![1.0, 2.0, 2.0, 1.0], 2).is_none(), "it is not positive definite");
    }

    #[test]
    fn it_is_as_numpy_has_it() {
        // From goals/tests/reference/ease.py.
        let users: Vec<Vec<u32>> = vec![vec![0, 1, 2], vec![0, 1], vec![2, 3], vec![1, 2, 3], vec![0, 3]];
        let ease = Together::of(5, users.iter().map(Vec::as_slice)).solve(0.5).unwrap();
        assert_eq!(ease.items, [0, 1, 2, 3], "nobody took the last");
        for (found, want) in ease.weights.iter().zip(REFERENCE) {
            assert!((f64::from(*found) - want).abs() < 1e-6, "{found}, not {want}");
        }
        let mut scores = vec![0.0; 5];
        ease.add(&[0, 4], 2.0, &mut scores);
        assert!((f64::from(scores[1]) - 2.0 * REFERENCE[1]).abs() < 1e-6 && scores[4] == 0.0);
    }

    const REFERENCE: [f64; 16] = [
        0.0000000000,
        0.4637681159,
        -0.1449275362,
        0.2193548387,
        0.6193548387,
        0.0000000000,
        0.5217391304,
        -0.1935483871,
        -0.1935483871,
        0.5217391304,
        0.0000000000,
        0.6193548387,
        0.2193548387,
        -0.1449275362,
        0.4637681159,
        0.0000000000,
    ];
}
