//! Trainings: child processes of the same program, so that none of them can take the studio along, and each can be stopped, killed and
//! resumed. What a training says lies in files, so pages follow it after a restart of the studio as well.

use pellucid_goals::foreseen;
use serde::Serialize;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::process::{Child, Command};
use tokio::sync::Notify;

use crate::problem::{Answer, Problem};
use crate::workspace::{Name, Workspace};

/// What happened, one JSON object a line.
pub(crate) const EVENTS: &str = "events.jsonl";

/// What it said to people.
const SAID: &str = "said.log";

/// The number of its process.
const PROCESS: &str = "process";

/// Bytes of what was said that are read at most, from the end.
const LAST_WORDS: u64 = 16 << 10;

/// Trainings at once: two that share the processors are each less than half as fast.
const AT_ONCE: usize = 4;

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// Its process is at work.
    Training,
    /// It can be used.
    Finished,
    /// It was stopped or killed, and can go on.
    Stopped,
    /// It ended before there was anything to go on from.
    Failed,
}

impl State {
    /// By the name that the API has for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            State::Training => "training",
            State::Finished => "finished",
            State::Stopped => "stopped",
            State::Failed => "failed",
        }
    }
}

/// What a process works on: a run's training, or what more data would bring to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    run: Name,
    forecast: bool,
}

impl From<&Name> for Job {
    fn from(run: &Name) -> Job {
        Job { run: run.clone(), forecast: false }
    }
}

impl From<&Job> for Job {
    fn from(job: &Job) -> Job {
        job.clone()
    }
}

impl Job {
    /// Finding out what more data would bring to a run.
    pub(crate) fn forecast(run: &Name) -> Job {
        Job { run: run.clone(), forecast: true }
    }

    /// By what it is known among those at work; no name of a run holds a colon.
    fn key(&self) -> String {
        match self.forecast {
            true => format!("{}:forecast", self.run),
            false => self.run.to_string(),
        }
    }

    /// Where it says what happens.
    fn folder(&self, workspace: &Workspace) -> PathBuf {
        let folder = workspace.job(&self.run);
        if self.forecast { folder.join("forecast") } else { folder }
    }
}

/// Starts, stops and watches trainings.
#[derive(Clone)]
pub(crate) struct Jobs {
    program: Arc<PathBuf>,
    workspace: Workspace,
    /// Those that this process has started, and how to stop them.
    running: Arc<Mutex<HashMap<String, Arc<Notify>>>>,
}

impl Jobs {
    /// For a workspace; `program` is this program.
    pub(crate) fn new(program: PathBuf, workspace: Workspace) -> Jobs {
        Jobs { program: Arc::new(program), workspace, running: Arc::default() }
    }

    /// The program whose verbs do the work.
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    fn running(&self) -> MutexGuard<'_, HashMap<String, Arc<Notify>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the program with these arguments, for a job.
    ///
    /// # Errors
    /// A job that is at work, too many of them, and a system that starts no process.
    pub(crate) fn start(&self, job: impl Into<Job>, arguments: Vec<OsString>) -> Answer<()> {
        let job = job.into();
        let (folder, run) = (job.folder(&self.workspace), job.run.clone());
        let failed = |e: std::io::Error| Problem::file("the training cannot be started", &folder, &e);
        let mut running = self.running();
        if running.contains_key(&job.key()) || self.process(&job).is_some() {
            let what = if job.forecast { "is being looked at" } else { "is being trained" };
            return Err(Problem::conflict(format!("`{run}` {what} already")));
        }
        if running.len() >= AT_ONCE {
            let why = format!("{AT_ONCE} trainings are at work already · stop one, or wait for its end");
            return Err(Problem::conflict(why));
        }
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let append = |name: &str| OpenOptions::new().create(true).append(true).open(folder.join(name));
        let (events, said) = (append(EVENTS).map_err(failed)?, append(SAID).map_err(failed)?);
        let mut command = Command::new(self.program());
        command.args(arguments).current_dir(self.workspace.root());
        command.stdin(Stdio::null()).stdout(events).stderr(said);
        let child = command.spawn().map_err(failed)?;
        if let Some(number) = child.id() {
            std::fs::write(folder.join(PROCESS), number.to_string()).map_err(failed)?;
        }
        let stop = Arc::new(Notify::new());
        running.insert(job.key(), stop.clone());
        drop(running);
        let jobs = self.clone();
        tokio::spawn(async move {
            watch(child, &stop).await;
            // Without the number, the run counts as ended; what cannot be removed is recognised as dead.
            drop(std::fs::remove_file(folder.join(PROCESS)));
            jobs.running().remove(&job.key());
        });
        Ok(())
    }

    /// Asks a training to finish its step, save, and end; what is only being found out is given up.
    ///
    /// # Errors
    /// A job that is not at work.
    pub(crate) fn stop(&self, job: impl Into<Job>) -> Answer<()> {
        let job = job.into();
        let own = self.running().get(&job.key()).cloned();
        match (own, self.process(&job)) {
            (Some(stop), _) => stop.notify_one(),
            (None, Some(number)) if interrupt(number) => {}
            _ if job.forecast => return Err(Problem::conflict("this is not being found out")),
            _ => return Err(Problem::conflict(format!("`{}` is not being trained", job.run))),
        }
        Ok(())
    }

    /// Whether its process lives.
    pub(crate) fn is_at_work(&self, job: &Job) -> bool {
        self.running().contains_key(&job.key()) || self.process(job).is_some()
    }

    /// How far a job is.
    pub(crate) fn state(&self, job: impl Into<Job>) -> State {
        let job = job.into();
        if self.is_at_work(&job) {
            return State::Training;
        }
        let run = self.workspace.run(&job.run);
        if job.forecast {
            let found = run.ok().and_then(|run| foreseen(&run).ok()).flatten();
            return if found.is_some() { State::Finished } else { State::Failed };
        }
        match run {
            Ok(found) if found.is_finished() => State::Finished,
            Ok(found) if found.has_checkpoint() => State::Stopped,
            _ => State::Failed,
        }
    }

    /// Whether it ever began: it has a folder, or has said something.
    pub(crate) fn is_known(&self, run: &Name) -> bool {
        self.workspace.job(run).is_dir() || self.workspace.run(run).is_ok()
    }

    /// The last that it said to people: warnings, and why it ended.
    pub(crate) fn last_words(&self, run: &Name) -> String {
        let path = self.workspace.job(run).join(SAID);
        let read = || -> std::io::Result<String> {
            let mut file = File::open(&path)?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(LAST_WORDS)))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
        };
        read().unwrap_or_default()
    }

    /// What happened from a byte of its events on, as whole lines, and the byte after them.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn events(&self, job: &Job, from: u64) -> std::io::Result<(Vec<String>, u64)> {
        let path = job.folder(&self.workspace).join(EVENTS);
        let mut file = match File::open(path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok((Vec::new(), from)),
            file => file?,
        };
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let whole = bytes.iter().rposition(|&b| b == b'\n').map_or(0, |last| last + 1);
        let text = String::from_utf8_lossy(&bytes[..whole]);
        Ok((text.lines().map(str::to_owned).collect(), from + whole as u64))
    }

    /// The process of a job that an earlier studio has started, if it still lives.
    fn process(&self, job: &Job) -> Option<u32> {
        let file = job.folder(&self.workspace).join(PROCESS);
        let number = std::fs::read_to_string(file).ok()?.parse().ok()?;
        lives(number, &job.run).then_some(number)
    }
}

/// Waits for the end of a training, or for the wish to stop it.
async fn watch(mut child: Child, stop: &Notify) {
    loop {
        tokio::select! {
            _ = child.wait() => return,
            () = stop.notified() => match child.id() {
                Some(number) if interrupt(number) => {}
                // Where processes cannot be asked they are ended; they go on from their last checkpoint.
                _ => drop(child.start_kill()),
            },
        }
    }
}

/// Asks a process to end; says whether that is possible here.
#[cfg(unix)]
fn interrupt(number: u32) -> bool {
    use rustix::process::{Pid, Signal, kill_process};
    let process = i32::try_from(number).ok().and_then(Pid::from_raw);
    process.is_some_and(|process| kill_process(process, Signal::INT).is_ok())
}

#[cfg(not(unix))]
fn interrupt(_: u32) -> bool {
    false
}

/// Whether a process lives and is this run's training: numbers are used again.
#[cfg(unix)]
fn lives(number: u32, run: &Name) -> bool {
    use rustix::process::{Pid, test_kill_process};
    let process = i32::try_from(number).ok().and_then(Pid::from_raw);
    let there = process.is_some_and(|process| test_kill_process(process).is_ok());
    // Where the system tells how a process was started, that must name the run.
    let told = std::fs::read(format!("/proc/{number}/cmdline"));
    there && told.map_or(true, |line| String::from_utf8_lossy(&line).contains(run.as_str()))
}

#[cfg(not(unix))]
fn lives(_: u32, _: &Name) -> bool {
    false
}
