//! The configuration that a command asks for: a file, if one is given, with the flags over it.

use crate::arguments::Arguments;
use crate::flags;
use crate::program::{Operand, Verb};
use pellucid_base::quoted;
use pellucid_goals::{Config, Error, Fairness, Preset};
use std::path::Path;

/// The data, as operand.
pub(crate) const DATA: Operand = Operand {
    name: "DATA",
    help: "A table, a folder or zip of pictures, sounds, texts or melodies, or several files such as train.csv test.csv, or ratings.csv users.csv movies.csv",
    required: false,
    many: true,
};

/// Reads the configuration of a command whose first operand is [`DATA`].
///
/// # Errors
/// A file that cannot be read or is not valid, no data, or two sets of data.
pub(crate) fn config(a: &Arguments<'_>) -> Result<Config, Error> {
    let mut config = match a.path(&flags::CONFIG) {
        Some(path) => Config::read(path)?,
        None => Config::default(),
    };
    data(a, &mut config)?;
    training(a, &mut config);
    Ok(config)
}

fn data(a: &Arguments<'_>, config: &mut Config) -> Result<(), Error> {
    let data = &mut config.data;
    match (a.operands(0), a.text(&flags::SAMPLE)) {
        (paths, Some(_)) if !paths.is_empty() => {
            return Err(Error::usage("both DATA and --sample are given · leave one of them out"));
        }
        (_, Some(name)) => {
            data.sample = Some(name.to_owned());
            data.paths.clear();
        }
        (paths, None) if !paths.is_empty() => {
            data.sample = None;
            data.paths = paths;
        }
        _ if data.paths.is_empty() && data.sample.is_none() => {
            return Err(Error::usage(
                "no data was given · name a folder, a zip or a table, or try --sample NAME · see: pellucid sample",
            ));
        }
        _ => {}
    }
    replace(&mut data.predict, a.texts(&flags::PREDICT));
    replace(&mut data.inputs, a.texts(&flags::FROM_COLUMN));
    data.both_ways |= a.on(&flags::BOTH_WAYS);
    data.generate |= a.on(&flags::GENERATE);
    data.recommend |= a.on(&flags::RECOMMEND);
    set(&mut data.user, a.text(&flags::USER_COLUMN).map(str::to_owned));
    set(&mut data.item, a.text(&flags::ITEM_COLUMN).map(str::to_owned));
    set(&mut data.rating, a.text(&flags::RATING_COLUMN).map(str::to_owned));
    replace(&mut data.ignore, a.texts(&flags::IGNORE));
    data.kinds.extend(a.pairs(&flags::KIND).cloned());
    set(&mut data.from, a.path(&flags::FROM).map(Path::to_owned));
    set(&mut data.tokenizer, a.path(&flags::TOKENIZER).map(Path::to_owned));
    replace(&mut data.audit, a.texts(&flags::AUDIT));
    set(&mut data.group, a.text(&flags::GROUP).map(str::to_owned));
    set(&mut data.time, a.text(&flags::TIME_COLUMN).map(str::to_owned));
    set(&mut data.split, a.text(&flags::SPLIT).map(str::to_owned));
    set(&mut data.skip_share, a.number(&flags::SKIP_SHARE));
    set(&mut data.corrections, a.path(&flags::CORRECTIONS).map(Path::to_owned));
    data.allow_leaks |= a.on(&flags::ALLOW_LEAKS);
    Ok(())
}

fn training(a: &Arguments<'_>, config: &mut Config) {
    let training = &mut config.training;
    match a.text(&flags::PRESET) {
        Some("quick") => training.preset = Preset::Quick,
        Some("good") => training.preset = Preset::Good,
        Some("best") => training.preset = Preset::Best,
        _ => {}
    }
    if let Some(seconds) = a.number(&flags::TIME) {
        // Steps of an earlier run's file would otherwise decide.
        (training.seconds, training.steps) = (Some(seconds), None);
    }
    set(&mut training.steps, a.whole(&flags::STEPS));
    set(&mut training.batch, a.whole(&flags::BATCH).map(|n| usize::try_from(n).unwrap_or(usize::MAX)));
    set(&mut training.learning_rate, a.number(&flags::LR));
    training.freeze |= a.on(&flags::FREEZE);
    set(&mut training.fair, a.text(&flags::FAIR).and_then(fairness));
    set(&mut training.fair_strength, a.number(&flags::FAIR_STRENGTH));
    if let Some(seed) = a.whole(&flags::SEED) {
        training.seed = seed;
    }
}

fn fairness(name: &str) -> Option<Fairness> {
    match name {
        "reweighing" => Some(Fairness::Reweighing),
        "demographic_parity" => Some(Fairness::DemographicParity),
        "equalized_odds" => Some(Fairness::EqualizedOdds),
        "equal_opportunity" => Some(Fairness::EqualOpportunity),
        _ => None,
    }
}

fn replace(list: &mut Vec<String>, given: Vec<String>) {
    if !given.is_empty() {
        *list = given;
    }
}

fn set<T>(setting: &mut Option<T>, given: Option<T>) {
    if given.is_some() {
        *setting = given;
    }
}

/// The command as it was given, to be pasted into a shell.
pub(crate) fn command(verb: &Verb) -> String {
    let words = std::env::args_os().skip(2).map(|word| quoted(&word.to_string_lossy()));
    ["pellucid".to_owned(), verb.name.to_owned()].into_iter().chain(words).collect::<Vec<_>>().join(" ")
}
