//! How far an answer can be trusted: probabilities that mean what they say, sets and intervals that hold the truth as often as was asked, inputs that
//! are unlike what was learned from, columns that moved, groups of rows that are answered worse than others, and what more data would bring.

mod conformal;
mod dirichlet;
mod drift;
mod forecast;
mod labels;
mod linear;
mod segments;
mod tails;
mod temperature;
mod unlike;
mod width;

pub use conformal::{Conformal, Surprise};
pub use dirichlet::Dirichlet;
pub use drift::{Compared, Moved, Movement, Spread, chi_square, holm, kolmogorov_smirnov, moved};
pub use forecast::{BAND, Foreseen, LearningCurve, Reached};
pub use labels::{Doubtful, doubtful_labels};
pub use segments::{Segment, mann_whitney, weak_segments};
pub use tails::fisher_exact;
pub(crate) use tails::normal_tail;
pub use temperature::{softened, temperature};
pub use unlike::{Gaussians, UNLIKE, Usual, folded};
pub use width::Width;
