//! What the report shows of texts that were written.

use super::model::Generation;
use super::report::{Shown, by_counting, copies, samples};
use crate::{Result, Run, Watcher};
use pellucid_data::{OutColumn, OutValues, Part};
use pellucid_insight::copied::Copied;
use pellucid_insight::report::data::{CardFacts, Outcome, WritingOutcome, Written};

/// The most characters of a text that is written for the report.
const CHARACTERS: usize = 600;

/// Writes samples, and compares them and texts by people with those that were learned from.
pub(super) fn show(
    model: &Generation,
    parts: &[Vec<String>; 3],
    judges: Part,
    run: &Run,
    seed: u64,
    watcher: &mut dyn Watcher,
) -> Result<Shown> {
    let samples = samples(CHARACTERS, seed, watcher, |how| model.text(how))?;
    let sources: Vec<&str> = parts[Part::Train as usize].iter().map(String::as_str).collect();
    let by_people = beside(&parts[judges as usize], &samples);
    let (own, people) = (Copied::of(&samples, &sources), Copied::of(&by_people, &sources));
    let longest =
        samples.iter().zip(&own.longest).map(|(text, run)| text[run.clone()].chars().count() as f64);
    let columns = vec![
        OutColumn { name: "longest_copied_run".to_owned(), values: OutValues::Number(longest.collect()) },
        OutColumn { name: model.column.clone(), values: OutValues::Text(samples.clone()) },
    ];
    let outcome = WritingOutcome {
        trivial: by_counting(model),
        own: copies(&own, &samples),
        people: copies(&people, &by_people),
        samples: samples
            .into_iter()
            .zip(&own.longest)
            .map(|(text, run)| Written { text, copied: (run.start, run.end) })
            .collect(),
    };
    Ok(Shown { outcome: Outcome::Writing(outcome), columns, card: card(model, run) })
}

/// As many stretches of texts by people as there are samples, each as long as one of them, evenly taken from all of them.
fn beside(texts: &[String], samples: &[String]) -> Vec<String> {
    let all: Vec<char> = texts.join("\n").chars().collect();
    let apart = all.len() / samples.len().max(1);
    let of = |(i, sample): (usize, &String)| {
        all.iter().skip(i * apart).take(sample.chars().count().min(apart)).collect()
    };
    samples.iter().enumerate().map(of).collect()
}

fn card(model: &Generation, run: &Run) -> CardFacts {
    let path = run.path().display();
    CardFacts {
        intended_use: format!("Writing texts like those of `{}` that it learned from.", model.column),
        limits: vec![
            "It writes what is likely, not what is true: nothing in its texts is a fact.".to_owned(),
            "It can write word for word what it has read, and what people said in its texts it says, too: look at what is copied, and ask whose the words are, before anything is published.".to_owned(),
            "It knows no other language, subject or style than those of its texts.".to_owned(),
        ],
        commands: vec![
            ("Write a text".to_owned(), format!("pellucid generate {path}")),
            ("Go on with a beginning".to_owned(), format!("pellucid generate {path} --prompt \"…\" --length 1000")),
            ("Score it on other texts".to_owned(), format!("pellucid evaluate {path} OTHER_TEXTS")),
        ],
        licence: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_by_people_are_as_many_and_as_long() {
        let texts = ["ä".repeat(49), "b".repeat(50)];
        let found = beside(&texts, &["x".repeat(30), "y".repeat(90)]);
        assert_eq!(found, ["ä".repeat(30), "b".repeat(50)]);
    }
}
