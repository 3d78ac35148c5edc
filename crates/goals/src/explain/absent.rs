//! Inputs of which parts are missing: what stands in their place.

use super::parts::Part;
use pellucid_kinds::{Layout, Record};
use std::collections::BTreeMap;

/// A picture is blurred by a window of one so-many-th of its longer side.
const BLUR: usize = 4;

/// How often: three means in a row are close to a bell curve.
const TIMES: usize = 3;

/// A sound's quiet level is what a tenth of its frames do not exceed.
const QUIET: usize = 10;

/// A training row's columns, to stand in the place of those that are missing.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Background {
    pub(crate) numbers: Vec<f64>,
    pub(crate) codes: Vec<u32>,
    /// What stands in each column, in words.
    pub(crate) cells: BTreeMap<String, String>,
}

/// An input that can be shown without some of its parts. A missing word is left out; a missing field of a picture is blurred beyond
/// recognition, one of a sound as quiet as its quietest tenth; a missing column is that of a training row.
pub(super) struct Absent<'a> {
    record: &'a Record,
    layout: Layout,
    parts: &'a [Part],
    backgrounds: &'a [Background],
    /// Which pictures are sounds.
    sounds: Vec<bool>,
    /// The bytes of all pictures with all fields missing.
    pictures: Vec<u8>,
    /// The piece that stands for a text without a word, for each text.
    unknown: Vec<u32>,
}

impl<'a> Absent<'a> {
    /// `sounds` says which pictures are sounds; `unknown` are the pieces of texts of which nothing is known. Without `backgrounds`, no part
    /// may be a column.
    pub(super) fn new(
        record: &'a Record,
        layout: Layout,
        parts: &'a [Part],
        backgrounds: &'a [Background],
        sounds: Vec<bool>,
        unknown: Vec<u32>,
    ) -> Absent<'a> {
        let (mut pictures, mut rest) =
            (Vec::with_capacity(record.pictures.len()), record.pictures.as_slice());
        for (i, size) in layout.pictures.iter().enumerate() {
            let (bytes, others) = rest.split_at(size.iter().product::<usize>().min(rest.len()));
            rest = others;
            pictures.extend(match sounds.get(i) {
                Some(true) => quiet(bytes, size[1]),
                _ => blurred(bytes, *size),
            });
        }
        Absent { record, layout, parts, backgrounds, sounds, pictures, unknown }
    }

    /// The same of another record with the same parts.
    pub(super) fn of<'b>(&'b self, record: &'b Record) -> Absent<'b> {
        let (layout, sounds, unknown) = (self.layout.clone(), self.sounds.clone(), self.unknown.clone());
        Absent::new(record, layout, self.parts, self.backgrounds, sounds, unknown)
    }

    /// The number of backgrounds, at least one.
    pub(super) fn backgrounds(&self) -> usize {
        self.backgrounds.len().max(1)
    }

    /// The record with only the parts that are there.
    pub(super) fn record(&self, there: &[bool], background: usize) -> Record {
        let mut record = self.record.clone();
        let mut gone: Vec<Vec<bool>> =
            self.layout.pieces(self.record).map(|pieces| vec![false; pieces.len()]).collect();
        let other = self.backgrounds.get(background);
        for (part, _) in self.parts.iter().zip(there).filter(|(_, there)| !**there) {
            match part {
                Part::Column { numbers, codes, .. } => {
                    if let Some(other) = other {
                        record.numbers[numbers.clone()].copy_from_slice(&other.numbers[numbers.clone()]);
                        record.codes[codes.clone()].copy_from_slice(&other.codes[codes.clone()]);
                    }
                }
                Part::Word { text, pieces, .. } => gone[*text][pieces.clone()].fill(true),
                Part::Field { picture, rows, columns } => {
                    let [_, width, channels] = self.layout.pictures[*picture];
                    let before: usize =
                        self.layout.pictures[..*picture].iter().map(|p| p.iter().product::<usize>()).sum();
                    for row in rows.clone() {
                        let start = before + (row * width + columns.start) * channels;
                        let span = start..start + columns.len() * channels;
                        record.pictures[span.clone()].copy_from_slice(&self.pictures[span]);
                    }
                }
            }
        }
        if gone.iter().flatten().any(|gone| *gone) {
            record.tokens = self.without(&gone);
        }
        record
    }

    /// The pieces of all texts but those that are gone, as records hold them.
    fn without(&self, gone: &[Vec<bool>]) -> Vec<u32> {
        let mut tokens = Vec::with_capacity(self.record.tokens.len());
        for (k, (pieces, length)) in self.layout.pieces(self.record).zip(&self.layout.texts).enumerate() {
            let mut left: Vec<u32> =
                pieces.iter().zip(&gone[k]).filter(|(_, gone)| !**gone).map(|(&piece, _)| piece).collect();
            if left.is_empty() {
                left.extend(self.unknown.get(k));
            }
            tokens.push(left.len() as u32);
            let padding = length.saturating_sub(left.len());
            tokens.extend(left);
            tokens.extend(std::iter::repeat_n(pellucid_kinds::text::PADDING, padding));
        }
        tokens
    }
}

/// A picture of bytes `[height, width, channels]`, blurred by means over a window.
fn blurred(bytes: &[u8], [height, width, channels]: [usize; 3]) -> Vec<u8> {
    let reach = (height.max(width) / BLUR / 2).max(1);
    let mut pixels: Vec<f32> = bytes.iter().map(|&b| f32::from(b)).collect();
    for _ in 0..TIMES {
        pixels = means(&pixels, reach, [height, width, channels]);
        // And along the other side.
        let turned = turn(&pixels, [height, width, channels]);
        pixels = turn(&means(&turned, reach, [width, height, channels]), [width, height, channels]);
    }
    pixels.iter().map(|x| x.round().clamp(0.0, 255.0) as u8).collect()
}

/// Means along each row over at most `reach` pixels to either side.
fn means(pixels: &[f32], reach: usize, [_, width, channels]: [usize; 3]) -> Vec<f32> {
    let mut out = Vec::with_capacity(pixels.len());
    for row in pixels.chunks((width * channels).max(1)) {
        for x in 0..width {
            let (from, to) = (x.saturating_sub(reach), (x + reach + 1).min(width));
            for c in 0..channels {
                let sum: f32 = (from..to).map(|x| row[x * channels + c]).sum();
                out.push(sum / (to - from) as f32);
            }
        }
    }
    out
}

/// Rows become columns.
fn turn(pixels: &[f32], [height, width, channels]: [usize; 3]) -> Vec<f32> {
    let mut out = Vec::with_capacity(pixels.len());
    for x in 0..width {
        for y in 0..height {
            out.extend_from_slice(&pixels[(y * width + x) * channels..][..channels]);
        }
    }
    out
}

/// A sound that is everywhere as quiet as its quietest tenth, band by band.
fn quiet(bytes: &[u8], bands: usize) -> Vec<u8> {
    let frames = bytes.len() / bands.max(1);
    let level = |band: usize| {
        let mut all: Vec<u8> = bytes.iter().skip(band).step_by(bands).copied().collect();
        all.sort_unstable();
        all.get(frames / QUIET).copied().unwrap_or_default()
    };
    let levels: Vec<u8> = (0..bands).map(level).collect();
    levels.repeat(frames)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_replaced_and_the_rest_stays() {
        let layout =
            Layout { numbers: 2, codes: 1, texts: vec![4], pictures: vec![[2, 4, 1], [2, 2, 1]], targets: 0 };
        let record = Record {
            numbers: vec![1.0, 2.0],
            codes: vec![3],
            tokens: vec![3, 7, 8, 9, 0],
            pictures: vec![0, 0, 200, 200, 0, 0, 200, 200, 10, 20, 30, 40],
            targets: vec![],
        };
        let parts = [
            Part::Column { name: "a".into(), value: "1".into(), numbers: 0..1, codes: 0..1 },
            Part::Word { text: 0, shown: "x".into(), pieces: 1..3 },
            Part::Word { text: 0, shown: "y".into(), pieces: 0..1 },
            Part::Field { picture: 0, rows: 0..1, columns: 2..4 },
            Part::Field { picture: 1, rows: 1..2, columns: 0..1 },
        ];
        let backgrounds = [
            Background::default(),
            Background { numbers: vec![5.0, 6.0], codes: vec![4], ..Background::default() },
        ];
        let absent = Absent::new(&record, layout, &parts, &backgrounds, vec![false, true], vec![1]);
        assert_eq!(absent.record(&[true; 5], 1), record);
        let without = |gone: &[usize]| {
            let there: Vec<bool> = (0..5).map(|part| !gone.contains(&part)).collect();
            absent.record(&there, 1)
        };
        let column = without(&[0]);
        assert_eq!((column.numbers, column.codes), (vec![5.0, 2.0], vec![4]));
        assert_eq!(without(&[1]).tokens, [1, 7, 0, 0, 0]);
        assert_eq!(without(&[1, 2]).tokens, [1, 1, 0, 0, 0], "of no word there is nothing but the unknown");
        let field = without(&[3]);
        assert_eq!(field.pictures[4..], record.pictures[4..]);
        assert!(field.pictures[2..4].iter().all(|&b| b < 200 && b > 0), "{:?}", field.pictures);
        assert_eq!(without(&[4]).pictures[8..], [10, 20, 10, 40], "quiet, band by band");
    }

    #[test]
    fn a_blurred_picture_keeps_its_light() {
        let bytes: Vec<u8> = (0..16 * 16 * 3).map(|i| if i / 3 % 2 == 0 { 255 } else { 0 }).collect();
        let blurred = blurred(&bytes, [16, 16, 3]);
        assert!(blurred.iter().all(|&b| (100..156).contains(&b)), "{:?}", &blurred[..12]);
    }
}
