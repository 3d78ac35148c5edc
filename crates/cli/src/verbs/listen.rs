//! `listen`: recognise words and other sounds while they are heard.

use super::resume::RUN;
use crate::arguments::Arguments;
use crate::flags::{Flag, JSON, THREADS, Value};
use crate::output::{self, say};
use crate::program::{DONE, Operand, Verb};
use pellucid_goals::{Error, Recognition, listen_to_file, listen_to_samples};
use std::path::Path;

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

/// The rates that standard input may have.
const RATES: std::ops::RangeInclusive<u64> = 1_000..=384_000;

pub(crate) static VERB: Verb = Verb {
    name: "listen",
    about: "Recognise commands in a sound file or on standard input, while they are heard",
    examples: &[
        "pellucid listen runs/voice-commands-1 recording.wav",
        "arecord -f S16_LE -r 16000 -c 1 -t raw | pellucid listen runs/voice-commands-1 -",
    ],
    operands: &[
        RUN,
        Operand {
            name: "SOUND",
            help: "A sound file; - is raw samples on standard input: 16 bits with a sign, low byte first, one channel",
            required: true,
            many: false,
        },
    ],
    flags: &[&RATE, &THRESHOLD, &THREADS, &JSON],
    run,
};

fn run(a: &Arguments<'_>) -> Result<u8, Error> {
    let run = a.operand(0).unwrap_or(Path::new(""));
    let sound = a.operand(1).unwrap_or(Path::new("-"));
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
    let heard = match sound == Path::new("-") {
        true => listen_to_samples(run, &mut std::io::stdin().lock(), rate as u32, threshold, &mut tell)?,
        false => listen_to_file(run, sound, threshold, &mut tell)?,
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
