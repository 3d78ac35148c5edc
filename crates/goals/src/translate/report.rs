//! The test of a translation, and what the report says of it.

use super::infer::out_columns;
use super::model::Translation;
use super::pairs::{Pairs, columns, text_of};
use super::search::Search;
use super::ways::Way;
use crate::finish::Tested;
use crate::outcome::Evaluation;
use crate::trained::Trained;
use crate::{Error, Result, Run, Watcher};
use pellucid_data::{OutColumn, OutValues, Part};
use pellucid_insight::intervals::evaluate_texts;
use pellucid_insight::report::data::{CardFacts, Example, Outcome, Target, TextOutcome};
use pellucid_train::metrics::{TextRows, score_texts};
use std::collections::BTreeMap;

/// How many good and how many bad translations are shown.
const SHOWN: usize = 8;

/// Texts whose translations are shown with what they looked at, and the most words of such.
const ALIGNED: usize = 3;
const WORDS_ALIGNED: usize = 14;

/// Translates the test rows (the validation rows, if there are none), in every way.
pub(super) fn test(
    trained: &Trained<'_>,
    model: &Translation,
    pairs: &Pairs,
    run: &Run,
    watcher: &mut dyn Watcher,
) -> Result<Tested> {
    let unseen = !pairs.part(Part::Test).is_empty();
    let part = if unseen { Part::Test } else { Part::Validation };
    let rows: Vec<usize> = pairs.of_way(part, Way::There).iter().map(|&pair| pairs.rows[pair]).collect();
    watcher.begin("Testing", pairs.part(part).len());
    let ((first, _), (second, _)) = columns(trained.survey)?;
    let mut texts: [Vec<String>; 2] = Default::default();
    for &row in &rows {
        let cells = trained.survey.table.cells(row)?;
        for (texts, column) in texts.iter_mut().zip([first, second]) {
            texts.push(text_of(cells.cell(column)).unwrap_or_default());
        }
    }
    let places: Vec<String> = rows.iter().map(|&row| trained.survey.row_name(row)).collect();
    let names = OutValues::Text(places.clone());
    let mut columns = vec![OutColumn { name: "input".to_owned(), values: names }];
    let (mut evaluated, mut targets) = (BTreeMap::new(), Vec::new());
    let groups = trained.groups(rows.iter().copied())?;
    for &way in model.ways() {
        let ((sources, truth), (source, target)) = (way.of(&texts), way.of(&model.columns));
        let pieces: Vec<&[u32]> =
            pairs.of_way(part, way).iter().map(|&record| pairs.read.get(record)).collect();
        let found = model.translate_pieces(&pieces, Search::default(), 1)?;
        let answers: Vec<String> = found.iter().map(|t| t.best().to_owned()).collect();
        let failed = |e| Error::model(format!("the translations cannot be scored · {e}"));
        let seed = trained.config.training.seed;
        let scores = evaluate_texts(&answers, truth, sources, groups.as_deref(), seed).map_err(failed)?;
        let mut outcome = TextOutcome::measure(sources, &answers, truth).map_err(failed)?;
        let fits = |(text, _): &(&String, _)| text.split_whitespace().count() <= WORDS_ALIGNED;
        let short = sources.iter().zip(&found).filter(fits);
        for (text, translated) in short.step_by(rows.len().div_ceil(ALIGNED).max(1)).take(ALIGNED) {
            if let Some(alternative) = translated.texts.first() {
                outcome.alignments.push(model.alignment(text, alternative)?);
            }
        }
        let probabilities =
            found.iter().map(|t| t.texts.first().map_or(f64::NAN, |a| a.probability)).collect();
        columns.extend(out_columns(target, answers.clone(), probabilities));
        targets.push(Target {
            examples: examples(source, sources, &answers, truth, &places).map_err(failed)?,
            ..Target::new(target, rows.len() as u64, unseen, scores.clone(), Outcome::Texts(outcome))
        });
        evaluated.insert(target.clone(), scores);
    }
    Ok(Tested {
        evaluation: Evaluation { rows: rows.len(), rows_are: "texts".to_owned(), targets: evaluated },
        unseen,
        columns,
        targets,
        likeness: None,
        looks: Vec::new(),
        card: card(model, run),
    })
}

/// The translations that are the farthest from what people wrote, and the nearest.
fn examples(
    column: &str,
    sources: &[String],
    answers: &[String],
    truth: &[String],
    places: &[String],
) -> std::result::Result<Vec<Example>, pellucid_train::metrics::MetricError> {
    let mut rated = Vec::with_capacity(answers.len());
    for (i, (answer, truth)) in answers.iter().zip(truth).enumerate() {
        let scores = score_texts(&TextRows::new(&[answer], &[truth])?);
        let chrf = scores.iter().find(|(m, _)| m.name == "chrf").and_then(|(_, v)| *v);
        rated.push((chrf.unwrap_or_default(), i));
    }
    rated.sort_by(|a, b| a.0.total_cmp(&b.0));
    let shown = SHOWN.min(rated.len().div_ceil(2));
    let example = |&(_, i): &(f64, usize), right| Example {
        place: places[i].clone(),
        fields: vec![(column.to_owned(), sources[i].clone())],
        truth: truth[i].clone(),
        answer: answers[i].clone(),
        right,
        ..Example::default()
    };
    let worst = rated.iter().take(shown).map(|rated| example(rated, false));
    // Short ones are easy to get right.
    let words = |i: usize| truth[i].split_whitespace().count();
    let mean = (0..truth.len()).map(words).sum::<usize>() / truth.len().max(1);
    let best = rated.iter().rev().filter(|(_, i)| words(*i) >= mean).take(shown);
    Ok(worst.chain(best.map(|rated| example(rated, true))).collect())
}

fn card(model: &Translation, run: &Run) -> CardFacts {
    let [read, written] = &model.columns;
    let path = run.path().display();
    let back = if model.ways().contains(&Way::Back) { " and back" } else { "" };
    CardFacts {
        intended_use: format!("Translating `{read}` into `{written}`{back}, for texts like those it was trained on."),
        limits: vec![
            "The scores hold for texts like the test rows. On other subjects they will be lower: evaluate there first.".to_owned(),
            "It can leave out, add or turn around what a text says, and still write fluently. Where a mistake can harm, have a person who knows both languages read it.".to_owned(),
            "The probability of a translation is the network's own estimate for the whole text, and small for long ones.".to_owned(),
        ],
        commands: vec![
            ("Translate a text".to_owned(), format!("pellucid translate {path} \"…\"")),
            ("Translate a file, line by line".to_owned(), format!("pellucid translate {path} --file texts.txt")),
            ("Score it on other data".to_owned(), format!("pellucid evaluate {path} OTHER_DATA")),
        ],
        licence: None,
    }
}
