//! After the last step: the test, touched once; the model, predictions, report and card.

use crate::infer::out_columns;
use crate::outcome::{Evaluation, score};
use crate::report::{Tested, report_data};
use crate::run::EVALUATION;
use crate::trained::Trained;
use crate::{Result, Run, Watcher};
use pellucid_data::{Part, write_table};
use std::collections::BTreeMap;

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
}

/// Tests the model and writes everything that a finished run holds; the model's folder comes last, and its being
/// there says that the run is complete.
pub(crate) fn finish(trained: &Trained<'_>, run: &Run, watcher: &mut dyn Watcher) -> Result<Finished> {
    let unseen = !trained.records[Part::Test as usize].is_empty();
    let part = if unseen { Part::Test } else { Part::Validation };
    let records = &trained.records[part as usize];
    watcher.begin("Testing", records.len());
    let answers = trained.model.answer_records(trained.examples, records)?;
    let groups = groups(trained, records)?;
    let mut evaluation = Evaluation { rows: records.len(), targets: BTreeMap::new() };
    for ((name, target), answers) in
        trained.model.target_names().zip(trained.model.batcher.targets()).zip(&answers)
    {
        let seed = trained.config.training.seed;
        match score(answers, target, groups.as_deref(), seed) {
            Ok(scores) => {
                evaluation.targets.insert(name.to_owned(), scores);
            }
            Err(e) => watcher.warning(&format!("`{name}`: {e}")),
        }
    }
    let places: Vec<String> =
        records.iter().map(|&i| trained.survey.row_name(trained.examples.rows()[i])).collect();
    let all: Vec<usize> = (0..records.len()).collect();
    let columns = out_columns(trained.model, &answers, &all, records.len(), &places);
    write_table(&run.path().join("predictions.parquet"), &columns)?;
    let tested = Tested { records, answers: &answers, evaluation: &evaluation, places: &places, unseen };
    let data = report_data(trained, &tested, run)?;
    run.write_json("data_report.json", &data.data)?;
    run.write("report.html", pellucid_insight::report::render(&data).as_bytes())?;
    run.write("README.md", pellucid_insight::card::model_card(&data).as_bytes())?;
    run.write_json(EVALUATION, &evaluation)?;
    trained.model.save(&run.model())?;
    Ok(Finished { run: run.clone(), evaluation, unseen, seconds: trained.outcome.seconds })
}

/// The group of each record, if the split kept groups together: intervals then resample whole groups.
fn groups(trained: &Trained<'_>, records: &[usize]) -> Result<Option<Vec<u32>>> {
    let Some(column) = trained.survey.used_as(crate::Use::Group).next() else { return Ok(None) };
    let codes = crate::dataset::codes(trained.survey, column)?;
    Ok(Some(
        records.iter().map(|&i| codes.get(trained.examples.rows()[i]).copied().unwrap_or_default()).collect(),
    ))
}
