//! What learns, what from, and how long a step of it takes.

use crate::config::Config;
use crate::dataset::Prepared;
use crate::design::{Decision, Design};
use crate::predict::{
    Design as PredictDesign, Facts, Frozen, Network, PredictSource, PredictTask, Size, Watched, class_weights,
};
use crate::{Result, Watcher};
use pellucid_base::free_memory;
use pellucid_data::Part;
use pellucid_kinds::TargetOptions;
use pellucid_kinds::image::Mirror;
use pellucid_nn::Seed;
use pellucid_train::budget::Cost;
use pellucid_train::{Plan, Task, measure};
use std::sync::Arc;
use std::time::Duration;

/// The least time that a trial for the cost of a step takes.
const TRIAL: Duration = Duration::from_millis(1500);

/// A trial takes this share of the time allowed, if that is longer.
const TRIED: f64 = 0.01;

/// The share of the time allowed that is planned for: a machine is not always as fast as in the trial.
const PLANNED: f64 = 0.95;

/// Multiply-adds per second that even a slow processor does.
const SLOW: f64 = 5e9;

/// Seconds that even a slow processor needs at most for a step beside multiply-adds, and for preparing a row.
const STEP_BESIDE: f64 = 1e-3;
const ROW_BESIDE: f64 = 5e-6;

/// Where a given network learns from pairs, slowly, what gives the answers learns so many times as fast: it knows nothing yet.
const PACE_BESIDE_PAIRS: f64 = 20.0;

/// Work that a slow processor does within this share of the time allowed is not tried out first.
const SURELY: f64 = 0.1;

/// The facts that a design rests on.
pub(crate) fn facts<'a>(prepared: &'a Prepared, mirror: Option<&'a Mirror>) -> Facts<'a> {
    let rows = prepared.part(Part::Train).len();
    Facts { batcher: &prepared.batcher, rows, start: prepared.start.as_ref(), mirror }
}

/// A network with what it learns, and the rows it learns from.
pub(crate) struct Learning {
    pub(crate) task: PredictTask,
    pub(crate) source: Arc<PredictSource>,
    /// What its weights are, if they are not all drawn.
    pub(crate) started: Option<String>,
}

/// The network of a design, with the weights that it starts from.
fn network(
    prepared: &Prepared,
    config: &Config,
    design: &PredictDesign,
) -> Result<(Network, Option<String>)> {
    let (blueprint, batcher) = (&design.blueprint, prepared.batcher.as_ref());
    let fits = |size: Size, free| size.check(blueprint, &design.plan, batcher, free);
    let planned = Size::planned(blueprint, batcher);
    planned.map_or(Ok(()), |size| fits(size, free_memory()))?;
    let mut network = Network::build(blueprint, batcher, &Seed::new(config.training.seed))?;
    let started = prepared.start.as_ref().map(|start| start.fill(&mut network, batcher)).transpose()?;
    network.freeze(config.training.freeze);
    if design.alike {
        network.quicken_heads(PACE_BESIDE_PAIRS);
    }
    if planned.is_none() {
        let built = Size::built(&network)?;
        fits(built, free_memory().map(|free| free + built.bytes()))?;
    }
    Ok((network, started))
}

/// If its networks of pictures and texts are to stay as they are: what they make of each training and validation row.
pub(crate) fn frozen(
    prepared: &Prepared,
    config: &Config,
    design: &PredictDesign,
    watcher: &mut dyn Watcher,
) -> Result<Option<Arc<Frozen>>> {
    if !config.training.freeze {
        return Ok(None);
    }
    let (network, _) = network(prepared, config, design)?;
    let records = [prepared.part(Part::Train), prepared.part(Part::Validation)].concat();
    watcher.begin("Asking the given network about each row", records.len());
    let mut progress = |done| watcher.advance(done);
    Frozen::ask(&network, &prepared.batcher, &prepared.examples, &records, &mut progress)
        .map(|f| Some(Arc::new(f)))
}

/// Makes ready what a design says.
///
/// # Errors
/// A network that does not fit into memory, and weights that cannot be read.
pub(crate) fn learning(
    prepared: &Prepared,
    frozen: Option<&Arc<Frozen>>,
    config: &Config,
    design: &PredictDesign,
) -> Result<Learning> {
    let (network, started) = network(prepared, config, design)?;
    let smoothing = config.training.label_smoothing.unwrap_or(default_smoothing(prepared));
    let weights = weights(prepared, config)?;
    let options = weights.into_iter().map(|class_weights| TargetOptions { smoothing, class_weights });
    let source = PredictSource {
        examples: prepared.examples.clone(),
        batcher: prepared.batcher.clone(),
        records: prepared.part(Part::Train).to_vec(),
        augment: design.augment,
        frozen: frozen.cloned(),
        fair: prepared.fair.clone(),
    };
    let task = PredictTask {
        network,
        examples: prepared.examples.clone(),
        batcher: prepared.batcher.clone(),
        validation: prepared.part(Part::Validation).to_vec(),
        options: options.collect(),
        alike: design.alike,
        frozen: frozen.cloned(),
        fair: prepared.fair.clone(),
        watched: Watched::default(),
    };
    Ok(Learning { task, source: Arc::new(source), started })
}

/// The weight of each class, for targets whose rare classes weigh more.
pub(crate) fn weights(prepared: &Prepared, config: &Config) -> Result<Vec<Option<Vec<f32>>>> {
    let pictures = !prepared.batcher.picture_sizes().is_empty();
    class_weights(&prepared.encoder, pictures, config.training.class_weights.as_ref())
}

/// Labels of pictures are smoothed a little; tables' are not, for the sake of their probabilities.
pub(crate) fn default_smoothing(prepared: &Prepared) -> f64 {
    if prepared.batcher.picture_sizes().is_empty() { 0.0 } else { 0.05 }
}

/// The seconds that the plan takes on a slow processor: learning costs three times the multiply-adds of answering.
fn most_seconds(task: &PredictTask, plan: &Plan) -> Result<f64> {
    let multiply_adds: u64 = task.network.describe()?.iter().map(|layer| layer.row.multiply_adds).sum();
    let row = 3.0 * multiply_adds as f64 / SLOW + ROW_BESIDE;
    Ok(plan.steps as f64 * (STEP_BESIDE + plan.batch as f64 * row))
}

/// Takes the time of some steps, unless there is time in plenty, and shortens the plan to what fits into the time allowed.
pub(crate) fn limit_by_time(
    prepared: &Prepared,
    frozen: Option<&Arc<Frozen>>,
    config: &Config,
    design: &mut PredictDesign,
    watcher: &mut dyn Watcher,
) -> Result<()> {
    let Learning { mut task, source, .. } = learning(prepared, frozen, config, design)?;
    let bytes = prepared.examples.len() * prepared.examples.layout().bytes();
    let most = most_seconds(&task, &design.plan)?;
    if most < SURELY * design.seconds {
        watcher.planned(design.plan.steps, most, bytes);
        return Ok(());
    }
    let cost = cost(&mut task, source, &design.plan, design.seconds)?;
    if let Some(shorter) = cost.shorter(config, &design.plan) {
        let again = crate::predict::design(&facts(prepared, None), &shorter);
        design.plan = again.plan;
        for decision in &mut design.decisions {
            if let Some(new) =
                again.decisions.iter().find(|d| d.setting == decision.setting && d.setting != "augment")
            {
                decision.value.clone_from(&new.value);
            }
        }
        cost.explain(&mut design.decisions, design.seconds);
    }
    watcher.planned(design.plan.steps, cost.seconds(&design.plan), bytes);
    Ok(())
}

/// What a plan costs on this machine.
struct TimeCost {
    cost: Cost,
    /// Steps that fit into the time allowed.
    fitting: u64,
}

/// Takes the time of some steps.
///
/// # Errors
/// Those of the task.
fn cost<T: Task>(task: &mut T, source: Arc<T::Source>, plan: &Plan, seconds: f64) -> Result<TimeCost> {
    let trial = TRIAL.max(Duration::from_secs_f64(TRIED * seconds));
    let cost = measure(task, source, plan, trial)?;
    let budget = Duration::from_secs_f64(PLANNED * seconds);
    Ok(TimeCost { fitting: cost.steps_within(budget, plan.validate_every), cost })
}

/// Takes the time of some steps, and decides again, with as many steps as fit, what does not fit into the time allowed. The prepared data takes so
/// many `bytes`.
///
/// # Errors
/// Those of the task.
pub(crate) fn limit_design<T: Task, B>(
    design: &mut Design<B>,
    (mut task, source): (T, Arc<T::Source>),
    config: &Config,
    again: impl FnOnce(&Config) -> Design<B>,
    bytes: usize,
    watcher: &mut dyn Watcher,
) -> Result<()> {
    let cost = cost(&mut task, source, &design.plan, design.seconds)?;
    if let Some(shorter) = cost.shorter(config, &design.plan) {
        *design = again(&shorter);
        cost.explain(&mut design.decisions, design.seconds);
    }
    watcher.planned(design.plan.steps, cost.seconds(&design.plan), bytes);
    Ok(())
}

impl TimeCost {
    /// The configuration with as many steps as fit, if fewer do than are planned.
    fn shorter(&self, config: &Config, plan: &Plan) -> Option<Config> {
        let mut shorter = config.clone();
        shorter.training.steps = Some(self.fitting);
        (self.fitting < plan.steps).then_some(shorter)
    }

    /// Says why so many steps are planned.
    fn explain(&self, decisions: &mut [Decision], seconds: f64) {
        for decision in decisions.iter_mut().filter(|d| d.setting == "steps") {
            decision.why = self.why(seconds);
        }
    }

    /// Why so many steps are planned.
    fn why(&self, seconds: f64) -> String {
        let step = 1e3 * self.cost.step;
        format!("what fits into {seconds:.0} seconds at {step:.1} ms a step on this machine")
    }

    /// The seconds that a plan takes.
    fn seconds(&self, plan: &Plan) -> f64 {
        let validations = plan.steps as f64 / plan.validate_every as f64;
        self.cost.step * plan.steps as f64 + self.cost.validation * validations
    }
}
