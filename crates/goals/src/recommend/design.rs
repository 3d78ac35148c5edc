//! How large the network is and how it is trained, decided from what was taken, the preset and the time.

use super::network::Blueprint;
use super::task::People;
use crate::causal;
use crate::config::{Config, Preset};
use crate::design::{Chosen, Decider, Design};
use pellucid_nn::Schedule;
use pellucid_train::OptimizerKind;

/// What a preset costs and buys.
struct Effort {
    seconds: f64,
    width: usize,
    /// The most passes over all users.
    passes: usize,
}

impl Effort {
    fn of(preset: Preset) -> Effort {
        match preset {
            Preset::Quick => Effort { seconds: 30.0, width: 64, passes: 30 },
            Preset::Good => Effort { seconds: 300.0, width: 128, passes: 60 },
            Preset::Best => Effort { seconds: 3600.0, width: 256, passes: 120 },
        }
    }
}

/// Numbers of the vectors that say how something is liked: few, because ratings are few.
const RATING_WIDTH: usize = 24;

/// Numbers of a head, at least.
const HEAD: usize = 32;

/// Blocks that see the order, the things that they see of it, and the share of values dropped: chosen on MovieLens' validation.
const DEPTH: usize = 2;
const CONTEXT: usize = 50;
const DROPOUT: f64 = 0.3;

/// What sees the order: half as wide as the rest.
fn sequence(decider: &mut Decider, width: usize, config: &Config) -> causal::Blueprint {
    let network = &config.network;
    let heads = (width / 2 / HEAD).max(1);
    let width = (width / 2).next_multiple_of(2 * heads);
    let why = "blocks that see the order in which things were taken";
    let depth = decider.decide("depth", network.depth, DEPTH, why);
    let context = decider.decide("context", network.context, CONTEXT, "the last things whose order is seen");
    let dropout = decider.decide("dropout", network.dropout, DROPOUT, "of what sees the order");
    causal::Blueprint { width, depth, heads, dropout, context }
}

/// Decides what the configuration leaves open; there are `users` of whom something is to be learned, and, if `ordered`, the order in which they
/// took things.
pub(crate) fn design(people: &People, users: usize, ordered: bool, config: &Config) -> Design<Blueprint> {
    let (given, network) = (&config.training, &config.network);
    let effort = Effort::of(given.preset);
    let mut decider = Decider::default();
    let width = decider.decide("width", network.width, effort.width, "by the preset");
    let rating_width = if people.scale.is_some() { RATING_WIDTH } else { 0 };
    let sequence = ordered.then(|| sequence(&mut decider, width, config));
    let batch = |batch: usize| batch.clamp(1, users.max(1));
    let batch =
        decider.decide("batch", given.batch.map(batch), batch(64), "users, each with half of what was taken");
    let per_pass = (users / batch).max(1);
    let why = format!("{} passes over {users} users", effort.passes);
    let steps = decider.decide("steps", given.steps, (effort.passes * per_pass) as u64, &why);
    let lr = decider.decide("learning_rate", given.learning_rate, 0.01, "usual for tables of vectors");
    let weight_decay = decider.decide("weight_decay", given.weight_decay, 0.01, "little");
    let chosen = Chosen {
        steps,
        batch,
        schedule: Schedule::Cosine { peak: lr, warmup: (steps / 20).clamp(1, 100), floor: 0.02 },
        optimizer: OptimizerKind::AdamW { betas: (0.9, 0.99), epsilon: 1e-8, sparse: true },
        weight_decay,
        patience: 8,
    };
    let plan = decider.plan_of_writing(given, chosen);
    let seconds = given.seconds.unwrap_or(effort.seconds);
    let sides = [people.sides[0].width, people.sides[1].width];
    let blueprint = Blueprint { width, rating_width, sides, sequence };
    Design { blueprint, plan, seconds, decisions: decider.decisions }
}
