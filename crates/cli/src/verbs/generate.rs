//! `generate`: new texts, shown as they are written, and new melodies.

use super::resume::RUN;
use crate::arguments::Arguments;
use crate::flags::{Flag, JSON, THREADS, Value};
use crate::output::{self, say};
use crate::program::{DONE, Verb};
use crate::show;
use pellucid_data::{DataError, write_atomic};
use pellucid_goals::{Error, Generation, Melody, Writing, generation};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

static PROMPT: Flag = Flag {
    name: "prompt",
    value: Value::Text("TEXT"),
    many: false,
    help: "Go on from this beginning [default: begin a new text]",
    under: WRITING,
};

static LENGTH: Flag = Flag {
    name: "length",
    value: Value::Whole("N"),
    many: false,
    help: "The most characters of a text [default: 500], or sixteenths of a melody [default: 256]",
    under: WRITING,
};

static TEMPERATURE: Flag = Flag {
    name: "temperature",
    value: Value::Positive("T"),
    many: false,
    help: "How boldly it writes: 1 as it has learned, less for what is likelier, more for surprises [default: 0.8]",
    under: WRITING,
};

static TOP_P: Flag = Flag {
    name: "top-p",
    value: Value::Share,
    many: false,
    help: "Use only the likeliest pieces that together have this probability [default: 0.95]",
    under: WRITING,
};

static COUNT: Flag = Flag {
    name: "count",
    value: Value::Whole("N"),
    many: false,
    help: "Write so many [default: 1]; several melodies become song-1.mid, song-2.mid, …",
    under: WRITING,
};

static OUT: Flag = Flag {
    name: "out",
    value: Value::Path("FILE"),
    many: false,
    help: "Write the melody to this MIDI file [default: melody.mid]",
    under: WRITING,
};

static WAV: Flag = Flag {
    name: "wav",
    value: Value::Path("FILE"),
    many: false,
    help: "Write it as a sound as well, to this WAV file",
    under: WRITING,
};

static CONTINUE: Flag = Flag {
    name: "continue",
    value: Value::Path("FILE"),
    many: false,
    help: "Go on from the melody of this MIDI or ABC file",
    under: WRITING,
};

/// Sixteenths of a melody, if nothing else is said: 16 bars of four quarters.
const STEPS: usize = 256;

static SEED: Flag = Flag {
    name: "seed",
    value: Value::Seed,
    many: false,
    help: "What the drawing is derived from: the same gives the same text [default: another one each time]",
    under: WRITING,
};

const WRITING: &str = "Writing";

pub(crate) static VERB: Verb = Verb {
    name: "generate",
    about: "Write new texts or melodies with a network that has learned from such",
    examples: &[
        "pellucid generate runs/poems-1",
        "pellucid generate runs/poems-1 --prompt \"O moon,\" --length 300 --temperature 0.7",
        "pellucid generate runs/poems-1 --count 3 --seed 7 --json",
        "pellucid generate runs/chorales-1 --out song.mid --wav song.wav",
        "pellucid generate runs/chorales-1 --continue start.mid --out song.mid",
    ],
    operands: &[RUN],
    flags: &[&PROMPT, &CONTINUE, &OUT, &WAV, &LENGTH, &TEMPERATURE, &TOP_P, &COUNT, &SEED, &THREADS, &JSON],
    run,
};

fn run(a: &Arguments<'_>) -> Result<u8, Error> {
    let model = generation(a.operand(0).unwrap_or(Path::new("")))?;
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
    let of_the_others = match model.writes_melodies() {
        true => [(&PROMPT, a.text(&PROMPT).is_some()), (&JSON, a.on(&JSON))].to_vec(),
        false => [&OUT, &WAV, &CONTINUE].map(|flag| (flag, a.path(flag).is_some())).to_vec(),
    };
    if let Some((flag, _)) = of_the_others.iter().find(|(_, given)| *given) {
        let what = if model.writes_melodies() { "melodies" } else { "texts" };
        return Err(Error::usage(format!(
            "this network writes {what}, so --{} does nothing · leave it out",
            flag.name
        )));
    }
    let count = a.whole(&COUNT).unwrap_or(1);
    match model.writes_melodies() {
        true => melodies(&model, &how, count, a)?,
        false => texts(&model, &how, count, a.on(&JSON))?,
    }
    if a.whole(&SEED).is_none() && !a.on(&JSON) {
        let style = show::Style::of_stderr();
        say(format_args!("{}", style.dim(&format!("the same again: --seed {seed}"))));
    }
    Ok(DONE)
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
