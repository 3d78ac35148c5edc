//! Sounds: learned from a folder, and listened to while they go on.

use crate::{config, folder, put, trained};
use pellucid_goals::{Error, Heard, Recognition, Samples, listen_to_file, listen_to_samples};
use pellucid_tensor::Stream;
use std::io::Read;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const RATE: u32 = 16_000;

/// A tone of 0.4 s that swells and fades, high and rising or low and falling, between two silences with a little noise; 0.8 s in all.
fn word(rises: bool, random: &mut Stream) -> Vec<i16> {
    let (start, loud) = (random.between(600.0, 900.0), random.between(2_000.0, 12_000.0));
    let mut phase = 0.0f32;
    let sample = |i: usize| {
        let t = i as f32 / RATE as f32;
        let along = ((t - 0.2) / 0.4).clamp(0.0, 1.0);
        let hertz = start * if rises { 2.0 + 2.0 * along } else { 1.0 - 0.5 * along };
        phase += std::f32::consts::TAU * hertz / RATE as f32;
        let tone = loud * (std::f32::consts::PI * along).sin() * phase.sin();
        (tone + random.between(-30.0, 30.0)) as i16
    };
    (0..RATE as usize * 8 / 10).map(sample).collect()
}

fn bytes(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// A WAV file of 16 bits in one channel.
pub(crate) fn wav(samples: &[i16]) -> Vec<u8> {
    let size = 2 * samples.len() as u32;
    let mut out = b"RIFF".to_vec();
    out.extend((36 + size).to_le_bytes());
    out.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    out.extend([RATE, 2 * RATE].into_iter().flat_map(u32::to_le_bytes));
    out.extend(b"\x02\0\x10\0data");
    out.extend(size.to_le_bytes());
    out.extend(bytes(samples));
    out
}

/// A run that tells rising from falling tones.
fn learned() -> (TempDir, PathBuf) {
    let folder = folder();
    let mut random = Stream::new(5, "words", 0);
    for i in 0..60 {
        let name = ["fall", "rise"][i % 2];
        put(folder.path(), &format!("words/{name}/{i}.wav"), wav(&word(i % 2 == 1, &mut random)));
    }
    let done = trained(config(&folder.path().join("words"), &["label"], 200), folder.path(), "run");
    (folder, done.run.path().to_owned())
}

/// What a function that listens recognised.
fn recognised(
    listen: impl FnOnce(
        &mut dyn FnMut(&Recognition) -> std::result::Result<(), Error>,
    ) -> std::result::Result<Heard, Error>,
) -> Vec<Recognition> {
    let mut all = Vec::new();
    let heard = listen(&mut |found| {
        all.push(found.clone());
        Ok(())
    });
    assert_eq!(heard.unwrap().recognised, all.len());
    all
}

/// Gives an odd number of bytes at a time.
struct Slowly<'a>(&'a [u8]);

impl Read for Slowly<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let some = into.len().min(333).min(self.0.len());
        let (now, later) = self.0.split_at(some);
        into[..some].copy_from_slice(now);
        self.0 = later;
        Ok(some)
    }
}

fn answers(found: &[Recognition]) -> Vec<&str> {
    found.iter().map(|r| r.answer.as_str()).collect()
}

#[test]
fn words_are_recognised_one_by_one_and_while_a_sound_goes_on() {
    let (folder, run) = learned();
    let mut random = Stream::new(6, "words", 0);
    let said = [true, false, false, true, true];
    let mut stream = Vec::new();
    for (i, &rises) in said.iter().enumerate() {
        let word = word(rises, &mut random);
        let file = put(folder.path(), &format!("new/{i}.wav"), wav(&word));
        let found = recognised(|tell| listen_to_file(&run, &file, 0.9, tell));
        assert_eq!(answers(&found), [["fall", "rise"][usize::from(rises)]], "a file of one word, {i}");
        stream.extend((0..RATE / 2).map(|_| random.between(-30.0, 30.0) as i16));
        stream.extend(word);
    }
    let file = put(folder.path(), "new/all.wav", wav(&stream));
    let in_file = recognised(|tell| listen_to_file(&run, &file, 0.9, tell));
    assert_eq!(answers(&in_file), ["rise", "fall", "fall", "rise", "rise"]);
    for (i, found) in in_file.iter().enumerate() {
        let word = 1.3 * i as f64 + 0.5;
        assert!((word + 0.2..word + 1.2).contains(&found.seconds), "word {i} at {word} s: {found:?}");
    }
    let bytes = bytes(&stream);
    let live = |from: &mut dyn Read| {
        let mut samples = Samples { from, name: "a pipe", rate: RATE };
        recognised(|tell| listen_to_samples(&run, &mut samples, 0.9, tell))
    };
    assert_eq!(live(&mut Slowly(&bytes)), in_file, "samples that arrive in pieces are the same sound");
    let silence = vec![0; bytes.len()];
    assert_eq!(live(&mut &silence[..]), []);
    assert_eq!(live(&mut &[][..]), []);
}

#[test]
fn what_cannot_be_listened_to_or_with_is_said() {
    let (folder, run) = learned();
    let why =
        |run: &Path, file: &Path| listen_to_file(run, file, 0.8, &mut |_| Ok(())).err().unwrap().to_string();
    let text = put(folder.path(), "notes.wav", "no sound at all");
    assert!(why(&run, &text).contains("notes.wav"), "{}", why(&run, &text));
    let missing = folder.path().join("missing.wav");
    assert!(why(&run, &missing).contains("missing.wav"));
    let flats = put(folder.path(), "flats.csv", crate::flats(200, 1));
    let table = trained(config(&flats, &["class"], 2), folder.path(), "table");
    let word = put(folder.path(), "word.wav", wav(&word(true, &mut Stream::new(7, "words", 0))));
    let said = why(table.run.path(), &word);
    assert!(said.contains("cannot listen") && said.contains("one sound"), "{said}");
}
