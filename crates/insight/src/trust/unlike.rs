//! How unlike an input is to what a network has learned from, by the vector from which it answers.

use super::linear::inverse_root;
use serde::{Deserialize, Serialize};

/// Longer vectors are folded to this length.
const WIDTH: usize = 256;

/// What is added to each variance, as a share of the mean one: directions in which no training row differs must not decide alone.
const RIDGE: f64 = 1e-3;

/// The least that is added, where no row differs from another at all.
const LEAST: f64 = 1e-12;

/// Distances that are kept; of more, evenly chosen ones.
const KEPT: usize = 1_000;

/// From this share of rows that are nearer on, a row counts as unlike.
pub const UNLIKE: f64 = 0.99;

/// Fewer rows say nothing about what is usual.
const FEWEST: usize = 50;

/// Normal distributions of vectors, one around the mean of each class, all of the same shape (Lee et al., arXiv 1807.03888).
#[derive(Clone, Debug, PartialEq)]
pub struct Gaussians {
    /// `[width, width]`, row by row: what makes the vectors' covariance that of independent numbers; 0 above the diagonal.
    pub whitening: Vec<f32>,
    /// `[classes, width]`, row by row: the classes' means, whitened.
    pub means: Vec<f32>,
}

/// A vector of at most 256 numbers: the numbers of a longer one are added up, each with a sign and at a place that depend on its own place
/// only, which keeps distances on average (Weinberger et al., arXiv 0902.2206).
pub fn folded(vector: &[f32]) -> Vec<f32> {
    if vector.len() <= WIDTH {
        return vector.to_vec();
    }
    let mut short = vec![0.0; WIDTH];
    for (i, x) in (0u64..).zip(vector) {
        // The output function of SplitMix64 (Steele, Lea & Flood 2014).
        let z = (i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let sign = if z >> 63 == 0 { 1.0 } else { -1.0 };
        short[(z >> 20) as usize % WIDTH] += sign * x;
    }
    short
}

impl Gaussians {
    /// From `vectors: [rows, width]` row by row, and the class of each row. Classes without a row have no mean. None if there are too few rows, or if
    /// they hold numbers that are none.
    pub fn fit(vectors: &[f32], width: usize, labels: &[usize]) -> Option<Gaussians> {
        let rows: Vec<&[f32]> = vectors.chunks_exact(width.max(1)).collect();
        if rows.len() < FEWEST || rows.len() != labels.len() || vectors.iter().any(|x| !x.is_finite()) {
            return None;
        }
        let classes = labels.iter().max().map_or(0, |most| most + 1);
        let (mut means, mut counts) = (vec![vec![0.0f64; width]; classes], vec![0usize; classes]);
        for (row, &label) in rows.iter().zip(labels) {
            means[label].iter_mut().zip(*row).for_each(|(sum, &x)| *sum += f64::from(x));
            counts[label] += 1;
        }
        for (mean, &count) in means.iter_mut().zip(&counts) {
            mean.iter_mut().for_each(|sum| *sum /= count.max(1) as f64);
        }
        let mut covariance = vec![0.0f64; width * width];
        let mut off = vec![0.0f64; width];
        for (row, &label) in rows.iter().zip(labels) {
            off.iter_mut().zip(*row).zip(&means[label]).for_each(|((o, &x), m)| *o = f64::from(x) - m);
            for i in 0..width {
                let line = &mut covariance[i * width..=i * width + i];
                line.iter_mut().zip(&off).for_each(|(sum, o)| *sum += off[i] * o);
            }
        }
        let count = rows.len() as f64;
        covariance.iter_mut().for_each(|sum| *sum /= count);
        let mean_variance = (0..width).map(|i| covariance[i * width + i]).sum::<f64>() / width.max(1) as f64;
        for i in 0..width {
            covariance[i * width + i] += (RIDGE * mean_variance).max(LEAST);
        }
        let whitening = inverse_root(covariance, width)?;
        let whitening: Vec<f32> = whitening.into_iter().map(|x| x as f32).collect();
        let known = means.iter().zip(&counts).filter(|(_, count)| **count > 0);
        let means = known.flat_map(|(mean, _)| {
            let mean: Vec<f32> = mean.iter().map(|&x| x as f32).collect();
            whitened(&whitening, &mean)
        });
        let means = means.collect();
        Some(Gaussians { means, whitening })
    }

    /// How far a vector is from the nearest class (Mahalanobis 1936), squared.
    pub fn distance(&self, vector: &[f32]) -> f64 {
        let white = whitened(&self.whitening, vector);
        let from = |mean: &[f32]| white.iter().zip(mean).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
        self.means.chunks_exact(vector.len().max(1)).map(from).fold(f64::INFINITY, f64::min)
    }
}

/// A lower triangular matrix times a vector.
fn whitened(matrix: &[f32], vector: &[f32]) -> Vec<f32> {
    let width = vector.len().max(1);
    matrix.chunks_exact(width).enumerate().map(|(i, line)| product(&line[..=i], vector)).collect()
}

/// The sum of products, in eight sums beside each other, which one vector instruction takes together.
fn product(a: &[f32], b: &[f32]) -> f32 {
    let b = &b[..a.len().min(b.len())];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0f32; 8];
    for (a, b) in a.iter().zip(b) {
        for i in 0..8 {
            sums[i] += a[i] * b[i];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

/// Distances of rows that were not learned from: what is usual.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Usual(Vec<f64>);

impl Usual {
    /// From the distances of rows that were not learned from; none if they are too few.
    pub fn new(mut distances: Vec<f64>) -> Option<Usual> {
        distances.retain(|distance| distance.is_finite());
        distances.sort_unstable_by(f64::total_cmp);
        let n = distances.len();
        if n < FEWEST {
            return None;
        }
        if n > KEPT {
            distances = (0..KEPT).map(|i| distances[(i + 1) * n / KEPT - 1]).collect();
        }
        Some(Usual(distances))
    }

    /// How many of so many rows count as unlike by chance, at most: three deviations above the mean, since both they and the rows that say what is usual
    /// were drawn.
    pub fn most_by_chance(&self, rows: usize) -> f64 {
        let (usual, rows) = (self.0.len().max(1) as f64, rows as f64);
        let mean = (1.0 - UNLIKE) * rows;
        mean + 3.0 * (mean * (1.0 + rows / usual)).sqrt()
    }

    /// The share of rows that are nearer than this, from 0 to 1; from [`UNLIKE`] on, a row counts as unlike.
    pub fn share_nearer(&self, distance: f64) -> f64 {
        self.0.partition_point(|&usual| usual < distance) as f64 / self.0.len().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use pellucid_tensor::Stream;

    /// Two classes around (±3, 0); the second number is ten times the noise of the first.
    fn rows(n: usize, seed: u64) -> (Vec<f32>, Vec<usize>) {
        let mut random = Stream::new(seed, "vectors", 0);
        let row = |i: usize| {
            let class = i % 2;
            ([random.normal() * 0.1 + [-3.0, 3.0][class], random.normal()], class)
        };
        let (vectors, labels): (Vec<[f32; 2]>, Vec<usize>) = (0..n).map(row).unzip();
        (vectors.concat(), labels)
    }

    #[test]
    fn distances_count_deviations_from_the_nearest_class() {
        let (vectors, labels) = rows(4_000, 1);
        let all = Gaussians::fit(&vectors, 2, &labels).unwrap();
        for (vector, expected) in
            [([3.0, 0.0], 0.0f64), ([3.2, 0.0], 4.0), ([-3.0, 2.0], 4.0), ([0.0, 0.0], 900.0)]
        {
            let found = all.distance(&vector);
            assert!((found - expected).abs() < 0.12 * expected + 0.01, "{found} for {expected}");
        }
    }

    #[test]
    fn one_in_a_hundred_usual_rows_counts_as_unlike_and_far_ones_do() {
        let (vectors, labels) = rows(4_000, 1);
        let all = Gaussians::fit(&vectors, 2, &labels).unwrap();
        let distances = |seed| rows(2_000, seed).0.chunks(2).map(|v| all.distance(v)).collect::<Vec<_>>();
        let usual = Usual::new(distances(2)).unwrap();
        let unlike = distances(3).iter().filter(|d| usual.share_nearer(**d) >= UNLIKE).count();
        assert!(
            (8..36).contains(&unlike) && (unlike as f64) < usual.most_by_chance(2_000),
            "{unlike} of 2000"
        );
        assert!(usual.most_by_chance(1) < 1.0 && usual.most_by_chance(2_000) < 60.0);
        assert_eq!(usual.share_nearer(all.distance(&[0.0, 0.0])), 1.0);
        assert_eq!(usual.share_nearer(0.0), 0.0);
    }

    #[test]
    fn what_never_differs_and_what_is_too_little_do_no_harm() {
        let vectors: Vec<f32> = (0..100).flat_map(|i| [i as f32, 7.0, 0.0]).collect();
        let flat = Gaussians::fit(&vectors, 3, &[0; 100]).unwrap();
        assert!(flat.distance(&[50.0, 7.0, 0.0]) < 0.1 && flat.distance(&[50.0, 9.0, 0.0]) > 1.0);
        assert!(Gaussians::fit(&vectors[..30], 3, &[0; 10]).is_none());
        assert!(Gaussians::fit(&vec![f32::NAN; 300], 3, &[0; 100]).is_none());
        assert!(Usual::new(vec![1.0; 49]).is_none());
        assert!(Gaussians::fit(&vec![0.0; 300], 3, &[0; 100]).is_some_and(|g| g.distance(&[0.0; 3]) == 0.0));
    }

    #[test]
    fn folding_keeps_distances_on_average() {
        let mut random = Stream::new(5, "long", 0);
        let long: Vec<f32> = (0..3_000).map(|_| random.normal()).collect();
        let short = folded(&long);
        let length = |v: &[f32]| v.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
        assert_eq!((short.len(), folded(&long[..7]).len()), (WIDTH, 7));
        assert!((length(&short) / length(&long) - 1.0).abs() < 0.25);
    }
}
