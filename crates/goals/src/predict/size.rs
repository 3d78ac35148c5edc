//! How much memory learning takes, known before the network is built.

use super::network::{only_one, places};
use super::{Blueprint, Network};
use crate::networks::{Placed, TextBlueprint, code_width, stages};
use crate::{Error, Result};
use pellucid_insight::report::words::count;
use pellucid_kinds::Batcher;
use pellucid_pretrained::BertConfig;
use pellucid_train::Plan;

/// Bytes that training keeps for each learned number: the number, its gradient, two moments, its mean and its best.
const LEARNED: f64 = 6.0 * 4.0;

/// Bytes for each number that a row becomes on its way: its value is kept until the way back.
const PASSED: f64 = 4.0;

/// The share of the free memory that tensors may take, as the engine has it.
const USABLE: f64 = 0.9;

/// The numbers of a network. They are counted in floating point, in which no wish is too large.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Size {
    /// Numbers that training changes.
    pub learned: f64,
    /// Numbers that one row becomes on its way through.
    pub passed: f64,
}

impl Size {
    /// Adds a layer: the numbers that it learns, and the length of its output.
    fn add(&mut self, learned: f64, output: f64) {
        self.learned += learned;
        self.passed += output;
    }

    /// The size of the network that a blueprint stands for; `None` for a person's own layers and given networks for pictures, which
    /// are counted when they are built.
    pub(crate) fn planned(b: &Blueprint, batcher: &Batcher) -> Option<Size> {
        if b.layers.is_some() || b.vision.is_some() {
            return None;
        }
        let (mut size, codes) = (Size::default(), batcher.code_sizes());
        let code_width = code_width(&codes) as f64;
        let mut joined = batcher.numbers_width() as f64 + codes.len() as f64 * code_width;
        if !codes.is_empty() {
            size.add(codes.iter().sum::<usize>() as f64 * code_width, codes.len() as f64 * code_width);
        }
        for picture in batcher.network_sizes() {
            joined += size.picture(picture, b, batcher);
        }
        for text in batcher.text_sizes() {
            joined += size.text(text, &b.text);
        }
        if b.standardised {
            size.add(2.0 * joined, joined);
        }
        let width = b.width as f64;
        let out = match only_one(batcher) {
            true => {
                size.add(0.0, joined);
                joined
            }
            false => {
                size.add((joined + 1.0) * width, width);
                let block = 2.0 * width + 2.0 * (width + 1.0) * width;
                size.add(b.depth as f64 * block, b.depth as f64 * 6.0 * width);
                size.add(2.0 * width, 2.0 * width);
                width
            }
        };
        for target in batcher.targets() {
            size.add((out + 1.0) * target.outputs() as f64, target.outputs() as f64);
        }
        let members = b.members as f64;
        Some(Size { learned: members * size.learned, passed: members * size.passed })
    }

    /// Adds the network of one picture; gives the length of its vector.
    fn picture(&mut self, [height, width, inputs]: [usize; 3], b: &Blueprint, batcher: &Batcher) -> f64 {
        let area = |(height, width): (usize, usize)| (height * width) as f64;
        let mut unit = |inputs: f64, outputs: f64, sizes: &[f64]| {
            self.add((9.0 * inputs + 2.0) * outputs, outputs * sizes.iter().sum::<f64>());
        };
        let (stem, stages) = stages([height, width], b.channels);
        unit(inputs as f64, stem.outputs as f64, &[area(stem.size); 2]);
        let mut last = stem;
        for stage in stages {
            let (outputs, before, after) = (stage.outputs as f64, area(last.size), area(stage.size));
            unit(last.outputs as f64, outputs, &[before, after, after]);
            for i in 0..b.blocks.max(1) {
                // A residual block also adds.
                unit(outputs, outputs, &[after; 3][..if i == 0 { 2 } else { 3 }]);
            }
            last = stage;
        }
        let vector = last.outputs as f64 * if places(batcher) { area(last.size) } else { 1.0 };
        self.add(0.0, if places(batcher) { vector } else { 2.0 * vector });
        vector
    }

    /// Adds a BERT; gives the length of its vector.
    fn bert(&mut self, length: f64, b: &BertConfig) -> f64 {
        let [width, inner] = [b.hidden_size, b.intermediate_size].map(|n| n as f64);
        let rows = (b.vocab_size + b.max_position_embeddings + 2) as f64;
        self.add(rows * width, length * width);
        let block = 4.0 * width * (width + 1.0) + inner * (width + 1.0) + width * (inner + 1.0) + 4.0 * width;
        let blocks = b.num_hidden_layers as f64;
        self.add(blocks * block, blocks * length * width);
        self.add(0.0, 2.0 * width);
        2.0 * width
    }

    /// Adds the network of one text; gives the length of its vector.
    fn text(&mut self, (length, vocabulary): (usize, usize), b: &TextBlueprint) -> f64 {
        if let Some(bert) = b.bert {
            return self.bert(length as f64, &bert);
        }
        let [length, vector, states] = [length, b.vector, b.states].map(|n| n as f64);
        self.add(vocabulary as f64 * vector, length * vector);
        if b.blocks > 0 {
            self.add(length * vector, length * vector);
            let maps = 12.0 * vector * vector + 13.0 * vector;
            self.add(b.blocks as f64 * maps, b.blocks as f64 * length * vector);
            self.add(2.0 * vector, length * vector);
        }
        if b.states > 0 {
            self.add(2.0 * 3.0 * states * (vector + states + 2.0), length * 2.0 * states);
        }
        let outputs = 2.0 * b.width() as f64;
        self.add(0.0, outputs);
        outputs
    }

    /// The size of a network that is built.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub(crate) fn built(network: &Network) -> pellucid_tensor::Result<Size> {
        let mut size = Size::default();
        for Placed { row, .. } in network.describe()? {
            size.add(row.parameters as f64, row.output.iter().map(|&n| n as f64).product());
        }
        Ok(size)
    }

    /// Bytes of the network itself, without its training.
    pub(crate) fn bytes(&self) -> u64 {
        (size_of::<f32>() as f64 * self.learned) as u64
    }

    /// Refuses a network whose training takes more than the `free` bytes of memory.
    ///
    /// # Errors
    /// How much it takes, how much there is, and which setting to lower.
    pub(crate) fn check(
        &self,
        b: &Blueprint,
        plan: &Plan,
        batcher: &Batcher,
        free: Option<u64>,
    ) -> Result<()> {
        let (learned, passed) = (LEARNED * self.learned, PASSED * self.passed * plan.batch as f64);
        let Some(free) = free.filter(|&free| learned + passed > USABLE * free as f64) else { return Ok(()) };
        let lower = match (&b.layers, learned > passed) {
            (_, false) => format!("`batch` in [training] (it is {}) or `max_side` in [data]", plan.batch),
            (Some(_), true) => "the numbers in `layers` in [network]".to_owned(),
            (None, true) if batcher.network_sizes().is_empty() => {
                format!("`width` in [network] (it is {}) or `depth` (it is {})", b.width, b.depth)
            }
            (None, true) => {
                let (channels, blocks) = (b.channels, b.blocks);
                format!(
                    "`channels` in [network] (they are {channels}), `blocks` (they are {blocks}) or `width` (it is {})",
                    b.width
                )
            }
        };
        Err(Error::usage(format!(
            "the network is too large for this machine · to train it takes at least {}, and {} are free · \
             it has {} learned numbers, and each row of a batch becomes {} on its way · lower {lower}",
            bytes(learned + passed),
            bytes(free as f64),
            count(self.learned as u64),
            count(self.passed as u64)
        )))
    }
}

/// Bytes for people.
fn bytes(n: f64) -> String {
    let (unit, name) = match n {
        ..1e9 => (1e6, "MB"),
        ..1e12 => (1e9, "GB"),
        _ => (1e12, "TB"),
    };
    format!("{:.1} {name}", n / unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pellucid_kinds::image::Mirroring;
    use pellucid_kinds::{Feature, Target};
    use pellucid_nn::{Schedule, Seed};
    use pellucid_pretrained::HiddenActivation;
    use pellucid_train::OptimizerKind;

    fn blueprint(channels: usize, blocks: usize, width: usize, depth: usize) -> Blueprint {
        let text = TextBlueprint { vector: 32, states: 5 * (blocks % 2), blocks, bert: None };
        Blueprint {
            layers: None,
            channels,
            blocks,
            text,
            vision: None,
            width,
            depth,
            dropout: 0.1,
            standardised: false,
            members: 1,
            mirror: Mirroring::Never,
        }
    }

    fn with_bert(vocabulary: usize) -> Blueprint {
        let bert = BertConfig {
            vocab_size: vocabulary,
            hidden_size: 12,
            num_hidden_layers: 2,
            num_attention_heads: 3,
            intermediate_size: 20,
            max_position_embeddings: 16,
            layer_norm_eps: 1e-12,
            hidden_act: HiddenActivation::Gelu,
            pooling: pellucid_pretrained::Pooling::Mean,
        };
        let text = TextBlueprint { bert: Some(bert), ..TextBlueprint::default() };
        Blueprint { text, ..blueprint(8, 1, 16, 1) }
    }

    fn number(bins: usize) -> Feature {
        let edges = (0..=bins).map(|i| i as f64).collect();
        Feature::Number { name: "x".to_owned(), edges, mean: 0.0, scale: 1.0 }
    }

    fn code(size: usize) -> Feature {
        Feature::Code { name: "c".to_owned(), size }
    }

    fn picture(height: usize, width: usize, channels: usize) -> Feature {
        let (mean, scale) = (vec![0.5; channels], vec![0.2; channels]);
        Feature::Picture { name: "p".to_owned(), height, width, channels, mean, scale }
    }

    fn text(length: usize, vocabulary: usize) -> Feature {
        Feature::Text { name: "t".to_owned(), length, vocabulary }
    }

    fn classes(n: usize) -> Target {
        Target::Classes { names: (0..n).map(|i| i.to_string()).collect(), counts: vec![1; n] }
    }

    fn tags(n: usize) -> Target {
        Target::Tags {
            names: (0..n).map(|i| i.to_string()).collect(),
            counts: vec![1; n],
            rows: n,
            left_out: 0,
            always: false,
            commonest: vec![],
            separator: " ".to_owned(),
        }
    }

    fn amount() -> Target {
        Target::Number { mean: 0.0, scale: 1.0, median: 0.0 }
    }

    fn cases() -> Vec<(Batcher, Blueprint)> {
        [
            (
                vec![number(9), number(1), code(5), code(40)],
                vec![classes(3), amount()],
                blueprint(8, 1, 24, 2),
            ),
            (vec![number(4)], vec![amount(), tags(7)], blueprint(8, 1, 16, 0)),
            (vec![text(9, 50)], vec![classes(2)], Blueprint { members: 3, ..blueprint(8, 1, 16, 1) }),
            (vec![text(9, 50), number(3), text(4, 20)], vec![classes(2)], blueprint(8, 2, 16, 1)),
            (vec![text(9, 50)], vec![classes(2)], with_bert(50)),
            (vec![picture(28, 28, 1)], vec![classes(10)], blueprint(12, 1, 16, 1)),
            (vec![picture(90, 40, 3)], vec![classes(2)], blueprint(8, 3, 16, 1)),
            (vec![picture(33, 17, 3)], vec![amount()], blueprint(6, 2, 16, 1)),
            (vec![picture(3, 1, 1), number(5)], vec![classes(2)], blueprint(4, 0, 16, 2)),
            (
                vec![text(9, 50), number(2)],
                vec![classes(2)],
                Blueprint { standardised: true, ..with_bert(50) },
            ),
        ]
        .map(|(features, targets, b)| (Batcher::new(features, targets), b))
        .into()
    }

    #[test]
    fn what_does_not_fit_is_refused_with_what_to_lower() {
        let plan = |batch| Plan {
            steps: 1,
            batch,
            schedule: Schedule::Cosine { peak: 1e-3, warmup: 1, floor: 0.0 },
            optimizer: OptimizerKind::AdamW { betas: (0.9, 0.99), epsilon: 1e-8, sparse: false },
            weight_decay: 0.0,
            clip: 1.0,
            ema: None,
            validate_every: 1,
            patience: None,
            log_every: 1,
            checkpoint_every: 1,
            checkpoint_seconds: 1.0,
            seed: 0,
        };
        let why = |(batcher, b): &(Batcher, Blueprint), batch, free| {
            let size = Size::planned(b, batcher).unwrap();
            size.check(b, &plan(batch), batcher, free).map_err(|e| e.to_string()).err()
        };
        let (table, pictures) = (&cases()[0], &cases()[5]);
        assert_eq!(why(table, 32, None), None, "where the system does not tell, nothing is refused");
        assert_eq!(why(table, 32, Some(1 << 30)), None);
        let said = why(table, 1, Some(50_000)).unwrap();
        assert!(
            said.contains("0.1 MB are free") && said.contains("`width` in [network] (it is 24)"),
            "{said}"
        );
        let said = why(pictures, 1, Some(50_000)).unwrap();
        assert!(said.contains("`channels` in [network] (they are 12)"), "{said}");
        let said = why(pictures, 5_000, Some(50_000_000)).unwrap();
        assert!(said.contains("`batch` in [training] (it is 5000) or `max_side`"), "{said}");
        let huge = (table.0.clone(), blueprint(65_536, 1, 65_536, 1_000));
        assert!(why(&huge, 32, Some(1 << 40)).unwrap().contains("at least 206."));
    }

    #[test]
    fn what_is_planned_is_what_is_built() {
        for (batcher, b) in cases() {
            let network = Network::build(&b, &batcher, &Seed::new(1)).unwrap();
            assert_eq!(Size::planned(&b, &batcher), Some(Size::built(&network).unwrap()), "{b:?}");
        }
    }
}
