//! Records as tensors: what a network takes.

use crate::audio;
use crate::error::Result;
use crate::image::{Augment, Mirroring, augment, beside_own_standard};
use crate::{Examples, Feature, Record, Target, slots};
use pellucid_tensor::{Stream, Tensor};
use std::ops::Range;

/// Rows made ready for a network.
#[derive(Clone, Debug)]
pub struct Batch {
    /// How many rows.
    pub rows: usize,
    /// `[rows, width]`: numbers, standardised and encoded piecewise linearly.
    pub numbers: Option<Tensor>,
    /// `[rows, columns]`: positions in one table of vectors shared by all category columns (`u32`).
    pub codes: Option<Tensor>,
    /// `[rows, longest]` each: the pieces of texts (`u32`), as many as the longest row here has, the others filled up with 0.
    pub texts: Vec<Tensor>,
    /// `[rows, height, width, 2 · channels]` each: pictures standardised by the training pictures' mean and deviation,
    /// and beside it each by its own, which light and exposure do not change.
    pub pictures: Vec<Tensor>,
    /// Which of these are sounds: `[rows, frames, bands, 2]`, standardised per band, and never mirrored.
    pub sounds: Vec<bool>,
    /// `[rows, width]`: what networks that do not learn have made of all pictures and texts, in their place.
    pub vectors: Option<Tensor>,
    /// One per target.
    pub truths: Vec<Truth>,
}

/// The known answers of a batch for one target.
#[derive(Clone, Debug)]
pub struct Truth {
    /// `[rows]`: classes (`u32`) or standardised numbers (`f32`); `[rows, tags]`: 0 or 1 (`f32`).
    pub values: Tensor,
    /// `[rows]`: 1 where the answer is known, 0 elsewhere.
    pub weights: Tensor,
}

impl Batch {
    /// The same rows with their pictures, but not their sounds, mirrored left to right.
    ///
    /// # Errors
    /// No memory.
    pub fn mirrored(&self) -> pellucid_tensor::Result<Batch> {
        let mut mirrored = self.clone();
        for (picture, _) in mirrored.pictures.iter_mut().zip(&self.sounds).filter(|(_, sound)| !**sound) {
            let (width, channels) = (picture.dim(2)?, picture.dim(3)?);
            mirror(picture.data_mut::<f32>()?, width, channels);
        }
        Ok(mirrored)
    }
}

/// Mirrors lines of `width` pixels left to right.
pub fn mirror(lines: &mut [f32], width: usize, channels: usize) {
    for line in lines.chunks_mut((width * channels).max(1)) {
        for x in 0..width / 2 {
            for c in 0..channels {
                line.swap(x * channels + c, (width - 1 - x) * channels + c);
            }
        }
    }
}

/// Turns records into batches.
#[derive(Clone, Debug)]
pub struct Batcher {
    features: Vec<Feature>,
    targets: Vec<Target>,
    /// Whether batches have pictures, sounds and texts in them.
    media: bool,
}

/// The number of values that a number with these bin edges becomes: itself, and one per bin if there are several.
fn number_width(edges: &[f64]) -> usize {
    1 + if edges.len() > 2 { edges.len() - 1 } else { 0 }
}

/// Appends a number: standardised (within ±5 deviations), then its piecewise linear encoding (Gorishniy et al.
/// 2022): for each bin the share of it that lies below the number, unbounded only outside all bins. Rounded to single
/// precision only where the offset is gone.
fn push_number(x: f64, edges: &[f64], mean: f64, scale: f64, out: &mut Vec<f32>) {
    out.push(((x - mean) / scale).clamp(-5.0, 5.0) as f32);
    if edges.len() > 2 {
        let last = edges.len() - 2;
        for (bin, edge) in edges.windows(2).enumerate() {
            let share = (x - edge[0]) / (edge[1] - edge[0]);
            let low = if bin == 0 { -2.0 } else { 0.0 };
            let high = if bin == last { 3.0 } else { 1.0 };
            out.push(share.clamp(low, high) as f32);
        }
    }
}

impl Batcher {
    /// For records with these features and targets.
    pub fn new(features: Vec<Feature>, targets: Vec<Target>) -> Batcher {
        Batcher { features, targets, media: true }
    }

    /// The same, but its batches have neither pictures nor sounds nor texts in them: their vectors are known.
    #[must_use]
    pub fn without_media(&self) -> Batcher {
        Batcher { media: false, ..self.clone() }
    }

    /// The features.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// The targets.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// Width of the encoded numbers.
    pub fn numbers_width(&self) -> usize {
        let width = |f: &Feature| if let Feature::Number { edges, .. } = f { number_width(edges) } else { 0 };
        self.features.iter().map(width).sum()
    }

    /// Where each number stands among all encoded numbers.
    pub fn number_ranges(&self) -> Vec<Range<usize>> {
        let mut end = 0;
        let next = |f: &Feature| {
            let Feature::Number { edges, .. } = f else { return None };
            let range = end..end + number_width(edges);
            end = range.end;
            Some(range)
        };
        self.features.iter().filter_map(next).collect()
    }

    /// The sizes of all code columns.
    pub fn code_sizes(&self) -> Vec<usize> {
        let size = |f: &Feature| if let Feature::Code { size, .. } = f { Some(*size) } else { None };
        self.features.iter().filter_map(size).collect()
    }

    /// The most pieces of each text, and how many different ones there are.
    pub fn text_sizes(&self) -> Vec<(usize, usize)> {
        let size = |f: &Feature| match f {
            Feature::Text { length, vocabulary, .. } => Some((*length, *vocabulary)),
            _ => None,
        };
        self.features.iter().filter_map(size).collect()
    }

    /// Height, width and channels of all pictures; frames, bands and 1 of sounds, which enter as pictures do.
    pub fn picture_sizes(&self) -> Vec<[usize; 3]> {
        crate::Layout::new(&self.features, 0).pictures
    }

    /// For each picture nothing, for each sound the deviations of its bands.
    fn sound_scales(&self) -> Vec<Option<&[f32]>> {
        self.features
            .iter()
            .filter_map(|f| match f {
                Feature::Picture { .. } => Some(None),
                Feature::Sound { scale, .. } => Some(Some(scale.as_slice())),
                _ => None,
            })
            .collect()
    }

    /// Which of the [pictures](Batcher::picture_sizes) are sounds.
    pub fn sounds(&self) -> Vec<bool> {
        self.sound_scales().iter().map(Option::is_some).collect()
    }

    /// Height, width and channels of the pictures in a batch.
    pub fn network_sizes(&self) -> Vec<[usize; 3]> {
        self.picture_sizes()
            .into_iter()
            .map(|[height, width, channels]| [height, width, 2 * channels])
            .collect()
    }

    /// Record `i` with its pictures standardised, without changes.
    ///
    /// # Errors
    /// Failures of reading.
    pub fn pictures(&self, examples: &Examples, i: usize) -> pellucid_data::Result<Vec<Vec<f32>>> {
        let mut record = Record::default();
        examples.read(i, &mut record)?;
        Ok(self.standardised(&record))
    }

    /// The pixels of each picture of a record, standardised by the training pictures' mean and deviation; those of sounds per band.
    pub fn standardised(&self, record: &Record) -> Vec<Vec<f32>> {
        let (mut pictures, mut rest) = (Vec::new(), record.pictures.as_slice());
        for feature in &self.features {
            // The mean and the deviation of each channel of a picture, of each band of a sound.
            let (size, (mean, scale)) = match feature {
                Feature::Picture { height, width, channels, mean, scale, .. } => {
                    (height * width * channels, (mean, scale))
                }
                Feature::Sound { frames, bands, mean, scale, .. } => (frames * bands, (mean, scale)),
                _ => continue,
            };
            let (bytes, others) = rest.split_at(size.min(rest.len()));
            rest = others;
            let table = |(mean, scale): (&f32, &f32)| {
                (0..256u16).map(|b| (f32::from(b) / 255.0 - mean) / scale).collect::<Vec<f32>>()
            };
            let tables: Vec<Vec<f32>> = mean.iter().zip(scale).map(table).collect();
            let own = |(i, &b): (usize, &u8)| tables[i % tables.len()][usize::from(b)];
            pictures.push(bytes.iter().enumerate().map(own).collect());
        }
        pictures
    }

    /// The batch of the given records. With `changes`, pictures are augmented: `changes.1` gives one number
    /// per row from which its randomness is derived.
    ///
    /// # Errors
    /// Failures of reading, and no memory.
    pub fn batch(
        &self,
        examples: &Examples,
        records: &[usize],
        changes: Option<(&Augment, &[u64])>,
    ) -> Result<Batch> {
        let mut all = Vec::with_capacity(records.len());
        for &i in records {
            let mut record = Record::default();
            examples.read(i, &mut record)?;
            all.push(record);
        }
        self.assemble(&all, changes)
    }

    /// As [`batch`](Batcher::batch), of records at hand.
    ///
    /// # Errors
    /// No memory.
    pub fn assemble(&self, records: &[Record], changes: Option<(&Augment, &[u64])>) -> Result<Batch> {
        let n = records.len();
        let (mut numbers, mut codes) = (Vec::new(), Vec::new());
        let sizes = self.picture_sizes();
        let sounds = self.sound_scales();
        let (mut pictures, mut changed) = (Vec::new(), Vec::new());
        for size in self.network_sizes().into_iter().filter(|_| self.media) {
            pictures.push(Tensor::unset::<f32>(&[n, size[0], size[1], size[2]])?);
        }
        let mut negated = vec![false; n];
        for (i, record) in records.iter().enumerate() {
            self.push_numbers(record, &mut numbers);
            self.push_codes(record, &mut codes);
            let pixels = if self.media { self.standardised(record) } else { Vec::new() };
            for (k, pixels) in pixels.into_iter().enumerate() {
                let length = 2 * pixels.len();
                let out = &mut pictures[k].data_mut::<f32>()?[i * length..(i + 1) * length];
                changed.resize(pixels.len(), 0.0);
                match changes {
                    Some((a, seeds)) => {
                        let seed = seeds.get(i).copied().unwrap_or_default();
                        let mut random = Stream::new(seed, "augment", k as u64);
                        let [height, width, _] = sizes[k];
                        if let Some(scale) = sounds[k] {
                            audio::augment(a, &pixels, [height, width], scale, &mut random, &mut changed);
                        } else {
                            let mirrored = augment(a, &pixels, sizes[k], &mut random, &mut changed);
                            negated[i] ^= mirrored && a.mirror == Mirroring::Negates;
                        }
                    }
                    None => changed.copy_from_slice(&pixels),
                }
                beside_own_standard(&changed, sizes[k][2], out);
            }
        }
        let table = |width: usize| (width > 0).then_some([n, width]);
        Ok(Batch {
            rows: n,
            numbers: table(self.numbers_width()).map(|s| Tensor::new(&numbers, &s)).transpose()?,
            codes: table(self.code_sizes().len()).map(|s| Tensor::new(&codes, &s)).transpose()?,
            texts: self.texts(records)?,
            pictures,
            sounds: self.sounds(),
            vectors: None,
            truths: (self.targets.iter().zip(slots(&self.targets)))
                .map(|(target, slots)| truth(target, slots, records, &negated))
                .collect::<Result<_>>()?,
        })
    }

    /// The pieces of each text, in rows as long as the longest.
    fn texts(&self, records: &[Record]) -> Result<Vec<Tensor>> {
        let layout = crate::Layout::new(&self.features, 0);
        let mut texts = Vec::new();
        for k in 0..if self.media { layout.texts.len() } else { 0 } {
            let rows: Vec<&[u32]> =
                records.iter().map(|r| layout.pieces(r).nth(k).unwrap_or_default()).collect();
            let longest = rows.iter().map(|row| row.len()).max().unwrap_or(0).max(1);
            let mut ids = vec![0u32; records.len() * longest];
            for (to, row) in ids.chunks_exact_mut(longest).zip(rows) {
                to[..row.len()].copy_from_slice(row);
            }
            texts.push(Tensor::new(&ids, &[records.len(), longest])?);
        }
        Ok(texts)
    }

    fn push_numbers(&self, record: &Record, out: &mut Vec<f32>) {
        let mut values = record.numbers.iter();
        for feature in &self.features {
            if let Feature::Number { edges, mean, scale, .. } = feature {
                push_number(values.next().copied().unwrap_or(*mean), edges, *mean, *scale, out);
            }
        }
    }

    fn push_codes(&self, record: &Record, out: &mut Vec<u32>) {
        let mut start = 0;
        for (&code, size) in record.codes.iter().zip(self.code_sizes()) {
            out.push(start + code.min(size as u32 - 1));
            start += size as u32;
        }
    }
}

/// What is known of a target, given its slots; numbers of `negated` rows turn their sign.
fn truth(target: &Target, slots: Range<usize>, records: &[Record], negated: &[bool]) -> Result<Truth> {
    let n = records.len();
    let slot = |r: &Record, k: usize| r.targets.get(k).copied().unwrap_or(f64::NAN);
    // All slots of a row are known or none is.
    let values: Vec<f64> = records.iter().map(|r| slot(r, slots.start)).collect();
    let weights: Vec<f32> = values.iter().map(|v| f32::from(u8::from(!v.is_nan()))).collect();
    let values = match target {
        // An unknown class, NaN, becomes 0.
        Target::Classes { .. } => Tensor::new(&values.iter().map(|&v| v as u32).collect::<Vec<_>>(), &[n])?,
        Target::Tags { .. } => {
            let row = |r| slots.clone().map(move |k| f32::from(u8::from(slot(r, k) > 0.0)));
            Tensor::new(&records.iter().flat_map(row).collect::<Vec<_>>(), &[n, slots.len()])?
        }
        Target::Number { mean, scale, .. } => {
            let standard = |(&v, &negated): (&f64, &bool)| match v {
                v if v.is_nan() => 0.0,
                v => (((if negated { -v } else { v }) - mean) / scale) as f32,
            };
            Tensor::new(&values.iter().zip(negated).map(standard).collect::<Vec<_>>(), &[n])?
        }
    };
    Ok(Truth { values, weights: Tensor::new(&weights, &[n])? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_encoded_between_their_quantiles() {
        let mut out = Vec::new();
        push_number(2.5, &[0.0, 1.0, 2.0, 4.0], 1.0, 2.0, &mut out);
        assert_eq!(out, [0.75, 1.0, 1.0, 0.25]);
        out.clear();
        push_number(-1.0, &[0.0, 1.0, 2.0, 4.0], 1.0, 2.0, &mut out);
        assert_eq!(out, [-1.0, -1.0, 0.0, 0.0]);
        out.clear();
        push_number(6.0, &[0.0, 1.0], 1.0, 2.0, &mut out);
        assert_eq!(out, [2.5]);
    }

    #[test]
    fn a_large_offset_costs_no_digits() {
        const OFFSET: f64 = 1_700_000_000.0;
        let edges = [0.0, 1.0, 2.0, 4.0];
        let (mut near, mut far) = (Vec::new(), Vec::new());
        push_number(2.5, &edges, 1.0, 2.0, &mut near);
        push_number(OFFSET + 2.5, &edges.map(|e| OFFSET + e), OFFSET + 1.0, 2.0, &mut far);
        assert_eq!(near, far);

        let target = Target::Number { mean: OFFSET, scale: 2.0, median: OFFSET };
        let record = Record { targets: vec![OFFSET + 1.25], ..Record::default() };
        let batch = Batcher::new(vec![], vec![target.clone()]).assemble(&[record], None).unwrap();
        assert_eq!(batch.truths[0].values.to_vec(), [0.625]);
        assert_eq!(target.answer(&[0.625]), crate::Answer::Number(OFFSET + 1.25));
    }

    #[test]
    fn a_pictures_own_standard_does_not_see_its_light() {
        let (mut plain, mut dimmed) = (vec![0.0; 8], vec![0.0; 8]);
        let pixels = [1.0, 2.0, 3.0, 6.0];
        beside_own_standard(&pixels, 2, &mut plain);
        beside_own_standard(&pixels.map(|x| 0.5 * x - 4.0), 2, &mut dimmed);
        assert_eq!([plain[0], plain[1], plain[4], plain[5]], pixels);
        for i in [2, 3, 6, 7] {
            assert!((plain[i] - dimmed[i]).abs() < 1e-5);
        }
    }

    #[test]
    fn codes_point_into_one_table_and_unknown_answers_weigh_nothing() {
        let code = |size| Feature::Code { name: String::new(), size };
        let target = Target::Classes { names: vec!["a".into(), "b".into()], counts: vec![1, 1] };
        let batcher = Batcher::new(vec![code(3), code(4)], vec![target]);
        let record =
            |codes: [u32; 2], t| Record { codes: codes.to_vec(), targets: vec![t], ..Record::default() };
        let batch = batcher.assemble(&[record([2, 0], 1.0), record([0, 3], f64::NAN)], None).unwrap();
        assert_eq!(batch.codes.unwrap().to_vec(), [2.0, 3.0, 0.0, 6.0]);
        assert_eq!(batch.truths[0].values.to_vec(), [1.0, 0.0]);
        assert_eq!(batch.truths[0].weights.to_vec(), [1.0, 0.0]);
        assert!(batch.numbers.is_none());
    }
}
