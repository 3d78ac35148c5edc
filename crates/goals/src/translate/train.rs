//! From pairs of texts to a run.

use super::design::{design, smoothing};
use super::model::Translation;
use super::network::Blueprint;
use super::pairs::{Pairs, prepare};
use super::report::test;
use super::task::{PairSource, TranslateTask};
use crate::dataset::{Survey, Use, check, split_rows, tell_unusable};
use crate::design::Design;
use crate::drawing;
use crate::finish::finish;
use crate::learning::limit_design;
use crate::reasons::Reasons;
use crate::train::{resolve_data, resolve_plan, tell_columns, tell_findings};
use crate::trained::Trained;
use crate::{Config, Ended, Error, Result, Run, Watcher};
use pellucid_data::{Part, Splits};
use pellucid_insight::check::CheckReport;
use pellucid_nn::Seed;
use pellucid_train::{RunFolder, Stopped, train as run_plan};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// All that the first step needs.
pub(crate) struct Begun {
    survey: Survey,
    splits: Splits,
    checks: CheckReport,
    pairs: Arc<Pairs>,
    config: Config,
    design: Design<Blueprint>,
    command: String,
}

/// Whether a text is to be predicted.
pub(crate) fn is_asked(survey: &Survey) -> bool {
    !survey.generate
        && survey.used_as(Use::Target).any(|column| column.kind.is_some_and(|kind| kind.name() == "text"))
}

fn ready(
    survey: &Survey,
    config: &Config,
    watcher: &mut dyn Watcher,
) -> Result<(Splits, Arc<Pairs>, CheckReport)> {
    let splits = split_rows(survey, &config.data, config.training.seed)?;
    watcher.begin("Reading the data", survey.table.rows());
    let pairs = prepare(survey, &splits, config, &mut |done| watcher.advance(done))?;
    let checks = check(survey, &splits, None)?;
    Ok((splits, Arc::new(pairs), checks))
}

/// Everything before the first step: the pairs are prepared, the plan is fixed and written.
///
/// # Errors
/// Data that is refused, and a run's folder that cannot be written.
pub(crate) fn begin(
    survey: Survey,
    mut config: Config,
    run: &Run,
    command: &str,
    watcher: &mut dyn Watcher,
) -> Result<Box<Begun>> {
    let idle = ["augment", "channels", "blocks", "characters", "context"];
    config.refuse_beside_predicting(&idle, "where a text is predicted from a text")?;
    if config.data.both_ways && config.network.shared_vocabulary == Some(false) {
        let said = "`both_ways` needs one vocabulary for both sides · leave out `shared_vocabulary`";
        return Err(Error::usage(said));
    }
    tell_columns(&survey, watcher);
    let (splits, pairs, checks) = ready(&survey, &config, watcher)?;
    tell_unusable(&survey.table, &pairs.left_out, watcher);
    tell_exchanged(&survey, &pairs, watcher);
    tell_findings(&splits, &checks, &config, watcher)?;
    let decide = |config: &Config| design(&pairs, config);
    let mut design = decide(&config);
    if config.training.steps.is_none() {
        let learning = learning(&pairs, &config, &design)?;
        limit_design(&mut design, learning, &config, decide, 0, watcher)?;
    }
    resolve_data(&mut config, &survey);
    let (network, b) = (&mut config.network, &design.blueprint);
    (network.width, network.depth, network.dropout) = (Some(b.width), Some(b.depth), Some(b.dropout));
    network.shared_vocabulary = Some(b.shared);
    config.training.label_smoothing = Some(smoothing(&config));
    resolve_plan(&mut config.training, &design.plan, design.seconds);
    Reasons::new(command, &survey.columns, &design.decisions).write(run)?;
    run.write("config.toml", config.to_toml()?.as_bytes())?;
    design.plan.check()?;
    Ok(Box::new(Begun { survey, splits, checks, pairs, config, design, command: command.to_owned() }))
}

/// A run that was begun before.
///
/// # Errors
/// Data that differs.
pub(crate) fn resume(
    survey: Survey,
    config: Config,
    reasons: Reasons,
    watcher: &mut dyn Watcher,
) -> Result<Box<Begun>> {
    let (splits, pairs, checks) = ready(&survey, &config, watcher)?;
    let mut design = design(&pairs, &config);
    reasons.recall_settings(&mut design.decisions);
    design.plan.check()?;
    Ok(Box::new(Begun { survey, splits, checks, pairs, config, design, command: reasons.command }))
}

/// Says which rows seem to have each language in the other's column.
fn tell_exchanged(survey: &Survey, pairs: &Pairs, watcher: &mut dyn Watcher) {
    let leaning = pairs.known.leaning.as_ref();
    let exchanged = leaning.map(|leaning| leaning.exchanged(pairs)).unwrap_or_default();
    let Some(&first) = exchanged.first() else { return };
    let (n, [read, written]) = (exchanged.len(), &pairs.columns);
    let place = survey.table.place(pairs.rows[first]);
    watcher.warning(&format!(
        "{n} rows seem to have `{written}` under `{read}` and the other way round, the first of them {place}: mend or remove them"
    ));
}

/// What learns, and what from.
fn learning(
    pairs: &Arc<Pairs>,
    config: &Config,
    design: &Design<Blueprint>,
) -> Result<(TranslateTask, Arc<PairSource>)> {
    let model = Translation::new(
        pairs.columns.clone(),
        pairs.vocabularies.clone(),
        pairs.known.clone(),
        design.blueprint.clone(),
        &Seed::new(config.training.seed),
    )?;
    let source =
        PairSource { pairs: pairs.clone(), records: pairs.part(Part::Train).to_vec(), ends: model.ends() };
    Ok((TranslateTask::new(model, pairs.clone(), smoothing(config))?, Arc::new(source)))
}

impl Begun {
    /// Learns, and finishes the run.
    ///
    /// # Errors
    /// A training that fails, and a folder that cannot be written.
    pub(crate) fn carry_out(self, run: Run, watcher: &mut dyn Watcher, stop: &AtomicBool) -> Result<Ended> {
        let Begun { survey, splits, checks, pairs, config, design, command } = self;
        let (mut task, source) = learning(&pairs, &config, &design)?;
        let folder = RunFolder::new(run.path(), pairs.fingerprint());
        drawing::keep(&run, task.structure()?)?;
        let outcome = run_plan(&mut task, source, &design.plan, &folder, watcher, stop)?;
        if outcome.stopped == Stopped::Interrupted {
            return Ok(Ended::Interrupted(run));
        }
        let trained = Trained {
            survey: &survey,
            splits: &splits,
            checks: &checks,
            unreadable: &pairs.left_out,
            rows: pairs.rows_of_parts(),
            unanswered: 0,
            config: &config,
            decisions: &design.decisions,
            outcome: &outcome,
            folder: &folder,
            command: &command,
        };
        let tested = test(&trained, &task.model, &pairs, &run, watcher)?;
        finish(&trained, tested, &run, |folder| task.model.save(folder)).map(|f| Ended::Finished(Box::new(f)))
    }
}
