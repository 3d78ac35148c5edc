//! Pairs of texts as pieces of words.

use super::leaning::Leaning;
use super::model::Known;
use super::ways::{Marks, Way};
use crate::dataset::{Survey, Use};
use crate::{Config, Result};
use pellucid_data::{Cell, DataError, Part, Splits};
use pellucid_kinds::text::Pieces;
use pellucid_kinds::{Unreadable, cell_text};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The most pieces of a text that is learned from; attention's cost grows with the square of it.
pub(super) const LONGEST: usize = 256;

/// Texts of which one is so many times as long as the other are hardly translations of each other, unless both are short.
const TIMES_AS_LONG: usize = 6;
const SHORT: usize = 20;

/// Bytes of text from which the pieces are learned; of more, every second pair is taken, every third, and so on.
const LEARNED_FROM: usize = 32 << 20;

/// Texts as pieces, one after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    pieces: Vec<u32>,
    ends: Vec<usize>,
}

impl Texts {
    fn push(&mut self, pieces: &[u32]) {
        self.pieces.extend(pieces);
        self.ends.push(self.pieces.len());
    }

    /// The pieces of a text; none of one that is not there.
    pub(super) fn get(&self, i: usize) -> &[u32] {
        let start = i.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        self.ends.get(i).and_then(|&end| self.pieces.get(start..end)).unwrap_or_default()
    }
}

/// How texts become pieces on each side; one vocabulary may serve both.
#[derive(Clone)]
pub(crate) struct Vocabularies {
    pub(crate) read: Arc<Pieces>,
    pub(crate) written: Arc<Pieces>,
    /// If both ways are known, the pieces that tell them apart; both sides then have one vocabulary.
    pub(crate) marks: Option<Marks>,
}

impl Vocabularies {
    /// Whether both sides have one.
    pub(crate) fn shared(&self) -> bool {
        Arc::ptr_eq(&self.read, &self.written)
    }

    /// How many pieces each side has.
    pub(crate) fn sizes(&self) -> [usize; 2] {
        [self.read.vocabulary(), self.written.vocabulary()]
    }
}

/// All pairs that can be used, those of each way after those of the one before.
pub(crate) struct Pairs {
    /// The columns of the texts that are read and of those that are written.
    pub(crate) columns: [String; 2],
    pub(crate) vocabularies: Vocabularies,
    pub(super) read: Texts,
    pub(super) written: Texts,
    /// The table's row of each pair.
    pub(crate) rows: Vec<usize>,
    /// The pairs of the training, validation and test rows, in the table's order for each way.
    pub(crate) parts: [Vec<usize>; 3],
    /// Rows that are left out, and why.
    pub(crate) left_out: Vec<Unreadable>,
    /// What a model keeps of the training pairs.
    pub(super) known: Known,
}

impl Pairs {
    /// The pairs of a part.
    pub(crate) fn part(&self, part: Part) -> &[usize] {
        &self.parts[part as usize]
    }

    /// The pairs of a part that are translated in one way.
    pub(crate) fn of_way(&self, part: Part, way: Way) -> &[usize] {
        let pairs = self.part(part);
        let (there, back) = pairs.split_at(pairs.len() / self.vocabularies.ways().len());
        match way {
            Way::There => there,
            Way::Back => back,
        }
    }

    /// How many rows of the table each part has.
    pub(crate) fn rows_of_parts(&self) -> [usize; 3] {
        self.parts.each_ref().map(|pairs| pairs.len() / self.vocabularies.ways().len())
    }

    /// Pieces of a pair, both sides together.
    pub(super) fn length(&self, pair: usize) -> usize {
        self.read.get(pair).len() + self.written.get(pair).len()
    }

    /// What a model keeps of the training pairs.
    fn known(&self) -> Known {
        let mut lengths: Vec<usize> =
            self.part(Part::Train).iter().map(|&pair| self.read.get(pair).len()).collect();
        lengths.sort_unstable();
        let length = lengths.get((lengths.len() * 99 / 100).min(lengths.len().saturating_sub(1)));
        Known { length: length.copied().unwrap_or(LONGEST), leaning: Leaning::count(self) }
    }

    /// A text that differs when the pairs do.
    pub(crate) fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for part in &self.parts {
            hash.update(part.len().to_le_bytes());
            for &pair in part {
                for side in [&self.read, &self.written] {
                    let pieces = side.get(pair);
                    hash.update(pieces.len().to_le_bytes());
                    pieces.iter().for_each(|piece| hash.update(piece.to_le_bytes()));
                }
            }
        }
        pellucid_base::hex(&hash.finalize())
    }
}

/// The text of a cell, without spaces around it; `None` if nothing is left.
pub(super) fn text_of(cell: Cell<'_>) -> Option<String> {
    cell_text(cell).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Reads both columns, learns the vocabularies from the training rows, and cuts all texts into pieces.
///
/// # Errors
/// More or fewer than one column of texts on either side, and a part without a pair that can be used.
pub(crate) fn prepare(
    survey: &Survey,
    splits: &Splits,
    config: &Config,
    progress: &mut dyn FnMut(usize),
) -> Result<Pairs> {
    let (source, target) = columns(survey)?;
    let mut texts: Vec<Option<[String; 2]>> = Vec::with_capacity(survey.table.rows());
    let mut left_out = Vec::new();
    for chunk in survey.table.chunks() {
        let chunk = chunk?;
        for i in 0..chunk.rows {
            let row = chunk.first_row + i;
            let of = |(column, name): (usize, &String)| {
                let why = || Unreadable { row, column: name.clone(), why: "no text".to_owned() };
                text_of(chunk.cell(i, column)).ok_or_else(why)
            };
            let both = of((source.0, &source.1)).and_then(|a| Ok([a, of((target.0, &target.1))?]));
            texts.push(both.map_err(|why| left_out.push(why)).ok());
        }
        progress(texts.len());
    }
    let is_training = |row: usize| splits.parts.get(row) == Some(&Part::Train);
    let training =
        || texts.iter().enumerate().filter(|(row, _)| is_training(*row)).filter_map(|(_, t)| t.as_ref());
    let names = [source.1, target.1];
    let vocabularies = learn(training, config, &names).map_err(|why| {
        DataError::refused("no pieces of words can be learned from these columns")
            .in_file(survey.table.origin())
            .because(why)
    })?;
    let mut pairs = Pairs {
        columns: names,
        vocabularies,
        read: Texts::default(),
        written: Texts::default(),
        rows: Vec::new(),
        parts: Default::default(),
        left_out,
        known: Known::default(),
    };
    let mut usable = Vec::with_capacity(texts.len());
    for (row, texts) in texts.iter().enumerate() {
        let (Some(texts), Some(&part)) = (texts, splits.parts.get(row)) else { continue };
        match pairs.vocabularies.cut(texts) {
            Ok(pieces) => usable.push((row, part, pieces)),
            Err((side, why)) => {
                pairs.left_out.push(Unreadable { row, column: pairs.columns[side].clone(), why });
            }
        }
    }
    for &way in pairs.vocabularies.ways() {
        for (row, part, pieces) in &usable {
            let (read, written) = way.of(pieces);
            pairs.parts[*part as usize].push(pairs.rows.len());
            pairs.rows.push(*row);
            pairs.read.push(&pairs.vocabularies.marked(read, way));
            pairs.written.push(written);
        }
    }
    for (part, name) in [(Part::Train, "training"), (Part::Validation, "validation")] {
        if pairs.part(part).is_empty() {
            let error =
                DataError::refused(format!("no {name} row can be used")).in_file(survey.table.origin());
            let why = pairs.left_out.first().map_or_else(
                || format!("the {name} share is 0, or the data gives none"),
                |first| format!("for example {}: {}", survey.table.place(first.row), first.why),
            );
            return Err(error.because(why).advise("give more rows with a text in both columns").into());
        }
    }
    pairs.known = pairs.known();
    Ok(pairs)
}

impl Vocabularies {
    /// The pieces of both texts; or which side cannot be used, and why.
    fn cut(&self, [source, target]: &[String; 2]) -> std::result::Result<[Vec<u32>; 2], (usize, String)> {
        let read = self.read.of(source).map_err(|why| (0, why))?;
        let written = self.written.of(target).map_err(|why| (1, why))?;
        for (side, pieces) in [&read, &written].into_iter().enumerate() {
            if pieces.is_empty() || pieces.len() > LONGEST {
                let why = format!("a text of {} pieces; it can have 1 to {LONGEST}", pieces.len());
                return Err((side, why));
            }
        }
        let (short, long) = (read.len().min(written.len()), read.len().max(written.len()));
        if long > SHORT && long > TIMES_AS_LONG * short {
            let why =
                format!("{} pieces beside {}: hardly translations of each other", written.len(), read.len());
            return Err((1, why));
        }
        Ok([read, written])
    }
}

/// The position and name of the column that is read, and of the one that is written.
pub(super) fn columns(survey: &Survey) -> Result<((usize, String), (usize, String))> {
    let of = |role: Use| -> Vec<_> {
        let texts = survey.used_as(role).filter(|c| c.kind.is_some_and(|k| k.name() == "text"));
        texts.map(|c| (c.position, c.name.clone())).collect()
    };
    let (inputs, targets) = (of(Use::Input), of(Use::Target));
    let said = |what: &str, names: &[(usize, String)], advice: &str| {
        let names: Vec<_> = names.iter().map(|(_, name)| format!("`{name}`")).collect();
        let found = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        DataError::refused(format!("{what} must be one column of texts"))
            .in_file(survey.table.origin())
            .because(format!("there are: {found}"))
            .advise(advice.to_owned())
    };
    match (inputs.as_slice(), targets.as_slice()) {
        ([source], [target]) if survey.used_as(Use::Target).count() == 1 => {
            Ok((source.clone(), target.clone()))
        }
        ([_], _) => Err(said("what is written", &targets, "name one column with --predict").into()),
        _ => {
            let advice = "name the column to translate with --from-column; if it is of another kind, say --kind COLUMN=text";
            Err(said("what is read", &inputs, advice).into())
        }
    }
}

/// One vocabulary for both sides if they are written with mostly the same characters, as related languages are: names, numbers and
/// roots of words are then the same pieces on both sides; and if both ways are asked for. Otherwise one for each.
fn learn<'a, I: Iterator<Item = &'a [String; 2]>>(
    training: impl Fn() -> I,
    config: &Config,
    names: &[String; 2],
) -> std::result::Result<Vocabularies, String> {
    let bytes: usize = training().map(|[a, b]| a.len() + b.len()).sum();
    let every = bytes.div_ceil(LEARNED_FROM).max(1);
    let side = |side: usize| training().step_by(every).map(move |pair| pair[side].clone());
    let [source, target]: [Vec<String>; 2] = [side(0).collect(), side(1).collect()];
    let both_ways = config.data.both_ways;
    let shared =
        config.network.shared_vocabulary.unwrap_or_else(|| both_ways || common_script(&source, &target));
    let of = |side: usize, why: String| format!("`{}`: {why}", names[side]);
    if shared {
        let marks = if both_ways { Marks::names(names).to_vec() } else { Vec::new() };
        let both = Arc::new(Pieces::learn_to_write(&[source, target].concat(), &marks)?);
        let marks = Marks::of(names, &both);
        return Ok(Vocabularies { read: both.clone(), written: both, marks });
    }
    let learn = |texts: &[String]| Pieces::learn_to_write(texts, &[]).map(Arc::new);
    Ok(Vocabularies {
        read: learn(&source).map_err(|why| of(0, why))?,
        written: learn(&target).map_err(|why| of(1, why))?,
        marks: None,
    })
}

/// Whether most letters of each side occur on the other side as well.
fn common_script(source: &[String], target: &[String]) -> bool {
    const SAMPLE: usize = 2000;
    /// A letter occurs if it is at least so frequent.
    const OCCURS: f64 = 1e-4;
    const MOST: f64 = 0.8;
    let count = |texts: &[String]| {
        let mut counts = std::collections::BTreeMap::<char, f64>::new();
        let step = texts.len().div_ceil(SAMPLE).max(1);
        let letters = texts.iter().step_by(step).flat_map(|text| text.chars()).filter(|c| c.is_alphabetic());
        letters.for_each(|c| *counts.entry(c).or_default() += 1.0);
        let all: f64 = counts.values().sum();
        counts.values_mut().for_each(|n| *n /= f64::max(all, 1.0));
        counts
    };
    let (source, target) = (count(source), count(target));
    let share = |of: &std::collections::BTreeMap<char, f64>,
                 there: &std::collections::BTreeMap<char, f64>| {
        of.iter().filter(|(c, _)| there.get(c).is_some_and(|&n| n > OCCURS)).map(|(_, n)| n).sum::<f64>()
    };
    share(&source, &target) > MOST && share(&target, &source) > MOST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn related_scripts_share_a_vocabulary_and_others_do_not() {
        let of = |text: &str| vec![text.to_owned(); 3];
        let english = of("A man in a blue shirt is standing on a ladder cleaning a window");
        assert!(common_script(
            &english,
            &of("Ein Mann in einem blauen Hemd steht auf einer Leiter und putzt ein Fenster")
        ));
        assert!(!common_script(&english, &of("Мужчина в синей рубашке стоит на лестнице")));
        assert!(!common_script(&english, &of("青いシャツを着た男がはしごに立っている")));
    }

    #[test]
    fn texts_come_back_one_by_one() {
        let mut texts = Texts::default();
        texts.push(&[1, 2]);
        texts.push(&[]);
        texts.push(&[3]);
        assert_eq!([texts.get(0), texts.get(1), texts.get(2), texts.get(3)], [&[1, 2][..], &[], &[3], &[]]);
    }
}
