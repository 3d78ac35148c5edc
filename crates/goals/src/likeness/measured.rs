//! What can be compared of rows, column by column: numbers, categories, and of texts, pictures and sounds how long, bright or loud they are.

use crate::Result;
use pellucid_insight::report::data::MovedColumn;
use pellucid_insight::trust::{Moved, Movement, Spread, moved};
use pellucid_kinds::{Encoder, Examples, Feature, Layout, Record, Target};
use std::ops::Range;

/// Rows that are compared at most, evenly chosen.
pub(crate) const COMPARED: usize = 20_000;

/// What is said of code 0.
const UNKNOWN: &str = "new or missing";

/// One thing that is measured of each row.
pub(crate) struct Measure {
    /// What it is called: the column, or what is measured of it.
    pub(crate) name: String,
    /// What categories are called, by code; nothing of numbers.
    pub(crate) names: Vec<String>,
    /// How many codes there are; none for numbers.
    size: Option<usize>,
    of: Of,
}

/// Where it stands in a record.
enum Of {
    Number(usize),
    Code(usize),
    Length(usize),
    Mean(Range<usize>),
    Contrast(Range<usize>),
}

/// Everything that is measured of rows which this encoder makes.
pub(crate) fn measures(encoder: &Encoder) -> Vec<Measure> {
    let (mut numbers, mut codes, mut texts, mut bytes) = (0, 0, 0, 0);
    let mut all = Vec::new();
    for (column, _, prepared) in &encoder.inputs {
        let mut number = |name: String, of: Of| all.push(Measure { name, names: Vec::new(), size: None, of });
        let mut coded = Vec::new();
        for feature in prepared.features() {
            match feature {
                Feature::Number { name, .. } => {
                    number(name, Of::Number(numbers));
                    numbers += 1;
                }
                Feature::Code { name, size } => {
                    let names = match prepared.target() {
                        Some(Target::Classes { names, .. }) => names,
                        _ => Vec::new(),
                    };
                    let names = std::iter::once(UNKNOWN.to_owned()).chain(names).collect();
                    coded.push(Measure { name, names, size: Some(size), of: Of::Code(codes) });
                    codes += 1;
                }
                Feature::Text { .. } => {
                    number(format!("length of {column}"), Of::Length(texts));
                    texts += 1;
                }
                Feature::Picture { height, width, channels, .. } => {
                    let range = bytes..bytes + height * width * channels;
                    bytes = range.end;
                    number(format!("brightness of {column}"), Of::Mean(range.clone()));
                    number(format!("contrast of {column}"), Of::Contrast(range));
                }
                Feature::Sound { frames, bands, .. } => {
                    let range = bytes..bytes + frames * bands;
                    bytes = range.end;
                    number(format!("loudness of {column}"), Of::Mean(range));
                }
            }
        }
        all.extend(coded);
    }
    all
}

impl Measure {
    /// Whether it is of what a text, a picture or a sound holds.
    pub(crate) fn is_of_content(&self) -> bool {
        matches!(self.of, Of::Length(_) | Of::Mean(_) | Of::Contrast(_))
    }

    /// What it is in a row.
    pub(crate) fn of(&self, record: &Record, layout: &Layout) -> f64 {
        match &self.of {
            Of::Number(place) => record.numbers.get(*place).copied().unwrap_or(f64::NAN),
            Of::Code(place) => record.codes.get(*place).map_or(0.0, |&code| f64::from(code)),
            Of::Length(place) => layout.pieces(record).nth(*place).map_or(0.0, |pieces| pieces.len() as f64),
            Of::Mean(range) => mean(record.pictures.get(range.clone()).unwrap_or_default()),
            Of::Contrast(range) => {
                let bytes = record.pictures.get(range.clone()).unwrap_or_default();
                let middle = mean(bytes);
                let square = |&byte: &u8| (f64::from(byte) / 255.0 - middle).powi(2);
                (bytes.iter().map(square).sum::<f64>() / bytes.len().max(1) as f64).sqrt()
            }
        }
    }

    /// How many rows it is spread over, and how.
    fn spread(&self, measured: &[f64]) -> Spread {
        match self.size {
            Some(size) => Spread::of_codes(measured, size),
            None => Spread::of_numbers(measured),
        }
    }

    /// How it moved.
    fn moved(&self, moved: &Moved) -> MovedColumn {
        let (before, now) = match &moved.what {
            Movement::Numbers { medians, .. } if medians.0 != medians.1 => {
                let half = |x: f64| format!("half are at most {}", short(x));
                (half(medians.0), half(medians.1))
            }
            Movement::Numbers { at, shares, .. } => {
                let share = |share: f64| format!("{:.0} % are at most {}", 100.0 * share, short(*at));
                (share(shares.0), share(shares.1))
            }
            Movement::Code { code, shares } => {
                let name = self.names.get(*code).map_or_else(|| format!("number {code}"), Clone::clone);
                let share = |share: f64| format!("{:.0} % are `{name}`", 100.0 * share);
                (share(shares.0), share(shares.1))
            }
        };
        MovedColumn { name: self.name.clone(), size: moved.size, p: moved.p, before, now }
    }
}

/// The mean of bytes, from 0 to 1.
fn mean(bytes: &[u8]) -> f64 {
    bytes.iter().map(|&byte| f64::from(byte)).sum::<f64>() / bytes.len().max(1) as f64 / 255.0
}

/// A number with four digits that count.
fn short(x: f64) -> String {
    let digits = if x == 0.0 { 0.0 } else { x.abs().log10().floor() };
    let decimals = (3.0 - digits).clamp(0.0, 12.0) as usize;
    let text = format!("{x:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// What is measured of rows as they are read, column by column; of many rows, of evenly chosen ones.
pub(crate) struct Measured<'a> {
    measures: &'a [Measure],
    layout: Layout,
    step: usize,
    seen: usize,
    columns: Vec<Vec<f64>>,
}

impl<'a> Measured<'a> {
    /// Of `rows` rows with this layout.
    pub(crate) fn new(measures: &'a [Measure], layout: Layout, rows: usize) -> Measured<'a> {
        let columns = vec![Vec::new(); measures.len()];
        Measured { measures, layout, step: rows.div_ceil(COMPARED).max(1), seen: 0, columns }
    }

    /// Of some of these records.
    ///
    /// # Errors
    /// Failures of reading.
    pub(crate) fn of_records(
        measures: &'a [Measure],
        examples: &Examples,
        records: &[usize],
    ) -> Result<Measured<'a>> {
        let some: Vec<usize> =
            records.iter().copied().step_by(records.len().div_ceil(COMPARED).max(1)).collect();
        let mut measured = Measured::new(measures, examples.layout().clone(), some.len());
        let mut record = Record::default();
        for i in some {
            examples.read(i, &mut record)?;
            measured.add(&record);
        }
        Ok(measured)
    }

    /// Adds the next row.
    pub(crate) fn add(&mut self, record: &Record) {
        if self.seen.is_multiple_of(self.step) {
            for (column, measure) in self.columns.iter_mut().zip(self.measures) {
                column.push(measure.of(record, &self.layout));
            }
        }
        self.seen += 1;
    }

    /// The measured columns.
    pub(crate) fn columns(&self) -> &[Vec<f64>] {
        &self.columns
    }

    /// How everything is spread.
    pub(crate) fn spreads(&self) -> Vec<Spread> {
        self.measures.iter().zip(&self.columns).map(|(measure, column)| measure.spread(column)).collect()
    }

    /// What is spread otherwise than it was, the farthest moved first.
    pub(crate) fn moved(&self, before: &[Spread], independent: Option<(u64, u64)>) -> Vec<MovedColumn> {
        let found = moved(before, &self.columns, independent);
        found.iter().filter_map(|one| Some(self.measures.get(one.column)?.moved(one))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let shown = [0.0, 37.0, 0.123_456, -1_234_567.8, 12.50].map(short);
        assert_eq!(shown, ["0", "37", "0.1235", "-1234568", "12.5"]);
    }
}
