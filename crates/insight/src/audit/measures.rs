//! Gaps between groups, as Fairlearn defines them: one line each.

use super::figures::{CLASS_FIGURES, FigureAbout, NUMBER_FIGURES};

/// The figures of each group, in their list's order; none where there are too few rows to say.
type Figures = [Vec<Option<f64>>];

/// A gap between groups.
pub struct Measure {
    /// As in `--require`.
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    /// What it says, and its source.
    pub about: &'static str,
    /// Whether less is better.
    pub less_is_better: bool,
    /// The figures that it compares.
    pub(super) of: &'static [&'static str],
    pub(super) gap: fn(&Figures) -> Option<f64>,
    pub(super) ratio: Option<fn(&Figures) -> Option<f64>>,
}

/// The values of a figure in all groups that have one.
fn values(groups: &Figures, list: &[FigureAbout], name: &str) -> Vec<f64> {
    let place = list.iter().position(|figure| figure.name == name);
    groups.iter().filter_map(|group| place.and_then(|place| group.get(place).copied().flatten())).collect()
}

fn ends(values: &[f64]) -> Option<(f64, f64)> {
    let fold = |f: fn(f64, f64) -> f64| values.iter().copied().reduce(f);
    (values.len() > 1).then(|| fold(f64::min).zip(fold(f64::max))).flatten()
}

fn spread(groups: &Figures, name: &str) -> Option<f64> {
    ends(&values(groups, CLASS_FIGURES, name)).map(|(low, high)| high - low)
}

fn smallest_of_largest(groups: &Figures, name: &str) -> Option<f64> {
    ends(&values(groups, CLASS_FIGURES, name)).filter(|(_, high)| *high > 0.0).map(|(low, high)| low / high)
}

fn spread_of_numbers(groups: &Figures, name: &str) -> Option<f64> {
    ends(&values(groups, NUMBER_FIGURES, name)).map(|(low, high)| high - low)
}

/// Gaps in answers to whether something is so.
pub static CLASS_MEASURES: &[Measure] = &[
    Measure {
        name: "demographic_parity",
        title: "Answered equally often",
        about: "the largest difference in how often the class is answered (demographic parity; Dwork et al., arXiv 1104.3913)",
        less_is_better: true,
        of: &["selection_rate"],
        gap: |groups| spread(groups, "selection_rate"),
        ratio: Some(|groups| smallest_of_largest(groups, "selection_rate")),
    },
    Measure {
        name: "equal_opportunity",
        title: "Found equally often",
        about: "the largest difference in how often those that are of the class are found (equal opportunity; Hardt et al., arXiv 1610.02413)",
        less_is_better: true,
        of: &["true_positive_rate"],
        gap: |groups| spread(groups, "true_positive_rate"),
        ratio: Some(|groups| smallest_of_largest(groups, "true_positive_rate")),
    },
    Measure {
        name: "equalized_odds",
        title: "Mistaken equally often",
        about: "the larger of the differences in how often the class is found and in false alarms (equalised odds; Hardt et al., arXiv 1610.02413)",
        less_is_better: true,
        of: &["true_positive_rate", "false_positive_rate"],
        gap: |groups| {
            let found = spread(groups, "true_positive_rate")?;
            Some(found.max(spread(groups, "false_positive_rate")?))
        },
        ratio: Some(|groups| {
            let found = smallest_of_largest(groups, "true_positive_rate")?;
            Some(found.min(smallest_of_largest(groups, "false_positive_rate")?))
        }),
    },
    Measure {
        name: "accuracy_gap",
        title: "Right equally often",
        about: "the largest difference in the share of right answers",
        less_is_better: true,
        of: &["accuracy"],
        gap: |groups| spread(groups, "accuracy"),
        ratio: Some(|groups| smallest_of_largest(groups, "accuracy")),
    },
    Measure {
        name: "calibration_gap",
        title: "Equally sure",
        about: "the largest difference in by how much mean probabilities exceed what is true (calibration by group; Kleinberg et al., arXiv 1609.05807)",
        less_is_better: true,
        of: &["overestimation"],
        gap: |groups| spread(groups, "overestimation"),
        ratio: None,
    },
    Measure {
        name: "worst_accuracy",
        title: "Right in the worst group",
        about: "the share of right answers in the group where it is smallest",
        less_is_better: false,
        of: &["accuracy"],
        gap: |groups| values(groups, CLASS_FIGURES, "accuracy").into_iter().reduce(f64::min),
        ratio: None,
    },
];

/// Gaps in answered numbers.
pub static NUMBER_MEASURES: &[Measure] = &[
    Measure {
        name: "mae_gap",
        title: "Equally near",
        about: "the largest difference in the mean error",
        less_is_better: true,
        of: &["mae"],
        gap: |groups| spread_of_numbers(groups, "mae"),
        ratio: None,
    },
    Measure {
        name: "bias_gap",
        title: "Equally high",
        about: "the largest difference in by how much answers are too high",
        less_is_better: true,
        of: &["bias"],
        gap: |groups| spread_of_numbers(groups, "bias"),
        ratio: None,
    },
    Measure {
        name: "worst_mae",
        title: "Near in the worst group",
        about: "the mean error in the group where it is largest",
        less_is_better: true,
        of: &["mae"],
        gap: |groups| values(groups, NUMBER_FIGURES, "mae").into_iter().reduce(f64::max),
        ratio: None,
    },
];
