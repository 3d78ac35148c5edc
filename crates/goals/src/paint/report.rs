//! The test of a network that paints, and what the report shows of its pictures.

use super::gallery::Gallery;
use super::model::{Brush, Painting};
use super::nearest::{Nearest, nearest};
use super::pictures::Pictures;
use super::sheet::sheet;
use super::task::{PixelByPixel, errors, velocities};
use crate::finish::Tested;
use crate::outcome::Evaluation;
use crate::trained::Trained;
use crate::{Error, Result, Run, Watcher};
use pellucid_data::{OutColumn, OutValues, Part};
use pellucid_insight::intervals::{Scores, evaluate_likelihood};
use pellucid_insight::report::data::{CardFacts, Outcome, PictureOutcome, Strip, Target};
use pellucid_kinds::image::Pixels;
use pellucid_train::metrics::{LikelihoodRows, PICTURE_METRICS, Stretch};
use std::collections::BTreeMap;

/// Pictures that are scored, at most.
const SCORED: usize = 10_000;

/// Pictures of each label that are painted for the report.
const OF_EACH: usize = 8;

/// Labels that the report shows, at most.
const LABELS: usize = 20;

/// Strips of pictures without labels.
const STRIPS: usize = 3;

/// The folder of painted pictures, in the run's.
const FOLDER: &str = "samples";

/// What evaluations call their rows.
pub(super) const ROWS_ARE: &str = "pictures";

/// The scores of a network for some pictures, beside those of pixels by themselves.
pub(super) fn scores(
    model: &Painting,
    pictures: &Pictures,
    records: &[usize],
    trivial: Option<&PixelByPixel>,
    seed: u64,
    watcher: &mut dyn Watcher,
) -> Result<Scores> {
    let records: Vec<usize> =
        records.iter().copied().step_by(records.len().div_ceil(SCORED).max(1)).collect();
    let rows = |errors: Vec<f64>| {
        let stretches = errors.into_iter().map(|cost| Stretch { cost, steps: 1, units: 1 });
        LikelihoodRows::new(stretches.collect()).map_err(failed)
    };
    watcher.begin("Testing", records.len());
    let mut progress = |done| watcher.advance(done);
    let own = errors(pictures, &records, seed, &mut |w, l| velocities(&model.network, w, l), &mut progress)?;
    let by_pixels = |trivial: &PixelByPixel| {
        errors(pictures, &records, seed, &mut |ways, _| trivial.velocities(ways), &mut |_| {}).and_then(rows)
    };
    let trivial = trivial.map(by_pixels).transpose()?;
    evaluate_likelihood(&rows(own)?, trivial.as_ref(), &PICTURE_METRICS, seed).map_err(failed)
}

fn failed(e: pellucid_train::metrics::MetricError) -> Error {
    Error::model(format!("its pictures cannot be scored · {e}"))
}

/// Scores the test (the validation, if there is none), and paints pictures.
pub(super) fn test(
    trained: &Trained<'_>,
    model: &Painting,
    gallery: &Gallery,
    run: &Run,
    watcher: &mut dyn Watcher,
) -> Result<Tested> {
    let judges = gallery.judges();
    let (unseen, seed) = (judges == Part::Test, trained.config.training.seed);
    let (trivial, records) = (PixelByPixel::of(gallery)?, gallery.part(judges));
    let scores = scores(model, &gallery.pictures, records, Some(&trivial), seed, watcher)?;
    let (outcome, columns) = show(trained, model, gallery, run, seed, watcher)?;
    let (rows, column) = (records.len(), model.column.clone());
    let target = Target::new(&column, rows as u64, unseen, scores.clone(), Outcome::Pictures(outcome));
    Ok(Tested {
        evaluation: Evaluation {
            rows,
            rows_are: ROWS_ARE.to_owned(),
            targets: BTreeMap::from([(column, scores)]),
        },
        unseen,
        columns,
        targets: vec![target],
        likeness: None,
        looks: Vec::new(),
        card: card(model, run),
    })
}

/// Paints pictures, none chosen, and finds the training picture that is nearest to each.
fn show(
    trained: &Trained<'_>,
    model: &Painting,
    gallery: &Gallery,
    run: &Run,
    seed: u64,
    watcher: &mut dyn Watcher,
) -> Result<(PictureOutcome, Vec<OutColumn>)> {
    let labels: Vec<Option<usize>> = match model.labels.len() {
        0 => vec![None; STRIPS],
        n => (0..n.min(LABELS)).map(Some).collect(),
    };
    let wanted: Vec<Option<usize>> = labels.iter().flat_map(|&label| [label; OF_EACH]).collect();
    watcher.begin("Painting samples", wanted.len());
    let brush = Brush { seed, ..Brush::default() };
    let painted = model.paint(&wanted, &brush, &mut |done| watcher.advance(done))?;
    let of_people = gallery.some(gallery.judges(), wanted.len());
    let own: Vec<Vec<u8>> = painted.iter().map(|p| p.channels(model.canvas.channels)).collect();
    let unseen =
        of_people.iter().map(|&record| gallery.pictures.bytes(record)).collect::<Result<Vec<_>>>()?;
    watcher.begin("Looking for copies", gallery.part(Part::Train).len());
    let asked: Vec<&Vec<u8>> = own.iter().chain(&unseen).collect();
    let found = nearest(gallery, &asked, &mut |done| watcher.advance(done))?;
    let (of_own, of_unseen) = found.split_at(own.len());
    let mut strips = Vec::with_capacity(labels.len());
    for (i, &label) in labels.iter().enumerate() {
        let these = i * OF_EACH..(i + 1) * OF_EACH;
        let mut shown: Vec<Pixels> = Vec::new();
        for near in &of_own[these.clone()] {
            shown.extend(model.canvas.picture(&gallery.pictures.bytes(near.record)?));
        }
        let label = label.and_then(|label| model.labels.get(label)).cloned();
        let strip = sheet(&painted[these.clone()], OF_EACH)?;
        let name = label.as_deref().map_or_else(|| (i + 1).to_string(), file_name);
        run.write(&format!("{FOLDER}/{name}.png"), &strip)?;
        strips.push(Strip { label, painted: Some(strip), nearest: Some(sheet(&shown, OF_EACH)?) });
    }
    let name_of =
        |label: &Option<usize>| label.and_then(|label| model.labels.get(label)).cloned().unwrap_or_default();
    let rows = gallery.pictures.examples.rows();
    let near = |n: &Nearest| trained.survey.row_name(rows.get(n.record).copied().unwrap_or_default());
    let columns = vec![
        OutColumn { name: "label".to_owned(), values: OutValues::Text(wanted.iter().map(name_of).collect()) },
        OutColumn { name: "nearest".to_owned(), values: OutValues::Text(of_own.iter().map(near).collect()) },
        OutColumn {
            name: "distance".to_owned(),
            values: OutValues::Number(of_own.iter().map(|n| n.distance).collect()),
        },
    ];
    let outcome = PictureOutcome {
        trivial: "knowing each pixel by itself".to_owned(),
        own: median(of_own),
        people: median(of_unseen),
        strips,
    };
    Ok((outcome, columns))
}

/// The median distance.
fn median(found: &[Nearest]) -> f64 {
    let mut all: Vec<f64> = found.iter().map(|near| near.distance).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or_default()
}

/// A label as the name of a file.
fn file_name(label: &str) -> String {
    label.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect()
}

fn card(model: &Painting, run: &Run) -> CardFacts {
    let path = run.path().display();
    let mut commands = vec![(
        "Paint pictures".to_owned(),
        format!("pellucid generate {path} --count 16 --out pictures.png"),
    )];
    if let Some(label) = model.labels.first() {
        let one = format!("pellucid generate {path} --label \"{label}\" --out picture.png");
        commands.push((format!("Paint “{label}”"), one));
    }
    commands.push((
        "Paint a picture anew in this style".to_owned(),
        format!("pellucid generate {path} --like photo.jpg --change 0.5 --out painting.png"),
    ));
    CardFacts {
        intended_use: format!("Painting pictures like those of `{}` that it learned from.", model.column),
        limits: vec![
            format!("It paints {} × {} pixels, and what was rare among its pictures it paints badly or never.", model.canvas.width, model.canvas.height),
            "Its pictures show nothing that ever was: they are no evidence.".to_owned(),
            "It can paint what it has seen almost as it was: look at the nearest pictures, and ask whose they are, before anything is published.".to_owned(),
        ],
        commands,
        licence: None,
    }
}
