//! How large the network is and how it is trained, decided from the pictures, the preset and the time.

use super::gallery::Gallery;
use super::network::Blueprint;
use crate::config::{Config, Preset};
use crate::design::{Chosen, Decider, Design, GIVEN};
use pellucid_data::Part;
use pellucid_kinds::image::{Augment, Mirror};
use pellucid_nn::Schedule;
use pellucid_train::OptimizerKind;

/// What a preset costs and buys.
struct Effort {
    seconds: f64,
    channels: usize,
    blocks: usize,
    /// The most pictures to learn from, each time one is seen.
    seen: usize,
}

impl Effort {
    fn of(preset: Preset) -> Effort {
        match preset {
            Preset::Quick => Effort { seconds: 120.0, channels: 32, blocks: 1, seen: 200_000 },
            Preset::Good => Effort { seconds: 900.0, channels: 48, blocks: 1, seen: 1_500_000 },
            Preset::Best => Effort { seconds: 3600.0, channels: 64, blocks: 1, seen: 6_000_000 },
        }
    }
}

/// The changes to training pictures.
pub(crate) fn augment(config: &Config) -> Augment {
    config.training.augment.unwrap_or(Augment::NONE)
}

/// Decides what the configuration leaves open; `mirror` is what the pictures said of mirroring, if that decided their changes.
pub(crate) fn design(gallery: &Gallery, mirror: Option<&Mirror>, config: &Config) -> Design<Blueprint> {
    let (given, network) = (&config.training, &config.network);
    let effort = Effort::of(given.preset);
    let rows = gallery.part(Part::Train).len();
    let mut decider = Decider::default();
    let why = "by the preset";
    let even = |channels: usize| channels.next_multiple_of(8).max(8);
    let channels = decider.decide("channels", network.channels.map(even), effort.channels, why);
    let blocks = decider.decide("blocks", network.blocks.map(|blocks| blocks.max(1)), effort.blocks, why);
    let dropout = if rows < 5_000 { 0.1 } else { 0.0 };
    let dropout = decider.decide("dropout", network.dropout, dropout, "some where pictures are few");
    let why = mirror.map_or(GIVEN, |mirror| &mirror.reason);
    decider.say("augment", &augment(config).describe(), why);
    if gallery.pictures.detail > 1 {
        let why =
            "there are few, and they are larger than they are painted: parts show other places more closely";
        decider.say("parts", "three of four pictures are cut", why);
    }
    let own = |batch: usize| batch.clamp(1, rows.max(1));
    let batch = decider.decide("batch", given.batch.map(own), own(64), "enough for even steps");
    let why = format!("so that {} pictures are seen", effort.seen);
    let steps = decider.decide("steps", given.steps, (effort.seen / batch) as u64, &why);
    let rate = 6e-3 * (48.0 / channels as f64).sqrt();
    let lr =
        decider.decide("learning_rate", given.learning_rate, rate, "falls with the root of the channels");
    let weight_decay = decider.decide("weight_decay", given.weight_decay, 0.01, "little");
    let chosen = Chosen {
        steps,
        batch,
        schedule: Schedule::Cosine { peak: lr, warmup: (steps / 20).clamp(1, 500), floor: 0.02 },
        optimizer: OptimizerKind::AdamW { betas: (0.9, 0.99), epsilon: 1e-8, sparse: false },
        weight_decay,
        patience: 20,
    };
    let plan = decider.plan_of_writing(given, chosen);
    let seconds = given.seconds.unwrap_or(effort.seconds);
    let blueprint = Blueprint { channels, blocks, dropout };
    Design { blueprint, plan, seconds, decisions: decider.decisions }
}
