//! Texts, shown as they are written, and melodies as files.

use super::{COUNT, OUT, SEED, any_seed, do_nothing, say_seed, with_number};
use crate::arguments::Arguments;
use crate::flags::{Flag, JSON, Value};
use crate::output::{self, say};
use crate::show;
use pellucid_data::{DataError, write_atomic};
use pellucid_goals::{Error, Generation, Melody, Writing, piano_roll};
use std::path::Path;

const WRITING: &str = "Texts and melodies";

pub(super) static PROMPT: Flag = Flag {
    name: "prompt",
    value: Value::Text("TEXT"),
    many: false,
    help: "Go on from this beginning [default: begin a new text]",
    under: WRITING,
};

pub(super) static LENGTH: Flag = Flag {
    name: "length",
    value: Value::Whole("N"),
    many: false,
    help: "The most characters of a text [default: 500], or sixteenths of a melody [default: 256]",
    under: WRITING,
};

pub(super) static TEMPERATURE: Flag = Flag {
    name: "temperature",
    value: Value::Positive("T"),
    many: false,
    help: "How boldly it writes: 1 as it has learned, less for what is likelier, more for surprises [default: 0.8]",
    under: WRITING,
};

pub(super) static TOP_P: Flag = Flag {
    name: "top-p",
    value: Value::Share,
    many: false,
    help: "Use only the likeliest pieces that together have this probability [default: 0.95]",
    under: WRITING,
};

pub(super) static CONTINUE: Flag = Flag {
    name: "continue",
    value: Value::Path("FILE"),
    many: false,
    help: "Go on from the melody of this MIDI or ABC file",
    under: WRITING,
};

pub(super) static WAV: Flag = Flag {
    name: "wav",
    value: Value::Path("FILE"),
    many: false,
    help: "Write it as a sound as well, to this WAV file",
    under: WRITING,
};

pub(super) static ROLL: Flag = Flag {
    name: "roll",
    value: Value::Path("FILE.svg"),
    many: false,
    help: "Draw it as a piano roll as well, in this SVG file",
    under: WRITING,
};

/// Sixteenths of a melody, if nothing else is said: 16 bars of four quarters.
const STEPS: usize = 256;

pub(super) fn run(model: &Generation, a: &Arguments<'_>) -> Result<(), Error> {
    let own = Writing::default();
    let seed = a.whole(&SEED).unwrap_or_else(any_seed);
    let length = if model.writes_melodies() { STEPS } else { own.length };
    let how = Writing {
        prompt: a.text(&PROMPT).unwrap_or_default().to_owned(),
        start: a.path(&CONTINUE).map(read).transpose()?,
        length: a.whole(&LENGTH).map_or(length, |n| usize::try_from(n).unwrap_or(usize::MAX)),
        temperature: a.number(&TEMPERATURE).unwrap_or(own.temperature),
        top_p: a.number(&TOP_P).unwrap_or(own.top_p),
        seed,
    };
    let count = a.whole(&COUNT).unwrap_or(1);
    match model.writes_melodies() {
        true => {
            do_nothing(a, &[&PROMPT, &JSON], "writes melodies")?;
            melodies(model, &how, count, a)?;
        }
        false => {
            do_nothing(a, &[&OUT, &WAV, &ROLL, &CONTINUE], "writes texts")?;
            texts(model, &how, count, a.on(&JSON))?;
        }
    }
    say_seed(a, seed);
    Ok(())
}

/// The same with the seed of the text or melody of this number.
fn numbered(how: &Writing, number: u64) -> Writing {
    Writing { seed: how.seed.wrapping_add(number), ..how.clone() }
}

fn texts(model: &Generation, how: &Writing, count: u64, json: bool) -> Result<(), Error> {
    let unknown = model.unknown(&how.prompt);
    if !unknown.is_empty() {
        let listed: Vec<String> = unknown.iter().map(|c| format!("`{c}`")).collect();
        let warning = show::Style::of_stderr().yellow("warning:");
        say(format_args!(
            "{warning} its texts never have {}: it goes on as if something unknown stood there",
            listed.join(", ")
        ));
    }
    for number in 0..count {
        let how = numbered(how, number);
        if json {
            let text = model.text(&how)?;
            let line = serde_json::json!({"prompt": how.prompt, "text": text, "seed": how.seed});
            output::line(&line.to_string())?;
            continue;
        }
        if number > 0 {
            output::line("\n---\n")?;
        }
        output::part(&how.prompt)?;
        model.write(&how, &mut |part| output::part(part).map(|()| true))?;
        output::line("")?;
    }
    Ok(())
}

/// Writes melodies to their files, and these files' names as the result.
fn melodies(model: &Generation, how: &Writing, count: u64, a: &Arguments<'_>) -> Result<(), Error> {
    let out = a.path(&OUT).unwrap_or(Path::new("melody.mid"));
    for number in 0..count {
        let melody = model.melody(&numbered(how, number))?;
        let midi = melody.to_midi().map_err(Error::usage)?;
        let of = |path: &Path| if count == 1 { path.to_owned() } else { with_number(path, number + 1) };
        write_atomic(&of(out), |w| w.write_all(&midi))?;
        output::line(&of(out).display().to_string())?;
        if let Some(wav) = a.path(&WAV) {
            write_atomic(&of(wav), |w| w.write_all(&melody.to_wav()))?;
            output::line(&of(wav).display().to_string())?;
        }
        if let Some(roll) = a.path(&ROLL) {
            write_atomic(&of(roll), |w| w.write_all(piano_roll(&melody).as_bytes()))?;
            output::line(&of(roll).display().to_string())?;
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Melody, Error> {
    let bytes = std::fs::read(path).map_err(|e| DataError::io("the melody cannot be read", path, &e))?;
    let unreadable = |why: String| {
        DataError::unreadable("the melody cannot be read").in_file(path.display().to_string()).because(why)
    };
    let first = Melody::read(&bytes).map_err(unreadable)?.into_iter().next();
    first.ok_or_else(|| unreadable("there is no melody in it".to_owned()).into())
}
