//! How far an answer can be trusted: probabilities that mean what they say, and sets and intervals that hold the truth as often as was asked.

mod conformal;
mod labels;
mod temperature;

pub use conformal::{Conformal, surprise};
pub use labels::{Doubtful, doubtful_labels};
pub use temperature::{softened, temperature};
