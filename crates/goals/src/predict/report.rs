//! What the report says of predictions, and the test that comes before it, of rows that are touched once.

use super::doubts::doubts;
use super::examples::{Rows, examples};
use super::like::likeness;
use super::weak::Divided;
use crate::audit::{Auditing, Division, of_division};
use crate::explain::{
    Background, Explain, Explainer, Learned, Rows as Dealt, answers_within, dependence, importance, looks,
    options, read,
};
use crate::finish::Tested;
use crate::infer::{Asking, out_columns};
use crate::likeness::{Measured, measures, unlike_column};
use crate::model::{Model, Trust};
use crate::outcome::{Answers, Evaluation, centre, prior, score, tag_prior};
use crate::tested::kept_columns;
use crate::trained::Trained;
use crate::{Error, Result, Run, Watcher};
use pellucid_data::Part;
use pellucid_insight::audit::Audit;
use pellucid_insight::report::data::{
    CardFacts, ClassOutcome, Coverage, Explanation, Importance, Looks, NumberOutcome, Outcome, TagOutcome,
    Target as Scored,
};
use pellucid_kinds::{Examples, Target};
use std::collections::BTreeMap;
use std::time::Instant;

/// The share of cases in which sets and intervals are to hold the truth.
const COVERAGE: f64 = 0.9;

/// How many answers are explained, the share of the training's time for that, and the seconds that are granted in any case.
const EXPLAINED: usize = 6;
const EXPLAINED_SHARE: f64 = 0.04;
const EXPLAINED_SECONDS: f64 = 1.0;

/// The share of the training's time in which it is asked which columns matter, and the seconds that are granted in any case.
const IMPORTANCE_SHARE: f64 = 0.02;
const IMPORTANCE_SECONDS: f64 = 1.0;

/// The file in the run's folder that says how much each column matters, and how answers depend on it.
const COLUMNS: &str = "columns.json";

/// The share of the training's time in which training rows are looked for that are behind the explained answers, the seconds that are
/// granted in any case, and how many of each sort are shown.
const LEARNED_SHARE: f64 = 0.02;
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
    let rows = Rows { survey: trained.survey, examples: of.examples, records };
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
                examples: examples(&rows, target, &known, &numbers),
                importance,
                doubts: doubts[k].take(),
                audits: audits(trained, of, records, (name, target), (&known, &numbers))?,
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
    let mut columns = out_columns(of.model, &answers, &all, &places, &Asking::default());
    columns.extend(unlike_column(&rates, &all, places.len()));
    let table_rows: Vec<usize> = records.iter().map(|&i| of.examples.rows()[i]).collect();
    columns.extend(kept_columns(of.model, &answers, &table_rows, &columns));
    Ok(Tested {
        unseen,
        columns,
        targets,
        likeness: likeness(trained, of, records, &measured, &rates)?,
        looks,
        card: card(of.model, run, &trained.config.data.audit),
        evaluation,
    })
}

/// Whom it serves how well, by the columns that the person named.
fn audits(
    trained: &Trained<'_>,
    of: &Predicting<'_>,
    records: &[usize],
    (name, target): (&str, &Target),
    (known, positions): (&Answers, &[usize]),
) -> Result<Vec<Audit>> {
    let columns = &trained.config.data.audit;
    let rows: Vec<usize> = positions.iter().map(|&i| of.examples.rows()[records[i]]).collect();
    let mut audits = Vec::new();
    for division in Division::each_and_crossed(&trained.survey.table, columns, &rows)? {
        let judged = of_division(target, name, known, &division, &Auditing::default())?;
        audits.extend(judged.into_iter().map(|(audit, _)| audit));
    }
    Ok(audits)
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
                let set = trust.classes(known.row(row), COVERAGE, false);
                held += u64::from(set.get(known.truth[row] as usize) == Some(&true));
                size += set.iter().filter(|named| **named).count() as f64;
            }
            Target::Number { .. } => {
                let reach = reach * known.width(row);
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
        dirichlet: trust.dirichlet.is_some(),
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
    let most = (EXPLAINED_SHARE * trained.outcome.seconds).max(EXPLAINED_SECONDS);
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

/// The figures of known answers, as the report draws them.
pub(crate) fn outcome(target: &Target, known: &Answers) -> Result<Outcome> {
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

fn card(model: &Model, run: &Run, audited: &[String]) -> CardFacts {
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
    let others = match audited {
        [] => "whether groups of people are served equally well".to_owned(),
        some => format!("whether groups by anything but {} are served equally well", some.join(" and ")),
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
            format!("Not tested: data from elsewhere, {others} (`pellucid audit --group COLUMN` says), and inputs that somebody made to mislead it."),
        ],
        commands: commands.into_iter().map(|(a, b)| (a.to_owned(), b)).collect(),
        licence: None,
    }
}
