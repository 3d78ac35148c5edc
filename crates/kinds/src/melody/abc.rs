//! Tunes in ABC notation (The abc music standard 2.1): notes, chords, rests, keys, metres, tuplets, ties, repeats and voices. What does not
//! sound (lyrics, decorations, chord symbols, grace notes) is passed over.

use super::{GRID, Melody, Note};
use std::collections::HashMap;
use std::iter::Peekable;
use std::str::Chars;

/// Quarter notes a minute, where a tune says nothing.
const TEMPO: f64 = 120.0;

/// Quarter notes of a whole note.
const WHOLE: f64 = 4.0;

/// The most sounds of a tune, unfolded repeats included.
const MOST: usize = 100_000;

/// Semitones of the natural tones above C.
const NATURAL: [(char, i32); 7] = [('C', 0), ('D', 2), ('E', 4), ('F', 5), ('G', 7), ('A', 9), ('B', 11)];

/// The order in which sharps are added to a key; flats are added in the opposite one.
const SHARPS: [char; 7] = ['F', 'C', 'G', 'D', 'A', 'E', 'B'];

/// The middle C, which is written as a capital.
const MIDDLE: i32 = 60;

/// Notes that begin together, none for a rest, and how many quarter notes they last.
#[derive(Clone)]
struct Sound {
    pitches: Vec<u8>,
    length: f64,
    /// Whether they go on into the next sound.
    tied: bool,
}

/// One voice of a tune.
#[derive(Default)]
struct Voice {
    sounds: Vec<Sound>,
    /// Where the part begins that is repeated next.
    repeated_from: usize,
    /// Where the first of its endings begins.
    first_ending: Option<usize>,
    /// Accidentals of this bar.
    accidentals: HashMap<(char, i32), i32>,
    /// Notes that are left of a tuplet, and how long they are beside what is written.
    tuplet: (usize, f64),
    /// How long the next sound is beside what is written, after `>` or `<`.
    broken: f64,
}

/// What header fields say.
#[derive(Clone)]
struct Fields {
    /// Quarter notes of a note without a length.
    unit: Option<f64>,
    /// Quarter notes of a bar.
    bar: f64,
    tempo: f64,
    /// Semitones by which the key moves each tone.
    key: HashMap<char, i32>,
}

/// Whether bytes look like a tune: a field `X:` begins a line, and a field `K:` another.
pub(super) fn is_abc(bytes: &[u8]) -> bool {
    let has = |field: &[u8]| bytes.split(|&b| b == b'\n').any(|line| line.starts_with(field));
    has(b"X:") && has(b"K:")
}

/// All tunes of a file.
///
/// # Errors
/// A tune that cannot be read, with its number.
pub(super) fn read(text: &str) -> Result<Vec<Melody>, String> {
    let mut tunes: Vec<Vec<&str>> = Vec::new();
    for line in text.lines() {
        if line.starts_with("X:") {
            tunes.push(Vec::new());
        }
        if let Some(tune) = tunes.last_mut() {
            tune.push(line);
        }
    }
    let tune = |(i, lines): (usize, &Vec<&str>)| tune(lines).map_err(|why| format!("tune {}: {why}", i + 1));
    tunes.iter().enumerate().map(tune).collect()
}

fn tune(lines: &[&str]) -> Result<Melody, String> {
    let mut fields = Fields { unit: None, bar: WHOLE, tempo: TEMPO, key: HashMap::new() };
    let mut voices: Vec<(String, Voice)> = Vec::new();
    let mut current = String::new();
    let mut in_body = false;
    for line in lines {
        let line = line.split('%').next().unwrap_or_default().trim();
        let is_field = |(name, value): &(&str, &str)| {
            // `A:|` is a note and the end of a repeat.
            name.len() == 1
                && name.chars().all(|c| c.is_ascii_alphabetic() || c == '+')
                && !value.starts_with(['|', ':'])
        };
        match line.split_once(':').filter(is_field) {
            Some(("V", value)) => current = value.split_whitespace().next().unwrap_or_default().to_owned(),
            Some((name, value)) => {
                fields.take(name, value.trim());
                in_body |= name == "K";
            }
            _ if in_body => {
                if !voices.iter().any(|(name, _)| *name == current) {
                    voices.push((current.clone(), Voice::default()));
                }
                if let Some((_, voice)) = voices.iter_mut().find(|(name, _)| *name == current) {
                    voice.line(line, &mut fields, &mut current)?;
                }
            }
            _ => {}
        }
    }
    let notes = voices.iter().flat_map(|(_, voice)| voice.notes()).collect();
    Ok(Melody::new(notes, fields.tempo, (fields.bar * GRID as f64).round().max(1.0) as usize))
}

impl Fields {
    fn take(&mut self, name: &str, value: &str) {
        match name {
            "L" => self.unit = fraction(value).map(|whole| whole * WHOLE).or(self.unit),
            "M" => {
                self.bar = match value {
                    "C" | "C|" => WHOLE,
                    other => fraction(other).map_or(self.bar, |whole| whole * WHOLE),
                }
            }
            "Q" => {
                let (unit, beats) = value.split_once('=').unwrap_or(("1/4", value));
                let quarters = fraction(unit.trim().trim_matches('"')).map_or(1.0, |whole| whole * WHOLE);
                let beats: Option<f64> = beats.split_whitespace().next().and_then(|n| n.parse().ok());
                self.tempo =
                    beats.map(|n| n * quarters).filter(|n| (4.0..=1000.0).contains(n)).unwrap_or(self.tempo);
            }
            "K" => self.key = key(value),
            _ => {}
        }
    }

    /// Quarter notes of a note without a length: of a sixteenth in short bars, otherwise of an eighth.
    fn unit(&self) -> f64 {
        self.unit.unwrap_or(if self.bar < 0.75 * WHOLE { WHOLE / 16.0 } else { WHOLE / 8.0 })
    }
}

/// `3/8` as a number.
fn fraction(text: &str) -> Option<f64> {
    let (over, under) = text.split_once('/').unwrap_or((text, "1"));
    // A metre may be a sum, such as 2+3/8.
    let over: f64 = over.trim().split('+').map(|n| n.trim().parse::<f64>().ok()).sum::<Option<f64>>()?;
    let under: f64 = under.trim().parse().ok()?;
    Some(over / under).filter(|whole| whole.is_finite() && *whole > 0.0)
}

/// The tones that a key sharpens (1) or flattens (−1): `F#m`, `Bb`, `Ddor`, `E mix`.
fn key(text: &str) -> HashMap<char, i32> {
    let mut letters = text.chars();
    let Some(tonic) = letters.next().filter(|c| ('A'..='G').contains(c)) else { return HashMap::new() };
    let rest: String = letters.collect();
    let (accidental, mode) = match rest.chars().next() {
        Some('#') => (7, &rest[1..]),
        Some('b') => (-7, &rest[1..]),
        _ => (0, rest.as_str()),
    };
    // Sharps of the major scale on each tone.
    let major = SHARPS.iter().position(|&c| c == tonic).map_or(0, |i| i as i32 - 1);
    let mode = mode.trim_start().to_lowercase();
    let fewer = match mode.get(..3).unwrap_or(&mode) {
        "mix" => 1,
        "dor" => 2,
        "aeo" | "min" => 3,
        "phr" => 4,
        "loc" => 5,
        "lyd" => -1,
        "maj" | "ion" => 0,
        short if short.starts_with('m') => 3,
        _ => 0,
    };
    let sharps = (major + accidental - fewer).clamp(-7, 7);
    let count = sharps.unsigned_abs() as usize;
    match sharps >= 0 {
        true => SHARPS[..count].iter().map(|&c| (c, 1)).collect(),
        false => SHARPS.iter().rev().take(count).map(|&c| (c, -1)).collect(),
    }
}

type Letters<'a> = Peekable<Chars<'a>>;

/// Takes the letters for which `is` holds.
fn take(letters: &mut Letters<'_>, is: impl Fn(char) -> bool) -> String {
    let mut taken = String::new();
    while let Some(c) = letters.next_if(|&c| is(c)) {
        taken.push(c);
    }
    taken
}

/// How long a note is beside one without a length: `3`, `/`, `//`, `3/2`.
fn length(letters: &mut Letters<'_>) -> f64 {
    let over = take(letters, |c| c.is_ascii_digit()).parse().unwrap_or(1.0);
    let slashes = take(letters, |c| c == '/').len() as i32;
    let under: Option<f64> = take(letters, |c| c.is_ascii_digit() && slashes > 0).parse().ok();
    let under = under.filter(|&n| n > 0.0).unwrap_or(2f64.powi(slashes.min(8)));
    over / under
}

impl Voice {
    /// Reads a line of music.
    fn line(&mut self, line: &str, fields: &mut Fields, current: &mut String) -> Result<(), String> {
        let mut letters = line.chars().peekable();
        while let Some(&c) = letters.peek() {
            match c {
                'A'..='G' | 'a'..='g' | '^' | '_' | '=' => {
                    let pitches = self.pitch(&mut letters, fields).into_iter().collect();
                    let long = length(&mut letters);
                    self.sound(pitches, long * fields.unit(), &mut letters);
                }
                'z' | 'x' | 'Z' | 'X' => {
                    letters.next();
                    let long = length(&mut letters);
                    let quarters =
                        if c.is_ascii_uppercase() { long * fields.bar } else { long * fields.unit() };
                    self.sound(Vec::new(), quarters, &mut letters);
                }
                '[' => self.bracket(&mut letters, fields, current),
                '|' | ':' => self.bar_line(&mut letters),
                '(' => {
                    letters.next();
                    let n: usize = take(&mut letters, |c| c.is_ascii_digit()).parse().unwrap_or(0);
                    if n >= 2 {
                        self.tuplet = tuplet(n, &mut letters);
                    }
                }
                '>' | '<' => self.broken(&mut letters),
                '"' | '!' | '{' => {
                    letters.next();
                    let end = if c == '{' { '}' } else { c };
                    take(&mut letters, |c| c != end);
                    letters.next();
                }
                _ => {
                    letters.next();
                }
            }
            if self.sounds.len() > MOST {
                return Err(format!("it has more than {MOST} notes"));
            }
        }
        Ok(())
    }

    /// The pitch of a note, its accidental before it and its octave after it.
    fn pitch(&mut self, letters: &mut Letters<'_>, fields: &Fields) -> Option<u8> {
        let signs = take(letters, |c| matches!(c, '^' | '_' | '='));
        let letter = letters.next_if(char::is_ascii_alphabetic)?;
        let tone = letter.to_ascii_uppercase();
        let (_, natural) = NATURAL.iter().find(|(name, _)| *name == tone)?;
        let marks = take(letters, |c| matches!(c, '\'' | ','));
        let up = marks.chars().map(|c| if c == '\'' { 1 } else { -1 }).sum::<i32>();
        let octave = up + i32::from(letter.is_ascii_lowercase());
        let moved = match signs.is_empty() {
            true => self.accidentals.get(&(tone, octave)).or(fields.key.get(&tone)).copied().unwrap_or(0),
            false => {
                let of = |c| if c == '^' { 1 } else { -i32::from(c == '_') };
                let moved = signs.chars().map(of).sum();
                self.accidentals.insert((tone, octave), moved);
                moved
            }
        };
        u8::try_from(MIDDLE + natural + 12 * octave + moved).ok().filter(|&pitch| pitch < 128)
    }

    /// Adds a sound with what follows it: a tie.
    fn sound(&mut self, pitches: Vec<u8>, mut length: f64, letters: &mut Letters<'_>) {
        if self.tuplet.0 > 0 {
            (self.tuplet.0, length) = (self.tuplet.0 - 1, length * self.tuplet.1);
        }
        if self.broken > 0.0 {
            length *= std::mem::take(&mut self.broken);
        }
        let tied = letters.next_if_eq(&'-').is_some();
        // Longer ones are refused with the whole melody.
        let length = length.min(super::LONGEST as f64);
        self.sounds.push(Sound { pitches, length, tied });
    }

    /// `A>B`: the first is longer by what the second is shorter; `<` the other way round.
    fn broken(&mut self, letters: &mut Letters<'_>) {
        let longer = letters.peek() == Some(&'>');
        let signs = take(letters, |c| matches!(c, '<' | '>')).len().min(3) as i32;
        let short = 0.5f64.powi(signs);
        let (first, second) = if longer { (2.0 - short, short) } else { (short, 2.0 - short) };
        if let Some(last) = self.sounds.last_mut() {
            last.length *= first;
        }
        self.broken = second;
    }

    /// `[CEG]`, an ending `[1`, a field `[K:G]`, or a bar line `[|`.
    fn bracket(&mut self, letters: &mut Letters<'_>, fields: &mut Fields, current: &mut String) {
        letters.next();
        let mut ahead = letters.clone();
        match (ahead.next(), ahead.next()) {
            (Some(name), Some(':')) if name.is_ascii_alphabetic() => {
                letters.nth(1);
                let value = take(letters, |c| c != ']');
                letters.next();
                match name {
                    'V' => value.trim().clone_into(current),
                    _ => fields.take(&name.to_string(), value.trim()),
                }
            }
            (Some('|'), _) => self.bar_line(letters),
            (Some(c), _) if c.is_ascii_digit() => self.ending(letters),
            _ => {
                let (mut pitches, mut inner) = (Vec::new(), None);
                while let Some(&c) = letters.peek().filter(|&&c| c != ']') {
                    if c.is_ascii_alphabetic() || matches!(c, '^' | '_' | '=') {
                        pitches.extend(self.pitch(letters, fields));
                        inner.get_or_insert(length(letters));
                    } else {
                        letters.next();
                    }
                }
                letters.next();
                let outer = length(letters);
                self.sound(pitches, inner.unwrap_or(1.0) * outer * fields.unit(), letters);
            }
        }
    }

    /// Bar lines end accidentals, and may repeat.
    fn bar_line(&mut self, letters: &mut Letters<'_>) {
        let signs = take(letters, |c| matches!(c, '|' | ':' | ']'));
        self.accidentals.clear();
        if signs.starts_with(':') {
            let end = self.first_ending.take().unwrap_or(self.sounds.len());
            let again = self.sounds.get(self.repeated_from..end).unwrap_or_default().to_vec();
            self.sounds.extend(again);
            self.repeated_from = self.sounds.len();
        }
        if signs.ends_with(':') {
            self.repeated_from = self.sounds.len();
        }
        if letters.peek().is_some_and(char::is_ascii_digit) {
            self.ending(letters);
        }
    }

    /// `1`: the first ending begins; another follows the repeat as it is.
    fn ending(&mut self, letters: &mut Letters<'_>) {
        let numbers = take(letters, |c| c.is_ascii_digit() || matches!(c, ',' | '-'));
        if numbers.starts_with('1') {
            self.first_ending = Some(self.sounds.len());
        }
    }

    /// All notes on the grid.
    fn notes(&self) -> Vec<Note> {
        let step = |quarters: f64| (quarters * GRID as f64).round() as usize;
        let (mut notes, mut now): (Vec<Note>, f64) = (Vec::new(), 0.0);
        // For each pitch that is tied over, which note it is.
        let mut tied: HashMap<u8, usize> = HashMap::new();
        for sound in &self.sounds {
            let (start, end) = (step(now), step(now + sound.length));
            let mut next = HashMap::new();
            for &pitch in &sound.pitches {
                let note = match tied.get(&pitch) {
                    Some(&note) => note,
                    None => {
                        notes.push(Note { start, length: 1, pitch });
                        notes.len() - 1
                    }
                };
                notes[note].length = end.saturating_sub(notes[note].start).max(1);
                if sound.tied {
                    next.insert(pitch, note);
                }
            }
            (tied, now) = (next, now + sound.length);
        }
        notes
    }
}

/// `(3abc`: three in the time of two; `(p:q:r` says it all.
fn tuplet(p: usize, letters: &mut Letters<'_>) -> (usize, f64) {
    let number = |letters: &mut Letters<'_>| -> Option<usize> {
        letters.next_if_eq(&':')?;
        take(letters, |c| c.is_ascii_digit()).parse().ok()
    };
    let (q, r) = (number(letters), number(letters));
    let own = if matches!(p, 2 | 4 | 8) { 3 } else { 2 };
    (r.unwrap_or(p), q.unwrap_or(own) as f64 / p as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(body: &str) -> Vec<(usize, usize, u8)> {
        let text = format!("X:1\nT:A tune\nM:4/4\nL:1/4\nK:C\n{body}\n");
        let melodies = read(&text).unwrap();
        melodies[0].notes().iter().map(|n| (n.start, n.length, n.pitch)).collect()
    }

    #[test]
    fn pitches_lengths_and_rests() {
        assert_eq!(notes("C c c' C,"), [(0, 4, 60), (4, 4, 72), (8, 4, 84), (12, 4, 48)]);
        assert_eq!(
            notes("C2 D/ E/4 F3/2 z G"),
            [(0, 8, 60), (8, 2, 62), (10, 1, 64), (11, 6, 65), (21, 4, 67)]
        );
        assert_eq!(notes("A>B A<B"), [(0, 6, 69), (6, 2, 71), (8, 2, 69), (10, 6, 71)]);
        assert_eq!(notes("(3CDE F"), [(0, 3, 60), (3, 2, 62), (5, 3, 64), (8, 4, 65)]);
        assert_eq!(notes("[CEG]2 \"Am\"!trill!{gag}C"), [(0, 8, 60), (0, 8, 64), (0, 8, 67), (8, 4, 60)]);
        assert_eq!(notes("C2-|C2 (C C)"), [(0, 16, 60), (16, 4, 60), (20, 4, 60)]);
        assert_eq!(notes("Z C % a comment"), [(16, 4, 60)]);
    }

    #[test]
    fn accidentals_hold_for_a_bar_and_keys_for_the_tune() {
        assert_eq!(notes("^F F | F _B =B").iter().map(|n| n.2).collect::<Vec<_>>(), [66, 66, 65, 70, 71]);
        let of = |name: &str| {
            let mut moved: Vec<(char, i32)> = key(name).into_iter().collect();
            moved.sort_unstable();
            moved
        };
        assert_eq!(of("D"), [('C', 1), ('F', 1)]);
        assert_eq!((of("Bm"), of("B minor"), of("A mixolydian")), (of("D"), of("D"), of("D")));
        assert_eq!(of("Eb"), [('A', -1), ('B', -1), ('E', -1)]);
        assert_eq!((of("Ddor"), of("none"), of("")), (vec![], vec![], vec![]));
        assert_eq!(of("F#m clef=treble"), [('C', 1), ('F', 1), ('G', 1)]);
    }

    #[test]
    fn repeats_are_unfolded_with_their_endings() {
        let pitches = |body: &str| notes(body).iter().map(|n| n.2).collect::<Vec<_>>();
        assert_eq!(pitches("|:C D:|E"), [60, 62, 60, 62, 64]);
        assert_eq!(pitches("C D:|E"), [60, 62, 60, 62, 64]);
        assert_eq!(pitches("|:C|1 D:|2 E|F"), [60, 62, 60, 64, 65]);
        assert_eq!(pitches("|:C [1 D:|[2 E |]"), [60, 62, 60, 64]);
        assert_eq!(pitches("|:C::D:|"), [60, 60, 62, 62]);
        assert_eq!(pitches("C:|"), [60, 60]);
    }

    #[test]
    fn voices_sound_together_and_files_hold_several_tunes() {
        let text =
            "X:1\nM:3/4\nL:1/8\nQ:1/8=160\nK:G\nV:1\nF2 G2 A2|\nV:2\nG,6|\n\nX:2\nM:2/4\nK:C\nC[L:1/4]C\n";
        assert!(is_abc(text.as_bytes()) && !is_abc(b"X: 3\nY: 4\n"));
        let tunes = read(text).unwrap();
        assert_eq!((tunes.len(), tunes[0].bar, tunes[0].tempo), (2, 12, 80.0));
        assert_eq!(tunes[0].sounding()[0], [55, 66]);
        assert_eq!(tunes[1].notes().iter().map(|n| n.length).collect::<Vec<_>>(), [1, 4]);
    }

    #[test]
    fn no_text_breaks_it() {
        let long = format!("C{0} D{0} C/{0}", "9".repeat(400));
        for body in [
            "[",
            "[CE",
            "\"never ended",
            "(",
            "((((",
            "^",
            "[K:",
            ">",
            ":|:|:|",
            "|1|1:|",
            &long,
            "é日",
            "[1",
            "{",
        ] {
            let text = format!("X:1\nL:0/0\nM:9/0\nQ:x\nK:?\n{body}");
            assert!(read(&text).is_ok(), "{body}");
        }
        let why = Melody::read(format!("X:1\nK:C\n{long}").as_bytes()).unwrap_err();
        assert!(why.contains("it can have 40000"), "{why}");
    }
}
