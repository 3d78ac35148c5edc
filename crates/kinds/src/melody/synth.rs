//! A small synthesiser: each note is a few sine waves that fade, as of a plucked string.

use super::{GRID, Melody, PITCHES};
use std::f32::consts::TAU;

/// Samples a second.
const RATE: usize = 22_050;

/// How loud the first partials are beside the fundamental.
const PARTIALS: [f32; 5] = [1.0, 0.5, 0.3, 0.15, 0.08];

/// Seconds in which the fundamental falls to e⁻¹; a partial falls as many times as fast as it is high.
const FADING: f32 = 0.9;

/// Seconds of a note's beginning and end, without which there would be clicks.
const SOFTENED: f32 = 0.008;

/// The tone A above the middle C is of 440 Hz and has the pitch 69.
fn frequency(pitch: u8) -> f32 {
    440.0 * 2f32.powf((f32::from(pitch) - 69.0) / 12.0)
}

/// All samples, of which the loudest is nearly full scale.
fn samples(melody: &Melody) -> Vec<f32> {
    let step = 60.0 / melody.tempo.clamp(4.0, 1000.0) / GRID as f64 * RATE as f64;
    let at = |step_number: usize| (step_number as f64 * step) as usize;
    let ends = (SOFTENED * RATE as f32) as usize;
    let mut out = vec![0f32; at(melody.steps()) + ends];
    for note in melody.notes().iter().filter(|note| usize::from(note.pitch) < PITCHES) {
        let (start, end) = (at(note.start), at(note.start + note.length) + ends);
        let length = end - start;
        for (i, &loud) in PARTIALS.iter().enumerate() {
            let high = (i + 1) as f32;
            let turn = TAU * frequency(note.pitch) * high / RATE as f32;
            if turn > TAU / 2.0 {
                continue;
            }
            for (n, sample) in out[start..end].iter_mut().enumerate() {
                let fade = (-(n as f32) * high / (FADING * RATE as f32)).exp();
                let soft = (n.min(length - 1 - n) as f32 / ends as f32).min(1.0);
                *sample += loud * fade * soft * (turn * n as f32).sin();
            }
        }
    }
    let loudest = out.iter().fold(0f32, |most, sample| most.max(sample.abs()));
    out.iter_mut().for_each(|sample| *sample *= 0.9 / loudest.max(1e-6));
    out
}

/// A WAV file of it.
pub(super) fn wav(melody: &Melody) -> Vec<u8> {
    crate::audio::wav(&samples(melody), RATE)
}

#[cfg(test)]
mod tests {
    use super::super::Note;
    use super::*;

    #[test]
    fn a_note_sounds_at_its_pitch_for_its_time() {
        let melody = Melody::new(vec![Note { start: 4, length: 8, pitch: 69 }], 60.0, 16);
        let file = wav(&melody);
        let mut heard = Vec::new();
        let facts = crate::audio::decode(&file, &mut |rate, samples| {
            assert_eq!(rate, RATE as u32);
            heard.extend_from_slice(samples);
            Ok(())
        })
        .unwrap();
        assert_eq!(facts.channels, 1);
        // Twelve sixteenths of 0.25 s, the first four silent.
        assert!((heard.len() as f64 / RATE as f64 - 3.0).abs() < 0.02);
        assert!(heard[..RATE].iter().all(|s| s.abs() < 1e-3));
        let loudest = heard.iter().fold(0f32, |most, s| most.max(s.abs()));
        assert!((0.85..0.95).contains(&loudest));
        // The correlation with waves of 440 Hz is larger than with those a semitone away.
        let strength = |f: f32| {
            let part = &heard[RATE..RATE + 8000];
            let sum = |shift: f32| -> f32 {
                part.iter()
                    .enumerate()
                    .map(|(n, s)| s * (TAU * f * n as f32 / RATE as f32 + shift).sin())
                    .sum()
            };
            sum(0.0).hypot(sum(TAU / 4.0))
        };
        assert!(strength(440.0) > 10.0 * strength(466.2) && strength(440.0) > 10.0 * strength(415.3));
    }
}
