//! Sounds: files or embedded bytes, as the power of their frequencies over time.

mod augment;
mod decode;
mod live;
mod mel;
mod muted;
mod resample;
mod wav;
mod window;

pub use augment::augment;
pub(crate) use decode::is_sound;
pub use decode::{Heard, decode};
pub use live::{Live, STRIDE};
pub use mel::{BANDS, HOP, LogMel, WINDOW};
pub use muted::muted;
pub use resample::ToRate;
pub use wav::wav;
pub use window::fit_to;

use window::placed;

use crate::cells::media_bytes;
use crate::number::restore;
use crate::{Audible, Feature, FitContext, Guess, Kind, Prepared, Profile, Record, Role, TrainingCells};
use pellucid_data::{Cell, DataError, Files, Result, Storage};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What became of a piece of sound: taken, or why not.
pub type Taken = std::result::Result<(), String>;

/// Samples a second to which all sounds are brought.
pub const RATE: usize = 16_000;

/// Lengths, bands and statistics are taken from at most this many evenly spread training sounds.
const SAMPLE: usize = 300;

/// The most frames that a network sees: a minute.
const MOST_FRAMES: usize = 60 * RATE / HOP;

/// The share of training sounds that are not cut.
const WHOLE: f64 = 0.95;

/// Sounds that nowhere reach this magnitude (−60 dB) count as silent in notes.
const SILENT: f32 = 1e-3;

/// Sounds of which this share of samples is at the end of the scale count as clipped in notes.
const CLIPPED: f64 = 1e-3;

/// A sound: the name of a file, or its bytes.
pub struct Audio;

/// The fitted state of a sound column.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PreparedAudio {
    name: String,
    /// Frames that are shown to the network.
    frames: usize,
    /// The highest frequency in Hz.
    top: f64,
    mean: Vec<f32>,
    scale: Vec<f32>,
    /// What was seen of the sample, in words.
    notes: Vec<String>,
}

/// All frames of a sound, [`BANDS`] bytes each, and what was seen while it was decoded. Sounds shorter than one window
/// are filled up with zeros.
///
/// # Errors
/// Why the bytes are not a sound.
pub fn frames(bytes: &[u8], top: f64) -> std::result::Result<(Vec<u8>, Heard), String> {
    let (mut mel, mut out) = (LogMel::new(top), Vec::new());
    let heard = at_rate(bytes, &mut |ready| mel.push(ready, &mut out))?;
    if out.is_empty() {
        mel.push(&[0.0; WINDOW], &mut out);
        out.truncate(BANDS);
    }
    Ok((out, heard))
}

/// Decodes a sound and brings it to [`RATE`], piece by piece.
fn at_rate(bytes: &[u8], out: &mut dyn FnMut(&[f32])) -> std::result::Result<Heard, String> {
    let mut to_rate = None;
    let heard = decode(bytes, &mut |rate, samples| {
        if to_rate.is_none() {
            to_rate = Some(ToRate::new(rate)?);
        }
        to_rate.as_mut().map_or(Ok(()), |r| r.push(samples, out))
    })?;
    if let Some(to_rate) = to_rate {
        to_rate.finish(out)?;
    }
    Ok(heard)
}

impl Kind for Audio {
    fn name(&self) -> &'static str {
        "audio"
    }

    fn about(&self) -> &'static str {
        "a sound: the name of a WAV, FLAC, MP3 or OGG file, or its bytes"
    }

    fn recognise(&self, profile: &Profile, role: Role) -> Option<Guess> {
        let present = profile.present();
        if role == Role::Target || present == 0 || profile.sounds * 10 < present * 9 {
            return None;
        }
        let reason = match profile.storage {
            Storage::Bytes => format!("{} cells hold sounds", profile.sounds),
            Storage::Text if profile.existing_files > 0 => format!(
                "{} of {present} values name sound files, {} of them exist",
                profile.sounds, profile.existing_files
            ),
            _ => return None,
        };
        Some(Guess::new(0.99, reason))
    }

    fn fit(&self, cells: &TrainingCells<'_>, context: &FitContext<'_>) -> Result<Box<dyn Prepared>> {
        let mut rows = 0usize;
        cells.each(|_, _| {
            rows += 1;
            Ok(())
        })?;
        let step = rows.div_ceil(SAMPLE).max(1);
        let mut first_problem = None;
        let mut sampled = |f: &mut dyn FnMut(&[u8]) -> Taken| {
            let mut seen = 0usize;
            cells.each(|_, cell| {
                if seen.is_multiple_of(step)
                    && let Err(why) = media_bytes(cell, context.files, "sound").and_then(|b| f(&b))
                {
                    first_problem = first_problem.take().or(Some(why));
                }
                seen += 1;
                Ok(())
            })
        };
        let mut rates = Vec::new();
        sampled(&mut |bytes| {
            rates.extend(decode::rate(bytes)?);
            Ok(())
        })?;
        rates.sort_unstable();
        // What most sounds cannot hold, no band is spent on.
        let top = rates.get(rates.len() / 2).map_or(RATE, |&r| (r as usize).clamp(2_000, RATE)) as f64 / 2.0;
        let most = frames_of(context.max_seconds);
        let mut sample = Vec::new();
        sampled(&mut |bytes| {
            let (all, heard) = frames(bytes, top)?;
            let length = all.len() / BANDS;
            sample.push(Sampled { length, kept: fit_to(&all, length.min(most)), heard });
            Ok(())
        })?;
        match PreparedAudio::fit(cells.name, &sample, most, top) {
            Some(p) => Ok(Box::new(p)),
            None => {
                let error = cells.error("none of the sounds can be read");
                Err(first_problem.into_iter().fold(error, |e, why| e.because(why)))
            }
        }
    }

    fn restore(&self, state: &Value) -> Result<Box<dyn Prepared>> {
        Ok(Box::new(PreparedAudio::restore(state)?))
    }
}

/// The frames of a sound of this length, at least one.
fn frames_of(seconds: f64) -> usize {
    ((seconds * RATE as f64 - WINDOW as f64) / HOP as f64 + 1.0).round().max(1.0) as usize
}

/// A sound of the sample: its frames, of which no more than needed are kept.
struct Sampled {
    length: usize,
    kept: Vec<u8>,
    heard: Heard,
}

impl PreparedAudio {
    /// A column from its stored state.
    fn restore(state: &Value) -> Result<PreparedAudio> {
        let p = restore::<PreparedAudio>(state)?;
        let bands = p.mean.len() == BANDS && p.scale.len() == BANDS;
        if bands && (1..=MOST_FRAMES).contains(&p.frames) && (1.0..=RATE as f64 / 2.0).contains(&p.top) {
            return Ok(p);
        }
        Err(DataError::unreadable("the model's preparation of sounds cannot be used")
            .in_column(&p.name)
            .because(format!("it is not of {BANDS} bands and 1 to {MOST_FRAMES} frames")))
    }

    /// The length and the statistics of a sample of training sounds; `None` if it is empty.
    fn fit(name: &str, sample: &[Sampled], most: usize, top: f64) -> Option<PreparedAudio> {
        let mut lengths: Vec<usize> = sample.iter().map(|s| s.length).collect();
        lengths.sort_unstable();
        let rank = ((lengths.len() as f64 * WHOLE).ceil() as usize).saturating_sub(1);
        let frames = (*lengths.get(rank)?).clamp(1, most);
        let (mut sums, mut squares, mut count) = ([0.0f64; BANDS], [0.0f64; BANDS], 0.0);
        for sound in sample {
            let window = fit_to(&sound.kept, frames);
            for frame in window.chunks_exact(BANDS) {
                count += 1.0;
                for ((sum, square), &byte) in sums.iter_mut().zip(&mut squares).zip(frame) {
                    let x = f64::from(byte) / 255.0;
                    *sum += x;
                    *square += x * x;
                }
            }
        }
        let mean: Vec<f32> = sums.iter().map(|sum| (sum / count) as f32).collect();
        let scale = sums.iter().zip(&squares).map(|(sum, square)| {
            let mean = sum / count;
            (square / count - mean * mean).max(0.0).sqrt().max(0.01) as f32
        });
        let scale = scale.collect();
        Some(PreparedAudio { name: name.to_owned(), frames, top, mean, scale, notes: notes(sample) })
    }

    /// The sound's length in seconds.
    fn seconds(&self) -> f64 {
        ((self.frames - 1) * HOP + WINDOW) as f64 / RATE as f64
    }
}

/// What a person should know of a sample of sounds.
fn notes(sample: &[Sampled]) -> Vec<String> {
    let count = |is: &dyn Fn(&Heard) -> bool| sample.iter().filter(|s| is(&s.heard)).count();
    let share = |h: &Heard| h.clipped as f64 / h.samples.max(1) as f64;
    let mut notes = Vec::new();
    let mut note = |n: usize, what: &str| {
        if n > 0 {
            notes.push(format!("{n} of {} sampled sounds are {what}", sample.len()));
        }
    };
    note(count(&|h| h.peak < SILENT), "silent");
    note(count(&|h| share(h) >= CLIPPED), "clipped");
    note(count(&|h| h.channels > 1), "mixed from several channels");
    let mut rates: Vec<u32> = sample.iter().map(|s| s.heard.rate).collect();
    rates.sort_unstable();
    rates.dedup();
    if let [first, .., last] = rates.as_slice() {
        notes.push(format!("their rates differ, from {first} to {last} samples a second"));
    }
    notes
}

impl Prepared for PreparedAudio {
    fn state(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    fn features(&self) -> Vec<Feature> {
        vec![Feature::Sound {
            name: self.name.clone(),
            frames: self.frames,
            bands: BANDS,
            mean: self.mean.clone(),
            scale: self.scale.clone(),
        }]
    }

    fn encode(
        &self,
        cell: Cell<'_>,
        files: Option<&Files>,
        record: &mut Record,
    ) -> std::result::Result<(), String> {
        let (all, _) = frames(&media_bytes(cell, files, "sound")?, self.top)?;
        record.pictures.extend(fit_to(&all, self.frames));
        Ok(())
    }

    fn audible(
        &self,
        cell: Cell<'_>,
        files: Option<&Files>,
        gains: &[f32],
    ) -> std::result::Result<Option<Audible>, String> {
        let bytes = media_bytes(cell, files, "sound")?;
        let (all, _) = frames(&bytes, self.top)?;
        let mut samples = Vec::new();
        at_rate(&bytes, &mut |ready| samples.extend_from_slice(ready))?;
        let (start, before) = placed(&all, self.frames);
        let seen = (self.frames - 1) * HOP + WINDOW;
        let plain: Vec<f32> = samples.into_iter().skip(start * HOP).take(seen).collect();
        let named = muted(&plain, gains.get(before * BANDS..).unwrap_or_default(), self.top)?;
        Ok(Some(Audible { plain, named }))
    }

    fn describe(&self) -> String {
        let mut words = format!(
            "{BANDS} bands of frequencies up to {} Hz every 10 ms, {:.2} s in all: of longer sounds the loudest part, \
             shorter ones in the middle of their own quietest sound; standardised per band",
            self.top,
            self.seconds()
        );
        for note in &self.notes {
            words = format!("{words}; {note}");
        }
        words
    }
}
