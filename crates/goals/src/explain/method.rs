//! The ways to explain an answer: one line each.

use super::flat::Flat;
use super::gradcam::gradcam;
use super::parts::Part;
use super::question::Question;
use crate::Result;
use pellucid_insight::explain::{Attribution, Case, Parts, Samples, integrated, occlusion, shapley};
use pellucid_kinds::Record;
use pellucid_tensor::Stream;

/// Answers that Shapley values may take, for columns, and where words or pictures are asked about.
const OF_COLUMNS: usize = 10_000;
const ANSWERS: usize = 2_000;

/// Backgrounds over which gradients, and answers without one part, are averaged.
pub(super) const BACKGROUNDS: usize = 8;

/// Places along the way from nothing to the input: twice as many as long as the numbers fail to add up by more than this share.
const PLACES: usize = 16;
const MOST_PLACES: usize = 256;
const GAP: f64 = 0.01;

/// Multiply-adds that the places of one way may take beyond the first: some seconds on two cores. A number and not a time, so that an explanation is the same
/// on every machine; where the numbers do not add up by then, that is said.
const WORK: f64 = 8e10;

/// Multiply-adds of a gradient, as multiples of those of the network: there and back, for a picture and for its mirror image.
const OF_GRADIENT: f64 = 4.0;

/// Rows whose gradients are taken at once.
const TOGETHER: usize = 8;

/// Noisy copies of an input, and the noise in deviations of the training pixels.
const COPIES: usize = 24;
const NOISE: f32 = 0.3;

/// A way to explain an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// What a part adds, on average over all orders of putting parts in.
    Shapley,
    /// What is lost if a part is left out.
    Occlusion,
    /// The slope of the answer along the way from nothing to the input.
    IntegratedGradients,
    /// How sensitive the answer is, on average over noisy copies.
    SmoothGrad,
    /// Where the last convolution saw what speaks for the answer.
    GradCam,
}

impl Method {
    /// All of them.
    pub const ALL: [Method; 5] = [
        Method::Shapley,
        Method::Occlusion,
        Method::IntegratedGradients,
        Method::SmoothGrad,
        Method::GradCam,
    ];

    /// Their names in commands, in this order.
    pub const NAMES: [&str; Method::ALL.len()] = {
        let mut names = [""; Method::ALL.len()];
        let mut i = 0;
        while i < names.len() {
            names[i] = Method::ALL[i].name();
            i += 1;
        }
        names
    };

    /// Its name in commands.
    pub const fn name(self) -> &'static str {
        match self {
            Method::Shapley => "shapley",
            Method::Occlusion => "occlusion",
            Method::IntegratedGradients => "gradients",
            Method::SmoothGrad => "smoothgrad",
            Method::GradCam => "gradcam",
        }
    }

    /// What it does, and where it comes from.
    pub fn about(self) -> &'static str {
        match self {
            Method::Shapley => {
                "Shapley values (Lundberg & Lee 2017, arXiv 1705.07874): what each part adds to the answer, on average over all orders in which parts can be put in"
            }
            Method::Occlusion => {
                "Occlusion (Zeiler & Fergus 2014, arXiv 1311.2901): by how much the answer falls if a part is left out"
            }
            Method::IntegratedGradients => {
                "Integrated gradients (Sundararajan et al. 2017, arXiv 1703.01365): the slope of the answer along the way from an input without anything to this one"
            }
            Method::SmoothGrad => {
                "SmoothGrad (Smilkov et al. 2017, arXiv 1706.03825): how strongly the answer reacts to small changes, on average over noisy copies"
            }
            Method::GradCam => {
                "Grad-CAM (Selvaraju et al. 2017, arXiv 1610.02391): where the last convolution saw what speaks for the answer"
            }
        }
    }

    /// Whether its numbers add up to what the whole input changes.
    pub(super) fn adds_up(self) -> bool {
        matches!(self, Method::Shapley | Method::IntegratedGradients)
    }

    /// The one that is used if none is named.
    pub(super) fn usual(parts: &[Part]) -> Method {
        match parts.iter().any(|part| matches!(part, Part::Field { .. })) {
            true => Method::IntegratedGradients,
            false => Method::Shapley,
        }
    }
}

/// How precisely an explanation is worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precision {
    /// As it is shown.
    Full,
    /// Along half the places or over half the copies: for the order of its parts, where answers are dear.
    Rough,
}

/// An explanation by part and, where it comes from gradients, by pixel of each picture.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub(super) attribution: Attribution,
    pub(super) pixels: Option<Vec<Vec<f64>>>,
}

/// Explains what is asked of a record, with a seed for what is drawn by chance.
///
/// # Errors
/// A method that does not suit its columns, and no memory.
pub(super) fn find(
    method: Method,
    question: &Question<'_>,
    record: &Record,
    parts: &[Part],
    (seed, precision): (u64, Precision),
) -> Result<Found> {
    let by_part = |attribution| Found { attribution, pixels: None };
    match method {
        Method::Shapley => {
            let columns = parts.iter().all(|part| matches!(part, Part::Column { .. }));
            let answers = if columns { OF_COLUMNS } else { ANSWERS };
            let pairs = (answers / (2 * (parts.len() + 1))).clamp(6, 500);
            shapley(question, Samples { pairs, exact: answers, seed }).map(by_part)
        }
        Method::Occlusion => occlusion(question, BACKGROUNDS).map(by_part),
        Method::IntegratedGradients => along_the_way(question, record, parts, precision),
        Method::SmoothGrad => smoothed(question, record, parts, (seed, precision)),
        Method::GradCam => gradcam(question, record, parts),
    }
}

/// The answer without anything, on average over backgrounds, and to the whole.
fn ends(question: &Question<'_>) -> Result<(f64, f64)> {
    let case = |there, background| Case { there: vec![there; question.count()], background };
    let backgrounds = question.backgrounds().min(BACKGROUNDS);
    let without: Vec<Case> = (0..backgrounds).map(|background| case(false, background)).collect();
    let nothing = question.answers(&without)?.iter().sum::<f64>() / backgrounds as f64;
    Ok((nothing, question.answers(&[case(true, 0)])?.iter().sum()))
}

fn along_the_way(
    question: &Question<'_>,
    record: &Record,
    parts: &[Part],
    precision: Precision,
) -> Result<Found> {
    let flat = Flat::new(question.model, record, question.asked)?;
    let whole = flat.whole()?;
    let backgrounds = question.backgrounds().min(BACKGROUNDS);
    let (mut values, mut nothing) = (vec![0.0; whole.len()], 0.0);
    let everything = flat.values(std::slice::from_ref(&whole))?[0];
    let cost = OF_GRADIENT * question.multiply_adds;
    let (first, affordable) = match precision {
        Precision::Full => (PLACES, (WORK / cost.max(1.0)).min(MOST_PLACES as f64) as usize),
        Precision::Rough => (PLACES / 2, 0),
    };
    for background in 0..backgrounds {
        let absent = question.absent.record(&vec![false; parts.len()], background);
        let start = flat.nothing(&whole, &absent, parts)?;
        let at_start = flat.values(std::slice::from_ref(&start))?[0];
        let change: Vec<f32> = whole.iter().zip(&start).map(|(a, b)| a - b).collect();
        let mut along = |places: &[f64]| {
            let at = |&place: &f64| {
                let from = start.iter().zip(&change);
                from.map(|(a, d)| (f64::from(*a) + place * f64::from(*d)) as f32).collect()
            };
            let mut slopes = flat.slopes(&places.iter().map(at).collect::<Vec<Vec<f32>>>())?;
            for row in &mut slopes {
                row.iter_mut().zip(&change).for_each(|(slope, d)| *slope *= d);
            }
            Ok::<_, crate::Error>(slopes)
        };
        let mut places = first;
        let mut found = integrated(places, TOGETHER, (at_start, everything), &mut along)?;
        while found.gap > GAP && 2 * places <= affordable {
            places *= 2;
            found = integrated(places, TOGETHER, (at_start, everything), &mut along)?;
        }
        values.iter_mut().zip(found.values).for_each(|(sum, x)| *sum += x / backgrounds as f64);
        nothing += at_start / backgrounds as f64;
    }
    let attribution = Attribution { values: flat.by_part(&values, parts), errors: None, nothing, everything };
    Ok(Found { attribution, pixels: Some(flat.by_pixel(&values)) })
}

fn smoothed(
    question: &Question<'_>,
    record: &Record,
    parts: &[Part],
    (seed, precision): (u64, Precision),
) -> Result<Found> {
    let copies = if precision == Precision::Full { COPIES } else { COPIES / 2 };
    let flat = Flat::new(question.model, record, question.asked)?;
    let whole = flat.whole()?;
    let mut random = Stream::new(seed, "noise", 0);
    let mut sizes = vec![0.0; whole.len()];
    for _ in 0..copies.div_ceil(TOGETHER) {
        let mut noisy = || whole.iter().map(|x| x + NOISE * random.normal()).collect::<Vec<f32>>();
        let rows: Vec<Vec<f32>> = (0..TOGETHER).map(|_| noisy()).collect();
        for slopes in flat.slopes(&rows)? {
            sizes.iter_mut().zip(slopes).for_each(|(sum, slope)| *sum += f64::from(slope));
        }
    }
    sizes.iter_mut().for_each(|x| *x = (*x / (copies.div_ceil(TOGETHER) * TOGETHER) as f64).abs());
    let (nothing, everything) = ends(question)?;
    let values = flat.by_part(&sizes, parts);
    Ok(Found {
        attribution: Attribution { values, errors: None, nothing, everything },
        pixels: Some(flat.by_pixel(&sizes)),
    })
}

/// An explanation from its values by pixel.
pub(super) fn of_pixels(
    question: &Question<'_>,
    parts: &[Part],
    pixels: Vec<Vec<f64>>,
    widths: &[usize],
) -> Result<Found> {
    let sum = |part: &Part| match part {
        Part::Field { picture, rows, columns } => {
            let of_row = |y: usize| {
                let start = y * widths[*picture];
                pixels[*picture][start + columns.start..start + columns.end].iter().sum::<f64>()
            };
            rows.clone().map(of_row).sum()
        }
        Part::Column { .. } | Part::Word { .. } => 0.0,
    };
    let (nothing, everything) = ends(question)?;
    let attribution =
        Attribution { values: parts.iter().map(sum).collect(), errors: None, nothing, everything };
    Ok(Found { attribution, pixels: Some(pixels) })
}
