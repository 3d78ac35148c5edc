//! Data sets that are open, to be looked at row by row: opening a large one takes long, and a page asks for a few rows at a time.

use pellucid_data::{OpenOptions, Table};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::problem::{Answer, Problem};
use crate::workspace::{Name, Workspace};

/// Data sets kept open.
const KEPT: usize = 3;

/// Bytes of cells in memory for each; more go to a temporary file.
const MEMORY: usize = 128 << 20;

/// The last ones that were asked for, the newest last.
#[derive(Clone, Default)]
pub(crate) struct Tables(Arc<Mutex<Vec<Open>>>);

struct Open {
    name: Name,
    changed: Vec<Option<SystemTime>>,
    table: Table,
}

impl Tables {
    /// A data set; opened again if its files have changed.
    ///
    /// # Errors
    /// Data that cannot be read.
    pub(crate) async fn get(&self, workspace: &Workspace, name: &Name) -> Answer<Table> {
        let paths = workspace.paths(name)?;
        let changed: Vec<_> =
            paths.iter().map(|path| path.metadata().and_then(|m| m.modified()).ok()).collect();
        let kept = |all: &Vec<Open>| {
            let same = |open: &&Open| open.name == *name && open.changed == changed;
            all.iter().find(same).map(|open| open.table.clone())
        };
        if let Some(table) = kept(&self.0.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(table);
        }
        let table = open(paths).await?;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|open| open.name != *name);
        let excess = (all.len() + 1).saturating_sub(KEPT);
        all.drain(..excess);
        all.push(Open { name: name.clone(), changed, table: table.clone() });
        Ok(table)
    }
}

async fn open(paths: Vec<PathBuf>) -> Answer<Table> {
    let options = OpenOptions { memory: MEMORY, skip_share: 1.0, ..OpenOptions::default() };
    let opened = tokio::task::spawn_blocking(move || Table::open(&paths, &options)).await;
    Ok(opened.map_err(|e| Problem::own(e.to_string()))?.map_err(pellucid_goals::Error::from)?)
}
