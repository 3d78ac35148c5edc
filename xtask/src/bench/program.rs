//! A program that answers lines, and what the system knows of it.

use super::answers::parse;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A running program; it ends when it is dropped.
pub(crate) struct Program {
    name: String,
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Program {
    /// Starts a program; its messages are passed through.
    pub(crate) fn start(name: &str, command: &mut Command) -> Result<Program, String> {
        let failed = |why: String| format!("{name} cannot be started: {why}");
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| failed(e.to_string()))?;
        let questions = child.stdin.take();
        let Some(answers) = child.stdout.take() else { return Err(failed("it has no output".to_owned())) };
        Ok(Program { name: name.to_owned(), child, questions, answers: BufReader::new(answers) })
    }

    /// What it is called.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The next line that the program says.
    pub(crate) fn hear(&mut self) -> Result<Value, String> {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line).map_err(|e| format!("{}: {e}", self.name))?;
        if read == 0 {
            let how = self.child.wait().map_or_else(|e| e.to_string(), |status| status.to_string());
            return Err(format!("{} ended without an answer ({how}); its message stands above", self.name));
        }
        parse(&line).map_err(|why| format!("{}: {why}", self.name))
    }

    /// Says a line and waits for the answer.
    pub(crate) fn ask(&mut self, line: &str) -> Result<Value, String> {
        let name = &self.name;
        let questions = self.questions.as_mut().ok_or_else(|| format!("{name} hears nothing"))?;
        questions.write_all(format!("{line}\n").as_bytes()).map_err(|e| format!("{name}: {e}"))?;
        self.hear()
    }

    fn system_file(&self, file: &str) -> Option<String> {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).ok()
    }

    /// The most memory that it had at a time, in MiB. Only Linux tells.
    pub(crate) fn peak_memory(&self) -> Option<f64> {
        peak_memory(&self.system_file("status")?)
    }

    /// Lets the peak of the memory begin with what is in use now, so that building and handing over weights does not
    /// count. Where the system cannot do that, it does count.
    pub(crate) fn forget_peak_memory(&self) {
        // The meaning of 5: proc_pid_clear_refs(5).
        let _ = std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5");
    }

    /// Seconds of processor time that it has used, all threads together. Only Linux tells.
    pub(crate) fn processor_seconds(&self) -> Option<f64> {
        processor_seconds(&self.system_file("stat")?)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Without more questions it ends by itself, but not before its present answer.
        self.questions = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Clock ticks in a second, as `/proc` counts them on every Linux of today.
const TICKS: f64 = 100.0;

/// Seconds of processor time that all programs have used. Only Linux tells.
pub(crate) fn all_processor_seconds() -> Option<f64> {
    busy_seconds(&std::fs::read_to_string("/proc/stat").ok()?)
}

/// `VmHWM` of `/proc/PID/status`, in MiB.
fn peak_memory(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

/// The 14th and 15th field of `/proc/PID/stat`; the second is a name in parentheses, which may contain spaces.
fn processor_seconds(stat: &str) -> Option<f64> {
    let after = stat.rsplit_once(')')?.1;
    let ticks: Vec<f64> =
        after.split_whitespace().skip(11).take(2).map(str::parse).collect::<Result<_, _>>().ok()?;
    (ticks.len() == 2).then(|| ticks.iter().sum::<f64>() / TICKS)
}

/// The first line of `/proc/stat`: user, nice, system, idle, waiting, interrupts, soft interrupts, stolen.
fn busy_seconds(stat: &str) -> Option<f64> {
    let words = stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace();
    let ticks: Vec<f64> = words.take(8).map(str::parse).collect::<Result<_, _>>().ok()?;
    let idle = ticks.get(3)? + ticks.get(4)?;
    Some((ticks.iter().sum::<f64>() - idle) / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_the_system_are_read() {
        assert_eq!(peak_memory("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n"), Some(2.0));
        assert_eq!(peak_memory("Name:\tx\n"), None);
        let stat = "7 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20";
        assert_eq!(processor_seconds(stat), Some(3.0));
        assert_eq!(processor_seconds("7 (a) S 1"), None);
        assert_eq!(
            busy_seconds("cpu  100 200 300 9000 9000 10 20 70 5 5\ncpu0 1 2 3 4 5 6 7 8\n"),
            Some(7.0)
        );
    }
}
