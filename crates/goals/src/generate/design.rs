//! How large the network is and how it is trained, decided from the works, the preset and the time.

use super::corpus::Corpus;

use super::script::Script;
use crate::causal::Blueprint;
use crate::config::{Config, Preset};
use crate::design::{Chosen, Decider, Design, GIVEN};
use pellucid_data::Part;
use pellucid_nn::Schedule;
use pellucid_train::OptimizerKind;

/// Numbers of a head, at least.
const HEAD: usize = 32;

/// Pieces in a batch.
const PLACES: usize = 2048;

/// Melodies come in other keys at every pass, so that many times as many passes teach something new.
const KEYS: usize = 4;

/// What a preset costs and buys.
struct Effort {
    seconds: f64,
    width: usize,
    depth: usize,
    context: usize,
    /// The most passes over the works.
    passes: usize,
}

impl Effort {
    fn of(preset: Preset) -> Effort {
        match preset {
            Preset::Quick => Effort { seconds: 120.0, width: 128, depth: 3, context: 128, passes: 10 },
            Preset::Good => Effort { seconds: 600.0, width: 128, depth: 4, context: 256, passes: 20 },
            Preset::Best => Effort { seconds: 3600.0, width: 256, depth: 6, context: 256, passes: 30 },
        }
    }
}

/// Decides what the configuration leaves open.
pub(crate) fn design(corpus: &Corpus, config: &Config) -> Design<Blueprint> {
    let (given, network) = (&config.training, &config.network);
    let effort = Effort::of(given.preset);
    let (pieces, script) = (corpus.part(Part::Train).len(), &corpus.script);
    let mut decider = Decider::default();
    if let Script::Text(vocabulary) = script.as_ref() {
        let why = match vocabulary.is_of_characters() {
            true => "there is not enough text to learn words from",
            false => "there is enough text to learn words from",
        };
        let why = if network.characters.is_some() { GIVEN } else { why };
        decider.say("characters", script.pieces_are(), why);
    }
    let why = "by the preset";
    let width = decider.decide("width", network.width, effort.width, why);
    let depth = decider.decide("depth", network.depth, effort.depth, why);
    // A stretch, and the piece after it, must be there.
    let within = |context: usize| context.min(pieces.saturating_sub(1) / 2).max(2);
    let context = decider.decide("context", network.context.map(within), within(effort.context), why);
    let dropout = match pieces {
        0..300_000 => 0.2,
        300_000..3_000_000 => 0.1,
        _ => 0.0,
    };
    let dropout = decider.decide("dropout", network.dropout, dropout, "more where works are few");
    let even = |heads: &usize| width.is_multiple_of(2 * heads);
    let heads = (1..=(width / HEAD).max(1)).rev().find(even).unwrap_or(1);
    let blueprint = Blueprint { width, depth, heads, dropout, context };
    let rows = (pieces.saturating_sub(1) / context).max(1);
    let own_batch = (PLACES / context).clamp(1, rows);
    let batch = decider.decide(
        "batch",
        given.batch.map(|batch| batch.clamp(1, rows)),
        own_batch,
        "stretches of about 2,048 pieces in all",
    );
    let per_pass = (rows / batch).max(1);
    let passes = effort.passes * if matches!(script.as_ref(), Script::Melody(_)) { KEYS } else { 1 };
    let why = format!("{passes} passes over {pieces} pieces");
    let steps = decider.decide("steps", given.steps, (passes * per_pass) as u64, &why);
    let rate = 5e-3 * (128.0 / width.max(1) as f64).sqrt();
    let lr = decider.decide("learning_rate", given.learning_rate, rate, "falls with the root of the width");
    let why = "more than usual: works are seen several times";
    let weight_decay = decider.decide("weight_decay", given.weight_decay, 0.1, why);
    let chosen = Chosen {
        steps,
        batch,
        schedule: Schedule::Cosine { peak: lr, warmup: (steps / 20).clamp(1, 200), floor: 0.02 },
        optimizer: OptimizerKind::AdamW { betas: (0.9, 0.99), epsilon: 1e-8, sparse: false },
        weight_decay,
        patience: 5,
    };
    let plan = decider.plan_of_writing(given, chosen);
    let seconds = given.seconds.unwrap_or(effort.seconds);
    Design { blueprint, plan, seconds, decisions: decider.decisions }
}
