//! Two numbers for each class that make probabilities mean what they say, where one for all of them does not.

use super::linear::solve;
use serde::{Deserialize, Serialize};

/// Probabilities count as at least this.
const LEAST: f64 = 1e-12;

/// More classes would need more rows than are usually held back.
const MOST_CLASSES: usize = 20;

/// Fewest rows for each class, on average.
const ROWS_FOR_EACH: usize = 50;

/// At most so many rows are learned from, evenly chosen.
const MOST_ROWS: usize = 10_000;

/// Parts of the rows, each of which is judged by what the others say.
const FOLDS: usize = 5;

/// By so many standard errors rows that were held back must be less surprising.
const SURE: f64 = 2.0;

/// Weights are pulled to 1 and biases to 0, as strongly as one standard deviation of 1 would.
const PULL: f64 = 1.0;

/// Halvings until what was done is undone.
const UNDONE: usize = 100;

/// Newton's steps, halvings of one, and the gain below which it is done, as a share of the number of rows.
const STEPS: usize = 50;
const HALVINGS: usize = 20;
const DONE: f64 = 1e-10;

/// Dirichlet calibration without interactions (Kull et al., arXiv 1910.12656): the logarithm of each class's probability gets a weight and a bias of its own,
/// and the softmax of all is taken. With two classes it is beta calibration (Kull et al., AISTATS 2017); with equal weights and no biases, a temperature.
///
/// Unlike isotonic regression it rises everywhere, so that no two probabilities become one, and has slopes, which explanations by gradients need.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dirichlet {
    weights: Vec<f64>,
    biases: Vec<f64>,
}

/// Rows as logarithms of probabilities, `[rows, classes]`, and their true classes.
struct Rows<'a> {
    logarithms: &'a [f64],
    labels: &'a [u32],
    classes: usize,
    /// The share of each row that counts as other classes, as with a temperature (Platt 1999).
    doubt: f64,
}

impl Rows<'_> {
    fn row(&self, row: usize) -> &[f64] {
        &self.logarithms[row * self.classes..(row + 1) * self.classes]
    }

    /// How much of a row belongs to a class.
    fn share(&self, row: usize, class: usize) -> f64 {
        match self.labels[row] as usize == class {
            true => 1.0 - self.doubt,
            false => self.doubt / (self.classes - 1) as f64,
        }
    }

    /// The surprise of a row's true class, in nats.
    fn surprise(&self, row: usize, by: &Dirichlet) -> f64 {
        let logarithms = log_softmax(by.scores(self.row(row)));
        logarithms.iter().enumerate().map(|(class, x)| -self.share(row, class) * x).sum()
    }
}

/// `x − ln Σ eˣ`.
fn log_softmax(mut scores: Vec<f64>) -> Vec<f64> {
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum = largest + scores.iter().map(|x| (x - largest).exp()).sum::<f64>().ln();
    scores.iter_mut().for_each(|x| *x -= sum);
    scores
}

fn logarithms(p: &[f32]) -> Vec<f64> {
    p.iter().map(|&p| f64::from(p).max(LEAST).ln()).collect()
}

impl Dirichlet {
    /// From probabilities `p: [rows, classes]` and true classes of rows that were not learned from, if it helps: rows held back in five turns must be clearly
    /// less surprising with it. None otherwise, and with few rows or many classes.
    pub fn where_it_helps(p: &[f32], labels: &[u32], classes: usize) -> Option<Dirichlet> {
        let all = labels.len();
        if !(2..=MOST_CLASSES).contains(&classes) || all < ROWS_FOR_EACH * classes || p.len() != all * classes
        {
            return None;
        }
        let logarithms = logarithms(p);
        let rows = Rows { logarithms: &logarithms, labels, classes, doubt: 1.0 / (all + 2) as f64 };
        let some: Vec<usize> = (0..all).step_by(all.div_ceil(MOST_ROWS)).collect();
        let same = Dirichlet { weights: vec![1.0; classes], biases: vec![0.0; classes] };
        let mut gains = Vec::with_capacity(some.len());
        for fold in 0..FOLDS {
            let of_fold = |(i, row): (usize, &usize)| (i % FOLDS == fold).then_some(*row);
            let held: Vec<usize> = some.iter().enumerate().filter_map(of_fold).collect();
            let others = some.iter().enumerate().filter(|(i, _)| i % FOLDS != fold);
            let found = Dirichlet::fit(&rows, &others.map(|(_, row)| *row).collect::<Vec<_>>())?;
            gains.extend(held.into_iter().map(|row| rows.surprise(row, &same) - rows.surprise(row, &found)));
        }
        let n = gains.len() as f64;
        let mean = gains.iter().sum::<f64>() / n;
        let variance = gains.iter().map(|gain| (gain - mean).powi(2)).sum::<f64>() / (n - 1.0);
        if mean <= SURE * (variance / n).sqrt() {
            return None;
        }
        Dirichlet::fit(&rows, &some).filter(|found| found.fits(classes))
    }

    /// Whether it can be used for so many classes: no weight turns what is likely into what is unlikely.
    pub fn fits(&self, classes: usize) -> bool {
        let finite = self.weights.iter().chain(&self.biases).all(|x| x.is_finite());
        let sizes = self.weights.len() == classes && self.biases.len() == classes;
        finite && sizes && self.weights.iter().all(|&weight| weight > 0.0)
    }

    /// By class: what the logarithm of its probability is multiplied by.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// By class: what is then added.
    pub fn biases(&self) -> &[f64] {
        &self.biases
    }

    /// The probabilities of a row, as they mean what they say.
    pub fn apply(&self, p: &[f32]) -> Vec<f32> {
        log_softmax(self.scores(&logarithms(p))).into_iter().map(|x| x.exp() as f32).collect()
    }

    /// The probabilities that [`apply`](Self::apply) makes these of.
    pub fn undo(&self, p: &[f32]) -> Vec<f32> {
        let q = logarithms(p);
        // What the softmax took away from all scores is found by halving: the sum rises with it.
        let before = |taken: f64| -> Vec<f64> {
            q.iter()
                .zip(&self.weights)
                .zip(&self.biases)
                .map(|((q, w), b)| ((q + taken - b) / w).exp())
                .collect()
        };
        let far =
            self.weights.iter().zip(&self.biases).map(|(w, b)| b.abs() - w * LEAST.ln()).fold(0.0, f64::max);
        let (mut low, mut high) = (-far, far - LEAST.ln());
        for _ in 0..UNDONE {
            let middle = f64::midpoint(low, high);
            if before(middle).iter().sum::<f64>() < 1.0 { low = middle } else { high = middle }
        }
        before(f64::midpoint(low, high)).into_iter().map(|p| p as f32).collect()
    }

    fn scores(&self, logarithms: &[f64]) -> Vec<f64> {
        logarithms.iter().zip(&self.weights).zip(&self.biases).map(|((x, w), b)| w * x + b).collect()
    }

    /// The weights and biases at which least surprise of some rows remains, by Newton's method: the surprise is convex. None where no step is found.
    fn fit(rows: &Rows<'_>, some: &[usize]) -> Option<Dirichlet> {
        let k = rows.classes;
        let mut at = Dirichlet { weights: vec![1.0; k], biases: vec![0.0; k] };
        let mut surprise = at.surprise(rows, some);
        for _ in 0..STEPS {
            let (slopes, curvature) = at.slopes(rows, some);
            let step = solve(curvature, &slopes)?;
            let moved = |length: f64| Dirichlet {
                weights: at.weights.iter().zip(&step).map(|(x, d)| x - length * d).collect(),
                biases: at.biases.iter().zip(&step[k..]).map(|(x, d)| x - length * d).collect(),
            };
            let lengths = (0..HALVINGS).map(|halving| 0.5f64.powi(halving as i32));
            let better =
                lengths.map(moved).map(|next| (next.surprise(rows, some), next)).find(|(s, _)| *s < surprise);
            let Some((less, next)) = better else { break };
            let gain = surprise - less;
            (at, surprise) = (next, less);
            if gain < DONE * some.len() as f64 {
                break;
            }
        }
        Some(at)
    }

    /// What is made small: the surprise of some rows, and how far the numbers were pulled from where they begin.
    fn surprise(&self, rows: &Rows<'_>, some: &[usize]) -> f64 {
        let off = self.weights.iter().map(|w| w - 1.0).chain(self.biases.iter().copied());
        let pulled: f64 = off.map(|x| PULL / 2.0 * x * x).sum();
        pulled + some.iter().map(|&row| rows.surprise(row, self)).sum::<f64>()
    }

    /// Its slopes by all weights and then by all biases, and the lower triangle of its second derivatives.
    fn slopes(&self, rows: &Rows<'_>, some: &[usize]) -> (Vec<f64>, Vec<f64>) {
        let (k, n) = (rows.classes, 2 * rows.classes);
        let mut slopes: Vec<f64> = self.weights.iter().map(|w| PULL * (w - 1.0)).collect();
        slopes.extend(self.biases.iter().map(|b| PULL * b));
        let mut curvature = vec![0.0; n * n];
        (0..n).for_each(|i| curvature[i * n + i] = PULL);
        for &row in some {
            let x = rows.row(row);
            let q: Vec<f64> = log_softmax(self.scores(x)).into_iter().map(f64::exp).collect();
            for i in 0..k {
                let off = q[i] - rows.share(row, i);
                slopes[i] += off * x[i];
                slopes[k + i] += off;
                for j in 0..k {
                    let both = if i == j { q[i] * (1.0 - q[i]) } else { -q[i] * q[j] };
                    if j <= i {
                        curvature[i * n + j] += both * x[i] * x[j];
                        curvature[(k + i) * n + k + j] += both;
                    }
                    curvature[(k + i) * n + j] += both * x[j];
                }
            }
        }
        (slopes, curvature)
    }
}

#[cfg(test)]
mod tests {
    use super::super::softened;
    use super::*;
    use pellucid_tensor::Stream;

    /// Probabilities of `classes` classes, and labels drawn from what `truth` makes of them.
    fn drawn(
        n: usize,
        classes: usize,
        seed: u64,
        truth: impl Fn(&[f32]) -> Vec<f32>,
    ) -> (Vec<f32>, Vec<u32>) {
        let mut random = Stream::new(seed, "rows", 0);
        let (mut p, mut labels) = (Vec::new(), Vec::new());
        for _ in 0..n {
            let scores: Vec<f32> = (0..classes).map(|_| (1.5 * random.normal()).exp()).collect();
            let row: Vec<f32> = scores.iter().map(|x| x / scores.iter().sum::<f32>()).collect();
            let (draw, mut reached) = (random.uniform(), 0.0);
            let label = truth(&row).iter().position(|p| {
                reached += p;
                draw < reached
            });
            labels.push(label.unwrap_or(classes - 1) as u32);
            p.extend(row);
        }
        (p, labels)
    }

    #[test]
    fn what_was_bent_is_straightened() {
        let bent = Dirichlet { weights: vec![0.6, 1.4, 1.0], biases: vec![0.8, -0.8, 0.0] };
        let (p, labels) = drawn(20_000, 3, 1, |row| bent.apply(row));
        let found = Dirichlet::where_it_helps(&p, &labels, 3).unwrap();
        for (row, _) in p.chunks(3).zip(0..200) {
            let off =
                found.apply(row).iter().zip(bent.apply(row)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(off < 0.04, "{found:?} {row:?}");
        }
        let json = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<Dirichlet>(&json).unwrap(), found);
    }

    /// Where probabilities mean what they say already, and where a temperature has been found, noise is not learned.
    #[test]
    fn it_is_left_where_it_does_not_help() {
        let helps = |seed: &u64| {
            let (p, labels) = drawn(1000, 4, *seed, <[f32]>::to_vec);
            Dirichlet::where_it_helps(&p, &labels, 4).is_some()
        };
        let times = (0..40).filter(helps).count();
        assert!(times <= 2, "{times} of 40");
        let (p, labels) = drawn(60, 2, 1, |row| softened(row, 5.0));
        assert!(Dirichlet::where_it_helps(&p, &labels, 2).is_none(), "60 rows of two classes are few");
        assert!(Dirichlet::where_it_helps(&p, &labels[..50], 2).is_none(), "lengths differ");
    }

    /// A network that learned with equal weights of a rare and a frequent class believes in the rare one too much.
    #[test]
    fn a_rare_class_is_told_to_be_rare() {
        let odds = |row: &[f32]| {
            let rare = row[1] / (row[1] + 9.0 * row[0]);
            vec![1.0 - rare, rare]
        };
        let (p, labels) = drawn(4000, 2, 3, odds);
        let found = Dirichlet::where_it_helps(&p, &labels, 2).unwrap();
        let mean: f32 = p.chunks(2).map(|row| found.apply(row)[1]).sum::<f32>() / 4000.0;
        let share = labels.iter().filter(|&&label| label == 1).count() as f32 / 4000.0;
        assert!((mean - share).abs() < 0.01, "{mean} {share}");
        assert!(found.biases[1] < found.biases[0] && found.fits(2) && !found.fits(3));
    }

    #[test]
    fn what_was_done_is_undone() {
        let bent = Dirichlet { weights: vec![0.5, 1.7, 1.1], biases: vec![1.5, -2.0, 0.3] };
        for p in [[0.2, 0.3, 0.5], [0.999, 0.0005, 0.0005], [0.001, 0.001, 0.998], [1e-6, 1.0 - 2e-6, 1e-6]] {
            let again = bent.undo(&bent.apply(&p));
            assert!(again.iter().zip(p).all(|(a, b)| (a - b).abs() < 2e-5 * b + 1e-7), "{p:?} {again:?}");
        }
    }

    #[test]
    fn slopes_are_those_of_the_surprise() {
        let (p, labels) = drawn(50, 3, 4, <[f32]>::to_vec);
        let logarithms = logarithms(&p);
        let rows = Rows { logarithms: &logarithms, labels: &labels, classes: 3, doubt: 0.02 };
        let some: Vec<usize> = (0..50).collect();
        let at = Dirichlet { weights: vec![0.7, 1.2, 1.0], biases: vec![0.1, -0.4, 0.2] };
        let (slopes, curvature) = at.slopes(&rows, &some);
        let moved = |i: usize, by: f64| {
            let mut other = at.clone();
            if i < 3 {
                other.weights[i] += by
            } else {
                other.biases[i - 3] += by
            }
            other
        };
        for i in 0..6 {
            let (after, before) = (moved(i, 1e-5), moved(i, -1e-5));
            let slope = (after.surprise(&rows, &some) - before.surprise(&rows, &some)) / 2e-5;
            assert!((slope - slopes[i]).abs() < 1e-5, "{i}");
            let (after, before) = (after.slopes(&rows, &some).0, before.slopes(&rows, &some).0);
            for j in 0..=i {
                assert!(((after[j] - before[j]) / 2e-5 - curvature[i * 6 + j]).abs() < 1e-4, "{i} {j}");
            }
        }
    }
}
