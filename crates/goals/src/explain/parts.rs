//! The parts of an input that an explanation gives a number to: columns, words, fields of pictures and of sounds.

use crate::Result;
use pellucid_data::{Cell, Row, Table};
use pellucid_kinds::{Encoder, Feature, Record, cell_text};
use std::ops::Range;

/// Fields along the longer side of a picture.
const FIELDS: usize = 10;

/// Fields of a sound: along time, and along its frequencies.
const SPANS: usize = 16;
const BANDS: usize = 8;

/// A part of an input.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Part {
    /// A column of numbers, categories, flags or times.
    Column {
        name: String,
        /// What stands in it.
        value: String,
        /// Its numbers and its codes in the record.
        numbers: Range<usize>,
        codes: Range<usize>,
    },
    /// A word.
    Word {
        /// Which of the record's texts it is in.
        text: usize,
        shown: String,
        /// Its pieces in that text.
        pieces: Range<usize>,
    },
    /// A rectangle of a picture or of a sound's spectrum.
    Field {
        /// Which of the record's pictures it is in.
        picture: usize,
        rows: Range<usize>,
        columns: Range<usize>,
    },
}

/// Where what a column says stands in a record.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Span {
    numbers: Range<usize>,
    codes: Range<usize>,
    tokens: Range<usize>,
    pictures: Range<usize>,
}

impl Span {
    /// Of every input column, by name.
    pub(super) fn of(encoder: &Encoder) -> Vec<(String, Span)> {
        let mut end = [0; 4];
        let mut all = Vec::with_capacity(encoder.inputs.len());
        for (name, _, prepared) in &encoder.inputs {
            let start = end;
            for feature in prepared.features() {
                match feature {
                    Feature::Number { .. } => end[0] += 1,
                    Feature::Code { .. } => end[1] += 1,
                    Feature::Text { length, .. } => end[2] += 1 + length,
                    Feature::Picture { height, width, channels, .. } => end[3] += height * width * channels,
                    Feature::Sound { frames, bands, .. } => end[3] += frames * bands,
                }
            }
            let [numbers, codes, tokens, pictures] = [0, 1, 2, 3].map(|i| start[i]..end[i]);
            all.push((name.clone(), Span { numbers, codes, tokens, pictures }));
        }
        all
    }

    /// Whether all that the column says are numbers and codes.
    pub(super) fn is_plain(&self) -> bool {
        self.tokens.is_empty() && self.pictures.is_empty()
    }

    /// The first of its numbers in a record.
    pub(super) fn number(&self, record: &Record) -> Option<f64> {
        record.numbers[self.numbers.clone()].first().copied()
    }

    /// Puts what stands there in one record into another.
    pub(super) fn copy(&self, from: &Record, to: &mut Record) {
        to.numbers[self.numbers.clone()].copy_from_slice(&from.numbers[self.numbers.clone()]);
        to.codes[self.codes.clone()].copy_from_slice(&from.codes[self.codes.clone()]);
        to.tokens[self.tokens.clone()].copy_from_slice(&from.tokens[self.tokens.clone()]);
        to.pictures[self.pictures.clone()].copy_from_slice(&from.pictures[self.pictures.clone()]);
    }
}

/// A row of a table as a network reads it.
pub(super) struct Input<'a> {
    pub(super) encoder: &'a Encoder,
    pub(super) table: &'a Table,
    pub(super) cells: &'a Row,
    pub(super) record: &'a Record,
}

/// All parts of an input, in the order of its columns.
pub(super) fn parts(input: &Input<'_>) -> Result<Vec<Part>> {
    let (mut parts, mut numbers, mut codes, mut texts, mut pictures) = (Vec::new(), 0, 0, 0, 0);
    for (name, _, prepared) in &input.encoder.inputs {
        let cell = input.cells.cell(input.table.column_index(name)?);
        let (first_number, first_code) = (numbers, codes);
        for feature in prepared.features() {
            match feature {
                Feature::Number { .. } => numbers += 1,
                Feature::Code { .. } => codes += 1,
                Feature::Text { .. } => {
                    let words = prepared.words(cell).map_err(crate::Error::model)?;
                    parts.extend(words.into_iter().map(|word| Part::Word {
                        text: texts,
                        shown: word.text,
                        pieces: word.pieces,
                    }));
                    texts += 1;
                }
                Feature::Picture { height, width, .. } => {
                    let side = height.max(width).div_ceil(FIELDS);
                    fields(pictures, [height, width], [side, side], &mut parts);
                    pictures += 1;
                }
                Feature::Sound { frames, bands, .. } => {
                    let sides = [frames.div_ceil(SPANS), bands.div_ceil(BANDS)];
                    fields(pictures, [frames, bands], sides, &mut parts);
                    pictures += 1;
                }
            }
        }
        if (first_number, first_code) != (numbers, codes) {
            parts.push(Part::Column {
                name: name.clone(),
                value: in_words(cell),
                numbers: first_number..numbers,
                codes: first_code..codes,
            });
        }
    }
    Ok(parts)
}

/// What stands in a cell.
pub(crate) fn in_words(cell: Cell<'_>) -> String {
    cell_text(cell).map_or_else(|| "missing".to_owned(), |text| text.into_owned())
}

/// The columns of numbers, categories, flags and times, with their spans.
pub(super) fn columns(encoder: &Encoder) -> impl Iterator<Item = (&String, Span)> {
    let spans = encoder.inputs.iter().zip(Span::of(encoder)).map(|((name, ..), (_, span))| (name, span));
    spans.filter(|(_, span)| !span.numbers.is_empty() || !span.codes.is_empty())
}

/// Cuts a picture into rectangles of this size.
fn fields(picture: usize, [height, width]: [usize; 2], side: [usize; 2], parts: &mut Vec<Part>) {
    let [high, wide] = side.map(|side| side.max(1));
    for top in (0..height).step_by(high) {
        for left in (0..width).step_by(wide) {
            parts.push(Part::Field {
                picture,
                rows: top..(top + high).min(height),
                columns: left..(left + wide).min(width),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_cover_a_picture_once() {
        for [height, width] in [[28usize, 28], [5, 40], [1, 1], [97, 64]] {
            let mut parts = Vec::new();
            let side = height.max(width).div_ceil(FIELDS);
            fields(0, [height, width], [side, side], &mut parts);
            let mut covered = vec![0; height * width];
            for part in &parts {
                let Part::Field { rows, columns, .. } = part else { unreachable!() };
                rows.clone().for_each(|y| columns.clone().for_each(|x| covered[y * width + x] += 1));
            }
            assert!(covered.iter().all(|&n| n == 1) && parts.len() <= FIELDS * FIELDS);
        }
    }
}
