//! The test of a network that writes, and what the report says of it.

use super::corpus::Corpus;
use super::counted::Counted;
use super::likelihood::{Window, likelihood, windows};
use super::model::{Generation, Writing};
use crate::finish::Tested;
use crate::outcome::Evaluation;
use crate::report::layers;
use crate::trained::Trained;
use crate::{Error, Result, Run, Watcher};
use pellucid_data::{OutColumn, OutValues, Part};
use pellucid_insight::copied::Copied;
use pellucid_insight::intervals::{Scores, evaluate_likelihood};
use pellucid_insight::report::data::{CardFacts, Copies, Outcome, Target, WritingOutcome, Written};
use pellucid_train::metrics::{LikelihoodRows, Stretch, WRITING_METRICS};
use std::collections::BTreeMap;

/// Texts that are written for the report, and their characters.
const SAMPLES: usize = 8;
const CHARACTERS: usize = 600;

/// Pieces that are scored, at most, in windows that are evenly chosen.
const SCORED: usize = 4_000_000;

/// The scores of a network for some pieces, beside those of counting.
pub(super) fn scores(
    model: &Generation,
    pieces: &[u32],
    counted: Option<&Counted>,
    seed: u64,
    watcher: &mut dyn Watcher,
) -> Result<Scores> {
    let all = windows(pieces.len(), model.blueprint.context);
    let every = pieces.len().div_ceil(SCORED).max(1);
    let chosen: Vec<Window> = all.into_iter().step_by(every).collect();
    watcher.begin("Testing", chosen.len());
    let mut progress = |done| watcher.advance(done);
    let found = likelihood(&model.network, &model.vocabulary, pieces, &chosen, &mut progress)?;
    let by_counting = counted.map(|counted| {
        let of = |(window, own): (&Window, &Stretch)| Stretch {
            nats: window.foreseen.clone().map(|at| counted.nats(pieces, at)).sum(),
            ..*own
        };
        chosen.iter().zip(&found).map(of).collect()
    });
    let rows = |stretches| LikelihoodRows::new(stretches).map_err(failed);
    let trivial = by_counting.map(rows).transpose()?;
    evaluate_likelihood(&rows(found)?, trivial.as_ref(), &WRITING_METRICS, seed).map_err(failed)
}

fn failed(e: pellucid_train::metrics::MetricError) -> Error {
    Error::model(format!("the texts cannot be scored · {e}"))
}

/// Scores the test texts (those for validation, if there are none), and looks at what it writes.
pub(super) fn test(
    trained: &Trained<'_>,
    model: &Generation,
    corpus: &Corpus,
    run: &Run,
    watcher: &mut dyn Watcher,
) -> Result<Tested> {
    let (judges, unseen) = corpus.judged_by();
    let seed = trained.config.training.seed;
    let training = corpus.part(Part::Train);
    let counted = Counted::new(&corpus.vocabulary, &training.pieces);
    let scores = scores(model, &judges.pieces, Some(&counted), seed, watcher)?;
    watcher.begin("Writing samples", SAMPLES);
    let mut samples = Vec::with_capacity(SAMPLES);
    for i in 0..SAMPLES {
        let how = Writing { length: CHARACTERS, seed: seed.wrapping_add(i as u64), ..Writing::default() };
        samples.push(model.text(&how)?);
        watcher.advance(i + 1);
    }
    let sources: Vec<&str> = training.texts.iter().map(String::as_str).collect();
    let own = Copied::of(&samples, &sources);
    let people = Copied::of(&beside(&judges.texts, &samples), &sources);
    let longest: Vec<f64> = samples
        .iter()
        .zip(&own.longest)
        .map(|(text, run)| text[run.clone()].chars().count() as f64)
        .collect();
    let columns = vec![
        OutColumn { name: model.column.clone(), values: OutValues::Text(samples.clone()) },
        OutColumn { name: "longest_copied_run".to_owned(), values: OutValues::Number(longest) },
    ];
    let copies = |copied: &Copied, texts: &[String]| {
        let runs =
            texts.iter().zip(&copied.longest).map(|(text, run)| text[run.clone()].chars().count() as u64);
        Copies { longest: runs.max().unwrap_or_default(), share: copied.share }
    };
    let outcome = WritingOutcome {
        trivial: Counted::describe(&corpus.vocabulary),
        own: copies(&own, &samples),
        people: copies(&people, &beside(&judges.texts, &samples)),
        samples: samples
            .iter()
            .zip(&own.longest)
            .map(|(text, run)| Written { text: text.clone(), copied: (run.start, run.end) })
            .collect(),
    };
    let rows = judges.characters();
    let target = Target {
        column: model.column.clone(),
        rows: rows as u64,
        unseen,
        scores: scores.clone(),
        outcome: Outcome::Writing(outcome),
        examples: Vec::new(),
    };
    Ok(Tested {
        evaluation: Evaluation {
            rows,
            rows_are: "characters".to_owned(),
            targets: BTreeMap::from([(model.column.clone(), scores)]),
        },
        unseen,
        columns,
        targets: vec![target],
        network: layers(model.network.describe(model.blueprint.context)?),
        card: card(model, run),
    })
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
