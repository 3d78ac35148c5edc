//! A melody as a piano roll: time to the right, pitch upwards.

use maud::{Markup, html};

use super::{at, picture};
use crate::report::data::Roll;

/// The width of a sixteenth and the height of a semitone.
const STEP: f64 = 5.0;
const SEMITONE: f64 = 4.0;

/// The most sixteenths of a line; longer melodies go on below.
const LINE: u32 = 128;

/// Space above and below each line.
const APART: f64 = 10.0;

/// Bars as lines, notes as blocks; those that lie in the copied run stand out.
pub(crate) fn roll(roll: &Roll) -> Markup {
    let notes = || roll.notes.iter().filter(|note| note.0 < roll.steps);
    let pitches = || notes().map(|note| note.2);
    let (low, high) = (pitches().min().unwrap_or(60), pitches().max().unwrap_or(60));
    let lines = roll.steps.div_ceil(LINE).max(1);
    let height = f64::from(high - low + 1) * SEMITONE + APART;
    let width = f64::from(LINE) * STEP;
    let y =
        |line: u32, pitch: u8| f64::from(line) * height + APART / 2.0 + f64::from(high - pitch) * SEMITONE;
    let bars = (0..roll.steps).step_by(roll.bar.max(1) as usize);
    picture(
        width,
        height * f64::from(lines),
        "Piano roll",
        &format!("{} notes over {} sixteenths.", notes().count(), roll.steps),
        html! {
            // Whoever plays it finds here where a moment lies.
            g data-steps=(roll.steps) data-across=(LINE) data-lines=(lines) {
                @for step in bars {
                    @let (line, x) = (step / LINE, f64::from(step % LINE) * STEP);
                    line class="grid" x1=(at(x)) x2=(at(x)) y1=(at(f64::from(line) * height)) y2=(at(f64::from(line + 1) * height - APART / 2.0)) {}
                }
                @for &(start, length, pitch) in notes() {
                    @let copied = start >= roll.copied.0 && start < roll.copied.1;
                    @for (line, from, to) in pieces(start, start.saturating_add(length).min(roll.steps)) {
                        rect class=(if copied { "tone copied" } else { "tone" }) x=(at(f64::from(from) * STEP)) y=(at(y(line, pitch)))
                            width=(at((f64::from(to - from) * STEP - 0.8).max(0.5))) height=(at(SEMITONE - 0.6)) rx="1" {}
                    }
                }
            }
        },
    )
}

/// The parts of a note on each line: the line, and from where to where on it.
fn pieces(start: u32, end: u32) -> impl Iterator<Item = (u32, u32, u32)> {
    (start / LINE..end.div_ceil(LINE)).map(move |line| {
        let first = line * LINE;
        (line, start.max(first) - first, end.min(first + LINE) - first)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_goes_on_in_the_next_line() {
        assert_eq!(pieces(0, 4).collect::<Vec<_>>(), [(0, 0, 4)]);
        assert_eq!(pieces(120, 140).collect::<Vec<_>>(), [(0, 120, 128), (1, 0, 12)]);
        assert_eq!(pieces(128, 256).collect::<Vec<_>>(), [(1, 0, 128)]);
    }
}
