//! Tables of their own that say something of users or of items, beside the one that says who took what.

use super::ColumnPlan;
use super::likes::{ITEMS, RATINGS, USERS, plain, telling, usual};
use crate::config::DataConfig;
use crate::{Error, Result};
use pellucid_data::{Collection, DataError, OpenOptions, Row, Table};
use pellucid_kinds::{Profile, cell_text, profile};
use std::collections::HashMap;

/// Of whom something is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Of what is taken.
    Item,
    /// Of those who take it.
    User,
}

impl Owner {
    /// In a name, such as `item.title`.
    fn singular(self) -> &'static str {
        match self {
            Owner::Item => "item",
            Owner::User => "user",
        }
    }

    /// In words.
    pub(crate) fn plural(self) -> &'static str {
        match self {
            Owner::Item => "items",
            Owner::User => "users",
        }
    }
}

/// What was found where it is said who took what.
pub(crate) struct Found {
    /// Who took what.
    pub(crate) taken: Table,
    /// The tables beside it: of whom they say something, and the column that names them.
    pub(super) apart: Vec<(Table, Owner, String)>,
    /// What was decided, in words.
    pub(super) notes: Vec<String>,
}

/// What a table is, by its columns.
enum Sort {
    /// It says who took what.
    Taken,
    /// It says something of these; the column names them.
    Apart(Owner, String),
    Other,
}

/// What a table is. A column counts by its name as it was given, then by a usual name, and where there is neither, `id` does in a file that is called
/// after users or items.
fn sort(columns: &[String], stem: &str, config: &DataConfig) -> Sort {
    let named = |given: &Option<String>, names: &[&str]| match given {
        Some(name) => columns.iter().find(|column| *column == name),
        None => usual(columns.iter(), names, config),
    };
    let is_called = |names: &[&str]| {
        let word = stem.rsplit(['.', '-', '_', ' ']).next().unwrap_or(stem);
        let word = plain(word);
        names.iter().any(|name| word.strip_suffix('s').unwrap_or(&word) == *name)
    };
    let id = columns.iter().find(|column| column.eq_ignore_ascii_case("id"));
    let id_of = |names: &[&str]| id.filter(|_| is_called(names));
    let ways = [
        (named(&config.user, &USERS), named(&config.item, &ITEMS)),
        (usual(columns.iter(), &USERS, config), usual(columns.iter(), &ITEMS, config)),
        (id_of(&USERS), id_of(&ITEMS)),
    ];
    if let (Some(_), Some(_)) = ways[0] {
        return Sort::Taken;
    }
    let one = |way: &(Option<&String>, Option<&String>)| match way {
        (Some(user), None) => Some(Sort::Apart(Owner::User, (*user).clone())),
        (None, Some(item)) => Some(Sort::Apart(Owner::Item, (*item).clone())),
        _ => None,
    };
    ways.iter().find_map(one).unwrap_or(Sort::Other)
}

/// Opens who took what, and what tables beside it say of users and items.
///
/// # Errors
/// Data that cannot be read, and tables of which it is not clear what they are.
pub(crate) fn open(config: &DataConfig, options: &OpenOptions) -> Result<Found> {
    let alone = || -> Result<Found> {
        Ok(Found { taken: Table::open(&config.paths, options)?, apart: Vec::new(), notes: Vec::new() })
    };
    let Some(all) = Collection::find(&config.paths, options)? else { return alone() };
    let (mut taken, mut apart, mut left) = (Vec::new(), Vec::new(), Vec::new());
    for table in all.tables() {
        match sort(all.columns(table), &all.stem(table), config) {
            Sort::Taken => taken.push(table),
            Sort::Apart(owner, key) => apart.push((table, owner, key)),
            Sort::Other => left.push(table),
        }
    }
    let labels = |tables: &[usize]| tables.iter().map(|&t| all.label(t)).collect::<Vec<_>>().join(", ");
    let mut notes = Vec::new();
    if all.was_found() {
        // Of a folder's tables with users and items, those with ratings are meant; tags and the like are not.
        let rated = |table: &usize| match &config.rating {
            Some(name) => all.columns(*table).contains(name),
            None => usual(all.columns(*table).iter(), &RATINGS, config).is_some(),
        };
        let (with, without): (Vec<usize>, Vec<usize>) = taken.iter().copied().partition(rated);
        if !with.is_empty() && !without.is_empty() {
            notes.push(format!(
                "left aside for want of ratings, which {} has: {}",
                labels(&with),
                labels(&without)
            ));
            taken = with;
        }
        if !left.is_empty() {
            notes.push(format!("left aside, for no column names users or items: {}", labels(&left)));
        }
    }
    match (taken.as_slice(), apart.as_slice(), left.as_slice()) {
        ([], [], _) => return alone(),
        (_, [], []) if notes.is_empty() => return alone(),
        ([], [_, ..], _) => return Err(nobody_takes(&all, &apart)),
        (_, _, [first, ..]) if !all.was_found() => return Err(says_nothing(&all, *first)),
        _ => {}
    }
    let opened = apart.into_iter().map(|(table, owner, key)| Ok((all.open(&[table])?, owner, key)));
    Ok(Found { taken: all.open(&taken)?, apart: opened.collect::<Result<_>>()?, notes })
}

/// Names of columns, listed.
fn listed(columns: &[String]) -> String {
    const LISTED: usize = 20;
    let names: Vec<String> = columns.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
    names.join(", ") + if columns.len() > LISTED { ", …" } else { "" }
}

fn nobody_takes(all: &Collection, apart: &[(usize, Owner, String)]) -> Error {
    let each = |(table, owner, key): &(usize, Owner, String)| {
        format!("{} is about {} (`{key}`)", all.label(*table), owner.plural())
    };
    Error::usage(format!(
        "which table says who took or liked what? · {} · give it, too, or name its columns with --user-column and --item-column",
        apart.iter().map(each).collect::<Vec<_>>().join(", ")
    ))
}

fn says_nothing(all: &Collection, table: usize) -> Error {
    Error::usage(format!(
        "this table names neither users nor items · {} · its columns are {} · leave it out, or name a column as the table of who took what does",
        all.label(table),
        listed(all.columns(table))
    ))
}

/// A table that says something of users or of items, in one row for each.
pub(crate) struct Beside {
    /// The data.
    pub(crate) table: Table,
    /// Of whom it says something.
    pub(crate) of: Owner,
    /// The column that names them.
    pub(crate) key: String,
    /// Those who are named, with their rows, in the table's order.
    pub(crate) keys: Vec<(String, usize)>,
    /// The plans for the other columns; a column that another table has as well has another name here.
    pub(crate) columns: Vec<ColumnPlan>,
    /// Facts about these columns.
    pub(crate) profiles: Vec<Profile>,
}

impl Beside {
    /// Reads the tables that were found, and gives their columns names that differ from all others; says in `notes` what it decides.
    ///
    /// # Errors
    /// Two rows that say different things of the same user or item, and failures of reading.
    pub(super) fn all(found: Found, config: &DataConfig) -> Result<(Table, Vec<Beside>, Vec<String>)> {
        let Found { taken, apart, mut notes } = found;
        let mut times: HashMap<String, usize> = HashMap::new();
        let mut count = |name: &String| *times.entry(name.clone()).or_default() += 1;
        taken.columns().iter().for_each(|column| count(&column.name));
        for (table, _, key) in &apart {
            table.columns().iter().filter(|c| c.name != *key).for_each(|column| count(&column.name));
        }
        let mut all = Vec::with_capacity(apart.len());
        for (table, of, key) in apart {
            let keys = keys(&table, of, &key, &mut notes)?;
            let (mut columns, mut profiles) = (Vec::new(), Vec::new());
            for (position, mut p) in profile(&table)?.into_iter().enumerate() {
                if p.name == key {
                    continue;
                }
                if times.get(&p.name).is_some_and(|&n| n > 1) {
                    let new = free_name(&format!("{}.{}", of.singular(), p.name), &times);
                    notes.push(format!(
                        "`{}` of {} is called `{new}`, because another table has a column of this name",
                        p.name,
                        table.origin()
                    ));
                    times.insert(new.clone(), 1);
                    p.name = new;
                }
                columns.push(telling(position, &p, of.plural(), config)?);
                profiles.push(p);
            }
            all.push(Beside { table, of, key, keys, columns, profiles });
        }
        Ok((taken, all, notes))
    }
}

/// A name, or the first with a number behind it that is free.
fn free_name(name: &str, taken: &HashMap<String, usize>) -> String {
    let numbered = (2..).map(|n| format!("{name}_{n}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names.find(|name| !taken.contains_key(name)).unwrap_or_default()
}

/// Those who are named in the column `key`, with their rows.
fn keys(table: &Table, of: Owner, key: &str, notes: &mut Vec<String>) -> Result<Vec<(String, usize)>> {
    let position = table.column_index(key)?;
    let (mut seen, mut keys, mut nameless): (HashMap<String, usize>, Vec<_>, usize) = Default::default();
    for chunk in table.chunks() {
        let chunk = chunk?;
        for i in 0..chunk.rows {
            let row = chunk.first_row + i;
            let Some(name) = cell_text(chunk.cell(i, position)) else {
                nameless += 1;
                continue;
            };
            match seen.get(name.as_ref()) {
                Some(&first) => same(table, of, &name, [first, row])?,
                None => {
                    seen.insert(name.clone().into_owned(), row);
                    keys.push((name.into_owned(), row));
                }
            }
        }
    }
    if nameless > 0 {
        notes.push(format!("{nameless} rows of {} have no `{key}`: left out", table.origin()));
    }
    if keys.is_empty() {
        let error = DataError::refused(format!("this table names no {}", of.plural()));
        return Err(error.in_file(table.origin()).in_column(key).because("all its cells are empty").into());
    }
    Ok(keys)
}

/// Checks that two rows of the same user or item say the same.
fn same(table: &Table, of: Owner, name: &str, [first, second]: [usize; 2]) -> Result<()> {
    let [a, b] = [table.cells(first)?, table.cells(second)?];
    let said =
        |row: &Row, position| cell_text(row.cell(position)).map_or("nothing".into(), |t| format!("`{t}`"));
    let differs = |position: &usize| a.cell(*position) != b.cell(*position);
    let Some(position) = (0..table.columns().len()).find(differs) else { return Ok(()) };
    let mut place = table.place(second);
    place.column = table.columns().get(position).map(|column| column.name.clone());
    let (here, there) = (said(&b, position), said(&a, position));
    let row = table.place(first).row.unwrap_or(first + 1);
    Err(DataError::refused(format!("two rows say different things of `{name}`"))
        .at(place)
        .because(format!(
            "{here} is said here, and {there} in row {row}; a table of {} has one row for each",
            of.plural()
        ))
        .advise("keep one of the rows, or leave the table out")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(columns: &[&str], stem: &str, config: &DataConfig) -> String {
        let columns: Vec<String> = columns.iter().map(|&column| column.to_owned()).collect();
        match sort(&columns, stem, config) {
            Sort::Taken => "taken".to_owned(),
            Sort::Apart(owner, key) => format!("{} by {key}", owner.plural()),
            Sort::Other => "other".to_owned(),
        }
    }

    #[test]
    fn tables_are_told_apart_by_their_columns() {
        let plain = DataConfig::default();
        assert_eq!(sorted(&["userId", "movieId", "rating"], "ratings", &plain), "taken");
        assert_eq!(sorted(&["movieId", "title"], "movies", &plain), "items by movieId");
        assert_eq!(sorted(&["User ID", "age"], "people", &plain), "users by User ID");
        assert_eq!(sorted(&["id", "age"], "my_users", &plain), "users by id");
        assert_eq!(sorted(&["id", "year"], "Movies", &plain), "items by id");
        assert_eq!(sorted(&["id", "year"], "planets", &plain), "other");
        let given = DataConfig { user: Some("who".into()), item: Some("asin".into()), ..plain };
        assert_eq!(sorted(&["who", "asin", "user"], "a", &given), "taken");
        assert_eq!(sorted(&["asin", "user"], "a", &given), "items by asin", "the named column goes first");
        assert_eq!(sorted(&["user_id", "age"], "a", &given), "users by user_id");
    }
}
