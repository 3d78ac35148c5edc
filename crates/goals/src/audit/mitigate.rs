//! What it would cost to serve groups more equally: the run's training once more, with rows weighed or gaps constrained.

use super::{Auditing, Division, judged, of_class};
use crate::again::Again;
use crate::config::{Config, Fairness};
use crate::learning::facts;
use crate::predict::{Fair, design};
use crate::train::reopened;
use crate::{Error, Result, Run, Watcher};
use pellucid_data::Part;
use pellucid_insight::audit::{Answered, Mitigation, audit as judge};
use pellucid_kinds::Target;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What is tried beside the network as it is.
const TRIED: [(Fairness, &str, f64); 6] = [
    (Fairness::Reweighing, "reweighing", 0.5),
    (Fairness::Reweighing, "reweighing", 1.0),
    (Fairness::EqualizedOdds, "equalized_odds", 0.5),
    (Fairness::EqualizedOdds, "equalized_odds", 1.0),
    (Fairness::EqualizedOdds, "equalized_odds", 2.0),
    (Fairness::EqualizedOdds, "equalized_odds", 4.0),
];

/// The measures that are told.
const MEASURES: [&str; 3] = ["equalized_odds", "equal_opportunity", "demographic_parity"];

/// Trains a run's network again, as it was and in ways that serve the groups of `how` more equally, and measures each on the run's validation
/// rows. The first is the network as it was. None where `stop` was set before the end.
///
/// # Errors
/// A run that does not predict classes, data that are gone, columns that make no groups, and failures of training.
pub fn mitigations(
    path: &Path,
    how: &Auditing,
    watcher: &mut dyn Watcher,
    stop: &AtomicBool,
) -> Result<Option<Vec<Mitigation>>> {
    let run = Run::open(path)?;
    let mut config = run.config()?;
    config.data.audit.clone_from(&how.groups);
    (config.training.fair, config.training.fair_strength) = (None, None);
    let mut ready = reopened(&run, &config, watcher)?;
    let target = ready.prepared.batcher.targets()[0].clone();
    let (Target::Classes { names, .. }, None) =
        (&target, how.target.as_ref().filter(|t| **t != ready.prepared.encoder.targets[0].0))
    else {
        return Err(Error::usage(
            "only for the first column that a network answers, of classes, is it known how to serve groups more equally",
        ));
    };
    let classes = judged(&target, names, how)?;
    let validation = ready.prepared.part(Part::Validation).to_vec();
    let rows: Vec<usize> = validation.iter().map(|&i| ready.prepared.examples.rows()[i]).collect();
    let Some(division) = Division::crossed(&ready.survey.table, &how.groups, &rows)? else {
        return Err(Error::usage("no group was named · say which column divides the rows: --group COLUMN"));
    };
    let plan = design(&facts(&ready.prepared, None), &config);
    let all = std::iter::once(None).chain(TRIED.iter().map(Some));
    watcher.begin("Learning again", plan.plan.steps as usize * (TRIED.len() + 1));
    let (mut again, mut found) = (Again::default(), Vec::new());
    for tried in all {
        let config = match tried {
            None => config.clone(),
            Some((way, _, strength)) => of(&config, *way, *strength),
        };
        ready.prepared.fair = Fair::asked(&ready.survey, &ready.prepared, &config)?.map(Arc::new);
        let Some(learned) = again.learn(&ready, &config, &plan, None, watcher, stop)? else {
            return Ok(None);
        };
        let (answers, _) = learned.task.answers(&validation)?;
        let (known, positions) = answers[0].known();
        let groups = division.only(&positions);
        let mut gaps: Vec<(String, f64)> = Vec::new();
        for &class in &classes {
            let failed = |e| Error::model(format!("the answers cannot be judged · {e}"));
            let answers = of_class(&target, names, &known, class);
            let rows = Answered { answers: answers.view(), groups: &groups.groups, names: &groups.names };
            let audit = judge(&groups.column, &names[class], rows, None, super::SEED).map_err(failed)?;
            for measure in MEASURES {
                let Some(gap) = audit.gap(measure).and_then(|gap| gap.value) else { continue };
                match gaps.iter_mut().find(|(name, _)| name == measure) {
                    Some((_, widest)) => *widest = widest.max(gap),
                    None => gaps.push((measure.to_owned(), gap)),
                }
            }
        }
        let right = (0..known.rows()).filter(|&i| known.best(i).0 as f64 == known.truth[i]).count();
        found.push(Mitigation {
            way: tried.map(|(_, name, _)| (*name).to_owned()),
            strength: tried.map_or(0.0, |(.., strength)| *strength),
            accuracy: right as f64 / known.rows().max(1) as f64,
            gaps,
        });
    }
    Ok(Some(found))
}

fn of(config: &Config, way: Fairness, strength: f64) -> Config {
    let mut config = config.clone();
    (config.training.fair, config.training.fair_strength) = (Some(way), Some(strength));
    config
}
