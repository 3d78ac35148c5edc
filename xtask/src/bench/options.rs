//! What is asked for on the command line.

use std::path::PathBuf;
use std::str::FromStr;

/// The options of `bench peers` and `bench shapes`.
#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    /// What to measure; empty for everything.
    pub(crate) names: Vec<String>,
    /// A Python that has torch, instead of an own virtual environment.
    pub(crate) python: Option<PathBuf>,
    /// Turns of every program.
    pub(crate) pairs: usize,
    /// Seconds of a turn.
    pub(crate) seconds: f64,
    /// Threads of every program; as the command chooses if not given.
    pub(crate) threads: Option<usize>,
    /// Print JSON on standard output.
    pub(crate) json: bool,
}

impl Options {
    /// Reads the arguments; `seconds` is the length of a turn that is not given.
    pub(crate) fn read(arguments: &[String], seconds: f64) -> Result<Options, String> {
        let mut options =
            Options { names: Vec::new(), python: None, pairs: 5, seconds, threads: None, json: false };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--python" => options.python = Some(value(word, words.next())?),
                "--pairs" => options.pairs = value(word, words.next())?,
                "--seconds" => options.seconds = value(word, words.next())?,
                "--threads" => options.threads = Some(value(word, words.next())?),
                "--json" => options.json = true,
                flag if flag.starts_with('-') => {
                    return Err(format!(
                        "there is no option `{flag}`; there are --python PATH, --pairs N, --seconds S, --threads N, --json"
                    ));
                }
                name => options.names.push(name.to_owned()),
            }
        }
        if options.pairs == 0 || options.threads == Some(0) {
            return Err("--pairs and --threads are at least 1".to_owned());
        }
        // A day is longer than any turn, and what is no number compares with nothing.
        if !(options.seconds > 0.0 && options.seconds < 86_400.0) {
            return Err("--seconds is a number above 0".to_owned());
        }
        Ok(options)
    }

    /// Whether a name is asked for: itself, or the part before its hyphen (`W7` for `W7-1` and `W7-16`).
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|asked| is(name, asked))
    }

    /// Refuses names that nothing has.
    pub(crate) fn check_names(&self, known: &[&str]) -> Result<(), String> {
        match self.names.iter().find(|asked| !known.iter().any(|name| is(name, asked))) {
            Some(unknown) => Err(format!("there is no `{unknown}`; there are: {}", known.join(", "))),
            None => Ok(()),
        }
    }
}

fn is(name: &str, asked: &str) -> bool {
    name == asked || name.split('-').next() == Some(asked)
}

fn value<T: FromStr>(flag: &str, word: Option<&String>) -> Result<T, String> {
    let word = word.ok_or_else(|| format!("{flag} needs a value"))?;
    word.parse().map_err(|_| format!("{flag}: `{word}` is not possible"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Options, String> {
        Options::read(&words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>(), 3.0)
    }

    #[test]
    fn options_and_names_are_told_apart() {
        let options = read(&["W1", "--pairs", "7", "--json", "W7", "--python", "p", "--threads", "1"]);
        let expected = Options {
            names: vec!["W1".to_owned(), "W7".to_owned()],
            python: Some("p".into()),
            pairs: 7,
            seconds: 3.0,
            threads: Some(1),
            json: true,
        };
        assert_eq!(options, Ok(expected));
    }

    #[test]
    fn a_name_stands_for_its_kin() {
        let Ok(options) = read(&["W7", "W8-table"]) else { unreachable!() };
        let known = ["W1", "W7-1", "W7-16", "W8-table", "W8-picture"];
        let wanted: Vec<_> = known.into_iter().filter(|name| options.wants(name)).collect();
        assert_eq!(wanted, ["W7-1", "W7-16", "W8-table"]);
        assert_eq!(options.check_names(&known), Ok(()));
        assert!(options.check_names(&["W1"]).is_err_and(|why| why.contains("`W7`")));
    }

    #[test]
    fn impossible_options_are_refused() {
        for words in [
            &["--pairs"][..],
            &["--pairs", "0"],
            &["--seconds", "NaN"],
            &["--seconds", "inf"],
            &["--seconds", "-1"],
            &["--threads", "x"],
            &["--jsn"],
        ] {
            assert!(read(words).is_err(), "{words:?}");
        }
    }
}
