//! `generate`: new texts, shown as they are written, new melodies and new pictures.

mod paint;
mod write;

use super::resume::RUN;
use crate::arguments::Arguments;
use crate::flags::{Flag, JSON, THREADS, Value};
use crate::output::say;
use crate::program::{DONE, Verb};
use crate::show;
use pellucid_goals::{Error, Generator, generator};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

const ALL: &str = "Everything";

static COUNT: Flag = Flag {
    name: "count",
    value: Value::Whole("N"),
    many: false,
    help: "Make so many [default: 1]; several melodies become song-1.mid, song-2.mid, …; pictures of several labels take turns",
    under: ALL,
};

static OUT: Flag = Flag {
    name: "out",
    value: Value::Path("FILE"),
    many: false,
    help: "Write the melody to this MIDI file [default: melody.mid], or all pictures side by side to this PNG file [default: pictures.png]; \
           pictures go one by one to a folder, by label, if it has no such ending",
    under: ALL,
};

static SEED: Flag = Flag {
    name: "seed",
    value: Value::Natural,
    many: false,
    help: "What all chance is derived from: the same gives the same again [default: another one each time]",
    under: ALL,
};

pub(crate) static VERB: Verb = Verb {
    name: "generate",
    about: "Make new texts, melodies or pictures with a network that has learned from such",
    examples: &[
        "pellucid generate runs/poems-1",
        "pellucid generate runs/poems-1 --prompt \"O moon,\" --length 300 --temperature 0.7",
        "pellucid generate runs/poems-1 --count 3 --seed 7 --json",
        "pellucid generate runs/chorales-1 --out song.mid --wav song.wav",
        "pellucid generate runs/chorales-1 --continue start.mid --out song.mid",
        "pellucid generate runs/clothes-1 --label Sneaker --count 16 --out sneakers.png",
        "pellucid generate runs/monet-1 --like photo.jpg --change 0.5 --out painting.png",
    ],
    operands: &[RUN],
    flags: &[
        &COUNT,
        &OUT,
        &SEED,
        &write::PROMPT,
        &write::CONTINUE,
        &write::WAV,
        &write::ROLL,
        &write::LENGTH,
        &write::TEMPERATURE,
        &write::TOP_P,
        &paint::LABEL,
        &paint::LIKE,
        &paint::CHANGE,
        &paint::GUIDANCE,
        &paint::STEPS,
        &THREADS,
        &JSON,
    ],
    run,
};

fn run(a: &Arguments<'_>) -> Result<u8, Error> {
    match generator(a.operand(0).unwrap_or(Path::new("")))? {
        Generator::Writes(model) => {
            let of_pictures = [&paint::LABEL, &paint::LIKE, &paint::CHANGE, &paint::GUIDANCE, &paint::STEPS];
            do_nothing(
                a,
                &of_pictures,
                if model.writes_melodies() { "writes melodies" } else { "writes texts" },
            )?;
            write::run(&model, a)?;
        }
        Generator::Paints(model) => {
            let of_writing = [
                &write::PROMPT,
                &write::CONTINUE,
                &write::WAV,
                &write::ROLL,
                &write::LENGTH,
                &write::TEMPERATURE,
                &write::TOP_P,
            ];
            do_nothing(a, &of_writing, "paints pictures")?;
            paint::run(&model, a)?;
        }
    }
    Ok(DONE)
}

/// Refuses flags that do nothing for a network that does something else.
pub(super) fn do_nothing(a: &Arguments<'_>, flags: &[&Flag], this_network: &str) -> Result<(), Error> {
    match flags.iter().find(|flag| a.on(flag)) {
        Some(flag) => Err(Error::usage(format!(
            "this network {this_network}, so --{} does nothing · leave it out",
            flag.name
        ))),
        None => Ok(()),
    }
}

/// Says what gives the same again, unless the person has said it.
fn say_seed(a: &Arguments<'_>, seed: u64) {
    if a.whole(&SEED).is_none() && !a.on(&JSON) {
        let style = show::Style::of_stderr();
        say(format_args!("{}", style.dim(&format!("the same again: --seed {seed}"))));
    }
}

/// `song.mid` as `song-3.mid`.
fn with_number(path: &Path, number: u64) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = match path.extension() {
        Some(extension) => format!("{stem}-{number}.{}", extension.to_string_lossy()),
        None => format!("{stem}-{number}"),
    };
    path.with_file_name(name)
}

/// Another seed each time, short enough to be typed again.
fn any_seed() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| u64::from(time.subsec_micros()))
}
