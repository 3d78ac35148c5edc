//! What thresholds of their own for each group would give, and what they would cost.

use super::{Answered, Answers};
use std::collections::BTreeMap;

/// Thresholds that are tried.
const TRIED: usize = 100;

/// Shares of the gap as it is that are aimed at.
const AIMS: [f64; 4] = [0.75, 0.5, 0.25, 0.1];

/// A choice of thresholds: how equal it makes the groups, and how many answers are right then.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Trade {
    /// Equalised odds: the larger difference in how often the class is found and in false alarms.
    pub equalized_odds: f64,
    /// The share of right answers.
    pub accuracy: f64,
    /// For each group, by its name, the probability from which on the class is answered.
    pub thresholds: BTreeMap<String, f64>,
}

impl Trade {
    /// Of [`trades`], this one being the first: the mildest that halves the gap.
    pub fn halved<'a>(&self, choices: &'a [Trade]) -> Option<&'a Trade> {
        choices.iter().find(|choice| choice.equalized_odds <= self.equalized_odds / 2.0)
    }
}

/// How often a group's class is found, its false alarms, and its right answers, by threshold.
struct Course(Vec<(f64, f64, f64)>);

/// Choices of thresholds by group (after Hardt et al., arXiv 1610.02413, without drawing lots) that leave three quarters, half, a quarter and a
/// tenth of the gap: of those each the one with the most right answers. They are chosen on one half of the rows and measured on the
/// other, where those are left out that cost more than another and give less. The first is the network as it is, with one threshold for all.
/// Empty for numbers, and where a group is too small for both halves.
pub fn trades(rows: Answered<'_>) -> Vec<Trade> {
    let Answers::Class { truth, probability, .. } = rows.answers else { return Vec::new() };
    let groups = rows.names.len();
    let half = |parity: usize| -> Option<(Vec<Course>, Vec<f64>)> {
        let mut courses = Vec::with_capacity(groups);
        let mut sizes = Vec::with_capacity(groups);
        for group in 0..groups {
            let own: Vec<(bool, f64)> = (0..truth.len())
                .filter(|&row| rows.groups[row] as usize == group)
                .enumerate()
                .filter(|(number, _)| number % 2 == parity)
                .map(|(_, row)| (truth[row], f64::from(probability[row])))
                .collect();
            courses.push(Course::of(&own)?);
            sizes.push(own.len() as f64);
        }
        Some((courses, sizes))
    };
    let (Some(chosen_on), Some(measured_on)) = (half(0), half(1)) else { return Vec::new() };
    let measured = |choice: &[usize], (courses, sizes): &(Vec<Course>, Vec<f64>)| {
        let at = |what: fn(&(f64, f64, f64)) -> f64| -> Vec<f64> {
            courses.iter().zip(choice).map(|(course, &at)| what(&course.0[at])).collect()
        };
        let spread = |x: &[f64]| {
            x.iter().copied().fold(f64::MIN, f64::max) - x.iter().copied().fold(f64::MAX, f64::min)
        };
        let gap = spread(&at(|x| x.0)).max(spread(&at(|x| x.1)));
        let right: f64 = at(|x| x.2).iter().zip(sizes).map(|(share, size)| share * size).sum();
        (gap, right / sizes.iter().sum::<f64>())
    };
    let as_it_is = vec![TRIED / 2; groups];
    let mut candidates = vec![as_it_is.clone()];
    // For each point of each group's own course, the others come as near to it as they can.
    for course in &chosen_on.0 {
        for &(found, alarms, _) in &course.0 {
            let nearest = |course: &Course| {
                let far = |at: &(f64, f64, f64)| (at.0 - found).abs().max((at.1 - alarms).abs());
                let best = course.0.iter().enumerate().min_by(|a, b| far(a.1).total_cmp(&far(b.1)));
                best.map_or(TRIED / 2, |(at, _)| at)
            };
            candidates.push(chosen_on.0.iter().map(nearest).collect());
        }
    }
    let mut rated: Vec<((f64, f64), Vec<usize>)> =
        candidates.into_iter().map(|choice| (measured(&choice, &chosen_on), choice)).collect();
    rated.sort_by(|a, b| b.0.1.total_cmp(&a.0.1).then(a.0.0.total_cmp(&b.0.0)));
    let trade = |choice: &[usize]| {
        let (equalized_odds, accuracy) = measured(choice, &measured_on);
        let thresholds = choice.iter().map(|&at| at as f64 / TRIED as f64);
        let thresholds = rows.names.iter().cloned().zip(thresholds).collect();
        Trade { equalized_odds, accuracy, thresholds }
    };
    let (now, _) = measured(&as_it_is, &chosen_on);
    let mut out = vec![trade(&as_it_is)];
    for aim in AIMS {
        let best = rated.iter().find(|((gap, _), _)| *gap <= aim * now);
        out.extend(best.map(|(_, choice)| trade(choice)).filter(|trade| out.last() != Some(trade)));
    }
    // What was chosen by the noise of one half costs more on the other, and gives less.
    let better = |a: &Trade, b: &Trade| {
        let (gap, right) = (a.equalized_odds <= b.equalized_odds, a.accuracy >= b.accuracy);
        gap && right && (a.equalized_odds < b.equalized_odds || a.accuracy > b.accuracy)
    };
    let worth = |trade: &Trade| !out.iter().any(|other| better(other, trade));
    let kept: Vec<Trade> = out[1..].iter().filter(|trade| worth(trade)).cloned().collect();
    out.truncate(1);
    out.extend(kept);
    out
}

impl Course {
    /// `None` where nothing is or everything is of the class.
    fn of(rows: &[(bool, f64)]) -> Option<Course> {
        let positives = rows.iter().filter(|(truth, _)| *truth).count() as f64;
        let negatives = rows.len() as f64 - positives;
        if positives == 0.0 || negatives == 0.0 {
            return None;
        }
        let at = |threshold: f64| {
            let answered = |wanted: bool| {
                rows.iter().filter(|(truth, p)| *truth == wanted && *p >= threshold).count() as f64
            };
            let (found, alarms) = (answered(true), answered(false));
            (found / positives, alarms / negatives, (found + negatives - alarms) / rows.len() as f64)
        };
        Some(Course((0..=TRIED).map(|i| at(i as f64 / TRIED as f64)).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pellucid_tensor::Stream;

    #[test]
    fn groups_whose_probabilities_are_shifted_become_equal_by_thresholds() {
        let mut random = Stream::new(1, "rows", 0);
        let (mut truth, mut probability, mut groups) = (Vec::new(), Vec::new(), Vec::new());
        for i in 0..4000 {
            let (group, is) = (i % 2, random.below(2) == 1);
            let score = if is { 0.6 } else { 0.4 } + 0.12 * f64::from(random.normal());
            // The second group is rated lower throughout.
            probability.push((score - 0.15 * f64::from(group)).clamp(0.0, 1.0) as f32);
            truth.push(is);
            groups.push(group as u32);
        }
        let answered: Vec<bool> = probability.iter().map(|&p| p >= 0.5).collect();
        let names = ["a".to_owned(), "b".to_owned()];
        let answers = Answers::Class { truth: &truth, answered: &answered, probability: &probability };
        let found = trades(Answered { answers, groups: &groups, names: &names });
        assert!(found[0].equalized_odds > 0.3, "as it is: {:?}", found[0]);
        let equal = found.iter().find(|trade| trade.equalized_odds < 0.1).unwrap_or(&found[0]);
        assert!(equal.equalized_odds < 0.1 && equal.accuracy > found[0].accuracy, "{equal:?}");
        assert!((equal.thresholds["a"] - equal.thresholds["b"] - 0.15).abs() < 0.06, "{equal:?}");
        let numbers = Answers::Number { truth: &[1.0], answered: &[1.0] };
        assert!(trades(Answered { answers: numbers, groups: &[0], names: &names[..1] }).is_empty());
    }
}
