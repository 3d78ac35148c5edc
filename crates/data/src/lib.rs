//! Data sets as tables: formats, typed columns, splits and streaming.
//!
//! Whatever a person points at (a CSV file, a folder of pictures, a zip of either, a Parquet file),
//! [`Table::open`] gives a table: rows, named columns, and for each column how its cells are stored.
//! A table larger than its memory budget lives in an unnamed temporary file and is read back chunk by
//! chunk through the same calls.
//!
//! ```
//! # fn main() -> pellucid_data::Result<()> {
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("patients.csv");
//! # std::fs::write(&path, "age,outcome\n61,ill\n48,well\n").unwrap();
//! use pellucid_data::{Cell, OpenOptions, Table};
//!
//! let table = Table::open(&[path], &OpenOptions::default())?;
//! assert_eq!(table.rows(), 2);
//! let age = table.column_index("age")?;
//! for chunk in table.chunks() {
//!     let chunk = chunk?;
//!     for row in 0..chunk.rows {
//!         assert!(matches!(chunk.cell(row, age), Cell::Integer(_)));
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! What is here: [`Table`] and its [`Cell`]s, [`Files`] (a folder or a zip behind one handle), [`split`]
//! (training, validation and test rows), [`ahead`] (a producer on its own thread), and the writers
//! [`write_table`] and [`write_atomic`].

mod error;
mod files;
mod formats;
pub mod limits;
mod list;
mod media;
mod source;
mod splits;
mod stream;
mod table;
mod text;
mod write;

pub use error::{DataError, ErrorKind, Place, Result};
pub use files::Files;
pub use formats::{format_names, is_table};
pub use list::read_list;
pub use media::{MEDIA, Media};
pub use splits::{Part, SplitOptions, SplitPlan, Splits, split};
pub use stream::{Ahead, ahead};
pub use table::{
    Cell, Change, Chunk, Chunks, Collection, ColumnInfo, MISSING_TOKENS, OpenOptions, Row, SkippedRow,
    Storage, Table,
};
pub use write::{OutColumn, OutValues, check_output, write_atomic, write_csv, write_table, write_zip};
