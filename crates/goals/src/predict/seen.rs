//! What a network sees of rows, as variables: gradients can be taken by them.

use super::Network;
use super::network::joined;
use crate::networks::TextNetwork;
use pellucid_grad::{Var, ops};
use pellucid_kinds::image::Mirroring;
use pellucid_kinds::{Batch, Target};
use pellucid_nn::{Layer, Pass};
use pellucid_tensor::{Result, Tensor};

/// Rows as all members of a network see them.
#[derive(Clone)]
pub(crate) struct Seen {
    /// `[rows, width]`: encoded numbers.
    pub(crate) numbers: Option<Var>,
    /// `[rows, height, width, 2 · channels]` each.
    pub(crate) pictures: Vec<Var>,
    /// The same mirrored, if mirror images are asked about as well.
    pub(crate) mirrored: Vec<Var>,
    /// `[rows, longest]` each (`u32`): the pieces of texts.
    pub(crate) texts: Vec<Tensor>,
    /// `[rows, width]`: what networks that do not learn have made of all pictures and texts, in their place.
    pub(crate) vectors: Option<Var>,
    /// What each member looks up for itself.
    pub(crate) looked_up: Vec<LookedUp>,
}

/// The vectors that one member of a network has for categories and pieces of words.
#[derive(Clone)]
pub(crate) struct LookedUp {
    /// `[rows, columns · width]`.
    pub(crate) codes: Option<Var>,
    /// `[rows, longest, width]` each.
    pub(crate) texts: Vec<Var>,
}

impl Network {
    /// Whether mirror images are asked about as well.
    pub(crate) fn mirrors(&self) -> bool {
        self.mirroring() != Mirroring::Never && !self.batcher().picture_sizes().is_empty()
    }

    /// What all members see of a batch.
    ///
    /// # Errors
    /// A batch of other columns, and no memory.
    pub(crate) fn see(&self, pass: &Pass, batch: &Batch) -> Result<Seen> {
        let mirrors = self.mirrors() && !batch.pictures.is_empty();
        let mirrored = if mirrors { batch.mirrored()?.pictures } else { Vec::new() };
        let variables = |tensors: &[Tensor]| tensors.iter().map(|tensor| pass.input(tensor)).collect();
        let of_text = |(net, text): (&TextNetwork, &Tensor)| net.vectors(pass, &pass.input(text));
        let look_up = |member: &Network| {
            Ok(LookedUp {
                codes: member.code_vectors(pass, batch)?,
                texts: member.texts().iter().zip(&batch.texts).map(of_text).collect::<Result<_>>()?,
            })
        };
        Ok(Seen {
            numbers: batch.numbers.as_ref().map(|numbers| pass.input(numbers)),
            pictures: variables(&batch.pictures),
            mirrored: variables(&mirrored),
            texts: batch.texts.clone(),
            vectors: batch.vectors.as_ref().map(|vectors| pass.input(vectors)),
            looked_up: self.members().map(look_up).collect::<Result<_>>()?,
        })
    }

    /// The outputs for each target, `[rows, outputs]`: the mean over all members, and over pictures and their mirror images.
    ///
    /// # Errors
    /// What other columns look like, and no memory.
    pub(crate) fn answer_seen(&self, pass: &Pass, seen: &Seen) -> Result<Vec<Var>> {
        Ok(self.answer_in_full(pass, seen)?.0)
    }

    /// The same, and the vectors by which rows are compared, of the first member, `[rows, width]`; mirror images aside.
    ///
    /// # Errors
    /// As [`answer_seen`](Self::answer_seen).
    pub(super) fn answer_in_full(&self, pass: &Pass, seen: &Seen) -> Result<(Vec<Var>, Option<Var>)> {
        let (mut total, mut first): (Option<Vec<Var>>, _) = (None, None);
        for (member, looked_up) in self.members().zip(&seen.looked_up) {
            let (outputs, compared) = member.outputs(pass, seen, looked_up)?;
            first.get_or_insert(compared);
            total = Some(match total {
                Some(sums) => {
                    sums.iter().zip(&outputs).map(|(a, b)| ops::add(a, b)).collect::<Result<_>>()?
                }
                None => outputs,
            });
        }
        let (total, members) = (total.unwrap_or_default(), seen.looked_up.len());
        let mean = match members {
            0 | 1 => total,
            n => total.iter().map(|sum| ops::scale(sum, 1.0 / n as f64)).collect::<Result<_>>()?,
        };
        Ok((mean, first))
    }

    /// The outputs of this one network, and beside them the last maps of each picture's network, `[rows, height, width, channels]`: what
    /// the last of its layers gives that still says where something is. They are watched.
    ///
    /// # Errors
    /// A batch of other columns, and no memory.
    pub(crate) fn forward_with_maps(&self, pass: &Pass, batch: &Batch) -> Result<(Vec<Var>, Vec<Var>)> {
        let (mut maps, mut media) = (Vec::new(), Vec::new());
        for (net, picture) in self.pictures().iter().zip(&batch.pictures) {
            let (mut x, mut last) = (pass.input(picture), 0);
            let mut shape = picture.shape()[1..].to_vec();
            let layers = net.flat();
            for (i, layer) in layers.iter().enumerate() {
                shape = layer.output_shape(&shape)?;
                if matches!(shape[..], [height, width, _] if height * width > 1) {
                    last = i + 1;
                }
            }
            for layer in &layers[..last] {
                x = layer.forward(pass, &x)?;
            }
            let map = pass.watched_input(x.value());
            x = map.clone();
            for layer in &layers[last..] {
                x = layer.forward(pass, &x)?;
            }
            maps.push(map);
            media.push(x);
        }
        for (net, text) in self.texts().iter().zip(&batch.texts) {
            media.push(net.forward(pass, &pass.input(text))?);
        }
        let numbers = batch.numbers.as_ref().map(|numbers| pass.input(numbers));
        let joined = joined(numbers, self.code_vectors(pass, batch)?, media)?;
        Ok((maps, self.read_out(pass, &self.seen_by_heads(pass, &joined)?)?))
    }

    /// The columns of this one network, joined, `[rows, width]`: with the pictures as they are and, if those are asked about, with mirrored ones.
    fn columns_seen(&self, pass: &Pass, seen: &Seen, looked_up: &LookedUp) -> Result<(Var, Option<Var>)> {
        let of_text = |((net, pieces), vectors): ((&TextNetwork, &Tensor), &Var)| {
            net.forward_of(pass, &pass.input(pieces), vectors)
        };
        let texts = self.texts().iter().zip(&seen.texts).zip(&looked_up.texts).map(of_text);
        let texts: Vec<Var> = texts.collect::<Result<_>>()?;
        let of = |pictures: &[Var]| {
            let media = match &seen.vectors {
                Some(vectors) => vec![vectors.clone()],
                None => [self.of_pictures(pass, pictures)?, texts.clone()].concat(),
            };
            joined(seen.numbers.clone(), looked_up.codes.clone(), media)
        };
        let mirrored = if seen.mirrored.is_empty() { None } else { Some(of(&seen.mirrored)?) };
        Ok((of(&seen.pictures)?, mirrored))
    }

    /// What the heads of this one network see, `[rows, width]`: of the pictures as they are and, if those are asked about, of mirrored ones.
    ///
    /// # Errors
    /// What other columns look like, and no memory.
    pub(crate) fn features_seen(
        &self,
        pass: &Pass,
        seen: &Seen,
        looked_up: &LookedUp,
    ) -> Result<(Var, Option<Var>)> {
        let (plain, mirrored) = self.columns_seen(pass, seen, looked_up)?;
        let mirrored = mirrored.map(|columns| self.seen_by_heads(pass, &columns)).transpose()?;
        Ok((self.seen_by_heads(pass, &plain)?, mirrored))
    }

    /// Whether the answer to a mirrored picture stands for that number with the other sign.
    pub(crate) fn negates(&self, target: &Target) -> bool {
        self.mirroring() == Mirroring::Negates && matches!(target, Target::Number { .. })
    }

    /// The outputs of this one network, those for mirrored pictures included, and the vectors by which rows are compared.
    fn outputs(&self, pass: &Pass, seen: &Seen, looked_up: &LookedUp) -> Result<(Vec<Var>, Var)> {
        let (columns, mirrored) = self.columns_seen(pass, seen, looked_up)?;
        let features = self.seen_by_heads(pass, &columns)?;
        let (plain, compared) = (self.read_out(pass, &features)?, self.beside(&columns, &features)?);
        let Some(mirrored) = mirrored else { return Ok((plain, compared)) };
        let mirrored = self.read_out(pass, &self.seen_by_heads(pass, &mirrored)?)?;
        let mean = |((a, b), target): ((&Var, &Var), &Target)| match target {
            // −(b · scale + mean) in standardised units.
            Target::Number { mean, scale, .. } if self.negates(target) => {
                ops::shift(&ops::scale(&ops::sub(a, b)?, 0.5)?, -mean / scale)
            }
            _ => ops::scale(&ops::add(a, b)?, 0.5),
        };
        let outputs = plain.iter().zip(&mirrored).zip(self.batcher().targets()).map(mean);
        Ok((outputs.collect::<Result<_>>()?, compared))
    }
}
