//! `check`: what data is, and what is wrong with it, before anything is trained.

use crate::arguments::Arguments;
use crate::flags;
use crate::program::{DONE, REFUSED, Verb};
use crate::{output, settings, show};
use pellucid_goals::{Error, Inspection, inspect};
use serde_json::{Value, json};
use std::io::{self, Write};

/// Unreadable cells that are shown; the rest is counted.
const SHOWN: usize = 10;

pub(crate) static VERB: Verb = Verb {
    name: "check",
    about: "Look at data before training: columns, kinds, leaks; exit code 3 if there is a leak",
    examples: &[
        "pellucid check photos/",
        "pellucid check patients.csv --predict outcome --group patient --json",
    ],
    operands: &[settings::DATA],
    flags: &[
        &flags::PREDICT,
        &flags::GROUP,
        &flags::TIME_COLUMN,
        &flags::SPLIT,
        &flags::FROM_COLUMN,
        &flags::BOTH_WAYS,
        &flags::IGNORE,
        &flags::KIND,
        &flags::SAMPLE,
        &flags::CONFIG,
        &flags::CORRECTIONS,
        &flags::SKIP_SHARE,
        &flags::SEED,
        &flags::THREADS,
        &flags::JSON,
    ],
    run,
};

fn run(a: &Arguments<'_>) -> Result<u8, Error> {
    let config = settings::config(a)?;
    let mut watcher = show::watcher(false);
    let found = inspect(&config, watcher.as_mut())?;
    drop(watcher);
    if a.on(&flags::JSON) {
        output::json(&facts(&found))?;
    } else {
        output::write(|out| tell(&found, out))?;
    }
    // Data from which nothing can be learned is refused; a column to predict need not be named here.
    match found.survey.check_learnable() {
        Ok(()) | Err(Error::Usage(_)) => {}
        Err(error) => return Err(error),
    }
    found.survey.check_finite(config.data.skip_share)?;
    Ok(if found.report.has_leak() { REFUSED } else { DONE })
}

/// Everything found, for programs.
fn facts(found: &Inspection) -> Value {
    let survey = &found.survey;
    let columns: Vec<Value> = survey
        .columns
        .iter()
        .map(|column| {
            let profile = survey.profile(column);
            json!({
                "name": column.name,
                "kind": column.kind.map(|kind| kind.name()),
                "use": column.role.name(),
                "reason": column.reason,
                "or": column.or,
                "missing": profile.missing,
                "distinct": profile.distinct(),
                "all_counted": profile.all_counted,
            })
        })
        .collect();
    let [train, validation, test] = found.splits.counts();
    let unreadable: Vec<Value> =
        found.unreadable.iter().map(|(place, why)| json!({ "place": place, "why": why })).collect();
    json!({
        "data": survey.table.name(),
        "rows": survey.table.rows(),
        "columns": columns,
        "splits": { "train": train, "validation": validation, "test": test, "reason": found.splits.reason },
        "notes": survey.notes(),
        "unreadable": unreadable,
        "leak": found.report.has_leak(),
        "findings": found.report.findings,
    })
}

/// Everything found, for people.
fn tell(found: &Inspection, out: &mut dyn Write) -> io::Result<()> {
    let style = show::Style::of_stdout();
    let survey = &found.survey;
    let rows = show::count(survey.table.rows() as u64);
    writeln!(
        out,
        "{}",
        style.bold(&format!("{}: {rows} rows, {} columns", survey.table.name(), survey.columns.len()))
    )?;
    for note in survey.notes() {
        writeln!(out, "  {note}")?;
    }
    writeln!(out)?;
    let width = |f: &dyn Fn(usize) -> usize| (0..survey.columns.len()).map(f).max().unwrap_or(0);
    let names = width(&|i| survey.columns[i].name.chars().count());
    let uses = width(&|i| survey.columns[i].role.name().chars().count());
    for column in &survey.columns {
        let missing = match survey.profile(column).missing {
            0 => String::new(),
            n => format!("; {} missing", show::count(n as u64)),
        };
        let reason = column.reason.strip_prefix(&format!("`{}` ", column.name)).unwrap_or(&column.reason);
        let reason = style.dim(&format!("{reason}{missing}"));
        writeln!(out, "  {:<names$}  {:<uses$}  {reason}", column.name, column.role.name())?;
    }
    let [train, validation, test] = found.splits.counts().map(|n| show::count(n as u64));
    writeln!(out, "\n{train} rows to learn from, {validation} for validation, {test} for the test")?;
    writeln!(out, "  {}", found.splits.reason)?;
    if !found.unreadable.is_empty() {
        writeln!(out, "\n{} cells cannot be used:", show::count(found.unreadable.len() as u64))?;
        for (place, why) in found.unreadable.iter().take(SHOWN) {
            writeln!(out, "  {place}: {why}")?;
        }
    }
    writeln!(out, "\n{}", found.report.to_string().trim_end())
}
