//! An explanation as plain facts: words, columns, and coloured pictures.

use super::method::{Found, Method};
use super::parts::{Input, Part};
use super::question::Asked;
use crate::infer::tag_text;
use crate::model::Model;
use crate::outcome::Answers;
use crate::{Error, Result};
use pellucid_insight::report::data::{Audible, Explanation, Heat, Instead, Quality, Worth};
use pellucid_kinds::image::Pixels;
use pellucid_kinds::{Feature, Target};

/// The longer side of a shown picture, at least, in pixels.
const SIDE: usize = 224;

/// How far a colour covers the picture where an explanation is strongest.
const COVER: f64 = 0.8;

/// What speaks for the answer, and what against it.
const FOR: [f64; 3] = [225.0, 60.0, 20.0];
const AGAINST: [f64; 3] = [20.0, 100.0, 225.0];

/// The strongest share of a picture whose part of the whole is told.
const STRONGEST: usize = 10;

/// What was found.
pub(super) struct Shown<'a> {
    pub(super) method: Method,
    pub(super) asked: Asked,
    pub(super) parts: &'a [Part],
    pub(super) found: &'a Found,
    pub(super) answers: &'a [Answers],
    pub(super) instead: Option<Instead>,
    /// By picture, of those that are sounds.
    pub(super) audible: Vec<Option<Audible>>,
}

/// All that a person is told.
///
/// # Errors
/// A picture that cannot be drawn.
pub(super) fn explanation(
    model: &Model,
    input: &Input<'_>,
    row: String,
    shown: &Shown<'_>,
    quality: Quality,
) -> Result<Explanation> {
    let Shown { method, asked, parts, found, answers, instead, audible } = shown;
    let attribution = &found.attribution;
    let target = &model.batcher.targets()[asked.target];
    let (answers, name) =
        (&answers[asked.target], model.target_names().nth(asked.target).unwrap_or_default());
    let (answer, class) = match target {
        Target::Classes { names, .. } => {
            (names[answers.best(0).0].clone(), Some(names[asked.output].clone()))
        }
        Target::Tags { names, separator, .. } => {
            (tag_text(names, &answers.tags(0), separator), Some(names[asked.output].clone()))
        }
        Target::Number { .. } => (format!("{:.6}", attribution.everything), None),
    };
    let worth = |i: usize, name: &str, value: &str| Worth {
        name: name.to_owned(),
        value: value.to_owned(),
        worth: attribution.values[i],
        error: attribution.errors.as_ref().map(|errors| errors[i]),
    };
    let (mut columns, mut texts): (Vec<Worth>, Vec<Vec<Worth>>) = Default::default();
    for (i, part) in parts.iter().enumerate() {
        match part {
            Part::Column { name, value, .. } => columns.push(worth(i, name, value)),
            Part::Word { text, shown, .. } => {
                texts.resize_with(texts.len().max(text + 1), Vec::new);
                texts[*text].push(worth(i, shown, ""));
            }
            Part::Field { .. } => {}
        }
    }
    Ok(Explanation {
        place: row,
        column: name.to_owned(),
        answer,
        class,
        value: attribution.everything,
        nothing: attribution.nothing,
        method: method.name().to_owned(),
        about: method.about().to_owned(),
        adds_up: method.adds_up(),
        columns,
        texts,
        pictures: heats(input, parts, found, audible)?,
        instead: instead.clone(),
        quality,
        learned_from: None,
    })
}

fn heats(input: &Input<'_>, parts: &[Part], found: &Found, audible: &[Option<Audible>]) -> Result<Vec<Heat>> {
    let (mut all, mut start) = (Vec::new(), 0);
    for (column, _, prepared) in &input.encoder.inputs {
        for feature in prepared.features() {
            let (size, sound) = match feature {
                Feature::Picture { height, width, channels, .. } => ([height, width, channels], false),
                Feature::Sound { frames, bands, .. } => ([frames, bands, 1], true),
                _ => continue,
            };
            let length: usize = size.iter().product();
            let bytes = &input.record.pictures[start..start + length];
            start += length;
            let values = match &found.pixels {
                Some(pixels) => pixels[all.len()].clone(),
                None => spread(parts, &found.attribution.values, all.len(), size),
            };
            let audible = audible.get(all.len()).cloned().flatten();
            all.push(Heat { audible, ..heat(column, bytes, &values, size, sound)? });
        }
    }
    Ok(all)
}

/// The values of fields, each spread over its pixels.
fn spread(parts: &[Part], values: &[f64], picture: usize, [height, width, _]: [usize; 3]) -> Vec<f64> {
    let mut pixels = vec![0.0; height * width];
    for (part, value) in parts.iter().zip(values) {
        let Part::Field { picture: of, rows, columns } = part else { continue };
        let share = value / (rows.len() * columns.len()).max(1) as f64;
        if *of == picture {
            rows.clone().for_each(|y| columns.clone().for_each(|x| pixels[y * width + x] = share));
        }
    }
    pixels
}

fn heat(
    column: &str,
    bytes: &[u8],
    values: &[f64],
    [height, width, channels]: [usize; 3],
    sound: bool,
) -> Result<Heat> {
    let mut sizes: Vec<f64> = values.iter().map(|x| x.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let strongest = sizes[(sizes.len() * 99 / 100).min(sizes.len().saturating_sub(1))].max(f64::MIN_POSITIVE);
    // A sound is shown with time from left to right and high frequencies above.
    let [high, wide] = if sound { [width, height] } else { [height, width] };
    let enlarged = SIDE.div_ceil(high.max(wide)).max(1);
    let (mut plain, mut coloured) = (Vec::new(), Vec::new());
    for y in 0..high * enlarged {
        for x in 0..wide * enlarged {
            let (y, x) = (y / enlarged, x / enlarged);
            let at = if sound { x * width + (high - 1 - y) } else { y * width + x };
            let pixel = &bytes[at * channels..][..channels];
            let cover = COVER * (values[at].abs() / strongest).min(1.0).sqrt();
            let colour = if values[at] >= 0.0 { FOR } else { AGAINST };
            for c in 0..3 {
                let own = f64::from(pixel[c.min(channels - 1)]);
                plain.push(own as u8);
                coloured.push((own + cover * (colour[c] - own)).round().clamp(0.0, 255.0) as u8);
            }
        }
    }
    let png = |bytes: &[u8]| {
        let pixels = Pixels::of_bytes(bytes, [high * enlarged, wide * enlarged, 3]);
        pixels
            .and_then(|pixels| pixels.to_png())
            .map(Some)
            .ok_or_else(|| Error::model(format!("the picture in `{column}` cannot be drawn")))
    };
    let mut speaks: Vec<f64> = values.iter().map(|x| x.max(0.0)).collect();
    speaks.sort_by(|a, b| b.total_cmp(a));
    let all: f64 = speaks.iter().sum();
    let focus = speaks[..speaks.len().div_ceil(STRONGEST)].iter().sum::<f64>() / all.max(f64::MIN_POSITIVE);
    Ok(Heat {
        name: column.to_owned(),
        sound,
        plain: png(&plain)?,
        coloured: png(&coloured)?,
        focus,
        size: [height, width],
        values: values.to_vec(),
        audible: None,
    })
}
