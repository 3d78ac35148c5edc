//! How far off an answered number is likely to be, row by row.

use serde::{Deserialize, Serialize};

use super::linear::solve;

/// Fewer rows say nothing of how errors differ.
const FEWEST: usize = 100;

/// How strongly weights are pulled towards zero, as multiples of the number of rows: the one is taken that foresees best what it has not seen.
const PULLS: [f64; 5] = [0.01, 0.1, 1.0, 10.0, 1e9];

/// Parts of the rows, each of which is foreseen from the others.
const FOLDS: usize = 4;

/// Errors count as at least this share of the usual one: the logarithm of nothing would outweigh all others.
const LEAST: f64 = 0.01;

/// No row is foreseen to be off by more, or less, than the usual error times this.
const MOST: f64 = 30.0;

/// How far off answers are likely to be, by what a network sees of a row: ridge regression of the errors' logarithm. Intervals that reach so many times as far
/// hold the truth as often where it is hard as where it is easy (locally weighted conformal prediction; Lei et al., arXiv 1604.04173).
///
/// Quantile regression (CQR; Romano et al., arXiv 1905.03222) would serve as well, but it learns one share of cases; this serves any that is asked for later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Width {
    /// The mean of each number of a vector, and by how much the logarithm grows with it.
    means: Vec<f32>,
    weights: Vec<f32>,
    /// The logarithm of the usual error.
    usual: f64,
}

impl Width {
    /// From `vectors`, all of one length, and how far off the answer to each was. None with too few rows, and where nothing is ever off.
    pub fn fit(vectors: &[&[f32]], errors: &[f64]) -> Option<Width> {
        let width = vectors.first().map_or(0, |vector| vector.len());
        let mut sorted: Vec<f64> = errors.iter().map(|e| e.abs()).collect();
        sorted.sort_by(f64::total_cmp);
        let median = sorted.get(sorted.len() / 2).copied()?;
        let fits = |vector: &&[f32]| vector.len() == width && vector.iter().all(|x| x.is_finite());
        let usable = vectors.iter().all(fits) && sorted.iter().all(|e| e.is_finite());
        if vectors.len() < FEWEST || vectors.len() != errors.len() || !usable || median <= 0.0 {
            return None;
        }
        let logs: Vec<f64> = errors.iter().map(|e| e.abs().max(LEAST * median).ln()).collect();
        let all: Vec<usize> = (0..logs.len()).collect();
        let missed = |pull: f64| -> Option<f64> {
            let mut sum = 0.0;
            for fold in 0..FOLDS {
                let (held, own): (Vec<usize>, Vec<usize>) = all.iter().partition(|&&i| i % FOLDS == fold);
                let found = Width::ridge(vectors, &logs, &own, pull)?;
                sum += held.iter().map(|&i| (found.log_at(vectors[i]) - logs[i]).powi(2)).sum::<f64>();
            }
            Some(sum)
        };
        let best = PULLS
            .into_iter()
            .filter_map(|pull| Some((pull, missed(pull)?)))
            .min_by(|a, b| a.1.total_cmp(&b.1))?;
        Width::ridge(vectors, &logs, &all, best.0)
    }

    /// Ridge regression on some rows. None if the numbers are too large to be solved for.
    fn ridge(vectors: &[&[f32]], logs: &[f64], rows: &[usize], pull: f64) -> Option<Width> {
        let (n, width) = (rows.len().max(1) as f64, vectors.first()?.len());
        let usual = rows.iter().map(|&i| logs[i]).sum::<f64>() / n;
        let means: Vec<f64> =
            (0..width).map(|j| rows.iter().map(|&i| f64::from(vectors[i][j])).sum::<f64>() / n).collect();
        let (mut products, mut sums) = (vec![0.0; width * width], vec![0.0; width]);
        let mut off = vec![0.0; width];
        for &i in rows {
            off.iter_mut()
                .zip(vectors[i])
                .zip(&means)
                .for_each(|((off, &x), mean)| *off = f64::from(x) - mean);
            for j in 0..width {
                sums[j] += off[j] * (logs[i] - usual);
                let line = &mut products[j * width..=j * width + j];
                line.iter_mut().zip(&off).for_each(|(sum, x)| *sum += off[j] * x);
            }
        }
        // What is pulled is how far each number reaches in the rows, whatever its unit.
        let mean_square = (0..width).map(|j| products[j * width + j]).sum::<f64>() / width.max(1) as f64;
        for j in 0..width {
            products[j * width + j] += (pull * mean_square).max(f64::MIN_POSITIVE.sqrt());
        }
        let weights: Vec<f32> = solve(products, &sums)?.into_iter().map(|w| w as f32).collect();
        let means = means.into_iter().map(|mean| mean as f32).collect();
        weights.iter().all(|w| w.is_finite()).then_some(Width { means, weights, usual })
    }

    /// The length of the vectors that it knows.
    pub fn length(&self) -> usize {
        self.weights.len()
    }

    /// How far off the answer to a row is likely to be, in the unit of the errors; above 0.
    pub fn at(&self, vector: &[f32]) -> f64 {
        self.log_at(vector).exp()
    }

    fn log_at(&self, vector: &[f32]) -> f64 {
        let pairs = self.weights.iter().zip(vector.iter().zip(&self.means));
        let more: f64 = pairs.map(|(w, (x, mean))| f64::from(w * (x - mean))).sum();
        self.usual + if more.is_finite() { more.clamp(-MOST.ln(), MOST.ln()) } else { MOST.ln() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::Conformal;
    use pellucid_tensor::Stream;

    /// Vectors of eight numbers, and errors that are five times as large where the first is large.
    fn rows(n: usize, seed: u64, differ: bool) -> (Vec<Vec<f32>>, Vec<f64>) {
        let mut random = Stream::new(seed, "rows", 0);
        (0..n)
            .map(|_| {
                let vector: Vec<f32> = (0..8).map(|_| random.normal()).collect();
                let hard = if differ { f64::from(vector[0]).exp() } else { 1.0 };
                (vector, hard * f64::from(random.normal()))
            })
            .unzip()
    }

    fn views(vectors: &[Vec<f32>]) -> Vec<&[f32]> {
        vectors.iter().map(Vec::as_slice).collect()
    }

    #[test]
    fn what_makes_answers_uncertain_is_found() {
        let (vectors, errors) = rows(2000, 1, true);
        let found = Width::fit(&views(&vectors), &errors).unwrap();
        assert!((found.weights[0] - 1.0).abs() < 0.1, "{:?}", found.weights);
        assert!(found.weights[1..].iter().all(|w| w.abs() < 0.1), "{:?}", found.weights);
        let ratio = found.at(&[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]) / found.at(&[0.0; 8]);
        assert!((ratio - 1f64.exp()).abs() < 0.35, "{ratio}");
        let json = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<Width>(&json).unwrap(), found);
    }

    #[test]
    fn without_a_reason_all_are_alike() {
        let (vectors, errors) = rows(400, 2, false);
        let found = Width::fit(&views(&vectors), &errors).unwrap();
        let widths: Vec<f64> = vectors.iter().map(|v| found.at(v)).collect();
        let (least, most) = widths.iter().fold((f64::MAX, 0f64), |(a, b), &w| (a.min(w), b.max(w)));
        assert!(most / least < 2.0, "{least} {most}");
    }

    /// With plain intervals the hard half of the rows is held too seldom and the easy half too often; weighted ones hold both.
    #[test]
    fn intervals_hold_the_truth_in_easy_and_in_hard_rows() {
        let (vectors, errors) = rows(4000, 3, true);
        let found = Width::fit(&views(&vectors[..1000]), &errors[..1000]).unwrap();
        let known = 1000..2000;
        let plain = Conformal::new(errors[known.clone()].iter().map(|e| e.abs()).collect());
        let weighted = Conformal::new(known.map(|i| errors[i].abs() / found.at(&vectors[i])).collect());
        let held = |hard: bool, weigh: bool| {
            let new: Vec<usize> = (2000..4000).filter(|&i| (vectors[i][0] > 0.0) == hard).collect();
            let inside = |&&i: &&usize| match weigh {
                true => errors[i].abs() <= weighted.reach(0.9).unwrap() * found.at(&vectors[i]),
                false => errors[i].abs() <= plain.reach(0.9).unwrap(),
            };
            new.iter().filter(inside).count() as f64 / new.len() as f64
        };
        assert!(
            held(true, false) < 0.85 && held(false, false) > 0.95,
            "{} {}",
            held(true, false),
            held(false, false)
        );
        for hard in [true, false] {
            assert!((held(hard, true) - 0.9).abs() < 0.035, "{}", held(hard, true));
        }
    }

    #[test]
    fn few_rows_and_odd_numbers_say_nothing() {
        let (vectors, errors) = rows(99, 4, true);
        assert!(Width::fit(&views(&vectors), &errors).is_none());
        let (mut vectors, errors) = rows(200, 4, true);
        assert!(Width::fit(&views(&vectors), &vec![0.0; 200]).is_none());
        // Numbers that are always the same, and a row like no other, are no failure.
        vectors.iter_mut().for_each(|v| v[3] = 7.0);
        let found = Width::fit(&views(&vectors), &errors).unwrap();
        assert!(found.at(&[f32::MAX; 8]).is_finite() && found.at(&[f32::MIN; 8]) > 0.0);
        vectors[0][0] = f32::NAN;
        assert!(Width::fit(&views(&vectors), &errors).is_none());
    }
}
