//! How far what a network makes lies from what people made: the description; `pellucid_insight::frechet` has the formula.

use super::{Format, Metric};

/// Of pictures that a network painted (Heusel et al., arXiv 1706.08500).
pub(super) const DISTANCE: Metric = Metric {
    name: "frechet_distance",
    label: "Fréchet distance of what is seen in its pictures",
    meaning: "How far what a classifier sees in painted pictures lies from what it sees in test pictures, by means and covariances; \
              distances are comparable only for the same classifier and as many pictures.",
    higher_is_better: false,
    format: Format::Number,
};

/// Of training pictures, for comparison.
pub(super) const DISTANCE_OF_TRAINING: Metric = Metric {
    name: "frechet_distance_of_training",
    label: "The same of as many training pictures",
    meaning: "How far pictures by people lie from other pictures by people: nothing new can be expected to be nearer.",
    higher_is_better: false,
    format: Format::Number,
};
