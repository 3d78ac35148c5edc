//! From texts or melodies to a run.

use super::corpus::{Corpus, prepare, resolve_shares};
use super::design::design;
use super::model::Generation;

use super::report::test;
use super::script::Script;
use super::task::{WindowSource, WriteTask};
use crate::causal::{Blueprint, CausalTransformer};
use crate::dataset::{Survey, check, tell_unusable};
use crate::design::Design;
use crate::drawing;
use crate::finish::finish;
use crate::learning::limit_design;
use crate::reasons::Reasons;
use crate::train::{resolve_data, resolve_plan, tell_columns, tell_findings};
use crate::trained::Trained;
use crate::{Config, Ended, Result, Run, Watcher};
use pellucid_insight::check::CheckReport;
use pellucid_nn::Seed;
use pellucid_train::{RunFolder, Stopped, train as run_plan};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// All that the first step needs.
pub(crate) struct Begun {
    survey: Survey,
    checks: CheckReport,
    corpus: Arc<Corpus>,
    config: Config,
    design: Design<Blueprint>,
    command: String,
}

fn ready(survey: &Survey, config: &Config, watcher: &mut dyn Watcher) -> Result<(Arc<Corpus>, CheckReport)> {
    watcher.begin("Reading the data", survey.table.rows());
    let corpus = prepare(survey, config, &mut |done| watcher.advance(done))?;
    // Of a few texts that are each cut, none stands on two sides.
    let checks = if corpus.ends { check(survey, &corpus.splits, None)? } else { CheckReport::default() };
    Ok((Arc::new(corpus), checks))
}

/// Everything before the first step: the works are prepared, the plan is fixed and written.
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
    let idle = ["augment", "channels", "blocks", "label_smoothing", "shared_vocabulary"];
    config.refuse_beside_predicting(&idle, "where something new is written")?;
    tell_columns(&survey, watcher);
    resolve_shares(&mut config.data);
    let (corpus, checks) = ready(&survey, &config, watcher)?;
    tell_unusable(&survey.table, &corpus.left_out, watcher);
    tell_findings(&corpus.splits, &checks, &config, watcher)?;
    let decide = |config: &Config| design(&corpus, config);
    let mut design = decide(&config);
    if config.training.steps.is_none() {
        let learning = learning(&corpus, &config, &design)?;
        limit_design(&mut design, learning, &config, decide, 0, watcher)?;
    }
    resolve_data(&mut config, &survey);
    (config.data.predict, config.data.inputs) = (Vec::new(), vec![corpus.column.clone()]);
    let (network, b) = (&mut config.network, &design.blueprint);
    (network.width, network.depth, network.dropout) = (Some(b.width), Some(b.depth), Some(b.dropout));
    network.context = Some(b.context);
    if let Script::Text(vocabulary) = corpus.script.as_ref() {
        network.characters = Some(vocabulary.is_of_characters());
    }
    resolve_plan(&mut config.training, &design.plan, design.seconds);
    Reasons::new(command, &survey.columns, &design.decisions).write(run)?;
    run.write("config.toml", config.to_toml()?.as_bytes())?;
    design.plan.check()?;
    Ok(Box::new(Begun { survey, checks, corpus, config, design, command: command.to_owned() }))
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
    let (corpus, checks) = ready(&survey, &config, watcher)?;
    let mut design = design(&corpus, &config);
    reasons.recall_settings(&mut design.decisions);
    design.plan.check()?;
    Ok(Box::new(Begun { survey, checks, corpus, config, design, command: reasons.command }))
}

/// What learns, and what from.
fn learning(
    corpus: &Arc<Corpus>,
    config: &Config,
    design: &Design<Blueprint>,
) -> Result<(WriteTask, Arc<WindowSource>)> {
    let b = &design.blueprint;
    let network = CausalTransformer::new(&Seed::new(config.training.seed), b, corpus.script.size())?;
    let source = WindowSource::new(corpus.clone(), b.context);
    let model = Generation {
        column: corpus.column.clone(),
        script: corpus.script.clone(),
        network,
        blueprint: b.clone(),
        ends: corpus.ends,
        tempo: corpus.tempo(),
    };
    Ok((WriteTask::new(model, corpus.clone(), config.training.seed), Arc::new(source)))
}

impl Begun {
    /// Learns, and finishes the run.
    ///
    /// # Errors
    /// A training that fails, and a folder that cannot be written.
    pub(crate) fn carry_out(self, run: Run, watcher: &mut dyn Watcher, stop: &AtomicBool) -> Result<Ended> {
        let Begun { survey, checks, corpus, config, design, command } = self;
        let (mut task, source) = learning(&corpus, &config, &design)?;
        let folder = RunFolder::new(run.path(), corpus.fingerprint());
        drawing::keep(&run, task.structure()?)?;
        let outcome = run_plan(&mut task, source, &design.plan, &folder, watcher, stop)?;
        if outcome.stopped == Stopped::Interrupted {
            return Ok(Ended::Interrupted(run));
        }
        let trained = Trained {
            survey: &survey,
            splits: &corpus.splits,
            checks: &checks,
            unreadable: &corpus.left_out,
            rows: corpus.units(),
            unanswered: 0,
            config: &config,
            decisions: &design.decisions,
            outcome: &outcome,
            folder: &folder,
            command: &command,
        };
        let model = task.model;
        let tested = test(&trained, &model, &corpus, &run, watcher)?;
        finish(&trained, tested, &run, |folder| model.save(folder)).map(|f| Ended::Finished(Box::new(f)))
    }
}
