//! `train`: from data to a network, its scores and a report.

use crate::arguments::Arguments;
use crate::flags;
use crate::output::say;
use crate::program::{DONE, INTERRUPTED, Verb};
use crate::{ask, output, settings, show, stop};
use pellucid_goals::{Ended, Error, Place};

pub(crate) static VERB: Verb = Verb {
    name: "train",
    about: "Train a network on your data, and say honestly how good it is",
    examples: &[
        "pellucid train --sample clothes",
        "pellucid train photos/                                a folder for each class",
        "pellucid train patients.csv --predict outcome --group patient",
        "pellucid train houses.parquet --predict price --time 10m --preset best",
        "pellucid train pairs.csv --from-column english --predict german",
        "pellucid train poems/ --generate",
        "pellucid train ratings.csv movies.csv --recommend",
        "pellucid train --config runs/houses-1/config.toml --lr 0.0005",
    ],
    operands: &[settings::DATA],
    flags: &[
        &flags::PREDICT,
        &flags::GROUP,
        &flags::AUDIT,
        &flags::TIME_COLUMN,
        &flags::SPLIT,
        &flags::FROM_COLUMN,
        &flags::BOTH_WAYS,
        &flags::GENERATE,
        &flags::RECOMMEND,
        &flags::USER_COLUMN,
        &flags::ITEM_COLUMN,
        &flags::RATING_COLUMN,
        &flags::IGNORE,
        &flags::KIND,
        &flags::SAMPLE,
        &flags::CONFIG,
        &flags::CORRECTIONS,
        &flags::SKIP_SHARE,
        &flags::ALLOW_LEAKS,
        &flags::PRESET,
        &flags::TIME,
        &flags::STEPS,
        &flags::BATCH,
        &flags::LR,
        &flags::FROM,
        &flags::TOKENIZER,
        &flags::FREEZE,
        &flags::FAIR,
        &flags::FAIR_STRENGTH,
        &flags::SEED,
        &flags::THREADS,
        &flags::NAME,
        &flags::OUT_FOLDER,
        &flags::YES,
        &flags::JSON_EVENTS,
    ],
    run,
};

fn run(a: &Arguments<'_>) -> Result<u8, Error> {
    let mut config = settings::config(a)?;
    if !a.on(&flags::YES) && !a.on(&flags::JSON_EVENTS) {
        ask::about_kinds(&mut config)?;
    }
    let place = Place {
        out: a.path(&flags::OUT_FOLDER),
        name: a.text(&flags::NAME),
        command: settings::command(&VERB),
    };
    let stop = stop::on_interrupt(stop::TRAINING)?;
    let mut watcher = show::watcher(a.on(&flags::JSON_EVENTS));
    let ended = pellucid_goals::train(config, &place, watcher.as_mut(), stop)?;
    drop(watcher);
    tell(ended, a.on(&flags::JSON_EVENTS))
}

/// Tells how a training ended. The run's folder is the last line of standard output, also after events.
///
/// # Errors
/// Standard output that cannot be written.
pub(super) fn tell(ended: Ended, json: bool) -> Result<u8, Error> {
    let (run, code) = match ended {
        Ended::Finished(finished) => {
            if json {
                show::done(&finished)?;
            } else {
                let style = show::Style::of_stderr();
                let which = if finished.unseen { "it never saw" } else { "that also helped to choose it" };
                let path = finished.run.path();
                say(format_args!("\n{}", show::scores(&finished.evaluation, which, style).trim_end()));
                say(format_args!("\nReport   {}", path.join("report.html").display()));
                say(format_args!("Use it   {}", finished.usage));
            }
            (finished.run, DONE)
        }
        Ended::Interrupted(run) => {
            say(format_args!("Saved. Go on with: pellucid resume {}", run.path().display()));
            (run, INTERRUPTED)
        }
    };
    output::line(&run.path().display().to_string())?;
    Ok(code)
}
