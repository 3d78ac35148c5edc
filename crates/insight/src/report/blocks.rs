//! A network as few blocks: what only keeps numbers in shape goes with the layer before it, what is repeated is folded.

use std::collections::BTreeMap;

use super::data::{Layer, Moment, Network, Standing};

/// The longest sequence of steps that is found again and folded.
const LONGEST: usize = 6;

/// A lane with more blocks than this is drawn by the size of what comes out.
const MOST: usize = 10;

/// So many things that a block does are told.
const TOLD: usize = 3;

/// One or more layers that are drawn as one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Block {
    /// What such layers are called.
    pub(super) title: String,
    /// What it does, to follow the word “it”, one thing after the other.
    pub(super) does: Vec<String>,
    /// How many times it is repeated, one after the other.
    pub(super) times: usize,
    /// The shape of what comes out.
    pub(super) output: String,
    pub(super) shape: Vec<u64>,
    /// Learned numbers of all repetitions.
    pub(super) parameters: u64,
    /// The positions of its layers in the network.
    pub(super) layers: Vec<usize>,
    /// Steps of one repetition.
    steps: usize,
    /// Learned numbers of a step, without what only keeps numbers in shape.
    own: u64,
}

/// Blocks one after the other.
#[derive(Debug)]
pub(super) struct Lane {
    /// Its number in its stage.
    pub(super) lane: u32,
    pub(super) blocks: Vec<Block>,
}

/// Lanes side by side.
#[derive(Debug)]
pub(super) struct Stage {
    /// Its number; stages that have nothing to show are left out.
    pub(super) number: u32,
    pub(super) lanes: Vec<Lane>,
}

/// The stages of a network, each with its lanes. Of several networks of the same form the first is shown.
pub(super) fn stages(network: &Network) -> Vec<Stage> {
    let mut lanes: BTreeMap<(u32, u32), Vec<usize>> = BTreeMap::new();
    for (i, layer) in network.layers.iter().enumerate().filter(|(_, layer)| layer.member == 0) {
        lanes.entry((layer.stage, layer.lane)).or_default().push(i);
    }
    let mut stages: BTreeMap<u32, Vec<Lane>> = BTreeMap::new();
    for ((stage, lane), layers) in lanes {
        let blocks = lane_of(&network.layers, &layers);
        if !blocks.is_empty() {
            stages.entry(stage).or_default().push(Lane { lane, blocks });
        }
    }
    stages.into_iter().map(|(number, lanes)| Stage { number, lanes }).collect()
}

/// All blocks, in the order in which they are numbered.
pub(super) fn all(stages: &[Stage]) -> impl Iterator<Item = &Block> {
    stages.iter().flat_map(|stage| &stage.lanes).flat_map(|lane| &lane.blocks)
}

fn lane_of(layers: &[Layer], positions: &[usize]) -> Vec<Block> {
    let mut units: Vec<Vec<usize>> = Vec::new();
    for &i in positions {
        let has_step = |unit: &Vec<usize>| unit.iter().any(|&i| is_shown(&layers[i]));
        match units.last_mut() {
            Some(unit) if layers[i].standing != Standing::Step || !has_step(unit) => unit.push(i),
            _ => units.push(vec![i]),
        }
    }
    // Dropout alone is nothing to look at.
    units.retain(|unit| unit.iter().any(|&i| is_shown(&layers[i])));
    let blocks = folded(&units.into_iter().map(|unit| block(layers, unit)).collect::<Vec<_>>());
    if blocks.len() > MOST { by_size(&blocks) } else { blocks }
}

/// Whether a layer can stand alone.
fn is_shown(layer: &Layer) -> bool {
    layer.standing != Standing::Aside || layer.parameters > 0
}

/// A step with what goes with it.
fn block(layers: &[Layer], positions: Vec<usize>) -> Block {
    let all = || positions.iter().map(|&i| &layers[i]);
    let step =
        all().find(|layer| layer.standing == Standing::Step).or_else(|| all().find(|layer| is_shown(layer)));
    let said = |layer: &&Layer| {
        step.is_some_and(|step| std::ptr::eq(step, *layer)) || layer.standing == Standing::Then
    };
    let last = all().next_back();
    Block {
        title: step.map(|step| step.title.clone()).unwrap_or_default(),
        does: all().filter(said).map(|layer| layer.in_words.clone()).collect(),
        times: 1,
        output: last.map(|last| last.output.clone()).unwrap_or_default(),
        shape: last.map(|last| last.shape.clone()).unwrap_or_default(),
        parameters: all().map(|layer| layer.parameters).sum(),
        steps: 1,
        own: all().filter(|layer| layer.standing != Standing::Aside).map(|layer| layer.parameters).sum(),
        layers: positions,
    }
}

/// Joins what is repeated: the longest stretch first, then what lies before and after it.
fn folded(blocks: &[Block]) -> Vec<Block> {
    let same =
        |a: &Block, b: &Block| (&a.title, &a.does, &a.output, a.own) == (&b.title, &b.does, &b.output, b.own);
    let repeated = |at: usize, length: usize| {
        let rest = blocks.get(at..)?;
        let pattern = rest.get(..length)?;
        let again =
            |part: &&[Block]| part.len() == length && part.iter().zip(pattern).all(|(a, b)| same(a, b));
        let times = rest.chunks(length).take_while(again).count();
        (times > 1).then_some((at, length, times))
    };
    let all = (0..blocks.len()).flat_map(|at| (1..=LONGEST).filter_map(move |length| repeated(at, length)));
    // Of equally long ones the first, in its shortest pattern.
    let key = |&(at, length, times): &(usize, usize, usize)| (length * times, times, std::cmp::Reverse(at));
    let Some((at, length, times)) = all.max_by_key(key) else { return blocks.to_vec() };
    let (before, rest) = blocks.split_at(at);
    let (these, after) = rest.split_at(length * times);
    let fold = joined(these.get(..length).unwrap_or(these), these).map(|one| Block { times, ..one });
    folded(before).into_iter().chain(fold).chain(folded(after)).collect()
}

/// Joins neighbours after which a picture, or a text, has the same size.
fn by_size(blocks: &[Block]) -> Vec<Block> {
    let size = |block: &Block| block.shape.split_last().map(|(_, size)| size.to_vec());
    blocks.chunk_by(|a, b| size(a) == size(b)).filter_map(|same| joined(same, same)).collect()
}

/// Blocks as one, in the words of `pattern`.
fn joined(pattern: &[Block], all: &[Block]) -> Option<Block> {
    let (first, last) = (all.first()?, all.last()?);
    let steps = pattern.iter().map(|block| block.steps * block.times).sum();
    let unique = |texts: Vec<&String>| {
        let mut unique: Vec<String> = Vec::new();
        texts.into_iter().for_each(|text| {
            if !unique.contains(text) {
                unique.push(text.clone());
            }
        });
        unique
    };
    let titles = unique(pattern.iter().map(|block| &block.title).collect());
    let title = match (pattern, titles.as_slice()) {
        ([one], _) => one.title.clone(),
        (_, [same]) if same.ends_with('s') => format!("{steps} × {same}"),
        (_, [same]) => format!("{steps} {}s", same.to_lowercase()),
        (_, [one, other]) if steps == 2 => format!("{one}, {}", other.to_lowercase()),
        _ => format!("{steps} layers"),
    };
    let mut does = unique(pattern.iter().flat_map(|block| &block.does).collect());
    if does.len() > TOLD {
        does.truncate(TOLD);
        does.push("and more of the kind".to_owned());
    }
    Some(Block {
        title,
        does,
        steps,
        output: last.output.clone(),
        shape: last.shape.clone(),
        parameters: all.iter().map(|block| block.parameters).sum(),
        layers: all.iter().flat_map(|block| &block.layers).copied().collect(),
        ..first.clone()
    })
}

impl Block {
    /// How much it changed at a moment: the root of the mean of its layers' squared changes, each weighing as much as it has numbers.
    pub(super) fn change(&self, layers: &[Layer], moment: &Moment) -> Option<f64> {
        let each = self.layers.iter().filter_map(|&i| {
            let change = moment.changes.get(i).copied().flatten()?;
            Some((layers.get(i)?.parameters as f64, change))
        });
        let (weights, sum) = each.fold((0.0, 0.0), |(weights, sum), (weight, change)| {
            (weights + weight, sum + weight * change * change)
        });
        (weights > 0.0).then(|| (sum / weights).sqrt())
    }

    /// Its name with how often it is there.
    pub(super) fn name(&self) -> String {
        if self.times > 1 { format!("{} × {}", self.title, self.times) } else { self.title.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(title: &str, standing: Standing, shape: &[u64], parameters: u64) -> Layer {
        Layer {
            title: title.to_owned(),
            in_words: format!("does {title}"),
            standing,
            output: format!("{shape:?}"),
            shape: shape.to_vec(),
            parameters,
            ..Layer::default()
        }
    }

    fn network(layers: Vec<Layer>) -> Network {
        Network { layers, ..Network::default() }
    }

    fn names(network: &Network) -> Vec<String> {
        all(&stages(network)).map(Block::name).collect()
    }

    #[test]
    fn repeated_patterns_are_folded_and_every_layer_stands_in_one_block() {
        use Standing::{Aside, Step, Then};
        let narrow = |n| layer("Narrow", Step, &[8, 8, 4], n);
        let wide = |n| layer("Wide", Step, &[8, 8, 16], n);
        let norm = || layer("Norm", Aside, &[8, 8, 16], 1);
        let mut layers =
            vec![layer("Dropout", Aside, &[8, 8, 1], 0), layer("Stem", Step, &[8, 8, 4], 5), norm()];
        for _ in 0..3 {
            layers.extend([narrow(10), norm(), wide(20), layer("Add", Then, &[8, 8, 16], 0), norm()]);
        }
        layers.extend([
            layer("Dense", Step, &[9], 7),
            layer("Dense", Step, &[9], 7),
            layer("Dense", Step, &[3], 3),
        ]);
        let network = network(layers);
        assert_eq!(names(&network), ["Stem", "Narrow, wide × 3", "Dense × 2", "Dense"]);
        let blocks: Vec<Block> = all(&stages(&network)).cloned().collect();
        let all: Vec<usize> = blocks.iter().flat_map(|block| block.layers.clone()).collect();
        assert_eq!(all, (0..network.layers.len()).collect::<Vec<_>>());
        let sum = |numbers: Vec<u64>| numbers.iter().sum::<u64>();
        assert_eq!(
            sum(blocks.iter().map(|b| b.parameters).collect()),
            sum(network.layers.iter().map(|l| l.parameters).collect())
        );
        assert_eq!(blocks[1].does, ["does Narrow", "does Wide", "does Add"], "norms are not told");
    }

    #[test]
    fn long_lanes_are_joined_by_the_size_of_what_comes_out() {
        let step = |i: u64| layer(&format!("Step {i}"), Standing::Step, &[32 >> (i / 6), 32, 8 + i], 2);
        let network = network((0..24).map(step).collect());
        let stages = stages(&network);
        let blocks = &stages[0].lanes[0].blocks;
        assert_eq!(blocks.iter().map(|b| b.title.as_str()).collect::<Vec<_>>(), ["6 layers"; 4]);
        assert_eq!(blocks.iter().map(|b| b.parameters).sum::<u64>(), 48);
        assert_eq!(blocks[0].does.len(), 4);
    }

    #[test]
    fn lanes_and_stages_are_kept_apart_and_nothing_is_made_of_dropout() {
        let at =
            |stage, lane, member| Layer { stage, lane, member, ..layer("Dense", Standing::Step, &[4], 4) };
        let dropout = Layer { stage: 1, ..layer("Dropout", Standing::Aside, &[4], 0) };
        let network = network(vec![at(0, 0, 0), at(0, 1, 0), dropout, at(2, 0, 0), at(0, 0, 1), at(2, 0, 1)]);
        let shape: Vec<usize> = stages(&network).iter().map(|stage| stage.lanes.len()).collect();
        assert_eq!(shape, [2, 1], "stage 1 has nothing to be seen, and of two networks one is shown");
    }

    #[test]
    fn the_change_of_a_block_weighs_its_layers_by_their_numbers() {
        let network = network(vec![
            layer("Dense", Standing::Step, &[4], 30),
            layer("Norm", Standing::Aside, &[4], 10),
            layer("Dropout", Standing::Aside, &[4], 0),
        ]);
        let block = &stages(&network)[0].lanes[0].blocks[0];
        let moment = Moment { step: 1, changes: vec![Some(0.2), Some(0.6), None] };
        let change = block.change(&network.layers, &moment).unwrap();
        assert!((change - (0.75f64 * 0.04 + 0.25 * 0.36).sqrt()).abs() < 1e-12);
        assert_eq!(block.change(&network.layers, &Moment { step: 1, changes: vec![None; 3] }), None);
    }
}
