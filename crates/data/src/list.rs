//! Short lists that people keep in a table: every cell as it is written, none taken for a number or for missing.

use crate::error::{DataError, Result};
use std::path::Path;

/// What may stand between cells.
const BETWEEN: [u8; 3] = [b',', b';', b'\t'];

/// The rows of a CSV file that has exactly these columns, in any order; each row with its line in the file.
///
/// # Errors
/// `NotFound` and `Io` for a file that cannot be read, `Unreadable` for one that is not UTF-8, `Refused` for other columns and for rows with
/// too few or too many cells.
pub fn read_list<const N: usize>(path: &Path, columns: [&str; N]) -> Result<Vec<(usize, [String; N])>> {
    let bytes = std::fs::read(path).map_err(|e| DataError::io("could not read", path, &e))?;
    let file = || path.display().to_string();
    let text = String::from_utf8(bytes).map_err(|e| {
        DataError::unreadable("this list is not written in UTF-8").in_file(file()).because(e.to_string())
    })?;
    // With the line ends of Windows, lines would be counted from the one before.
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let header = text.lines().next().unwrap_or_default();
    let positions = |between: u8| -> Option<[usize; N]> {
        let names: Vec<&str> =
            header.split(char::from(between)).map(|name| name.trim().trim_matches('"')).collect();
        let mut found = [0; N];
        for (place, column) in found.iter_mut().zip(columns) {
            *place = names.iter().position(|name| name.eq_ignore_ascii_case(column))?;
        }
        (names.len() == N).then_some(found)
    };
    let Some((between, positions)) = BETWEEN.iter().find_map(|&between| Some((between, positions(between)?)))
    else {
        let error = DataError::refused(format!("this list has other columns than {}", columns.join(", ")));
        return Err(error.in_file(file()).because(format!("its first line is `{header}`")));
    };
    let mut reader = csv::ReaderBuilder::new().delimiter(between).flexible(true).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| {
            DataError::unreadable("this list cannot be read").in_file(file()).because(e.to_string())
        })?;
        let line = record.position().map_or(0, |position| position.line() as usize);
        if record.len() != N {
            let error = DataError::refused(format!("line {line} has {} cells instead of {N}", record.len()));
            return Err(error.in_file(file()));
        }
        rows.push((line, positions.map(|place| record[place].trim().to_owned())));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> Result<Vec<(usize, [String; 3])>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.csv");
        std::fs::write(&path, text).unwrap();
        read_list(&path, ["row", "column", "value"])
    }

    #[test]
    fn cells_are_texts_however_they_look_and_whoever_wrote_them() {
        let cells = |row: &str, column: &str, value: &str| [row, column, value].map(str::to_owned);
        let own = read("row,column,value\nrow 1,label,007\n\"a,b.png\",label,None\n").unwrap();
        assert_eq!(own, [(2, cells("row 1", "label", "007")), (3, cells("a,b.png", "label", "None"))]);
        let office = read("\u{feff}Value;Row;Column\r\nyes;x.png; label \r\n").unwrap();
        assert_eq!(office, [(2, cells("x.png", "label", "yes"))]);
        assert_eq!(read("row\tcolumn\tvalue\n").unwrap(), []);
    }

    #[test]
    fn other_columns_and_ragged_rows_are_refused() {
        for (text, says) in [
            ("", "other columns than row, column, value"),
            ("row,column\n1,2\n", "its first line is `row,column`"),
            ("row,column,value,more\n1,2,3,4\n", "other columns"),
            ("row,column,value\n1,2,3\n1,2\n", "line 3 has 2 cells instead of 3"),
        ] {
            let said = read(text).unwrap_err().to_string();
            assert!(said.contains(says) && said.contains("list.csv"), "{said}");
        }
        assert!(read_list(Path::new("none.csv"), ["a"]).is_err());
    }
}
