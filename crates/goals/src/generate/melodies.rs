//! What the report shows of melodies that were written.

use super::model::Generation;
use super::report::{SAMPLES, Shown, by_counting, copies, samples};
use crate::{Error, Result, Run, Watcher};
use pellucid_data::{OutColumn, OutValues, Part};
use pellucid_insight::copied::Copied;
use pellucid_insight::report::data::{CardFacts, MelodyOutcome, Outcome, Roll, Statistic};
use pellucid_insight::report::piano_roll as drawn_roll;
use pellucid_kinds::melody::{Melody, Statistics};
use std::collections::HashMap;

/// The most sixteenths of a melody that is written for the report.
const STEPS: usize = 256;

/// The folder of these, in the run's.
const FOLDER: &str = "samples";

/// The first character that stands for what sounds in a step: one that has no meaning of its own.
const FIRST: u32 = 0xf_0000;

/// Writes samples, and compares them and melodies by people with those that were learned from.
pub(super) fn show(
    model: &Generation,
    parts: &[Vec<Melody>; 3],
    judges: Part,
    run: &Run,
    seed: u64,
    watcher: &mut dyn Watcher,
) -> Result<Shown> {
    let samples = samples(STEPS, seed, watcher, |how| model.melody(how))?;
    let people = &parts[judges as usize];
    let of_people: Vec<Melody> = people.iter().take(SAMPLES).map(|melody| melody.first(STEPS)).collect();
    let mut letters = Letters::default();
    let mut spelled = |melodies: &[Melody]| melodies.iter().map(|m| letters.spell(m)).collect::<Vec<_>>();
    let (sources, own, others) =
        (spelled(&parts[Part::Train as usize]), spelled(&samples), spelled(&of_people));
    let sources: Vec<&str> = sources.iter().map(String::as_str).collect();
    let (copied, by_people) = (Copied::of(&own, &sources), Copied::of(&others, &sources));
    let mut rolls = Vec::with_capacity(SAMPLES);
    for (number, ((melody, spelled), run_of)) in samples.iter().zip(&own).zip(&copied.longest).enumerate() {
        let name = |extension: &str| format!("{FOLDER}/{}.{extension}", number + 1);
        run.write(&name("mid"), &melody.to_midi().map_err(Error::model)?)?;
        run.write(&name("wav"), &melody.to_wav())?;
        let step = |at: usize| spelled[..at].chars().count() as u32;
        let copied = (step(run_of.start), step(run_of.end));
        rolls.push(Roll { copied, sound: name("wav"), ..roll(melody) });
    }
    let longest = rolls.iter().map(|roll| f64::from(roll.copied.1 - roll.copied.0)).collect();
    let files = (1..=SAMPLES).map(|number| format!("{FOLDER}/{number}.mid")).collect();
    let columns = vec![
        OutColumn { name: model.column.clone(), values: OutValues::Text(files) },
        OutColumn { name: "longest_copied_run".to_owned(), values: OutValues::Number(longest) },
    ];
    let outcome = MelodyOutcome {
        trivial: by_counting(model),
        own: copies(&copied, &own),
        people: copies(&by_people, &others),
        statistics: statistics(&samples, people, &parts[Part::Train as usize]),
        samples: rolls,
    };
    Ok(Shown { outcome: Outcome::Melodies(outcome), columns, card: card(model, run) })
}

/// A melody as a piano roll, an SVG file: time to the right, pitch upwards.
pub fn piano_roll(melody: &Melody) -> String {
    drawn_roll(&roll(melody))
}

/// A melody to be drawn, whether it is copied or not.
pub(super) fn roll(melody: &Melody) -> Roll {
    Roll {
        steps: melody.steps() as u32,
        bar: melody.bar as u32,
        notes: melody.notes().iter().map(|n| (n.start as u32, n.length as u32, n.pitch)).collect(),
        ..Roll::default()
    }
}

/// Statistics of samples beside those of melodies by people.
fn statistics(samples: &[Melody], people: &[Melody], learned: &[Melody]) -> Vec<Statistic> {
    let [own, people, learned] = [samples, people, learned].map(Statistics::of);
    let one = |name: &str, share: bool, own: f64, people: f64| Statistic {
        name: name.to_owned(),
        share,
        own,
        people,
    };
    vec![
        one("time in the scale that fits the melody best", true, own.in_key, people.in_key),
        one(
            "steps of the highest voice that are of one or two semitones",
            true,
            own.stepwise,
            people.stepwise,
        ),
        one("notes that sound at once", false, own.voices, people.voices),
        one("quarter notes that a note sounds", false, own.length, people.length),
        one(
            "intervals of the highest voice that differ from those learned from",
            true,
            own.apart(&learned),
            people.apart(&learned),
        ),
    ]
}

/// A character for everything that can sound in a step, so that melodies can be compared as texts.
#[derive(Default)]
struct Letters(HashMap<Vec<u8>, char>);

impl Letters {
    /// A melody as a text of one character a step.
    fn spell(&mut self, melody: &Melody) -> String {
        melody.sounding().into_iter().map(|pitches| self.letter(pitches)).collect()
    }

    fn letter(&mut self, pitches: Vec<u8>) -> char {
        let next = FIRST + self.0.len() as u32;
        let new = char::from_u32(next).unwrap_or(char::REPLACEMENT_CHARACTER);
        *self.0.entry(pitches).or_insert(new)
    }
}

fn card(model: &Generation, run: &Run) -> CardFacts {
    let path = run.path().display();
    CardFacts {
        intended_use: format!("Writing melodies like those of `{}` that it learned from.", model.column),
        limits: vec![
            "It writes on a grid of sixteenths: triplets, loudness, instruments and drums are lost.".to_owned(),
            "It can write note for note what it has read: look at what is copied, and ask whose the music is, before anything is published.".to_owned(),
        ],
        commands: vec![
            ("Write a melody".to_owned(), format!("pellucid generate {path} --out song.mid")),
            ("Go on with a beginning".to_owned(), format!("pellucid generate {path} --continue start.mid --out song.mid --wav song.wav")),
            ("Score it on other melodies".to_owned(), format!("pellucid evaluate {path} OTHER_MELODIES")),
        ],
        licence: None,
    }
}
