//! The contract of a kind.

use crate::text::Word;
use crate::{Guess, Profile, Record, Target};
use pellucid_data::{Cell, DataError, Files, Result};
use serde_json::Value;

/// What a column is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The network sees it.
    Input,
    /// The network learns to answer it.
    Target,
}

/// A kind of column.
pub trait Kind: Sync {
    /// Its name in commands, configurations and model files.
    fn name(&self) -> &'static str;

    /// One sentence for people.
    fn about(&self) -> &'static str;

    /// How much a column looks like this kind, from 0 to 1, and why; `None` if it cannot be.
    fn recognise(&self, profile: &Profile, role: Role) -> Option<Guess>;

    /// Whether columns of this kind are inputs or are set aside.
    fn is_input(&self) -> bool {
        true
    }

    /// Learns what is needed to prepare the column, from its training cells only.
    ///
    /// # Errors
    /// Cells that cannot be of this kind.
    fn fit(&self, cells: &TrainingCells<'_>, context: &FitContext<'_>) -> Result<Box<dyn Prepared>>;

    /// A prepared column from its stored state.
    ///
    /// # Errors
    /// A state this kind did not write.
    fn restore(&self, state: &Value) -> Result<Box<dyn Prepared>>;
}

/// The cells of one column in the training rows.
pub struct TrainingCells<'a> {
    /// The column's name.
    pub name: &'a str,
    pub(crate) table: &'a pellucid_data::Table,
    pub(crate) column: usize,
    pub(crate) is_training: &'a dyn Fn(usize) -> bool,
}

impl<'a> TrainingCells<'a> {
    /// The cells of `column` in the rows for which `is_training` holds.
    pub fn new(
        table: &'a pellucid_data::Table,
        column: usize,
        is_training: &'a dyn Fn(usize) -> bool,
    ) -> Self {
        let name = table.columns().get(column).map_or("", |c| c.name.as_str());
        TrainingCells { name, table, column, is_training }
    }

    /// Whether the column's file says that each cell is a set of words with spaces between them.
    pub fn are_words(&self) -> bool {
        self.table.columns().get(self.column).is_some_and(|c| c.words)
    }

    /// Calls `f` with the row and the cell of each training row, in order.
    ///
    /// # Errors
    /// What reading the table or `f` reports.
    pub fn each(&self, mut f: impl FnMut(usize, Cell<'_>) -> Result<()>) -> Result<()> {
        for chunk in self.table.chunks() {
            let chunk = chunk?;
            for i in 0..chunk.rows {
                if (self.is_training)(chunk.first_row + i) {
                    f(chunk.first_row + i, chunk.cell(i, self.column))?;
                }
            }
        }
        Ok(())
    }

    /// An error about this column.
    pub fn error(&self, what: impl Into<String>) -> DataError {
        DataError::refused(what).in_file(self.table.origin()).in_column(self.name)
    }
}

/// What fitting may depend on besides the cells.
pub struct FitContext<'a> {
    /// What paths in cells refer to.
    pub files: Option<&'a Files>,
    /// Input or target.
    pub role: Role,
    /// The longest side of pictures, in pixels; larger ones are scaled down.
    pub max_side: usize,
    /// Whether smaller ones are scaled up to it, because a given network knows pictures of that size.
    pub enlarge: bool,
    /// The vocabulary that texts are to be read with, where it is not learned from them.
    pub vocabulary: Option<Vocabulary<'a>>,
    /// The longest sound, in seconds; of longer ones the loudest part is taken.
    pub max_seconds: f64,
}

/// A vocabulary that is given.
#[derive(Clone, Copy, Debug)]
pub struct Vocabulary<'a> {
    /// A `tokenizer.json`.
    pub tokenizer: &'a [u8],
    /// Whether its pieces must keep their numbers, because a network knows them by these.
    pub as_numbered: bool,
    /// The most pieces that this network can read.
    pub longest: Option<usize>,
}

/// A sound to be listened to, as samples at [`RATE`](crate::audio::RATE) a second.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Audible {
    /// As it is.
    pub plain: Vec<f32>,
    /// With only what was asked for.
    pub named: Vec<f32>,
}

/// What one column contributes to a [`Record`], in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Feature {
    /// A number.
    Number {
        /// Its name for people.
        name: String,
        /// Ascending bin edges at quantiles, for the piecewise linear encoding.
        edges: Vec<f64>,
        /// Training mean.
        mean: f64,
        /// Training standard deviation, at least a tiny positive number.
        scale: f64,
    },
    /// One of `size` categories; 0 stands for a value that training did not see.
    Code {
        /// Its name for people.
        name: String,
        /// How many codes there are, with 0.
        size: usize,
    },
    /// A row of pieces of words.
    Text {
        /// Its name for people.
        name: String,
        /// The most pieces of a row.
        length: usize,
        /// How many different pieces there are, the one that fills up rows (0) included.
        vocabulary: usize,
    },
    /// The power of a sound's frequencies over time as bytes, `[frames, bands]`, 0.5 dB a step.
    Sound {
        /// Its name for people.
        name: String,
        /// Steps in time.
        frames: usize,
        /// Bands of frequencies.
        bands: usize,
        /// Training mean of each band, of bytes / 255.
        mean: Vec<f32>,
        /// Training standard deviation of each band, of bytes / 255.
        scale: Vec<f32>,
    },
    /// A picture of bytes, `[height, width, channels]`.
    Picture {
        /// Its name for people.
        name: String,
        /// Pixels.
        height: usize,
        /// Pixels.
        width: usize,
        /// 1 (grey) or 3 (red, green, blue).
        channels: usize,
        /// Training mean per channel, of bytes / 255.
        mean: Vec<f32>,
        /// Training standard deviation per channel, of bytes / 255.
        scale: Vec<f32>,
    },
}

/// A column, ready to be encoded: fitted on training rows, or restored from a model.
pub trait Prepared: Send + Sync {
    /// Everything [`Kind::restore`] needs.
    fn state(&self) -> Value;

    /// What it contributes to a record as an input.
    fn features(&self) -> Vec<Feature>;

    /// Appends the cell's features to the record.
    ///
    /// # Errors
    /// Why the cell cannot be used (an unreadable picture). The row is then left out and reported.
    fn encode(
        &self,
        cell: Cell<'_>,
        files: Option<&Files>,
        record: &mut Record,
    ) -> std::result::Result<(), String>;

    /// The words of a text and their pieces; none of other kinds.
    ///
    /// # Errors
    /// Why it cannot be cut into pieces.
    fn words(&self, _cell: Cell<'_>) -> std::result::Result<Vec<Word>, String> {
        Ok(Vec::new())
    }

    /// A sound as far as a network hears it, and the same with each field of time and frequency as loud as `gains` says (`[frames, bands]`, from 0
    /// to 1); `None` of other kinds.
    ///
    /// # Errors
    /// Why it cannot be decoded.
    fn audible(
        &self,
        _cell: Cell<'_>,
        _files: Option<&Files>,
        _gains: &[f32],
    ) -> std::result::Result<Option<Audible>, String> {
        Ok(None)
    }

    /// Why a cell in which something stands counts as missing when it is encoded; `None` if it does not.
    fn counts_as_missing(&self, _cell: Cell<'_>) -> Option<String> {
        None
    }

    /// What the network must produce if this is the target; `None` if this kind cannot be one.
    fn target(&self) -> Option<Target> {
        None
    }

    /// The cell as a target of one number, a class or a number; `None` if it is not known.
    fn encode_target(&self, _cell: Cell<'_>) -> Option<f64> {
        None
    }

    /// Appends the cell as a target, as many numbers as the target has [`slots`](Target::slots); NaN if it is not known.
    fn encode_targets(&self, cell: Cell<'_>, out: &mut Vec<f64>) {
        out.push(self.encode_target(cell).unwrap_or(f64::NAN));
    }

    /// One sentence for people on what preparation does.
    fn describe(&self) -> String;
}
