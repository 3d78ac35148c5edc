//! How a melody is written: step by step, what ends and what begins.

use pellucid_kinds::melody::{Melody, Note, PITCHES};
use pellucid_tensor::Stream;
use std::ops::RangeInclusive;

/// The piece that stands between melodies.
const BETWEEN: u32 = 0;

/// Semitones by which a melody is moved in training, up or down: a tune stays itself in every key.
const MOVED: i32 = 6;

/// Semitones beyond the lowest and the highest pitch of the training melodies that can be written, too.
const BEYOND: u8 = 3;

/// Of so many notes, one may be longer than those that are written: a note that is never ended would spoil a whole melody.
const LONGER: usize = 1000;

/// The longest bar.
const LONGEST_BAR: usize = 96;

/// A vocabulary for melodies: for each step of the grid the notes that end, ascending, those that begin, descending, and one piece that ends
/// the step and says which step of the bar is next. A melody is written in one way only, so the probability of its pieces is its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notation {
    /// Steps of a bar.
    pub(crate) bar: usize,
    /// The pitches that can be written.
    pub(crate) low: u8,
    pub(crate) high: u8,
    /// Steps of the longest note that is written.
    pub(crate) longest: usize,
}

/// What a piece says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Between,
    /// A step ends; the next is this one of the bar.
    Step(usize),
    Ends(u8),
    Begins(u8),
}

impl Notation {
    /// For melodies like these.
    pub(crate) fn of(melodies: &[Melody]) -> Notation {
        let pitches = || melodies.iter().flat_map(|melody| melody.notes()).map(|note| note.pitch);
        let low = pitches().min().unwrap_or(60).saturating_sub(BEYOND);
        let high = (pitches().max().unwrap_or(60) + BEYOND).min(PITCHES as u8 - 1);
        let mut bars: Vec<usize> = melodies.iter().map(|melody| melody.bar.min(LONGEST_BAR)).collect();
        bars.sort_unstable();
        let commonest = bars.chunk_by(|a, b| a == b).max_by_key(|same| same.len());
        let mut lengths: Vec<usize> =
            melodies.iter().flat_map(|melody| melody.notes()).map(|note| note.length).collect();
        lengths.sort_unstable();
        let longest = lengths.len().checked_sub(1 + lengths.len() / LONGER).and_then(|i| lengths.get(i));
        Notation {
            bar: commonest.and_then(|same| same.first()).copied().unwrap_or(16),
            low,
            high,
            longest: longest.copied().unwrap_or(1),
        }
    }

    fn pitches(&self) -> RangeInclusive<u8> {
        self.low..=self.high
    }

    fn span(&self) -> usize {
        self.pitches().len()
    }

    /// One more than the largest piece.
    pub(crate) fn size(&self) -> usize {
        1 + self.bar + 2 * self.span()
    }

    /// The piece that stands between melodies.
    pub(crate) fn between(&self) -> u32 {
        BETWEEN
    }

    /// Whether a piece ends a step.
    pub(crate) fn is_step(&self, piece: u32) -> bool {
        matches!(self.said(piece), Some(Said::Step(_)))
    }

    fn said(&self, piece: u32) -> Option<Said> {
        let pitch = |i: usize| self.low + i as u8;
        match piece as usize {
            0 => Some(Said::Between),
            i if i <= self.bar => Some(Said::Step(i - 1)),
            i if i < 1 + self.bar + self.span() => Some(Said::Ends(pitch(i - 1 - self.bar))),
            i if i < self.size() => Some(Said::Begins(pitch(i - 1 - self.bar - self.span()))),
            _ => None,
        }
    }

    fn piece(&self, said: Said) -> u32 {
        let pitch = |pitch: u8| usize::from(pitch.saturating_sub(self.low));
        let piece = match said {
            Said::Between => 0,
            Said::Step(step) => 1 + step,
            Said::Ends(p) => 1 + self.bar + pitch(p),
            Said::Begins(p) => 1 + self.bar + self.span() + pitch(p),
        };
        piece as u32
    }

    /// A pitch that can be written: this one, or the same tone in the nearest octave.
    fn fold(&self, pitch: u8) -> u8 {
        let mut pitch = i32::from(pitch);
        while pitch < i32::from(self.low) {
            pitch += 12;
        }
        while pitch > i32::from(self.high) {
            pitch -= 12;
        }
        pitch.clamp(i32::from(self.low), i32::from(self.high)) as u8
    }

    /// The pieces of a melody, none before or after it.
    pub(crate) fn of_melody(&self, melody: &Melody) -> Vec<u32> {
        let folded = melody.notes().iter().map(|note| Note { pitch: self.fold(note.pitch), ..*note });
        let melody = Melody::new(folded.collect(), melody.tempo, melody.bar);
        let steps = melody.steps();
        let (mut ends, mut begins) = (vec![Vec::new(); steps + 1], vec![Vec::new(); steps + 1]);
        for note in melody.notes() {
            begins[note.start].push(note.pitch);
            ends[note.start + note.length].push(note.pitch);
        }
        let mut pieces = Vec::new();
        for step in 0..steps {
            ends[step].sort_unstable();
            begins[step].sort_unstable_by(|a, b| b.cmp(a));
            pieces.extend(ends[step].iter().map(|&p| self.piece(Said::Ends(p))));
            pieces.extend(begins[step].iter().map(|&p| self.piece(Said::Begins(p))));
            pieces.push(self.piece(Said::Step((step + 1) % self.bar)));
        }
        pieces
    }

    /// Moves all pitches of some pieces by a number of semitones that is drawn.
    pub(crate) fn vary(&self, pieces: &mut [u32], random: &mut Stream) {
        let pitch = |piece: &u32| match self.said(*piece) {
            Some(Said::Ends(p) | Said::Begins(p)) => Some(i32::from(p)),
            _ => None,
        };
        let pitches = || pieces.iter().filter_map(pitch);
        let (Some(lowest), Some(highest)) = (pitches().min(), pitches().max()) else { return };
        let least = (-MOVED).max(i32::from(self.low) - lowest);
        let most = MOVED.min(i32::from(self.high) - highest);
        let by = least + random.below((most - least + 1).max(1) as usize) as i32;
        let moved = |p: u8| (i32::from(p) + by) as u8;
        for piece in pieces.iter_mut() {
            *piece = match self.said(*piece) {
                Some(Said::Ends(p)) => self.piece(Said::Ends(moved(p))),
                Some(Said::Begins(p)) => self.piece(Said::Begins(moved(p))),
                _ => *piece,
            };
        }
    }
}

/// A melody that is being written, piece by piece.
pub(crate) struct Player<'a> {
    notation: &'a Notation,
    notes: Vec<Note>,
    /// In which step the note of each pitch began that sounds now.
    sounding: [Option<usize>; PITCHES],
    step: usize,
    /// What was said last in this step.
    last: Option<Said>,
}

impl<'a> Player<'a> {
    /// Nothing yet.
    pub(crate) fn new(notation: &'a Notation) -> Player<'a> {
        Player { notation, notes: Vec::new(), sounding: [None; PITCHES], step: 0, last: None }
    }

    /// Steps that are over.
    pub(crate) fn steps(&self) -> usize {
        self.step
    }

    /// The lowest note that has sounded as long as any may.
    fn overdue(&self) -> Option<u8> {
        let is =
            |start: &Option<usize>| start.is_some_and(|start| self.step - start >= self.notation.longest);
        self.sounding.iter().position(is).map(|pitch| pitch as u8)
    }

    /// Whether a piece makes sense next.
    pub(crate) fn may(&self, piece: u32) -> bool {
        let sounds = |p: u8| self.sounding[usize::from(p)].is_some();
        let said = self.notation.said(piece);
        if let Some(pitch) = self.overdue()
            && !matches!(said, Some(Said::Between))
            && !matches!(said, Some(Said::Ends(p)) if p <= pitch)
        {
            return false;
        }
        match said {
            Some(Said::Between) => self.step > 0 && self.last.is_none(),
            Some(Said::Step(next)) => next == (self.step + 1) % self.notation.bar,
            Some(Said::Ends(p)) => {
                sounds(p)
                    && match self.last {
                        None => true,
                        Some(Said::Ends(last)) => p > last,
                        _ => false,
                    }
            }
            Some(Said::Begins(p)) => {
                !sounds(p) && !matches!(self.last, Some(Said::Begins(last)) if p >= last)
            }
            None => false,
        }
    }

    /// Takes the next piece, whether or not it [`may`](Player::may) be written: people write what they like.
    pub(crate) fn play(&mut self, piece: u32) {
        let Some(said) = self.notation.said(piece) else { return };
        self.last = Some(said);
        match said {
            Said::Between => {}
            Said::Step(_) => (self.step, self.last) = (self.step + 1, None),
            Said::Ends(p) => self.end(p),
            Said::Begins(p) => self.sounding[usize::from(p)] = Some(self.step),
        }
    }

    fn end(&mut self, pitch: u8) {
        if let Some(start) = self.sounding[usize::from(pitch)].take() {
            self.notes.push(Note { start, length: self.step - start, pitch });
        }
    }

    /// The melody; what still sounds ends.
    pub(crate) fn finish(mut self, tempo: f64) -> Melody {
        for pitch in 0..PITCHES as u8 {
            self.end(pitch);
        }
        Melody::new(self.notes, tempo, self.notation.bar)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn song() -> Melody {
        let note = |start, length, pitch| Note { start, length, pitch };
        let notes = vec![
            note(0, 4, 60),
            note(0, 2, 64),
            note(2, 2, 64),
            note(4, 1, 62),
            note(4, 3, 72),
            note(18, 2, 55),
        ];
        Melody::new(notes, 100.0, 16)
    }

    fn played(notation: &Notation, pieces: &[u32]) -> Melody {
        let mut player = Player::new(notation);
        for &piece in pieces {
            assert!(player.may(piece), "{:?}", notation.said(piece));
            player.play(piece);
        }
        player.finish(100.0)
    }

    #[test]
    fn a_melody_reads_back_and_every_piece_of_it_makes_sense() {
        let (song, notation) = (song(), Notation::of(&[song()]));
        assert_eq!((notation.bar, notation.low, notation.high), (16, 52, 75));
        let pieces = notation.of_melody(&song);
        assert_eq!(played(&notation, &pieces), song);
        assert!(
            pieces.iter().all(|&piece| (piece as usize) < notation.size() && piece != notation.between())
        );
        assert_eq!(pieces.iter().filter(|&&piece| notation.is_step(piece)).count(), song.steps());
        let said: Vec<Said> = pieces[..7].iter().map(|&piece| notation.said(piece).unwrap()).collect();
        use Said::{Begins, Ends, Step};
        assert_eq!(said, [Begins(64), Begins(60), Step(1), Step(2), Ends(64), Begins(64), Step(3)]);
    }

    #[test]
    fn moved_melodies_keep_their_intervals() {
        let (song, notation) = (song(), Notation { bar: 16, low: 48, high: 80, longest: 4 });
        let pieces = notation.of_melody(&song);
        let mut by = std::collections::BTreeSet::new();
        for index in 0..200 {
            let mut moved = pieces.clone();
            notation.vary(&mut moved, &mut Stream::new(1, "move", index));
            let back = played(&notation, &moved);
            let shift = i32::from(back.notes()[0].pitch) - i32::from(song.notes()[0].pitch);
            by.insert(shift);
            let same = |(a, b): (&Note, &Note)| {
                (a.start, a.length, i32::from(a.pitch)) == (b.start, b.length, i32::from(b.pitch) + shift)
            };
            assert!(back.notes().iter().zip(song.notes()).all(same));
        }
        assert_eq!(by, (-6..=6).collect());
    }

    #[test]
    fn what_makes_no_sense_may_not_come_and_strange_pitches_are_folded() {
        let notation = Notation::of(&[song()]);
        let mut player = Player::new(&notation);
        let all = |player: &Player| (0..notation.size() as u32).filter(|&p| player.may(p)).count();
        // A first step may end, and any note may begin.
        assert_eq!(all(&player), 1 + 24);
        player.play(notation.piece(Said::Begins(60)));
        assert_eq!(all(&player), 1 + 8, "lower notes only");
        assert!(!player.may(notation.piece(Said::Ends(60))), "it has only begun");
        player.play(notation.piece(Said::Step(1)));
        assert!(player.may(notation.piece(Said::Ends(60))) && player.may(BETWEEN));
        assert!(!player.may(notation.piece(Said::Begins(60))) && !player.may(notation.piece(Said::Step(1))));
        assert!(!player.may(10_000));
        // The longest note has four steps; then it must end, and lower ones may before.
        assert_eq!(notation.longest, 4);
        for step in 2..=4 {
            player.play(notation.piece(Said::Step(step)));
        }
        assert_eq!(all(&player), 2, "it ends, or all does");
        player.play(notation.piece(Said::Ends(60)));
        assert!(player.may(notation.piece(Said::Step(5))));
        let high = Melody::new(vec![Note { start: 0, length: 1, pitch: 100 }], 100.0, 16);
        assert_eq!(played(&notation, &notation.of_melody(&high)).notes()[0].pitch, 64, "three octaves lower");
    }
}
