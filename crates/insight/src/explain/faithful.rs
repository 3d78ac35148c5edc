//! Whether taking away what an explanation names first changes the answer more than taking away anything else.

use super::{Attribution, Parts, means, shuffled, without};
use pellucid_tensor::Stream;
use serde::{Deserialize, Serialize};

/// Share of the parts that are taken away for the figure in words.
const FIRST: f64 = 0.2;

/// Of orders by chance, at most this share may do as well as the explanation.
const BY_CHANCE: f64 = 0.1;

/// How thoroughly an explanation is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Steps in which parts are taken away.
    pub steps: usize,
    /// Orders by chance.
    pub orders: usize,
    /// Backgrounds over which answers are averaged.
    pub backgrounds: usize,
    /// Where the orders come from.
    pub seed: u64,
}

/// Answers as parts come or go: the share of parts and the answer.
pub type Curve = Vec<(f64, f64)>;

/// How well an explanation tells what the answer depends on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Faithfulness {
    /// The answer as parts are taken away, those that add most first: it should fall soon.
    pub deletion: Curve,
    /// The answer as parts are put in, those that add most first: it should rise soon.
    pub insertion: Curve,
    /// The area between both (Petsiuk et al., arXiv 1806.07421, take them singly): 0 for an order by chance, on average.
    pub gain: f64,
    /// That of orders by chance.
    pub by_chance: Vec<f64>,
    /// How many parts are the first fifth.
    pub first: usize,
    /// The answer of the whole input, and without that first fifth.
    pub everything: f64,
    /// The answer without the first fifth.
    pub without_first: f64,
    /// The answer without as many by chance, on average.
    pub without_others: f64,
}

impl Faithfulness {
    /// How many orders by chance do as well.
    pub fn as_good_by_chance(&self) -> usize {
        self.by_chance.iter().filter(|gain| **gain >= self.gain).count()
    }

    /// Whether the order of the explanation is better than chance: a permutation test at one in ten.
    pub fn holds(&self) -> bool {
        let p = (1 + self.as_good_by_chance()) as f64 / (1 + self.by_chance.len()) as f64;
        self.gain > 0.0 && p <= BY_CHANCE
    }
}

/// The area under a curve, by trapezia.
fn area(curve: &[(f64, f64)]) -> f64 {
    curve.windows(2).map(|two| (two[1].0 - two[0].0) * (two[0].1 + two[1].1) / 2.0).sum()
}

/// How many parts are gone after each step.
fn counts(parts: usize, steps: usize) -> Vec<usize> {
    let steps = steps.clamp(1, parts.max(1));
    (0..=steps).map(|step| (2 * step * parts + steps) / (2 * steps)).collect()
}

/// Takes parts away and puts them in, in the order of an explanation and in orders by chance.
///
/// # Errors
/// Those of the answers.
pub fn faithfulness<P: Parts + ?Sized>(
    parts: &P,
    explanation: &Attribution,
    effort: Effort,
) -> Result<Faithfulness, P::Error> {
    let n = parts.count();
    let counts = counts(n, effort.steps);
    let backgrounds = effort.backgrounds.clamp(1, parts.backgrounds().max(1));
    let mut random = Stream::new(effort.seed, "chance", 0);
    // The first step that takes a fifth away: just that where steps are fifths or finer.
    let wanted = ((FIRST * n as f64).round() as usize).clamp(1, n.max(1));
    let fifth = counts.iter().position(|&count| count >= wanted).unwrap_or(counts.len() - 1);
    let ends = means(parts, &[vec![true; n], vec![false; n]], backgrounds)?;
    let places: Vec<usize> = counts.iter().copied().filter(|&count| 0 < count && count < n).collect();
    let curves = |order: &[usize]| {
        let mut place = vec![0; n];
        order.iter().enumerate().for_each(|(rank, &part)| place[part] = rank);
        let gone = |&count: &usize| without(n, 0, |part| place[part] < count).there;
        let there = |&count: &usize| without(n, 0, |part| place[part] >= count).there;
        let sets: Vec<Vec<bool>> = places.iter().map(gone).chain(places.iter().map(there)).collect();
        let answers = means(parts, &sets, backgrounds)?;
        let curve = |from: f64, between: &[f64], to: f64| -> Curve {
            let answers = std::iter::once(from).chain(between.iter().copied()).chain([to]);
            counts.iter().map(|&count| count as f64 / n.max(1) as f64).zip(answers).collect()
        };
        let (gone, there) = answers.split_at(places.len());
        Ok::<_, P::Error>((curve(ends[0], gone, ends[1]), curve(ends[1], there, ends[0])))
    };
    let (deletion, insertion) = curves(&explanation.order())?;
    let gain = |deletion: &Curve, insertion: &Curve| area(insertion) - area(deletion);
    let (mut by_chance, mut without_others) = (Vec::new(), 0.0);
    for _ in 0..effort.orders {
        let (deletion, insertion) = curves(&shuffled(n, &mut random))?;
        by_chance.push(gain(&deletion, &insertion));
        without_others += deletion[fifth].1 / effort.orders as f64;
    }
    Ok(Faithfulness {
        gain: gain(&deletion, &insertion),
        everything: ends[0],
        without_first: deletion[fifth].1,
        without_others,
        deletion,
        insertion,
        by_chance,
        first: counts[fifth],
    })
}

#[cfg(test)]
mod tests {
    use super::super::made::Function;
    use super::*;

    const EFFORT: Effort = Effort { steps: 10, orders: 19, backgrounds: 1, seed: 1 };

    fn explained(values: Vec<f64>) -> Faithfulness {
        let f = |x: &[f64]| 8.0 * x[0] + 4.0 * x[1] + 2.0 * x[2] + x[3] - 3.0 * x[4];
        let x = vec![1.0; 10];
        let parts = Function { x, backgrounds: vec![vec![0.0; 10]], f };
        let Ok(found) = faithfulness(&parts, &Attribution { values, ..Attribution::default() }, EFFORT);
        found
    }

    #[test]
    fn the_true_order_holds_and_its_reverse_does_not() {
        let truth = vec![8.0, 4.0, 2.0, 1.0, -3.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let right = explained(truth.clone());
        assert!(right.holds(), "{right:?}");
        assert_eq!((right.first, right.everything, right.without_first), (2, 12.0, 0.0));
        assert!(right.without_others > 5.0);
        assert_eq!(right.deletion.first().zip(right.deletion.last()), Some((&(0.0, 12.0), &(1.0, 0.0))));
        assert_eq!(right.insertion.first().zip(right.insertion.last()), Some((&(0.0, 0.0), &(1.0, 12.0))));
        let wrong = explained(truth.iter().map(|x| -x).collect());
        assert!(
            !wrong.holds() && (wrong.gain + right.gain).abs() < 1e-9,
            "the reverse has the opposite area"
        );
    }

    #[test]
    fn an_explanation_of_nothing_does_not_hold() {
        let parts = Function { x: vec![1.0; 6], backgrounds: vec![vec![0.0; 6]], f: |_: &[f64]| 0.5 };
        let values = vec![6.0, 5.0, 4.0, 3.0, 2.0, 1.0];
        let Ok(found) = faithfulness(&parts, &Attribution { values, ..Attribution::default() }, EFFORT);
        assert!(!found.holds() && found.gain == 0.0);
    }

    #[test]
    fn steps_go_from_none_to_all() {
        assert_eq!(counts(3, 10), [0, 1, 2, 3]);
        assert_eq!(counts(10, 4), [0, 3, 5, 8, 10]);
        assert_eq!(counts(49, 5), [0, 10, 20, 29, 39, 49]);
        assert_eq!(counts(0, 4), [0, 0]);
    }
}
