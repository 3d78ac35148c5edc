//! Pictures: files or embedded bytes, brought to one size.

mod augment;
mod canvas;
mod decode;
mod mirror;
mod ridge;
mod standard;

pub use augment::{Augment, Mirroring, augment};
pub use canvas::Canvas;
pub use decode::{Pixels, decode};
pub use mirror::{Mirror, mirror_of_classes, mirror_of_numbers, mirror_of_pictures};
pub use standard::{beside_own_standard, slopes_by_pixels};

use crate::cells::media_bytes;
use crate::number::restore;
use crate::{Feature, FitContext, Guess, Kind, Prepared, Profile, Record, Role, TrainingCells};
use pellucid_data::{Cell, Files, Result, Storage};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;

/// Sizes, colours and statistics are taken from at most this many evenly spread training pictures.
const SAMPLE: usize = 300;

/// Pictures whose aspect differs by more than this factor from the common one are padded, not stretched.
const STRETCH: f64 = 1.25;

/// A picture: the name of a file, or its bytes.
pub struct Image;

/// The fitted state of a picture column.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PreparedImage {
    name: String,
    height: usize,
    width: usize,
    channels: usize,
    mean: Vec<f32>,
    scale: Vec<f32>,
}

/// The bytes of the picture that a cell holds or names.
pub fn picture_bytes<'a>(
    cell: Cell<'a>,
    files: Option<&Files>,
) -> std::result::Result<Cow<'a, [u8]>, String> {
    media_bytes(cell, files, "picture")
}

impl Kind for Image {
    fn name(&self) -> &'static str {
        "image"
    }

    fn about(&self) -> &'static str {
        "a picture: the name of a PNG, JPEG, BMP, GIF, TIFF or WebP file, or its bytes"
    }

    fn recognise(&self, profile: &Profile, role: Role) -> Option<Guess> {
        let present = profile.present();
        if role == Role::Target || present == 0 || profile.pictures * 10 < present * 9 {
            return None;
        }
        match profile.storage {
            Storage::Bytes => Some(Guess::new(0.99, format!("{} cells hold pictures", profile.pictures))),
            Storage::Text if profile.existing_files > 0 => Some(Guess::new(
                0.99,
                format!(
                    "{} values name picture files, {} of them exist",
                    profile.pictures, profile.existing_files
                ),
            )),
            _ => None,
        }
    }

    fn fit(&self, cells: &TrainingCells<'_>, context: &FitContext<'_>) -> Result<Box<dyn Prepared>> {
        let (sample, first_problem) = sampled(cells, context.files, context.max_side)?;
        match PreparedImage::fit(cells.name, &sample, context.max_side, context.enlarge) {
            Some(p) => Ok(Box::new(p)),
            None => {
                let error = cells.error("none of the pictures can be read");
                Err(first_problem.into_iter().fold(error, |e, why| e.because(why)))
            }
        }
    }

    fn restore(&self, state: &Value) -> Result<Box<dyn Prepared>> {
        Ok(Box::new(restore::<PreparedImage>(state)?))
    }
}

/// Evenly spread training pictures, and the first problem in reading one.
fn sampled(
    cells: &TrainingCells<'_>,
    files: Option<&Files>,
    max_side: usize,
) -> Result<(Vec<Sampled>, Option<String>)> {
    let mut rows = 0usize;
    cells.each(|_, _| {
        rows += 1;
        Ok(())
    })?;
    let step = rows.div_ceil(SAMPLE).max(1);
    let (mut sample, mut seen, mut first_problem) = (Vec::new(), 0usize, None);
    cells.each(|_, cell| {
        if seen % step == 0 {
            match picture_bytes(cell, files).and_then(|bytes| decode(&bytes)) {
                Ok(picture) => sample.push(Sampled::new(picture, max_side)),
                Err(why) => first_problem = first_problem.take().or(Some(why)),
            }
        }
        seen += 1;
        Ok(())
    })?;
    Ok((sample, first_problem))
}

/// The median height and width; `None` of no pictures.
fn median_size(sample: &[Sampled]) -> Option<(usize, usize)> {
    let median = |f: fn(&Sampled) -> usize| {
        let mut lengths: Vec<_> = sample.iter().map(f).collect();
        lengths.sort_unstable();
        lengths.get(lengths.len() / 2).copied()
    };
    Some((median(|p| p.height)?, median(|p| p.width)?))
}

/// A picture of the sample: its size, and no more pixels than are needed.
struct Sampled {
    height: usize,
    width: usize,
    pixels: Pixels,
}

impl Sampled {
    /// Hundreds of photographs in full size would fill the memory: twice the longest side is enough.
    fn new(picture: Pixels, max_side: usize) -> Sampled {
        let (height, width) = (picture.height, picture.width);
        let shrink = 2.0 * max_side as f64 / height.max(width) as f64;
        let scaled = |length: usize| ((length as f64 * shrink).round() as usize).max(1);
        let pixels = if shrink < 1.0 { picture.resize(scaled(height), scaled(width)) } else { picture };
        Sampled { height, width, pixels }
    }
}

impl PreparedImage {
    /// The size, channels and statistics of a sample of training pictures; `None` if it is empty.
    fn fit(name: &str, sample: &[Sampled], max_side: usize, enlarge: bool) -> Option<PreparedImage> {
        let (height, width) = median_size(sample)?;
        let scale = max_side as f64 / height.max(width) as f64;
        let scale = if enlarge { scale } else { scale.min(1.0) };
        let scaled = |length: usize| ((length as f64 * scale).round() as usize).max(1);
        let channels = if sample.iter().all(|p| p.pixels.is_grey()) { 1 } else { 3 };
        let mut p = PreparedImage {
            name: name.to_owned(),
            height: scaled(height),
            width: scaled(width),
            channels,
            mean: vec![0.0; channels],
            scale: vec![1.0; channels],
        };
        for c in 0..channels {
            let (mut sum, mut squares, mut count) = (0.0, 0.0, 0.0);
            for picture in sample {
                for &byte in p.bring(&picture.pixels).iter().skip(c).step_by(channels) {
                    let x = f64::from(byte) / 255.0;
                    sum += x;
                    squares += x * x;
                    count += 1.0;
                }
            }
            let mean: f64 = sum / count;
            p.mean[c] = mean as f32;
            p.scale[c] = (squares / count - mean * mean).max(0.0).sqrt().max(0.01) as f32;
        }
        Some(p)
    }

    /// The picture in the fitted size and channels.
    fn bring(&self, picture: &Pixels) -> Vec<u8> {
        let aspect = (picture.width * self.height) as f64 / (picture.height * self.width) as f64;
        let fit = if (1.0 / STRETCH..=STRETCH).contains(&aspect) {
            picture.resize(self.height, self.width)
        } else {
            picture.resize_within(self.height, self.width)
        };
        fit.channels(self.channels)
    }
}

impl Prepared for PreparedImage {
    fn state(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    fn features(&self) -> Vec<Feature> {
        vec![Feature::Picture {
            name: self.name.clone(),
            height: self.height,
            width: self.width,
            channels: self.channels,
            mean: self.mean.clone(),
            scale: self.scale.clone(),
        }]
    }

    fn encode(
        &self,
        cell: Cell<'_>,
        files: Option<&Files>,
        record: &mut Record,
    ) -> std::result::Result<(), String> {
        let picture = decode(&picture_bytes(cell, files)?)?;
        record.pictures.extend(self.bring(&picture));
        Ok(())
    }

    fn describe(&self) -> String {
        let colour = if self.channels == 1 { "grey" } else { "colour" };
        format!("{} × {} pixels, {colour}, standardised per channel", self.width, self.height)
    }
}
