//! MIDI files (The Complete MIDI 1.0 Detailed Specification, "Standard MIDI Files 1.0").

use super::{GRID, Melody, Note};
use midly::num::{u4, u7, u15, u24, u28};
use midly::{Format, Header, MetaMessage, MidiMessage, Smf, Timing, TrackEvent, TrackEventKind};

/// The channel of drums, whose pitches are instruments.
const DRUMS: u8 = 9;

/// Ticks of a step in files that are written.
const TICKS: usize = 120;

/// Microseconds of a minute.
const MINUTE: f64 = 60e6;

/// Quarter notes a minute, where a file says nothing.
const TEMPO: f64 = 120.0;

/// How hard notes are struck in files that are written.
const VELOCITY: u8 = 80;

/// A note that sounds: its channel, its pitch, and the tick of its beginning.
struct Held {
    channel: u8,
    pitch: u8,
    start: u64,
}

pub(super) fn read(bytes: &[u8]) -> Result<Melody, String> {
    let smf = Smf::parse(bytes).map_err(|e| format!("it is no readable MIDI file: {e}"))?;
    let ticks_of_step = match smf.header.timing {
        Timing::Metrical(ticks) => f64::from(ticks.as_int()) / GRID as f64,
        // Ticks of a second; a step is one at the usual tempo.
        Timing::Timecode(frames, ticks) => {
            f64::from(frames.as_f32()) * f64::from(ticks) * 60.0 / TEMPO / GRID as f64
        }
    };
    if ticks_of_step <= 0.0 || ticks_of_step.is_nan() {
        return Err("it has no ticks in a quarter note".to_owned());
    }
    let step = |tick: u64| (tick as f64 / ticks_of_step).round() as usize;
    let (mut notes, mut tempo, mut bar) = (Vec::new(), None, None);
    for track in &smf.tracks {
        let (mut tick, mut held): (u64, Vec<Held>) = (0, Vec::new());
        let mut end = |held: &mut Vec<Held>, channel: u8, pitch: u8, tick: u64| {
            let Some(i) = held.iter().position(|h| h.channel == channel && h.pitch == pitch) else { return };
            let Held { start, .. } = held.remove(i);
            notes.push(Note {
                start: step(start),
                length: step(tick).saturating_sub(step(start)).max(1),
                pitch,
            });
        };
        for event in track {
            tick += u64::from(event.delta.as_int());
            match event.kind {
                TrackEventKind::Midi { channel, message } if channel.as_int() != DRUMS => {
                    let channel = channel.as_int();
                    match message {
                        MidiMessage::NoteOn { key, vel } if vel.as_int() > 0 => {
                            end(&mut held, channel, key.as_int(), tick);
                            held.push(Held { channel, pitch: key.as_int(), start: tick });
                        }
                        MidiMessage::NoteOn { key, .. } | MidiMessage::NoteOff { key, .. } => {
                            end(&mut held, channel, key.as_int(), tick);
                        }
                        _ => {}
                    }
                }
                TrackEventKind::Meta(MetaMessage::Tempo(micros)) if micros.as_int() > 0 => {
                    tempo.get_or_insert(MINUTE / f64::from(micros.as_int()));
                }
                TrackEventKind::Meta(MetaMessage::TimeSignature(beats, unit, ..)) if beats > 0 => {
                    let whole = 4 * GRID * usize::from(beats);
                    bar.get_or_insert(whole.checked_shr(u32::from(unit)).unwrap_or_default().max(1));
                }
                _ => {}
            }
        }
        // What was never ended ends with its track.
        while let Some(&Held { channel, pitch, .. }) = held.first() {
            end(&mut held, channel, pitch, tick);
        }
    }
    Ok(Melody::new(notes, tempo.unwrap_or(TEMPO), bar.unwrap_or(4 * GRID)))
}

pub(super) fn write(melody: &Melody) -> Result<Vec<u8>, String> {
    // At the same tick notes end before others begin.
    let mut events: Vec<(usize, bool, u8)> = Vec::with_capacity(2 * melody.notes().len());
    for note in melody.notes() {
        events.push((note.start * TICKS, true, note.pitch));
        events.push(((note.start + note.length) * TICKS, false, note.pitch));
    }
    events.sort_unstable();
    let micros = (MINUTE / melody.tempo.clamp(4.0, 1000.0)) as u32;
    let meta = |message| TrackEvent { delta: u28::new(0), kind: TrackEventKind::Meta(message) };
    let mut track = vec![meta(MetaMessage::Tempo(u24::new(micros)))];
    if melody.bar.is_multiple_of(GRID)
        && let Ok(beats) = u8::try_from(melody.bar / GRID)
    {
        track.push(meta(MetaMessage::TimeSignature(beats, 2, 24, 8)));
    }
    let mut last = 0;
    for (tick, begins, pitch) in events {
        let (key, vel) = (u7::new(pitch), u7::new(VELOCITY));
        let message = match begins {
            true => MidiMessage::NoteOn { key, vel },
            false => MidiMessage::NoteOff { key, vel: u7::new(0) },
        };
        let delta =
            u32::try_from(tick - last).ok().and_then(u28::try_from).ok_or("its pauses are too long")?;
        track.push(TrackEvent { delta, kind: TrackEventKind::Midi { channel: u4::new(0), message } });
        last = tick;
    }
    track.push(meta(MetaMessage::EndOfTrack));
    let timing = Timing::Metrical(u15::new((GRID * TICKS) as u16));
    let smf = Smf { header: Header::new(Format::SingleTrack, timing), tracks: vec![track] };
    let mut bytes = Vec::new();
    smf.write(&mut bytes).map_err(|e| format!("{e:?}"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let notes = vec![
            Note { start: 0, length: 4, pitch: 60 },
            Note { start: 0, length: 16, pitch: 48 },
            Note { start: 4, length: 1, pitch: 60 },
            Note { start: 9, length: 7, pitch: 127 },
        ];
        let melody = Melody::new(notes, 90.0, 12);
        let back = read(&write(&melody).unwrap()).unwrap();
        assert_eq!((back.notes(), back.bar), (melody.notes(), 12));
        assert!((back.tempo - 90.0).abs() < 0.01);
    }

    #[test]
    fn drums_are_left_out_and_notes_without_an_end_end() {
        let on = |channel: u8, key: u8, delta: u32| TrackEvent {
            delta: u28::new(delta),
            kind: TrackEventKind::Midi {
                channel: u4::new(channel),
                message: MidiMessage::NoteOn { key: u7::new(key), vel: u7::new(9) },
            },
        };
        let end = |delta: u32| TrackEvent {
            delta: u28::new(delta),
            kind: TrackEventKind::Meta(MetaMessage::EndOfTrack),
        };
        let timing = Timing::Metrical(u15::new(480));
        let tracks = vec![vec![on(0, 60, 0), on(9, 35, 0), on(1, 60, 115), end(370)]];
        let smf = Smf { header: Header::new(Format::SingleTrack, timing), tracks };
        let mut bytes = Vec::new();
        smf.write(&mut bytes).unwrap();
        let melody = read(&bytes).unwrap();
        // 115 of 120 ticks are a step, and 485 are four.
        let note = |start, length| Note { start, length, pitch: 60 };
        assert_eq!(melody.notes(), [note(0, 1), note(1, 3)]);
        assert_eq!(melody.bar, 16);
        for cut in 0..bytes.len() {
            // Whatever a cut file gives, it is an error or a melody.
            let _ = Melody::read(&bytes[..cut]);
        }
        assert!(read(b"MThd").is_err() && read(b"").is_err());
        assert!(
            Melody::read(&write(&Melody::new(vec![], 120.0, 16)).unwrap()).unwrap_err().contains("no notes")
        );
    }
}
