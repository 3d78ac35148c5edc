//! What the report says of predictions, and the test that comes before it, of rows that are touched once.

use super::doubts::doubts;
use super::like::likeness;
use super::shown::{ShownRow, shown_row};
use super::weak::Divided;
use crate::explain::{
    Background, Explain, Explainer, Learned, Rows as Dealt, answers_within, dependence, importance, looks,
    options, read,
};
use crate::finish::Tested;
use crate::infer::{Asking, out_columns, tag_text};
use crate::likeness::{Measured, measures, unlike_column};
use crate::model::{Model, Trust};
use crate::outcome::{Answers, Evaluation, centre, prior, score, tag_prior};
use crate::report::layers;
use crate::trained::Trained;
use crate::{Error, Result, Run, Watcher};
use pellucid_data::Part;
use pellucid_insight::report::data::{
    CardFacts, ClassOutcome, Coverage, Example, Explanation, Importance, Looks, NumberOutcome, Outcome,
    TagOutcome, Target as Scored,
};
use pellucid_kinds::{Examples, Target};
use std::collections::BTreeMap;
use std::time::Instant;

/// How many right and how many wrong answers are shown.
const SHOWN: usize = 12;

/// The share of cases in which sets and intervals are to hold the truth.
const COVERAGE: f64 = 0.9;

/// How many answers are explained, and the share of the training's time for that.
const EXPLAINED: usize = 6;
const EXPLAINED_SHARE: f64 = 0.05;

/// The share of the training's time in which it is asked which columns matter, and the seconds that are granted in any case.
const IMPORTANCE_SHARE: f64 = 0.03;
const IMPORTANCE_SECONDS: f64 = 1.0;

/// The file in the run's folder that says how much each column matters, and how answers depend on it.
const COLUMNS: &str = "columns.json";

/// The share of the training's time in which training rows are looked for that are behind the explained answers, the seconds that are
/// granted in any case, and how many of each sort are shown.
const LEARNED_SHARE: f64 = 0.03;
const LEARNED_SECONDS: f64 = 1.0;
const LEARNED_ROWS: usize = 4;

/// The share of the training's time in which it is looked at what layers respond to, and the seconds that are granted in any case.
const LOOKS_SHARE: f64 = 0.02;
const LOOKS_SECONDS: f64 = 1.0;

/// What was learned, and from which rows.
pub(crate) struct Predicting<'a> {
    pub(crate) model: &'a Model,
    pub(crate) examples: &'a Examples,
    pub(crate) records: &'a [Vec<usize>; 3],
}

/// The scored rows.
struct Rows<'a> {
    records: &'a [usize],
    places: &'a [String],
}

/// Tests the model on the test rows (on the validation rows, if there are none).
pub(crate) fn test(
    trained: &Trained<'_>,
    of: &Predicting<'_>,
    backgrounds: &[Background],
    run: &Run,
    watcher: &mut dyn Watcher,
) -> Result<Tested> {
    let unseen = !of.records[Part::Test as usize].is_empty();
    let part = if unseen { Part::Test } else { Part::Validation };
    let records = &of.records[part as usize];
    watcher.begin("Testing", records.len());
    let (answers, rates) = of.model.answer_and_rate_records(of.examples, records)?;
    let groups = trained.groups(records.iter().map(|&i| of.examples.rows()[i]))?;
    let rows_are = of.model.rows_are().to_owned();
    let mut evaluation = Evaluation { rows: records.len(), rows_are, targets: BTreeMap::new() };
    for ((name, target), answers) in of.model.target_names().zip(of.model.batcher.targets()).zip(&answers) {
        let seed = trained.config.training.seed;
        match score(answers, target, groups.as_deref(), seed) {
            Ok(scores) => {
                evaluation.targets.insert(name.to_owned(), scores);
            }
            Err(e) => watcher.warning(&format!("`{name}`: {e}")),
        }
    }
    let places: Vec<String> =
        records.iter().map(|&i| trained.survey.row_name(of.examples.rows()[i])).collect();
    let all: Vec<usize> = (0..records.len()).collect();
    let rows = Rows { records, places: &places };
    let mut doubts = doubts(trained, of, run, watcher)?;
    let measures = measures(&of.model.encoder);
    let measured = Measured::of_records(&measures, of.examples, records)?;
    let divided = Divided::new(trained, of, records, (&measures, &measured))?;
    let explainer = Explainer::new(of.model, &of.model.encoder, backgrounds)?;
    let mut targets = Vec::new();
    let share = (IMPORTANCE_SHARE * trained.outcome.seconds).max(IMPORTANCE_SECONDS);
    let (targets_count, seed) = (evaluation.targets.len().max(1) as f64, trained.config.training.seed);
    for (k, name) in of.model.target_names().enumerate() {
        if let Some(scores) = evaluation.targets.get(name) {
            let (known, numbers) = answers[k].known();
            let target = &of.model.batcher.targets()[k];
            let granted = (share / targets_count, seed);
            let mut importance = importance(of.model, of.examples, records, k, granted)?;
            let dealt = Dealt { table: &trained.survey.table, examples: of.examples, records };
            dependence(of.model, &dealt, k, &mut importance, granted)?;
            targets.push(Scored {
                column: name.to_owned(),
                rows: numbers.len() as u64,
                unseen,
                scores: scores.clone(),
                outcome: outcome(target, &known)?,
                examples: examples(trained, of, &rows, target, &known, &numbers),
                importance,
                doubts: doubts[k].take(),
                weak: Some(divided.weak((name, target), (&known, &numbers), groups.as_deref(), seed)?),
                coverage: coverage(target, &known, &of.model.trust[k]),
                explanations: explanations(trained, of, &explainer, records, name, watcher)?,
            });
        }
    }
    let important: BTreeMap<&str, &[Importance]> = targets
        .iter()
        .filter(|target| !target.importance.is_empty())
        .map(|target| (target.column.as_str(), target.importance.as_slice()))
        .collect();
    if !important.is_empty() {
        run.write_json(COLUMNS, &important)?;
    }
    let looks = layers_look_for(trained, of, watcher)?;
    let mut columns = out_columns(of.model, &answers, &all, &places, Asking::default());
    columns.extend(unlike_column(&rates, &all, places.len()));
    Ok(Tested {
        unseen,
        columns,
        targets,
        likeness: likeness(trained, of, records, &measured, &rates)?,
        network: layers(of.model.network.describe()?),
        looks,
        card: card(of.model, run),
        evaluation,
    })
}

/// What the layers of networks for pictures and sounds respond to, by the first column that is answered.
fn layers_look_for(
    trained: &Trained<'_>,
    of: &Predicting<'_>,
    watcher: &mut dyn Watcher,
) -> Result<Vec<Looks>> {
    if of.model.batcher.picture_sizes().is_empty() {
        return Ok(Vec::new());
    }
    let records = &of.records[Part::Train as usize];
    let seconds = (LOOKS_SHARE * trained.outcome.seconds).max(LOOKS_SECONDS);
    let most = answers_within(seconds, of.model, of.examples, records)?;
    looks(
        of.model,
        &Learned { survey: trained.survey, examples: of.examples, records, options: &[], most },
        0,
        watcher,
    )
}

/// How often sets or intervals hold the truth of rows that were not learned from; none where too few rows are known to promise it.
fn coverage(target: &Target, known: &Answers, trust: &Trust) -> Option<Coverage> {
    let reach = trust.conformal.reach(COVERAGE)?;
    let (mut held, mut size) = (0, 0.0);
    for row in 0..known.rows() {
        match target {
            Target::Classes { .. } => {
                let set = trust.conformal.classes(known.row(row), COVERAGE);
                held += u64::from(set.get(known.truth[row] as usize) == Some(&true));
                size += set.iter().filter(|named| **named).count() as f64;
            }
            Target::Number { .. } => {
                held += u64::from((known.numbers[row] - known.truth[row]).abs() <= reach);
                size += reach;
            }
            Target::Tags { .. } => return None,
        }
    }
    let rows = known.rows() as u64;
    Some(Coverage {
        asked: COVERAGE,
        held,
        rows,
        size: size / rows.max(1) as f64,
        temperature: trust.temperature,
    })
}

/// Some of the tested rows, evenly chosen, with what moved their answers: as many as take a small share of the time of the training.
fn explanations(
    trained: &Trained<'_>,
    of: &Predicting<'_>,
    explainer: &Explainer<'_>,
    records: &[usize],
    target: &str,
    watcher: &mut dyn Watcher,
) -> Result<Vec<Explanation>> {
    let how = Explain {
        target: Some(target.to_owned()),
        rows: LEARNED_ROWS,
        seed: trained.config.training.seed,
        ..Explain::default()
    };
    let start = Instant::now();
    let most = EXPLAINED_SHARE * trained.outcome.seconds;
    let mut all = Vec::new();
    watcher.begin("Explaining", EXPLAINED.min(records.len()));
    let some: Vec<usize> =
        records.iter().copied().step_by(records.len().div_ceil(EXPLAINED).max(1)).collect();
    for &record in &some {
        all.push(explainer.explain(&trained.survey.table, of.examples, record, &how)?);
        watcher.advance(all.len());
        let spent = start.elapsed().as_secs_f64();
        if spent + spent / all.len() as f64 > most {
            break;
        }
    }
    let learned_from = &of.records[Part::Train as usize];
    let seconds = (LEARNED_SHARE * trained.outcome.seconds).max(LEARNED_SECONDS);
    let seconds = seconds / of.model.batcher.targets().len().max(1) as f64;
    let learned = Learned {
        survey: trained.survey,
        examples: of.examples,
        records: learned_from,
        options: &options(of.model, trained.config)?,
        most: answers_within(seconds, of.model, of.examples, learned_from)?,
    };
    explainer.add_learned_from(&mut all, &read(of.examples, &some)?, &how, &learned, watcher)?;
    Ok(all)
}

fn outcome(target: &Target, known: &Answers) -> Result<Outcome> {
    let failed = |e| Error::model(format!("the answers cannot be drawn · {e}"));
    Ok(match target {
        Target::Classes { names, .. } => Outcome::Classes(
            ClassOutcome::measure(names, &known.probabilities, &known.labels(), &prior(target))
                .map_err(failed)?,
        ),
        Target::Tags { names, left_out, always, .. } => {
            let (p, thresholds) = (&known.probabilities, known.thresholds());
            let (truth, answered) = (known.true_tags(), known.answered_tags());
            let figures = TagOutcome::measure(names, thresholds, p, &truth, &answered, &tag_prior(target))
                .map_err(failed)?;
            Outcome::Tags(TagOutcome { always: *always, left_out: *left_out as u64, ..figures })
        }
        Target::Number { .. } => Outcome::Numbers(
            NumberOutcome::measure(None, &known.numbers, &known.truth, centre(target)).map_err(failed)?,
        ),
    })
}

/// The most confidently wrong and right answers; for numbers those farthest from and nearest to the truth.
fn examples(
    trained: &Trained<'_>,
    of: &Predicting<'_>,
    tested: &Rows<'_>,
    target: &Target,
    known: &Answers,
    rows: &[usize],
) -> Vec<Example> {
    let rated = |i: usize| match target {
        Target::Classes { .. } => {
            let (best, p) = known.best(i);
            (best as f64 == known.truth[i], f64::from(p))
        }
        Target::Tags { names, .. } => {
            let truth = true_tags(known, i, names.len());
            let of_truth =
                known.row(i).iter().zip(&truth).map(|(&p, &is)| f64::from(if is { p } else { 1.0 - p }));
            // The chance of the whole answer, and how far from certain it was.
            (known.tags(i) == truth, -of_truth.map(|p| p.max(1e-9).ln()).sum::<f64>())
        }
        Target::Number { scale, .. } => {
            let error = (known.numbers[i] - known.truth[i]).abs();
            (error < 0.25 * scale, error)
        }
    };
    let mut order: Vec<_> = (0..rows.len()).map(|i| (i, rated(i))).collect();
    // Errors and surprises, of which less is better, as opposed to probabilities.
    let errors = !matches!(target, Target::Classes { .. });
    order.sort_by(|a, b| b.1.1.total_cmp(&a.1.1).then(a.0.cmp(&b.0)));
    let wrong = order.iter().filter(|(_, (right, _))| !right).take(SHOWN);
    let right: Vec<_> = match errors {
        true => order.iter().rev().filter(|(_, (right, _))| *right).take(SHOWN).collect(),
        false => order.iter().filter(|(_, (right, _))| *right).take(SHOWN).collect(),
    };
    wrong
        .chain(right)
        .map(|&(i, (right, _))| example(trained, of, tested, target, known, i, rows[i], right))
        .collect()
}

fn example(
    trained: &Trained<'_>,
    of: &Predicting<'_>,
    tested: &Rows<'_>,
    target: &Target,
    known: &Answers,
    i: usize,
    row: usize,
    right: bool,
) -> Example {
    let table_row = of.examples.rows()[tested.records[row]];
    let ShownRow { picture, fields } = shown_row(trained.survey, table_row).unwrap_or_default();
    let (truth, answer, probability) = match target {
        Target::Classes { names, .. } => {
            let (best, p) = known.best(i);
            let name = |k: usize| names.get(k).cloned().unwrap_or_default();
            (name(known.truth[i] as usize), name(best), Some(f64::from(p)))
        }
        Target::Tags { names, separator, .. } => {
            let text = |there: &[bool]| tag_text(names, there, separator);
            (text(&true_tags(known, i, names.len())), text(&known.tags(i)), None)
        }
        Target::Number { scale, .. } => {
            (known.truth[i].to_string(), to_a_thousandth(known.numbers[i], *scale), None)
        }
    };
    Example { place: tested.places[row].clone(), picture, fields, truth, answer, probability, right }
}

/// For each tag of a row whether it is true.
fn true_tags(known: &Answers, i: usize, tags: usize) -> Vec<bool> {
    known.truth[i * tags..(i + 1) * tags].iter().map(|&t| t > 0.0).collect()
}

/// A number with as many decimals as show a thousandth of the spread of all of its kind.
fn to_a_thousandth(x: f64, spread: f64) -> String {
    let decimals = (3.0 - spread.log10().floor()).clamp(0.0, 15.0) as usize;
    format!("{x:.decimals$}")
}

fn card(model: &Model, run: &Run) -> CardFacts {
    let targets: Vec<_> = model.target_names().map(|n| format!("`{n}`")).collect();
    let inputs: Vec<_> = model.encoder.inputs.iter().map(|(n, k, _)| format!("`{n}` ({k})")).collect();
    let path = run.path().display();
    let commands = [
        ("Answer new rows or pictures", format!("pellucid predict {path} NEW_DATA")),
        ("Score it on other data", format!("pellucid evaluate {path} OTHER_DATA")),
    ];
    let shown = inputs.len().min(12);
    let more = if inputs.len() > shown {
        format!(" and {} more columns", inputs.len() - shown)
    } else {
        String::new()
    };
    let classes = model.batcher.targets().iter().any(|t| matches!(t, Target::Classes { .. }));
    let probability = match classes {
        true => {
            "A probability is the network's own estimate; see how far it can be trusted in the calibration figures."
        }
        false => "A probability is the network's own estimate.",
    };
    CardFacts {
        intended_use: format!("Predicting {} from {}{more}, on data like those it was trained on.", targets.join(" and "), inputs[..shown].join(", ")),
        limits: vec![
            "The scores hold for rows drawn like the test rows. On data from elsewhere (another hospital, shop, camera or year) they may be lower: evaluate there first.".to_owned(),
            probability.to_owned(),
            "It is no substitute for a professional's judgement where people are affected.".to_owned(),
            "Not tested: data from elsewhere, whether groups of people are served equally well (`pellucid audit --group COLUMN` says), and inputs that somebody made to mislead it.".to_owned(),
        ],
        commands: commands.into_iter().map(|(a, b)| (a.to_owned(), b)).collect(),
        licence: None,
    }
}
