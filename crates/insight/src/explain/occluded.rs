//! What is lost if a part is left out.

use super::{Attribution, Parts, means, without};

/// By how much the answer falls if each part alone is left out (Zeiler & Fergus, arXiv 1311.2901), on average over `backgrounds` of the
/// backgrounds. Cheap and plain; but of two parts that say the same, neither is missed.
///
/// # Errors
/// Those of the answers.
pub fn occlusion<P: Parts + ?Sized>(parts: &P, backgrounds: usize) -> Result<Attribution, P::Error> {
    let (n, backgrounds) = (parts.count(), backgrounds.clamp(1, parts.backgrounds().max(1)));
    let mut sets: Vec<Vec<bool>> =
        (0..n).map(|left_out| without(n, 0, |part| part == left_out).there).collect();
    sets.extend([vec![false; n], vec![true; n]]);
    let answers = means(parts, &sets, backgrounds)?;
    let (nothing, everything) = (answers[n], answers[n + 1]);
    let values = answers[..n].iter().map(|left| everything - left).collect();
    Ok(Attribution { values, errors: None, nothing, everything })
}

#[cfg(test)]
mod tests {
    use super::super::made::Function;
    use super::*;

    #[test]
    fn each_part_is_worth_what_is_lost_without_it() {
        let f = |x: &[f64]| 2.0 * x[0] + x[1] * x[2];
        let parts =
            Function { x: vec![1.0, 2.0, 3.0], backgrounds: vec![vec![0.0; 3], vec![1.0, 1.0, 1.0]], f };
        let Ok(one) = occlusion(&parts, 1);
        assert_eq!((one.values, one.nothing, one.everything), (vec![2.0, 6.0, 6.0], 0.0, 8.0));
        let Ok(both) = occlusion(&parts, 9);
        assert_eq!((both.values, both.nothing), (vec![1.0, 4.5, 5.0], 1.5));
    }
}
