//! Ridge regression (Hoerl & Kennard 1970) judged on blocks of rows that it has not seen.

/// The penalty, as a share of the features' mean square.
const PENALTY: f64 = 0.1;

/// What least squares needs to know of some rows x (with a last feature that is always 1) and their numbers y.
#[derive(Clone)]
pub(super) struct Moments {
    /// Σ x xᵀ, `[features, features]`.
    gram: Vec<f64>,
    /// Σ x y.
    cross: Vec<f64>,
    /// Σ y².
    square: f64,
}

impl Moments {
    fn zero(features: usize) -> Moments {
        Moments { gram: vec![0.0; features * features], cross: vec![0.0; features], square: 0.0 }
    }

    fn features(&self) -> usize {
        self.cross.len()
    }

    fn add_row(&mut self, x: &[f64], y: f64) {
        for ((row, cross), &xi) in self.gram.chunks_mut(x.len()).zip(&mut self.cross).zip(x) {
            row.iter_mut().zip(x).for_each(|(g, &xj)| *g += xi * xj);
            *cross += xi * y;
        }
        self.square += y * y;
    }

    fn add(&mut self, other: &Moments) {
        self.gram.iter_mut().zip(&other.gram).for_each(|(a, b)| *a += b);
        self.cross.iter_mut().zip(&other.cross).for_each(|(a, b)| *a += b);
        self.square += other.square;
    }

    /// The moments of y − `mean`.
    fn shifted(&self, mean: f64) -> Moments {
        let last = self.features() - 1;
        let sums = &self.gram[last * self.features()..];
        let cross = self.cross.iter().zip(sums).map(|(c, s)| c - mean * s).collect();
        let square = self.square - 2.0 * mean * self.cross[last] + mean * mean * sums[last];
        Moments { gram: self.gram.clone(), cross, square }
    }

    /// Adds every row once more with feature i taking the place of feature `partner[i]`, and `sign` before its number.
    pub(super) fn add_permuted(&mut self, partner: &[usize], sign: f64) {
        let n = self.features();
        let at = |i: usize| partner.get(i).copied().unwrap_or(i);
        let before = self.clone();
        for i in 0..n {
            for j in 0..n {
                self.gram[i * n + j] += before.gram[at(i) * n + at(j)];
            }
            self.cross[i] += sign * before.cross[at(i)];
        }
        self.square += before.square;
    }

    /// The weights that minimise Σ (y − wᵀx)² + λ‖w‖², by Cholesky's decomposition.
    fn weights(&self) -> Vec<f64> {
        let n = self.features();
        let trace: f64 = (0..n).map(|i| self.gram[i * n + i]).sum();
        let penalty = PENALTY * trace / n as f64;
        let mut l = self.gram.clone();
        for i in 0..n {
            l[i * n + i] += penalty;
            for j in 0..=i {
                let (before, row) = l.split_at(i * n);
                let other = if j < i { &before[j * n..j * n + j] } else { &row[..j] };
                let rest = row[j] - row[..j].iter().zip(other).map(|(a, b)| a * b).sum::<f64>();
                let value = if j < i { rest / before[j * n + j] } else { rest.max(f64::MIN_POSITIVE).sqrt() };
                l[i * n + j] = value;
            }
        }
        let mut w = self.cross.clone();
        for i in 0..n {
            let known: f64 = (0..i).map(|j| l[i * n + j] * w[j]).sum();
            w[i] = (w[i] - known) / l[i * n + i];
        }
        for i in (0..n).rev() {
            let known: f64 = (i + 1..n).map(|j| l[j * n + i] * w[j]).sum();
            w[i] = (w[i] - known) / l[i * n + i];
        }
        w
    }

    /// Σ (y − wᵀx)².
    fn error(&self, w: &[f64]) -> f64 {
        let rows = self.gram.chunks(self.features());
        let quadratic: f64 = rows.zip(w).map(|(row, wi)| wi * dot(row, w)).sum();
        self.square - 2.0 * dot(&self.cross, w) + quadratic
    }
}

/// A question to linear models: rows in blocks of neighbours.
pub(super) struct Ridge {
    blocks: Vec<Moments>,
}

impl Ridge {
    /// `rows` of equal length and their `numbers`, in `blocks` of rows that follow each other.
    pub(super) fn new(rows: &[Vec<f32>], numbers: &[f64], blocks: usize) -> Ridge {
        let features = rows.first().map_or(0, Vec::len) + 1;
        let mut moments = vec![Moments::zero(features); blocks];
        for (i, (row, &y)) in rows.iter().zip(numbers).enumerate() {
            let x: Vec<f64> = row.iter().map(|&x| f64::from(x)).chain([1.0]).collect();
            moments[i * blocks / rows.len()].add_row(&x, y);
        }
        Ridge { blocks: moments }
    }

    /// The share of the numbers' variance that is explained in each block by a model of the other blocks, once
    /// `extend` has added to what it learns from. Models see the numbers less `mean`.
    pub(super) fn explained(&self, mean: f64, extend: impl Fn(&mut Moments)) -> f64 {
        let blocks: Vec<Moments> = self.blocks.iter().map(|b| b.shifted(mean)).collect();
        let features = blocks.first().map_or(1, Moments::features);
        let (mut error, mut all) = (0.0, Moments::zero(features));
        for (k, unseen) in blocks.iter().enumerate() {
            let mut seen = Moments::zero(features);
            blocks.iter().enumerate().filter(|(other, _)| *other != k).for_each(|(_, b)| seen.add(b));
            extend(&mut seen);
            error += unseen.error(&seen.weights());
            all.add(unseen);
        }
        let last = features - 1;
        let count = all.gram[last * features + last].max(1.0);
        let spread = all.square - all.cross[last] * all.cross[last] / count;
        if spread > 0.0 { 1.0 - error / spread } else { 0.0 }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pellucid_tensor::Stream;

    /// 400 rows of three features, of which the first two are partners.
    fn rows() -> Vec<Vec<f32>> {
        let mut random = Stream::new(3, "rows", 0);
        (0..400).map(|_| (0..3).map(|_| random.normal()).collect()).collect()
    }

    fn number(row: &[f32], weights: [f32; 3]) -> f64 {
        f64::from(row.iter().zip(weights).map(|(x, w)| x * w).sum::<f32>())
    }

    #[test]
    fn weights_are_those_of_the_normal_equations() {
        let rows = rows();
        let numbers: Vec<f64> = rows.iter().map(|r| number(r, [1.0, -2.0, 0.5]) + 3.0).collect();
        let m = &Ridge::new(&rows, &numbers, 1).blocks[0];
        let (n, w) = (m.features(), m.weights());
        let penalty = PENALTY * (0..n).map(|i| m.gram[i * n + i]).sum::<f64>() / n as f64;
        for i in 0..n {
            let left = dot(&m.gram[i * n..(i + 1) * n], &w) + penalty * w[i];
            assert!((left - m.cross[i]).abs() < 1e-9 * m.cross[i].abs().max(1.0));
        }
        let naive: f64 = rows.iter().zip(&numbers).map(|(r, y)| (y - w[3] - w64(r, &w)).powi(2)).sum();
        assert!((m.error(&w) - naive).abs() < 1e-9 * naive.max(1.0));
    }

    fn w64(row: &[f32], w: &[f64]) -> f64 {
        row.iter().zip(w).map(|(&x, w)| f64::from(x) * w).sum()
    }

    #[test]
    fn a_linear_number_is_explained_and_noise_is_not() {
        let rows = rows();
        let linear: Vec<f64> = rows.iter().map(|r| number(r, [1.0, -2.0, 0.5]) + 1e6).collect();
        assert!(Ridge::new(&rows, &linear, 8).explained(1e6, |_| {}) > 0.95);
        let mut random = Stream::new(4, "noise", 0);
        let noise: Vec<f64> = rows.iter().map(|_| f64::from(random.normal())).collect();
        assert!(Ridge::new(&rows, &noise, 8).explained(0.0, |_| {}) < 0.05);
    }

    #[test]
    fn partners_that_turn_the_sign_help_only_then() {
        let rows = rows();
        let turning: Vec<f64> = rows.iter().map(|r| number(r, [1.0, -1.0, 0.0])).collect();
        let ridge = Ridge::new(&rows, &turning, 8);
        let with = |sign: f64| ridge.explained(0.0, |m| m.add_permuted(&[1, 0, 2], sign));
        assert!(with(-1.0) > 0.95 && with(1.0) < 0.05);
    }
}
