//! The facts of a finished run, as the report and the model card want them.

use crate::infer::tag_text;
use crate::outcome::{Answers, Evaluation, centre, prior, tag_prior};
use crate::trained::Trained;
use crate::{Error, Result, Run, Use};
use pellucid_data::{Cell, Part};
use pellucid_insight::check::{Finding, Severity as Found};
use pellucid_insight::report::ReportData;
use pellucid_insight::report::data::{
    CardFacts, Choice, ClassOutcome, Column, Curves, DataFacts, Example, Layer, MetricCurves, Notice,
    NumberOutcome, Outcome, Reproduce, Severity, Skipped, Split, TagOutcome, Target as Scored, Training,
};
use pellucid_kinds::image::{decode, picture_bytes};
use pellucid_kinds::{Target, cell_text};
use pellucid_train::{Line, Stopped, read_log};

/// How many right and how many wrong answers are shown.
const SHOWN: usize = 12;

/// The longest side of a shown picture, in pixels.
const SHOWN_SIDE: usize = 160;

/// The scored rows and their answers.
pub(crate) struct Tested<'a> {
    pub(crate) records: &'a [usize],
    pub(crate) answers: &'a [Answers],
    pub(crate) evaluation: &'a Evaluation,
    pub(crate) places: &'a [String],
    pub(crate) unseen: bool,
}

/// Collects everything a report says.
pub(crate) fn report_data(trained: &Trained<'_>, tested: &Tested<'_>, run: &Run) -> Result<ReportData> {
    let pictures = !trained.model.batcher.picture_sizes().is_empty();
    let rows_are = if pictures { "pictures" } else { "rows" };
    let mut targets = Vec::new();
    for (k, name) in trained.model.target_names().enumerate() {
        if let Some(scores) = tested.evaluation.targets.get(name) {
            let (known, rows) = tested.answers[k].known();
            let target = &trained.model.batcher.targets()[k];
            targets.push(Scored {
                column: name.to_owned(),
                rows: rows.len() as u64,
                unseen: tested.unseen,
                scores: scores.clone(),
                outcome: outcome(target, &known)?,
                examples: examples(trained, tested, target, &known, &rows),
            });
        }
    }
    Ok(ReportData {
        name: run.name(),
        created: today(),
        rows_are: rows_are.to_owned(),
        data: data_facts(trained),
        training: training(trained)?,
        network: network(trained)?,
        targets,
        card: card(trained, run),
        reproduce: reproduce(trained)?,
    })
}

/// Today's date in UTC, `2026-05-17`.
fn today() -> String {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
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

fn data_facts(trained: &Trained<'_>) -> DataFacts {
    let survey = trained.survey;
    let columns = survey.columns.iter().map(|c| Column {
        name: c.name.clone(),
        kind: c.kind.map_or("none", |k| k.name()).to_owned(),
        role: c.role.name().to_owned(),
        reason: c.reason.clone(),
        missing: survey.profile(c).missing as u64,
    });
    let parts = [(Part::Train, "training"), (Part::Validation, "validation"), (Part::Test, "test")];
    let splits = parts.map(|(part, name)| Split {
        name: name.to_owned(),
        rows: trained.records[part as usize].len() as u64,
    });
    let unread =
        survey.table.skipped().iter().map(|s| Skipped { place: s.place.to_string(), reason: s.why.clone() });
    let unusable = trained.examples.unreadable().iter().map(|u| {
        let mut place = survey.table.place(u.row);
        place.column = Some(u.column.clone());
        Skipped { place: place.to_string(), reason: u.why.clone() }
    });
    let skipped: Vec<_> = unread.chain(unusable).collect();
    let mut notices: Vec<_> = trained
        .checks
        .findings
        .iter()
        .map(|f| Notice {
            severity: severity(f.severity),
            title: f.code.replace('_', " "),
            text: finding_text(f),
        })
        .collect();
    if trained.unanswered > 0 {
        let text = format!(
            "{} rows have no known answer; they were neither learned from nor scored.",
            trained.unanswered
        );
        notices.push(Notice { severity: Severity::Note, title: "rows without an answer".to_owned(), text });
    }
    let infinite: Vec<_> = survey.profiles.iter().filter(|p| p.infinite > 0).collect();
    for p in infinite {
        let text =
            format!("`{}` holds {} infinite numbers; they are treated as missing.", p.name, p.infinite);
        notices.push(Notice { severity: Severity::Warning, title: "infinite numbers".to_owned(), text });
    }
    DataFacts {
        source: trained.config.data.sample.as_ref().map_or_else(
            || {
                trained
                    .config
                    .data
                    .paths
                    .iter()
                    .map(|p| p.display().to_string())
                    .collect::<Vec<_>>()
                    .join(", ")
            },
            |s| format!("the sample {s}"),
        ),
        columns: columns.collect(),
        splits: splits.to_vec(),
        split_by: trained.splits.reason.clone(),
        skipped: skipped.len() as u64,
        skipped_examples: skipped.into_iter().take(10).collect(),
        notices,
    }
}

/// A finding in a paragraph, with its first example.
fn finding_text(f: &Finding) -> String {
    let example = f.examples.first().map_or_else(String::new, |e| format!(" For example: {}.", e.text));
    format!("{}{example} {}", f.what, f.advice)
}

fn severity(s: Found) -> Severity {
    match s {
        Found::Leak => Severity::Leak,
        Found::Warning => Severity::Warning,
        Found::Note => Severity::Note,
    }
}

fn training(trained: &Trained<'_>) -> Result<Training> {
    let choice = |setting: &str| {
        trained
            .decisions
            .iter()
            .find(|d| d.setting == setting)
            .map_or_else(Choice::default, |d| Choice { value: d.value.clone(), why: d.why.clone() })
    };
    let own = ["batch", "learning_rate", "augment"];
    let settings = trained.decisions.iter().filter(|d| !own.contains(&d.setting.as_str()));
    let mut settings: Vec<_> = settings.map(|d| (d.setting.replace('_', " "), choice(&d.setting))).collect();
    let fixed = [
        ("optimiser", "AdamW", "decoupled weight decay, bias-corrected moments"),
        ("schedule", "warm-up, then a cosine wave down", "usual for AdamW"),
    ];
    for (name, value, why) in fixed {
        settings.push((name.to_owned(), Choice { value: value.to_owned(), why: why.to_owned() }));
    }
    let t = &trained.config.training;
    let outcome = trained.outcome;
    let rows = trained.records[Part::Train as usize].len().max(1);
    let augment = trained.decisions.iter().find(|d| d.setting == "augment");
    Ok(Training {
        preset: format!("{:?}", t.preset).to_lowercase(),
        seed: t.seed,
        seconds: outcome.seconds,
        epochs: outcome.steps_done as f64 * t.batch.unwrap_or(1) as f64 / rows as f64,
        steps: outcome.steps_done,
        batch: choice("batch"),
        learning_rate: choice("learning_rate"),
        settings,
        augmentation: augment.into_iter().flat_map(|d| [d.value.clone(), d.why.clone()]).collect(),
        stopped: match outcome.stopped {
            Stopped::Early => format!("no better for {} validations", t.patience.unwrap_or_default()),
            Stopped::Finished => "all planned steps were done".to_owned(),
            Stopped::Interrupted => "it was interrupted".to_owned(),
        },
        curves: curves(trained)?,
    })
}

fn curves(trained: &Trained<'_>) -> Result<Curves> {
    let mut curves = Curves { unit: "epoch".to_owned(), ..Curves::default() };
    let mut followed = MetricCurves::default();
    for line in read_log(&trained.folder.log())? {
        match line {
            Line::Step(step) => curves.loss.training.extend(step.loss.map(|loss| (step.epoch, loss))),
            Line::Validation(v) => {
                curves.loss.validation.extend(v.loss.map(|loss| (v.epoch, loss)));
                let name = v.score_name.split(" + ").next().unwrap_or_default();
                if let Some(value) = v.metrics.get(name).and_then(serde_json::Value::as_f64) {
                    followed.name = name.to_owned();
                    followed.values.validation.push((v.epoch, value));
                }
                if Some(v.step) == trained.outcome.best.as_ref().map(|b| b.step) {
                    curves.best = Some(v.epoch);
                }
            }
        }
    }
    curves.metric = (!followed.name.is_empty()).then_some(followed);
    Ok(curves)
}

fn network(trained: &Trained<'_>) -> Result<Vec<Layer>> {
    let shape = |dims: &[usize]| dims.iter().map(ToString::to_string).collect::<Vec<_>>().join(" × ");
    let rows = trained.model.network.describe()?;
    Ok(rows
        .into_iter()
        .map(|(part, row)| Layer {
            name: part,
            does: row.name,
            output: shape(&row.output),
            parameters: row.parameters as u64,
            multiply_adds: row.multiply_adds,
        })
        .collect())
}

/// The most confidently wrong and right answers; for numbers those farthest from and nearest to the truth.
fn examples(
    trained: &Trained<'_>,
    tested: &Tested<'_>,
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
        .map(|&(i, (right, _))| example(trained, tested, target, known, i, rows[i], right))
        .collect()
}

fn example(
    trained: &Trained<'_>,
    tested: &Tested<'_>,
    target: &Target,
    known: &Answers,
    i: usize,
    row: usize,
    right: bool,
) -> Example {
    let table_row = trained.examples.rows()[tested.records[row]];
    let (mut picture, mut fields) = (None, Vec::new());
    if let Ok(cells) = trained.survey.table.cells(table_row) {
        for column in trained.survey.used_as(Use::Input) {
            let cell = cells.cell(column.position);
            if column.kind.is_some_and(|k| k.name() == "image") {
                picture = picture.or_else(|| small_png(cell, trained.survey.table.files()));
            } else {
                let text = cell_text(cell).map_or_else(|| "missing".to_owned(), |t| t.into_owned());
                fields.push((column.name.clone(), text));
            }
        }
    }
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
    fields.truncate(8);
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

/// A picture small enough for a page, as PNG; `None` if it cannot be read.
fn small_png(cell: Cell<'_>, files: Option<&pellucid_data::Files>) -> Option<Vec<u8>> {
    let picture = decode(&picture_bytes(cell, files).ok()?).ok()?;
    let shrink = (SHOWN_SIDE as f64 / picture.height.max(picture.width) as f64).min(1.0);
    let side = |n: usize| ((n as f64 * shrink).round() as usize).max(1);
    picture.resize(side(picture.height), side(picture.width)).to_png()
}

fn card(trained: &Trained<'_>, run: &Run) -> CardFacts {
    let targets: Vec<_> = trained.model.target_names().map(|n| format!("`{n}`")).collect();
    let inputs: Vec<_> =
        trained.model.encoder.inputs.iter().map(|(n, k, _)| format!("`{n}` ({k})")).collect();
    let path = run.path().display();
    let commands = [
        ("Answer new rows or pictures", format!("pellucid predict {path} NEW_DATA --out answers.csv")),
        ("Score it on other data", format!("pellucid evaluate {path} OTHER_DATA")),
    ];
    let shown = inputs.len().min(12);
    let more = if inputs.len() > shown {
        format!(" and {} more columns", inputs.len() - shown)
    } else {
        String::new()
    };
    let classes = trained.model.batcher.targets().iter().any(|t| matches!(t, Target::Classes { .. }));
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
        ],
        commands: commands.into_iter().map(|(a, b)| (a.to_owned(), b)).collect(),
        licence: None,
    }
}

fn reproduce(trained: &Trained<'_>) -> Result<Reproduce> {
    let pair = |a: &str, b: String| (a.to_owned(), b);
    Ok(Reproduce {
        command: trained.command.to_owned(),
        versions: vec![
            pair("Pellucid", env!("CARGO_PKG_VERSION").to_owned()),
            pair("System", format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)),
            pair("Vector instructions", pellucid_kernels::isa::isa().name().to_owned()),
            pair("Threads", pellucid_kernels::threads::threads().to_string()),
        ],
        fingerprints: vec![pair("data", trained.folder.data().to_owned())],
        config: trained.config.to_toml()?,
    })
}
