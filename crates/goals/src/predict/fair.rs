//! Groups that are to be served equally well: what that adds to learning.
//!
//! Two ways. *Reweighing* (Kamiran & Calders 2012) lets each row weigh as if group and class had nothing to do with each other. *A constraint* adds
//! to the loss the squared gaps between what groups are answered on average: among all rows (demographic parity), among rows of the same true class
//! (equalised odds; Hardt et al., arXiv 1610.02413), or only for that class (equal opportunity).
//!
//! A batch holds few rows of a small group, and the square of a gap between means of few is too large by their variance: learning would make the answers
//! to small groups alike rather than the groups. So each gap is taken twice, from rows that the two have not in common, and the product, whose mean is
//! the true square, stands in the place of the square.

use crate::audit::Division;
use crate::config::{Config, FAIR_STRENGTH, Fairness};
use crate::dataset::{Prepared, Survey};
use crate::{Error, Result};
use pellucid_data::Part;
use pellucid_grad::{Var, ops};
use pellucid_kinds::{Batch, Examples, Target};
use pellucid_nn::Pass;
use pellucid_tensor::Tensor;

/// Of no group, or of no known class.
const NONE: u32 = u32::MAX;

/// How much a constraint weighs against the loss at strength 1.
const WEIGHT: f64 = 2.0;

/// What groups are answered is decided by the likeliest class: outputs times this make probabilities that are nearly decisions, and still have slopes.
const SHARPER: f64 = 3.0;

/// What equal treatment of groups asks of learning.
pub(crate) struct Fair {
    way: Fairness,
    strength: f64,
    groups: usize,
    classes: usize,
    /// The group and the class of each record.
    cells: Vec<(u32, u32)>,
    /// How much a training record of each group and class weighs, where rows are weighed.
    weights: Vec<f32>,
    /// The class whose being found matters for equal opportunity; of more than two it is each.
    wanted: Option<u32>,
}

/// Means of some rows' probabilities less those of others: they should be 0. Each is taken twice, from different rows.
pub(crate) struct Contrasts {
    /// `[contrasts, rows]`: what each row counts.
    first: Tensor,
    second: Tensor,
    /// `[contrasts, classes]`: 1 where a class counts.
    counted: Tensor,
}

impl Fair {
    /// As a configuration asks for it, for the groups of all columns that it names, crossed.
    ///
    /// # Errors
    /// As [`new`](Self::new), and columns that make no groups.
    pub(crate) fn asked(survey: &Survey, prepared: &Prepared, config: &Config) -> Result<Option<Fair>> {
        let (Some(way), Some(target)) = (config.training.fair, prepared.batcher.targets().first()) else {
            return Ok(None);
        };
        let examples = &prepared.examples;
        let Some(groups) = Division::crossed(&survey.table, &config.data.audit, examples.rows())? else {
            return Ok(None);
        };
        let strength = config.training.fair_strength.unwrap_or(FAIR_STRENGTH);
        Fair::new((way, strength), &groups, target, examples, prepared.part(Part::Train)).map(Some)
    }

    /// For the first target, from the group of each record; training records say how often groups and classes meet.
    ///
    /// # Errors
    /// A target without classes, and fewer than two groups.
    pub(crate) fn new(
        (way, strength): (Fairness, f64),
        groups: &Division,
        target: &Target,
        examples: &Examples,
        training: &[usize],
    ) -> Result<Fair> {
        let Target::Classes { names, counts, .. } = target else {
            return Err(Error::usage("`fair` is for a column of classes · leave it out"));
        };
        if groups.names.len() < 2 {
            return Err(Error::usage(format!(
                "`{}` has one group only, so there is none to be served as well as it · leave `fair` out",
                groups.column
            )));
        }
        let class = |record: usize| match examples.targets(record).first() {
            Some(class) if !class.is_nan() => *class as u32,
            _ => NONE,
        };
        let cells: Vec<(u32, u32)> = (0..examples.len()).map(|i| (groups.groups[i], class(i))).collect();
        let (n, classes) = (groups.names.len(), names.len());
        let rarest = (0u32..).zip(counts).min_by_key(|(_, count)| **count).map(|(class, _)| class);
        let mut fair = Fair {
            way,
            strength,
            groups: n,
            classes,
            cells,
            weights: Vec::new(),
            wanted: rarest.filter(|_| classes == 2),
        };
        if way == Fairness::Reweighing {
            fair.weights = fair.reweighed(training);
        }
        Ok(fair)
    }

    /// How often a row would be met if group and class were independent, as a multiple of how often it is, to the power of the strength.
    fn reweighed(&self, training: &[usize]) -> Vec<f32> {
        let mut counts = vec![0.0f64; self.groups * self.classes];
        for &(group, class) in training.iter().map(|&i| &self.cells[i]).filter(|(_, class)| *class != NONE) {
            counts[group as usize * self.classes + class as usize] += 1.0;
        }
        let all: f64 = counts.iter().sum();
        let of_group =
            |group: usize| counts[group * self.classes..(group + 1) * self.classes].iter().sum::<f64>();
        let of_class = |class: usize| counts.iter().skip(class).step_by(self.classes).sum::<f64>();
        let weight = |(cell, &count): (usize, &f64)| match count > 0.0 {
            true => (of_group(cell / self.classes) * of_class(cell % self.classes) / (all * count))
                .powf(self.strength) as f32,
            false => 1.0,
        };
        counts.iter().enumerate().map(weight).collect()
    }

    /// Weighs the rows of a batch, if that is the way.
    ///
    /// # Errors
    /// No memory.
    pub(super) fn weigh(&self, records: &[usize], batch: &mut Batch) -> pellucid_tensor::Result<()> {
        let Some(truth) = batch.truths.first_mut().filter(|_| !self.weights.is_empty()) else {
            return Ok(());
        };
        for (weight, &(group, class)) in
            truth.weights.data_mut::<f32>()?.iter_mut().zip(records.iter().map(|&i| &self.cells[i]))
        {
            if class != NONE {
                *weight *= self.weights[group as usize * self.classes + class as usize];
            }
        }
        Ok(())
    }

    /// The conditions under which groups are compared: the class that rows have, or any.
    fn conditions(&self) -> Vec<Option<u32>> {
        match (self.way, self.wanted) {
            (Fairness::Reweighing, _) => Vec::new(),
            (Fairness::DemographicParity, _) => vec![None],
            (Fairness::EqualOpportunity, Some(wanted)) => vec![Some(wanted)],
            (Fairness::EqualOpportunity | Fairness::EqualizedOdds, _) => {
                (0..self.classes as u32).map(Some).collect()
            }
        }
    }

    /// Whether the probability of a class counts under a condition.
    fn counts(&self, condition: Option<u32>, class: usize) -> bool {
        match self.way {
            Fairness::EqualOpportunity => condition == Some(class as u32),
            // The other one of two says the same.
            _ => self.classes != 2 || class == 1,
        }
    }

    /// The rows under a condition that are of a group, and those that are not.
    fn sides(&self, records: &[usize], group: u32, condition: Option<u32>) -> [Vec<usize>; 2] {
        let mut sides = [Vec::new(), Vec::new()];
        for (row, &(own, class)) in records.iter().map(|&i| &self.cells[i]).enumerate() {
            if class != NONE && condition.is_none_or(|wanted| wanted == class) {
                sides[usize::from(own != group)].push(row);
            }
        }
        sides
    }

    /// The gaps in a batch of these records; none where no group has rows enough to be compared twice.
    ///
    /// # Errors
    /// No memory.
    pub(super) fn contrasts(&self, records: &[usize]) -> pellucid_tensor::Result<Option<Contrasts>> {
        let (mut halves, mut counted) = ([Vec::new(), Vec::new()], Vec::new());
        for condition in self.conditions() {
            for group in 0..self.groups as u32 {
                let sides = self.sides(records, group, condition);
                if sides.iter().any(|rows| rows.len() < 2) {
                    continue;
                }
                for (parity, half) in halves.iter_mut().enumerate() {
                    let mut line = vec![0f32; records.len()];
                    for (rows, sign) in sides.iter().zip([1.0, -1.0]) {
                        let own = || rows.iter().skip(parity).step_by(2);
                        let share = sign / own().count() as f32;
                        own().for_each(|&row| line[row] = share);
                    }
                    half.extend(line);
                }
                counted.extend(
                    (0..self.classes).map(|class| f32::from(u8::from(self.counts(condition, class)))),
                );
            }
        }
        let shape = [counted.len() / self.classes, records.len()];
        let [first, second] = halves;
        Ok(match counted.is_empty() {
            true => None,
            false => Some(Contrasts {
                first: Tensor::new(&first, &shape)?,
                second: Tensor::new(&second, &shape)?,
                counted: Tensor::new(&counted, &[shape[0], self.classes])?,
            }),
        })
    }

    /// What the gaps add to the loss of `outputs`, `[rows, classes]`.
    ///
    /// # Errors
    /// No memory.
    pub(super) fn penalty(
        &self,
        pass: &Pass,
        outputs: &Var,
        contrasts: &Contrasts,
    ) -> pellucid_tensor::Result<Var> {
        let probabilities = ops::softmax(&ops::scale(outputs, SHARPER)?)?;
        let gaps = |half: &Tensor| ops::matmul(&pass.input(half), &probabilities);
        let squares = ops::mul(&gaps(&contrasts.first)?, &gaps(&contrasts.second)?)?;
        let counted: f32 = contrasts.counted.data::<f32>()?.iter().sum();
        let sum = ops::sum(&ops::mul(&squares, &pass.input(&contrasts.counted))?)?;
        ops::scale(&sum, WEIGHT * self.strength / f64::from(counted.max(1.0)))
    }

    /// The same of decisions, the class that each record is answered, of which there are many: gaps are squared as they are. 0 where rows are only
    /// weighed.
    pub(super) fn unfairness(&self, answered: &[usize], records: &[usize]) -> f64 {
        let (mut sum, mut counted) = (0.0, 0.0);
        for condition in self.conditions() {
            for group in 0..self.groups as u32 {
                let sides = self.sides(records, group, condition);
                for class in (0..self.classes).filter(|&class| self.counts(condition, class)) {
                    let mean = |rows: &Vec<usize>| {
                        rows.iter().filter(|&&row| answered[row] == class).count() as f64 / rows.len() as f64
                    };
                    let gap = mean(&sides[0]) - mean(&sides[1]);
                    if gap.is_finite() {
                        sum += gap * gap;
                        counted += 1.0;
                    }
                }
            }
        }
        WEIGHT * self.strength * sum / f64::max(counted, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pellucid_tensor::Stream;

    /// Two groups and two classes: of the first group `counts[0]` rows of each class, of the second `counts[1]`.
    fn fair(way: Fairness, strength: f64, counts: [[usize; 2]; 2]) -> Fair {
        let mut cells = Vec::new();
        for (group, of_group) in (0u32..).zip(counts) {
            for (class, n) in (0u32..).zip(of_group) {
                cells.extend(vec![(group, class); n]);
            }
        }
        let all: Vec<usize> = (0..cells.len()).collect();
        let mut fair =
            Fair { way, strength, groups: 2, classes: 2, cells, weights: Vec::new(), wanted: Some(1) };
        if way == Fairness::Reweighing {
            fair.weights = fair.reweighed(&all);
        }
        fair
    }

    #[test]
    fn rows_weigh_as_kamiran_and_calders_say() {
        // How often a cell is expected over how often it is met, of ten rows.
        let found = fair(Fairness::Reweighing, 1.0, [[3, 2], [1, 4]]).weights;
        let expected =
            [5.0 * 4.0 / (10.0 * 3.0), 5.0 * 6.0 / (10.0 * 2.0), 5.0 * 4.0 / 10.0, 5.0 * 6.0 / (10.0 * 4.0)];
        assert!(found.iter().zip(expected).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-6), "{found:?}");
        // Weighed so, group and class have nothing to do with each other, and all rows together weigh as much as before.
        let cells = [3.0, 2.0, 1.0, 4.0];
        let weighed: Vec<f64> = found.iter().zip(cells).map(|(w, n)| f64::from(*w) * n).collect();
        assert!((weighed.iter().sum::<f64>() - 10.0).abs() < 1e-5);
        assert!((weighed[0] / weighed[1] - weighed[2] / weighed[3]).abs() < 1e-5, "{weighed:?}");
        let half = fair(Fairness::Reweighing, 0.5, [[3, 2], [1, 4]]).weights;
        assert!(half.iter().zip(&found).all(|(half, whole)| (half * half - whole).abs() < 1e-5));
    }

    #[test]
    fn each_measure_compares_what_it_says() {
        let conditions = |way| fair(way, 1.0, [[3, 2], [1, 4]]).conditions();
        assert_eq!(conditions(Fairness::DemographicParity), [None]);
        assert_eq!(conditions(Fairness::EqualizedOdds), [Some(0), Some(1)]);
        assert_eq!(conditions(Fairness::EqualOpportunity), [Some(1)]);
        let fair = fair(Fairness::EqualizedOdds, 1.0, [[2, 2], [2, 2]]);
        // Of class 0 half of the first group is answered 1, of the second none; of class 1 all of both: two of four gaps are a half.
        let answered = [0, 1, 1, 1, 0, 0, 1, 1];
        let all: Vec<usize> = (0..8).collect();
        let found = fair.unfairness(&answered, &all);
        assert!((found - WEIGHT * (2.0 * 0.25) / 4.0).abs() < 1e-6, "{found}");
    }

    /// Of a batch that is as small as half of its rows are of a group, the mean of the penalty over many is that of all rows, not more.
    #[test]
    fn small_batches_are_no_more_unfair_than_all_rows() {
        const ROWS: usize = 400;
        let fair = fair(Fairness::DemographicParity, 1.0, [[ROWS / 4, ROWS / 4], [ROWS / 4, ROWS / 4]]);
        let mut random = Stream::new(4, "fair", 0);
        let logits: Vec<f32> = (0..ROWS)
            .flat_map(|i| [0.0, 1.5 * random.normal() + if i < ROWS / 2 { 0.4 } else { 0.0 }])
            .collect();
        let penalty_of = |records: &[usize]| -> f64 {
            let pass = Pass::inference();
            let rows: Vec<f32> = records.iter().flat_map(|&i| [logits[2 * i], logits[2 * i + 1]]).collect();
            let outputs = pass.input(&Tensor::new(&rows, &[records.len(), 2]).unwrap());
            let Some(contrasts) = fair.contrasts(records).unwrap() else { return 0.0 };
            fair.penalty(&pass, &outputs, &contrasts).unwrap().value().item().unwrap()
        };
        let sharp = |z: &[f32]| 1.0 / (1.0 + (SHARPER * f64::from(z[0] - z[1])).exp());
        let mean = |rows: &[f32]| rows.chunks(2).map(sharp).sum::<f64>() / (ROWS / 2) as f64;
        let truth = WEIGHT * (mean(&logits[..ROWS]) - mean(&logits[ROWS..])).powi(2);
        let mut sum = 0.0;
        const BATCHES: usize = 6000;
        for _ in 0..BATCHES {
            let records: Vec<usize> = (0..16).map(|_| random.below(ROWS)).collect();
            sum += penalty_of(&records);
        }
        let mean = sum / BATCHES as f64;
        assert!((mean / truth - 1.0).abs() < 0.25, "{mean} instead of {truth}");
        assert!(fair.contrasts(&[0, 1, 2]).unwrap().is_none(), "one group alone is compared with nothing");
    }
}
