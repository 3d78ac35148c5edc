//! `listen`: recognise words and other sounds while they are heard.

#[cfg(feature = "microphone")]
mod microphone;

use super::resume::RUN;
use crate::arguments::Arguments;
use crate::flags::{Flag, JSON, THREADS, Value};
use crate::output::{self, say};
use crate::program::{DONE, Operand, Verb};
use pellucid_goals::{Error, Heard, Recognition, Samples, listen_to_file, listen_to_samples};
use std::path::Path;

#[cfg(feature = "microphone")]
use crate::stop;

/// What is told of each recognition.
type Tell<'a> = dyn FnMut(&Recognition) -> Result<(), Error> + 'a;

static RATE: Flag = Flag {
    name: "rate",
    value: Value::Whole("N"),
    many: false,
    help: "Samples a second on standard input [default: 16000]",
    under: "Listening",
};

static THRESHOLD: Flag = Flag {
    name: "threshold",
    value: Value::Share,
    many: false,
    help: "The probability from which on an answer counts [default: 0.9]",
    under: "Listening",
};

static MICROPHONE: Flag = Flag {
    name: "microphone",
    value: Value::Switch,
    many: false,
    help: "Listen to the microphone, until Ctrl-C",
    under: "Listening",
};

/// The rates that standard input may have.
const RATES: std::ops::RangeInclusive<u64> = 1_000..=384_000;

pub(crate) static VERB: Verb = Verb {
    name: "listen",
    about: "Recognise commands in a sound file, from the microphone or on standard input, while they are heard",
    examples: &[
        "pellucid listen runs/voice-commands-1 recording.wav",
        "pellucid listen runs/voice-commands-1 --microphone",
        "arecord -f S16_LE -r 16000 -c 1 -t raw | pellucid listen runs/voice-commands-1 -",
    ],
    operands: &[
        RUN,
        Operand {
            name: "SOUND",
            help: "A sound file; - is raw samples on standard input: 16 bits with a sign, low byte first, one channel",
            required: false,
            many: false,
        },
    ],
    flags: &[&MICROPHONE, &RATE, &THRESHOLD, &THREADS, &JSON],
    run,
};

fn run(a: &Arguments<'_>) -> Result<u8, Error> {
    let run = a.operand(0).unwrap_or(Path::new(""));
    let threshold = a.number(&THRESHOLD).unwrap_or(0.9) as f32;
    let rate = a.whole(&RATE).unwrap_or(16_000);
    if !RATES.contains(&rate) {
        let (least, most) = (RATES.start(), RATES.end());
        return Err(Error::usage(format!(
            "--rate {rate} makes no sense · it must be from {least} to {most}"
        )));
    }
    let json = a.on(&JSON);
    let mut tell = |r: &Recognition| {
        let Recognition { seconds, answer, probability } = r;
        match json {
            true => output::line(
                &serde_json::json!({"seconds": seconds, "answer": answer, "probability": probability})
                    .to_string(),
            ),
            false => output::line(&format!("{seconds:8.2} s  {answer}  ({:.0} %)", 100.0 * probability)),
        }
    };
    let heard = match (a.operand(1), a.on(&MICROPHONE)) {
        (None, true) => to_microphone(run, threshold, &mut tell)?,
        (Some(sound), false) if sound == Path::new("-") => {
            let mut samples =
                Samples { from: &mut std::io::stdin().lock(), name: "standard input", rate: rate as u32 };
            listen_to_samples(run, &mut samples, threshold, &mut tell)?
        }
        (Some(sound), false) => listen_to_file(run, sound, threshold, &mut tell)?,
        (Some(_), true) => {
            return Err(Error::usage("both SOUND and --microphone are given · leave one of them out"));
        }
        (None, false) => {
            return Err(Error::usage(
                "there is nothing to listen to · name a sound file, or say --microphone",
            ));
        }
    };
    let what = match heard.recognised {
        0 => "nothing heard".to_owned(),
        n => format!("{n} heard"),
    };
    let millis = |t: std::time::Duration| 1000.0 * t.as_secs_f64();
    say(format_args!(
        "{what} in {:.1} s of sound; from the last sample of a window to its answer {:.1} ms, {:.1} ms at most",
        heard.seconds,
        millis(heard.total) / heard.windows.max(1) as f64,
        millis(heard.longest)
    ));
    Ok(DONE)
}

/// Listens to the microphone until Ctrl-C.
#[cfg(feature = "microphone")]
fn to_microphone(run: &Path, threshold: f32, tell: &mut Tell<'_>) -> Result<Heard, Error> {
    let mut microphone = microphone::Microphone::open(stop::on_interrupt("\nListening ends.")?)?;
    let (name, rate) = (microphone.name.clone(), microphone.rate);
    say(format_args!("Listening to {name}, {rate} samples a second. Ctrl-C ends it."));
    listen_to_samples(run, &mut Samples { from: &mut microphone, name: &name, rate }, threshold, tell)
}

/// Says how a program is made that can.
#[cfg(not(feature = "microphone"))]
fn to_microphone(_: &Path, _: f32, _: &mut Tell<'_>) -> Result<Heard, Error> {
    Err(Error::usage(
        "this program was built without the microphone · build it with: cargo build --release --features microphone (on Linux, \
         the headers of ALSA must be there: libasound2-dev), or pipe raw samples into: pellucid listen RUN -",
    ))
}
