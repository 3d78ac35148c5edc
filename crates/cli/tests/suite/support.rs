//! Running the program and looking at what it did.

use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    fn new(output: Output) -> Ran {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let ran = Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
        assert!(!ran.err.contains("panicked"), "{ran:#?}");
        ran
    }

    /// The command must have succeeded.
    #[track_caller]
    pub(crate) fn ok(self) -> Ran {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }

    /// The command must have failed with this code, saying all of this and nothing on standard output.
    #[track_caller]
    pub(crate) fn fails(self, code: i32, says: &[&str]) -> Ran {
        assert_eq!(self.code, Some(code), "{self:#?}");
        assert!(self.err.contains("error: "), "{self:#?}");
        for words in says {
            assert!(self.err.contains(words), "`{words}` is not said: {self:#?}");
        }
        assert_eq!(self.out, "", "{self:#?}");
        self
    }

    /// The last line of standard output: the run's folder.
    #[track_caller]
    pub(crate) fn run(&self) -> PathBuf {
        PathBuf::from(self.out.lines().last().expect("a line"))
    }

    /// Standard output as one JSON value.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}", self.out))
    }
}

/// The program, to be run in a folder.
pub(crate) fn pellucid(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pellucid"));
    command.current_dir(folder).args(words).stdin(Stdio::null());
    command
}

/// Runs the program in a folder.
pub(crate) fn run(folder: &Path, words: &[&str]) -> Ran {
    Ran::new(pellucid(folder, words).output().unwrap())
}

/// Runs the program with a text on standard input.
pub(crate) fn run_with(folder: &Path, words: &[&str], input: &str) -> Ran {
    let mut command = pellucid(folder, words);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Ran::new(child.wait_with_output().unwrap())
}

/// Runs the program below a shell that limits it first, as with `ulimit -f 64`.
#[cfg(unix)]
pub(crate) fn run_limited(folder: &Path, limits: &str, words: &[&str]) -> Ran {
    let script = format!("{limits}; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_pellucid")]).args(words);
    Ran::new(command.current_dir(folder).stdin(Stdio::null()).output().unwrap())
}

/// Starts the program and waits until it tells of an event.
pub(crate) fn start_until(folder: &Path, words: &[&str], event: &str) -> Child {
    use std::io::{BufRead, BufReader};
    let mut child = pellucid(folder, words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let wanted = format!("{{\"event\":\"{event}\"");
    let found = lines.any(|line| line.unwrap().starts_with(&wanted));
    assert!(found, "there was no event `{event}`");
    // Who is no longer listened to must not fail for it.
    child
}

/// All files below a folder, relative to it, in order.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path)
            } else {
                found.push(path.strip_prefix(folder).unwrap().to_path_buf())
            }
        }
    }
    found.sort();
    found
}

/// The bytes of the trained weights.
pub(crate) fn weights(run: &Path) -> Vec<u8> {
    std::fs::read(run.join("model/model.safetensors")).unwrap()
}
