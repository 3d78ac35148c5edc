//! JSON: one object a line (JSON lines), or an array of objects. Nested objects become columns `a.b`; arrays are
//! kept as JSON text.

use super::Format;
use crate::error::{DataError, Result};
use crate::files::Files;
use crate::limits::MAX_JSON_DOCUMENT;
use crate::source::Source;
use crate::table::{Builder, Declared};
use crate::text::{Decoded, detect_encoding};
use serde::de::{Deserializer as _, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;
use std::io::{BufRead, BufReader, Read};

/// The format; see the module.
pub(super) struct Json;

impl Format for Json {
    fn name(&self) -> &'static str {
        "JSON"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["jsonl", "ndjson", "json"]
    }

    fn recognise(&self, source: &Source, head: &[u8]) -> bool {
        let first = head.iter().position(|b| !b.is_ascii_whitespace()).map(|i| &head[i..]);
        let named_otherwise = super::extension(&source.file_name()).is_some_and(|e| e != "txt" && e != "dat");
        let opens = first.is_some_and(|text| text.starts_with(b"{\"") || text.starts_with(b"[{"));
        opens && !named_otherwise
    }

    fn read(&self, source: &Source, into: &mut Builder) -> Result<Option<Files>> {
        let encoding = detect_encoding(source)?;
        let open =
            || Ok::<_, DataError>(BufReader::with_capacity(1 << 16, Decoded::new(source.open()?, encoding)));
        let start = first_character(open()?).map_err(|e| source.io("could not read", &e))?;
        match start {
            Some(b'[') => {
                into.note("JSON, an array of objects");
                array(source, open()?, into)?;
            }
            Some(b'{') => objects(source, open, into)?,
            None => return Err(DataError::refused("the file is empty").in_file(source.label())),
            Some(_) => {
                return Err(DataError::unreadable("this is not a JSON table")
                    .in_file(source.label())
                    .because("it starts with neither an object nor an array")
                    .advise("give one object a line, or an array of objects"));
            }
        }
        Ok(None)
    }
}

fn first_character(mut text: impl BufRead) -> std::io::Result<Option<u8>> {
    loop {
        let block = text.fill_buf()?;
        if block.is_empty() {
            return Ok(None);
        }
        if let Some(byte) = block.iter().find(|b| !b.is_ascii_whitespace()) {
            return Ok(Some(*byte));
        }
        let length = block.len();
        text.consume(length);
    }
}

/// One object a line; or one object over several lines that holds the table as an array.
fn objects<R: BufRead>(source: &Source, open: impl Fn() -> Result<R>, into: &mut Builder) -> Result<()> {
    let mut text = open()?;
    let mut line = String::new();
    let mut number = 0;
    while !into.is_full() {
        line.clear();
        if text.read_line(&mut line).map_err(|e| source.io("could not read", &e))? == 0 {
            return Ok(());
        }
        number += 1;
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str::<Value>(&line) {
            Ok(Value::Object(row)) => {
                if into.rows() == 0 {
                    into.note("JSON lines");
                }
                push(&row, number, into)?;
            }
            Ok(_) => into.skip(number, format!("line {number} is not an object"))?,
            Err(error) if number == 1 && error.is_eof() && line.ends_with('\n') => {
                return document(source, open()?, into);
            }
            Err(error) => into.skip(number, format!("line {number}, column {}: {error}", error.column()))?,
        }
    }
    Ok(())
}

/// A whole document `{"data": [{…}, …]}`: the first array of objects in it is the table.
fn document(source: &Source, text: impl Read, into: &mut Builder) -> Result<()> {
    let mut bytes = Vec::new();
    text.take(MAX_JSON_DOCUMENT + 1).read_to_end(&mut bytes).map_err(|e| source.io("could not read", &e))?;
    if bytes.len() as u64 > MAX_JSON_DOCUMENT {
        return Err(DataError::refused("the JSON document is too large to be read whole")
            .in_file(source.label())
            .advise("write one object a line (JSON lines)"));
    }
    let whole: Map<String, Value> = serde_json::from_slice(&bytes).map_err(|e| broken(source, &e))?;
    let table = whole.iter().find_map(|(key, value)| match value {
        Value::Array(rows) if rows.first().is_some_and(Value::is_object) => Some((key, rows)),
        _ => None,
    });
    let Some((key, rows)) = table else {
        return Err(DataError::refused("the JSON document holds no table")
            .in_file(source.label())
            .because("it is a single object without an array of objects in it")
            .advise("give one object a line, or an array of objects"));
    };
    into.note(format!("JSON, the array `{key}` in it"));
    for (i, value) in rows.iter().enumerate() {
        element(value, i + 1, into)?;
    }
    Ok(())
}

/// An array of objects, read element by element without holding the whole.
fn array(source: &Source, text: impl Read, into: &mut Builder) -> Result<()> {
    let mut failure = None;
    let mut reader = serde_json::Deserializer::from_reader(text);
    let read = reader.deserialize_seq(Rows { into, failure: &mut failure }).and_then(|()| reader.end());
    match (failure, read) {
        (Some(error), _) => Err(error),
        (None, read) => read.map_err(|e| broken(source, &e)),
    }
}

/// Pushes array elements as they come; a failure of the table itself is kept aside.
struct Rows<'a> {
    into: &'a mut Builder,
    failure: &'a mut Option<DataError>,
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> std::result::Result<(), A::Error> {
        let mut number = 0;
        while let Some(value) = elements.next_element::<Value>()? {
            if self.into.is_full() {
                continue;
            }
            number += 1;
            if let Err(error) = element(&value, number, self.into) {
                *self.failure = Some(error);
                return Err(serde::de::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

fn element(value: &Value, number: usize, into: &mut Builder) -> Result<()> {
    match value {
        Value::Object(row) => push(row, number, into),
        _ => into.skip(number, format!("element {number} is not an object")),
    }
}

fn broken(source: &Source, error: &serde_json::Error) -> DataError {
    DataError::unreadable("the JSON is broken")
        .in_file(source.label())
        .because(error.to_string())
        .advise("mend it there; when the end is missing, get the file again")
}

fn push(row: &Map<String, Value>, number: usize, into: &mut Builder) -> Result<()> {
    flatten("", row, into)?;
    into.end_row(number)
}

fn flatten(prefix: &str, object: &Map<String, Value>, into: &mut Builder) -> Result<()> {
    for (key, value) in object {
        let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        if let Value::Object(inner) = value {
            flatten(&name, inner, into)?;
            continue;
        }
        let column = into.column(&name, Declared::Infer)?;
        match value {
            Value::Null | Value::Object(_) => {}
            Value::String(text) => into.text(column, text)?,
            Value::Bool(flag) => into.text(column, if *flag { "true" } else { "false" })?,
            Value::Number(number) => into.text(column, &number.to_string())?,
            Value::Array(_) => into.text(column, &value.to_string())?,
        }
    }
    Ok(())
}
