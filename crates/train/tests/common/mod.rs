//! A small task with everything that makes exact resuming hard: dropout, batch norm, augmentation, a moving mean.

#![allow(clippy::unwrap_used, dead_code)]

use pellucid_grad::{Var, ops};
use pellucid_kernels::activation::Activation;
use pellucid_nn::layers::{BatchNorm, Dropout, Linear};
use pellucid_nn::{Layer, Module, ParamId, Pass, Role, Schedule, Seed, module, params};
use pellucid_tensor::{Stream, Tensor};
use pellucid_train::{
    Failure, Line, Observer, OptimizerKind, Outcome, Plan, Result, RunFolder, Source, StepEvent, Task,
    Validation, read_log, train,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

pub(crate) const FEATURES: usize = 12;

/// Rows whose class says whether the first two features have the same sign; augmented by noise.
pub(crate) struct Rows {
    pub(crate) count: usize,
    /// A row that makes every feature of its batch NaN.
    pub(crate) poison: Option<usize>,
}

/// Features and classes of rows.
pub(crate) struct Batch {
    features: Tensor,
    classes: Tensor,
}

fn row(index: usize) -> ([f32; FEATURES], u32) {
    let mut stream = Stream::new(99, "row", index as u64);
    let features: [f32; FEATURES] = std::array::from_fn(|_| stream.normal());
    (features, u32::from(features[0] * features[1] > 0.0))
}

fn rows(indices: impl Iterator<Item = usize>, mut noise: impl FnMut() -> f32) -> Batch {
    let (mut features, mut classes) = (Vec::new(), Vec::new());
    for index in indices {
        let (x, class) = row(index);
        features.extend(x.map(|x| x + noise()));
        classes.push(class);
    }
    let n = classes.len();
    Batch {
        features: Tensor::new(&features, &[n, FEATURES]).unwrap(),
        classes: Tensor::new(&classes, &[n]).unwrap(),
    }
}

impl Source for Rows {
    type Batch = Batch;

    fn rows(&self) -> usize {
        self.count
    }

    fn batch(&self, indices: &[usize], augment: &mut Stream) -> std::result::Result<Batch, Failure> {
        let poisoned = self.poison.is_some_and(|row| indices.contains(&row));
        let noise = || if poisoned { f32::NAN } else { augment.normal() * 0.1 };
        Ok(rows(indices.iter().copied(), noise))
    }
}

pub(crate) struct Net {
    first: Linear,
    norm: BatchNorm,
    dropout: Dropout,
    last: Linear,
}
module!(Net { first, norm, dropout, last });

impl Net {
    fn new(width: usize) -> Net {
        let seed = Seed::new(5);
        Net {
            first: Linear::new(&seed.part("first"), FEATURES, width, Activation::Identity).unwrap(),
            norm: BatchNorm::new(width, Activation::Relu).unwrap(),
            dropout: Dropout::new(0.1).unwrap(),
            last: Linear::new(&seed.part("last"), width, 2, Activation::Identity).unwrap(),
        }
    }

    fn forward(&self, pass: &Pass, features: &Tensor) -> Result<Var> {
        let x = self.first.forward(pass, &pass.input(features))?;
        let x = self.norm.forward(pass, &x)?;
        let x = self.dropout.forward(pass, &x)?;
        Ok(self.last.forward(pass, &x)?)
    }
}

/// Learns the rows' classes.
pub(crate) struct SameSign {
    pub(crate) net: Net,
    pub(crate) validation: Batch,
    /// Scores to report instead of the true ones, in turn.
    pub(crate) scripted: Option<std::cell::RefCell<Vec<f64>>>,
}

impl SameSign {
    pub(crate) fn new(width: usize) -> SameSign {
        SameSign { net: Net::new(width), validation: rows(1_000_000..1_000_200, || 0.0), scripted: None }
    }

    pub(crate) fn weights(&self) -> Vec<(String, Vec<u64>)> {
        let bits = |t: &Tensor| t.to_vec().into_iter().map(f64::to_bits).collect();
        params(&self.net).into_iter().map(|(path, p)| (path, bits(&p.value))).collect()
    }
}

impl Task for SameSign {
    type Source = Rows;

    fn model(&self) -> &dyn Module {
        &self.net
    }

    fn model_mut(&mut self) -> &mut dyn Module {
        &mut self.net
    }

    fn layers(&self) -> Result<Vec<Vec<ParamId>>> {
        let of = |part: &dyn Module| {
            let learned = params(part).into_iter().filter(|(_, p)| p.role != Role::Buffer);
            learned.map(|(_, p)| p.id()).collect()
        };
        Ok([&self.net.first as &dyn Module, &self.net.norm, &self.net.last].map(of).into())
    }

    fn loss(&self, pass: &Pass, batch: &Batch) -> Result<Var> {
        let logits = self.net.forward(pass, &batch.features)?;
        Ok(ops::cross_entropy(&logits, &batch.classes, 0.0, None, None)?)
    }

    fn validate(&self) -> Result<Validation> {
        let pass = Pass::inference();
        let logits = self.net.forward(&pass, &self.validation.features)?;
        let loss = ops::cross_entropy(&logits, &self.validation.classes, 0.0, None, None)?.value().item()?;
        let (values, classes) = (logits.value().to_vec(), self.validation.classes.to_vec());
        let right = values.chunks(2).zip(&classes).filter(|(l, c)| f64::from(u8::from(l[1] > l[0])) == **c);
        let accuracy = right.count() as f64 / classes.len() as f64;
        let score = match &self.scripted {
            Some(scores) => scores.borrow_mut().remove(0),
            None => -loss,
        };
        let metrics = vec![("accuracy".to_owned(), accuracy)];
        Ok(Validation { loss, metrics, score, score_name: "negative loss".into() })
    }
}

pub(crate) fn plan(steps: u64) -> Plan {
    Plan {
        steps,
        batch: 32,
        schedule: Schedule::Cosine { peak: 0.01, warmup: 10, floor: 0.1 },
        optimizer: OptimizerKind::AdamW { betas: (0.9, 0.999), epsilon: 1e-8, sparse: false },
        weight_decay: 0.01,
        clip: 1.0,
        ema: Some(0.9),
        validate_every: 20,
        patience: None,
        log_every: 7,
        checkpoint_every: 10,
        checkpoint_seconds: 0.0,
        seed: 3,
    }
}

/// Remembers what it was told; can also act at a step.
#[derive(Default)]
pub(crate) struct Notes<'a> {
    pub(crate) steps: Vec<StepEvent>,
    pub(crate) warnings: Vec<String>,
    pub(crate) resumed: Vec<u64>,
    pub(crate) checkpoints: Vec<u64>,
    pub(crate) validated: Vec<(u64, bool)>,
    pub(crate) at_step: Option<(u64, &'a dyn Fn())>,
}

impl Observer for Notes<'_> {
    fn step(&mut self, event: &StepEvent) {
        self.steps.push(*event);
        if let Some((step, act)) = self.at_step
            && step == event.step
        {
            act();
        }
    }
    fn validated(&mut self, step: u64, _: &Validation, best: bool) {
        self.validated.push((step, best));
    }
    fn checkpointed(&mut self, step: u64) {
        self.checkpoints.push(step);
    }
    fn resumed(&mut self, step: u64) {
        self.resumed.push(step);
    }
    fn warning(&mut self, text: &str) {
        self.warnings.push(text.to_owned());
    }
}

pub(crate) fn source() -> Arc<Rows> {
    Arc::new(Rows { count: 500, poison: None })
}

/// Trains in `folder` until the end, or until an observer's action sets `stop`.
pub(crate) fn run(
    task: &mut SameSign,
    plan: &Plan,
    folder: &Path,
    notes: &mut Notes,
    stop: &AtomicBool,
) -> Result<Outcome> {
    train(task, source(), plan, &RunFolder::new(folder, "rows 1"), notes, stop)
}

/// Trains a network of `width` from its beginning or checkpoint, without interruption.
pub(crate) fn run_to_end(plan: &Plan, folder: &Path, width: usize) -> (SameSign, Outcome) {
    let mut task = SameSign::new(width);
    let outcome = run(&mut task, plan, folder, &mut Notes::default(), &AtomicBool::new(false)).unwrap();
    (task, outcome)
}

/// The checkpoints in a run's folder, the newest first.
pub(crate) fn checkpoints(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder.join("checkpoints")).unwrap();
    let mut found: Vec<_> = files.map(|f| f.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|e| e == "ckpt"));
    found.sort();
    found.reverse();
    found
}

/// Everything a finished run left that has to be the same after any interruptions.
#[derive(Debug, PartialEq)]
pub(crate) struct Remains {
    /// The newest checkpoint's header without its wall-clock fields.
    header: serde_json::Value,
    /// Its tensors, as stored: weights, moments, moving mean, best weights.
    tensors: Vec<u8>,
    /// The log without its wall-clock field.
    lines: Vec<Line>,
    /// The TensorBoard scalars without their times.
    scalars: BTreeMap<(String, u64), f32>,
}

pub(crate) fn remains(folder: &Path) -> Remains {
    let bytes = std::fs::read(&checkpoints(folder)[0]).unwrap();
    let start = b"pellucid checkpoint 1\n".len();
    let length = u64::from_le_bytes(bytes[start..start + 8].try_into().unwrap()) as usize;
    let (header, rest) = bytes[start + 8..].split_at(length);
    let mut header: serde_json::Value = serde_json::from_slice(header).unwrap();
    let progress = header["progress"].as_object_mut().unwrap();
    progress.remove("seconds").unwrap();
    progress.remove("log_bytes").unwrap();

    let mut lines = read_log(&folder.join("metrics.jsonl")).unwrap();
    for line in &mut lines {
        match line {
            Line::Step(line) => line.seconds = 0.0,
            Line::Validation(line) => line.seconds = 0.0,
            Line::Layers(_) => {}
        }
    }
    let events = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path());
    let events: Vec<_> = events.filter(|p| p.to_string_lossy().contains("tfevents")).collect();
    assert_eq!(events.len(), 1);
    let scalars = pellucid_train::tensorboard::read_scalars(&events[0]).unwrap();
    let count = scalars.len();
    let scalars: BTreeMap<_, _> = scalars.into_iter().map(|s| ((s.tag, s.step), s.value)).collect();
    assert_eq!(scalars.len(), count, "a value is there twice");
    Remains { header, tensors: rest[..rest.len() - 32].to_vec(), lines, scalars }
}
