//! How far an answer can be trusted: probabilities that mean what they say, sets and intervals that hold the truth as often as was asked, inputs that
//! are unlike what was learned from, columns that moved, and groups of rows that are answered worse than others.

mod conformal;
mod drift;
mod labels;
mod segments;
mod tails;
mod temperature;
mod unlike;

pub use conformal::{Conformal, surprise};
pub use drift::{Compared, Moved, Movement, Spread, chi_square, holm, kolmogorov_smirnov, moved};
pub use labels::{Doubtful, doubtful_labels};
pub use segments::{Segment, mann_whitney, weak_segments};
pub use tails::fisher_exact;
pub(crate) use tails::normal_tail;
pub use temperature::{softened, temperature};
pub use unlike::{Gaussians, UNLIKE, Usual, folded};
