//! The network: an encoder for each sort of column, one trunk that joins them, a head for each target.

use super::Blueprint;
use crate::networks::{self, Placed, TextNetwork, code_width};
use crate::{Error, Result};
use pellucid_grad::{Var, ops};
use pellucid_kernels::activation::Activation;
use pellucid_kinds::image::Mirroring;
use pellucid_kinds::{Batch, Batcher, Feature, Target};
use pellucid_nn::layers::{BatchNorm, Dropout, Embedding, Linear, Sequential};
use pellucid_nn::{
    Int8Network, Layer, Pass, Seed, describe, module, params_mut, parse_layers, set_frozen, set_pace,
};
use pellucid_pretrained::{Folder, Preprocessing, VisionConfig};
use pellucid_tensor::Result as EngineResult;

/// A network from columns to answers, or several of the same form that start from other weights and answer together.
pub struct Network {
    pictures: Vec<Sequential>,
    texts: Vec<TextNetwork>,
    codes: Option<Embedding>,
    trunk: Sequential,
    heads: Vec<Linear>,
    others: Vec<Network>,
    mirror: Mirroring,
    batcher: Batcher,
    /// The networks for pictures in bytes, if they are to be used in place of those in numbers.
    in_bytes: Vec<Int8Network>,
}

module!(Network { pictures, texts, codes, trunk, heads, others });

/// Whether one picture is all that goes in.
pub(super) fn only_picture(batcher: &Batcher) -> bool {
    only_one(batcher) && batcher.text_sizes().is_empty()
}

/// Whether one picture or one text is all that goes in: there is nothing to join.
pub(super) fn only_one(batcher: &Batcher) -> bool {
    let vectors = batcher.network_sizes().len() + batcher.text_sizes().len();
    vectors == 1 && batcher.numbers_width() == 0 && batcher.code_sizes().is_empty()
}

/// Whether a picture's vector says where in it things are, not only whether they are there: numbers may depend on it.
pub(super) fn places(batcher: &Batcher) -> bool {
    batcher.targets().iter().any(|t| matches!(t, Target::Number { .. }))
}

/// The stages: columns by themselves, what joins them, the answers.
const APART: usize = 0;
const JOINED: usize = 1;
const ANSWERS: usize = 2;

impl Network {
    /// Builds a network for what the batcher gives and wants.
    ///
    /// # Errors
    /// A person's own layers that do not fit, and no memory.
    pub fn build(blueprint: &Blueprint, batcher: &Batcher, seed: &Seed) -> Result<Network> {
        let other = |i: usize| Network::one(blueprint, batcher, &seed.part(format!("member{i}")));
        let others = (1..blueprint.members).map(other).collect::<Result<_>>()?;
        Ok(Network { others, ..Network::one(blueprint, batcher, seed)? })
    }

    /// A network that answers alone.
    fn one(blueprint: &Blueprint, batcher: &Batcher, seed: &Seed) -> Result<Network> {
        let sizes = batcher.network_sizes();
        let code_sizes = batcher.code_sizes();
        let vector = batcher.numbers_width() + code_sizes.len() * code_width(&code_sizes);
        let (only_picture, places) = (only_picture(batcher), places(batcher));
        let (mut pictures, mut joined) = (Vec::new(), vector);
        for (i, &size) in sizes.iter().enumerate() {
            let seed = seed.part(format!("picture{i}"));
            let sound = batcher.sounds().get(i) == Some(&true);
            let (net, width) = match (&blueprint.layers, &blueprint.vision) {
                (Some(own), _) if only_picture => own_layers(own, &size, &seed)?,
                (_, Some(vision)) if !sound => networks::given_picture(&seed, size, vision)?,
                _ => networks::picture(&seed, size, blueprint.channels, blueprint.blocks, places)?,
            };
            pictures.push(net);
            joined += width;
        }
        let mut texts = Vec::new();
        for (i, size) in batcher.text_sizes().into_iter().enumerate() {
            let seed = seed.part(format!("text{i}"));
            texts.push(TextNetwork::new(&seed, &blueprint.text, size, blueprint.dropout)?);
            joined += 2 * blueprint.text.width();
        }
        let codes = match code_sizes.is_empty() {
            true => None,
            false => {
                Some(Embedding::new(&seed.part("codes"), code_sizes.iter().sum(), code_width(&code_sizes))?)
            }
        };
        let (trunk, width) = match &blueprint.layers {
            Some(_) if only_picture => (Sequential::new(), joined),
            None if only_one(batcher) => (Sequential::new().then(Dropout::new(blueprint.dropout)?), joined),
            Some(own) => own_layers(own, &[joined], &seed.part("trunk"))?,
            None => {
                let Blueprint { width, depth, dropout, .. } = *blueprint;
                (networks::vector(&seed.part("trunk"), joined, width, depth, dropout)?, width)
            }
        };
        let trunk = match blueprint.standardised {
            // Numbers of whatever size: nothing before them can learn to suit what comes after.
            true => Sequential::new().then(BatchNorm::new(joined, Activation::Identity)?).then(trunk),
            false => trunk,
        };
        let head = |(k, t): (usize, &Target)| {
            Linear::new(&seed.part(format!("head{k}")), width, t.outputs(), Activation::Identity)
        };
        let heads = batcher.targets().iter().enumerate().map(head).collect::<EngineResult<_>>()?;
        Ok(Network {
            pictures,
            texts,
            codes,
            trunk,
            heads,
            others: Vec::new(),
            mirror: blueprint.mirror,
            batcher: batcher.clone(),
            in_bytes: Vec::new(),
        })
    }

    /// Takes the weights that others have trained for the networks of texts.
    ///
    /// # Errors
    /// Weights that are missing, damaged or of another shape.
    pub(crate) fn read_texts(&mut self, folder: &Folder) -> Result<()> {
        let read = |text: &mut TextNetwork| text.read(folder);
        self.texts.iter_mut().try_for_each(read).map_err(|e| Error::usage(e.to_string()))?;
        self.others.iter_mut().try_for_each(|other| other.read_texts(folder))
    }

    /// Takes the weights that others have trained for the networks of pictures, of the form `shape`, which are to see pictures as
    /// those that they have learned from were shown.
    ///
    /// # Errors
    /// Weights that are missing, damaged or of another shape.
    pub(crate) fn read_pictures(
        &mut self,
        folder: &Folder,
        shape: &VisionConfig,
        shown: &Preprocessing,
    ) -> Result<()> {
        let pictures = self.batcher.features().iter().filter_map(|f| match f {
            Feature::Picture { mean, scale, .. } => Some(Some((mean, scale))),
            Feature::Sound { .. } => Some(None),
            _ => None,
        });
        for (net, statistics) in self.pictures.iter_mut().zip(pictures) {
            let Some((mean, scale)) = statistics else { continue };
            let mut params = params_mut(net).into_iter().map(|(_, param)| param);
            if let (Some(weight), Some(bias)) = (params.next(), params.next()) {
                networks::show_as(shown, (mean, scale), weight, bias)?;
            }
            shape.read(params, folder).map_err(|e| Error::usage(e.to_string()))?;
        }
        Ok(())
    }

    /// From now on, or no longer, the networks of pictures and texts stay as they are in training.
    pub(crate) fn freeze(&mut self, frozen: bool) {
        set_frozen(&mut self.pictures, frozen);
        set_frozen(&mut self.texts, frozen);
    }

    /// From now on, what gives the answers learns at so many times the rate of the rest.
    pub(crate) fn quicken_heads(&mut self, pace: f64) {
        set_pace(&mut self.heads, pace);
        self.others.iter_mut().for_each(|other| other.quicken_heads(pace));
    }

    /// The network itself and those that answer together with it.
    pub fn members(&self) -> impl Iterator<Item = &Network> {
        std::iter::once(self).chain(&self.others)
    }

    /// The outputs of this one network for each target, `[rows, outputs]`.
    ///
    /// # Errors
    /// A batch of other columns, and no memory.
    pub fn forward(&self, pass: &Pass, batch: &Batch) -> EngineResult<Vec<Var>> {
        self.read_out(pass, &self.features(pass, batch)?)
    }

    /// What the heads of this one network see of a batch, `[rows, width]`.
    ///
    /// # Errors
    /// A batch of other columns, and no memory.
    pub(crate) fn features(&self, pass: &Pass, batch: &Batch) -> EngineResult<Var> {
        self.seen_by_heads(pass, &self.joined_of(pass, batch)?)
    }

    /// The vectors by which rows are compared, of this one network without training, `[rows, width]`: those from which it answers, and beside them, where
    /// several columns are joined, what they are before that. What matters for no answer is seen in the latter only.
    ///
    /// # Errors
    /// A batch of other columns, and no memory.
    pub(crate) fn compared(&self, batch: &Batch) -> EngineResult<Var> {
        let pass = Pass::inference();
        let joined = self.joined_of(&pass, batch)?;
        self.beside(&joined, &self.seen_by_heads(&pass, &joined)?)
    }

    /// The width of these vectors.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub(crate) fn compared_width(&self) -> EngineResult<usize> {
        let sizes = self.batcher.code_sizes();
        let columns = self.batcher.numbers_width() + sizes.len() * code_width(&sizes);
        let joined = if only_one(&self.batcher) { 0 } else { columns + self.vectors_width()? };
        Ok(joined + self.heads.first().map_or(0, |head| head.weight.value.shape().last()))
    }

    /// The vectors by which rows are compared, of the joined columns and of what answers are made of.
    pub(super) fn beside(&self, joined: &Var, features: &Var) -> EngineResult<Var> {
        match only_one(&self.batcher) {
            true => Ok(features.clone()),
            false => together(&[features.clone(), joined.clone()]),
        }
    }

    /// A batch's columns, joined.
    fn joined_of(&self, pass: &Pass, batch: &Batch) -> EngineResult<Var> {
        let numbers = batch.numbers.as_ref().map(|numbers| pass.input(numbers));
        let codes = self.code_vectors(pass, batch)?;
        let media = match &batch.vectors {
            Some(vectors) => vec![pass.input(vectors)],
            None => self.media(pass, batch)?,
        };
        joined(numbers, codes, media)
    }

    /// What the heads see of joined columns.
    pub(super) fn seen_by_heads(&self, pass: &Pass, joined: &Var) -> EngineResult<Var> {
        self.trunk.forward(pass, joined)
    }

    /// The outputs of this one network for each target, `[rows, outputs]`, of what its heads see.
    ///
    /// # Errors
    /// Features of another width, and no memory.
    pub(crate) fn read_out(&self, pass: &Pass, features: &Var) -> EngineResult<Vec<Var>> {
        self.heads.iter().map(|head| head.forward(pass, features)).collect()
    }

    /// The vectors of a batch's categories, `[rows, columns · width]`.
    pub(super) fn code_vectors(&self, pass: &Pass, batch: &Batch) -> EngineResult<Option<Var>> {
        let (Some(codes), Some(table)) = (&batch.codes, &self.codes) else { return Ok(None) };
        let vectors = table.forward(pass, &pass.input(codes))?;
        let width = vectors.shape().last() * codes.shape().last();
        ops::reshape(&vectors, &[batch.rows, width]).map(Some)
    }

    /// What is known of mirror images.
    pub(super) fn mirroring(&self) -> Mirroring {
        self.mirror
    }

    /// What makes its batches.
    pub(super) fn batcher(&self) -> &Batcher {
        &self.batcher
    }

    /// The networks of pictures.
    pub(crate) fn pictures(&self) -> &[Sequential] {
        &self.pictures
    }

    /// The networks of texts.
    pub(super) fn texts(&self) -> &[TextNetwork] {
        &self.texts
    }

    /// What the networks of pictures make of them.
    pub(super) fn of_pictures(&self, pass: &Pass, pictures: &[Var]) -> EngineResult<Vec<Var>> {
        let of = |(i, (net, picture)): (usize, (&Sequential, &Var))| match self.in_bytes.get(i) {
            Some(bytes) => Ok(pass.input(&bytes.forward(picture.value())?)),
            None => net.forward(pass, picture),
        };
        self.pictures.iter().zip(pictures).enumerate().map(of).collect()
    }

    /// What the networks of pictures and of texts make of them, one after the other.
    fn media(&self, pass: &Pass, batch: &Batch) -> EngineResult<Vec<Var>> {
        let pictures: Vec<Var> = batch.pictures.iter().map(|picture| pass.input(picture)).collect();
        let mut parts = self.of_pictures(pass, &pictures)?;
        for (net, text) in self.texts.iter().zip(&batch.texts) {
            parts.push(net.forward(pass, &pass.input(text))?);
        }
        Ok(parts)
    }

    /// The vectors of a batch's pictures and texts, `[rows, width]`: what a [batch](Batch::vectors) may bring along in their place.
    ///
    /// # Errors
    /// A batch of other columns, and no memory.
    pub(crate) fn vectors(&self, pass: &Pass, batch: &Batch) -> EngineResult<Var> {
        together(&self.media(pass, batch)?)
    }

    /// The width of these vectors.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub(crate) fn vectors_width(&self) -> EngineResult<usize> {
        let pictures =
            self.pictures.iter().zip(self.batcher.network_sizes()).map(|(net, size)| net.output_shape(&size));
        let texts = self
            .texts
            .iter()
            .zip(self.batcher.text_sizes())
            .map(|(net, (length, _))| net.output_shape(&[length]));
        pictures.chain(texts).map(|shape| Ok(shape?.iter().product::<usize>())).sum()
    }

    /// The answers' outputs, `[rows, outputs]` for each target: without training, the mean over all members, and where
    /// mirroring keeps (or negates) answers, over the pictures and their mirror images.
    ///
    /// # Errors
    /// A batch of other columns, and no memory.
    pub fn answer(&self, batch: &Batch) -> EngineResult<Vec<Var>> {
        Ok(self.answer_and_compared(batch)?.0)
    }

    /// The answers' outputs, and the vectors by which rows are compared, of the first member.
    ///
    /// # Errors
    /// A batch of other columns, and no memory.
    pub(crate) fn answer_and_compared(&self, batch: &Batch) -> EngineResult<(Vec<Var>, Var)> {
        let pass = Pass::inference();
        let (outputs, compared) = self.answer_in_full(&pass, &self.see(&pass, batch)?)?;
        Ok((outputs, compared.ok_or_else(|| pellucid_tensor::Error::state("a network without members"))?))
    }

    /// From now on, pictures go through networks in bytes, whose ranges are those of some batches.
    ///
    /// # Errors
    /// No network for pictures, layers without a form in bytes, and no memory.
    pub fn put_into_bytes(&mut self, batches: &[Batch]) -> Result<()> {
        if self.pictures.is_empty() {
            return Err(Error::usage("there is no network for pictures that could be put into bytes"));
        }
        let in_bytes = |(i, net): (usize, &Sequential)| {
            let samples: Vec<_> = batches.iter().filter_map(|batch| batch.pictures.get(i).cloned()).collect();
            Int8Network::new(net, &samples)
        };
        self.in_bytes = self.pictures.iter().enumerate().map(in_bytes).collect::<EngineResult<_>>()?;
        self.others.iter_mut().try_for_each(|other| other.put_into_bytes(batches))
    }

    /// The network layer by layer: columns by themselves, what joins them, the answers.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn describe(&self) -> EngineResult<Vec<Placed>> {
        let mut layers = Vec::new();
        // The next lane of each stage.
        let mut lanes = [0u32; 3];
        let mut show =
            |part: String, stage: usize, layer: &dyn Layer, input: &[usize]| -> EngineResult<usize> {
                let lane = lanes[stage];
                lanes[stage] += 1;
                let stage = stage as u32;
                let placed = |row| Placed::new(part.clone(), stage, row).in_lane(lane);
                layers.extend(describe(layer, input)?.into_iter().map(placed));
                Ok(layer.output_shape(input)?.iter().product())
            };
        let mut joined = self.batcher.numbers_width();
        if let Some(codes) = &self.codes {
            joined += show("categories".to_owned(), APART, codes, &[self.batcher.code_sizes().len()])?;
        }
        for (i, (net, size)) in self.pictures.iter().zip(self.batcher.network_sizes()).enumerate() {
            let part =
                if self.pictures.len() == 1 { "picture".to_owned() } else { format!("picture {}", i + 1) };
            joined += show(part, APART, net, &size)?;
        }
        for (i, (net, (length, _))) in self.texts.iter().zip(self.batcher.text_sizes()).enumerate() {
            let part = if self.texts.len() == 1 { "text".to_owned() } else { format!("text {}", i + 1) };
            joined += show(part, APART, net, &[length])?;
        }
        let width = show("joined".to_owned(), JOINED, &self.trunk, &[joined])?;
        for (k, head) in self.heads.iter().enumerate() {
            let part = if self.heads.len() == 1 { "answer".to_owned() } else { format!("answer {}", k + 1) };
            show(part, ANSWERS, head, &[width])?;
        }
        for (i, other) in self.others.iter().enumerate() {
            let of = |layer: Placed| Placed {
                part: format!("{}, network {}", layer.part, i + 2),
                member: i as u32 + 1,
                ..layer
            };
            layers.extend(other.describe()?.into_iter().map(of));
        }
        Ok(layers)
    }
}

/// What the columns have become, `[rows, width]`: numbers, the vectors of categories, those of pictures and texts.
pub(super) fn joined(numbers: Option<Var>, codes: Option<Var>, media: Vec<Var>) -> EngineResult<Var> {
    together(&numbers.into_iter().chain(codes).chain(media).collect::<Vec<_>>())
}

/// Vectors beside each other.
fn together(parts: &[Var]) -> EngineResult<Var> {
    match parts {
        [one] => Ok(one.clone()),
        several => ops::concat(&several.iter().collect::<Vec<_>>(), 1),
    }
}

/// A person's own layers, and the length of the vector they end in.
fn own_layers(layers: &[String], input: &[usize], seed: &Seed) -> Result<(Sequential, usize)> {
    let net =
        parse_layers(layers, input, seed).map_err(|e| Error::usage(format!("[network] layers · {e}")))?;
    let shape = net.output_shape(input)?;
    match shape.as_slice() {
        [width] => Ok((net, *width)),
        other => Err(Error::usage(format!(
            "[network] layers · the last layer gives the shape {other:?}, but a vector is needed · end with \"global pool\" \
             or \"flatten\""
        ))),
    }
}
