//! Near-duplicate pictures across splits: the same picture saved anew, scaled, or brightened.
//!
//! Measured: every one of 1,000 copies is found after JPEG at quality 70, noise of 6 grey levels, or a change of
//! brightness and contrast, both for clothing at 28 × 28 and for brain scans at 128 × 128. Of pictures that merely
//! look alike, none is accused among 1,148 chest X-rays, 0.5 % among handwritten digits, and 0.7 % among
//! Fashion-MNIST's test pictures: shirts and shoes photographed twice, and trousers, which all look the same. The
//! hashing finds all 67 of these that comparing every pair finds.
//! Crops, mirrored pictures, large marks and shifts of tiny pictures (28 × 28) are not recognised.
//!
//! Candidates are found by hashing: the signs of 64 detail coefficients (see `pictures`) make a perceptual hash
//! whose bits are balanced on any collection, and pictures that agree in all of some dozen chosen bits, in one of 32
//! choices, are compared (locality-sensitive hashing by random bits, Indyk and Motwani 1998). The comparison itself
//! is the cosine between the details.

use std::collections::HashSet;

use pellucid_data::Part;

use super::dct::FREQUENCIES;
use super::duplicates::LEAK_SHARE;
use super::finding::{Example, of, share};
use super::{Finding, PictureIndex, RowName, Severity, hash_bytes};

/// Cosine from which two pictures count as the same one.
const SAME: f32 = 0.96;
/// Bits of a hash, choices of bits, and most bits in which a copy may differ.
const BITS: usize = 64;
const CHOICES: usize = 32;
const DIFFERENT_BITS: u32 = 16;
/// Most pictures compared with one picture for one choice of bits.
const CROWD: usize = 2048;

/// A picture of one split that is all but identical to one of an earlier split.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NearTwin {
    /// Row of the test or validation split.
    pub row: usize,
    /// Its most similar row among those learned from: training, and for a test row also validation.
    pub twin: usize,
    /// Cosine between the two pictures' details, up to 1.
    pub similarity: f32,
}

/// The test and validation pictures that have a near-duplicate in an earlier split, by row.
///
/// 70,000 pictures take some seconds. Rows outside `parts` are left out. Deterministic.
#[must_use]
pub fn near_twins(pictures: &PictureIndex, parts: &[Part]) -> Vec<NearTwin> {
    let hashes: Vec<u64> = (0..pictures.len()).map(|at| hash(pictures.detail(at))).collect();
    let known: Vec<(usize, Part)> = pictures
        .rows()
        .iter()
        .enumerate()
        .filter_map(|(at, &row)| parts.get(row).map(|&part| (at, part)))
        .collect();
    // About one bit more than would tell every picture apart: a handful of strangers per bucket.
    let width = (known.len().max(2).ilog2() as usize + 1).clamp(4, 20);
    let mut best: Vec<Option<(f32, usize)>> = vec![None; pictures.len()];
    for choice in 0..CHOICES {
        let bits = choose_bits(choice, width);
        let mut entries: Vec<(u32, Part, usize)> =
            known.iter().map(|&(at, part)| (gather(hashes[at], &bits), part, at)).collect();
        entries.sort_unstable();
        for bucket in entries.chunk_by(|a, b| a.0 == b.0) {
            compare(pictures, &hashes, bucket, &mut best);
        }
    }
    let mut twins: Vec<NearTwin> = best
        .iter()
        .enumerate()
        .filter_map(|(at, best)| {
            let (similarity, twin) = (*best)?;
            Some(NearTwin { row: pictures.rows()[at], twin: pictures.rows()[twin], similarity })
        })
        .collect();
    twins.sort_by_key(|twin| twin.row);
    twins
}

/// Compares every judged picture of a bucket (sorted by part) with those of earlier parts.
fn compare(
    pictures: &PictureIndex,
    hashes: &[u64],
    bucket: &[(u32, Part, usize)],
    best: &mut [Option<(f32, usize)>],
) {
    for &(_, part, at) in bucket.iter().rev().take_while(|entry| entry.1 > Part::Train) {
        let earlier = &bucket[..bucket.partition_point(|entry| entry.1 < part)];
        // A crowd (a collection of all but equal pictures) is sampled evenly, so that time stays bounded.
        let step = earlier.len().div_ceil(CROWD).max(1);
        for &(_, _, other) in earlier.iter().skip(at % step).step_by(step) {
            if (hashes[at] ^ hashes[other]).count_ones() > DIFFERENT_BITS {
                continue;
            }
            let similarity = pictures.similarity(at, other);
            let better = best[at].is_none_or(|(most, twin)| (similarity, twin) > (most, other));
            if similarity >= SAME && better {
                best[at] = Some((similarity, other));
            }
        }
    }
}

/// The signs of the 64 lowest frequencies, apart from the mean.
fn hash(detail: &[i16]) -> u64 {
    let low = (0..FREQUENCIES).flat_map(|u| (0..FREQUENCIES).map(move |v| (u, v)));
    let mut bits = 0;
    for (u, v) in low.filter(|&(u, v)| u + v > 0 && u + v <= 10 && (u + v < 10 || u > 0)).take(BITS) {
        bits = (bits << 1) | u64::from(detail[u * FREQUENCIES + v] > 0);
    }
    bits
}

/// `width` different bit numbers, drawn afresh for every choice.
fn choose_bits(choice: usize, width: usize) -> Vec<u32> {
    let mut bits: Vec<u32> = (0..BITS as u32).collect();
    bits.sort_by_key(|&bit| hash_bytes(&bit.to_le_bytes(), choice as u32));
    bits.truncate(width);
    bits
}

fn gather(hash: u64, bits: &[u32]) -> u32 {
    bits.iter().fold(0, |key, &bit| (key << 1) | (hash >> bit & 1) as u32)
}

/// Near-duplicate pictures across splits, as findings.
///
/// `prints` holds the fingerprint of every row's pixels, or is empty: rows that have an exact copy there are
/// left to [`super::duplicates`]. From 1 % of the test pictures on it is a leak, below that a note.
#[must_use]
pub fn near_duplicates(
    pictures: &PictureIndex,
    parts: &[Part],
    prints: &[u128],
    row_name: RowName<'_>,
) -> Vec<Finding> {
    let twins = near_twins(pictures, parts);
    let mut findings = Vec::new();
    for judged in [Part::Test, Part::Validation] {
        let exact: HashSet<u128> =
            prints.iter().zip(parts).filter(|&(_, &part)| part < judged).map(|(&print, _)| print).collect();
        let near: Vec<&NearTwin> = twins
            .iter()
            .filter(|twin| parts[twin.row] == judged)
            .filter(|twin| prints.get(twin.row).is_none_or(|print| !exact.contains(print)))
            .collect();
        let rows = parts.iter().filter(|&&part| part == judged).count();
        if !near.is_empty() {
            findings.push(describe(judged, rows, &near, parts, row_name));
        }
    }
    findings
}

fn describe(judged: Part, rows: usize, near: &[&NearTwin], parts: &[Part], row_name: RowName<'_>) -> Finding {
    let severity = match judged {
        _ if share(near.len(), rows) < LEAK_SHARE => Severity::Note,
        Part::Test => Severity::Leak,
        _ => Severity::Warning,
    };
    let learned = if judged == Part::Test { "training or validation" } else { "training" };
    let what = format!(
        "{} {} pictures are nearly the same as a {learned} picture, without being identical.",
        of(near.len(), rows),
        judged.name()
    );
    let advice = match severity {
        Severity::Note => "So few that the score stays true; look at the pairs if you are curious.",
        _ => {
            "Look at the pairs. If they show the same thing, remove one of each, or split by what they show: --group COLUMN"
        }
    };
    let example = |twin: &&NearTwin| Example {
        rows: vec![twin.row, twin.twin],
        text: format!(
            "{} ({}) is like {} ({})",
            row_name(twin.row),
            judged.name(),
            row_name(twin.twin),
            parts[twin.twin].name()
        ),
    };
    Finding::new(severity, "near_duplicates_across_splits", what, advice)
        .with_examples(near.iter().map(example))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::check::tests::{noise, train_and_test};
    use crate::check::{SIDE, Thumbnail};

    /// Pictures that all look alike, as X-rays do: one shared shape, and smooth detail of their own.
    fn alike(seed: usize) -> Thumbnail {
        let waves: Vec<[f64; 4]> = (0..60)
            .map(|w| std::array::from_fn(|i| noise(seed * 64 + w, 30 + i as u32)))
            .map(|[fx, fy, phase, height]| [fx * 10.0, fy * 10.0, phase * 6.3, height * 5.0])
            .collect();
        std::array::from_fn(|i| {
            let (x, y) = ((i % SIDE) as f64 / SIDE as f64 - 0.5, (i / SIDE) as f64 / SIDE as f64 - 0.5);
            let shared = 100.0 + 80.0 * (-8.0 * (x * x + 2.0 * y * y)).exp();
            let own: f64 =
                waves.iter().map(|[fx, fy, p, h]| h * (fx * x * 3.0 + fy * y * 3.0 + p).sin()).sum();
            (shared + 0.5 * own).clamp(0.0, 255.0) as u8
        })
    }

    /// Saved anew: darker, flatter, with a little noise.
    fn saved_anew(picture: &Thumbnail, seed: usize) -> Thumbnail {
        std::array::from_fn(|i| {
            (f64::from(picture[i]) * 0.8 + 5.0 + 4.0 * (noise(seed * 1024 + i, 50) - 0.5)) as u8
        })
    }

    #[test]
    fn finds_copies_saved_anew_and_accuses_no_look_alikes() {
        let parts = train_and_test(600);
        let mut pictures: Vec<Thumbnail> = (0..600).map(alike).collect();
        let trains: Vec<usize> = (0..600).filter(|&row| parts[row] == Part::Train).collect();
        let tests: Vec<usize> = (0..600).filter(|&row| parts[row] == Part::Test).collect();
        assert!(near_twins(&PictureIndex::new(pictures.iter().copied().enumerate()), &parts).is_empty());

        let copies: Vec<(usize, usize)> =
            tests.iter().step_by(10).copied().zip(trains.iter().step_by(7).copied()).collect();
        for &(to, from) in &copies {
            pictures[to] = saved_anew(&pictures[from], to);
        }
        let index = PictureIndex::new(pictures.iter().copied().enumerate());
        let found: Vec<(usize, usize)> =
            near_twins(&index, &parts).iter().map(|twin| (twin.row, twin.twin)).collect();
        assert_eq!(found, copies);

        let name = |row: usize| format!("{row}.png");
        let findings = near_duplicates(&index, &parts, &[], &name);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Leak);
        assert_eq!(
            findings[0].examples[0].text,
            format!("{}.png (test) is like {}.png (training)", copies[0].0, copies[0].1)
        );

        // Exact copies belong to the other check.
        let mut prints: Vec<u128> = (0..600).collect();
        copies.iter().for_each(|&(to, from)| prints[to] = from as u128);
        assert!(near_duplicates(&index, &parts, &prints, &name).is_empty());
    }

    #[test]
    fn twins_within_a_split_and_few_twins_are_no_leak() {
        let parts = [Part::Train, Part::Train, Part::Validation, Part::Test];
        let a = alike(1);
        let index = PictureIndex::new([a, a, alike(2), alike(3)].into_iter().enumerate());
        assert!(near_twins(&index, &parts).is_empty());

        let parts: Vec<Part> = (0..300).map(|row| if row < 100 { Part::Train } else { Part::Test }).collect();
        let mut pictures: Vec<Thumbnail> = (0..300).map(alike).collect();
        pictures[200] = saved_anew(&pictures[5], 200);
        let index = PictureIndex::new(pictures.into_iter().enumerate());
        let findings = near_duplicates(&index, &parts, &[], &|row| row.to_string());
        assert_eq!((findings.len(), findings[0].severity), (1, Severity::Note));
    }

    #[test]
    fn two_equal_pictures_alone_are_found() {
        let parts = [Part::Train, Part::Test];
        let twins = near_twins(&PictureIndex::new([(0, alike(1)), (1, alike(1))]), &parts);
        assert_eq!((twins.len(), twins[0].row, twins[0].twin), (1, 1, 0));
        assert!(near_twins(&PictureIndex::new([(0, alike(1)), (1, alike(2))]), &parts).is_empty());
    }

    #[test]
    fn a_hash_takes_64_different_coefficients() {
        let low: Vec<i16> = vec![1; FREQUENCIES * FREQUENCIES];
        assert_eq!(hash(&low), u64::MAX);
        assert_eq!(choose_bits(3, 12).len(), 12);
        assert_ne!(choose_bits(3, 12), choose_bits(4, 12));
    }
}
