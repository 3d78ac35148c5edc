//! What a network is made of and how its layers change while it learns, kept in the run's folder, shown by the studio and the report.

use crate::networks::{Placed, Structure};
use crate::{Error, Result, Run};
use pellucid_insight::report::data::{Layer, Moment, Network, Standing};
use pellucid_insight::report::drawn_network as drawn;
use pellucid_nn::Rank;
use pellucid_train::{Line, RunFolder, read_log};

/// The layers of a run's network.
const NETWORK: &str = "network.json";

/// Keeps what a network is made of, before its first step.
///
/// # Errors
/// A place that cannot be written.
pub(crate) fn keep(run: &Run, structure: Structure) -> Result<()> {
    let Structure { inputs, layers, answers } = structure;
    let layers = layers.into_iter().map(layer).collect();
    run.write_json(NETWORK, &Network { inputs, layers, answers, course: Vec::new() })
}

/// A layer as the report shows it.
fn layer(placed: Placed) -> Layer {
    let Placed { part, stage, lane, member, row } = placed;
    Layer {
        name: part,
        does: row.name,
        title: row.words.title,
        in_words: row.words.does,
        standing: match row.words.rank {
            Rank::Step => Standing::Step,
            Rank::Then => Standing::Then,
            Rank::Aside => Standing::Aside,
        },
        output: row.output.iter().map(ToString::to_string).collect::<Vec<_>>().join(" × "),
        shape: row.output.iter().map(|&n| n as u64).collect(),
        parameters: row.parameters as u64,
        multiply_adds: row.multiply_adds,
        stage,
        lane,
        member,
    }
}

/// What the network of a run is made of, and how its layers have changed so far; none before it is built, and of runs of versions that kept no
/// such thing.
///
/// # Errors
/// A file that cannot be read.
pub(crate) fn network(run: &Run) -> Result<Option<Network>> {
    let path = run.path().join(NETWORK);
    let failed = |why: String| {
        Error::model(format!("the network's layers cannot be read · {} · {why}", path.display()))
    };
    let json = match std::fs::read(&path) {
        Ok(json) => json,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(failed(e.to_string())),
    };
    let mut network: Network = serde_json::from_slice(&json).map_err(|e| failed(e.to_string()))?;
    let log = RunFolder::new(run.path(), "").log();
    // Before the first step there is none.
    if log.is_file() {
        let layers = network.layers.len();
        network.course = read_log(&log)?
            .into_iter()
            .filter_map(|line| match line {
                Line::Layers(line) => Some(Moment { step: line.step, changes: line.changes }),
                _ => None,
            })
            .filter(|moment| moment.changes.len() == layers)
            .collect();
    }
    Ok(Some(network))
}

/// The network of a run, layer by layer, drawn as a part of a page; none before it is built.
///
/// # Errors
/// A file that cannot be read.
pub fn drawn_network(run: &Run) -> Result<Option<String>> {
    Ok(network(run)?.map(|network| drawn(&network, !run.is_finished())))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::networks::{TextBlueprint, end};
    use crate::predict::{Blueprint, Network as Predictor};
    use pellucid_kinds::image::Mirroring;
    use pellucid_kinds::{Batcher, Feature, Target};
    use pellucid_nn::{Module, Param, Role, Seed, parameter_count, params};

    /// Whether each tensor that can be learned stands in one of the layers, whose numbers together are the network's; the drawing.
    pub(crate) fn complete(layers: Vec<Placed>, model: &dyn Module) -> String {
        let mut owned: Vec<_> = layers.iter().flat_map(|placed| placed.row.owns.clone()).collect();
        let mut all: Vec<_> = params(model).into_iter().map(|(_, param)| param).collect();
        all.retain(|param| param.role != Role::Buffer);
        let mut all: Vec<_> = all.into_iter().map(Param::id).collect();
        owned.sort();
        all.sort();
        assert_eq!(owned, all, "each tensor stands in one layer");
        let sum: usize = layers.iter().map(|placed| placed.row.parameters).sum();
        assert_eq!(sum, parameter_count(model));
        assert!(layers.iter().all(|placed| !placed.row.words.does.is_empty() && !placed.part.is_empty()));
        let network = Network {
            inputs: vec![end("what goes in", "", &[0])],
            layers: layers.into_iter().map(layer).collect(),
            answers: vec![end("what comes out", "", &[0])],
            course: Vec::new(),
        };
        drawn(&network, true)
    }

    fn picture(side: usize) -> Feature {
        let (name, mean, scale) = ("photo".to_owned(), vec![0.5], vec![0.3]);
        Feature::Picture { name, height: side, width: side, channels: 1, mean, scale }
    }

    fn text() -> Feature {
        Feature::Text { name: "review".to_owned(), length: 12, vocabulary: 30 }
    }

    fn blueprint() -> Blueprint {
        Blueprint {
            layers: None,
            channels: 8,
            blocks: 3,
            text: TextBlueprint { vector: 32, states: 0, blocks: 3, bert: None },
            vision: None,
            width: 12,
            depth: 3,
            dropout: 0.1,
            standardised: false,
            members: 1,
            mirror: Mirroring::Never,
        }
    }

    fn of(blueprint: &Blueprint, features: Vec<Feature>) -> (Predictor, String) {
        let number = Target::Number { mean: 0.0, scale: 1.0, median: 0.0 };
        let network =
            Predictor::build(blueprint, &Batcher::new(features, vec![number]), &Seed::new(3)).unwrap();
        let drawing = complete(network.describe().unwrap(), &network);
        (network, drawing)
    }

    fn says(drawing: &str, all: &[&str]) {
        all.iter().for_each(|told| assert!(drawing.contains(told), "`{told}` is not in {drawing}"));
    }

    #[test]
    fn networks_of_columns_pictures_and_texts_are_drawn_whole() {
        let numbers = ["age", "height", "weight", "pulse"].map(|name| Feature::Number {
            name: name.to_owned(),
            edges: vec![-1.0, 0.0, 1.0],
            mean: 0.0,
            scale: 1.0,
        });
        let code = Feature::Code { name: "colour".to_owned(), size: 3 };
        let features = [numbers.as_slice(), &[code, picture(20), text()]].concat();
        let two = Blueprint { members: 2, ..blueprint() };
        let (network, drawing) = of(&two, features);
        says(
            &drawing,
            &["2 networks of the same form", "2 dense layers × 3", "Transformer block × 3", "Convolution × "],
        );
        let structure = network.structure(&["price".to_owned()]).unwrap();
        let told: Vec<_> = structure
            .inputs
            .iter()
            .map(|input| (input.name.as_str(), input.what.as_str(), input.lanes.as_slice()))
            .collect();
        let want: [(&str, &str, &[u32]); 4] = [
            ("4 numbers", "age, height, weight and 1 more", &[]),
            ("1 category", "colour", &[0]),
            ("photo", "20 × 20 pixels, grey", &[1]),
            ("review", "up to 12 pieces of words", &[2]),
        ];
        assert_eq!(told, want);
        assert_eq!(
            (structure.answers[0].name.as_str(), structure.answers[0].what.as_str()),
            ("price", "a number")
        );

        let own = ["conv 3x3 8", "batch norm", "relu", "max pool 2", "residual relu, conv 3x3 16", "flatten"];
        let own = Blueprint { layers: Some(own.map(str::to_owned).into()), ..blueprint() };
        says(
            &of(&own, vec![picture(12)]).1,
            &["then adds what came in", "keeps the strongest of each 2 × 2"],
        );
        let recurrent = TextBlueprint { vector: 8, states: 6, blocks: 0, bert: None };
        let (_, drawing) = of(&Blueprint { text: recurrent, ..blueprint() }, vec![text()]);
        says(&drawing, &["Recurrent layer", "from both ends", "the mean and the largest"]);
    }

    #[test]
    fn given_networks_are_drawn_whole() {
        let bert = serde_json::json!({
            "vocab_size": 30, "hidden_size": 16, "num_hidden_layers": 4, "num_attention_heads": 2,
            "intermediate_size": 32, "max_position_embeddings": 16
        });
        let bert =
            TextBlueprint { bert: Some(serde_json::from_value(bert).unwrap()), ..TextBlueprint::default() };
        let (_, drawing) = of(&Blueprint { text: bert, standardised: true, ..blueprint() }, vec![text()]);
        says(&drawing, &["Transformer block × 4", "Norm"]);
        let resnet = serde_json::json!({
            "model_type": "resnet", "num_channels": 3, "embedding_size": 8, "hidden_sizes": [16, 32, 48, 64], "depths": [3, 4, 6, 3],
            "layer_type": "bottleneck"
        });
        let vision = Some(serde_json::from_value(resnet).unwrap());
        let (_, drawing) = of(&Blueprint { vision, ..blueprint() }, vec![picture(64)]);
        // 53 convolutions are more than can be looked at: they are joined by the size of the picture.
        let places = drawing.matches("class=\"block\"").count();
        assert!((6..=11).contains(&places), "{places} blocks: {drawing}");
    }
}
