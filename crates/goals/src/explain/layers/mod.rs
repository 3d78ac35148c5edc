//! What each layer of a network for pictures or sounds responds to: the parts of training pictures that excite its channels most.

mod blocks;
mod draw;
#[cfg(test)]
mod tests;

use super::gradcam::between;
use super::importance::evenly;
use super::training::{Learned, Opened, label};
use crate::infer::stored_model;
use crate::model::Model;
use crate::predict::INFERENCE_BATCH;
use crate::{Error, Result, Watcher};
use blocks::{Block, Peaks};
use draw::{Frame, Picture, patch};
use pellucid_insight::explain::{Driven, Said, driven, telling_channels};
use pellucid_insight::report::data::{Looks, LooksOfChannel, LooksOfLayer, Patch, Stands};
use pellucid_kinds::{Examples, Record, Target, slots};
use pellucid_nn::Pass;
use pellucid_nn::layers::Sequential;
use pellucid_tensor::{Stream, Tensor};
use std::collections::BTreeMap;
use std::path::Path;

/// Training rows that are looked at: at most, and fewer are not worth looking at.
const MOST: usize = 800;
const LEAST: usize = 60;

/// Layers that are shown, channels of each, and patches of each channel.
const LAYERS: usize = 12;
const CHANNELS: usize = 4;
const PATCHES: usize = 6;

/// Where a channel is excited less than this share of its peak, a large patch is darkened; from half of it on, it has all its light.
const DARK: f64 = 0.25;
const LIGHT: f64 = 0.5;

/// Shows for each layer of a finished run's networks for pictures and sounds which parts of training rows excite its channels most; channels are
/// chosen by what they tell of the column `target` (the first that is answered, if none is given).
///
/// # Errors
/// A model without its run, one that sees neither pictures nor sounds, unknown columns, data that cannot be found or are too few, and no
/// memory.
pub fn explain_layers(path: &Path, target: Option<&str>, watcher: &mut dyn Watcher) -> Result<Vec<Looks>> {
    let (stored, run) = stored_model(path)?;
    let model = Model::of(&stored)?;
    if model.batcher.picture_sizes().is_empty() {
        return Err(Error::usage(
            "this network sees neither pictures nor sounds, so its layers have no places to look at · explain single answers with: \
             pellucid explain RUN INPUT",
        ));
    }
    let target = model.target(target)?;
    let opened = Opened::of(run.as_ref(), &model, watcher)?;
    let learned = Learned { most: MOST, ..opened.learned() };
    let looks = looks(&model, &learned, target, watcher)?;
    match looks.is_empty() {
        true => Err(Error::usage(format!(
            "there are too few training rows whose answer is known: at least {LEAST} are needed to see what layers respond to"
        ))),
        false => Ok(looks),
    }
}

/// What the layers of the first member's networks respond to, for each column of pictures or sounds; empty if too few rows can be looked at.
///
/// # Errors
/// Failures of reading, and no memory.
pub(crate) fn looks(
    model: &Model,
    learned: &Learned<'_>,
    target: usize,
    watcher: &mut dyn Watcher,
) -> Result<Vec<Looks>> {
    let targets = model.batcher.targets();
    let place = slots(targets)[target].clone();
    let truth = |record: usize| &learned.examples.targets(record)[place.clone()];
    let known: Vec<usize> =
        learned.records.iter().copied().filter(|&record| truth(record).iter().all(|x| !x.is_nan())).collect();
    // By chance: in data where classes take turns, every second row would be of one class.
    let mut records = known;
    Stream::new(0, "layers", 0).shuffle(&mut records);
    records.truncate(learned.most.min(MOST));
    if records.len() < LEAST {
        return Ok(Vec::new());
    }
    let said = said(&targets[target], &records.iter().map(|&record| truth(record)).collect::<Vec<_>>());
    let name = model.target_names().nth(target).unwrap_or_default();
    let media = model
        .encoder
        .inputs
        .iter()
        .filter(|(_, kind, _)| pellucid_data::MEDIA.iter().any(|m| m.column == *kind));
    let Some(member) = model.network.members().next() else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    for (i, (net, (column, ..))) in member.pictures().iter().zip(media).enumerate() {
        watcher.begin("Looking at layers", records.len());
        let looking = Looking { model, net, picture: i, examples: learned.examples, records: &records };
        let found = looking.find(&said, &mut |done| watcher.advance(done))?;
        let patch_of = |record: usize| -> Result<(String, String)> {
            let row = learned.examples.rows()[record];
            Ok((learned.survey.row_name(row), label(&targets[target], truth(record))))
        };
        let size = model.batcher.picture_sizes()[i];
        all.push(Looks {
            column: column.clone(),
            sound: model.batcher.sounds()[i],
            size: [size[0], size[1]],
            target: name.to_owned(),
            number: matches!(targets[target], Target::Number { .. }),
            searched: records.len().div_ceil(2) as u64,
            measured: (records.len() / 2) as u64,
            left_out: found.left_out as u64,
            whole: found.whole,
            layers: looking.draw(&found, &targets[target], &patch_of)?,
        });
    }
    all.retain(|looks| !looks.layers.is_empty());
    Ok(all)
}

/// What the data say of rows.
fn said(target: &Target, truths: &[&[f64]]) -> Said {
    let first = |truth: &&[f64]| truth.first().copied().unwrap_or_default();
    match target {
        Target::Classes { names, .. } => {
            let of = |class: usize| truths.iter().map(|truth| first(truth) == class as f64).collect();
            Said::Groups((0..names.len()).map(of).collect())
        }
        Target::Tags { names, .. } => {
            let of =
                |tag: usize| truths.iter().map(move |truth| truth.get(tag).is_some_and(|&has| has > 0.0));
            Said::Groups((0..names.len()).map(|tag| of(tag).collect()).collect())
        }
        Target::Number { .. } => Said::Numbers(truths.iter().map(first).collect()),
    }
}

/// A network for pictures, and the rows on which it is looked at: every second one to choose channels and patches by, the others to measure on.
struct Looking<'a> {
    model: &'a Model,
    net: &'a Sequential,
    /// Which of the rows' pictures it sees.
    picture: usize,
    examples: &'a Examples,
    records: &'a [usize],
}

/// What was found of a network's layers.
struct Found<'a> {
    blocks: Vec<Block<'a>>,
    layers: Vec<FoundLayer>,
    left_out: usize,
    whole: bool,
}

struct FoundLayer {
    /// Which of the blocks it is.
    block: usize,
    idle: usize,
    channels: Vec<FoundChannel>,
}

struct FoundChannel {
    channel: usize,
    stands: Option<Driven>,
    patches: Vec<FoundPatch>,
}

struct FoundPatch {
    /// Which of the records, and where in the block's map.
    picture: usize,
    place: usize,
    peak: f64,
    strength: f64,
}

impl<'a> Looking<'a> {
    /// Looks at all rows, chooses channels and patches, and measures what they stand for.
    fn find(&self, said: &Said, progress: &mut dyn FnMut(usize)) -> Result<Found<'a>> {
        let (blocks, whole) = Block::all(self.net, &self.model.batcher.network_sizes()[self.picture])?;
        // What sees a single pixel tells only its colour.
        let seeing: Vec<usize> =
            (0..blocks.len()).filter(|&i| blocks[i].reach.iter().any(|reach| reach.size > 1)).collect();
        let chosen = evenly(&seeing, LAYERS);
        let mut peaks = vec![Peaks::default(); chosen.len()];
        for (done, some) in self.records.chunks(INFERENCE_BATCH).enumerate() {
            self.run(&blocks, some, &mut |block, maps| match chosen.binary_search(&block) {
                Ok(layer) => peaks[layer].add(blocks[block].map, maps),
                Err(_) => Ok(()),
            })?;
            progress(done * INFERENCE_BATCH + some.len());
        }
        let half = |odd: usize| (odd..self.records.len()).step_by(2).collect::<Vec<usize>>();
        let (searched, measured) = (half(0), half(1));
        let (said, of_others) = (said.of(&searched), said.of(&measured));
        let of = |values: &[f64], pictures: &[usize]| -> Vec<f64> {
            pictures.iter().map(|&picture| values[picture]).collect()
        };
        let telling: Vec<Vec<(usize, usize)>> = peaks
            .iter()
            .map(|peaks| {
                let halves: Vec<Vec<f64>> = peaks.values.iter().map(|values| of(values, &searched)).collect();
                telling_channels(&halves, &said, CHANNELS)
            })
            .collect();
        let tests = telling.iter().map(Vec::len).sum();
        let layer = |((&block, peaks), telling): ((&usize, &Peaks), &Vec<(usize, usize)>)| FoundLayer {
            block,
            idle: peaks.values.iter().filter(|values| values.iter().all(|x| *x == values[0])).count(),
            channels: telling
                .iter()
                .map(|&(channel, group)| FoundChannel {
                    channel,
                    stands: driven(&of(&peaks.values[channel], &measured), &of_others, group, tests),
                    patches: strongest(&peaks.values[channel], &peaks.places[channel], &searched),
                })
                .collect(),
        };
        let layers = chosen.iter().zip(&peaks).zip(&telling).map(layer).collect();
        Ok(Found { left_out: seeing.len() - chosen.len(), layers, whole, blocks })
    }

    /// Runs some rows through all blocks; `take` is given each block's number and channels.
    fn run(
        &self,
        blocks: &[Block<'_>],
        records: &[usize],
        take: &mut dyn FnMut(usize, &Tensor) -> Result<()>,
    ) -> Result<()> {
        let batch = self.model.batcher.batch(self.examples, records, None)?;
        let pass = Pass::inference();
        let mut x = pass.input(&batch.pictures[self.picture]);
        for (i, block) in blocks.iter().enumerate() {
            x = block.forward(&pass, &x)?;
            take(i, x.value())?;
        }
        Ok(())
    }

    /// The layers with their patches, drawn.
    fn draw(
        &self,
        found: &Found<'_>,
        target: &Target,
        name: &dyn Fn(usize) -> Result<(String, String)>,
    ) -> Result<Vec<LooksOfLayer>> {
        let size = self.model.batcher.picture_sizes()[self.picture];
        let maps = self.maps(found, [size[0], size[1]])?;
        let groups = match target {
            Target::Classes { names, .. } | Target::Tags { names, .. } => names.as_slice(),
            Target::Number { .. } => &[],
        };
        let mut layers = Vec::with_capacity(found.layers.len());
        for (number, layer) in found.layers.iter().enumerate() {
            let block = &found.blocks[layer.block];
            let mut shown = Vec::with_capacity(layer.channels.len());
            for channel in &layer.channels {
                let mut patches = Vec::with_capacity(channel.patches.len());
                for patch in &channel.patches {
                    let map = maps.get(&(number, channel.channel, patch.picture));
                    patches.push(self.patch(block, patch, size, map.map(Vec::as_slice), name)?);
                }
                let (number, stands) =
                    (channel.channel as u64 + 1, channel.stands.map(|stands| in_words(stands, groups)));
                shown.push(LooksOfChannel { number, stands, patches });
            }
            layers.push(LooksOfLayer {
                number: layer.block as u64 + 1,
                does: block.does(),
                sees: block.reach.map(|reach| reach.size),
                channels: block.map[2] as u64,
                idle: layer.idle as u64,
                shown,
            });
        }
        Ok(layers)
    }

    /// Where patches that are half of the picture or more excite their channels: by layer, channel and picture.
    fn maps(
        &self,
        found: &Found<'_>,
        [height, width]: [usize; 2],
    ) -> Result<BTreeMap<(usize, usize, usize), Vec<f64>>> {
        let mut wanted: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
        for (number, layer) in found.layers.iter().enumerate() {
            let [rows, cols] = found.blocks[layer.block].reach;
            if 2 * rows.size < height || 2 * cols.size < width {
                continue;
            }
            for channel in &layer.channels {
                for patch in &channel.patches {
                    wanted.entry(patch.picture).or_default().push((number, channel.channel));
                }
            }
        }
        let mut maps = BTreeMap::new();
        let pictures: Vec<usize> = wanted.keys().copied().collect();
        for some in pictures.chunks(INFERENCE_BATCH) {
            let records: Vec<usize> = some.iter().map(|&picture| self.records[picture]).collect();
            self.run(&found.blocks, &records, &mut |block, all| {
                let [high, wide, channels] = found.blocks[block].map;
                let all = all.data::<f32>()?.chunks_exact((high * wide * channels).max(1));
                for (picture, map) in some.iter().zip(all) {
                    for &(number, channel) in &wanted[picture] {
                        if found.layers[number].block == block {
                            let of =
                                map.iter().skip(channel).step_by(channels).map(|&x| f64::from(x)).collect();
                            maps.insert((number, channel, *picture), of);
                        }
                    }
                }
                Ok(())
            })?;
        }
        Ok(maps)
    }

    fn patch(
        &self,
        block: &Block<'_>,
        found: &FoundPatch,
        size: [usize; 3],
        map: Option<&[f64]>,
        name: &dyn Fn(usize) -> Result<(String, String)>,
    ) -> Result<Patch> {
        let record = self.records[found.picture];
        let mut bytes = Record::default();
        self.examples.read(record, &mut bytes)?;
        let sizes = self.model.batcher.picture_sizes();
        let before: usize = sizes[..self.picture].iter().map(|p| p.iter().product::<usize>()).sum();
        let [height, width, channels] = size;
        let picture = Picture {
            bytes: &bytes.pictures[before..before + height * width * channels],
            size,
            sound: self.model.batcher.sounds()[self.picture],
        };
        let [rows, cols] = block.reach;
        let place = [found.place / block.map[1], found.place % block.map[1]];
        let frame =
            Frame::of([rows.start(place[0]), cols.start(place[1])], [rows.size, cols.size], [height, width]);
        let lit = |y: usize, x: usize| {
            let Some(map) = map else { return 1.0 };
            let share = between(map, [block.map[0], block.map[1]], [y, x], [height, width]) / found.peak;
            (share - DARK) / (LIGHT - DARK)
        };
        let (place_name, label) = name(record)?;
        let (high, wide) = (rows.within(place[0], height), cols.within(place[1], width));
        Ok(Patch {
            place: place_name,
            label,
            strength: found.strength,
            rows: [high.start, high.end],
            columns: [wide.start, wide.end],
            picture: patch(&picture, frame, &lit),
        })
    }
}

/// The pictures that excite a channel most, of some of them.
fn strongest(values: &[f64], places: &[usize], pictures: &[usize]) -> Vec<FoundPatch> {
    let n = pictures.len().max(1) as f64;
    let mean = pictures.iter().map(|&picture| values[picture]).sum::<f64>() / n;
    let variance = pictures.iter().map(|&picture| (values[picture] - mean).powi(2)).sum::<f64>() / n;
    let mut order = pictures.to_vec();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]).then(a.cmp(&b)));
    let patch = |&picture: &usize| FoundPatch {
        picture,
        place: places[picture],
        peak: values[picture],
        strength: (values[picture] - mean) / variance.sqrt().max(f64::MIN_POSITIVE),
    };
    order.iter().take(PATCHES).map(patch).collect()
}

/// What a channel goes along with, by name.
fn in_words(driven: Driven, groups: &[String]) -> Stands {
    match driven {
        Driven::Group { group, found, strongest, having, all, sure } => Stands::Group {
            name: groups.get(group).cloned().unwrap_or_default(),
            found,
            strongest,
            by_chance: strongest as f64 * having as f64 / all.max(1) as f64,
            sure,
        },
        Driven::Number { correlation, sure } => Stands::Number { correlation, sure },
    }
}
