//! `explain`: what moved an answer, and how far to trust that.

mod layers;
mod missed;

use super::generate::do_nothing;
use crate::arguments::Arguments;
use crate::flags::{Flag, JSON, SEED, THREADS, Value};
use crate::output::{self, say};
use crate::program::{DONE, Operand, Verb};
use crate::show;
use pellucid_data::{DataError, write_atomic};
use pellucid_goals::{
    Error, Explain, Explainable, Explanation, LearnedFrom, Method, explain, explainable, explanations_page,
};
use std::path::Path;

const WHAT: &str = "What to explain";

static METHOD: Flag = Flag {
    name: "method",
    value: Value::Choice("METHOD", &Method::NAMES),
    many: false,
    help: "How [default: shapley for columns and words, gradients (integrated) where there are pictures or sounds]",
    under: WHAT,
};

static TARGET: Flag = Flag {
    name: "target",
    value: Value::Text("COLUMN"),
    many: false,
    help: "The column whose answer is explained, if several are answered [default: the first]; of a network that translates both ways, the column to translate into",
    under: WHAT,
};

static CLASS: Flag = Flag {
    name: "class",
    value: Value::Text("CLASS"),
    many: false,
    help: "Explain the probability of this class or tag, such as one that was not answered [default: the answer]",
    under: WHAT,
};

static LOCK: Flag = Flag {
    name: "lock",
    value: Value::Text("COLUMN"),
    many: true,
    help: "A column that cannot be changed, such as age, where it is said what would turn an answer",
    under: WHAT,
};

static COUNT: Flag = Flag {
    name: "count",
    value: Value::Whole("N"),
    many: false,
    help: "Explain so many rows at most, the first ones, or so many recommendations [default: 10]",
    under: WHAT,
};

static ROWS: Flag = Flag {
    name: "rows",
    value: Value::Natural,
    many: false,
    help: "Name so many training rows (at most 100) that are most like it, and that pushed its answer most for and against; 0 for none [default: 3]",
    under: WHAT,
};

static LAYERS: Flag = Flag {
    name: "layers",
    value: Value::Switch,
    many: false,
    help: "Instead of answers, show what each layer of a network for pictures or sounds looks for: the training rows that excite its channels most",
    under: WHAT,
};

static OUT: Flag = Flag {
    name: "out",
    value: Value::Path("FILE.html"),
    many: false,
    help: "Write a page with coloured pictures, words and bars",
    under: "Output",
};

static SOUNDS: Flag = Flag {
    name: "sounds",
    value: Value::Path("FOLDER"),
    many: false,
    help: "Write each sound with all muted but what speaks most for its answer into this folder, as WAV",
    under: "Output",
};

/// Rows that are explained, if nothing else is said.
const TEN: u64 = 10;

/// Training rows of each sort that are named, if nothing else is said, and at most.
const THREE: u64 = 3;
const HUNDRED: u64 = 100;

/// Columns of a training row that are told, and letters of each.
const TOLD: usize = 3;
const LETTERS: usize = 60;

/// Columns, words or fields of a row that are listed.
const LISTED: usize = 8;

/// Letters of the longest bar.
const BAR: f64 = 20.0;

pub(crate) static VERB: Verb = Verb {
    name: "explain",
    about: "Explain answers: what moved each of them, measured before it is shown",
    examples: &[
        "pellucid explain runs/photos-1 new.jpg --out why.html",
        "pellucid explain runs/patients-1 patients.csv --count 3",
        "pellucid explain runs/reviews-1 reviews.csv --class positive --method occlusion",
        "pellucid explain runs/photos-1 --layers --out layers.html",
        "pellucid explain runs/words-1 yes.wav --sounds heard --out why.html",
        "pellucid explain runs/pairs-1 \"A man is reading a book.\" --out why.html",
        "pellucid explain runs/ratings-1 --user 42 --count 5",
    ],
    operands: &[
        Operand { name: "RUN", help: "The run's folder, or a model folder", required: true, many: false },
        Operand {
            name: "INPUT",
            help: "Pictures or sounds, folders of them, a zip, or tables; - is a table on standard input; of a network that translates, texts in quotes",
            required: false,
            many: true,
        },
    ],
    flags: &[
        &METHOD,
        &TARGET,
        &CLASS,
        &LOCK,
        &ROWS,
        &COUNT,
        &LAYERS,
        &missed::USER,
        &missed::LIKED,
        &OUT,
        &SOUNDS,
        &SEED,
        &THREADS,
        &JSON,
    ],
    run,
};

fn run(a: &Arguments<'_>) -> Result<u8, Error> {
    let run = a.operand(0).unwrap_or(Path::new(""));
    match explainable(run)? {
        Explainable::Answers => do_nothing(a, &[&missed::USER, &missed::LIKED], "does not recommend")?,
        Explainable::Translations(model) => return missed::translations(a, run, &model),
        Explainable::Recommendations(model) => return missed::recommendations(a, run, &model),
    }
    match (a.on(&LAYERS), a.operands(1).is_empty()) {
        (true, true) => return layers::show(a, run),
        (true, false) => {
            return Err(Error::usage(
                "--layers shows the training rows and takes no INPUT · leave out one of them",
            ));
        }
        (false, true) => {
            return Err(Error::usage("there is nothing to explain · give an INPUT, or --layers"));
        }
        (false, false) => {}
    }
    let how = Explain {
        method: a.text(&METHOD).and_then(|name| Method::ALL.into_iter().find(|m| m.name() == name)),
        target: a.text(&TARGET).map(str::to_owned),
        class: a.text(&CLASS).map(str::to_owned),
        count: usize::try_from(a.whole(&COUNT).unwrap_or(TEN)).unwrap_or(usize::MAX),
        rows: a.whole(&ROWS).unwrap_or(THREE).min(HUNDRED) as usize,
        locked: a.texts(&LOCK),
        seed: a.whole(&SEED).unwrap_or_default(),
    };
    let mut watcher = show::watcher(false);
    let explained = explain(run, &a.operands(1), &how, watcher.as_mut())?;
    drop(watcher);
    if let Some(problem) = explained.problems.first().filter(|_| explained.explanations.is_empty()) {
        return Err(DataError::refused("no input could be read").because(problem).into());
    }
    for explanation in &explained.explanations {
        match a.on(&JSON) {
            true => output::line(&as_json(explanation))?,
            false => output::line(&in_words(explanation))?,
        }
    }
    if let Some(path) = a.path(&OUT) {
        output::page(path, &explanations_page(&output::name(run), &explained.explanations))?;
    }
    if let Some(folder) = a.path(&SOUNDS) {
        write_sounds(folder, &explained.explanations)?;
    }
    let warning = show::Style::of_stderr().yellow("warning:");
    for problem in &explained.problems {
        say(format_args!("{warning} not explained · {problem}"));
    }
    if let Some(why) = &explained.without_rows {
        say(format_args!("{warning} no training rows are named · {why}"));
    }
    if explained.left > 0 {
        say(format_args!(
            "{} more rows are not explained; --count says how many are",
            show::count(explained.left as u64)
        ));
    }
    Ok(DONE)
}

/// Writes what is left of each explained sound, named after its own file.
fn write_sounds(folder: &Path, all: &[Explanation]) -> Result<(), Error> {
    if !all.iter().flat_map(|e| &e.pictures).any(|heat| heat.sound) {
        return Err(Error::usage(
            "--sounds writes explained sounds, and this network hears none · leave it out",
        ));
    }
    std::fs::create_dir_all(folder).map_err(|e| DataError::io("the folder cannot be made", folder, &e))?;
    let mut written = 0;
    for e in all {
        let stem = Path::new(&e.place).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        for wav in e.pictures.iter().filter_map(|heat| heat.audible.as_ref()?.named.as_ref()) {
            written += 1;
            let name = format!("{written:03}-{}.wav", stem.as_deref().unwrap_or("sound"));
            write_atomic(&folder.join(name), |w| w.write_all(wav))?;
        }
    }
    say(format_args!("Sounds   {} · {written} written", folder.display()));
    Ok(())
}

/// An explanation as one line of JSON; its pictures are for the page.
fn as_json(explanation: &Explanation) -> String {
    let (trusted, trust) = explanation.trust();
    let mut plain = explanation.clone();
    if let Some(LearnedFrom { similar, pushing, against, .. }) = &mut plain.learned_from {
        similar.iter_mut().chain(pushing).chain(against).for_each(|row| row.picture = None);
    }
    let mut all = serde_json::json!(plain);
    if let Some(fields) = all.as_object_mut() {
        fields.remove("pictures");
        fields.insert("trusted".to_owned(), trusted.into());
        fields.insert("trust".to_owned(), show::plain(&trust).into());
    }
    all.to_string()
}

/// An explanation for a person in front of a terminal.
fn in_words(e: &Explanation) -> String {
    let mut lines = vec![format!("{} · {}: {}", e.place, e.column, e.answer)];
    lines.push(format!(
        "  {} is {}; if nothing were known of it, {}",
        e.subject(),
        e.shown(e.value),
        e.shown(e.nothing)
    ));
    let words = e.texts.iter().flatten().map(|word| (word.name.clone(), word.worth));
    let columns = e.columns.iter().map(|c| (format!("{} = {}", c.name, c.value), c.worth));
    let mut parts: Vec<(String, f64)> = words.chain(columns).collect();
    parts.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let (scale, strongest) = (
        if e.class.is_some() { 100.0 } else { 1.0 },
        parts.first().map_or(1.0, |(_, worth)| worth.abs().max(f64::MIN_POSITIVE)),
    );
    let shown = &parts[..parts.len().min(LISTED)];
    let wide = shown.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    for (name, worth) in shown {
        let bar = "█".repeat((BAR * worth.abs() / strongest).round() as usize);
        let decimals = if e.class.is_some() { 1 } else { 3 };
        lines.push(format!("  {name:<wide$}  {:>+8.decimals$}  {bar}", scale * worth));
    }
    if parts.len() > shown.len() {
        lines.push(format!("  … and {} more", parts.len() - shown.len()));
    }
    for heat in &e.pictures {
        lines.push(format!(
            "  {}: the strongest tenth of it holds {:.0} % of all that speaks for the answer; --out shows where",
            heat.name,
            100.0 * heat.focus
        ));
    }
    let audible = e.pictures.iter().filter_map(|heat| heat.audible.as_ref());
    lines.extend(
        audible.map(|audible| format!("  {}; --out and --sounds let you hear them", audible.says(e))),
    );
    lines.extend(e.instead.as_ref().map(|instead| format!("  {}", instead.says())));
    lines.push(format!("  {}", e.trust().1));
    lines.extend(e.learned_from.iter().flat_map(|learned| learned_in_words(learned, e.class.is_none())));
    show::plain(&(lines.join("\n") + "\n"))
}

/// The training rows behind an answer, a line each.
fn learned_in_words(learned: &LearnedFrom, number: bool) -> Vec<String> {
    let mut lines = vec![
        format!(
            "  Of {}; alike is the cosine of what the last layer sees, a push is TracIn in the last",
            learned.looked_at()
        ),
        "  layer at one checkpoint, the weights that were kept, as a share of the strongest:".to_owned(),
    ];
    for list in learned.lists(number) {
        lines.push(format!("  {}", list.title));
        for row in list.rows {
            let told: Vec<String> = row
                .fields
                .iter()
                .take(TOLD)
                .map(|(name, value)| format!("{name} = {}", short(value)))
                .collect();
            let told = if told.is_empty() { String::new() } else { format!(" · {}", told.join(", ")) };
            lines.push(format!("    {:>5.2}  {}: {}{told}", list.size(row), row.place, row.label));
        }
    }
    lines
}

/// The beginning of a long text.
fn short(text: &str) -> String {
    match text.chars().count() > LETTERS {
        true => text.chars().take(LETTERS - 1).chain(['…']).collect(),
        false => text.to_owned(),
    }
}
