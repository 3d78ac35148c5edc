//! The test of a network that writes, and what the report says of it.

use super::corpus::{Corpus, Works};
use super::counted::Counted;
use super::likelihood::{Window, likelihood, windows};
use super::model::{Generation, Writing};
use super::{melodies, texts};
use crate::finish::Tested;
use crate::outcome::Evaluation;
use crate::trained::Trained;
use crate::{Error, Result, Run, Watcher};
use pellucid_data::{OutColumn, Part};
use pellucid_insight::copied::Copied;
use pellucid_insight::intervals::{Scores, evaluate_likelihood};
use pellucid_insight::report::data::{CardFacts, Copies, Outcome, Target};
use pellucid_train::metrics::{LikelihoodRows, Stretch};
use std::collections::BTreeMap;

/// Pieces that are scored, at most, in windows that are evenly chosen.
const SCORED: usize = 4_000_000;

/// What a network has written, to be shown.
pub(super) struct Shown {
    /// Its works, and what is known of them.
    pub(super) outcome: Outcome,
    /// The works as a table.
    pub(super) columns: Vec<OutColumn>,
    /// What they are for.
    pub(super) card: CardFacts,
}

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
    let found = likelihood(&model.network, &model.script, pieces, &chosen, &mut progress)?;
    let by_counting = counted.map(|counted| {
        let of = |(window, own): (&Window, &Stretch)| Stretch {
            cost: window.foreseen.clone().map(|at| counted.nats(pieces, at)).sum(),
            ..*own
        };
        chosen.iter().zip(&found).map(of).collect()
    });
    let rows = |stretches| LikelihoodRows::new(stretches).map_err(failed);
    let trivial = by_counting.map(rows).transpose()?;
    evaluate_likelihood(&rows(found)?, trivial.as_ref(), model.script.metrics(), seed).map_err(failed)
}

fn failed(e: pellucid_train::metrics::MetricError) -> Error {
    Error::model(format!("what it foresees cannot be scored · {e}"))
}

/// Scores the test (the validation, if there is none), and looks at what it writes.
pub(super) fn test(
    trained: &Trained<'_>,
    model: &Generation,
    corpus: &Corpus,
    run: &Run,
    watcher: &mut dyn Watcher,
) -> Result<Tested> {
    let judges = corpus.judges();
    let (unseen, seed) = (judges == Part::Test, trained.config.training.seed);
    let counted = Counted::new(&corpus.script, corpus.part(Part::Train));
    let scores = scores(model, corpus.part(judges), Some(&counted), seed, watcher)?;
    let Shown { outcome, columns, card } = match &corpus.works {
        Works::Texts(parts) => texts::show(model, parts, judges, run, seed, watcher)?,
        Works::Melodies(parts) => melodies::show(model, parts, judges, run, seed, watcher)?,
    };
    let (rows, column) = (trained.rows[judges as usize], model.column.clone());
    let target = Target::new(&column, rows as u64, unseen, scores.clone(), outcome);
    Ok(Tested {
        evaluation: Evaluation {
            rows,
            rows_are: model.script.units_are().to_owned(),
            targets: BTreeMap::from([(column, scores)]),
        },
        unseen,
        columns,
        targets: vec![target],
        likeness: None,
        looks: Vec::new(),
        card,
    })
}

/// Works that are written for the report.
pub(super) const SAMPLES: usize = 8;

/// Writes works of at most so many units as `of` does, none chosen.
pub(super) fn samples<W>(
    length: usize,
    seed: u64,
    watcher: &mut dyn Watcher,
    of: impl Fn(&Writing) -> Result<W>,
) -> Result<Vec<W>> {
    watcher.begin("Writing samples", SAMPLES);
    let mut samples = Vec::with_capacity(SAMPLES);
    for i in 0..SAMPLES {
        samples.push(of(&Writing { length, seed: seed.wrapping_add(i as u64), ..Writing::default() })?);
        watcher.advance(i + 1);
    }
    Ok(samples)
}

/// In words, how counting foresees what comes next.
pub(super) fn by_counting(model: &Generation) -> String {
    format!("counting what follows the last {} {}", model.script.counted(), model.script.pieces_are())
}

/// What some texts copy: characters of the longest run, and the share of runs of words.
pub(super) fn copies<T: AsRef<str>>(copied: &Copied, texts: &[T]) -> Copies {
    let runs = texts.iter().zip(&copied.longest);
    let longest = runs.map(|(text, run)| text.as_ref()[run.clone()].chars().count() as u64).max();
    Copies { longest: longest.unwrap_or_default(), share: copied.share }
}
