//! From pictures to a run.

use super::design::{augment, design};
use super::gallery::{Gallery, MAX_SIDE};
use super::model::Painting;
use super::network::{Blueprint, Painter};
use super::report::test;
use super::task::{PaintSource, PaintTask};
use crate::dataset::{Survey, Use, check, tell_unusable};
use crate::design::Design;
use crate::drawing;
use crate::finish::finish;
use crate::learning::limit_design;
use crate::reasons::Reasons;
use crate::train::{resolve_data, resolve_plan, tell_columns, tell_findings};
use crate::trained::Trained;
use crate::{Config, Ended, Result, Run, Watcher};
use pellucid_data::Part;
use pellucid_insight::check::CheckReport;
use pellucid_kinds::image::{Augment, Mirror, mirror_of_pictures};
use pellucid_nn::Seed;
use pellucid_train::{RunFolder, Stopped, train as run_plan};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Pictures that are asked what mirroring does to them.
const ASKED: usize = 1000;

/// Whether pictures are to be painted.
pub(crate) fn is_asked(survey: &Survey) -> bool {
    let of = |kind: &'static dyn pellucid_kinds::Kind| kind.name() == "image";
    survey.generate && survey.used_as(Use::Target).any(|column| column.kind.is_some_and(of))
}

/// All that the first step needs.
pub(crate) struct Begun {
    survey: Survey,
    checks: CheckReport,
    gallery: Arc<Gallery>,
    config: Config,
    design: Design<Blueprint>,
    command: String,
}

fn ready(survey: &Survey, config: &Config, watcher: &mut dyn Watcher) -> Result<(Arc<Gallery>, CheckReport)> {
    watcher.begin("Reading the data", survey.table.rows());
    let gallery = Gallery::open(survey, config, &mut |done| watcher.advance(done))?;
    let checks = check(survey, &gallery.splits, Some(&gallery.files()))?;
    Ok((Arc::new(gallery), checks))
}

/// What the pictures say of mirroring, unless their changes are given.
fn mirror(gallery: &Gallery, config: &Config) -> Result<Option<Mirror>> {
    if config.training.augment.is_some() {
        return Ok(None);
    }
    let some = gallery.some(Part::Train, ASKED).into_iter();
    let pictures: Vec<Vec<f32>> =
        some.map(|record| gallery.pictures.numbers(record)).collect::<Result<_>>()?;
    Ok(Some(mirror_of_pictures(&pictures, gallery.pictures.canvas.size())))
}

/// Everything before the first step: the pictures are prepared, the plan is fixed and written.
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
    let idle = ["label_smoothing", "shared_vocabulary", "characters", "context", "width", "depth"];
    config.refuse_beside_predicting(&idle, "where pictures are painted")?;
    tell_columns(&survey, watcher);
    config.data.max_side.get_or_insert(MAX_SIDE);
    let (gallery, checks) = ready(&survey, &config, watcher)?;
    tell_unusable(&survey.table, gallery.pictures.examples.unreadable(), watcher);
    tell_findings(&gallery.splits, &checks, &config, watcher)?;
    let mirror = mirror(&gallery, &config)?;
    if let Some(Mirror { mirroring, .. }) = mirror {
        config.training.augment = Some(Augment { mirror: mirroring, ..Augment::NONE });
    }
    let decide = |config: &Config| design(&gallery, mirror.as_ref(), config);
    let mut design = decide(&config);
    if config.training.steps.is_none() {
        let (bytes, learning) = (
            gallery.pictures.examples.len() * gallery.pictures.examples.layout().bytes(),
            learning(&gallery, &config, &design)?,
        );
        limit_design(&mut design, learning, &config, decide, bytes, watcher)?;
    }
    resolve_data(&mut config, &survey);
    let columns = [Some(gallery.column.clone()), gallery.label.clone()];
    (config.data.predict, config.data.inputs) = (Vec::new(), columns.into_iter().flatten().collect());
    let (network, b) = (&mut config.network, &design.blueprint);
    (network.channels, network.blocks, network.dropout) = (Some(b.channels), Some(b.blocks), Some(b.dropout));
    resolve_plan(&mut config.training, &design.plan, design.seconds);
    Reasons::new(command, &survey.columns, &design.decisions).write(run)?;
    run.write("config.toml", config.to_toml()?.as_bytes())?;
    design.plan.check()?;
    Ok(Box::new(Begun { survey, checks, gallery, config, design, command: command.to_owned() }))
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
    let (gallery, checks) = ready(&survey, &config, watcher)?;
    let mut design = design(&gallery, None, &config);
    reasons.recall_settings(&mut design.decisions);
    design.plan.check()?;
    Ok(Box::new(Begun { survey, checks, gallery, config, design, command: reasons.command }))
}

/// What learns, and what from.
fn learning(
    gallery: &Arc<Gallery>,
    config: &Config,
    design: &Design<Blueprint>,
) -> Result<(PaintTask, Arc<PaintSource>)> {
    let seed = config.training.seed;
    let network = Painter::new(
        &Seed::new(seed),
        &design.blueprint,
        gallery.pictures.canvas.size(),
        gallery.labels.len(),
    )?;
    let source = PaintSource::new(gallery.clone(), augment(config));
    let model = Painting {
        column: gallery.column.clone(),
        labels: gallery.labels.clone(),
        label: gallery.label.clone(),
        canvas: gallery.pictures.canvas.clone(),
        network,
        blueprint: design.blueprint.clone(),
    };
    Ok((PaintTask::new(model, gallery.clone(), seed), Arc::new(source)))
}

impl Begun {
    /// Learns, and finishes the run.
    ///
    /// # Errors
    /// A training that fails, and a folder that cannot be written.
    pub(crate) fn carry_out(self, run: Run, watcher: &mut dyn Watcher, stop: &AtomicBool) -> Result<Ended> {
        let Begun { survey, checks, gallery, config, design, command } = self;
        let (mut task, source) = learning(&gallery, &config, &design)?;
        let folder = RunFolder::new(run.path(), gallery.fingerprint()?);
        drawing::keep(&run, task.structure()?)?;
        let outcome = run_plan(&mut task, source, &design.plan, &folder, watcher, stop)?;
        if outcome.stopped == Stopped::Interrupted {
            return Ok(Ended::Interrupted(run));
        }
        let trained = Trained {
            survey: &survey,
            splits: &gallery.splits,
            checks: &checks,
            unreadable: gallery.pictures.examples.unreadable(),
            rows: gallery.rows(),
            unanswered: 0,
            config: &config,
            decisions: &design.decisions,
            outcome: &outcome,
            folder: &folder,
            command: &command,
        };
        let model = task.model;
        let tested = test(&trained, &model, &gallery, &run, watcher)?;
        finish(&trained, tested, &run, |folder| model.save(folder)).map(|f| Ended::Finished(Box::new(f)))
    }
}
