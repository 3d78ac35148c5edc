//! The Fréchet distance of two sets of vectors (Dowson & Landau 1982; Heusel et al., arXiv 1706.08500): how far what a network makes lies from what
//! people made, by the means and covariances of what another network sees in both.

/// |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁ Σ₂)^½), with the (unbiased) covariances Σ; `None` of fewer than two vectors on a side, or of vectors of
/// different lengths.
///
/// The more vectors, the smaller it comes out: only distances of as many can be compared.
pub fn frechet_distance<V: AsRef<[f32]>>(a: &[V], b: &[V]) -> Option<f64> {
    let width = a.first()?.as_ref().len();
    let fit = |v: &V| v.as_ref().len() == width;
    if a.len() < 2 || b.len() < 2 || width == 0 || !a.iter().chain(b).all(fit) {
        return None;
    }
    let ([mean_a, mean_b], [of_a, of_b]) = ([mean(a, width), mean(b, width)], [a, b]);
    let (a, b) = (Square::covariance(of_a, &mean_a), Square::covariance(of_b, &mean_b));
    let apart: f64 = mean_a.iter().zip(&mean_b).map(|(x, y)| (x - y).powi(2)).sum();
    // Σ₁ Σ₂ has the eigenvalues of Σ₁^½ Σ₂ Σ₁^½, which is symmetric.
    let root = a.clone().root();
    let shared: f64 = root.times(&b).times(&root).eigenvalues().into_iter().map(|x| x.max(0.0).sqrt()).sum();
    Some((apart + a.trace() + b.trace() - 2.0 * shared).max(0.0))
}

fn mean<V: AsRef<[f32]>>(vectors: &[V], width: usize) -> Vec<f64> {
    let mut sum = vec![0.0; width];
    for vector in vectors {
        sum.iter_mut().zip(vector.as_ref()).for_each(|(sum, &x)| *sum += f64::from(x));
    }
    sum.iter().map(|sum| sum / vectors.len() as f64).collect()
}

/// A square matrix, row by row.
#[derive(Clone)]
struct Square {
    side: usize,
    data: Vec<f64>,
}

impl Square {
    fn covariance<V: AsRef<[f32]>>(vectors: &[V], mean: &[f64]) -> Square {
        let side = mean.len();
        let mut data = vec![0.0; side * side];
        let mut apart = vec![0.0; side];
        for vector in vectors {
            for ((apart, &x), mean) in apart.iter_mut().zip(vector.as_ref()).zip(mean) {
                *apart = f64::from(x) - mean;
            }
            for (row, &x) in data.chunks_mut(side).zip(&apart) {
                row.iter_mut().zip(&apart).for_each(|(sum, y)| *sum += x * y);
            }
        }
        let share = 1.0 / (vectors.len() - 1) as f64;
        data.iter_mut().for_each(|x| *x *= share);
        Square { side, data }
    }

    fn trace(&self) -> f64 {
        self.data.iter().step_by(self.side + 1).sum()
    }

    fn times(&self, other: &Square) -> Square {
        let mut data = vec![0.0; self.data.len()];
        for (out, row) in data.chunks_mut(self.side).zip(self.data.chunks(self.side)) {
            for (&x, other) in row.iter().zip(other.data.chunks(self.side)) {
                out.iter_mut().zip(other).for_each(|(out, y)| *out += x * y);
            }
        }
        Square { side: self.side, data }
    }

    /// Its positive square root, if it is symmetric.
    fn root(mut self) -> Square {
        let side = self.side;
        let vectors = self.diagonalise();
        let mut data = vec![0.0; side * side];
        for (k, vector) in vectors.data.chunks(side).enumerate() {
            let root = self.data[k * side + k].max(0.0).sqrt();
            for (out, &x) in data.chunks_mut(side).zip(vector) {
                out.iter_mut().zip(vector).for_each(|(out, y)| *out += root * x * y);
            }
        }
        Square { side, data }
    }

    /// Its eigenvalues, if it is symmetric.
    fn eigenvalues(mut self) -> Vec<f64> {
        self.diagonalise();
        self.data.iter().step_by(self.side + 1).copied().collect()
    }

    /// Turns a symmetric matrix, pair of rows by pair of rows, until nothing is left beside the diagonal (Jacobi 1846; Golub & Van Loan, "Matrix
    /// computations", 8.5); gives its eigenvectors as rows.
    fn diagonalise(&mut self) -> Square {
        let side = self.side;
        let mut vectors = Square { side, data: vec![0.0; side * side] };
        vectors.data.iter_mut().step_by(side + 1).for_each(|x| *x = 1.0);
        let all: f64 = self.data.iter().map(|x| x * x).sum();
        for _ in 0..MOST_SWEEPS {
            let diagonal: f64 = self.data.iter().step_by(side + 1).map(|x| x * x).sum();
            if all - diagonal <= NOTHING * all {
                break;
            }
            for p in 0..side {
                for q in p + 1..side {
                    let (pp, qq, pq) =
                        (self.data[p * side + p], self.data[q * side + q], self.data[p * side + q]);
                    if pq == 0.0 {
                        continue;
                    }
                    // The smaller of the two turns that make the element 0.
                    let slope = (qq - pp) / (2.0 * pq);
                    let tan = slope.signum() / (slope.abs() + slope.hypot(1.0));
                    let cos = 1.0 / tan.hypot(1.0);
                    let turn = (cos, cos * tan);
                    turn_rows(&mut self.data, side, [p, q], turn);
                    turn_columns(&mut self.data, side, [p, q], turn);
                    turn_rows(&mut vectors.data, side, [p, q], turn);
                }
            }
        }
        vectors
    }
}

/// Sweeps over all pairs, at most; some ten are enough.
const MOST_SWEEPS: usize = 50;

/// The share of the squares beside the diagonal that is nothing.
const NOTHING: f64 = 1e-22;

fn turn_rows(data: &mut [f64], side: usize, [p, q]: [usize; 2], (cos, sin): (f64, f64)) {
    let (above, below) = data.split_at_mut(q * side);
    for (x, y) in above[p * side..(p + 1) * side].iter_mut().zip(&mut below[..side]) {
        (*x, *y) = (cos * *x - sin * *y, sin * *x + cos * *y);
    }
}

fn turn_columns(data: &mut [f64], side: usize, [p, q]: [usize; 2], (cos, sin): (f64, f64)) {
    for row in data.chunks_mut(side) {
        (row[p], row[q]) = (cos * row[p] - sin * row[q], sin * row[p] + cos * row[q]);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Numbers that look drawn, as `frechet.py` makes them.
    fn vectors(rows: usize, width: usize, from: f64) -> Vec<Vec<f32>> {
        let number = |i: usize, j: usize| (((i * width + j) as f64 + from) * 12.9898).sin() * 43758.5453;
        let mixed =
            |i: usize, j: usize| (number(i, j).fract() + 0.5 * number(i, (j + 1) % width).fract()) as f32;
        (0..rows).map(|i| (0..width).map(|j| mixed(i, j)).collect()).collect()
    }

    #[test]
    fn it_is_as_scipy_has_it() {
        // From tests/reference/frechet.py.
        for (rows, width, from, want) in REFERENCE {
            let (a, b) = (vectors(rows, width, 0.0), vectors(rows + 7, width, from));
            let found = frechet_distance(&a, &b).unwrap();
            assert!((found - want).abs() < 1e-6 * (1.0 + want), "{found}, not {want}");
            // Of eigenvalues near 0 the root makes rounding errors of 1e-16 to some of 1e-8.
            assert!((frechet_distance(&b, &a).unwrap() - found).abs() < 1e-6);
        }
    }

    const REFERENCE: [(usize, usize, f64, f64); 3] =
        [(40, 3, 5000.0, 0.0503326934), (200, 16, 10000.0, 0.1020612525), (90, 64, 100000.0, 2.7566969038)];

    #[test]
    fn nothing_is_far_from_itself_and_a_shift_is_its_square() {
        let a = vectors(50, 6, 0.0);
        assert!(frechet_distance(&a, &a).unwrap() < 1e-9);
        let moved: Vec<Vec<f32>> = a.iter().map(|v| v.iter().map(|x| x + 2.0).collect()).collect();
        assert!((frechet_distance(&a, &moved).unwrap() - 24.0).abs() < 1e-4);
        // Fewer vectors than numbers: the covariance has no inverse, and needs none.
        assert!(frechet_distance(&a[..4], &moved[..4]).unwrap() > 23.9);
    }

    #[test]
    fn what_cannot_be_compared_has_no_distance() {
        let a = vectors(5, 3, 0.0);
        assert!(frechet_distance(&a[..1], &a).is_none());
        assert!(frechet_distance::<Vec<f32>>(&[], &[]).is_none());
        assert!(frechet_distance(&a, &vectors(5, 4, 0.0)).is_none());
    }
}
