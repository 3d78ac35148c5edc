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
