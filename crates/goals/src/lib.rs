//! What to learn: goals join kinds into a network and a training plan.
//!
//! [`train`] goes from data to a finished [`Run`]; [`evaluate`] and [`predict`] use one; [`inspect`] only looks at
//! data. [`Config`] says what is asked for; [`Watcher`] sees the work as it goes on.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod about;
mod again;
mod answerer;
mod audit;
mod causal;
mod config;
mod dataset;
mod design;
mod drawing;
mod error;
mod evaluate;
mod explain;
mod finish;
mod forecast;
mod generate;
mod generator;
mod glimpse;
mod infer;
mod int8;
mod learning;
mod likeness;
mod listen;
mod model;
pub mod networks;
mod outcome;
mod paint;
mod predict;
mod reasons;
mod recommend;
mod report;
mod run;
pub mod samples;
mod start;
mod stored;
mod tested;
mod train;
mod trained;
mod translate;
mod watch;

pub use about::{About, AboutColumn, about};
pub use answerer::{Answerer, Given, Prepared};
pub use audit::{Audited, Auditing, GroupThresholds, audit, mitigations};
pub use config::{ClassWeights, Config, DataConfig, Fairness, NetworkConfig, Preset, TrainingConfig};
pub use dataset::{ColumnPlan, Inspection, Survey, Use, inspect};
pub use drawing::drawn_network;
pub use error::{Error, Result};
pub use evaluate::evaluate;
pub use explain::{Explain, Explainable, Explained, Method, explain, explain_layers, explainable};
pub use finish::Finished;
pub use forecast::{forecast, foreseen};
pub use generate::{Generation, Writing, piano_roll};
pub use generator::{Generator, generator};
pub use glimpse::drawn_glimpse;
pub use infer::{Asking, Predictions, predict, predict_with};
pub use int8::{Int8Comparison, compare_int8};
pub use likeness::Drift;
pub use listen::{Heard, Listener, Recognition, Samples, listen_to_file, listen_to_samples};
pub use model::{Model, Trust};
pub use outcome::{Answers, Evaluation};
pub use paint::{Brush, Painting, judge, sheet};
pub use pellucid_insight::audit::{Audit, Figure, Group, Mitigation, Requirement, Trade, Verdict};
pub use pellucid_insight::check::Revealed;
pub use pellucid_insight::report::data::{
    ExplainedRecommendation, ExplainedTranslation, Explanation, Forecast, LearnedFrom, Looks,
};
pub use pellucid_insight::report::render_audit as audit_page;
pub use pellucid_insight::report::{
    render_explanations as explanations_page, render_forecast as forecast_page, render_looks as layers_page,
    render_recommendations as recommendations_page, render_translations as translations_page,
};
pub use pellucid_kinds::image::{Pixels, decode};
pub use pellucid_kinds::melody::Melody;
pub use recommend::{Because, Recommended, Recommender, recommender};
pub use report::drawn_curves;
pub use run::Run;
pub use tested::{
    AtLeast, Cut, Cuts, Doubtful, Order, RowFiles, STEPS, Tested, TestedRow, TestedTarget, Wanted,
};
pub use train::{Ended, Place, resume, train};
pub use translate::{Alternative, Translated, Translation, Way, translation};
pub use watch::{Unwatched, Watcher};
