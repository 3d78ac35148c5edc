//! What a verb is, and how the parser and the help come from the list of verbs.

use crate::arguments::Arguments;
use crate::flags::{Flag, THREADS, Value};
use crate::verbs::VERBS;
use clap::builder::{PathBufValueParser, PossibleValuesParser, StringValueParser, ValueParser};
use clap::{Arg, ArgAction, Command, value_parser};
use pellucid_goals::Error;
use pellucid_train::Failure;

/// The exit code of a command that was carried out.
pub(crate) const DONE: u8 = 0;

/// The exit code when the checks found a leak.
pub(crate) const REFUSED: u8 = 3;

/// The exit code when a bound that was required is not kept.
pub(crate) const UNMET: u8 = 4;

/// The exit code after Ctrl-C, as shells have it.
pub(crate) const INTERRUPTED: u8 = 130;

/// One verb of the program.
pub(crate) struct Verb {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it does, in one line.
    pub(crate) about: &'static str,
    /// Examples, one a line.
    pub(crate) examples: &'static [&'static str],
    /// What stands without a flag, in order.
    pub(crate) operands: &'static [Operand],
    /// Its flags.
    pub(crate) flags: &'static [&'static Flag],
    /// Carries it out; gives the exit code.
    pub(crate) run: fn(&Arguments) -> Result<u8, Error>,
}

/// Something that stands without a flag: a path or a name.
pub(crate) struct Operand {
    /// Its name in the help.
    pub(crate) name: &'static str,
    /// What it is.
    pub(crate) help: &'static str,
    /// Whether it must be there.
    pub(crate) required: bool,
    /// Whether there may be several.
    pub(crate) many: bool,
}

/// Reads the command line and carries it out; gives the exit code. Wrong usage ends the program here.
///
/// # Errors
/// Those of the verb.
pub(crate) fn run() -> Result<u8, Error> {
    let matches = command().get_matches();
    let Some((name, matches)) = matches.subcommand() else {
        return Err(Error::usage("no verb was given · see: pellucid --help"));
    };
    let Some(verb) = VERBS.iter().find(|verb| verb.name == name) else {
        return Err(Error::usage(format!("there is no verb `{name}` · see: pellucid --help")));
    };
    let arguments = Arguments::new(verb, matches);
    if let Some(threads) = arguments.whole(&THREADS) {
        pellucid_kernels::threads::set_threads(usize::try_from(threads).unwrap_or(usize::MAX));
    }
    (verb.run)(&arguments)
}

/// The parser of the whole program.
fn command() -> Command {
    Command::new("pellucid")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Deep learning that people can see through: on your own data, on your own machine.")
        .after_help("Start with:  pellucid sample    and    pellucid train DATA\nHelp on one verb:  pellucid train --help")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommands(VERBS.iter().map(|verb| subcommand(verb)))
}

fn subcommand(verb: &'static Verb) -> Command {
    let mut command = Command::new(verb.name).about(verb.about);
    for operand in verb.operands {
        let action = if operand.many { ArgAction::Append } else { ArgAction::Set };
        let arg = Arg::new(operand.name).value_name(operand.name).help(operand.help).action(action);
        let arg = if operand.many { arg.num_args(1..) } else { arg };
        command = command.arg(arg.required(operand.required).value_parser(PathBufValueParser::new()));
    }
    for flag in verb.flags {
        command = command.arg(argument(flag));
    }
    let examples: Vec<String> = verb.examples.iter().map(|line| format!("  {line}")).collect();
    if examples.is_empty() {
        command
    } else {
        command.after_help(format!("Examples:\n{}", examples.join("\n")))
    }
}

fn argument(flag: &'static Flag) -> Arg {
    let arg = Arg::new(flag.name).long(flag.name).help(flag.help).help_heading(flag.under);
    let Some(parser) = parser(&flag.value) else { return arg.action(ArgAction::SetTrue) };
    let action = if flag.many { ArgAction::Append } else { ArgAction::Set };
    // A number below 0 is read, so that the message says what it must be; it is no flag.
    arg.action(action).value_name(flag.value.name()).value_parser(parser).allow_negative_numbers(true)
}

/// How a value is read; `None` for a switch.
fn parser(value: &'static Value) -> Option<ValueParser> {
    Some(match value {
        Value::Switch => return None,
        Value::Text(_) => StringValueParser::new().into(),
        Value::Path(_) => PathBufValueParser::new().into(),
        Value::Whole(_) => ValueParser::new(whole),
        Value::Natural => value_parser!(u64).into(),
        Value::Positive(_) => ValueParser::new(positive),
        Value::Share => ValueParser::new(share),
        Value::Span => ValueParser::new(span),
        Value::Pair(_) => ValueParser::new(pair),
        Value::Choice(_, choices) => PossibleValuesParser::new(choices.iter().copied()).into(),
    })
}

fn number(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| "this is not a number".to_owned())
}

fn positive(text: &str) -> Result<f64, String> {
    let x = number(text)?;
    if x > 0.0 && x.is_finite() { Ok(x) } else { Err("it must be a number above 0".to_owned()) }
}

fn whole(text: &str) -> Result<u64, String> {
    text.parse().ok().filter(|&n| n > 0).ok_or_else(|| "it must be a whole number from 1".to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    let x = number(text)?;
    if (0.0..=1.0).contains(&x) { Ok(x) } else { Err("it must be between 0 and 1".to_owned()) }
}

/// Seconds.
fn span(text: &str) -> Result<f64, String> {
    pellucid_train::budget::parse(text).map(|span| span.as_secs_f64()).map_err(|failure| match failure {
        Failure::Plan { why } => why,
        other => other.to_string(),
    })
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.rsplit_once('=') {
        Some((left, right)) if !left.is_empty() && !right.is_empty() => {
            Ok((left.to_owned(), right.to_owned()))
        }
        _ => Err("write it as COLUMN=KIND, such as stars=number".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_parser_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn every_file_of_a_verb_is_registered() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/verbs");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| {
                entry.unwrap().file_name().to_string_lossy().strip_suffix(".rs").map(str::to_owned)
            })
            .filter(|name| name != "mod")
            .collect();
        let mut verbs: Vec<&str> = VERBS.iter().map(|verb| verb.name).collect();
        files.sort();
        verbs.sort_unstable();
        assert_eq!(files, verbs);
    }

    #[test]
    fn values_are_checked_when_they_are_read() {
        for wrong in [
            ["train", "x.csv", "--time", "ten"],
            ["train", "x.csv", "--time", "-5"],
            ["train", "x.csv", "--steps", "0"],
            ["train", "x.csv", "--steps", "-3"],
            ["train", "x.csv", "--steps", "99999999999999999999"],
            ["train", "x.csv", "--lr", "-1"],
            ["train", "x.csv", "--lr", "nan"],
            ["train", "x.csv", "--skip-share", "1.5"],
            ["train", "x.csv", "--kind", "stars"],
            ["train", "x.csv", "--preset", "superb"],
            ["predict", "run", "--out", "x.csv"],
        ] {
            let words = ["pellucid"].into_iter().chain(wrong);
            assert_eq!(command().try_get_matches_from(words).unwrap_err().exit_code(), 2, "{wrong:?}");
        }
        assert_eq!(pair("a=b=number"), Ok(("a=b".to_owned(), "number".to_owned())));
        assert_eq!(span("1h30m"), Ok(5400.0));
    }
}
