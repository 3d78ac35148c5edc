//! What a network starts from in place of numbers that are drawn: one that others have trained, or that of an earlier run.

use crate::infer::open_model;
use crate::model::Model;
use crate::predict::{Blueprint, Network};
use crate::{Error, Result};
use pellucid_kinds::{Batcher, Feature, Prepared, Target, Vocabulary, kind};
use pellucid_nn::{params, params_mut};
use pellucid_pretrained::{Bert, BertConfig, Folder, Hub, Preprocessing, VisionConfig};
use std::collections::BTreeMap;
use std::path::Path;

/// Parts that can only be taken if all columns are the same: they see all of them at once.
const JOINED: [&str; 3] = ["codes", "trunk", "heads"];

/// What a network starts from.
pub(crate) enum Start {
    /// An encoder of texts in a folder of the hub's layout, with its vocabulary.
    Bert { folder: Folder, shape: BertConfig, tokenizer: Vec<u8> },
    /// A network for pictures in such a folder.
    Vision { folder: Folder, shape: VisionConfig, preprocessing: Preprocessing },
    /// The network of an earlier run, with the preparation of its columns.
    Run(Box<Model>),
}

impl Start {
    /// Opens a folder: a run's, a model's, or one in the hub's layout, whose weights are read later; or fetches the one that the hub has
    /// under the name `hub:NAME`.
    ///
    /// # Errors
    /// A name that the hub does not know, and a folder that holds no network that is known here.
    pub(crate) fn open(path: &Path) -> Result<Start> {
        if path.join("config.toml").is_file() || path.join(crate::stored::SUMS).is_file() {
            return Ok(Start::Run(Box::new(open_model(path)?.0)));
        }
        let usage = |e: pellucid_pretrained::Error| Error::usage(e.to_string());
        let folder = match path.to_str().filter(|name| Hub::is_name(name)) {
            Some(name) => Folder::open(Hub::usual().fetch(name).map_err(usage)?),
            None => Folder::open(path),
        };
        let folder = folder.map_err(usage)?;
        if VisionConfig::TYPES.contains(&folder.model_type()) {
            let shape = VisionConfig::of(&folder).map_err(usage)?;
            let preprocessing = Preprocessing::of(&folder, shape.channels()).map_err(usage)?;
            return Ok(Start::Vision { folder, shape, preprocessing });
        }
        let shape = Bert::shape(&folder).map_err(usage)?;
        let tokenizer = folder.tokenizer().map_err(usage)?;
        Ok(Start::Bert { folder, shape, tokenizer })
    }

    /// The vocabulary that texts must have.
    pub(crate) fn vocabulary(&self) -> Option<Vocabulary<'_>> {
        match self {
            Start::Bert { tokenizer, shape, .. } => {
                let longest = Some(shape.max_position_embeddings);
                Some(Vocabulary { tokenizer, as_numbered: true, longest })
            }
            Start::Vision { .. } | Start::Run(_) => None,
        }
    }

    /// The longest side that pictures must have.
    pub(crate) fn side(&self) -> Option<usize> {
        match self {
            Start::Vision { preprocessing, .. } => Some(preprocessing.side),
            Start::Bert { .. } | Start::Run(_) => None,
        }
    }

    /// The preparation that an input column must have: that of the run's column of the same name, or, where each side has only one
    /// of this kind (`only`), of that. `None` if it is to be fitted anew.
    pub(crate) fn column(
        &self,
        name: &str,
        kind_name: &'static str,
        only: bool,
    ) -> Result<Option<Box<dyn Prepared>>> {
        let Start::Run(model) = self else { return Ok(None) };
        let like: Vec<_> = model.encoder.inputs.iter().filter(|(_, k, _)| *k == kind_name).collect();
        let same = match (like.iter().find(|(n, ..)| n == name), like.as_slice()) {
            (Some(same), _) => same,
            (None, [same]) if only => same,
            _ => return Ok(None),
        };
        let mut state = same.2.state();
        if let Some(named) = state.get_mut("name") {
            *named = name.into();
        }
        Ok(Some(kind(kind_name)?.restore(&state)?))
    }

    /// The form of the network, if it is that of a run.
    pub(crate) fn blueprint(&self) -> Option<&Blueprint> {
        match self {
            Start::Run(model) => Some(&model.blueprint),
            Start::Bert { .. } | Start::Vision { .. } => None,
        }
    }

    /// The shape of a network for texts that others have trained.
    pub(crate) fn bert(&self) -> Option<BertConfig> {
        match self {
            Start::Bert { shape, .. } => Some(*shape),
            Start::Run(model) => model.blueprint.text.bert,
            Start::Vision { .. } => None,
        }
    }

    /// The form of a network for pictures that others have trained.
    pub(crate) fn vision(&self) -> Option<&VisionConfig> {
        match self {
            Start::Vision { shape, .. } => Some(shape),
            Start::Run(model) => model.blueprint.vision.as_ref(),
            Start::Bert { .. } => None,
        }
    }

    /// Puts the weights into a network; the result says what starts anew.
    ///
    /// # Errors
    /// Weights that are missing, damaged or of another shape; a run of which nothing suits this network.
    pub(crate) fn fill(&self, network: &mut Network, batcher: &Batcher) -> Result<String> {
        match self {
            Start::Bert { folder, .. } => {
                expect(!batcher.text_sizes().is_empty(), folder, "text")?;
                network.read_texts(folder)?;
                Ok(format!("texts are read by the network of {}", folder.path().display()))
            }
            Start::Vision { folder, shape, preprocessing } => {
                expect(batcher.sounds().contains(&false), folder, "picture")?;
                network.read_pictures(folder, shape, preprocessing)?;
                Ok(format!("pictures are seen by the network of {}", folder.path().display()))
            }
            Start::Run(model) => take(network, batcher, model),
        }
    }
}

/// Refuses a network for columns of a kind that the data does not have.
fn expect(there: bool, folder: &Folder, kind: &str) -> Result<()> {
    match there {
        true => Ok(()),
        false => Err(Error::usage(format!(
            "there is no {kind} that could start from this network · {} · leave --from out, or say with --kind which column is a {kind}",
            folder.path().display()
        ))),
    }
}

/// Copies what suits from the network of a run.
fn take(network: &mut Network, batcher: &Batcher, model: &Model) -> Result<String> {
    let same_inputs = batcher.features() == model.batcher.features();
    let same_targets = same_answers(batcher.targets(), model.batcher.targets());
    let may = |part: &str| match part {
        "heads" => same_inputs && same_targets,
        part => same_inputs || !JOINED.contains(&part),
    };
    let theirs: BTreeMap<String, _> = params(&model.network).into_iter().collect();
    let (mut taken, mut anew) = (0, Vec::new());
    for (name, param) in params_mut(network) {
        // Of several networks that answer together, each has the same parts.
        let part = name.split('.').find(|part| *part != "others" && part.parse::<usize>().is_err());
        let own = part.unwrap_or_default();
        match theirs.get(&name).filter(|p| may(own) && p.value.shape() == param.value.shape()) {
            Some(same) => {
                param.value = same.value.clone();
                taken += 1;
            }
            None if !anew.contains(&own.to_owned()) => anew.push(own.to_owned()),
            None => {}
        }
    }
    match (taken, anew.as_slice()) {
        (0, _) => Err(Error::usage(format!(
            "nothing of the run that --from names suits this data · its inputs are {} · give data with such columns",
            names(model.batcher.features())
        ))),
        (_, []) => Ok("all weights are those of the run that --from names".to_owned()),
        (_, anew) => Ok(format!(
            "the weights are those of the run that --from names, but for these parts, which start anew: {}",
            anew.join(", ")
        )),
    }
}

/// Whether outputs mean the same.
fn same_answers(ours: &[Target], theirs: &[Target]) -> bool {
    let same = |(ours, theirs): (&Target, &Target)| match (ours, theirs) {
        (Target::Classes { names: a, .. }, Target::Classes { names: b, .. })
        | (Target::Tags { names: a, .. }, Target::Tags { names: b, .. }) => a == b,
        // Numbers are standardised by each data set's own mean.
        _ => false,
    };
    ours.len() == theirs.len() && ours.iter().zip(theirs).all(same)
}

/// Features for people.
fn names(features: &[Feature]) -> String {
    let name = |f: &Feature| match f {
        Feature::Number { name, .. } => format!("the number `{name}`"),
        Feature::Code { name, .. } => format!("the category `{name}`"),
        Feature::Text { name, .. } => format!("the text `{name}`"),
        Feature::Sound { name, .. } => format!("the sound `{name}`"),
        Feature::Picture { name, .. } => format!("the picture `{name}`"),
    };
    features.iter().map(name).collect::<Vec<_>>().join(", ")
}
