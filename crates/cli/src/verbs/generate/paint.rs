//! Pictures as files.

use super::{COUNT, OUT, SEED, any_seed, do_nothing, say_seed, with_number};
use crate::arguments::Arguments;
use crate::flags::{Flag, JSON, Value};
use crate::{output, show};
use pellucid_data::{DataError, write_atomic};
use pellucid_goals::{Brush, Error, Painting, Pixels, decode, sheet};
use std::collections::HashMap;
use std::path::Path;

const PAINTING: &str = "Pictures";

pub(super) static LABEL: Flag = Flag {
    name: "label",
    value: Value::Text("LABEL"),
    many: true,
    help: "Paint this; may be given several times [default: all labels take turns]",
    under: PAINTING,
};

pub(super) static LIKE: Flag = Flag {
    name: "like",
    value: Value::Path("FILE"),
    many: false,
    help: "Paint this picture anew, in the style that was learned",
    under: PAINTING,
};

pub(super) static CHANGE: Flag = Flag {
    name: "change",
    value: Value::Share,
    many: false,
    help: "How much of --like is painted anew, from almost nothing (0) to all (1) [default: 0.5]",
    under: PAINTING,
};

pub(super) static GUIDANCE: Flag = Flag {
    name: "guidance",
    value: Value::Positive("TIMES"),
    many: false,
    help: "How strongly labels are followed: 1 as learned; more shows them more clearly, but with less variety [default: 2]",
    under: PAINTING,
};

pub(super) static STEPS: Flag = Flag {
    name: "steps",
    value: Value::Whole("N"),
    many: false,
    help: "Steps from noise to a picture: more are finer and slower [default: 16]",
    under: PAINTING,
};

/// The most steps.
const MOST_STEPS: u64 = 1000;

/// Pictures in a row of a sheet.
const COLUMNS: usize = 8;

pub(super) fn run(model: &Painting, a: &Arguments<'_>) -> Result<(), Error> {
    let own = Brush::default();
    let seed = a.whole(&SEED).unwrap_or_else(any_seed);
    let steps = a.whole(&STEPS).unwrap_or(own.steps as u64);
    if steps > MOST_STEPS {
        return Err(Error::usage(format!("--steps {steps} are too many · at most {MOST_STEPS}")));
    }
    let brush = Brush { steps: steps as usize, guidance: a.number(&GUIDANCE).unwrap_or(own.guidance), seed };
    let named = a.texts(&LABEL).iter().map(|name| model.label(name)).collect::<Result<Vec<_>, _>>()?;
    let out = a.path(&OUT).unwrap_or(Path::new("pictures.png"));
    match a.path(&LIKE) {
        Some(path) => repaint(model, path, &named, brush, out, a)?,
        None => paint(model, &named, &brush, out, a)?,
    }
    say_seed(a, seed);
    Ok(())
}

/// Paints pictures from noise: on one sheet, or each as a file.
fn paint(
    model: &Painting,
    named: &[usize],
    brush: &Brush,
    out: &Path,
    a: &Arguments<'_>,
) -> Result<(), Error> {
    do_nothing(a, &[&CHANGE], "changes no picture that is not given with --like")?;
    let all: Vec<usize> = (0..model.labels.len()).collect();
    let turns = if named.is_empty() { &all } else { named };
    let count = usize::try_from(a.whole(&COUNT).unwrap_or(1)).unwrap_or(usize::MAX);
    let label = |i: usize| if turns.is_empty() { None } else { turns.get(i % turns.len()).copied() };
    let labels: Vec<Option<usize>> = (0..count).map(label).collect();
    let mut watcher = show::watcher(false);
    watcher.begin("Painting", count);
    let pictures = model.paint(&labels, brush, &mut |done| watcher.advance(done))?;
    let written = Written { json: a.on(&JSON), seed: brush.seed };
    if out.extension().is_some() {
        return written.file(out, &sheet(&pictures, COLUMNS)?, None);
    }
    let mut numbers: HashMap<Option<usize>, usize> = HashMap::new();
    for (picture, label) in pictures.iter().zip(labels) {
        let name = label.and_then(|label| model.labels.get(label)).map(String::as_str);
        let number = numbers.entry(label).or_default();
        *number += 1;
        let folder = name.map_or_else(|| out.to_owned(), |name| out.join(name.replace(['/', '\\'], "_")));
        std::fs::create_dir_all(&folder)
            .map_err(|e| DataError::io("the folder cannot be made", &folder, &e))?;
        written.file(&folder.join(format!("{number}.png")), &png(picture)?, name)?;
    }
    Ok(())
}

/// Paints a picture anew, as often as asked.
fn repaint(
    model: &Painting,
    like: &Path,
    named: &[usize],
    brush: Brush,
    out: &Path,
    a: &Arguments<'_>,
) -> Result<(), Error> {
    let bytes = std::fs::read(like).map_err(|e| DataError::io("the picture cannot be read", like, &e))?;
    let unreadable = |why: String| {
        DataError::unreadable("the picture cannot be read").in_file(like.display().to_string()).because(why)
    };
    let picture = decode(&bytes).map_err(unreadable)?;
    let label = match named {
        [] => None,
        [label] => Some(*label),
        _ => {
            return Err(Error::usage(
                "a picture cannot be painted anew as several things · give --label once",
            ));
        }
    };
    let change = a.number(&CHANGE).unwrap_or(0.5);
    let count = a.whole(&COUNT).unwrap_or(1);
    let written = Written { json: a.on(&JSON), seed: brush.seed };
    for number in 0..count {
        let brush = Brush { seed: brush.seed.wrapping_add(number), ..brush };
        let painted = model.repaint(&picture, label, change, &brush)?;
        let path = if count == 1 { out.to_owned() } else { with_number(out, number + 1) };
        written.file(&path, &png(&painted)?, None)?;
    }
    Ok(())
}

fn png(picture: &Pixels) -> Result<Vec<u8>, Error> {
    sheet(std::slice::from_ref(picture), 1)
}

/// Writes files, and says so.
struct Written {
    json: bool,
    seed: u64,
}

impl Written {
    fn file(&self, path: &Path, png: &[u8], label: Option<&str>) -> Result<(), Error> {
        write_atomic(path, |w| w.write_all(png))?;
        match self.json {
            true => {
                let line = serde_json::json!({"file": path, "label": label, "seed": self.seed});
                output::line(&line.to_string())
            }
            false => output::line(&path.display().to_string()),
        }
    }
}
