//! What a network that has learned to see makes of what one that has learned to paint paints.

use super::gallery::Gallery;
use super::model::{Brush, Painting};
use super::report::ROWS_ARE;
use crate::infer::{open_model, stored_model};
use crate::model::Model;
use crate::outcome::{Evaluation, score};
use crate::train::open;
use crate::{Error, Result, Watcher};
use pellucid_data::{Cell, DataError, Part};
use pellucid_insight::frechet::frechet_distance;
use pellucid_insight::intervals::Scored;
use pellucid_kinds::image::Pixels;
use pellucid_kinds::{Record, Target};
use pellucid_nn::Pass;
use pellucid_train::metrics::JUDGED_METRICS;
use std::collections::BTreeMap;
use std::path::Path;

/// The seed of the judged pictures and of the intervals.
const SEED: u64 = 0;

/// Pictures that are judged at once.
const TOGETHER: usize = 256;

/// Asks a classifier of pictures what it sees in pictures that a network paints by label, `count` in all, and how far what it sees lies from
/// what it sees in the pictures of the painter's test (Fréchet distance of the vectors that its answers are made from). Beside that distance
/// stands the one of as many training pictures: nothing that is new can be expected to be nearer.
///
/// # Errors
/// A run that does not paint, or paints without labels; a classifier of something else; the painter's data if it is gone.
pub fn judge(
    painter: &Path,
    classifier: &Path,
    count: usize,
    watcher: &mut dyn Watcher,
) -> Result<Evaluation> {
    let (stored, run) = stored_model(painter)?;
    let what = |what: &str| Error::usage(format!("{what} · {}", painter.display()));
    if !Painting::is(&stored) {
        return Err(what("only a network that paints can be judged by another"));
    }
    let painting = Painting::load(&stored)?;
    let run = run.ok_or_else(|| what("only a run can be judged, because its data is needed"))?;
    if painting.labels.is_empty() {
        return Err(what(
            "it paints without labels, so nobody can say whether its pictures show what was asked for",
        ));
    }
    let eye = Eye::open(classifier, &painting)?;
    let labels: Vec<Option<usize>> = (0..count).map(|i| Some(i % painting.labels.len())).collect();
    watcher.begin("Painting", count);
    let brush = Brush { seed: SEED, ..Brush::default() };
    let painted = painting.paint(&labels, &brush, &mut |done| watcher.advance(done))?;
    let truth: Vec<&str> = labels.iter().flatten().map(|&label| painting.labels[label].as_str()).collect();
    let seen = eye.see(&painted, Some(&truth), watcher)?;

    let config = run.config()?;
    let (survey, _sample) = open(&config)?;
    watcher.begin("Reading the data", survey.table.rows());
    let gallery = Gallery::open(&survey, &config, &mut |done| watcher.advance(done))?;
    let of_people = |part: Part, most: usize| -> Result<Vec<Vec<f32>>> {
        let mut pictures = Vec::new();
        for record in gallery.some(part, most).into_iter().take(most) {
            pictures.extend(gallery.pictures.canvas.picture(&gallery.pictures.bytes(record)?));
        }
        Ok(eye.see(&pictures, None, &mut crate::Unwatched)?.vectors)
    };
    let test = of_people(gallery.judges(), usize::MAX)?;
    let training = of_people(Part::Train, count)?;
    let none = || Error::usage("there are too few pictures to be compared".to_owned());
    let apart = |vectors: &[Vec<f32>]| frechet_distance(vectors, &test).ok_or_else(none);
    let mut scores = score(&seen.answers, &eye.target, None, SEED)?;
    for (metric, vectors) in JUDGED_METRICS.iter().zip([&seen.vectors, &training]) {
        let scored = Scored { value: apart(vectors)?, low: None, high: None, baseline: None };
        scores.0.push((metric.name.to_owned(), scored));
    }
    Ok(Evaluation {
        rows: count,
        rows_are: format!("painted {ROWS_ARE}"),
        targets: BTreeMap::from([(eye.column, scores)]),
    })
}

/// A classifier of pictures.
struct Eye {
    model: Model,
    /// The column that it answers.
    column: String,
    target: Target,
}

/// What it sees in some pictures.
struct Seen {
    answers: crate::Answers,
    /// What its answers are made from, one vector a picture.
    vectors: Vec<Vec<f32>>,
}

impl Eye {
    /// Opens a run (or a model folder) that tells the labels of a painter apart, and looks at nothing but pictures.
    fn open(path: &Path, painting: &Painting) -> Result<Eye> {
        let (model, _) = open_model(path)?;
        let refuse =
            |why: String| Error::usage(format!("this network cannot judge · {} · {why}", path.display()));
        let ([(_, "image", _)], [(column, ..)], [target]) =
            (model.encoder.inputs.as_slice(), model.encoder.targets.as_slice(), model.batcher.targets())
        else {
            return Err(refuse("it must answer one column from pictures alone".to_owned()));
        };
        let Target::Classes { names, .. } = target else {
            return Err(refuse(format!("`{column}` is no column of classes")));
        };
        if let Some(unknown) = painting.labels.iter().find(|label| !names.contains(label)) {
            return Err(refuse(format!("it does not know `{unknown}`, which is painted")));
        }
        Ok(Eye { column: column.clone(), target: target.clone(), model })
    }

    /// Looks at pictures that show `truth`, if that is known.
    fn see(&self, pictures: &[Pixels], truth: Option<&[&str]>, watcher: &mut dyn Watcher) -> Result<Seen> {
        let mut answers = crate::Answers::new(&self.target);
        let mut vectors = Vec::with_capacity(pictures.len());
        watcher.begin("Looking", pictures.len());
        for (part, some) in pictures.chunks(TOGETHER).enumerate() {
            let mut records = Vec::with_capacity(some.len());
            for (i, picture) in some.iter().enumerate() {
                let png = picture.to_png().ok_or_else(|| Error::model("there is no memory for a picture"))?;
                let shows = truth.and_then(|truth| truth.get(part * TOGETHER + i));
                let shows = shows.map_or(Cell::Missing, |label| Cell::Text(label));
                let mut record = Record::default();
                let encoded =
                    self.model.encoder.encode_row(&[Cell::Bytes(&png)], &[shows], None, &mut record);
                encoded.map_err(|(column, why)| DataError::unreadable(why).in_column(&column))?;
                records.push(record);
            }
            for more in self.model.answer(&records)? {
                answers.append(more);
            }
            let batch = self.model.batcher.assemble(&records, None)?;
            let found = self.model.network.vectors(&Pass::inference(), &batch)?;
            let width = found.shape().last().max(1);
            vectors.extend(found.value().data::<f32>()?.chunks(width).map(<[f32]>::to_vec));
            watcher.advance(part * TOGETHER + some.len());
        }
        Ok(Seen { answers, vectors })
    }
}
