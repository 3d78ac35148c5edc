//! After the last step: the test, touched once; the model, predictions, report and card.

use crate::outcome::Evaluation;
use crate::report::report_data;
use crate::run::EVALUATION;
use crate::trained::Trained;
use crate::{Result, Run};
use pellucid_data::{OutColumn, write_table};
use pellucid_insight::report::data::{CardFacts, Likeness, Looks, Target};
use std::path::Path;

/// The answers to the scored rows, and for networks that predict the truth.
pub(crate) const PREDICTIONS: &str = "predictions.parquet";

/// What there is to say of the data.
pub(crate) const DATA_FACTS: &str = "data_report.json";

/// A finished run.
pub struct Finished {
    /// Its folder.
    pub run: Run,
    /// The scores of its test rows (of its validation rows, if there is no test part).
    pub evaluation: Evaluation,
    /// Whether no decision in training has seen the scored rows.
    pub unseen: bool,
    /// Seconds spent on training.
    pub seconds: f64,
    /// The command that puts it to use.
    pub usage: String,
}

/// What a goal says of its network after the test.
pub(crate) struct Tested {
    /// The scores.
    pub(crate) evaluation: Evaluation,
    /// Whether no decision in training has seen the scored rows.
    pub(crate) unseen: bool,
    /// The answers to the scored rows.
    pub(crate) columns: Vec<OutColumn>,
    /// What was predicted, and how well.
    pub(crate) targets: Vec<Target>,
    /// How like the scored rows are to those that were learned from.
    pub(crate) likeness: Option<Likeness>,
    /// What the layers of its networks for pictures and sounds respond to.
    pub(crate) looks: Vec<Looks>,
    /// What it is for.
    pub(crate) card: CardFacts,
}

/// Writes everything that a finished run holds; the model's folder comes last, and its being there says that the run is complete.
pub(crate) fn finish(
    trained: &Trained<'_>,
    tested: Tested,
    run: &Run,
    save: impl FnOnce(&Path) -> Result<()>,
) -> Result<Finished> {
    write_table(&run.path().join(PREDICTIONS), &tested.columns)?;
    let data = report_data(trained, &tested, run)?;
    run.write_json(DATA_FACTS, &data.data)?;
    run.write("report.html", pellucid_insight::report::render(&data).as_bytes())?;
    run.write("README.md", pellucid_insight::card::model_card(&data).as_bytes())?;
    run.write_json(EVALUATION, &tested.evaluation)?;
    save(&run.model())?;
    let Tested { evaluation, unseen, card, .. } = tested;
    let usage = card.commands.into_iter().next().map(|(_, command)| command).unwrap_or_default();
    Ok(Finished { run: run.clone(), evaluation, unseen, seconds: trained.outcome.seconds, usage })
}
