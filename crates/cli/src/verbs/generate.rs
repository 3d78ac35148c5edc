//! `generate`: new texts, written as they are drawn.

use super::resume::RUN;
use crate::arguments::Arguments;
use crate::flags::{Flag, JSON, THREADS, Value};
use crate::output::{self, say};
use crate::program::{DONE, Verb};
use crate::show;
use pellucid_goals::{Error, Generation, Writing, generation};
use std::path::Path;
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
    help: "The most characters of a text [default: 500]",
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
    help: "Write so many texts [default: 1]",
    under: WRITING,
};

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
    about: "Write new texts with a network that has learned from texts",
    examples: &[
        "pellucid generate runs/poems-1",
        "pellucid generate runs/poems-1 --prompt \"O moon,\" --length 300 --temperature 0.7",
        "pellucid generate runs/poems-1 --count 3 --seed 7 --json",
    ],
    operands: &[RUN],
    flags: &[&PROMPT, &LENGTH, &TEMPERATURE, &TOP_P, &COUNT, &SEED, &THREADS, &JSON],
    run,
};

fn run(a: &Arguments<'_>) -> Result<u8, Error> {
    let own = Writing::default();
    let seed = a.whole(&SEED).unwrap_or_else(any_seed);
    let how = Writing {
        prompt: a.text(&PROMPT).unwrap_or_default().to_owned(),
        length: a.whole(&LENGTH).map_or(own.length, |n| usize::try_from(n).unwrap_or(usize::MAX)),
        temperature: a.number(&TEMPERATURE).unwrap_or(own.temperature),
        top_p: a.number(&TOP_P).unwrap_or(own.top_p),
        seed,
    };
    let model = generation(a.operand(0).unwrap_or(Path::new("")))?;
    let style = show::Style::of_stderr();
    let unknown = model.unknown(&how.prompt);
    if !unknown.is_empty() {
        let listed: Vec<String> = unknown.iter().map(|c| format!("`{c}`")).collect();
        let warning = style.yellow("warning:");
        say(format_args!(
            "{warning} its texts have never {}: it goes on as if something unknown stood there",
            listed.join(", ")
        ));
    }
    let count = a.whole(&COUNT).unwrap_or(1);
    for number in 0..count {
        let how = Writing { seed: seed.wrapping_add(number), ..how.clone() };
        if a.on(&JSON) {
            let text = model.text(&how)?;
            let line = serde_json::json!({"prompt": how.prompt, "text": text, "seed": how.seed});
            output::line(&line.to_string())?;
            continue;
        }
        if number > 0 {
            output::line("\n---\n")?;
        }
        stream(&model, &how)?;
    }
    if a.whole(&SEED).is_none() && !a.on(&JSON) {
        say(format_args!("{}", style.dim(&format!("the same again: --seed {seed}"))));
    }
    Ok(DONE)
}

/// Shows a text while it is written.
fn stream(model: &Generation, how: &Writing) -> Result<(), Error> {
    output::part(&how.prompt)?;
    model.write(how, &mut |part| output::part(part).map(|()| true))?;
    output::line("")
}

/// Another seed each time, short enough to be typed again.
fn any_seed() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| u64::from(time.subsec_micros()))
}
