//! The model card: the run's README in the layout that the Hugging Face hub reads (Mitchell et al., "Model cards
//! for model reporting", 2019).

use std::fmt::Write;

use pellucid_train::metrics::{Metric, by_name};
use serde_json::{Value, json};

use crate::report::ReportData;
use crate::report::data::{Outcome, Severity, Target};
use crate::report::words;

/// The card as Markdown, with YAML front matter for the hub.
pub fn model_card(data: &ReportData) -> String {
    let mut card = front_matter(data);
    for section in SECTIONS {
        section(data, &mut card);
    }
    card
}

/// The card's parts, in order.
const SECTIONS: [fn(&ReportData, &mut String); 9] =
    [findings, scores, groups, data_set, training, weaknesses, limits, commands, again];

fn findings(data: &ReportData, card: &mut String) {
    line(card, &format!("# {}\n", plain(&data.name)));
    for target in &data.targets {
        line(card, &format!("{}\n", plain(&words::headline(data, target).text())));
    }
    let grave = data.data.notices.iter().filter(|notice| notice.severity != Severity::Note);
    for notice in grave {
        line(card, &format!("> **{}: {}** {}\n", notice.severity, plain(&notice.title), plain(&notice.text)));
    }
    if !data.card.intended_use.is_empty() {
        line(card, &format!("## Intended use\n\n{}\n", plain(&data.card.intended_use)));
    }
}

fn scores(data: &ReportData, card: &mut String) {
    for target in &data.targets {
        line(card, &format!("## How good it is at “{}”\n", plain(&target.column)));
        line(card, "| score | value | 95 % interval | trivial answer | what it means |");
        line(card, "|---|---:|---:|---:|---|");
        for (metric, scored) in known(target) {
            let show = |value: f64| words::value(metric.format, value);
            let interval = words::interval(metric.format, scored).unwrap_or_else(|| "–".to_owned());
            let baseline = scored.baseline.map_or_else(|| "–".to_owned(), show);
            let (name, value) = (metric.name, show(scored.value));
            line(card, &format!("| {name} | {value} | {interval} | {baseline} | {} |", metric.meaning));
        }
        line(card, "");
    }
}

/// Figures by group with their intervals, and the gaps between groups.
fn groups(data: &ReportData, card: &mut String) {
    for audit in data.targets.iter().flat_map(|target| &target.audits) {
        let of = if audit.class { format!("“{}” ", audit.subject) } else { String::new() };
        line(card, &format!("## Whom it serves how well: {}by {}\n", plain(&of), plain(&audit.column)));
        let about = audit.about();
        let names: Vec<&str> = about.iter().map(|figure| figure.title).collect();
        line(card, &format!("| group | rows | {} |", names.join(" | ")));
        line(card, &format!("|---|---:|{}", "---:|".repeat(about.len())));
        for group in &audit.groups {
            let shown = group.figures.iter().zip(about).map(|((_, figure), about)| {
                let number = |x: f64| if about.share { words::percent(x) } else { format!("{x:.3}") };
                match (figure.value, figure.low, figure.high) {
                    (Some(value), Some(low), Some(high)) => {
                        format!("{} ({} to {})", number(value), number(low), number(high))
                    }
                    (Some(value), ..) => number(value),
                    (None, ..) => "–".to_owned(),
                }
            });
            let shown: Vec<String> = shown.collect();
            line(
                card,
                &format!("| {} | {} | {} |", plain(&group.name), words::count(group.rows), shown.join(" | ")),
            );
        }
        line(card, "");
        for (gap, measure) in audit.gaps.iter().zip(audit.measures()) {
            let interval = gap
                .low
                .zip(gap.high)
                .map_or_else(String::new, |(low, high)| format!(" ({low:.3} to {high:.3})"));
            match gap.value {
                Some(value) => line(card, &format!("- {}: {value:.3}{interval}", measure.name)),
                None => line(
                    card,
                    &format!(
                        "- {}: not enough data to say of {}",
                        measure.name,
                        plain(&gap.lacking.join("; "))
                    ),
                ),
            }
        }
        line(card, "");
    }
}

fn data_set(data: &ReportData, card: &mut String) {
    let facts = &data.data;
    line(card, &format!("## Data\n\n{}: {}\n", code(&facts.source), plain(&parts(data))));
    if !facts.split_by.is_empty() {
        line(card, &format!("Parts: {}.\n", plain(&facts.split_by)));
    }
    if !facts.columns.is_empty() {
        line(card, "| column | kind | used as | because |\n|---|---|---|---|");
        for column in &facts.columns {
            let cells = [&column.name, &column.kind, &column.role, &column.reason].map(|cell| plain(cell));
            line(card, &format!("| {} |", cells.join(" | ")));
        }
        line(card, "");
    }
}

fn parts(data: &ReportData) -> String {
    let mut parts: Vec<String> = data
        .data
        .splits
        .iter()
        .map(|split| format!("{} for {}", words::count(split.rows), split.name))
        .collect();
    if data.data.skipped > 0 {
        parts.push(format!("{} could not be used", words::count(data.data.skipped)));
    }
    format!("{} {}", data.rows_are(), parts.join(", "))
}

fn training(data: &ReportData, card: &mut String) {
    let training = &data.training;
    line(
        card,
        &format!(
            "## Training\n\nPreset {}, seed {}, {}, {} steps; {} learned numbers in {} layers.\n",
            plain(&training.preset),
            training.seed,
            words::duration(training.seconds),
            words::count(training.steps),
            words::count(data.parameters()),
            data.network.layers.len()
        ),
    );
    if !training.augmentation.is_empty() {
        line(card, &format!("Varied while learning: {}.\n", plain(&training.augmentation.join(", "))));
    }
}

/// Where it is weaker, what the test does not stand for, and what was not tested.
fn weaknesses(data: &ReportData, card: &mut String) {
    let mut all = Vec::new();
    for target in &data.targets {
        for segment in target.weak.iter().flat_map(|weak| &weak.segments) {
            let parts: Vec<String> =
                segment.parts.iter().map(|(column, value)| format!("{column} is {value}")).collect();
            let figure = match target.outcome {
                Outcome::Numbers(_) => {
                    format!("off by {:.3}, elsewhere {:.3}", segment.value, segment.elsewhere)
                }
                _ => {
                    let (value, elsewhere) =
                        (words::percent(segment.value), words::percent(segment.elsewhere));
                    format!("{value} right, elsewhere {elsewhere}")
                }
            };
            let rows = words::count(segment.rows);
            all.push(format!(
                "Where {}: {figure} ({rows} {} of the test)",
                parts.join(" and "),
                data.rows_are()
            ));
        }
    }
    if let Some(likeness) = data.likeness.as_ref().filter(|likeness| !likeness.moved.is_empty()) {
        let names: Vec<&str> = likeness.moved.iter().map(|moved| moved.name.as_str()).collect();
        all.push(format!("The test is spread otherwise than the training in: {}", names.join(", ")));
    }
    if !all.is_empty() {
        line(card, "## Where it is weaker\n");
        all.iter().for_each(|text| line(card, &format!("- {}", plain(text))));
        line(card, "");
    }
}

fn limits(data: &ReportData, card: &mut String) {
    if data.card.limits.is_empty() {
        return;
    }
    line(card, "## Limits\n");
    for limit in &data.card.limits {
        line(card, &format!("- {}", plain(limit)));
    }
    line(card, "");
}

fn commands(data: &ReportData, card: &mut String) {
    if data.card.commands.is_empty() {
        return;
    }
    line(card, "## How to use it\n");
    for (what, command) in &data.card.commands {
        line(card, &format!("{}:\n\n{}\n", plain(what), block(command)));
    }
}

fn again(data: &ReportData, card: &mut String) {
    let reproduce = &data.reproduce;
    if reproduce.command.is_empty() {
        return;
    }
    line(card, &format!("## Make it again\n\n{}\n", block(&reproduce.command)));
    for (name, value) in reproduce.versions.iter().chain(&reproduce.fingerprints) {
        line(card, &format!("- {}: {}", plain(name), code(value)));
    }
}

/// The hub's metadata. JSON strings are YAML strings: every name is quoted that way.
fn front_matter(data: &ReportData) -> String {
    let mut yaml = String::from("---\nlibrary_name: pellucid\n");
    if let Some(licence) = &data.card.licence {
        line(&mut yaml, &format!("license: {}", json!(licence.to_lowercase())));
    }
    let task = task(data);
    if let Some(task) = task {
        line(&mut yaml, &format!("pipeline_tag: {task}"));
    }
    line(&mut yaml, "tags:\n- pellucid");
    let mut names: Vec<&str> = Vec::new();
    for (metric, _) in data.targets.iter().flat_map(known) {
        if !names.contains(&metric.name) {
            names.push(metric.name);
        }
    }
    if !names.is_empty() {
        line(&mut yaml, &format!("metrics: {}", json!(names)));
    }
    let results: Vec<Value> =
        data.targets.iter().filter(|t| t.unseen).map(|t| result(data, t, task)).collect();
    if !results.is_empty() {
        // JSON is YAML, too: the nested part needs no writer of its own.
        line(&mut yaml, &format!("model-index: {}", json!([{"name": data.name, "results": results}])));
    }
    line(&mut yaml, "---\n");
    yaml
}

fn result(data: &ReportData, target: &Target, task: Option<&str>) -> Value {
    let metrics: Vec<Value> = known(target)
        .map(|(metric, scored)| json!({"type": metric.name, "name": metric.label, "value": scored.value}))
        .collect();
    let verb = match target.outcome {
        Outcome::Writing(_) | Outcome::Melodies(_) => "write",
        Outcome::Pictures(_) => "paint",
        Outcome::Recommendations(_) => "recommend",
        _ => "predict",
    };
    json!({
        "task": {"type": task.unwrap_or("other"), "name": format!("{verb} {}", target.column)},
        "dataset": {"type": "local", "name": data.data.source, "split": "test"},
        "metrics": metrics,
    })
}

/// The hub's name of the task, where it has one.
fn task(data: &ReportData) -> Option<&'static str> {
    let pictures = data.data.columns.iter().any(|column| column.role == "input" && column.kind == "image");
    match (&data.targets.first()?.outcome, pictures) {
        (Outcome::Classes(_) | Outcome::Tags(_), true) => Some("image-classification"),
        (Outcome::Classes(_) | Outcome::Tags(_), false) => Some("tabular-classification"),
        (Outcome::Numbers(_), false) => Some("tabular-regression"),
        (Outcome::Numbers(_), true) => None,
        (Outcome::Texts(_), _) => Some("translation"),
        (Outcome::Writing(_), _) => Some("text-generation"),
        (Outcome::Melodies(_), _) => None,
        (Outcome::Pictures(_), _) => Some("unconditional-image-generation"),
        (Outcome::Recommendations(_), _) => None,
    }
}

fn known(target: &Target) -> impl Iterator<Item = (&'static Metric, &crate::intervals::Scored)> {
    target.scores.0.iter().filter_map(|(name, scored)| Some((by_name(name)?, scored)))
}

fn line(card: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(card, "{text}");
}

/// Text that Markdown and HTML take for text, on one line.
fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\n' | '\r' => escaped.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '!' => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A code span on one line, whatever back quotes are inside.
fn code(text: &str) -> String {
    let fence = "`".repeat(longest_run(text) + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{}{space}{fence}", text.replace(['\n', '\r'], " "))
}

/// A code block, whatever back quotes are inside.
fn block(text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}\n{text}\n{fence}")
}

/// The longest run of back quotes.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}
