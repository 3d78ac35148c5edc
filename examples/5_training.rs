//! **Training** as it is done in earnest: rows held back, the best weights kept, and nothing lost when it is stopped.
//!
//! A network with enough neurons can learn its examples by heart, mistakes and all. Then its error on them goes on
//! shrinking while it gets *worse* on everything else: it **overfits**. So some rows are held back, for
//! **validation**. The network never learns from them; they only say when it was at its best. The weights of that moment
//! are kept, and training ends when nothing better comes for a while (early stopping).
//!
//! `pellucid-train` does this for any network. It wants three things: a `Source` that makes batches of training rows, a
//! `Task` that knows the network and its loss, and a `Plan` with all numbers. Here, few and noisy measurements of a curve
//! are learned by a network that is far too large for them.

use drawing::{curves, map, plane};
use pellucid_grad::{Var, ops};
use pellucid_nn::layers::{Activation, Linear, Sequential};
use pellucid_nn::{Layer, Module, Pass, Schedule, Seed, state};
use pellucid_tensor::{Stream, Tensor};
use pellucid_train::{
    Observer, OptimizerKind, Outcome, Plan, Result, RunFolder, Source, Task, Validation, train,
};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The curve that nobody knows.
fn truth(x: f32) -> f32 {
    0.7 * (4.0 * x).sin()
}

/// Measurements of the curve: x `[n, 1]` and y `[n]`, with noise.
struct Measured {
    x: Tensor,
    y: Tensor,
}

fn measure(n: usize, seed: u64) -> Result<Measured> {
    let mut random = Stream::new(seed, "measure", 0);
    let x: Vec<f32> = (0..n).map(|_| random.between(-1.0, 1.0)).collect();
    let y: Vec<f32> = x.iter().map(|&x| truth(x) + 0.3 * random.normal()).collect();
    Ok(Measured { x: Tensor::new(&x, &[n, 1])?, y: Tensor::new(&y, &[n])? })
}

impl Source for Measured {
    type Batch = Measured;

    fn rows(&self) -> usize {
        self.y.len()
    }

    /// The rows that the loop asks for. (The stream of random numbers is for changing them; we leave them as they are.)
    fn batch(&self, rows: &[usize], _: &mut Stream) -> Result<Measured> {
        let (x, y) = (self.x.data::<f32>()?, self.y.data::<f32>()?);
        let take = |from: &[f32]| rows.iter().map(|&r| from[r]).collect::<Vec<_>>();
        let n = rows.len();
        Ok(Measured { x: Tensor::new(&take(x), &[n, 1])?, y: Tensor::new(&take(y), &[n])? })
    }
}

/// The network, and the rows that were held back.
struct Curve {
    network: Sequential,
    held_back: Measured,
}

impl Curve {
    fn new() -> Result<Curve> {
        let seed = Seed::new(1);
        let network = Sequential::new()
            .then(Linear::new(&seed.part("first"), 1, 128, Activation::Relu)?)
            .then(Linear::new(&seed.part("second"), 128, 128, Activation::Relu)?)
            .then(Linear::new(&seed.part("answer"), 128, 1, Activation::Identity)?);
        Ok(Curve { network, held_back: measure(300, 2)? })
    }

    fn answer(&self, pass: &Pass, x: &Tensor) -> Result<Var> {
        let y = self.network.forward(pass, &pass.input(x))?;
        Ok(ops::reshape(&y, &[x.len()])?)
    }
}

impl Task for Curve {
    type Source = Measured;

    fn model(&self) -> &dyn Module {
        &self.network
    }

    fn model_mut(&mut self) -> &mut dyn Module {
        &mut self.network
    }

    fn loss(&self, pass: &Pass, batch: &Measured) -> Result<Var> {
        Ok(ops::mse(&self.answer(pass, &batch.x)?, &batch.y, None)?)
    }

    /// Higher scores are better, so the score is the loss with a minus.
    fn validate(&self) -> Result<Validation> {
        let loss = self.loss(&Pass::inference(), &self.held_back)?.value().item()?;
        Ok(Validation { loss, metrics: vec![], score: -loss, score_name: "negative loss".to_owned() })
    }
}

/// Every number that decides how the training goes. The same plan over the same rows gives the same weights, bit for bit.
fn plan() -> Plan {
    Plan {
        steps: 3000,
        batch: 30,
        schedule: Schedule::Constant { peak: 0.01 },
        optimizer: OptimizerKind::AdamW { betas: (0.9, 0.999), epsilon: 1e-8, sparse: false },
        weight_decay: 0.0,
        clip: 1.0,
        ema: None,
        validate_every: 5,
        patience: Some(60),
        log_every: 10,
        checkpoint_every: 10,
        checkpoint_seconds: 1.0,
        seed: 1,
    }
}

/// Watches the losses, and can ask the training to stop, as Ctrl-C does.
struct Watch<'a> {
    stop: &'a AtomicBool,
    stop_after: u64,
    last: f64,
    learned: Vec<f64>,
    held_back: Vec<f64>,
}

impl Observer for Watch<'_> {
    fn step(&mut self, event: &pellucid_train::StepEvent) {
        self.last = event.loss;
        if event.step == self.stop_after {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    fn validated(&mut self, _: u64, validation: &Validation, _: bool) {
        self.learned.push(self.last);
        self.held_back.push(validation.loss);
    }

    fn warning(&mut self, text: &str) {
        println!("{text}");
    }
}

/// What became of a training.
struct Trained {
    task: Curve,
    outcome: Outcome,
    learned: Vec<f64>,
    held_back: Vec<f64>,
}

/// Trains in a folder, which keeps the log and the checkpoints; asked to stop after some steps, it can be called again
/// and goes on where it was.
fn run(folder: &Path, stop_after: u64) -> Result<Trained> {
    let (mut task, stop) = (Curve::new()?, AtomicBool::new(false));
    let mut watch = Watch { stop: &stop, stop_after, last: 0.0, learned: vec![], held_back: vec![] };
    let source = Arc::new(measure(30, 1)?);
    let folder = RunFolder::new(folder, "30 measurements");
    let outcome = train(&mut task, source, &plan(), &folder, &mut watch, &stop)?;
    let Watch { learned, held_back, .. } = watch;
    Ok(Trained { task, outcome, learned, held_back })
}

const NEVER: u64 = u64::MAX;

/// The same training twice: in one go, and stopped after `steps` and called again.
fn interrupted(steps: u64) -> std::result::Result<(Trained, Trained), Box<dyn std::error::Error>> {
    let (one, two) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let whole = run(one.path(), NEVER)?;
    run(two.path(), steps)?;
    Ok((whole, run(two.path(), NEVER)?))
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let (whole, resumed) = interrupted(100)?;
    println!("128 · 128 neurons learn 30 measurements. · loss on these   # loss on the rows held back\n");
    print!("{}", curves(&[('·', &whole.learned), ('#', &whole.held_back)], 12, 0.05, 0.2));
    let best = whole.outcome.best.ok_or("no validation")?;
    println!(
        "\nIt was at its best after {} steps and stopped after {}; the weights of step {} were kept.",
        best.step, whole.outcome.steps_done, best.step
    );

    const WIDTH: usize = 64;
    let columns: Vec<f32> = plane(WIDTH, 1).iter().map(|[x, _]| *x).collect();
    let answers = whole.task.answer(&Pass::inference(), &Tensor::new(&columns, &[WIDTH, 1])?)?;
    let line =
        |y: &dyn Fn(usize) -> f32, mark| (0..WIDTH).map(|i| ([columns[i], y(i)], mark)).collect::<Vec<_>>();
    let known = measure(30, 1)?;
    let points = known.x.data::<f32>()?.iter().zip(known.y.data::<f32>()?).map(|(x, y)| ([*x, *y], 'o'));
    let answers = answers.value().data::<f32>()?;
    let marks = [line(&|i| truth(columns[i]), '·'), line(&|i| answers[i], '#'), points.collect()].concat();
    println!("\nThe measurements (o), the curve they were taken from (·), and what was learned (#):\n");
    print!("{}", map(vec![' '; WIDTH * 18], WIDTH, &marks));

    let same = state::to_bytes(&whole.task.network)? == state::to_bytes(&resumed.task.network)?;
    println!(
        "\nStopped after 100 steps and called again, it gives {} weights.",
        if same { "exactly the same" } else { "other" }
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_best_weights_come_before_the_end_and_an_interruption_changes_nothing() {
        let (whole, resumed) = interrupted(100).unwrap();
        let best = whole.outcome.best.as_ref().unwrap();
        assert!(best.step < whole.outcome.steps_done && whole.outcome.steps_done < plan().steps);
        let last = whole.held_back.last().unwrap();
        assert!(
            *last > 1.1 * best.validation.loss,
            "overfitted: {last} at the end, {} at best",
            best.validation.loss
        );
        assert_eq!(whole.task.validate().unwrap().loss, best.validation.loss, "the best weights are kept");
        assert_eq!(resumed.outcome.best, whole.outcome.best);
        let bytes = |t: &Trained| state::to_bytes(&t.task.network).unwrap();
        assert!(bytes(&whole) == bytes(&resumed));
    }

    #[test]
    fn the_answer_is_nearer_to_the_curve_than_the_measurements_are() {
        let folder = tempfile::tempdir().unwrap();
        let task = run(folder.path(), NEVER).unwrap().task;
        let known = measure(30, 1).unwrap();
        let off = |y: &[f32]| -> f32 {
            let x = known.x.data::<f32>().unwrap();
            x.iter().zip(y).map(|(&x, y)| (y - truth(x)).powi(2)).sum::<f32>() / 30.0
        };
        let answers = task.answer(&Pass::inference(), &known.x).unwrap();
        let (answered, measured) = (off(answers.value().data().unwrap()), off(known.y.data().unwrap()));
        assert!(answered < measured, "{answered} and {measured}");
    }
}
