//! Melodies: the notes of MIDI files and of tunes in ABC notation, one voice or many, on a grid of sixteenths.

mod abc;
mod midi;
mod statistics;
mod synth;

pub use statistics::Statistics;

use crate::cells::media_bytes;
use crate::{FitContext, Guess, Kind, Prepared, Profile, Role, TrainingCells};
use pellucid_data::{Cell, DataError, Files, Result, Storage};
use serde_json::Value;

/// Steps of the grid in a quarter note.
pub const GRID: usize = 4;

/// Pitches that a MIDI file can name.
pub const PITCHES: usize = 128;

/// The most steps of a melody: more than an hour of quarter notes at 120 a minute.
const LONGEST: usize = 40_000;

/// A note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Note {
    /// The step in which it begins.
    pub start: usize,
    /// How many steps it sounds, 1 at least.
    pub length: usize,
    /// Its pitch as MIDI counts: 60 is the middle C, each step a semitone.
    pub pitch: u8,
}

/// Notes on a grid of sixteenths, no two of which sound at the same pitch at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Melody {
    notes: Vec<Note>,
    steps: usize,
    /// Quarter notes a minute.
    pub tempo: f64,
    /// Steps of a bar.
    pub bar: usize,
}

impl Melody {
    /// From notes in any order. One that begins while another sounds at its pitch ends that; of two that begin together the longer stays.
    pub fn new(mut notes: Vec<Note>, tempo: f64, bar: usize) -> Melody {
        notes.sort_unstable();
        let mut last = [None::<usize>; PITCHES];
        let mut kept: Vec<Note> = Vec::with_capacity(notes.len());
        for mut note in notes {
            let Some(slot) = last.get_mut(usize::from(note.pitch)) else { continue };
            note.length = note.length.max(1);
            if let Some(before) = slot.and_then(|i| kept.get_mut(i)) {
                let end = before.start + before.length;
                if before.start == note.start {
                    before.length = before.length.max(note.length);
                    continue;
                }
                if end > note.start {
                    before.length = note.start - before.start;
                    note.length = note.length.max(end - note.start);
                }
            }
            *slot = Some(kept.len());
            kept.push(note);
        }
        let steps = kept.iter().map(|note| note.start + note.length).max().unwrap_or_default();
        Melody { notes: kept, steps, tempo, bar: bar.max(1) }
    }

    /// Reads a MIDI file, or a file in ABC notation, which may hold several tunes.
    ///
    /// # Errors
    /// Why it is none, or has no notes.
    pub fn read(bytes: &[u8]) -> std::result::Result<Vec<Melody>, String> {
        let mut melodies = match abc::is_abc(bytes) {
            true => abc::read(&String::from_utf8_lossy(bytes))?,
            false => vec![midi::read(bytes)?],
        };
        melodies.retain(|melody| melody.steps > 0);
        match melodies.iter().map(|melody| melody.steps).max() {
            None => Err("there are no notes in it".to_owned()),
            Some(steps) if steps > LONGEST => {
                Err(format!("it has {steps} sixteenths; it can have {LONGEST}"))
            }
            Some(_) => Ok(melodies),
        }
    }

    /// The melodies of a cell: the name of a file, or its bytes.
    ///
    /// # Errors
    /// As [`read`](Melody::read), and no such file.
    pub fn of_cell(cell: Cell<'_>, files: Option<&Files>) -> std::result::Result<Vec<Melody>, String> {
        media_bytes(cell, files, "melody").and_then(|bytes| Melody::read(&bytes))
    }

    /// All notes, by their beginning.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// How many steps it has.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The pitches that sound in each step, ascending.
    pub fn sounding(&self) -> Vec<Vec<u8>> {
        let mut steps = vec![Vec::new(); self.steps];
        for note in &self.notes {
            steps[note.start..note.start + note.length].iter_mut().for_each(|step| step.push(note.pitch));
        }
        steps.iter_mut().for_each(|step| step.sort_unstable());
        steps
    }

    /// The first steps; notes that go on beyond them end there.
    pub fn first(&self, steps: usize) -> Melody {
        let begun = self.notes.iter().filter(|note| note.start < steps);
        let cut = begun.map(|note| Note { length: note.length.min(steps - note.start), ..*note });
        Melody::new(cut.collect(), self.tempo, self.bar)
    }

    /// As a MIDI file of one track, played on a piano.
    ///
    /// # Errors
    /// A melody that no such file can hold.
    pub fn to_midi(&self) -> std::result::Result<Vec<u8>, String> {
        midi::write(self)
    }

    /// As a WAV file of 16 bits and 22,050 samples a second.
    pub fn to_wav(&self) -> Vec<u8> {
        synth::wav(self)
    }
}

/// Melodies. They are learned from to write new ones; no network answers from them.
pub(crate) struct Melodies;

impl Kind for Melodies {
    fn name(&self) -> &'static str {
        "melody"
    }

    fn about(&self) -> &'static str {
        "a melody, of one voice or many: the name of a MIDI or ABC file, or its bytes; to learn to write new ones (--generate)"
    }

    fn recognise(&self, profile: &Profile, role: Role) -> Option<Guess> {
        let present = profile.present();
        if role == Role::Target || present == 0 || profile.melodies * 10 < present * 9 {
            return None;
        }
        let reason = match profile.storage {
            Storage::Bytes => format!("{} cells hold melodies", profile.melodies),
            Storage::Text if profile.existing_files > 0 => format!(
                "{} of {present} values name MIDI or ABC files, {} of them exist",
                profile.melodies, profile.existing_files
            ),
            _ => return None,
        };
        Some(Guess::new(0.99, reason))
    }

    fn is_input(&self) -> bool {
        false
    }

    fn fit(&self, cells: &TrainingCells<'_>, _: &FitContext<'_>) -> Result<Box<dyn Prepared>> {
        Err(cells.error("nothing is predicted from a melody, or as one").advise(
            "learn to write melodies with --generate, or choose another kind with --kind COLUMN=KIND",
        ))
    }

    fn restore(&self, _: &Value) -> Result<Box<dyn Prepared>> {
        Err(DataError::unreadable("a model that predicts cannot hold a melody column"))
    }
}

/// Whether bytes are those of a MIDI file, or a tune in ABC notation.
pub(crate) fn is_melody(bytes: &[u8]) -> bool {
    abc::is_abc(bytes)
        || bytes.starts_with(b"MThd")
        || (bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"RMID"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(start: usize, length: usize, pitch: u8) -> Note {
        Note { start, length, pitch }
    }

    #[test]
    fn a_pitch_sounds_once_at_a_time() {
        let of = |notes: &[Note]| Melody::new(notes.to_vec(), 120.0, 16).notes().to_vec();
        assert_eq!(of(&[note(0, 4, 60), note(2, 1, 60)]), [note(0, 2, 60), note(2, 2, 60)]);
        assert_eq!(of(&[note(0, 2, 60), note(0, 5, 60)]), [note(0, 5, 60)]);
        assert_eq!(of(&[note(3, 0, 61), note(0, 3, 61)]), [note(0, 3, 61), note(3, 1, 61)]);
        assert_eq!(of(&[note(0, 1, 200)]), []);
    }

    #[test]
    fn steps_know_what_sounds() {
        let melody = Melody::new(vec![note(1, 2, 64), note(0, 2, 60)], 90.0, 12);
        assert_eq!(melody.sounding(), [vec![60], vec![60, 64], vec![64]]);
        assert_eq!(melody.first(2).sounding(), [vec![60], vec![60, 64]]);
        assert_eq!((melody.first(2).tempo, melody.first(2).bar), (90.0, 12));
        assert!(melody.first(0).sounding().is_empty());
    }
}
