//! Which file and row of it a table's row came from.

use crate::error::Place;

/// A row that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedRow {
    /// File and row.
    pub place: Place,
    /// Why it could not be read.
    pub why: String,
    /// How many rows of the table come before it.
    pub before: usize,
}

/// The origin of rows, kept as runs of consecutive numbers.
#[derive(Debug)]
pub(crate) enum Places {
    Numbered {
        files: Vec<String>,
        runs: Vec<Run>,
    },
    /// Each row is a file of its own, named by this column.
    Named {
        column: usize,
    },
}

/// Rows from `first` on have the numbers `number`, `number + 1`, … in their file.
#[derive(Debug)]
pub(crate) struct Run {
    first: usize,
    number: usize,
    file: usize,
}

impl Default for Places {
    fn default() -> Self {
        Places::Numbered { files: Vec::new(), runs: Vec::new() }
    }
}

impl Places {
    pub(crate) fn start_file(&mut self, label: &str) {
        if let Places::Numbered { files, .. } = self {
            files.push(label.to_owned());
        }
    }

    /// Records that row `row` of the table is row `number` of the current file.
    pub(crate) fn add(&mut self, row: usize, number: usize) {
        if let Places::Numbered { files, runs } = self {
            let file = files.len().saturating_sub(1);
            match runs.last() {
                Some(run) if run.file == file && run.number + (row - run.first) == number => {}
                _ => runs.push(Run { first: row, number, file }),
            }
        }
    }

    /// The file being read, with a row number of it.
    pub(crate) fn current(&self, number: Option<usize>) -> Place {
        match self {
            Places::Numbered { files, .. } => {
                Place { file: files.last().cloned(), row: number, column: None }
            }
            Places::Named { .. } => Place::default(),
        }
    }

    /// The origin of a row of the table when rows are numbered.
    pub(crate) fn numbered(&self, row: usize) -> Option<Place> {
        let Places::Numbered { files, runs } = self else { return None };
        let run = &runs[runs.partition_point(|run| run.first <= row).checked_sub(1)?];
        Some(Place {
            file: files.get(run.file).cloned(),
            row: Some(run.number + row - run.first),
            column: None,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn rows_find_their_file_and_number_across_gaps() {
        let mut places = Places::default();
        places.start_file("a.csv");
        for (row, number) in [(0, 1), (1, 2), (2, 4), (3, 5)] {
            places.add(row, number);
        }
        places.start_file("b.csv");
        places.add(4, 1);
        let at = |row| places.numbered(row).unwrap().to_string();
        assert_eq!(
            [at(0), at(1), at(2), at(3), at(4)],
            ["a.csv, row 1", "a.csv, row 2", "a.csv, row 4", "a.csv, row 5", "b.csv, row 1"]
        );
    }
}
