//! What each part adds, on average over all orders in which parts can be put in.

use super::{Attribution, Case, Parts, shuffled};
use pellucid_tensor::Stream;

/// How Shapley values are worked out.
#[derive(Clone, Copy, Debug)]
pub struct Samples {
    /// Pairs of orders that are drawn, each an order and its reverse.
    pub pairs: usize,
    /// Answers that may be asked for instead to go through all sets of parts.
    pub exact: usize,
    /// Where the orders come from.
    pub seed: u64,
}

/// Shapley values (Shapley 1953; Lundberg & Lee, arXiv 1705.07874, with missing parts taken from backgrounds): the only shares that add up to
/// what all parts together change, give equal parts the same and idle ones nothing. All sets of parts are gone through where that takes at most
/// `how.exact` answers; otherwise orders are drawn (Castro et al. 2009), each with its reverse (Mitchell et al., arXiv 2104.12199) and the next
/// background, and each value comes with its standard error.
///
/// # Errors
/// Those of the answers.
pub fn shapley<P: Parts + ?Sized>(parts: &P, how: Samples) -> Result<Attribution, P::Error> {
    let (n, backgrounds) = (parts.count(), parts.backgrounds().max(1));
    let sets = u32::try_from(n).ok().and_then(|n| 1usize.checked_shl(n)).unwrap_or(usize::MAX);
    match sets.checked_mul(backgrounds) {
        Some(answers) if answers <= how.exact => exact(parts, n, backgrounds),
        _ => sampled(parts, n, backgrounds, how),
    }
}

/// Through all sets: a part's value is the mean of what it adds to sets of each size, over all sizes.
fn exact<P: Parts + ?Sized>(parts: &P, n: usize, backgrounds: usize) -> Result<Attribution, P::Error> {
    let sets: Vec<Vec<bool>> =
        (0..1usize << n).map(|set| (0..n).map(|part| set >> part & 1 == 1).collect()).collect();
    let answers = super::means(parts, &sets, backgrounds)?;
    // |S|! (n − |S| − 1)! / n! for each size of S.
    let mut weights = vec![1.0 / n.max(1) as f64; n];
    for size in 1..n {
        weights[size] = weights[size - 1] * size as f64 / (n - size) as f64;
    }
    let value = |part: usize| {
        let without = (0..answers.len()).filter(|set| set >> part & 1 == 0);
        without
            .map(|set| weights[set.count_ones() as usize] * (answers[set | 1 << part] - answers[set]))
            .sum()
    };
    Ok(Attribution {
        values: (0..n).map(value).collect(),
        errors: None,
        nothing: answers[0],
        everything: answers[answers.len() - 1],
    })
}

fn sampled<P: Parts + ?Sized>(
    parts: &P,
    n: usize,
    backgrounds: usize,
    how: Samples,
) -> Result<Attribution, P::Error> {
    let mut random = Stream::new(how.seed, "orders", 0);
    // Of each pair's mean.
    let (mut sums, mut squares) = (vec![0.0; n], vec![0.0; n]);
    let (mut nothing, mut everything) = (0.0, 0.0);
    let pairs = how.pairs.max(1);
    for pair in 0..pairs {
        let order = shuffled(n, &mut random);
        let reverse: Vec<usize> = order.iter().rev().copied().collect();
        let mut added = vec![0.0; n];
        for order in [&order, &reverse] {
            let mut case = Case { there: vec![false; n], background: pair % backgrounds };
            let mut cases = vec![case.clone()];
            for &part in order {
                case.there[part] = true;
                cases.push(case.clone());
            }
            let answers = parts.answers(&cases)?;
            for (&part, two) in order.iter().zip(answers.windows(2)) {
                added[part] += (two[1] - two[0]) / 2.0;
            }
            nothing += answers[0] / (2 * pairs) as f64;
            everything += answers[n] / (2 * pairs) as f64;
        }
        for (part, x) in added.into_iter().enumerate() {
            sums[part] += x;
            squares[part] += x * x;
        }
    }
    let count = pairs as f64;
    let error = |(sum, square): (&f64, &f64)| {
        let variance = (square - sum * sum / count).max(0.0) / (count - 1.0).max(1.0);
        (variance / count).sqrt()
    };
    let errors = sums.iter().zip(&squares).map(error).collect();
    Ok(Attribution {
        values: sums.iter().map(|sum| sum / count).collect(),
        errors: Some(errors),
        nothing,
        everything,
    })
}

#[cfg(test)]
mod tests {
    use super::super::made::Function;
    use super::*;

    const EXACT: Samples = Samples { pairs: 0, exact: 1 << 20, seed: 0 };

    /// Interactions are shared evenly: x₁x₂ by two, x₃x₄x₅ by three.
    #[test]
    fn interactions_are_shared_evenly() {
        let f = |x: &[f64]| 3.0 * x[0] + 4.0 * x[1] * x[2] + x[3] * x[4] * x[5] + 7.0;
        let x = vec![1.0, 2.0, 0.5, 2.0, 3.0, 1.0];
        let parts = Function { x, backgrounds: vec![vec![0.0; 6]], f };
        let Ok(exact) = shapley(&parts, EXACT);
        let expected = [3.0, 2.0, 2.0, 2.0, 2.0, 2.0];
        assert!(exact.values.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{exact:?}");
        assert!(exact.gap() < 1e-12 && exact.nothing == 7.0 && exact.everything == 20.0);
        let Ok(drawn) = shapley(&parts, Samples { pairs: 400, exact: 0, seed: 5 });
        assert!(drawn.gap() < 1e-12 && drawn.errors.is_some(), "each order adds up");
        for ((value, expected), error) in
            drawn.values.iter().zip(expected).zip(drawn.errors.clone().unwrap_or_default())
        {
            assert!((value - expected).abs() <= 4.0 * error + 1e-9, "{value} ± {error}, truly {expected}");
        }
    }

    #[test]
    fn a_part_that_does_nothing_is_worth_nothing_and_equal_parts_the_same() {
        let f = |x: &[f64]| (x[0] + x[1]).tanh() * x[2];
        let backgrounds = vec![vec![0.1, 0.1, 0.3, 9.0], vec![-0.4, -0.4, 1.0, -2.0]];
        let parts = Function { x: vec![0.7, 0.7, 1.3, 5.0], backgrounds, f };
        let Ok(exact) = shapley(&parts, EXACT);
        assert!(exact.values[3].abs() < 1e-12 && (exact.values[0] - exact.values[1]).abs() < 1e-12);
        let Ok(drawn) = shapley(&parts, Samples { pairs: 3000, exact: 0, seed: 1 });
        assert!(drawn.errors.is_some());
        for ((a, b), error) in drawn.values.iter().zip(&exact.values).zip(drawn.errors.unwrap_or_default()) {
            assert!((a - b).abs() <= 4.0 * error + 1e-9, "{a} ± {error}, truly {b}");
        }
        let Ok(none) = shapley(&Function { x: vec![], backgrounds: vec![vec![]], f: |_: &[f64]| 2.0 }, EXACT);
        assert_eq!((none.values.len(), none.everything), (0, 2.0));
    }
}
