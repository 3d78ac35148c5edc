//! Delimited text: CSV, TSV and their relatives. Delimiter, encoding, header and decimal commas are detected.

use super::Format;
use crate::error::{DataError, Result};
use crate::files::Files;
use crate::source::Source;
use crate::table::{Builder, Cell, Declared, is_missing};
use crate::text::{Decoded, detect_encoding};
use csv::{ReaderBuilder, StringRecord};
use encoding_rs::UTF_8;
use std::collections::HashMap;
use std::io::Read;

/// The format; see the module.
pub(super) struct Csv;

/// Bytes of text that the detection looks at.
const SAMPLE: u64 = 1 << 16;
/// Delimiters that are tried, with what to call them.
const DELIMITERS: [(u8, &str); 4] = [(b',', "comma"), (b';', "semicolon"), (b'\t', "tab"), (b'|', "bar")];
/// A character that no text holds: files of one column are read with it as the delimiter.
const NO_DELIMITER: u8 = 0x1f;
/// Share of the rows that must have as many cells as the first for a delimiter to count.
const AGREEING_SHARE: f64 = 0.5;
/// A header's names are shorter than this many characters.
const LONGEST_NAME: usize = 80;

impl Format for Csv {
    fn name(&self) -> &'static str {
        "CSV"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["csv", "tsv", "tab", "data"]
    }

    /// Text has no telling first bytes; without a known extension it is taken when it has no control characters.
    fn recognise(&self, source: &Source, head: &[u8]) -> bool {
        let name = source.file_name();
        let plain = head.iter().all(|b| *b >= b' ' || matches!(b, b'\t' | b'\r' | b'\n'));
        let named = super::extension(&name).is_none_or(|e| e == "txt" || e == "dat");
        plain && named
    }

    fn read(&self, source: &Source, into: &mut Builder) -> Result<Option<Files>> {
        let encoding = detect_encoding(source)?;
        let decoded = || Ok::<_, DataError>(Decoded::new(source.open()?, encoding));
        let sample = sample(decoded()?).map_err(|e| source.io("could not read", &e))?;
        let layout = Layout::detect(&sample, source.file_name().to_lowercase().ends_with(".tsv"));
        into.note(layout.describe(encoding.name()));
        if layout.delimiter != b',' {
            into.allow_decimal_commas();
        }
        let mut reader = layout.reader(decoded()?);
        rows(source, &mut reader, into, &|record, into| layout.heading(record, into))?;
        if encoding != UTF_8 && reader.get_ref().replaced() {
            into.note(format!("some characters are not valid {} and were replaced by �", encoding.name()));
        }
        Ok(None)
    }
}

/// What is made of the cells below a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    /// Whatever all of them can be.
    Anything,
    /// Texts, whatever they look like.
    Words,
    /// Texts that are sets of words, with spaces between these.
    Sets,
    /// Numbers.
    Numbers,
}

/// A column that is read.
pub(super) struct Head {
    pub(super) name: String,
    /// Its position in the table.
    pub(super) column: usize,
    pub(super) reads: Reads,
}

/// What the first record says of all others.
pub(super) struct Heading {
    /// For each cell its column; none for cells that are left aside.
    pub(super) columns: Vec<Option<Head>>,
    /// Whether the first record is a row itself.
    pub(super) is_row: bool,
}

/// Reads all rows into the builder; `heading` makes columns of the first record.
pub(super) fn rows(
    source: &Source,
    reader: &mut csv::Reader<impl Read>,
    into: &mut Builder,
    heading: &dyn Fn(&mut StringRecord, &mut Builder) -> Result<Heading>,
) -> Result<()> {
    let mut record = StringRecord::new();
    let mut columns: Option<Vec<Option<Head>>> = None;
    let mut number = 0;
    while !into.is_full() {
        let line = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) => {
                let place = DataError::unreadable("the table cannot be read").in_file(source.label());
                return Err(place.at_row(number + 1).because(format!("line {line}: {error}")));
            }
        }
        let columns = match &columns {
            Some(columns) => columns,
            None => {
                let found = heading(&mut record, into)?;
                let columns = columns.insert(found.columns);
                if !found.is_row {
                    continue;
                }
                columns
            }
        };
        number += 1;
        let line = record.position().map_or(line, csv::Position::line);
        match flaw(&record, columns, line) {
            Some(why) => into.skip(number, why)?,
            None => {
                for (head, text) in columns.iter().zip(&record) {
                    match head {
                        Some(Head { column, reads: Reads::Anything, .. }) => into.text(*column, text)?,
                        Some(head) => into.set(head.column, stated(text, head.reads))?,
                        None => {}
                    }
                }
                into.end_row(number)?;
            }
        }
    }
    if columns.is_none() {
        return Err(DataError::refused("the file is empty")
            .in_file(source.label())
            .because("it has no rows"));
    }
    Ok(())
}

/// The cell of a column whose storage its file states.
fn stated(text: &str, reads: Reads) -> Cell<'_> {
    let text = text.trim();
    match reads {
        _ if is_missing(text) => Cell::Missing,
        Reads::Numbers => text.parse().map_or(Cell::Missing, Cell::Number),
        Reads::Anything | Reads::Words | Reads::Sets => Cell::Text(text),
    }
}

/// Why a row cannot be used. Empty cells beyond the last column are harmless.
fn flaw(record: &StringRecord, columns: &[Option<Head>], line: u64) -> Option<String> {
    let (cells, width) = (record.len(), columns.len());
    let surplus = record.iter().skip(width).any(|cell| !cell.trim().is_empty());
    if cells < width || surplus {
        return Some(format!("line {line} has {cells} cells where the table has {width} columns"));
    }
    if record.as_slice().contains('\0') {
        return Some(format!("line {line} holds a NUL character"));
    }
    let numbers = columns.iter().zip(record).filter_map(|(head, cell)| Some((head.as_ref()?, cell.trim())));
    let mut numbers = numbers.filter(|(head, _)| head.reads == Reads::Numbers);
    let (head, cell) = numbers.find(|(_, cell)| !is_missing(cell) && cell.parse::<f64>().is_err())?;
    Some(format!("line {line} has `{cell}` in the column `{}`, which is said to hold numbers", head.name))
}

/// Unique column names from a header. Columns that share a name are all numbered, so that none of them can be taken
/// for the one that was meant.
fn names(header: &StringRecord, into: &mut Builder) -> Vec<String> {
    let given = |(i, cell): (usize, &str)| match cell.trim().replace('\0', "") {
        nameless if nameless.is_empty() => format!("column_{}", i + 1),
        name => name,
    };
    let given: Vec<String> = header.iter().enumerate().map(given).collect();
    let mut columns: HashMap<&str, Vec<usize>> = HashMap::new();
    given.iter().enumerate().for_each(|(i, name)| columns.entry(name).or_default().push(i));
    let mut out = given.clone();
    for (i, name) in given.iter().enumerate() {
        let same = &columns[name.as_str()];
        if same.len() < 2 || same[0] != i {
            continue;
        }
        let mut free = (1..).map(|n| format!("{name}_{n}")).filter(|new| !columns.contains_key(new.as_str()));
        same.iter().zip(&mut free).for_each(|(&column, new)| out[column] = new);
        let called: Vec<&str> = same.iter().map(|&column| out[column].as_str()).collect();
        into.note(format!(
            "{} columns are named `{name}`: they are called `{}`",
            same.len(),
            called.join("`, `")
        ));
    }
    out
}

fn numbered(columns: usize) -> Vec<String> {
    (1..=columns).map(|i| format!("column_{i}")).collect()
}

/// What the detection found.
struct Layout {
    delimiter: u8,
    header: bool,
    /// Columns of the first record, without nameless ones at its end that nothing fills.
    width: usize,
}

impl Layout {
    fn detect(sample: &str, tabs_expected: bool) -> Self {
        let mut best: Option<(f64, usize, u8)> = None;
        for (delimiter, _) in DELIMITERS {
            let records = Self::records(sample, delimiter);
            let width = records.first().map_or(0, StringRecord::len);
            if width < 2 {
                continue;
            }
            let agreeing = records.iter().filter(|record| record.len() == width).count();
            let favour = if tabs_expected && delimiter == b'\t' { 1.0 } else { 0.0 };
            let score = agreeing as f64 / records.len() as f64 + favour;
            if score >= AGREEING_SHARE && best.is_none_or(|(s, w, _)| (score, width) > (s, w)) {
                best = Some((score, width, delimiter));
            }
        }
        let delimiter = best.map_or(NO_DELIMITER, |(_, _, delimiter)| delimiter);
        let records = Self::records(sample, delimiter);
        let first = records.first().map_or(0, StringRecord::len);
        let filled = |record: &StringRecord| {
            let cells = record.iter().enumerate().filter(|(_, cell)| !cell.trim().is_empty());
            cells.last().map_or(0, |(i, _)| i + 1)
        };
        let width = first.min(records.iter().map(filled).max().unwrap_or(0));
        Self { delimiter, header: has_header(&records), width }
    }

    /// Columns of the names in the first record, or numbered ones.
    fn heading(&self, first: &mut StringRecord, into: &mut Builder) -> Result<Heading> {
        first.truncate(self.width.max(1));
        let names = if self.header { names(first, into) } else { numbered(first.len()) };
        let mut columns = Vec::with_capacity(names.len());
        for name in names {
            let column = into.column(&name, Declared::Infer)?;
            columns.push(Some(Head { name, column, reads: Reads::Anything }));
        }
        Ok(Heading { columns, is_row: !self.header })
    }

    /// The sample's records, without the last one when the sample was cut off there.
    fn records(sample: &str, delimiter: u8) -> Vec<StringRecord> {
        let layout = Self { delimiter, header: false, width: 0 };
        let mut records: Vec<StringRecord> =
            layout.reader(sample.as_bytes()).records().map_while(|r| r.ok()).collect();
        if sample.len() as u64 >= SAMPLE && records.len() > 1 {
            records.pop();
        }
        records
    }

    fn reader<R: Read>(&self, input: R) -> csv::Reader<R> {
        ReaderBuilder::new()
            .delimiter(self.delimiter)
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(1 << 16)
            .from_reader(input)
    }

    fn describe(&self, encoding: &str) -> String {
        let delimiter = DELIMITERS.iter().find(|(byte, _)| *byte == self.delimiter);
        let delimiter = delimiter.map_or("one column".to_owned(), |(_, name)| format!("{name}-separated"));
        let header = if self.header { "header found" } else { "no header: columns are numbered" };
        format!("{delimiter}, {encoding}, {header}")
    }
}

/// True when the first record looks like names rather than values.
fn has_header(records: &[StringRecord]) -> bool {
    let Some((first, rest)) = records.split_first() else { return true };
    let is_value = |cell: &str| cell.parse::<f64>().is_ok() || looks_like_date(cell);
    let cells: Vec<&str> = first.iter().map(str::trim).collect();
    if cells
        .iter()
        .any(|cell| cell.len() > LONGEST_NAME || is_value(cell) || (is_missing(cell) && !cell.is_empty()))
    {
        return false;
    }
    let column = |i: usize| rest.iter().filter_map(move |record| record.get(i)).map(str::trim);
    let values_below = (0..cells.len()).any(|i| {
        let mut below = column(i).filter(|cell| !is_missing(cell)).peekable();
        below.peek().is_some() && below.all(is_value)
    });
    // With nothing but text, a word that comes again further down in its column is a value.
    values_below
        || !cells
            .iter()
            .enumerate()
            .any(|(i, cell)| !cell.is_empty() && column(i).any(|other| other == *cell))
}

fn looks_like_date(cell: &str) -> bool {
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    digits >= 4
        && cell.bytes().next().is_some_and(|b| b.is_ascii_digit())
        && cell.bytes().all(|b| b.is_ascii_digit() || b"-/.: TZ+".contains(&b))
}

/// The first stretch of a text; its end may cut a character.
fn sample(text: impl Read) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    text.take(SAMPLE).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(sample: &str) -> (u8, bool) {
        let layout = Layout::detect(sample, false);
        (layout.delimiter, layout.header)
    }

    #[test]
    fn delimiters_and_headers_are_detected() {
        assert_eq!(layout("a,b\n1,2\n"), (b',', true));
        assert_eq!(layout("a;b\n1,5;2,5\n"), (b';', true));
        assert_eq!(layout("a\tb\n1\t2\n"), (b'\t', true));
        assert_eq!(layout("a|b\n1|2\n"), (b'|', true));
        assert_eq!(layout("5.1,3.5,setosa\n4.9,3.0,setosa\n"), (b',', false));
        assert_eq!(layout("good film,pos\nbad film,neg\ndull,pos\n"), (b',', false));
        assert_eq!(layout("text,label\ngood film,pos\nbad film,neg\n"), (b',', true));
        assert_eq!(layout("2024-01-01,3\n2024-01-02,4\n"), (b',', false));
        assert_eq!(layout("text\nhello, world\nno comma\na, b, c\n"), (NO_DELIMITER, true));
        assert_eq!(layout("a,b\n\"x;y;z\",2\n\"p;q;r\",3\n"), (b',', true));
        assert_eq!(layout("1\n2\n3\n"), (NO_DELIMITER, false));
    }
}
