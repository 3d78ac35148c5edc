//! Pictures of a table on one canvas, with their labels.

use crate::{Error, Result};
use pellucid_data::Table;
use pellucid_kinds::image::{Canvas, Pixels};
use pellucid_kinds::{Encoder, Examples, Prepared, Record, cell_text};
use pellucid_tensor::Stream;

/// The share of pictures that are shown as a whole where others are cut.
const WHOLE: f32 = 0.25;

/// Pictures that can be read, one a record.
pub(crate) struct Pictures {
    /// The size in which the network sees them.
    pub(crate) canvas: Canvas,
    /// How many times as large they are kept, for cuts that show less of them more closely.
    pub(crate) detail: usize,
    pub(crate) examples: Examples,
    /// The label of each record as the network counts: 0 for none.
    codes: Vec<u32>,
}

/// The columns of a table that hold pictures and, perhaps, their labels.
pub(super) struct Columns<'a> {
    pub(super) pictures: &'a str,
    pub(super) label: Option<&'a str>,
}

impl Pictures {
    /// Brings all pictures of a table to `detail` times the size of a canvas; those that cannot be read are left out and listed in `examples`.
    /// Pictures beyond `memory` bytes go to a temporary file. `progress` is called with the rows done.
    ///
    /// # Errors
    /// Columns that are not there, and failures of reading or of the temporary file.
    pub(super) fn read(
        table: &Table,
        columns: &Columns<'_>,
        canvas: &Canvas,
        detail: usize,
        labels: &[String],
        memory: usize,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Pictures> {
        let prepared: Box<dyn Prepared> = Box::new(canvas.times(detail));
        let inputs = vec![(columns.pictures.to_owned(), "image", prepared)];
        let encoder = Encoder { inputs, targets: Vec::new() };
        let examples = encoder.encode(table, &|_| true, memory, progress)?;
        let label = columns.label.map(|name| table.column_index(name)).transpose()?;
        let mut of_rows = Vec::with_capacity(table.rows());
        if let Some(position) = label {
            for chunk in table.chunks() {
                let chunk = chunk?;
                of_rows.extend((0..chunk.rows).map(|i| {
                    let text = cell_text(chunk.cell(i, position));
                    let found = text.and_then(|text| labels.iter().position(|label| *label == text));
                    found.map_or(0, |label| label as u32 + 1)
                }));
            }
        }
        let code = |&row: &usize| of_rows.get(row).copied().unwrap_or_default();
        let codes = examples.rows().iter().map(code).collect();
        Ok(Pictures { canvas: canvas.clone(), detail, examples, codes })
    }

    /// The bytes of a picture, `[height, width, channels]`.
    ///
    /// # Errors
    /// A failure of the temporary file.
    pub(super) fn bytes(&self, record: usize) -> Result<Vec<u8>> {
        let mut read = Record::default();
        self.examples.read(record, &mut read)?;
        match self.detail {
            1 => Ok(read.pictures),
            _ => Ok(self.seen(&self.kept(&read.pictures)?)),
        }
    }

    fn kept(&self, bytes: &[u8]) -> Result<Pixels> {
        let picture = self.canvas.times(self.detail).picture(bytes);
        picture.ok_or_else(|| Error::model("a prepared picture has another size"))
    }

    /// The bytes of a part of a picture as the network sees it, `[height, width, channels]`.
    fn seen(&self, picture: &Pixels) -> Vec<u8> {
        picture.resize(self.canvas.height, self.canvas.width).channels(self.canvas.channels)
    }

    /// A picture as it is shown in training: where it is kept in detail, in three of four cases a part of it.
    ///
    /// # Errors
    /// A failure of the temporary file.
    pub(super) fn shown(&self, record: usize, random: &mut Stream) -> Result<Vec<f32>> {
        if self.detail == 1 || random.uniform() < WHOLE {
            return self.numbers(record);
        }
        let mut read = Record::default();
        self.examples.read(record, &mut read)?;
        let picture = self.kept(&read.pictures)?;
        // As often between the least and twice that as between twice that and four times.
        let size = (self.detail as f32).powf(random.uniform() - 1.0);
        let [height, width] = [picture.height, picture.width].map(|side| (size * side as f32) as usize);
        let corner = [picture.height - height, picture.width - width].map(|room| random.below(room + 1));
        Ok(numbers(&self.seen(&picture.cut(corner, [height, width]))))
    }

    /// The picture as the network sees it.
    ///
    /// # Errors
    /// A failure of the temporary file.
    pub(super) fn numbers(&self, record: usize) -> Result<Vec<f32>> {
        Ok(numbers(&self.bytes(record)?))
    }

    /// The label of a picture as the network counts: 0 for none.
    pub(super) fn code(&self, record: usize) -> u32 {
        self.codes.get(record).copied().unwrap_or_default()
    }
}

/// Bytes as the network sees them, from −1 to 1.
pub(super) fn numbers(bytes: &[u8]) -> Vec<f32> {
    bytes.iter().map(|&byte| f32::from(byte) / 127.5 - 1.0).collect()
}

/// The nearest bytes of numbers from −1 to 1.
pub(super) fn bytes(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().map(|x| ((x + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8).collect()
}

/// A stream for the picture of this number, so that pictures can be drawn in any order.
pub(super) fn stream(seed: u64, purpose: &str, number: usize) -> Stream {
    Stream::new(seed, purpose, number as u64)
}
