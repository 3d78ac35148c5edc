//! Where in a network its layers stand.

use pellucid_insight::report::data::End;
use pellucid_nn::{LayerRow, ParamId};

/// A layer of a network, and where data come through it: stages follow each other, and the lanes of a stage lie side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// The part of the network: `picture`, `block 3`.
    pub part: String,
    /// Its stage.
    pub stage: u32,
    /// Its lane in this stage.
    pub lane: u32,
    /// Which of several networks that answer together.
    pub member: u32,
    /// The layer.
    pub row: LayerRow,
}

impl Placed {
    /// A layer of a network that answers alone, in the only lane of a stage.
    pub(crate) fn new(part: impl Into<String>, stage: u32, row: LayerRow) -> Placed {
        Placed { part: part.into(), stage, lane: 0, member: 0, row }
    }

    /// The same in another lane.
    pub(crate) fn in_lane(self, lane: u32) -> Placed {
        Placed { lane, ..self }
    }
}

/// A network as people are shown it: what goes in, its layers, and what comes out.
pub(crate) struct Structure {
    pub(crate) inputs: Vec<End>,
    pub(crate) layers: Vec<Placed>,
    pub(crate) answers: Vec<End>,
}

/// The tensors of each layer.
pub(crate) fn tensors_of(layers: Vec<Placed>) -> Vec<Vec<ParamId>> {
    layers.into_iter().map(|layer| layer.row.owns).collect()
}

/// What goes in, or comes out, by way of these lanes of the first or last stage.
pub(crate) fn end(name: impl Into<String>, what: impl Into<String>, lanes: &[u32]) -> End {
    End { name: name.into(), what: what.into(), lanes: lanes.to_vec() }
}
