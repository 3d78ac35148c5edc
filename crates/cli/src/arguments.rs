//! What was given on the command line, by flag and with its type.

use crate::flags::Flag;
use crate::program::Verb;
use clap::ArgMatches;
use clap::parser::ValueSource;
use std::any::Any;
use std::path::{Path, PathBuf};

/// The arguments of one verb.
pub(crate) struct Arguments<'a> {
    verb: &'static Verb,
    matches: &'a ArgMatches,
}

impl<'a> Arguments<'a> {
    pub(crate) fn new(verb: &'static Verb, matches: &'a ArgMatches) -> Arguments<'a> {
        Arguments { verb, matches }
    }

    /// Whether this verb has a flag; what it does not have reads as not given.
    fn has(&self, flag: &Flag) -> bool {
        self.verb.flags.iter().any(|own| std::ptr::eq(*own, flag))
    }

    fn one<T: Any + Clone + Send + Sync>(&self, flag: &Flag) -> Option<&'a T> {
        if self.has(flag) { self.matches.get_one(flag.name) } else { None }
    }

    fn all<T: Any + Clone + Send + Sync>(&self, flag: &Flag) -> impl Iterator<Item = &'a T> {
        let values = if self.has(flag) { self.matches.get_many(flag.name) } else { None };
        values.into_iter().flatten()
    }

    /// Whether a flag was given.
    pub(crate) fn on(&self, flag: &Flag) -> bool {
        self.has(flag) && self.matches.value_source(flag.name) == Some(ValueSource::CommandLine)
    }

    pub(crate) fn text(&self, flag: &Flag) -> Option<&'a str> {
        self.one::<String>(flag).map(String::as_str)
    }

    pub(crate) fn texts(&self, flag: &Flag) -> Vec<String> {
        self.all::<String>(flag).cloned().collect()
    }

    pub(crate) fn whole(&self, flag: &Flag) -> Option<u64> {
        self.one(flag).copied()
    }

    /// A number; a span of time is given in seconds.
    pub(crate) fn number(&self, flag: &Flag) -> Option<f64> {
        self.one(flag).copied()
    }

    pub(crate) fn path(&self, flag: &Flag) -> Option<&'a Path> {
        self.one::<PathBuf>(flag).map(PathBuf::as_path)
    }

    pub(crate) fn pairs(&self, flag: &Flag) -> impl Iterator<Item = &'a (String, String)> {
        self.all(flag)
    }

    /// All values of the operand at this place in the verb's list.
    pub(crate) fn operands(&self, place: usize) -> Vec<PathBuf> {
        let operand = self.verb.operands.get(place);
        let values = operand.and_then(|o| self.matches.get_many::<PathBuf>(o.name));
        values.into_iter().flatten().cloned().collect()
    }

    /// The only value of the operand at this place, if it was given.
    pub(crate) fn operand(&self, place: usize) -> Option<&'a Path> {
        let operand = self.verb.operands.get(place)?;
        self.matches.get_one::<PathBuf>(operand.name).map(PathBuf::as_path)
    }
}
