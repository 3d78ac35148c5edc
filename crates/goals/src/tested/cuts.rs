//! What would come of other thresholds: counted for each of a hundred.

use super::TestedTarget;
use crate::model::place_of;
use crate::{Error, Result};
use pellucid_kinds::Target;

/// Thresholds lie a hundredth apart, from 0 to 1.
pub const STEPS: usize = 100;

/// What comes of saying that rows are of a class or tag from a probability on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cuts {
    /// Rows that are of it.
    pub of_it: u64,
    /// Rows that are not.
    pub of_none: u64,
    /// At each hundredth from 0 to 1.
    pub at: Vec<Cut>,
}

/// What comes of one threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// Rows of it that are found.
    pub found: u64,
    /// Rows that are said to be of it and are not.
    pub alarms: u64,
}

/// What comes of answering only from a probability on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AtLeast {
    /// Rows that are answered.
    pub answered: u64,
    /// Those of them that are answered rightly.
    pub right: u64,
}

impl TestedTarget {
    /// For each hundredth what comes of saying that a row is of a class (or has a tag) wherever its probability is at least that.
    ///
    /// # Errors
    /// A class that is not answered.
    pub fn cuts(&self, class: &str) -> Result<Cuts> {
        let class = place_of(class, self.names())?;
        let mut cuts = Cuts { of_it: 0, of_none: 0, at: vec![Cut::default(); STEPS + 1] };
        for position in (0..self.answers.rows()).filter(|&position| self.is_known(position)) {
            let is = self.is_true(position, class);
            *(if is { &mut cuts.of_it } else { &mut cuts.of_none }) += 1;
            for cut in &mut cuts.at[..reached(self.answers.row(position)[class])] {
                *(if is { &mut cut.found } else { &mut cut.alarms }) += 1;
            }
        }
        Ok(cuts)
    }

    /// For each hundredth what comes of leaving an answer out unless its probability is at least that, as `predict --at-least` does.
    ///
    /// # Errors
    /// Answers that are not classes.
    pub fn at_least(&self) -> Result<Vec<AtLeast>> {
        if !matches!(self.target, Target::Classes { .. }) {
            return Err(Error::usage(format!(
                "`{}` has no classes, so its answers are never left out",
                self.column
            )));
        }
        let mut all = vec![AtLeast::default(); STEPS + 1];
        for position in (0..self.answers.rows()).filter(|&position| self.is_known(position)) {
            let (best, p) = self.answers.best(position);
            for one in &mut all[..reached(p)] {
                one.answered += 1;
                one.right += u64::from(self.is_true(position, best));
            }
        }
        Ok(all)
    }
}

/// How many of the thresholds 0, 0.01 … 1 a probability reaches.
fn reached(p: f32) -> usize {
    (0..=STEPS).take_while(|&step| f64::from(p) >= step as f64 / STEPS as f64).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Answers;

    /// Answers by `p` of the second of two classes.
    fn target(p: &[f32], truth: &[f64]) -> TestedTarget {
        let names = vec!["well".to_owned(), "ill".to_owned()];
        let target = Target::Classes { names, counts: vec![1, 1] };
        let mut answers = Answers::new(&target);
        answers.probabilities = p.iter().flat_map(|&p| [1.0 - p, p]).collect();
        answers.truth = truth.to_vec();
        TestedTarget { column: "state".to_owned(), target, answers }
    }

    #[test]
    fn every_threshold_counts_as_counting_by_hand_does() {
        let p: Vec<f32> = (0..200).map(|i| (i * 37 % 101) as f32 / 100.0).collect();
        let truth: Vec<f64> =
            (0..200).map(|i| if i % 11 == 5 { f64::NAN } else { f64::from(u8::from(i % 3 == 0)) }).collect();
        let of = target(&p, &truth);
        let cuts = of.cuts("ill").unwrap();
        let least = of.at_least().unwrap();
        assert_eq!((cuts.at.len(), least.len()), (101, 101));
        for (step, (cut, one)) in cuts.at.iter().zip(&least).enumerate() {
            let at = step as f64 / 100.0;
            let count =
                |is: &dyn Fn(usize) -> bool| (0..200).filter(|&i| !truth[i].is_nan() && is(i)).count() as u64;
            assert_eq!(cut.found, count(&|i| truth[i] == 1.0 && f64::from(p[i]) >= at), "{at}");
            assert_eq!(cut.alarms, count(&|i| truth[i] == 0.0 && f64::from(p[i]) >= at), "{at}");
            let best = |i: usize| if p[i] > 1.0 - p[i] { (1.0, p[i]) } else { (0.0, 1.0 - p[i]) };
            assert_eq!(one.answered, count(&|i| f64::from(best(i).1) >= at), "{at}");
            let right = |i: usize| f64::from(best(i).1) >= at && best(i).0 == truth[i];
            assert_eq!(one.right, count(&right), "{at}");
        }
        assert_eq!(cuts.of_it, cuts.at[0].found);
        assert_eq!(cuts.of_none, cuts.at[0].alarms);
        assert!(of.cuts("il").unwrap_err().to_string().contains("ill"));
        assert_eq!((of.usual("ill"), of.usual("sick")), (Some(0.5), None));
    }
}
