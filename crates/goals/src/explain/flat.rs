//! An input as one row of numbers that can be changed a little: what gradients are taken by.

use super::parts::Part;
use crate::Result;
use crate::model::Model;
use crate::networks::code_width;
use crate::predict::{LookedUp, Seen};
use pellucid_grad::{Gradients, Var, ops};
use pellucid_insight::trust::Dirichlet;
use pellucid_kinds::image::slopes_by_pixels;
use pellucid_kinds::{Record, Target, mirror};
use pellucid_nn::Pass;
use pellucid_tensor::Tensor;
use std::ops::Range;

use super::question::Asked;

/// Where everything stands in the row: encoded numbers, the pixels of each picture, and for each member of the network the vectors of its
/// categories and of the pieces of each text.
struct Layout {
    numbers: Range<usize>,
    pictures: Vec<(Range<usize>, [usize; 3])>,
    members: Vec<Vectors>,
    length: usize,
}

/// Where the vectors of one member of a network stand: those of categories, and those of each text with their number and length.
struct Vectors {
    codes: Range<usize>,
    texts: Vec<(Range<usize>, [usize; 2])>,
}

/// A network as a function of such rows, for inputs with the same pieces of texts as one record.
pub(super) struct Flat<'a> {
    model: &'a Model,
    record: &'a Record,
    asked: Asked,
    layout: Layout,
}

/// The next `length` places.
fn next(end: &mut usize, length: usize) -> Range<usize> {
    let range = *end..*end + length;
    *end = range.end;
    range
}

impl<'a> Flat<'a> {
    /// For inputs like `record`.
    ///
    /// # Errors
    /// A record of other columns, and no memory.
    pub(super) fn new(model: &'a Model, record: &'a Record, asked: Asked) -> Result<Flat<'a>> {
        let pass = Pass::inference();
        let batch = model.batcher.assemble(std::slice::from_ref(record), None)?;
        let seen = model.network.see(&pass, &batch)?;
        let mut end = 0;
        let numbers = next(&mut end, model.batcher.numbers_width());
        let sizes = model.batcher.picture_sizes().into_iter();
        let pictures = sizes.map(|size| (next(&mut end, size.iter().product()), size)).collect();
        let mut members = Vec::new();
        for looked_up in &seen.looked_up {
            let codes = next(&mut end, looked_up.codes.as_ref().map_or(0, |codes| codes.value().len()));
            let text = |var: &Var| {
                let size = [var.shape()[1], var.shape()[2]];
                (next(&mut end, size[0] * size[1]), size)
            };
            let texts = looked_up.texts.iter().map(text).collect();
            members.push(Vectors { codes, texts });
        }
        Ok(Flat { model, record, asked, layout: Layout { numbers, pictures, members, length: end } })
    }

    /// The row of the record itself.
    ///
    /// # Errors
    /// No memory.
    pub(super) fn whole(&self) -> Result<Vec<f32>> {
        self.row(self.record, true)
    }

    /// The row of `absent`, a record like this one without any of its parts. The vectors of words are 0, as those of pieces left out in
    /// training.
    ///
    /// # Errors
    /// A record of other columns, and no memory.
    pub(super) fn nothing(&self, whole: &[f32], absent: &Record, parts: &[Part]) -> Result<Vec<f32>> {
        let mut row = self.row(absent, false)?;
        for Vectors { texts, .. } in &self.layout.members {
            for (range, _) in texts {
                row[range.clone()].copy_from_slice(&whole[range.clone()]);
            }
            for part in parts {
                let Part::Word { text, pieces, .. } = part else { continue };
                let Some((range, [_, vector])) = texts.get(*text) else { continue };
                row[range.start + pieces.start * vector..range.start + pieces.end * vector].fill(0.0);
            }
        }
        Ok(row)
    }

    fn row(&self, record: &Record, texts_too: bool) -> Result<Vec<f32>> {
        let batch = self.model.batcher.assemble(std::slice::from_ref(record), None)?;
        let seen = self.model.network.see(&Pass::inference(), &batch)?;
        let mut row = vec![0.0; self.layout.length];
        if let Some(numbers) = &batch.numbers {
            row[self.layout.numbers.clone()].copy_from_slice(numbers.data()?);
        }
        for ((range, _), pixels) in self.layout.pictures.iter().zip(self.model.batcher.standardised(record)) {
            row[range.clone()].copy_from_slice(&pixels);
        }
        for (Vectors { codes, texts }, looked_up) in self.layout.members.iter().zip(&seen.looked_up) {
            if let Some(vectors) = &looked_up.codes {
                row[codes.clone()].copy_from_slice(vectors.value().data()?);
            }
            for ((range, _), vectors) in texts.iter().zip(&looked_up.texts).filter(|_| texts_too) {
                row[range.clone()].copy_from_slice(vectors.value().data()?);
            }
        }
        Ok(row)
    }

    /// What a network sees of rows, all of it watched.
    fn see(&self, pass: &Pass, rows: &[Vec<f32>]) -> Result<Seen> {
        let n = rows.len();
        let gathered = |range: &Range<usize>| -> Vec<f32> {
            rows.iter().flat_map(|row| row[range.clone()].iter().copied()).collect()
        };
        let copies = vec![self.record.clone(); n];
        let mut batch = self.model.batcher.assemble(&copies, None)?;
        if let Some(numbers) = &mut batch.numbers {
            *numbers = Tensor::new(&gathered(&self.layout.numbers), numbers.shape())?;
        }
        for (picture, (range, [_, _, channels])) in batch.pictures.iter_mut().zip(&self.layout.pictures) {
            let out = picture.data_mut::<f32>()?;
            for (row, out) in rows.iter().zip(out.chunks_mut((2 * range.len()).max(1))) {
                pellucid_kinds::image::beside_own_standard(&row[range.clone()], *channels, out);
            }
        }
        let mut seen = self.model.network.see(pass, &batch)?;
        let watch = |var: &mut Var| *var = pass.watched_input(var.value());
        seen.numbers.iter_mut().chain(&mut seen.pictures).chain(&mut seen.mirrored).for_each(watch);
        for (looked_up, Vectors { codes, texts }) in seen.looked_up.iter_mut().zip(&self.layout.members) {
            if let Some(var) = &mut looked_up.codes {
                *var = pass.watched_input(&Tensor::new(&gathered(codes), var.shape())?);
            }
            for (var, (range, _)) in looked_up.texts.iter_mut().zip(texts) {
                *var = pass.watched_input(&Tensor::new(&gathered(range), var.shape())?);
            }
        }
        Ok(seen)
    }

    /// The value asked for, `[rows]`, of a network's outputs.
    fn value(&self, outputs: &[Var]) -> Result<Var> {
        let Asked { target, output } = self.asked;
        // As probabilities come from them in use.
        let trust = &self.model.trust[target];
        let softer = &ops::scale(&outputs[target], 1.0 / trust.temperature)?;
        let one = |x: &Var| ops::narrow(x, 1, output, 1);
        Ok(match &self.model.batcher.targets()[target] {
            Target::Classes { .. } => match &trust.dirichlet {
                Some(dirichlet) => one(&ops::softmax(&scores(dirichlet, &ops::log_softmax(softer)?)?)?)?,
                None => one(&ops::softmax(softer)?)?,
            },
            Target::Tags { .. } => ops::sigmoid(&one(softer)?)?,
            Target::Number { scale, mean, .. } => ops::shift(&ops::scale(&outputs[target], *scale)?, *mean)?,
        })
    }

    /// The value of each row.
    ///
    /// # Errors
    /// No memory.
    pub(super) fn values(&self, rows: &[Vec<f32>]) -> Result<Vec<f64>> {
        let pass = Pass::inference();
        let outputs = self.model.network.answer_seen(&pass, &self.see(&pass, rows)?)?;
        Ok(self.value(&outputs)?.value().to_vec())
    }

    /// The slopes of the value by all numbers of each row.
    ///
    /// # Errors
    /// No memory.
    pub(super) fn slopes(&self, rows: &[Vec<f32>]) -> Result<Vec<Vec<f32>>> {
        let pass = Pass::of_inputs();
        let seen = self.see(&pass, rows)?;
        let outputs = self.model.network.answer_seen(&pass, &seen)?;
        let gradients = ops::sum(&self.value(&outputs)?)?.backward()?;
        let mut slopes = vec![vec![0.0; self.layout.length]; rows.len()];
        let mut put = |range: &Range<usize>, of_rows: &[f32]| {
            for (row, some) in slopes.iter_mut().zip(of_rows.chunks(range.len().max(1))) {
                row[range.clone()].copy_from_slice(some);
            }
        };
        if let Some(numbers) = &seen.numbers {
            put(&self.layout.numbers, &of(&gradients, numbers)?);
        }
        for (LookedUp { codes, texts }, member) in seen.looked_up.iter().zip(&self.layout.members) {
            if let Some(codes) = codes {
                put(&member.codes, &of(&gradients, codes)?);
            }
            for (text, (range, _)) in texts.iter().zip(&member.texts) {
                put(range, &of(&gradients, text)?);
            }
        }
        let sounds = self.model.batcher.sounds();
        for (i, (range, size)) in self.layout.pictures.iter().enumerate() {
            let mut both = of(&gradients, &seen.pictures[i])?;
            if let Some(mirrored) = seen.mirrored.get(i) {
                let mut back = of(&gradients, mirrored)?;
                // Sounds are not mirrored.
                if !sounds[i] {
                    mirror(&mut back, size[1], 2 * size[2]);
                }
                both.iter_mut().zip(back).for_each(|(sum, x)| *sum += x);
            }
            let length = (2 * range.len()).max(1);
            for ((row, slopes), both) in rows.iter().zip(&mut slopes).zip(both.chunks(length)) {
                let by_pixels = slopes_by_pixels(&row[range.clone()], size[2], both);
                slopes[range.clone()].copy_from_slice(&by_pixels);
            }
        }
        Ok(slopes)
    }

    /// What numbers of a row add up to for each part.
    pub(super) fn by_part(&self, values: &[f64], parts: &[Part]) -> Vec<f64> {
        let numbers = self.model.batcher.number_ranges();
        let width = code_width(&self.model.batcher.code_sizes());
        let sum = |range: Range<usize>| values[range].iter().sum::<f64>();
        let members = &self.layout.members;
        let of_part = |part: &Part| match part {
            Part::Column { numbers: own, codes, .. } => {
                let start = self.layout.numbers.start;
                let of_numbers: f64 = numbers[own.clone()]
                    .iter()
                    .map(|range| sum(start + range.start..start + range.end))
                    .sum();
                let codes = codes.start * width..codes.end * width;
                let of_codes = |all: &Range<usize>| {
                    if all.is_empty() { 0.0 } else { sum(all.start + codes.start..all.start + codes.end) }
                };
                of_numbers + members.iter().map(|member| of_codes(&member.codes)).sum::<f64>()
            }
            Part::Word { text, pieces, .. } => members
                .iter()
                .filter_map(|member| member.texts.get(*text))
                .map(|(all, [_, vector])| {
                    sum(all.start + pieces.start * vector..all.start + pieces.end * vector)
                })
                .sum(),
            Part::Field { picture, rows, columns } => {
                let (all, [_, width, channels]) = &self.layout.pictures[*picture];
                let of_row = |y: usize| {
                    let start = all.start + (y * width + columns.start) * channels;
                    sum(start..start + columns.len() * channels)
                };
                rows.clone().map(of_row).sum()
            }
        };
        parts.iter().map(of_part).collect()
    }

    /// What numbers of a row add up to for each pixel of each picture.
    pub(super) fn by_pixel(&self, values: &[f64]) -> Vec<Vec<f64>> {
        let of = |(range, [_, _, channels]): &(Range<usize>, [usize; 3])| {
            values[range.clone()].chunks((*channels).max(1)).map(|pixel| pixel.iter().sum()).collect()
        };
        self.layout.pictures.iter().map(of).collect()
    }
}

/// What classes score by the logarithms of their probabilities, `[rows, classes]`.
pub(super) fn scores(dirichlet: &Dirichlet, logarithms: &Var) -> Result<Var> {
    let constant = |numbers: &[f64]| -> Result<Var> {
        let numbers: Vec<f32> = numbers.iter().map(|&x| x as f32).collect();
        Ok(logarithms.tape().constant(&Tensor::new(&numbers, &[numbers.len()])?))
    };
    let weighed = ops::mul(logarithms, &constant(dirichlet.weights())?)?;
    Ok(ops::add(&weighed, &constant(dirichlet.biases())?)?)
}

/// The slopes by a variable; 0 where nothing depends on it.
fn of(gradients: &Gradients, var: &Var) -> Result<Vec<f32>> {
    Ok(match gradients.of(var) {
        Some(gradient) => gradient.to_dense()?.data::<f32>()?.to_vec(),
        None => vec![0.0; var.value().len()],
    })
}
