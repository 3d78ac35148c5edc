//! What a person has decided on labels that were doubted: a list beside the data sets, `corrections/<data set>.csv`, in the form that
//! `pellucid train --corrections` takes. The data themselves stay as they are.

use pellucid_data::{OutColumn, read_list, write_table};
use pellucid_goals::Config;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::problem::{Answer, Problem};
use crate::workspace::Workspace;

/// The columns of a list.
const COLUMNS: [&str; 3] = ["row", "column", "value"];

/// Decisions at most: more are made with other tools than by hand.
const MOST: usize = 100_000;

/// One decision is written at a time.
pub(crate) static WRITING: Mutex<()> = Mutex::new(());

/// The decisions on a data set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Corrections {
    /// Row, column, value.
    list: Vec<[String; 3]>,
}

impl Corrections {
    /// Reads a list; an empty one, if there is none.
    ///
    /// # Errors
    /// A list that cannot be read.
    pub(crate) fn read(path: &Path) -> Answer<Corrections> {
        if !path.exists() {
            return Ok(Corrections::default());
        }
        let list = read_list(path, COLUMNS).map_err(pellucid_goals::Error::from)?;
        Ok(Corrections { list: list.into_iter().map(|(_, cells)| cells).collect() })
    }

    /// Where the decisions on the data of a run lie.
    ///
    /// # Errors
    /// Data that is not one of the studio's data sets.
    pub(crate) fn place(workspace: &Workspace, config: &Config) -> Answer<PathBuf> {
        let data = workspace.data_of(&config.data.paths).ok_or_else(|| {
            Problem::conflict(
                "The data of this run is not among the studio's data sets, so decisions on it cannot be kept here · in a terminal: \
                 pellucid train … --corrections FILE.csv, with the columns row, column, value",
            )
        })?;
        Ok(workspace.corrections(&data))
    }

    /// All that a run would learn with: the list that it was trained with, and what was decided since.
    ///
    /// # Errors
    /// Lists that cannot be read.
    pub(crate) fn of_run(workspace: &Workspace, config: &Config) -> Answer<Corrections> {
        let mut all = match &config.data.corrections {
            Some(path) => Corrections::read(path)?,
            None => Corrections::default(),
        };
        for [row, column, value] in Corrections::read(&Corrections::place(workspace, config)?)?.list {
            all.set(&row, &column, Some(value));
        }
        Ok(all)
    }

    /// What was decided on a cell.
    pub(crate) fn get(&self, row: &str, column: &str) -> Option<&str> {
        self.list.iter().find(|[r, c, _]| r == row && c == column).map(|[_, _, value]| value.as_str())
    }

    /// Decides on a cell, or takes a decision back.
    pub(crate) fn set(&mut self, row: &str, column: &str, value: Option<String>) {
        self.list.retain(|[r, c, _]| r != row || c != column);
        self.list.extend(value.map(|value| [row.to_owned(), column.to_owned(), value]));
    }

    /// All decisions: row, column, value.
    pub(crate) fn all(&self) -> &[[String; 3]] {
        &self.list
    }

    /// Whether nothing was decided.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Writes the list.
    ///
    /// # Errors
    /// More than a person decides, and a place that cannot be written.
    pub(crate) fn write(&self, path: &Path) -> Answer<()> {
        if self.list.len() > MOST {
            return Err(Problem::senseless(format!("{MOST} decisions are the most that are kept")));
        }
        let folder = path.parent().unwrap_or(path);
        std::fs::create_dir_all(folder)
            .map_err(|e| Problem::file("the decisions cannot be kept", folder, &e))?;
        let column = |place: usize| self.list.iter().map(|cells| cells[place].clone()).collect();
        let columns: Vec<OutColumn> =
            COLUMNS.iter().enumerate().map(|(place, name)| OutColumn::text(*name, column(place))).collect();
        Ok(write_table(path, &columns).map_err(pellucid_goals::Error::from)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_are_kept_changed_and_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::open(folder.path()).unwrap();
        let mut config = Config::default();
        config.data.paths = vec![workspace.root().join("data/my photos/a.zip")];
        let path = Corrections::place(&workspace, &config).unwrap();
        assert!(path.starts_with(workspace.root()) && path.ends_with("corrections/my photos.csv"));
        let mut decided = Corrections::read(&path).unwrap();
        assert!(decided.is_empty());
        decided.set("a, \"b\".png", "label", Some("bag".to_owned()));
        decided.set("row 2", "label", Some("007".to_owned()));
        decided.set("row 2", "label", Some("008".to_owned()));
        decided.set("row 3", "label", Some("coat".to_owned()));
        decided.set("row 3", "label", None);
        decided.write(&path).unwrap();
        let read = Corrections::read(&path).unwrap();
        assert_eq!(read, decided);
        assert_eq!((read.get("row 2", "label"), read.get("row 3", "label")), (Some("008"), None));
        // What the run was trained with stays, unless it was decided otherwise.
        let own = folder.path().join("own.csv");
        std::fs::write(&own, "row,column,value\nrow 2,label,1\nrow 9,label,2\n").unwrap();
        config.data.corrections = Some(own);
        let all = Corrections::of_run(&workspace, &config).unwrap();
        assert_eq!((all.get("row 2", "label"), all.get("row 9", "label")), (Some("008"), Some("2")));
        config.data.paths.push("/elsewhere/data.csv".into());
        assert!(Corrections::place(&workspace, &config).is_err());
    }
}
