//! The works of a column as three long rows of pieces: to learn from, for validation and for the test.

use super::notation::Notation;
use super::script::Script;
use super::vocabulary::Vocabulary;
use crate::config::{Config, DataConfig};
use crate::dataset::{ColumnPlan, Survey, Use, each_cell, split_rows};
use crate::{Error, Result};
use pellucid_data::{Cell, DataError, Part, Splits};
use pellucid_kinds::melody::Melody;
use pellucid_kinds::{Unreadable, cell_text};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// So many texts, or fewer, are each cut into parts; more are dealt out whole.
const FEW: usize = 20;

/// The shares for validation and for the test, if nothing else is said: of a text every part is as good as another, and each learns.
const SHARES: [f64; 2] = [0.1, 0.1];

/// Texts of up to so many bytes are written character by character: words are too rare in them.
const BY_CHARACTER: usize = 4 << 20;

/// The fewest pieces from which something can be learned.
const FEWEST: usize = 500;

/// What works are, as they were read.
pub(crate) enum Works {
    /// Texts of each part.
    Texts([Vec<String>; 3]),
    /// Melodies of each part.
    Melodies([Vec<Melody>; 3]),
}

/// All works that can be used, as rows of pieces.
pub(crate) struct Corpus {
    /// The column that holds them.
    pub(crate) column: String,
    pub(crate) script: Arc<Script>,
    /// The pieces of each part, one work after the other, with the piece that stands between works before and after each.
    pieces: [Vec<u32>; 3],
    pub(crate) works: Works,
    /// Whether works begin and end, as many of them do; few texts are cut somewhere.
    pub(crate) ends: bool,
    /// How they were split.
    pub(crate) splits: Splits,
    /// Rows that are left out, and why.
    pub(crate) left_out: Vec<Unreadable>,
}

impl Corpus {
    /// The pieces of one part.
    pub(crate) fn part(&self, part: Part) -> &[u32] {
        &self.pieces[part as usize]
    }

    /// What its network is judged by: the test, which has not helped to choose it, or else what it was chosen by.
    pub(crate) fn judges(&self) -> Part {
        if self.part(Part::Test).is_empty() { Part::Validation } else { Part::Test }
    }

    /// Units of each part: characters of texts, steps of melodies.
    pub(crate) fn units(&self) -> [usize; 3] {
        let units = |pieces: &Vec<u32>| pieces.iter().map(|&piece| self.script.units(piece) as usize).sum();
        self.pieces.each_ref().map(units)
    }

    /// Quarter notes a minute of the melodies to learn from, the median; 0 for texts.
    pub(crate) fn tempo(&self) -> f64 {
        let Works::Melodies([training, ..]) = &self.works else { return 0.0 };
        let mut tempi: Vec<f64> = training.iter().map(|melody| melody.tempo).collect();
        tempi.sort_by(f64::total_cmp);
        tempi.get(tempi.len() / 2).copied().unwrap_or_default()
    }

    /// A text that differs when the pieces do.
    pub(crate) fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for part in &self.pieces {
            hash.update(part.len().to_le_bytes());
            part.iter().for_each(|piece| hash.update(piece.to_le_bytes()));
        }
        pellucid_base::hex(&hash.finalize())
    }
}

/// The shares that are asked for, of all texts or of each.
fn shares(data: &DataConfig) -> [f64; 2] {
    [data.validation.unwrap_or(SHARES[0]), data.test.unwrap_or(SHARES[1])]
}

/// Writes the shares into the configuration.
pub(crate) fn resolve_shares(data: &mut DataConfig) {
    let [validation, test] = shares(data);
    (data.validation, data.test) = (Some(validation), Some(test));
}

/// Reads the column of works, splits them, learns how they are written from those to learn from, and cuts all into pieces.
///
/// # Errors
/// No column of works, too little of them, and shares that leave a part without any.
pub(crate) fn prepare(survey: &Survey, config: &Config, progress: &mut dyn FnMut(usize)) -> Result<Corpus> {
    let Some(column) = survey.used_as(Use::Target).next() else {
        return Err(Error::usage("no column to learn from was found · name one with --from-column COLUMN"));
    };
    let mut config = config.clone();
    resolve_shares(&mut config.data);
    match column.kind.is_some_and(|kind| kind.name() == "melody") {
        true => melodies(survey, column, &config, progress),
        false => texts(survey, column, &config, progress),
    }
}

/// The works of a column by row, and the rows without one.
type Read<W> = (Vec<(usize, W)>, Vec<Unreadable>);

fn read<W>(
    survey: &Survey,
    column: &ColumnPlan,
    progress: &mut dyn FnMut(usize),
    of: impl Fn(Cell<'_>) -> std::result::Result<Vec<W>, String>,
) -> Result<Read<W>> {
    let (mut works, mut left_out) = (Vec::new(), Vec::new());
    each_cell(&survey.table, column, |row, cell| {
        match of(cell) {
            Ok(of_row) => works.extend(of_row.into_iter().map(|work| (row, work))),
            Err(why) => left_out.push(Unreadable { row, column: column.name.clone(), why }),
        }
        progress(row + 1);
        Ok(())
    })?;
    if works.is_empty() {
        let what = DataError::refused("there is nothing to learn from: no row can be used");
        let error = what.in_file(survey.table.origin()).in_column(&column.name);
        let first = left_out.first().map_or_else(String::new, |bad: &Unreadable| {
            format!("for example {}: {}", survey.table.place(bad.row), bad.why)
        });
        return Err(error.because(first).into());
    }
    Ok((works, left_out))
}

/// Whole works for each part.
fn deal_out<W>(survey: &Survey, config: &Config, works: Vec<(usize, W)>) -> Result<(Splits, [Vec<W>; 3])> {
    let splits = split_rows(survey, &config.data, config.training.seed)?;
    let mut parts: [Vec<W>; 3] = Default::default();
    for (row, work) in works {
        if let Some(part) = splits.parts.get(row) {
            parts[*part as usize].push(work);
        }
    }
    Ok((splits, parts))
}

fn texts(
    survey: &Survey,
    column: &ColumnPlan,
    config: &Config,
    progress: &mut dyn FnMut(usize),
) -> Result<Corpus> {
    let (texts, left_out) = read(survey, column, progress, |cell| {
        let text = cell_text(cell).map(|text| text.trim_end().to_owned());
        let text = text.filter(|text| !text.trim().is_empty()).ok_or_else(|| "no text".to_owned())?;
        Ok(vec![text])
    })?;
    let given = survey.table.given_parts().is_some();
    let ways = [Use::Group, Use::Time, Use::Split];
    let dealt_out = given || ways.iter().any(|&way| survey.used_as(way).next().is_some());
    let ends = dealt_out || texts.len() > FEW;
    let (splits, texts) = match ends {
        true => deal_out(survey, config, texts)?,
        false => cut(survey.table.rows(), texts, shares(&config.data)),
    };
    let training = &texts[Part::Train as usize];
    let bytes: usize = training.iter().map(String::len).sum();
    let characters = config.network.characters.unwrap_or(bytes <= BY_CHARACTER);
    let none = |why: String| {
        let what = DataError::refused("no vocabulary can be learned from these texts");
        what.in_file(survey.table.origin()).because(why)
    };
    let vocabulary = Vocabulary::learn(training, characters).map_err(none)?;
    let mut pieces: [Vec<Vec<u32>>; 3] = Default::default();
    for (pieces, texts) in pieces.iter_mut().zip(&texts) {
        for text in texts {
            pieces.push(vocabulary.of(text).map_err(none)?);
        }
    }
    let corpus = Corpus {
        column: column.name.clone(),
        script: Arc::new(Script::Text(vocabulary)),
        pieces: Default::default(),
        works: Works::Texts(texts),
        ends,
        splits,
        left_out,
    };
    corpus.with(pieces, survey)
}

fn melodies(
    survey: &Survey,
    column: &ColumnPlan,
    config: &Config,
    progress: &mut dyn FnMut(usize),
) -> Result<Corpus> {
    let files = survey.table.files();
    let (melodies, left_out) = read(survey, column, progress, |cell| Melody::of_cell(cell, files))?;
    let (splits, melodies) = deal_out(survey, config, melodies)?;
    let notation = Notation::of(&melodies[Part::Train as usize]);
    let pieces = |melodies: &Vec<Melody>| melodies.iter().map(|melody| notation.of_melody(melody)).collect();
    let pieces = melodies.each_ref().map(pieces);
    let corpus = Corpus {
        column: column.name.clone(),
        script: Arc::new(Script::Melody(notation)),
        pieces: Default::default(),
        works: Works::Melodies(melodies),
        ends: true,
        splits,
        left_out,
    };
    corpus.with(pieces, survey)
}

impl Corpus {
    /// With these pieces of the works of each part.
    fn with(mut self, works: [Vec<Vec<u32>>; 3], survey: &Survey) -> Result<Corpus> {
        let refuse = |what: String| DataError::refused(what).in_file(survey.table.origin());
        let between = self.script.between();
        for (part, works) in self.pieces.iter_mut().zip(&works) {
            for work in works {
                // Texts that were cut neither begin nor end here.
                part.extend(self.ends.then_some(between));
                part.extend(work);
            }
            part.extend((self.ends && !works.is_empty()).then_some(between));
        }
        for (part, name) in [(Part::Train, "to learn from"), (Part::Validation, "for validation")] {
            if works[part as usize].is_empty() {
                let advice =
                    "give more, or other shares with `validation` and `test` under [data] in a --config file";
                return Err(refuse(format!("there is nothing {name}")).advise(advice).into());
            }
        }
        let learned = self.part(Part::Train).len();
        if learned < FEWEST || self.part(Part::Validation).len() < 2 {
            let are = self.script.pieces_are();
            let why = format!("there are {learned} {are}");
            let advice = format!("give at least {FEWEST}; some hundred thousand make a style");
            return Err(refuse("this is too little to learn from".to_owned())
                .because(why)
                .advise(advice)
                .into());
        }
        Ok(self)
    }
}

/// Cuts each of a few texts: it begins in the part to learn from, and ends in the test.
fn cut(rows: usize, texts: Vec<(usize, String)>, [validation, test]: [f64; 2]) -> (Splits, [Vec<String>; 3]) {
    let mut parts: [Vec<String>; 3] = Default::default();
    for (_, text) in &texts {
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let at = |share: f64| {
            let place = (share * places.len() as f64) as usize;
            places.get(place).copied().unwrap_or(text.len())
        };
        let [first, second] = [at(1.0 - validation - test), at(1.0 - test)];
        for (part, piece) in parts.iter_mut().zip([&text[..first], &text[first..second], &text[second..]]) {
            if !piece.is_empty() {
                part.push(piece.to_owned());
            }
        }
    }
    let [validation, test] = [validation, test].map(|share| 100.0 * share);
    let which = if texts.len() == 1 { "the text" } else { "each text" };
    let reason = match test > 0.0 {
        true => format!(
            "the end of {which} is set aside: {validation:.0} % for validation, and the last {test:.0} % for the test"
        ),
        false => format!("the last {validation:.0} % of {which} are for validation; there is no test part"),
    };
    (Splits { parts: vec![Part::Train; rows], reason }, parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_and_nothing_is_lost() {
        let text = "äöü".repeat(100);
        let (splits, parts) = cut(1, vec![(0, text.clone())], [0.1, 0.2]);
        let lengths: Vec<usize> = parts.iter().map(|p| p[0].chars().count()).collect();
        assert_eq!(lengths, [210, 30, 60]);
        assert_eq!(parts.concat().concat(), text);
        assert!(splits.reason.contains("10 % for validation, and the last 20 % for the test"));
        let (splits, parts) = cut(2, vec![(0, text.clone()), (1, "x".to_owned())], [0.1, 0.0]);
        assert!(parts[2].is_empty() && splits.reason.contains("the last 10 % of each text"));
    }
}
