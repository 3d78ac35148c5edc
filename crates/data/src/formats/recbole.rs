//! RecBole's atomic files (Zhao et al., arXiv 2011.01731): a table with tabs for who took what (`.inter`), one for users (`.user`) and one
//! for items (`.item`). Each name in the header comes with a type: `user_id:token`, `rating:float`, `genres:token_seq`.

use super::Format;
use super::csv::{Head, Heading, Reads, rows};
use crate::error::{DataError, Result};
use crate::files::Files;
use crate::source::Source;
use crate::table::{Builder, Declared, Storage};
use crate::text::{Decoded, detect_encoding};
use csv::{ReaderBuilder, StringRecord};
use encoding_rs::UTF_8;
use std::collections::HashSet;

/// The format; see the module.
pub(super) struct RecBole;

/// Types of columns, and what is made of their cells; `None` for those that are left aside.
const TYPES: [(&str, Option<Reads>); 4] = [
    ("token", Some(Reads::Words)),
    ("token_seq", Some(Reads::Sets)),
    ("float", Some(Reads::Numbers)),
    ("float_seq", None),
];

/// A name and its type, if a cell of a header gives both.
fn typed(cell: &str) -> Option<(&str, Option<Reads>)> {
    let (name, type_) = cell.trim().rsplit_once(':')?;
    let (_, reads) = TYPES.into_iter().find(|(known, _)| *known == type_)?;
    (!name.is_empty()).then_some((name, reads))
}

impl Format for RecBole {
    fn name(&self) -> &'static str {
        "RecBole"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["inter", "user", "item"]
    }

    /// By its header: each name in it has a type.
    fn recognise(&self, _source: &Source, head: &[u8]) -> bool {
        let text = String::from_utf8_lossy(head);
        let (line, whole) = match text.split_once('\n') {
            Some((line, _)) => (line, true),
            None => (&*text, false),
        };
        let mut cells: Vec<&str> = line.trim_start_matches('\u{feff}').split('\t').collect();
        // The first bytes may end within a name.
        if !whole && cells.len() > 1 {
            cells.pop();
        }
        cells.into_iter().all(|cell| typed(cell).is_some())
    }

    fn read(&self, source: &Source, into: &mut Builder) -> Result<Option<Files>> {
        let encoding = detect_encoding(source)?;
        into.note(format!("RecBole's layout, {}", encoding.name()));
        let text = Decoded::new(source.open()?, encoding);
        let mut reader = ReaderBuilder::new()
            .delimiter(b'\t')
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(1 << 16)
            .from_reader(text);
        rows(source, &mut reader, into, &|header, into| heading(source, header, into))?;
        if encoding != UTF_8 && reader.get_ref().replaced() {
            into.note(format!("some characters are not valid {} and were replaced by �", encoding.name()));
        }
        Ok(None)
    }
}

/// Columns as the header names them.
fn heading(source: &Source, header: &StringRecord, into: &mut Builder) -> Result<Heading> {
    let refuse = |what: &str| DataError::unreadable(what).in_file(source.label());
    let (mut columns, mut seen) = (Vec::with_capacity(header.len()), HashSet::new());
    for cell in header {
        let Some((name, reads)) = typed(cell) else {
            let types: Vec<&str> = TYPES.iter().map(|(name, _)| *name).collect();
            return Err(refuse("the header is not as RecBole has it")
                .because(format!("`{}` names no type", cell.trim()))
                .advise(format!(
                    "write each name with its type ({}), such as user_id:token, with tabs between them; or name another table .csv or .tsv",
                    types.join(", ")
                )));
        };
        if !seen.insert(name) {
            return Err(refuse("two columns have the same name")
                .in_column(name)
                .advise("rename one of them"));
        }
        columns.push(match reads {
            Some(reads) => {
                let storage = if reads == Reads::Numbers { Storage::Number } else { Storage::Text };
                let column = into.column(name, Declared::As(storage))?;
                if reads == Reads::Sets {
                    into.holds_words(column);
                }
                Some(Head { name: name.to_owned(), column, reads })
            }
            None => {
                into.note(format!("`{name}` holds lists of numbers: left aside"));
                None
            }
        });
    }
    Ok(Heading { columns, is_row: false })
}
