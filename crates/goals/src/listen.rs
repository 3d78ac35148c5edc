//! Listening: a network for one sound, asked again and again while the sound goes on.

use crate::infer::open_model;
use crate::model::Model;
use crate::{Error, Result};
use pellucid_data::DataError;
use pellucid_kinds::audio::{BANDS, HOP, Live, RATE, decode, fit_to};
use pellucid_kinds::{Record, Target};
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

/// Windows in a row that must give the same answer.
const IN_A_ROW: usize = 2;

const FRAMES_A_SECOND: f64 = RATE as f64 / HOP as f64;

/// A window in which no frame is so many bytes (half decibels) louder than another is silent.
const RISE: u64 = 20;

/// A frame is as loud as so many of its bands, the loudest ones, are on average: a tone has few, and the hum of a machine fewer still.
const LOUDEST: usize = BANDS / 4;

/// A word has ended when so many frames in a row are by so many bytes (15 dB) less loud than its loudest one, or, in noise, nearer
/// to the quietest one than to that. Before, the beginning of one word could be taken for the whole of another.
const ENDED: usize = 3;
const FALL: u64 = 30;

/// Something that was recognised.
#[derive(Clone, Debug, PartialEq)]
pub struct Recognition {
    /// Where the window ends that made it certain, in seconds from the start.
    pub seconds: f64,
    /// The class.
    pub answer: String,
    /// Its probability.
    pub probability: f32,
}

/// What listening was like.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heard {
    /// Seconds listened to.
    pub seconds: f64,
    /// Windows that the network was asked about.
    pub windows: usize,
    /// Recognitions.
    pub recognised: usize,
    /// Time from a window's last sample to its answer: the sum and the longest.
    pub total: Duration,
    /// The longest.
    pub longest: Duration,
}

/// Recognises classes in a sound that goes on.
pub struct Listener {
    asked: Asked,
    live: Live,
}

/// The network, and what it said last.
struct Asked {
    model: Model,
    names: Vec<String>,
    threshold: f32,
    last: Option<Certain>,
    /// The second up to which all is told.
    told: Option<f64>,
    heard: Heard,
}

/// What the last window was certainly taken for.
#[derive(Clone, Copy)]
struct Certain {
    class: usize,
    probability: f32,
    /// Windows in a row that gave this class.
    times: usize,
}

impl Listener {
    /// For the model of a run (or a model folder) and samples of a rate; an answer counts from a probability of `threshold` on.
    ///
    /// # Errors
    /// A damaged model, and one that answers anything but classes from one sound.
    pub fn open(path: &Path, rate: u32, threshold: f32) -> Result<Listener> {
        let (model, _) = open_model(path)?;
        let ([(_, "audio", column)], [Target::Classes { names, .. }]) =
            (model.encoder.inputs.as_slice(), model.batcher.targets())
        else {
            return Err(Error::usage(format!(
                "this network cannot listen · {} · it takes one that answers classes from one sound and nothing else",
                path.display()
            )));
        };
        let live = Live::new(&column.state(), rate).map_err(Error::usage)?;
        let names = names.clone();
        let asked = Asked { model, names, threshold, last: None, told: None, heard: Heard::default() };
        Ok(Listener { asked, live })
    }

    /// Takes more samples, from −1 to 1; calls `recognised` for what is heard in them.
    ///
    /// # Errors
    /// No memory, and what `recognised` reports.
    pub fn push(
        &mut self,
        samples: &[f32],
        recognised: &mut dyn FnMut(&Recognition) -> Result<()>,
    ) -> Result<()> {
        let (live, asked) = (&mut self.live, &mut self.asked);
        both(|window| live.push(samples, window), asked, recognised)
    }

    /// The end of the sound.
    ///
    /// # Errors
    /// As [`push`](Listener::push).
    pub fn finish(&mut self, recognised: &mut dyn FnMut(&Recognition) -> Result<()>) -> Result<Heard> {
        let (live, asked) = (&mut self.live, &mut self.asked);
        both(|window| live.finish(window), asked, recognised)?;
        Ok(self.asked.heard)
    }
}

/// Listens to a sound file.
///
/// # Errors
/// As [`Listener::open`], a file that is not a sound, and what `recognised` reports.
pub fn listen_to_file(
    run: &Path,
    file: &Path,
    threshold: f32,
    recognised: &mut dyn FnMut(&Recognition) -> Result<()>,
) -> Result<Heard> {
    let bytes = std::fs::read(file).map_err(|e| DataError::io("the sound cannot be read", file, &e))?;
    let (mut listener, mut failed) = (None, None);
    let decoded = decode(&bytes, &mut |rate, samples| {
        let pushed = match &mut listener {
            Some(listener) => Listener::push(listener, samples, recognised),
            none => Listener::open(run, rate, threshold)
                .and_then(|new| none.insert(new).push(samples, recognised)),
        };
        pushed.map_err(|error| {
            let said = error.to_string();
            failed = Some(error);
            said
        })
    });
    match (failed, decoded, listener) {
        (Some(error), ..) => Err(error),
        (None, Ok(_), Some(mut listener)) => listener.finish(recognised),
        (None, Ok(_), None) => Ok(Heard::default()),
        (None, Err(why), _) => Err(DataError::unreadable(why).in_file(file.display().to_string()).into()),
    }
}

/// Raw samples of 16 bits with a sign, the low byte first, in one channel.
pub struct Samples<'a> {
    /// Where they come from.
    pub from: &'a mut dyn Read,
    /// What that is called in messages.
    pub name: &'a str,
    /// Samples a second.
    pub rate: u32,
}

/// Listens to raw samples until they end.
///
/// # Errors
/// As [`Listener::open`], failures of reading, and what `recognised` reports.
pub fn listen_to_samples(
    run: &Path,
    samples: &mut Samples<'_>,
    threshold: f32,
    recognised: &mut dyn FnMut(&Recognition) -> Result<()>,
) -> Result<Heard> {
    let Samples { from, name, rate } = samples;
    let rate = *rate;
    let mut listener = Listener::open(run, rate, threshold)?;
    // 20 ms at a time: an answer waits for no more than that.
    let (mut bytes, mut filled) = (vec![0u8; 2 * (rate as usize / 50).max(1)], 0);
    loop {
        let read = match from.read(&mut bytes[filled..]) {
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            read => read.map_err(|e| DataError::io("the samples cannot be read", *name, &e))?,
        };
        if read == 0 {
            return listener.finish(recognised);
        }
        filled += read;
        let (whole, rest) = bytes[..filled].as_chunks::<2>();
        let samples: Vec<f32> = whole.iter().map(|b| f32::from(i16::from_le_bytes(*b)) / 32_768.0).collect();
        let odd = rest.first().copied();
        listener.push(&samples, recognised)?;
        filled = odd.into_iter().count();
        bytes[0] = odd.unwrap_or(0);
    }
}

/// What takes windows, or says why it cannot.
type TakeWindow<'a> = dyn FnMut(f64, &[u8]) -> std::result::Result<(), String> + 'a;

/// Asks about every window that `run` gives; the first error of either side ends it.
fn both(
    run: impl FnOnce(&mut TakeWindow<'_>) -> std::result::Result<(), String>,
    asked: &mut Asked,
    recognised: &mut dyn FnMut(&Recognition) -> Result<()>,
) -> Result<()> {
    let mut failed = None;
    let ran = run(&mut |seconds, window| {
        let answer = asked.ask(seconds, window).and_then(|found| found.map_or(Ok(()), |f| recognised(&f)));
        answer.map_err(|error| {
            let said = error.to_string();
            failed = Some(error);
            said
        })
    });
    match (failed, ran) {
        (Some(error), _) => Err(error),
        (None, ran) => ran.map_err(Error::usage),
    }
}

impl Asked {
    /// What is recognised in a window, beside what is told already.
    fn ask(&mut self, seconds: f64, window: &[u8]) -> Result<Option<Recognition>> {
        let start = Instant::now();
        self.heard.windows += 1;
        self.heard.seconds = seconds;
        let frames = window.len() / BANDS;
        let new = self.told.map_or(frames, |told| ((seconds - told) * FRAMES_A_SECOND).round() as usize);
        let part = &window[(frames - new.min(frames)) * BANDS..];
        let found = match has_word(part, new < frames) {
            true => self.certain(fit_to(part, frames))?,
            false => None,
        };
        let taken = start.elapsed();
        self.heard.total += taken;
        self.heard.longest = self.heard.longest.max(taken);
        let last = self.last.take();
        self.last = found.map(|(class, probability)| {
            let times = last.filter(|last| last.class == class).map_or(0, |last| last.times) + 1;
            Certain { class, probability, times }
        });
        let Some(Certain { class, probability, .. }) = self.last.filter(|last| last.times >= IN_A_ROW) else {
            return Ok(None);
        };
        self.heard.recognised += 1;
        (self.last, self.told) = (None, Some(seconds));
        let answer = self.names.get(class).cloned().unwrap_or_default();
        Ok(Some(Recognition { seconds, answer, probability }))
    }

    /// The network's answer for a window, if its probability reaches the threshold.
    fn certain(&self, window: Vec<u8>) -> Result<Option<(usize, f32)>> {
        let targets = vec![f64::NAN];
        let record = Record { pictures: window, targets, ..Record::default() };
        let answers = self.model.answer(&[record])?;
        let best = answers.first().map(|a| a.best(0));
        Ok(best.filter(|(_, probability)| *probability >= self.threshold))
    }
}

/// Whether something in a window is louder than the rest, and has come to its end; and, if the window begins where something else has
/// just ended, to its beginning.
fn has_word(window: &[u8], begins: bool) -> bool {
    let level = |frame: &[u8]| {
        let mut bands = frame.to_vec();
        bands.sort_unstable();
        bands.iter().rev().take(LOUDEST).map(|&b| u64::from(b)).sum::<u64>() / LOUDEST as u64
    };
    let levels: Vec<u64> = window.chunks_exact(BANDS).map(level).collect();
    let (low, high) = levels.iter().fold((u64::MAX, 0), |(l, h), &x| (l.min(x), h.max(x)));
    let quiet = high.saturating_sub(FALL).max(low.saturating_add(high) / 2);
    let mut before = levels.iter().take_while(|&&level| level < high);
    high >= low.saturating_add(RISE)
        && levels.iter().rev().take(ENDED).all(|&level| level <= quiet)
        && (!begins || before.any(|&level| level <= quiet))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_rises_and_ends() {
        let window = |levels: [u8; 8]| levels.iter().flat_map(|&level| [level; BANDS]).collect::<Vec<u8>>();
        assert!(!has_word(&window([40; 8]), false), "silence");
        assert!(!has_word(&window([40, 41, 40, 42, 45, 40, 41, 40]), false), "noise");
        assert!(!has_word(&window([40, 40, 40, 40, 40, 110, 120, 118]), false), "its beginning");
        assert!(!has_word(&window([40, 40, 40, 110, 120, 118, 60, 50]), false), "hardly over");
        assert!(has_word(&window([40, 40, 110, 120, 118, 85, 60, 50]), false), "over");
        assert!(has_word(&window([40, 40, 60, 65, 60, 47, 42, 44]), true), "over, in noise");
        let tail = window([90, 80, 60, 50, 40, 40, 40, 40]);
        assert!(has_word(&tail, false) && !has_word(&tail, true), "what is left of another word");
    }
}
