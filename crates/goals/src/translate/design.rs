//! How large the network is and how it is trained, decided from the pairs, the preset and the time.

use super::network::Blueprint;
use super::pairs::Pairs;
use crate::config::{Config, Preset};
use crate::design::{Chosen, Decider, Design};
use pellucid_data::Part;
use pellucid_nn::Schedule;
use pellucid_train::OptimizerKind;

/// Numbers of a head, unless there would be fewer than four heads.
const HEAD: usize = 64;

/// Share of each piece's probability that is spread over all others, if nothing else is said.
const SMOOTHING: f64 = 0.1;

/// Share of each piece's probability that is spread over all others.
pub(crate) fn smoothing(config: &Config) -> f64 {
    config.training.label_smoothing.unwrap_or(SMOOTHING)
}

/// What a preset costs and buys.
struct Effort {
    seconds: f64,
    width: usize,
    depth: usize,
    /// Pairs shown in all; bounded by the fewest and the most passes over the data.
    shown: usize,
    passes: (usize, usize),
}

impl Effort {
    fn of(preset: Preset) -> Effort {
        match preset {
            Preset::Quick => Effort { seconds: 300.0, width: 128, depth: 2, shown: 100_000, passes: (2, 40) },
            Preset::Good => Effort { seconds: 1800.0, width: 128, depth: 4, shown: 400_000, passes: (4, 60) },
            Preset::Best => {
                Effort { seconds: 3600.0, width: 192, depth: 5, shown: 1_000_000, passes: (6, 80) }
            }
        }
    }
}

/// Decides what the configuration leaves open.
pub(crate) fn design(pairs: &Pairs, config: &Config) -> Design<Blueprint> {
    let (given, network) = (&config.training, &config.network);
    let effort = Effort::of(given.preset);
    let rows = pairs.part(Part::Train).len();
    let mut decider = Decider::default();
    let shared = pairs.vocabularies.shared();
    let value = if shared { "one for both sides" } else { "one for each side" };
    let why = match network.shared_vocabulary {
        Some(_) => crate::design::GIVEN,
        None if config.data.both_ways => "both ways are learned",
        None if shared => "both sides are written with the same letters",
        None => "the sides are written with different letters",
    };
    decider.say("shared_vocabulary", value, why);
    let why = "by the preset";
    let width = decider.decide("width", network.width, effort.width, why);
    let depth = decider.decide("depth", network.depth, effort.depth, why);
    let dropout = match rows {
        0..100_000 => 0.3,
        100_000..1_000_000 => 0.1,
        _ => 0.05,
    };
    let dropout = decider.decide("dropout", network.dropout, dropout, "more where pairs are few");
    // As close to their usual width as divides the whole.
    let heads =
        (1..=(width / HEAD).max(4).min(width.max(1))).rev().find(|heads| width.is_multiple_of(*heads));
    let blueprint = Blueprint { width, depth, heads: heads.unwrap_or(1), dropout, shared };
    let own_batch = match rows {
        0..10_000 => 32,
        10_000..100_000 => 128,
        _ => 256,
    };
    let within = |batch: usize| batch.clamp(1, rows.max(1));
    let why = format!("suits {rows} training pairs; batches of long texts hold fewer, of short ones more");
    let batch = decider.decide("batch", given.batch.map(within), within(own_batch), &why);
    let per_pass = (rows / batch).max(1);
    let passes = (effort.shown / rows.max(1)).clamp(effort.passes.0, effort.passes.1);
    let why = format!("{passes} passes over {rows} training pairs");
    let steps = decider.decide("steps", given.steps, (passes * per_pass) as u64, &why);
    let rate = 3e-3 * (batch as f64 / 128.0).sqrt() * (128.0 / width.max(1) as f64).sqrt();
    let why = "grows with the square root of the batch, and falls with that of the width";
    let lr = decider.decide("learning_rate", given.learning_rate, rate, why);
    let weight_decay = decider.decide("weight_decay", given.weight_decay, 0.01, "usual for AdamW");
    let why = "no text can be translated in one way only";
    decider.decide("label_smoothing", given.label_smoothing, SMOOTHING, why);
    let chosen = Chosen {
        steps,
        batch,
        schedule: Schedule::Cosine { peak: lr, warmup: (steps / 10).clamp(1, 1000), floor: 0.01 },
        optimizer: OptimizerKind::AdamW { betas: (0.9, 0.98), epsilon: 1e-9, sparse: false },
        weight_decay,
        patience: 8,
    };
    let plan = decider.plan_of_writing(given, chosen);
    let seconds = given.seconds.unwrap_or(effort.seconds);
    Design { blueprint, plan, seconds, decisions: decider.decisions }
}
