//! The texts of a column as three long rows of pieces: to learn from, for validation and for the test.

use super::vocabulary::Vocabulary;
use crate::config::{Config, DataConfig};
use crate::dataset::{Survey, Use, each_cell, split_rows};
use crate::{Error, Result};
use pellucid_data::{DataError, Part, Splits};
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

/// One part of a corpus.
#[derive(Default)]
pub(crate) struct Stretch {
    /// The texts.
    pub(crate) texts: Vec<String>,
    /// Their pieces, one text after the other, with the piece that stands between texts before and after each.
    pub(crate) pieces: Vec<u32>,
}

impl Stretch {
    /// Characters of all its texts.
    pub(crate) fn characters(&self) -> usize {
        self.texts.iter().map(|text| text.chars().count()).sum()
    }
}

/// All texts that can be used.
pub(crate) struct Corpus {
    /// The column that holds them.
    pub(crate) column: String,
    pub(crate) vocabulary: Arc<Vocabulary>,
    parts: [Stretch; 3],
    /// Whether texts begin and end, as many of them do; few ones are cut somewhere.
    pub(crate) ends: bool,
    /// How they were split.
    pub(crate) splits: Splits,
    /// Rows that are left out, and why.
    pub(crate) left_out: Vec<Unreadable>,
}

impl Corpus {
    /// One part.
    pub(crate) fn part(&self, part: Part) -> &Stretch {
        &self.parts[part as usize]
    }

    /// What its network is judged by, and whether it has not helped to choose it: the test texts, or those for validation.
    pub(crate) fn judged_by(&self) -> (&Stretch, bool) {
        let unseen = !self.part(Part::Test).texts.is_empty();
        (self.part(if unseen { Part::Test } else { Part::Validation }), unseen)
    }

    /// Characters of each part.
    pub(crate) fn characters(&self) -> [usize; 3] {
        self.parts.each_ref().map(Stretch::characters)
    }

    /// A text that differs when the pieces do.
    pub(crate) fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for part in &self.parts {
            hash.update(part.pieces.len().to_le_bytes());
            part.pieces.iter().for_each(|piece| hash.update(piece.to_le_bytes()));
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

/// Reads the column of texts, splits them, learns the vocabulary from those to learn from, and cuts all into pieces.
///
/// # Errors
/// No column of texts, too little text, and shares that leave a part without any.
pub(crate) fn prepare(survey: &Survey, config: &Config, progress: &mut dyn FnMut(usize)) -> Result<Corpus> {
    let Some(column) = survey.used_as(Use::Target).next() else {
        return Err(Error::usage("no column of texts was found · name one with --from-column COLUMN"));
    };
    let refuse = |what: &str| DataError::refused(what.to_owned()).in_file(survey.table.origin());
    let (mut texts, mut left_out) = (Vec::new(), Vec::new());
    each_cell(survey, column, |row, cell| {
        match cell_text(cell).map(|text| text.trim_end().to_owned()).filter(|text| !text.trim().is_empty()) {
            Some(text) => texts.push((row, text)),
            None => left_out.push(Unreadable { row, column: column.name.clone(), why: "no text".to_owned() }),
        }
        progress(row + 1);
        Ok(())
    })?;
    if texts.is_empty() {
        return Err(refuse("there is no text to learn from").in_column(&column.name).into());
    }
    let mut data = config.data.clone();
    resolve_shares(&mut data);
    let given = survey.table.given_parts().is_some();
    let dealt_out =
        given || [Use::Group, Use::Time, Use::Split].iter().any(|&u| survey.used_as(u).next().is_some());
    let ends = dealt_out || texts.len() > FEW;
    let (splits, texts) = match ends {
        true => {
            let splits = split_rows(survey, &data, config.training.seed)?;
            let mut parts: [Vec<String>; 3] = Default::default();
            for (row, text) in texts {
                if let Some(part) = splits.parts.get(row) {
                    parts[*part as usize].push(text);
                }
            }
            (splits, parts)
        }
        false => cut(survey.table.rows(), texts, shares(&data)),
    };
    for (part, name) in [(Part::Train, "to learn from"), (Part::Validation, "for validation")] {
        if texts[part as usize].is_empty() {
            let advice = "give more texts, or other shares with `validation` and `test` under [data] in a --config file";
            return Err(refuse(&format!("there is no text {name}")).advise(advice).into());
        }
    }
    let training = &texts[Part::Train as usize];
    let bytes: usize = training.iter().map(String::len).sum();
    let characters = config.network.characters.unwrap_or(bytes <= BY_CHARACTER);
    let none = |why: String| refuse("no vocabulary can be learned from these texts").because(why);
    let vocabulary = Vocabulary::learn(training, characters).map_err(none)?;
    let mut parts: [Stretch; 3] = Default::default();
    for (part, texts) in parts.iter_mut().zip(texts) {
        for text in &texts {
            // Texts that were cut neither begin nor end here.
            if ends {
                part.pieces.push(vocabulary.between());
            }
            part.pieces.extend(vocabulary.of(text).map_err(none)?);
        }
        if ends && !texts.is_empty() {
            part.pieces.push(vocabulary.between());
        }
        part.texts = texts;
    }
    let learned = parts[Part::Train as usize].pieces.len();
    if learned < FEWEST || parts[Part::Validation as usize].pieces.len() < 2 {
        let why = format!("there are {learned} characters or pieces of words to learn from");
        let advice = format!("give at least {FEWEST}; some hundred thousand make a style");
        return Err(refuse("this is too little text to learn from").because(why).advise(advice).into());
    }
    let column = column.name.clone();
    Ok(Corpus { column, vocabulary: Arc::new(vocabulary), parts, ends, splits, left_out })
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
