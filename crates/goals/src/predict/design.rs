//! How large the network is and how it is trained, decided from the data, the preset and the time.

use crate::config::{Config, NetworkConfig, Preset, TrainingConfig};
use crate::design::{Decider, Decision};
use crate::networks::TextBlueprint;
use crate::start::Start;
use pellucid_kinds::image::{Augment, Mirroring};
use pellucid_kinds::{Batcher, Target};
use pellucid_nn::Schedule;
use pellucid_pretrained::{BertConfig, VisionConfig};
use pellucid_train::{OptimizerKind, Plan};
use serde::{Deserialize, Serialize};

/// What a network is built from, beside the columns' features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blueprint {
    /// A person's own layers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layers: Option<Vec<String>>,
    /// Channels of the first stage of a picture network; the others have four times as many.
    pub channels: usize,
    /// Convolutions in each of its stages after the one that halves the picture.
    pub blocks: usize,
    /// The network of each text.
    #[serde(default, skip_serializing_if = "TextBlueprint::is_nothing")]
    pub text: TextBlueprint,
    /// The form of a network for pictures that others have trained, in place of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vision: Option<VisionConfig>,
    /// Width of the network that joins all columns.
    pub width: usize,
    /// Its residual blocks.
    pub depth: usize,
    /// Share of values dropped in training.
    pub dropout: f64,
    /// Whether what the networks of texts and pictures make of rows is standardised, because these do not learn to suit the answers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub standardised: bool,
    /// Networks of this form, which start from other weights and answer together.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub members: usize,
    /// Answers are the mean of those for a picture and for its mirror image, unless mirroring changes them.
    #[serde(default = "never")]
    pub mirror: Mirroring,
}

fn one() -> usize {
    1
}

fn is_one(n: &usize) -> bool {
    *n == 1
}

fn never() -> Mirroring {
    Mirroring::Never
}

/// Facts that decisions rest on.
pub(crate) struct Facts<'a> {
    /// What goes in and what must come out.
    pub batcher: &'a Batcher,
    /// Training rows.
    pub rows: usize,
    /// What the network starts from, if anything is given.
    pub start: Option<&'a Start>,
    /// What mirroring does to pictures, and why.
    pub mirror: Option<&'a pellucid_kinds::image::Mirror>,
}

impl Facts<'_> {
    /// The shape of a network for texts that others have trained.
    fn bert(&self) -> Option<BertConfig> {
        self.start.and_then(Start::bert)
    }

    /// The form of a network for pictures that others have trained.
    fn vision(&self) -> Option<&VisionConfig> {
        self.start.and_then(Start::vision)
    }

    /// The form of the network that an earlier run had.
    fn earlier(&self) -> Option<&Blueprint> {
        self.start.and_then(Start::blueprint)
    }
}

/// Everything that was decided.
pub(crate) struct Design {
    /// The network.
    pub blueprint: Blueprint,
    /// The training, still without a limit by time.
    pub plan: Plan,
    /// Changes to training pictures.
    pub augment: Option<Augment>,
    /// Whether the network of texts learns only to draw those of one class together.
    pub alike: bool,
    /// The most seconds that training may take.
    pub seconds: f64,
    /// The decisions in words.
    pub decisions: Vec<Decision>,
}

/// What takes most of the work: it decides how long and how a network learns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Pictures,
    Texts,
    /// Texts or pictures, from a network that others have trained.
    Tuned,
    /// Vectors, among them those that networks which do not learn make of pictures and texts.
    Vectors,
}

impl Sort {
    fn of(facts: &Facts<'_>, frozen: bool) -> Sort {
        match (facts.batcher.picture_sizes().is_empty(), facts.batcher.text_sizes().is_empty()) {
            _ if frozen => Sort::Vectors,
            (false, _) if facts.vision().is_some() => Sort::Tuned,
            (false, _) => Sort::Pictures,
            (true, false) if facts.bert().is_some() => Sort::Tuned,
            (true, false) => Sort::Texts,
            (true, true) => Sort::Vectors,
        }
    }
}

/// The effort of a preset: what it costs and what it buys.
struct Effort {
    seconds: f64,
    channels: usize,
    blocks: usize,
    width: usize,
    depth: usize,
    /// Networks that answer together where rows are few.
    members: usize,
    /// Rows shown in all; bounded by the fewest and the most passes over the data.
    shown: usize,
    passes: (usize, usize),
}

impl Effort {
    fn of(preset: Preset, sort: Sort) -> Effort {
        let (seconds, [channels, blocks, width, depth]) = match preset {
            Preset::Quick => (60.0, [16, 1, 128, 1]),
            Preset::Good => (480.0, [32, 1, 256, 2]),
            Preset::Best => (3600.0, [64, 2, 384, 3]),
        };
        let members = match (preset, sort) {
            (Preset::Good, Sort::Texts) => 6,
            (Preset::Best, Sort::Texts) => 12,
            // They are large.
            (Preset::Best, Sort::Tuned) => 3,
            _ => 1,
        };
        let (shown, passes) = match (preset, sort) {
            (Preset::Quick, Sort::Pictures) => (150_000, (3, 30)),
            (Preset::Good, Sort::Pictures) => (750_000, (12, 80)),
            (Preset::Best, Sort::Pictures) => (4_000_000, (30, 200)),
            (Preset::Quick, Sort::Texts) => (100_000, (2, 15)),
            (Preset::Good, Sort::Texts) => (400_000, (6, 30)),
            (Preset::Best, Sort::Texts) => (2_000_000, (12, 60)),
            (Preset::Quick, Sort::Tuned) => (10_000, (1, 20)),
            (Preset::Good, Sort::Tuned) => (25_000, (2, 40)),
            (Preset::Best, Sort::Tuned) => (40_000, (3, 40)),
            (Preset::Quick, Sort::Vectors) => (300_000, (5, 60)),
            (Preset::Good, Sort::Vectors) => (1_000_000, (15, 150)),
            (Preset::Best, Sort::Vectors) => (4_000_000, (30, 300)),
        };
        Effort { seconds, channels, blocks, width, depth, members, shown, passes }
    }
}

/// Of the usual learning rate, what a network has that has learned already.
const AGAIN: f64 = 0.25;

/// Decides what the configuration leaves open.
pub(crate) fn design(facts: &Facts<'_>, config: &Config) -> Design {
    let sort = Sort::of(facts, config.training.freeze);
    let effort = Effort::of(config.training.preset, sort);
    let mut decider = Decider::default();
    let pictures = !facts.batcher.picture_sizes().is_empty() && !config.training.freeze;
    let augment = pictures.then(|| config.training.augment.unwrap_or_else(|| changes(facts)));
    let mirror = augment.map_or(Mirroring::Never, |a| a.mirror);
    let mut blueprint = blueprint(&effort, &config.network, facts, (sort, mirror), &mut decider);
    let alike = alike(facts, sort, &mut decider);
    blueprint.standardised = config.training.freeze || alike;
    let plan = plan(&effort, config, facts, (sort, alike), &mut decider);
    if let Some(a) = &augment {
        let only_sounds = facts.batcher.sounds().iter().all(|&sound| sound);
        let what = if only_sounds { "sound" } else { "picture" };
        let why = facts
            .mirror
            .map_or_else(|| format!("small changes that keep a {what}'s meaning"), |m| m.reason.clone());
        let value = if only_sounds { a.describe_sounds() } else { a.describe() };
        decider.decisions.push(Decision { setting: "augment".to_owned(), value, why });
    }
    let seconds = config.training.seconds.unwrap_or(effort.seconds);
    Design { blueprint, plan, augment, alike, seconds, decisions: decider.decisions }
}

fn blueprint(
    effort: &Effort,
    given: &NetworkConfig,
    facts: &Facts<'_>,
    (sort, mirror): (Sort, Mirroring),
    decider: &mut Decider,
) -> Blueprint {
    let dropout = match (sort, facts.rows) {
        (Sort::Tuned, _) => 0.1,
        (Sort::Texts, 0..20_000) => 0.5,
        (Sort::Texts, _) => 0.3,
        (_, 0..2_000) => 0.3,
        (_, 2_000..20_000) => 0.25,
        (_, _) => 0.1,
    };
    let dropout = decider.decide("dropout", given.dropout, dropout, "more where rows are few");
    if let Some(earlier) = facts.earlier() {
        let why = "as the network has that this one starts from";
        let mut same = |setting: &str, given, own| decider.decide(setting, given, own, why);
        return Blueprint {
            layers: given.layers.clone().or_else(|| earlier.layers.clone()),
            channels: same("channels", given.channels, earlier.channels),
            blocks: same("blocks", given.blocks, earlier.blocks),
            width: same("width", given.width, earlier.width),
            depth: same("depth", given.depth, earlier.depth),
            standardised: false,
            members: same("members", given.members, if sort == Sort::Vectors { 1 } else { earlier.members }),
            text: earlier.text,
            vision: earlier.vision.clone(),
            dropout,
            mirror,
        };
    }
    let why = "by the preset";
    // Wide networks learn few pictures by heart.
    let (channels, why_channels) = match facts.rows {
        0..2_000 => (effort.channels / 2, "by the preset, half of it where pictures are few"),
        _ => (effort.channels, why),
    };
    Blueprint {
        layers: given.layers.clone(),
        text: text(effort, facts, decider),
        vision: facts.vision().cloned(),
        channels: decider.decide("channels", given.channels, channels, why_channels),
        blocks: decider.decide("blocks", given.blocks, effort.blocks, why),
        width: decider.decide("width", given.width, effort.width, why),
        depth: decider.decide("depth", given.depth, effort.depth, why),
        dropout,
        standardised: false,
        members: members(effort, given.members, facts, decider),
        mirror,
    }
}

/// Rows from which on transformer blocks learn more from texts than convolutions alone.
const ROWS_FOR_BLOCKS: usize = 20_000;

/// The network of texts; nothing where there are none.
fn text(effort: &Effort, facts: &Facts<'_>, decider: &mut Decider) -> TextBlueprint {
    if facts.batcher.text_sizes().is_empty() {
        return TextBlueprint::default();
    }
    if let Some(bert) = facts.bert() {
        let value = format!("{} blocks of {} numbers", bert.num_hidden_layers, bert.hidden_size);
        decider.decisions.push(Decision {
            setting: "text".to_owned(),
            value,
            why: "as the given network has".to_owned(),
        });
        return TextBlueprint { bert: Some(bert), ..TextBlueprint::default() };
    }
    let (vector, half) = (effort.width, effort.width / 2);
    let (blueprint, value, why) = match facts.rows {
        0..ROWS_FOR_BLOCKS => (
            TextBlueprint { vector: half, states: half, blocks: 0, bert: None },
            format!("a recurrent layer of {half} numbers from each end"),
            "rows are few for transformer blocks",
        ),
        _ => (
            TextBlueprint { vector, states: 0, blocks: effort.depth, bert: None },
            format!("{} transformer blocks of {vector} numbers", effort.depth),
            "there are enough rows for transformer blocks",
        ),
    };
    decider.decisions.push(Decision { setting: "text".to_owned(), value, why: why.to_owned() });
    blueprint
}

/// With fewer rows, pairs of texts teach a given network more than single ones do: there are many more of them.
const ROWS_FOR_SINGLE: usize = 500;

/// Whether a given network of texts learns from pairs of rows.
fn alike(facts: &Facts<'_>, sort: Sort, decider: &mut Decider) -> bool {
    let alike = sort == Sort::Tuned
        && facts.rows < ROWS_FOR_SINGLE
        && facts.batcher.picture_sizes().is_empty()
        && matches!(facts.batcher.targets(), [Target::Classes { .. }])
        && facts.batcher.text_sizes().len() == 1;
    if alike {
        decider.decisions.push(Decision {
            setting: "learns from".to_owned(),
            value: "pairs of texts".to_owned(),
            why: "rows are few; of one class, they are drawn together, and the answer follows from where they are then".to_owned(),
        });
    }
    alike
}

/// How many networks answer together. Where rows are few, networks are small and each learns something else by chance: their
/// mean is right more often, and knows better how sure it is (Lakshminarayanan et al., arXiv 1612.01474).
fn members(effort: &Effort, given: Option<usize>, facts: &Facts<'_>, decider: &mut Decider) -> usize {
    let (members, why) = match (effort.members, facts.rows) {
        (1, _) => (1, "by the preset"),
        (members, 0..ROWS_FOR_BLOCKS) => {
            (members, "by the preset: networks that answer together are right more often")
        }
        _ => (1, "rows are many"),
    };
    decider.decide("members", given, members, why)
}

fn plan(
    effort: &Effort,
    config: &Config,
    facts: &Facts<'_>,
    (sort, alike): (Sort, bool),
    decider: &mut Decider,
) -> Plan {
    let pictures = sort == Sort::Pictures;
    let given = &config.training;
    let own_batch = match (sort, facts.rows) {
        (Sort::Pictures, 0..3_000) => 32,
        (Sort::Pictures, 3_000..20_000) => 64,
        (Sort::Pictures, _) => 128,
        (Sort::Texts, 0..2_000) => 16,
        (Sort::Texts, 2_000..20_000) => 32,
        (Sort::Texts, _) => 64,
        (Sort::Tuned, ROWS_FOR_SINGLE..2_000) => 16,
        (Sort::Tuned, _) => 32,
        (Sort::Vectors, 0..2_000) => 32,
        (Sort::Vectors, 2_000..20_000) => 128,
        (Sort::Vectors, _) => 256,
    };
    let why = format!("suits {} training rows", facts.rows);
    let within = |batch: usize| batch.clamp(1, facts.rows.max(1));
    let batch = decider.decide("batch", given.batch.map(within), within(own_batch), &why);
    let per_pass = (facts.rows / batch).max(1);
    let passes = (effort.shown / facts.rows.max(1)).clamp(effort.passes.0, effort.passes.1);
    let why = format!("{passes} passes over {} training rows", facts.rows);
    let steps = decider.decide("steps", given.steps, (passes * per_pass) as u64, &why);
    let rate = match sort {
        Sort::Pictures => 2e-3 * (batch as f64 / 64.0).sqrt(),
        Sort::Texts => 1e-3 * (batch as f64 / 32.0).sqrt(),
        // What is known already must not be lost.
        Sort::Tuned if facts.vision().is_some() => 2e-4 * (batch as f64 / 32.0).sqrt(),
        Sort::Tuned => 5e-5 * (batch as f64 / 32.0).sqrt(),
        // One layer, or few, can learn fast.
        Sort::Vectors if given.freeze => 3e-3 * (batch as f64 / 32.0).sqrt(),
        Sort::Vectors => 1e-3 * (batch as f64 / 256.0).sqrt(),
    };
    let (rate, why) = match facts.earlier() {
        Some(_) if !given.freeze && sort != Sort::Tuned => {
            (rate * AGAIN, "low, so that what the network knows already is not lost")
        }
        _ => (rate, "grows with the square root of the batch"),
    };
    let lr = decider.decide("learning_rate", given.learning_rate, rate, why);
    let decay = if pictures { 0.05 } else { 0.02 };
    let weight_decay =
        decider.decide("weight_decay", given.weight_decay, decay, "usual for AdamW on such data");
    // The mean spans about the last tenth of the training.
    let own_ema = 1.0 - (10.0 / steps.max(1) as f64).clamp(1e-4, 0.1);
    let ema = decider.decide(
        "ema",
        given.ema,
        own_ema,
        "the mean of the weights over about the last tenth of training",
    );
    let (validate_every, patience) = match alike {
        // Texts as few as these cannot tell which of the weights on the way were better.
        true => (given.validate_every.unwrap_or(steps.max(1)), given.patience),
        false => {
            let (every, patience) = validation(sort, steps, per_pass as u64, given, decider);
            (every, Some(patience))
        }
    };
    Plan {
        steps,
        batch,
        schedule: Schedule::Cosine { peak: lr, warmup: (steps / 10).clamp(1, 500), floor: 0.01 },
        optimizer: OptimizerKind::AdamW { betas: (0.9, 0.99), epsilon: 1e-8, sparse: false },
        weight_decay,
        clip: 1.0,
        ema: Some(ema),
        validate_every,
        patience,
        log_every: (steps / 400).max(1),
        checkpoint_every: validate_every,
        checkpoint_seconds: 15.0,
        seed: given.seed,
    }
}

/// Steps from one validation to the next, and how many of them in a row may bring nothing better.
fn validation(
    sort: Sort,
    steps: u64,
    per_pass: u64,
    given: &TrainingConfig,
    decider: &mut Decider,
) -> (u64, u64) {
    let validations = match sort {
        Sort::Pictures => 20,
        // There are few steps, and each validation costs as much as many of them.
        Sort::Tuned => 12,
        Sort::Texts | Sort::Vectors => 40,
    };
    let own_every = (steps / validations).max(1).min(per_pass.max(steps / 60).max(1));
    let own_patience = match sort {
        // What pictures have to teach shows when the pace falls, near the end: so the same share of the training, however often it is looked at.
        Sort::Pictures => (steps / own_every * 3).div_ceil(5),
        Sort::Tuned => 5,
        Sort::Texts | Sort::Vectors => 15,
    };
    let why = "some tens of validations in all";
    let every = decider.decide("validate_every", given.validate_every, own_every, why);
    let why = "validations in a row without improvement end the training";
    (every, decider.decide("patience", given.patience, own_patience, why))
}

/// Changes to pictures that suit the targets: what decides a class survives small turns and shifts; a number
/// read off a picture may not.
fn changes(facts: &Facts<'_>) -> Augment {
    let numbers = facts.batcher.targets().iter().any(|t| matches!(t, Target::Number { .. }));
    let mirror = facts.mirror.map_or(Mirroring::Never, |m| m.mirroring);
    if facts.batcher.sounds().contains(&true) {
        return Augment { mirror, shift: 0.1, turn: 0.0, zoom: 0.1, light: 0.3, erase: 0.3 };
    }
    if numbers {
        return Augment { mirror, shift: 0.03, turn: 0.0, zoom: 0.03, light: 0.3, erase: 0.1 };
    }
    // Few pictures need more variety; many bring their own. Strong changes take more passes to learn from than minutes allow: on the
    // validation faces of `face-emotion`, these had 0.76 right, those for fewer pictures 0.72 to 0.74.
    match facts.rows {
        0..2_000 => Augment { mirror, shift: 0.1, turn: 10.0, zoom: 0.1, light: 0.25, erase: 0.25 },
        2_000..20_000 => Augment { mirror, shift: 0.08, turn: 5.0, zoom: 0.05, light: 0.1, erase: 0.0 },
        _ => Augment { mirror, shift: 0.07, turn: 0.0, zoom: 0.0, light: 0.0, erase: 0.1 },
    }
}
