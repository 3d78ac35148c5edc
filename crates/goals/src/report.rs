//! The facts of a finished run, as the report and the model card want them.

use crate::drawing::network;
use crate::finish::Tested;
use crate::glimpse::course;
use crate::trained::Trained;
use crate::{Result, Run};
use pellucid_data::Part;
use pellucid_insight::check::{Finding, Severity as Found};
use pellucid_insight::report::data::{
    Choice, Column, Curves, DataFacts, MetricCurves, Notice, Reproduce, Severity, Skipped, Split, Training,
};
use pellucid_insight::report::{ReportData, learning_curves};
use pellucid_train::{Line, RunFolder, Stopped, read_log};
use std::path::Path;

/// Collects everything a report says.
pub(crate) fn report_data(trained: &Trained<'_>, tested: &Tested, run: &Run) -> Result<ReportData> {
    Ok(ReportData {
        name: run.name(),
        created: today(),
        rows_are: tested.evaluation.rows_are.clone(),
        data: data_facts(trained),
        training: training(trained)?,
        network: network(run)?.unwrap_or_default(),
        targets: tested.targets.clone(),
        likeness: tested.likeness.clone(),
        looks: tested.looks.clone(),
        card: tested.card.clone(),
        reproduce: reproduce(trained)?,
    })
}

/// Today's date in UTC, `2026-05-17`.
fn today() -> String {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

fn data_facts(trained: &Trained<'_>) -> DataFacts {
    let survey = trained.survey;
    let columns = survey.all_columns().map(|(c, p)| Column {
        name: c.name.clone(),
        kind: c.kind.map_or("none", |k| k.name()).to_owned(),
        role: c.role.name().to_owned(),
        reason: c.reason.clone(),
        missing: p.missing as u64,
    });
    let parts = [(Part::Train, "training"), (Part::Validation, "validation"), (Part::Test, "test")];
    let splits =
        parts.map(|(part, name)| Split { name: name.to_owned(), rows: trained.rows[part as usize] as u64 });
    let tables = std::iter::once(&survey.table).chain(survey.beside.iter().map(|beside| &beside.table));
    let unread = tables
        .flat_map(|table| table.skipped())
        .map(|s| Skipped { place: s.place.to_string(), reason: s.why.clone() });
    let unusable = trained
        .unreadable
        .iter()
        .map(|u| Skipped { place: u.place(&survey.table).to_string(), reason: u.why.clone() });
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
    if survey.mended > 0 {
        let text = format!("{} cells were mended, and are not as in the data's own files.", survey.mended);
        notices.push(Notice { severity: Severity::Note, title: "mended cells".to_owned(), text });
    }
    for (_, p) in survey.all_columns().filter(|(_, p)| p.infinite > 0) {
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
    let augment = trained.decisions.iter().find(|d| d.setting == "augment");
    Ok(Training {
        preset: format!("{:?}", t.preset).to_lowercase(),
        seed: t.seed,
        seconds: outcome.seconds,
        epochs: outcome.epochs,
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
        curves: curves(&trained.folder.log(), trained.outcome.best.as_ref().map(|b| b.step))?,
        course: course(trained.folder)?,
    })
}

/// The curves of a run so far, as drawings for a page.
///
/// # Errors
/// A log that cannot be read.
pub fn drawn_curves(run: &Run) -> Result<String> {
    Ok(learning_curves(&curves(&RunFolder::new(run.path(), "").log(), None)?))
}

/// What a log tells; `best` is the step whose weights are kept.
fn curves(log: &Path, best: Option<u64>) -> Result<Curves> {
    let mut curves = Curves { unit: "epoch".to_owned(), ..Curves::default() };
    let mut followed = MetricCurves::default();
    for line in read_log(log)? {
        match line {
            Line::Step(step) => curves.loss.training.extend(step.loss.map(|loss| (step.epoch, loss))),
            Line::Layers(_) => {}
            Line::Validation(v) => {
                curves.loss.validation.extend(v.loss.map(|loss| (v.epoch, loss)));
                let name = v.score_name.split(" + ").next().unwrap_or_default();
                if let Some(value) = v.metrics.get(name).and_then(serde_json::Value::as_f64) {
                    followed.name = name.to_owned();
                    followed.values.validation.push((v.epoch, value));
                }
                if Some(v.step) == best {
                    curves.best = Some(v.epoch);
                }
            }
        }
    }
    curves.metric = (!followed.name.is_empty()).then_some(followed);
    Ok(curves)
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
