//! What the texts of a column mean, decided over the whole column: whole numbers, numbers, flags, times or text.

use super::cell::{Cell, Storage};
use super::time::{TimeForm, read_time};
use std::ops::ControlFlow;

/// Texts that mean "nothing was recorded". `none` in lower case is left alone: it is a common category.
pub const MISSING_TOKENS: [&str; 13] =
    ["", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "None", "?", "-"];

/// True when a trimmed text is one of [`MISSING_TOKENS`].
pub(crate) fn is_missing(text: &str) -> bool {
    text.len() <= 4 && MISSING_TOKENS.contains(&text)
}

/// A way to read the texts of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    TrueFalse,
    YesNo,
    Integer,
    Number,
    /// `3,14` and `1.234,5`: the comma before the decimals.
    CommaNumber,
    Time(TimeForm),
}

/// Every reading, the most telling first: the first that fits all texts of a column is taken.
const READINGS: [Reading; 8] = [
    Reading::TrueFalse,
    Reading::YesNo,
    Reading::Integer,
    Reading::Number,
    Reading::CommaNumber,
    Reading::Time(TimeForm::Iso),
    Reading::Time(TimeForm::DayFirst),
    Reading::Time(TimeForm::MonthFirst),
];
const INTEGER: usize = 2;
const DAY_FIRST: usize = 6;
const MONTH_FIRST: usize = 7;

impl Reading {
    /// The storage that holds what is read.
    pub(crate) fn storage(self) -> Storage {
        match self {
            Reading::TrueFalse | Reading::YesNo => Storage::Flag,
            Reading::Integer => Storage::Integer,
            Reading::Number | Reading::CommaNumber => Storage::Number,
            Reading::Time(_) => Storage::Time,
        }
    }

    /// The cell that a text means; the text itself when this reading does not fit it.
    pub(crate) fn read(self, text: &str) -> Cell<'_> {
        self.try_read(text).unwrap_or(Cell::Text(text))
    }

    /// The cell that a text means; nothing when this reading does not fit it.
    pub(crate) fn try_read(self, text: &str) -> Option<Cell<'static>> {
        match self {
            Reading::TrueFalse => flag(text, "true", "false"),
            Reading::YesNo => flag(text, "yes", "no"),
            Reading::Integer => Some(Cell::Integer(integer(text)?)),
            Reading::Number => Some(Cell::Number(number(text)?)),
            Reading::CommaNumber => Some(Cell::Number(comma_number(text)?)),
            Reading::Time(form) => Some(Cell::Time(read_time(form, text)?)),
        }
    }
}

fn flag(text: &str, yes: &str, no: &str) -> Option<Cell<'static>> {
    if text.eq_ignore_ascii_case(yes) {
        Some(Cell::Flag(true))
    } else if text.eq_ignore_ascii_case(no) {
        Some(Cell::Flag(false))
    } else {
        None
    }
}

/// `007` is a code, not a number: its zeros would be lost.
fn has_leading_zero(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']).as_bytes();
    digits.len() > 1 && digits[0] == b'0' && digits[1].is_ascii_digit()
}

fn integer(text: &str) -> Option<i64> {
    if has_leading_zero(text) { None } else { text.parse().ok() }
}

/// A floating point number. Digits alone that overflow 64 bits are a code, not a rounded number.
fn number(text: &str) -> Option<f64> {
    let digits_only = text.trim_start_matches(['+', '-']).bytes().all(|b| b.is_ascii_digit());
    if has_leading_zero(text) || (digits_only && text.parse::<i64>().is_err()) {
        None
    } else {
        text.parse().ok()
    }
}

/// A number with a decimal comma; points may only group thousands.
fn comma_number(text: &str) -> Option<f64> {
    if !text.contains([',', '.']) {
        return number(text);
    }
    let (whole, decimals) = text.split_once(',').unwrap_or((text, "0"));
    if decimals.contains([',', '.']) {
        return None;
    }
    let mut groups = whole.trim_start_matches(['+', '-']).split('.');
    let first = groups.next()?;
    let grouped = whole.contains('.');
    if (grouped && !(1..=3).contains(&first.len())) || groups.any(|group| group.len() != 3) {
        return None;
    }
    number(&format!("{}.{decimals}", whole.replace('.', "")))
}

/// Which readings fit all texts of a column so far.
#[derive(Clone, Debug)]
pub(crate) struct Guess {
    fits: [bool; READINGS.len()],
    seen: bool,
}

impl Default for Guess {
    fn default() -> Self {
        Self { fits: [true; READINGS.len()], seen: false }
    }
}

impl Guess {
    /// Takes a trimmed text that is not missing; `commas` says whether its file may write decimal commas.
    pub(crate) fn observe(&mut self, text: &str, commas: bool) {
        self.seen = true;
        for (i, reading) in READINGS.into_iter().enumerate() {
            if !self.fits[i] {
                continue;
            }
            self.fits[i] = reading.try_read(text).is_some()
                && (commas || reading != Reading::CommaNumber || !text.contains(','));
            if i == INTEGER && self.fits[i] {
                // Whole numbers are numbers in every other way of writing them, and no date has only digits.
                self.fits[DAY_FIRST] = false;
                self.fits[MONTH_FIRST] = false;
                self.fits[DAY_FIRST - 1] = false;
                break;
            }
        }
    }

    /// True once a text was observed.
    pub(crate) fn has_seen(&self) -> bool {
        self.seen
    }

    /// The reading to use (none: text), and whether day-first and month-first dates could not be told apart.
    pub(crate) fn decide(&self) -> (Option<Reading>, bool) {
        if !self.seen {
            return (None, false);
        }
        let first = READINGS.into_iter().enumerate().try_for_each(|(i, reading)| {
            if self.fits[i] { ControlFlow::Break((i, reading)) } else { ControlFlow::Continue(()) }
        });
        match first {
            ControlFlow::Continue(()) => (None, false),
            ControlFlow::Break((DAY_FIRST, _)) if self.fits[MONTH_FIRST] => (None, true),
            ControlFlow::Break((_, reading)) => (Some(reading), false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(texts: &[&str]) -> Option<Reading> {
        decide_with(texts, false)
    }

    fn decide_with(texts: &[&str], commas: bool) -> Option<Reading> {
        let mut guess = Guess::default();
        texts.iter().for_each(|text| guess.observe(text, commas));
        guess.decide().0
    }

    #[test]
    fn columns_are_read_as_their_most_telling_reading() {
        assert_eq!(decide(&["1", "-5", "+7", "0"]), Some(Reading::Integer));
        assert_eq!(decide(&["1", "2.5", "1e5", "inf"]), Some(Reading::Number));
        assert_eq!(decide(&["2.5", "1"]), Some(Reading::Number));
        assert_eq!(decide(&["True", "false"]), Some(Reading::TrueFalse));
        assert_eq!(decide(&["yes", "No"]), Some(Reading::YesNo));
        assert_eq!(decide(&["yes", "true"]), None);
        assert_eq!(decide(&["007", "012"]), None);
        assert_eq!(decide(&["1", "007"]), None);
        assert_eq!(decide(&["12345678901234567890"]), None, "too long for 64 bits: an identifier");
        assert_eq!(decide(&["1", "2", "three"]), None);
        assert_eq!(decide(&["2024-01-31", "2024-02-01 10:00"]), Some(Reading::Time(TimeForm::Iso)));
        assert_eq!(decide(&["2024", "2024-02-01"]), None);
        assert_eq!(decide(&[]), None);
    }

    #[test]
    fn dates_that_may_be_day_or_month_first_stay_text() {
        assert_eq!(decide(&["01/02/2024", "31/01/2024"]), Some(Reading::Time(TimeForm::DayFirst)));
        assert_eq!(decide(&["01/02/2024", "01/31/2024"]), Some(Reading::Time(TimeForm::MonthFirst)));
        let mut guess = Guess::default();
        guess.observe("01/02/2024", false);
        assert_eq!(guess.decide(), (None, true));
    }

    #[test]
    fn decimal_commas_are_read_only_where_files_may_hold_them() {
        assert_eq!(decide_with(&["3,14", "2", "1.234,5"], true), Some(Reading::CommaNumber));
        assert_eq!(decide(&["3,14", "2"]), None);
        assert_eq!(decide_with(&["1.5", "2.5"], true), Some(Reading::Number));
        assert_eq!(decide_with(&["1.5", "2,5"], true), None, "points and commas mixed");
        for (text, value) in [("3,25", 3.25), ("-1.234,5", -1234.5), ("7", 7.0), ("0,5", 0.5)] {
            assert_eq!(Reading::CommaNumber.read(text), Cell::Number(value), "{text}");
        }
        for text in ["1,2,3", "12.34,5", ",", "a,b", "1.2345"] {
            assert_eq!(comma_number(text), None, "{text}");
        }
    }

    #[test]
    fn missing_tokens() {
        for token in MISSING_TOKENS {
            assert!(is_missing(token));
        }
        for text in ["none", "0", "no", "Na", "--"] {
            assert!(!is_missing(text), "{text}");
        }
    }
}
