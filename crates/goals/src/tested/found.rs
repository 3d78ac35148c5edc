//! Finding tested rows: of one cell of the confusion matrix, right or wrong, the surest mistakes first.

use super::{Tested, TestedTarget};
use crate::model::place_of;
use crate::predict::rated;
use crate::{Error, Result};
use pellucid_kinds::Target;

/// Which rows come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The worst: wrong answers, the surest first, then right ones, the least sure first; the largest errors of numbers.
    #[default]
    Worst,
    /// The best: the other way round.
    Best,
    /// Those of which it was least sure.
    Unsure,
}

/// Which rows are looked for; all, if nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Rows of which this class or tag is true.
    pub truth: Option<String>,
    /// Rows for which this class or tag was answered.
    pub answer: Option<String>,
    /// With tags: rows that have this tag or were given it, but not both.
    pub differ: Option<String>,
    /// Right answers, or wrong ones.
    pub right: Option<bool>,
    /// Which come first.
    pub order: Order,
}

impl Tested {
    /// The positions of the rows that are looked for, in order. Rows whose truth is not known are none of them.
    ///
    /// # Errors
    /// Classes and tags that are not answered, and an order that numbers do not have.
    pub fn find(&self, of: &TestedTarget, wanted: &Wanted) -> Result<Vec<usize>> {
        let class = |name: &Option<String>| name.as_ref().map(|name| place_of(name, of.names())).transpose();
        let (truth, answer, differ) = (class(&wanted.truth)?, class(&wanted.answer)?, class(&wanted.differ)?);
        if matches!(of.target, Target::Number { .. }) && wanted.order == Order::Unsure {
            return Err(Error::usage(
                "a number has no probability, so no answer is the least sure · order by the error",
            ));
        }
        let mut found: Vec<(usize, f64)> = Vec::new();
        for position in (0..self.len()).filter(|&position| of.is_known(position)) {
            let (right, sure) = rated(&of.target, &of.answers, position);
            let fits = truth.is_none_or(|class| of.is_true(position, class))
                && answer.is_none_or(|class| of.is_answered(position, class))
                && differ.is_none_or(|class| of.is_true(position, class) != of.is_answered(position, class))
                && wanted.right.is_none_or(|wanted| wanted == right);
            if fits {
                found.push((position, of.badness(position, (right, sure), wanted.order)));
            }
        }
        let sign = if wanted.order == Order::Best { -1.0 } else { 1.0 };
        found.sort_by(|a, b| (sign * b.1).total_cmp(&(sign * a.1)).then(a.0.cmp(&b.0)));
        Ok(found.into_iter().map(|(position, _)| position).collect())
    }
}

impl TestedTarget {
    /// Whether a class or tag is true of a row.
    pub(super) fn is_true(&self, position: usize, class: usize) -> bool {
        match &self.target {
            Target::Tags { names, .. } => self.answers.truth[position * names.len() + class] > 0.0,
            _ => self.answers.truth[position] == class as f64,
        }
    }

    /// Whether a class or tag was answered for a row.
    fn is_answered(&self, position: usize, class: usize) -> bool {
        match &self.target {
            Target::Tags { .. } => self.answers.tags(position)[class],
            _ => self.answers.best(position).0 == class,
        }
    }

    /// What rows are ordered by, the largest first.
    fn badness(&self, position: usize, (right, sure): (bool, f64), order: Order) -> f64 {
        let row = self.answers.row(position);
        match (&self.target, order) {
            (Target::Classes { .. }, Order::Unsure) => -sure,
            (Target::Tags { .. }, Order::Unsure) => {
                let distances = row.iter().zip(self.answers.thresholds()).map(|(p, least)| (p - least).abs());
                -f64::from(distances.fold(f32::INFINITY, f32::min))
            }
            (Target::Classes { .. }, _) => {
                if right {
                    -sure
                } else {
                    sure
                }
            }
            // Surprise at tags, and the error of a number.
            _ => sure,
        }
    }
}
