//! Equations of symmetric matrices (Golub & Van Loan, "Matrix Computations", 4.2).

/// The inverse of the lower triangular root (Cholesky's) of a symmetric matrix, of which the lower triangle is given. None if it has no root.
pub(super) fn inverse_root(mut a: Vec<f64>, width: usize) -> Option<Vec<f64>> {
    for i in 0..width {
        for j in 0..=i {
            let (before, line) = a.split_at(i * width);
            let other = if i == j { &line[..j] } else { &before[j * width..j * width + j] };
            let sum: f64 = line[..j].iter().zip(other).map(|(x, y)| x * y).sum();
            let rest = line[j] - sum;
            a[i * width + j] = match i == j {
                true if rest > 0.0 => rest.sqrt(),
                true => return None,
                false => rest / a[j * width + j],
            };
        }
    }
    // Column by column, L · X = 1.
    let mut inverse = vec![0.0; width * width];
    for j in 0..width {
        inverse[j * width + j] = 1.0 / a[j * width + j];
        for i in j + 1..width {
            let sum: f64 = (j..i).map(|k| a[i * width + k] * inverse[k * width + j]).sum();
            inverse[i * width + j] = -sum / a[i * width + i];
        }
    }
    Some(inverse)
}

/// What a symmetric matrix, of which the lower triangle is given, multiplies to get `b`. None if it is not positive definite.
pub(super) fn solve(a: Vec<f64>, b: &[f64]) -> Option<Vec<f64>> {
    let n = b.len();
    let inverse = inverse_root(a, n)?;
    let half: Vec<f64> = (0..n).map(|i| (0..=i).map(|k| inverse[i * n + k] * b[k]).sum()).collect();
    Some((0..n).map(|j| (j..n).map(|i| inverse[i * n + j] * half[i]).sum()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_multiplied_is_found_again() {
        let a = [4.0, 2.0, 0.6, 2.0, 5.0, 1.5, 0.6, 1.5, 3.8];
        let x = [0.5, -1.0, 2.0];
        let b: Vec<f64> = a.chunks(3).map(|line| line.iter().zip(x).map(|(a, x)| a * x).sum()).collect();
        let found = solve(a.to_vec(), &b).unwrap();
        assert!(found.iter().zip(x).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
        assert!(solve(vec![1.0, 2.0, 2.0, 1.0], &[1.0, 1.0]).is_none(), "not positive definite");
    }
}
