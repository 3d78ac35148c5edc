//! The columns of a table that says who took or liked what.

use super::{ColumnPlan, Use};
use crate::config::DataConfig;
use crate::{Error, Result};
use pellucid_data::Table;
use pellucid_kinds::{Kind, Profile, Role, kind, recognise};

/// Names that the columns usually have, the likeliest first; `_id` at the end, and underscores, make no difference.
pub(super) const USERS: [&str; 8] =
    ["user", "customer", "person", "reader", "listener", "member", "client", "visitor"];
pub(super) const ITEMS: [&str; 10] =
    ["item", "movie", "product", "book", "song", "track", "article", "film", "game", "recipe"];
pub(super) const RATINGS: [&str; 5] = ["rating", "stars", "score", "grade", "vote"];
const TIMES: [&str; 4] = ["timestamp", "time", "date", "when"];

/// Kinds of columns that say something of a user or of an item.
const TELLING: [&str; 4] = ["number", "category", "flag", "tags"];

/// The columns that are learned from.
pub(super) struct Likes {
    user: String,
    item: String,
    rating: Option<String>,
    time: Option<String>,
}

/// A name without what makes no difference.
pub(super) fn plain(name: &str) -> String {
    let name = name.to_lowercase().replace(['_', '-', ' '], "");
    name.strip_suffix("id").filter(|rest| !rest.is_empty()).unwrap_or(&name).to_owned()
}

/// The first of some columns with a usual name that is not left out.
pub(super) fn usual<'a>(
    columns: impl Iterator<Item = &'a String> + Clone,
    names: &[&str],
    config: &DataConfig,
) -> Option<&'a String> {
    let free = |column: &&String| !config.ignore.contains(column);
    names.iter().find_map(|name| columns.clone().filter(free).find(|column| plain(column) == *name))
}

/// The column that is named, or the first with a usual name.
fn find(table: &Table, given: Option<&String>, names: &[&str], config: &DataConfig) -> Option<String> {
    given.or_else(|| usual(table.columns().iter().map(|c| &c.name), names, config)).cloned()
}

impl Likes {
    /// The columns as they are named, or those with usual names.
    ///
    /// # Errors
    /// No column of users or of items.
    pub(super) fn of(table: &Table, config: &DataConfig) -> Result<Likes> {
        let need = |found: Option<String>, what: &str, flag: &str| {
            found.ok_or_else(|| {
                let names: Vec<String> = table.columns().iter().map(|c| format!("`{}`", c.name)).collect();
                Error::usage(format!(
                    "which column says {what}? · {} · its columns are {} · name one with {flag} COLUMN",
                    table.origin(),
                    names.join(", ")
                ))
            })
        };
        Ok(Likes {
            user: need(
                find(table, config.user.as_ref(), &USERS, config),
                "who likes something",
                "--user-column",
            )?,
            item: need(find(table, config.item.as_ref(), &ITEMS, config), "what is liked", "--item-column")?,
            rating: find(table, config.rating.as_ref(), &RATINGS, config),
            time: find(table, config.time.as_ref(), &TIMES, config),
        })
    }

    /// What a column is used for.
    ///
    /// # Errors
    /// A kind that does not exist.
    pub(super) fn plan(&self, position: usize, p: &Profile, config: &DataConfig) -> Result<ColumnPlan> {
        let plan = |kind: Option<&'static dyn Kind>, role, what: String| ColumnPlan {
            name: p.name.clone(),
            position,
            kind,
            role,
            reason: format!("`{}` {what}", p.name),
            or: None,
        };
        let is = |name: &Option<String>| name.as_ref() == Some(&p.name);
        Ok(match () {
            () if config.ignore.contains(&p.name) => telling(position, p, "", config)?,
            () if self.user == p.name => plan(None, Use::User, "says who took or liked something".to_owned()),
            () if self.item == p.name => plan(None, Use::Item, "says what was taken or liked".to_owned()),
            () if is(&self.rating) => {
                plan(Some(kind("number")?), Use::Target, "says how much it was liked".to_owned())
            }
            () if is(&self.time) => plan(
                None,
                Use::Time,
                "orders what each took in time: it learns from the past of each, and is tested by what came after".to_owned(),
            ),
            () if is(&config.split) => plan(None, Use::Split, "names the part of each row".to_owned()),
            () => telling(position, p, "users or items", config)?,
        })
    }
}

/// The plan for a column that may say something of users or of items (`whom`).
///
/// # Errors
/// A kind that does not exist.
pub(super) fn telling(position: usize, p: &Profile, whom: &str, config: &DataConfig) -> Result<ColumnPlan> {
    let given = config.kinds.get(&p.name).map(|name| kind(name)).transpose()?;
    let found = given.or(recognise(p, Role::Input).kind);
    let (kind, role, what) = match found.filter(|kind| TELLING.contains(&kind.name())) {
        _ if config.ignore.contains(&p.name) => (None, Use::Aside, "is left out, as asked".to_owned()),
        Some(kind) => {
            (Some(kind), Use::Input, format!("may tell something of {whom}: of kind {}", kind.name()))
        }
        None => (None, Use::Aside, "is shown with what it belongs to, and not learned from".to_owned()),
    };
    let reason = format!("`{}` {what}", p.name);
    Ok(ColumnPlan { name: p.name.clone(), position, kind, role, reason, or: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_however_they_are_written() {
        assert_eq!(["user_id", "userId", "User ID", "USER"].map(plain), ["user"; 4]);
        assert_eq!(["movieId", "id", "bid"].map(plain), ["movie", "id", "b"]);
    }
}
