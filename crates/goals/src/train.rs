//! From data to a run: survey, split, check, prepare, design, train, evaluate, report.

use crate::config::{ClassWeights, Config, FAIR_STRENGTH, TrainingConfig};
use crate::dataset::{
    MAX_SECONDS, Prepared, PreparedFiles, Survey, Use, check, fingerprint, keep_corrections, prepare, shift,
    split_rows, tell_unusable, tell_voided,
};
use crate::explain::{BACKGROUND, chosen};
use crate::finish::{Finished, finish};
use crate::learning::{Learning, default_smoothing, facts, frozen, learning, limit_by_time, weights};
use crate::model::Model;
use crate::predict::{Design, Fair, Frozen, Predicting, Watched, design, test};
use crate::reasons::Reasons;
use crate::start::Start;
use crate::trained::Trained;
use crate::{Error, Result, Run, Watcher, drawing, generate, paint, recommend, samples, translate};
use pellucid_data::{Part, Splits};
use pellucid_insight::check::CheckReport;
use pellucid_kinds::Target;
use pellucid_kinds::image::{Mirror, mirror_of_classes, mirror_of_numbers};
use pellucid_train::{Plan, RunFolder, Stopped, train as run_plan};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A first try on a sample is not to take longer than this, in seconds.
const SAMPLE_SECONDS: f64 = 100.0;

/// Where a run goes and how it was asked for.
#[derive(Clone, Debug, Default)]
pub struct Place<'a> {
    /// The folder of runs.
    pub out: Option<&'a Path>,
    /// The run's name.
    pub name: Option<&'a str>,
    /// The command as it was given, for the report.
    pub command: String,
}

/// What became of a training.
pub enum Ended {
    /// All is done; the report is written.
    Finished(Box<Finished>),
    /// It was interrupted and can be resumed.
    Interrupted(Run),
}

/// A run that is about to learn, by what it is for.
enum Goal {
    Predict(Box<Begun>),
    Translate(Box<translate::Begun>),
    Generate(Box<generate::Begun>),
    Paint(Box<paint::Begun>),
    Recommend(Box<recommend::Begun>),
}

impl Goal {
    fn carry_out(self, run: Run, watcher: &mut dyn Watcher, stop: &AtomicBool) -> Result<Ended> {
        match self {
            Goal::Predict(begun) => carry_out(*begun, run, watcher, stop),
            Goal::Translate(begun) => begun.carry_out(run, watcher, stop),
            Goal::Generate(begun) => begun.carry_out(run, watcher, stop),
            Goal::Paint(begun) => begun.carry_out(run, watcher, stop),
            Goal::Recommend(begun) => begun.carry_out(run, watcher, stop),
        }
    }
}

/// All that the first step needs.
struct Begun {
    ready: Ready,
    config: Config,
    design: Design,
    learning: Learning,
    /// The command, for the report.
    command: String,
}

/// The data of a run, read, split, checked and prepared.
pub(crate) struct Ready {
    pub(crate) survey: Survey,
    splits: Splits,
    report: CheckReport,
    pub(crate) prepared: Prepared,
    /// The vectors of all rows, if the networks of pictures and texts do not learn.
    pub(crate) frozen: Option<Arc<Frozen>>,
    /// Keeps an unpacked sample alive.
    _sample: Option<tempfile::TempDir>,
}

/// Trains on the data that `config` names, in a new run folder.
///
/// # Errors
/// Data that is refused, a place that cannot be written, or a training that fails. If training fails before its first
/// checkpoint, no folder is left behind, except where the disk was the reason.
pub fn train(
    mut config: Config,
    place: &Place<'_>,
    watcher: &mut dyn Watcher,
    stop: &AtomicBool,
) -> Result<Ended> {
    let (survey, sample) = open(&config)?;
    for note in survey.notes() {
        watcher.note(note);
    }
    survey.check_learnable()?;
    survey.check_finite(config.data.skip_share)?;
    if config.data.both_ways && !translate::is_asked(&survey) {
        let said = "`both_ways` does nothing where no text is predicted from a text · leave it out";
        return Err(Error::usage(said));
    }
    let run = Run::create(place.out.unwrap_or(Path::new("runs")), place.name, survey.table.name())?;
    keep_corrections(&mut config, &run).inspect_err(|_| run.clone().discard())?;
    let command = &place.command;
    let begun = if survey.recommend {
        recommend::begin(survey, config, &run, command, watcher).map(Goal::Recommend)
    } else if paint::is_asked(&survey) {
        paint::begin(survey, config, &run, command, watcher).map(Goal::Paint)
    } else if survey.generate {
        generate::begin(survey, config, &run, command, watcher).map(Goal::Generate)
    } else if translate::is_asked(&survey) {
        translate::begin(survey, config, &run, command, watcher).map(Goal::Translate)
    } else {
        begin(survey, sample, config, &run, command, watcher).map(Box::new).map(Goal::Predict)
    };
    let new = run.clone();
    let begun = begun.inspect_err(|_| new.clone().discard())?;
    begun.carry_out(run, watcher, stop).inspect_err(|e| {
        // What the disk refused may be mended, and the run resumed; without a checkpoint, nothing else is worth keeping.
        if !e.is_of_the_disk() && !new.has_checkpoint() {
            new.discard();
        }
    })
}

/// Goes on with a run that was interrupted or killed; the result is the same, bit for bit, as without that.
///
/// # Errors
/// A folder without a run, data that differs, or a training that fails.
pub fn resume(run: &Path, place: &Place<'_>, watcher: &mut dyn Watcher, stop: &AtomicBool) -> Result<Ended> {
    let run = Run::open(run)?;
    let config = run.config()?;
    if run.is_finished() {
        return Err(Error::usage(format!("this run is finished already · {}", run.path().display())));
    }
    let reasons = Reasons::read(&run)?
        .unwrap_or_else(|| Reasons { command: place.command.clone(), ..Reasons::default() });
    let (mut survey, sample) = open(&config)?;
    survey.check_learnable()?;
    reasons.recall_columns(&mut survey.columns);
    survey.beside.iter_mut().for_each(|beside| reasons.recall_columns(&mut beside.columns));
    if survey.recommend {
        return recommend::resume(survey, config, reasons, watcher)?.carry_out(run, watcher, stop);
    }
    if paint::is_asked(&survey) {
        return paint::resume(survey, config, reasons, watcher)?.carry_out(run, watcher, stop);
    }
    if survey.generate {
        return generate::resume(survey, config, reasons, watcher)?.carry_out(run, watcher, stop);
    }
    if translate::is_asked(&survey) {
        return translate::resume(survey, config, reasons, watcher)?.carry_out(run, watcher, stop);
    }
    let (ready, mut design) = ready_again(survey, sample, &config, watcher)?;
    reasons.recall_settings(&mut design.decisions);
    carry_out(build(ready, config, design, reasons.command)?, run, watcher, stop)
}

/// The data of a run that predicts, prepared again as its configuration says, and its design.
fn ready_again(
    survey: Survey,
    sample: Option<tempfile::TempDir>,
    config: &Config,
    watcher: &mut dyn Watcher,
) -> Result<(Ready, Design)> {
    let start = start(config)?;
    let mut ready = ready(survey, sample, config, start, watcher)?;
    let design = design_for(&ready, config)?;
    ready.frozen = frozen(&ready.prepared, config, &design, watcher)?;
    Ok((ready, design))
}

/// The data of a finished run that predicts, prepared again.
///
/// # Errors
/// A run of another goal, and data that are gone or cannot be used any more.
pub(crate) fn reopened(run: &Run, config: &Config, watcher: &mut dyn Watcher) -> Result<Ready> {
    let (mut survey, sample) = open(config)?;
    survey.check_learnable()?;
    if let Some(reasons) = Reasons::read(run)? {
        reasons.recall_columns(&mut survey.columns);
    }
    if survey.recommend || survey.generate || translate::is_asked(&survey) {
        return Err(Error::usage(format!(
            "this is only known of networks that predict · {}",
            run.path().display()
        )));
    }
    Ok(ready_again(survey, sample, config, watcher)?.0)
}

/// Opens the data of a configuration: its paths, or a sample inside the program.
///
/// # Errors
/// A configuration that makes no sense, and data that cannot be read.
pub(crate) fn open(config: &Config) -> Result<(Survey, Option<tempfile::TempDir>)> {
    config.check()?;
    let Some(name) = &config.data.sample else { return Ok((Survey::new(&config.data)?, None)) };
    let (folder, path) = samples::unpack(name)?;
    let mut data = config.data.clone();
    data.paths = vec![path];
    Ok((Survey::new(&data)?, Some(folder)))
}

/// Opens what the network is to start from, if anything is given.
pub(crate) fn start(config: &Config) -> Result<Option<Start>> {
    config.data.from.as_ref().map(|path| Start::open(path)).transpose()
}

fn ready(
    survey: Survey,
    sample: Option<tempfile::TempDir>,
    config: &Config,
    start: Option<Start>,
    watcher: &mut dyn Watcher,
) -> Result<Ready> {
    let splits = split_rows(&survey, &config.data, config.training.seed)?;
    watcher.begin("Reading the data", survey.table.rows());
    let mut prepared = prepare(&survey, &splits, &config.data, start, &mut |done| watcher.advance(done))?;
    prepared.fair = Fair::asked(&survey, &prepared, config)?.map(Arc::new);
    let mut report = check(&survey, &splits, Some(&PreparedFiles::of(&prepared)))?;
    report.extend(shift(&survey, &prepared)?);
    Ok(Ready { survey, splits, report, prepared, frozen: None, _sample: sample })
}

/// Everything before the first step: the data is prepared, the plan is fixed and written.
fn begin(
    survey: Survey,
    sample: Option<tempfile::TempDir>,
    mut config: Config,
    run: &Run,
    command: &str,
    watcher: &mut dyn Watcher,
) -> Result<Begun> {
    tell_columns(&survey, watcher);
    let start = start(&config)?;
    if config.data.sample.is_some() && config.training.preset == crate::Preset::default() {
        config.training.seconds.get_or_insert(SAMPLE_SECONDS);
    }
    if config.data.max_side.is_none() {
        let own = match config.training.preset {
            crate::Preset::Quick => 48,
            crate::Preset::Good => 96,
            crate::Preset::Best => 160,
        };
        config.data.max_side = start.as_ref().and_then(Start::side).or(Some(own));
    }
    config.data.max_seconds.get_or_insert(MAX_SECONDS);
    let mut ready = ready(survey, sample, &config, start, watcher)?;
    tell_unusable(&ready.survey.table, ready.prepared.examples.unreadable(), watcher);
    tell_voided(&ready.survey.table, &ready.prepared.examples, watcher);
    tell_findings(&ready.splits, &ready.report, &config, watcher)?;
    let mut design = design_for(&ready, &config)?;
    ready.frozen = frozen(&ready.prepared, &config, &design, watcher)?;
    if config.training.steps.is_none() {
        limit_by_time(&ready.prepared, ready.frozen.as_ref(), &config, &mut design, watcher)?;
    }
    resolve(&mut config, &ready, &design)?;
    Reasons::new(command, &ready.survey.columns, &design.decisions).write(run)?;
    run.write("config.toml", config.to_toml()?.as_bytes())?;
    let begun = build(ready, config, design, command.to_owned())?;
    begun.learning.started.iter().for_each(|said| watcher.note(said));
    Ok(begun)
}

/// Says how the rows were split and what the checks found.
///
/// # Errors
/// A leak that the person has not allowed.
pub(crate) fn tell_findings(
    splits: &Splits,
    report: &CheckReport,
    config: &Config,
    watcher: &mut dyn Watcher,
) -> Result<()> {
    watcher.note(&splits.reason);
    if report.has_leak() && !config.data.allow_leaks {
        return Err(Error::Leak { findings: report.to_string() });
    }
    report.findings.iter().for_each(|finding| watcher.warning(&finding.to_string()));
    Ok(())
}

/// Builds what was decided, or says why it can't be.
fn build(ready: Ready, config: Config, design: Design, command: String) -> Result<Begun> {
    design.plan.check()?;
    let mut learning = learning(&ready.prepared, ready.frozen.as_ref(), &config, &design)?;
    let Prepared { examples, .. } = &ready.prepared;
    learning.task.watched = Watched::new(&ready.survey, examples, ready.prepared.part(Part::Validation));
    Ok(Begun { ready, config, design, learning, command })
}

/// Inputs beyond this number are counted, not told one by one.
const INPUTS_TOLD: usize = 12;

/// Says what every column was taken for, and how to choose otherwise.
pub(crate) fn tell_columns(survey: &Survey, watcher: &mut dyn Watcher) {
    let all = survey.all_columns().filter(|(c, _)| c.role == Use::Input).count() <= INPUTS_TOLD;
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    for (column, _) in survey.all_columns() {
        match column.kind {
            Some(kind) if column.role == Use::Input && !all => *counted.entry(kind.name()).or_default() += 1,
            _ => watcher.note(&column.reason),
        }
        if let Some(or) = column.or.filter(|_| all || column.role == Use::Target) {
            watcher.note(&format!("if `{0}` is a {or} instead, say so: --kind {0}={or}", column.name));
        }
    }
    if !counted.is_empty() {
        let kinds: Vec<String> = counted.iter().map(|(kind, n)| format!("{n} of kind {kind}")).collect();
        watcher.note(&format!("the inputs: {}; one by one: pellucid check", kinds.join(", ")));
    }
}

fn design_for(ready: &Ready, config: &Config) -> Result<Design> {
    let mirror = match config.training.augment {
        Some(_) => None,
        None => ask_mirror(&ready.prepared)?,
    };
    Ok(design(&facts(&ready.prepared, mirror.as_ref()), config))
}

/// Asks a sample of the training pictures what mirroring does to them, if there is one column of pictures and one
/// of answers.
fn ask_mirror(prepared: &Prepared) -> Result<Option<Mirror>> {
    const SAMPLE: usize = 1500;
    let sizes = prepared.batcher.picture_sizes();
    let ([size], [target]) = (sizes.as_slice(), prepared.batcher.targets()) else { return Ok(None) };
    if prepared.batcher.sounds() == [true] {
        return Ok(None);
    }
    let train = prepared.part(Part::Train);
    let (mut pictures, mut truth) = (Vec::new(), Vec::new());
    for &i in train.iter().step_by(train.len().div_ceil(SAMPLE).max(1)) {
        pictures.extend(prepared.batcher.pictures(&prepared.examples, i)?.into_iter().next());
        truth.push(prepared.examples.targets(i));
    }
    let first = || truth.iter().filter_map(|t| t.first());
    Ok(Some(match target {
        // Each combination is a class.
        Target::Tags { .. } => {
            let mut seen = HashMap::new();
            let bits = |t: &&[f64]| t.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            let code = |t| {
                let next = seen.len() as u32;
                *seen.entry(bits(t)).or_insert(next)
            };
            mirror_of_classes(&pictures, *size, &truth.iter().map(code).collect::<Vec<_>>())
        }
        Target::Classes { .. } => {
            mirror_of_classes(&pictures, *size, &first().map(|&t| t as u32).collect::<Vec<_>>())
        }
        Target::Number { .. } => mirror_of_numbers(&pictures, *size, &first().copied().collect::<Vec<_>>()),
    }))
}

/// Writes every decision into the configuration.
///
/// # Errors
/// Class weights for a column that has none.
fn resolve(config: &mut Config, ready: &Ready, design: &Design) -> Result<()> {
    let targets = ready.prepared.encoder.targets.iter().zip(weights(&ready.prepared, config)?);
    let weighed = targets.filter(|(_, weights)| weights.is_some()).map(|((name, ..), _)| name.clone());
    let weighed = ClassWeights::Of(weighed.collect());
    let (b, plan) = (&design.blueprint, &design.plan);
    resolve_data(config, &ready.survey);
    config.network.channels = Some(b.channels);
    config.network.blocks = Some(b.blocks);
    config.network.width = Some(b.width);
    config.network.depth = Some(b.depth);
    config.network.dropout = Some(b.dropout);
    config.network.members = Some(b.members);
    let t = &mut config.training;
    t.label_smoothing.get_or_insert(default_smoothing(&ready.prepared));
    resolve_plan(t, plan, design.seconds);
    t.class_weights = Some(weighed);
    t.fair_strength = t.fair.map(|_| t.fair_strength.unwrap_or(FAIR_STRENGTH));
    t.augment = design.augment;
    Ok(())
}

/// Writes into the configuration where the data are, which columns are used as what, and how they are split.
pub(crate) fn resolve_data(config: &mut Config, survey: &Survey) {
    for path in &mut config.data.paths {
        // A path that has no absolute form (standard input) stays as it is.
        if let Ok(absolute) = std::fs::canonicalize(&path) {
            *path = absolute;
        }
    }
    if let Some(from) = &mut config.data.from
        && let Ok(absolute) = std::fs::canonicalize(&from)
    {
        *from = absolute;
    }
    config.data.predict = survey.used_as(Use::Target).map(|c| c.name.clone()).collect();
    for (column, _) in survey.all_columns() {
        if let (Some(kind), Use::Input | Use::Target) = (column.kind, column.role) {
            config.data.kinds.insert(column.name.clone(), kind.name().to_owned());
        }
    }
    let split = pellucid_data::SplitOptions::default();
    config.data.validation.get_or_insert(split.validation);
    config.data.test.get_or_insert(split.test);
    config.data.skip_share.get_or_insert(0.01);
}

/// Writes a plan into the configuration.
pub(crate) fn resolve_plan(training: &mut TrainingConfig, plan: &Plan, seconds: f64) {
    training.seconds = Some(seconds);
    training.steps = Some(plan.steps);
    training.batch = Some(plan.batch);
    training.learning_rate = Some(plan.schedule.peak());
    training.weight_decay = Some(plan.weight_decay);
    training.ema = plan.ema;
    training.patience = plan.patience;
    training.validate_every = Some(plan.validate_every);
}

fn carry_out(begun: Begun, run: Run, watcher: &mut dyn Watcher, stop: &AtomicBool) -> Result<Ended> {
    let Begun { ready, config, design, learning, command } = begun;
    let Learning { mut task, source, .. } = learning;
    let folder = RunFolder::new(run.path(), fingerprint(&ready.prepared)?);
    let names: Vec<String> = ready.prepared.encoder.targets.iter().map(|(name, ..)| name.clone()).collect();
    drawing::keep(&run, task.network.structure(&names)?)?;
    let outcome = run_plan(&mut task, source, &design.plan, &folder, watcher, stop)?;
    if outcome.stopped == Stopped::Interrupted {
        return Ok(Ended::Interrupted(run));
    }
    let Ready { survey, splits, report, prepared, frozen: _, _sample } = ready;
    let Prepared { encoder, examples, records, batcher, unanswered, .. } = prepared;
    task.network.freeze(false);
    // Who gave rare classes or groups more weight wants these answered more often than they are.
    let steered: Vec<bool> =
        task.options.iter().map(|o| o.class_weights.is_some() || config.training.fair.is_some()).collect();
    let mut model = Model::new(encoder, batcher.as_ref().clone(), task.network, design.blueprint);
    model.calibrate(&examples, &records[Part::Validation as usize], &steered)?;
    model.choose_thresholds(&examples, &records[Part::Validation as usize])?;
    model.remember(&examples, &records[Part::Train as usize], &records[Part::Validation as usize])?;
    let trained = Trained {
        survey: &survey,
        splits: &splits,
        checks: &report,
        unreadable: examples.unreadable(),
        rows: records.each_ref().map(Vec::len),
        unanswered,
        config: &config,
        decisions: &design.decisions,
        outcome: &outcome,
        folder: &folder,
        command: &command,
    };
    let predicting = Predicting { model: &model, examples: &examples, records: &records };
    let backgrounds = chosen(&model.encoder, &survey.table, &examples, &records[Part::Train as usize])?;
    if !backgrounds.is_empty() {
        run.write_json(BACKGROUND, &backgrounds)?;
    }
    let tested = test(&trained, &predicting, &backgrounds, &run, watcher)?;
    finish(&trained, tested, &run, |folder| model.save(folder)).map(|f| Ended::Finished(Box::new(f)))
}
