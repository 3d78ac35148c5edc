//! Learning from few texts: those of one class are drawn together.

use pellucid_grad::{Var, ops};
use pellucid_tensor::{Error, Result, Tensor};

/// Added to squared lengths, so that a vector of zeros has a direction as well.
const TINY: f64 = 1e-12;

/// How far vectors are from what their classes ask for: over all pairs of rows that differ and whose class is known, the mean of
/// (cosine − 1)² where both are of one class, and of cosine² where they are not (as in SetFit: Tunstall et al., arXiv 2209.11055).
///
/// vectors: `[n, width]`; classes: `[n]` (`u32`); known: `[n]`, 1 where the class is known, 0 elsewhere. Without any such pair it is 0.
///
/// # Errors
/// Other shapes, and no memory.
pub(super) fn apart(vectors: &Var, classes: &Tensor, known: &Tensor) -> Result<Var> {
    let (classes, known) = (classes.data::<u32>()?, known.data::<f32>()?);
    let n = classes.len();
    if vectors.shape().len() != 2 || vectors.shape()[0] != n || known.len() != n {
        let why = format!("vectors are {}, classes {n}, known {}", vectors.shape(), known.len());
        return Err(Error::shape("alike", why));
    }
    let (mut wanted, mut counted) = (Vec::with_capacity(n * n), Vec::with_capacity(n * n));
    for i in 0..n {
        for j in 0..n {
            wanted.push(f32::from(u8::from(classes[i] == classes[j])));
            counted.push(if i == j { 0.0 } else { known[i] * known[j] });
        }
    }
    let pairs = counted.iter().sum::<f32>().max(1.0);
    let constant = |numbers: &[f32]| Ok::<_, Error>(vectors.tape().constant(&Tensor::new(numbers, &[n, n])?));
    let squares = ops::sum_axis(&ops::mul(vectors, vectors)?, 1, true)?;
    let directions = ops::div(vectors, &ops::sqrt(&ops::shift(&squares, TINY)?)?)?;
    let off = ops::sub(&ops::matmul_t(&directions, &directions)?, &constant(&wanted)?)?;
    let off = ops::mul(&ops::mul(&off, &off)?, &constant(&counted)?)?;
    ops::scale(&ops::sum(&off)?, 1.0 / f64::from(pairs))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use pellucid_nn::Pass;

    fn of(vectors: &[f32], classes: &[u32], known: &[f32]) -> f64 {
        let (n, pass) = (classes.len(), Pass::inference());
        let vectors = Tensor::new(vectors, &[n, vectors.len() / n]).unwrap();
        let [classes, known] = [Tensor::new(classes, &[n]).unwrap(), Tensor::new(known, &[n]).unwrap()];
        apart(&pass.input(&vectors), &classes, &known).unwrap().value().item().unwrap()
    }

    #[test]
    fn pairs_are_judged_by_their_angle_and_their_classes() {
        // Cosines: 0.6 between the first two, 0 and 0.8 to the third.
        let vectors = [2.0, 0.0, 3.0, 4.0, 0.0, 0.5];
        let want = (0.4f64.powi(2) + 0.0 + 0.8f64.powi(2)) / 3.0;
        assert!((of(&vectors, &[7, 7, 1], &[1.0; 3]) - want).abs() < 1e-6);
        assert!((of(&vectors, &[7, 7, 1], &[1.0, 1.0, 0.0]) - 0.16).abs() < 1e-6, "one is not known");
        assert_eq!(of(&[1.0, 2.0], &[0], &[1.0]), 0.0, "no pair");
        assert!(of(&[0.0; 4], &[0, 0], &[1.0; 2]).is_finite());
    }
}
