//! The run whose tested rows are looked at: its answers and its data stay open, because opening a large data set for each click takes long.

use pellucid_goals::{Error, Tested};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::problem::{Answer, Problem};
use crate::workspace::{Name, Workspace};

/// The last one that was asked for.
#[derive(Clone, Default)]
pub(crate) struct TestedRuns(Arc<Mutex<Option<Open>>>);

struct Open {
    name: Name,
    made: Option<SystemTime>,
    tested: Arc<Tested>,
}

impl TestedRuns {
    /// The tested rows of a run; opened again if it was made anew.
    ///
    /// # Errors
    /// A run that does not predict or is not finished, and one of an earlier version.
    pub(crate) async fn get(&self, workspace: &Workspace, name: &Name) -> Answer<Arc<Tested>> {
        let run = workspace.run(name)?;
        let made = run.model().metadata().and_then(|m| m.modified()).ok();
        let kept = |open: &Option<Open>| {
            let same = open.as_ref().filter(|open| open.name == *name && open.made == made);
            same.map(|open| open.tested.clone())
        };
        if let Some(tested) = kept(&self.0.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(tested);
        }
        let tested = Arc::new(beside(move || Tested::open(run.path())).await?);
        let open = Open { name: name.clone(), made, tested: tested.clone() };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(open);
        Ok(tested)
    }
}

/// Work that reads files, beside the threads that answer.
///
/// # Errors
/// What the work reports.
pub(crate) async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Answer<T> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|e| Problem::own(e.to_string()))??)
}
