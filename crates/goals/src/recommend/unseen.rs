//! Items of which nothing was learned: what the network would know of them is foreseen from what is known of them, as it is for all others
//! (a linear map from attributes to factors; Gantner et al. 2010, "Learning attribute-to-feature mappings for cold-start recommendations").

use super::ease::inverse;
use super::network::Tastes;
use super::task::People;
use crate::Result;
use pellucid_data::Part;
use pellucid_nn::Param;
use pellucid_tensor::Tensor;

/// How strongly the map may be held back.
const LAMBDAS: [f64; 4] = [3.0, 10.0, 30.0, 100.0];

/// Items by which it is chosen how strongly, at most.
const CHOSEN_BY: usize = 1_000;

/// What is known of items: `[n, width]`, row by row, mostly zeros.
struct Known<'a> {
    numbers: &'a [f32],
    width: usize,
}

impl Known<'_> {
    /// The numbers of an item that are not zero, with their positions.
    fn of(&self, item: usize) -> impl Iterator<Item = (usize, f64)> {
        let row = &self.numbers[item * self.width..(item + 1) * self.width];
        row.iter().enumerate().filter(|(_, x)| **x != 0.0).map(|(at, x)| (at, f64::from(*x)))
    }
}

impl People {
    /// Gives the network's tables rows for items of which it has learned nothing, if something is known of them.
    ///
    /// # Errors
    /// No memory.
    pub(crate) fn foresee(&self, network: &mut Tastes) -> Result<()> {
        let known = Known { numbers: self.sides[0].numbers(), width: self.sides[0].width };
        let mut times = vec![0usize; self.history.items.len()];
        self.history.part(Part::Train).for_each(|taken| times[taken.item as usize] += 1);
        let (from, to): (Vec<usize>, Vec<usize>) = (0..times.len()).partition(|&item| times[item] > 0);
        if known.width == 0 || to.is_empty() || from.is_empty() {
            return Ok(());
        }
        let [taking, rating] = network.tables_of_items();
        // Each item is as likely to be new as any other, but how something is liked is asked of what is taken, and that is one thing more often
        // than the other.
        let often = from.iter().map(|&item| times[item] as f64).collect();
        for (tables, weights) in [(taking, vec![1.0; from.len()]), (rating, often)] {
            let Some(map) = Map::of(&known, &from, weights) else { continue };
            for table in tables {
                map.fill(&known, &to, table)?;
            }
        }
        Ok(())
    }
}

/// What the maps to several tables have in common: they start from the same numbers.
struct Map<'a> {
    /// The items that were learned of.
    from: &'a [usize],
    /// How much each counts; one on average.
    weights: Vec<f64>,
    /// Of each number.
    means: Vec<f64>,
    /// (Xᵀ W X + λ I)⁻¹ of the centred numbers, `[width, width]`, for each λ.
    inverses: Vec<Vec<f64>>,
}

/// A table that is to be filled.
pub(super) struct Rows<'a> {
    /// `[items, columns]`.
    pub(super) table: &'a mut Param,
    /// Whether these are exponents, of which not the mean is to be foreseen but what makes the powers right on average.
    pub(super) exponents: bool,
}

impl Map<'_> {
    /// `None` if there is no inverse.
    fn of<'a>(known: &Known<'_>, from: &'a [usize], mut weights: Vec<f64>) -> Option<Map<'a>> {
        let (width, n) = (known.width, from.len() as f64);
        let all: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight *= n / all);
        let (mut means, mut gram) = (vec![0.0; width], vec![0.0; width * width]);
        for (&item, weight) in from.iter().zip(&weights) {
            for (i, x) in known.of(item) {
                means[i] += weight * x / n;
                known.of(item).for_each(|(j, y)| gram[i * width + j] += weight * x * y);
            }
        }
        for (row, mean) in gram.chunks_mut(width).zip(&means) {
            row.iter_mut().zip(&means).for_each(|(x, other)| *x -= n * mean * other);
        }
        let held_back = |lambda: &f64| {
            let mut gram = gram.clone();
            gram.iter_mut().step_by(width + 1).for_each(|x| *x += lambda);
            inverse(gram, width)
        };
        let inverses = LAMBDAS.iter().map(held_back).collect::<Option<_>>()?;
        Some(Map { from, weights, means, inverses })
    }

    /// Writes into a table the rows `to`, as the rows that were learned let expect them.
    fn fill(&self, known: &Known<'_>, to: &[usize], Rows { table, exponents }: Rows<'_>) -> Result<()> {
        let shape = table.value.shape().to_vec();
        let mut rows = table.value.data::<f32>()?.to_vec();
        let (columns, n) = (shape.last().copied().unwrap_or(0), self.from.len() as f64);
        let row = |item: usize| item * columns..(item + 1) * columns;
        let mut centre = vec![0.0; columns];
        for (&item, weight) in self.from.iter().zip(&self.weights) {
            centre.iter_mut().zip(&rows[row(item)]).for_each(|(c, x)| *c += weight * f64::from(*x) / n);
        }
        // Xᵀ W Y of what is centred, `[width, columns]`: Σ wᵢ xᵢ (yᵢ − ȳ)ᵀ, for the deviations of all rows from ȳ add up to nothing.
        let mut both = vec![0.0; self.means.len() * columns];
        for (&item, weight) in self.from.iter().zip(&self.weights) {
            for (at, x) in known.of(item) {
                let out = &mut both[at * columns..(at + 1) * columns];
                for ((out, y), c) in out.iter_mut().zip(&rows[row(item)]).zip(&centre) {
                    *out += weight * x * (f64::from(*y) - c);
                }
            }
        }
        let maps: Vec<Vec<f64>> =
            self.inverses.iter().map(|inverse| product(inverse, &both, columns)).collect();
        let errors = self.inverses.iter().zip(&maps).map(|(inverse, map)| {
            let step = self.from.len().div_ceil(CHOSEN_BY);
            let some = self.from.iter().zip(&self.weights).step_by(step);
            let (sum, weight) = some.fold((0.0, 0.0), |(sum, all), (&item, weight)| {
                let found = self.foreseen(known, item, map, &centre);
                let without = 1.0 - weight * (self.leverage(known, item, inverse) + 1.0 / n);
                let error =
                    found.iter().zip(&rows[row(item)]).map(|(found, y)| (found - f64::from(*y)).powi(2));
                (sum + weight * error.sum::<f64>() / without.max(0.1).powi(2), all + weight)
            });
            sum / weight
        });
        // The one that foresees each item best from all others.
        let best = errors.zip(&maps).reduce(|best, next| if next.0 < best.0 { next } else { best });
        let Some((error, map)) = best else { return Ok(()) };
        // The mean of powers whose exponents are spread normally is that of their mean and half their variance.
        let more = if exponents { error / (2.0 * columns.max(1) as f64) } else { 0.0 };
        for &item in to {
            let found = match known.of(item).next() {
                Some(_) => self.foreseen(known, item, map, &centre),
                None => centre.clone(),
            };
            rows[row(item)].iter_mut().zip(found).for_each(|(out, x)| *out = (x + more) as f32);
        }
        table.value = Tensor::new(&rows, &shape)?;
        Ok(())
    }

    /// ȳ + (x − x̄) B.
    fn foreseen(&self, known: &Known<'_>, item: usize, map: &[f64], centre: &[f64]) -> Vec<f64> {
        let mut out = centre.to_vec();
        for (at, x) in self.centred(known, item).into_iter().enumerate().filter(|(_, x)| *x != 0.0) {
            let row = &map[at * out.len()..(at + 1) * out.len()];
            out.iter_mut().zip(row).for_each(|(out, b)| *out += x * b);
        }
        out
    }

    /// How much an item counts for its own answer: (x − x̄) (Xᵀ W X + λ I)⁻¹ (x − x̄)ᵀ, if it counts once.
    fn leverage(&self, known: &Known<'_>, item: usize, inverse: &[f64]) -> f64 {
        let x = self.centred(known, item);
        let row = |row: &[f64]| row.iter().zip(&x).map(|(a, b)| a * b).sum::<f64>();
        inverse.chunks(x.len()).zip(&x).map(|(line, x)| x * row(line)).sum()
    }

    fn centred(&self, known: &Known<'_>, item: usize) -> Vec<f64> {
        let mut x: Vec<f64> = self.means.iter().map(|mean| -mean).collect();
        known.of(item).for_each(|(at, number)| x[at] += number);
        x
    }
}

/// `[n, n]` times `[n, columns]`.
fn product(square: &[f64], other: &[f64], columns: usize) -> Vec<f64> {
    let mut out = vec![0.0; other.len()];
    let n = other.len() / columns.max(1);
    for (row, out) in square.chunks(n.max(1)).zip(out.chunks_mut(columns.max(1))) {
        for (x, other) in row.iter().zip(other.chunks(columns.max(1))) {
            out.iter_mut().zip(other).for_each(|(out, y)| *out += x * y);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_follow_from_what_is_known_are_foreseen() {
        // Three numbers of forty items; a table of two columns that is a linear map of them.
        let number = |item: usize, at: usize| ((item * 7 + at * 11) % 13) as f32 / 13.0;
        let numbers: Vec<f32> =
            (0..40).flat_map(|item| (0..3).map(move |at| 9.0 * number(item, at))).collect();
        let known = Known { numbers: &numbers, width: 3 };
        let truth = |item: usize| {
            let x = &numbers[3 * item..3 * item + 3];
            [1.0 + 0.5 * x[0] - x[1], 0.25 * x[2]]
        };
        let from: Vec<usize> = (0..36).collect();
        let rows: Vec<f32> =
            (0..40).flat_map(|item| if item < 36 { truth(item) } else { [99.0; 2] }).collect();
        let mut table = Param::bias(Tensor::new(&rows, &[40, 2]).unwrap());
        let map = Map::of(&known, &from, (0..36).map(|item| 1.0 + f64::from(item % 5)).collect()).unwrap();
        map.fill(&known, &[36, 37, 38, 39], Rows { table: &mut table, exponents: false }).unwrap();
        let filled = table.value.data::<f32>().unwrap();
        assert_eq!(filled[..72], rows[..72]);
        for item in 36..40 {
            for (found, truth) in filled[2 * item..2 * item + 2].iter().zip(truth(item)) {
                assert!((found - truth).abs() < 0.1, "{found} {truth}");
            }
        }
    }
}
