//! The leak and quality checks, given a survey's columns.

use super::split::{codes, each_cell};
use super::{ColumnPlan, Prepared, Survey, Use, prepare, split_rows};
use crate::likeness::{Measured, measures};
use crate::paint::{self, Gallery};
use crate::train::{open, start};
use crate::{Config, Result, Watcher, translate};
use pellucid_data::{Cell, MEDIA, Part, Splits, Storage};
use pellucid_insight::check::{
    Cells, CheckReport, Column, Dataset, Finding, MISSING, PictureIndex, Revealed, Severity, check_table,
    hash_bytes, near_duplicates, neighbours_on_both_sides, revealed, test_is_unlike_training, thumbnail,
};
use pellucid_insight::report::data::MovedColumn;
use pellucid_kinds::{Examples, Record, cell_text};
use std::collections::{HashMap, HashSet};

/// Of fewer test rows it is not asked how they are spread.
const MANY: usize = 30;

/// What columns of numbers are called that count moments, such as the seconds since 1970.
const MOMENTS: [&str; 5] = ["timestamp", "datetime", "unixtime", "unix_time", "epoch"];

/// What looking at data shows, without training.
pub struct Inspection {
    /// The columns and what they would be used for.
    pub survey: Survey,
    /// The rows of each part.
    pub splits: Splits,
    /// What the checks found.
    pub report: CheckReport,
    /// Rows whose cells cannot be used: where, and why.
    pub unreadable: Vec<(String, String)>,
}

/// Looks at data: what it is, and what is wrong with it. Without a column to predict, only what needs none.
///
/// # Errors
/// Data that cannot be read at all.
pub fn inspect(config: &Config, watcher: &mut dyn Watcher) -> Result<Inspection> {
    let (survey, _sample) = open(config)?;
    let splits = split_rows(&survey, &config.data, config.training.seed)?;
    let learnable = survey.check_learnable().is_ok();
    watcher.begin("Reading the data", survey.table.rows());
    let mut data = config.data.clone();
    data.skip_share = Some(1.0);
    data.max_side.get_or_insert(64);
    let mut progress = |done| watcher.advance(done);
    let (mut prepared, mut gallery) = (None, None);
    if paint::is_asked(&survey) {
        gallery = Some(Gallery::open(&survey, &Config { data, ..config.clone() }, &mut progress)?);
    } else if learnable && !survey.generate && !survey.recommend && !translate::is_asked(&survey) {
        prepared = Some(prepare(&survey, &splits, &data, start(config)?, &mut progress)?);
    }
    let files = prepared.as_ref().map(PreparedFiles::of).or_else(|| gallery.as_ref().map(Gallery::files));
    let mut report = check(&survey, &splits, files.as_ref())?;
    if let Some(prepared) = &prepared {
        report.extend(shift(&survey, prepared)?);
    }
    let unreadable = files
        .iter()
        .flat_map(|files| files.examples.unreadable())
        .map(|u| (u.place(&survey.table).to_string(), u.why.clone()));
    let unreadable = unreadable.collect();
    Ok(Inspection { survey, splits, report, unreadable })
}

/// The cells of a column in the form that checks take, owned.
enum Owned {
    Numbers(Vec<f64>),
    Codes(Vec<u32>, Vec<String>),
    Prints(Vec<u128>),
}

impl Owned {
    fn of(survey: &Survey, column: &ColumnPlan) -> Result<Owned> {
        let numeric =
            matches!(survey.profile(column).storage, Storage::Integer | Storage::Number | Storage::Time);
        let few = column.kind.is_some_and(|k| k.name() != "number" && k.name() != "time");
        if numeric && !few {
            let mut values = Vec::with_capacity(survey.table.rows());
            each_cell(&survey.table, column, |_, cell| {
                values.push(match cell {
                    Cell::Integer(i) | Cell::Time(i) => i as f64,
                    Cell::Number(x) => x,
                    _ => f64::NAN,
                });
                Ok(())
            })?;
            return Ok(Owned::Numbers(values));
        }
        let (mut seen, mut codes, mut names) =
            (HashMap::new(), Vec::with_capacity(survey.table.rows()), Vec::new());
        each_cell(&survey.table, column, |_, cell| {
            codes.push(match cell_text(cell) {
                None => MISSING,
                Some(text) => match seen.get(text.as_ref()) {
                    Some(&code) => code,
                    None => {
                        let code = names.len() as u32;
                        names.push(text.to_string());
                        seen.insert(text.into_owned(), code);
                        code
                    }
                },
            });
            Ok(())
        })?;
        Ok(Owned::Codes(codes, names))
    }

    fn column<'a>(&'a self, name: &'a str) -> Column<'a> {
        match self {
            Owned::Numbers(values) => Column::new(name, Cells::Numbers(values)),
            Owned::Codes(codes, names) => Column::new(name, Cells::Codes(codes)).with_values(names),
            Owned::Prints(prints) => Column::new(name, Cells::Prints(prints)),
        }
    }
}

/// Named columns as the checks take them.
fn views(owned: &[(String, Owned)]) -> Vec<Column<'_>> {
    owned.iter().map(|(name, cells)| cells.column(name)).collect()
}

/// What each of some columns alone reveals of the groups that another divides rows into, the most first.
///
/// # Errors
/// Failures of reading.
pub(crate) fn reveals(survey: &Survey, columns: &[&str], of: &str, groups: &[u32]) -> Result<Vec<Revealed>> {
    let wanted = |c: &&ColumnPlan| c.name != of && columns.contains(&c.name.as_str());
    let is_file = |c: &ColumnPlan| c.kind.is_some_and(|k| MEDIA.iter().any(|m| m.column == k.name()));
    let inputs = survey.columns.iter().filter(wanted).filter(|c| !is_file(c));
    let owned = inputs.map(|c| Ok((c.name.clone(), Owned::of(survey, c)?))).collect::<Result<Vec<_>>>()?;
    Ok(revealed(&views(&owned), groups))
}

/// Runs all checks that the data allow; those on pictures need prepared rows.
///
/// # Errors
/// Failures of reading.
pub(crate) fn check(
    survey: &Survey,
    splits: &Splits,
    files: Option<&PreparedFiles<'_>>,
) -> Result<CheckReport> {
    let is_file = |c: &ColumnPlan| c.kind.is_some_and(|k| MEDIA.iter().any(|m| m.column == k.name()));
    let gather = |role: Use| -> Result<Vec<(String, Owned)>> {
        let columns = survey.used_as(role).filter(|c| !is_file(c));
        columns.map(|c| Ok((c.name.clone(), Owned::of(survey, c)?))).collect()
    };
    // Texts that are to be written are all that there is, and nothing answers them.
    let shown = if survey.generate { Use::Target } else { Use::Input };
    let mut pictures = Pictures::new(survey, shown, files)?;
    let targets = if survey.generate { Vec::new() } else { gather(Use::Target)? };
    let (mut inputs, others) = (gather(shown)?, gather(Use::Aside)?);
    inputs.extend(sound_prints(survey, files)?);
    if let Some(p) = &mut pictures {
        inputs.push((p.name.clone(), Owned::Prints(std::mem::take(&mut p.prints))));
    }
    let group = gather(Use::Group)?;
    let times = gather(Use::Time)?;
    let (inputs_view, targets_view, others_view) = (views(&inputs), views(&targets), views(&others));
    let (group_view, times_view) = (views(&group), views(&times));
    let known = inputs_view.iter().chain(&others_view).chain(&group_view).chain(&times_view);
    let moments: Vec<Column<'_>> = known.filter(|column| tells_when(survey, column.name)).copied().collect();
    let row_name = |row: usize| survey.row_name(row);
    let of_kind = |kind: &str| -> Vec<&str> {
        let is = |c: &&ColumnPlan| c.kind.is_some_and(|k| k.name() == kind);
        survey.columns.iter().filter(is).map(|c| c.name.as_str()).collect()
    };
    let (tags, texts) = (of_kind("tags"), of_kind("text"));
    let written = targets.iter().map(|(name, _)| name.as_str()).filter(|name| texts.contains(name));
    let written: Vec<&str> = written.collect();
    let mut report = check_table(&Dataset {
        parts: &splits.parts,
        inputs: &inputs_view,
        targets: &targets_view,
        others: &others_view,
        moments: &moments,
        group: group_view.first().copied(),
        row_name: &row_name,
    });
    // Combinations of tags are no classes of which each should be frequent, texts that all differ no names of rows, no text is
    // translated in one way only, and what is recommended is meant for people who have taken something already.
    report.findings.retain(|f| {
        let of_classes = ["imbalance", "rare_class", "class_missing_in_split"].contains(&f.code.as_str());
        let column = f.column.as_deref().unwrap_or_default();
        !(of_classes && (tags.contains(&column) || written.contains(&column))
            || f.code == "identifier" && texts.contains(&column)
            || f.code.ends_with("_on_both_sides") && survey.recommend
            || f.code == "conflicting_labels" && !written.is_empty())
    });
    // Rows whose pictures or sounds nobody has looked at may differ in just these.
    if files.is_none() && survey.used_as(shown).any(is_file) {
        let of_whole_rows = |f: &Finding| f.code.starts_with("duplicates") || f.code == "conflicting_labels";
        report.findings.retain(|f| !of_whole_rows(f));
    }
    if let Some(p) = pictures {
        let prints = match inputs.last() {
            Some((_, Owned::Prints(prints))) => prints.as_slice(),
            _ => &[],
        };
        let apart = survey.used_as(Use::Time).chain(survey.used_as(Use::Group)).next().is_some();
        report.extend(near_duplicates(&p.index, &splits.parts, prints, &row_name).into_iter().map(
            |mut finding| {
                // The person has said what belongs together; what looks alike across that is for them to judge.
                if apart && finding.severity == Severity::Leak {
                    finding.severity = Severity::Warning;
                }
                finding
            },
        ));
        let classes = match targets.first() {
            Some((_, Owned::Codes(codes, _))) => codes.as_slice(),
            _ => &[],
        };
        if group.is_empty() {
            let torn = neighbours_on_both_sides(&p.index, &splits.parts, classes, &row_name);
            if torn.is_some() {
                report.findings.retain(|f| f.code != "order_on_both_sides");
            }
            report.extend(torn);
        }
    }
    Ok(report)
}

/// Whether a column tells when a row was: moments, and numbers that are called so.
fn tells_when(survey: &Survey, name: &str) -> bool {
    let column = survey.columns.iter().find(|column| column.name == name);
    column.is_some_and(|column| match survey.profile(column).storage {
        Storage::Time => true,
        Storage::Integer | Storage::Number => MOMENTS.contains(&name.to_lowercase().as_str()),
        _ => false,
    })
}

/// Whether the test rows are spread otherwise than the training rows.
///
/// # Errors
/// Failures of reading.
pub(crate) fn shift(survey: &Survey, prepared: &Prepared) -> Result<Option<Finding>> {
    let (train, test) = (prepared.part(Part::Train), prepared.part(Part::Test));
    if test.len() < MANY {
        return Ok(None);
    }
    let measures = measures(&prepared.encoder);
    let of = |records| Measured::of_records(&measures, &prepared.examples, records);
    let independent = match survey.used_as(Use::Group).next() {
        None => None,
        Some(column) => {
            let codes = codes(survey, column)?;
            let groups = |records: &[usize]| {
                let rows = records.iter().map(|&i| prepared.examples.rows()[i]);
                rows.filter_map(|row| codes.get(row)).collect::<HashSet<_>>().len() as u64
            };
            Some((groups(train), groups(test)))
        }
    };
    let moved = of(test)?.moved(&of(train)?.spreads(), independent);
    let moved: Vec<String> = moved.iter().map(MovedColumn::in_words).collect();
    Ok(test_is_unlike_training(&moved, measures.len()))
}

/// The pictures of the first picture column: fingerprints by row, and an index of thumbnails.
struct Pictures {
    name: String,
    prints: Vec<u128>,
    index: PictureIndex,
}

impl Pictures {
    fn new(survey: &Survey, shown: Use, files: Option<&PreparedFiles<'_>>) -> Result<Option<Pictures>> {
        let picture = survey.used_as(shown).find(|c| c.kind.is_some_and(|k| k.name() == "image"));
        let (Some(column), Some(files)) = (picture, files) else { return Ok(None) };
        let Some(([height, width, channels], bytes)) = files.first(false) else { return Ok(None) };
        let (mut prints, mut record, mut thumbnails) = (no_prints(survey), Record::default(), Vec::new());
        for (i, &row) in files.examples.rows().iter().enumerate() {
            files.examples.read(i, &mut record)?;
            let pixels = record.pictures.get(bytes.clone()).unwrap_or_default();
            prints[row] = hash_bytes(pixels, 0);
            let grey: Vec<u8> = match channels {
                1 => pixels.to_vec(),
                _ => pixels
                    .chunks(channels)
                    .map(|p| (p.iter().map(|&b| u32::from(b)).sum::<u32>() / channels as u32) as u8)
                    .collect(),
            };
            thumbnails.extend(thumbnail(width, height, &grey).map(|t| (row, t)));
        }
        Ok(Some(Pictures { name: column.name.clone(), prints, index: PictureIndex::new(thumbnails) }))
    }
}

/// Fingerprints by row: one without a readable file equals no other.
fn no_prints(survey: &Survey) -> Vec<u128> {
    (0..survey.table.rows()).map(|row| !(row as u128)).collect()
}

/// The pictures and sounds of prepared rows.
pub(crate) struct PreparedFiles<'a> {
    examples: &'a Examples,
    /// The size of each in a record, in the order of their bytes, and whether it is a sound.
    sizes: Vec<([usize; 3], bool)>,
}

impl<'a> PreparedFiles<'a> {
    /// Of rows that are prepared for a network that predicts.
    pub(crate) fn of(prepared: &'a Prepared) -> PreparedFiles<'a> {
        let batcher = &prepared.batcher;
        let sizes = batcher.picture_sizes().into_iter().zip(batcher.sounds()).collect();
        PreparedFiles { examples: &prepared.examples, sizes }
    }

    /// Of rows that hold one picture each, `[height, width, channels]`.
    pub(crate) fn pictures(examples: &'a Examples, size: [usize; 3]) -> PreparedFiles<'a> {
        PreparedFiles { examples, sizes: vec![(size, false)] }
    }

    /// The size of the first picture, or of the first sound, and its bytes among those of all in a record.
    fn first(&self, sound: bool) -> Option<([usize; 3], std::ops::Range<usize>)> {
        let mut start = 0;
        for &(size, is_sound) in &self.sizes {
            let length: usize = size.iter().product();
            if is_sound == sound {
                return Some((size, start..start + length));
            }
            start += length;
        }
        None
    }
}

/// Fingerprints of the first sound column, by row: sounds of equal power over time are equal.
fn sound_prints(survey: &Survey, files: Option<&PreparedFiles<'_>>) -> Result<Option<(String, Owned)>> {
    let sound = survey.used_as(Use::Input).find(|c| c.kind.is_some_and(|k| k.name() == "audio"));
    let (Some(column), Some(files)) = (sound, files) else { return Ok(None) };
    let Some((_, bytes)) = files.first(true) else { return Ok(None) };
    let (mut prints, mut record) = (no_prints(survey), Record::default());
    for (i, &row) in files.examples.rows().iter().enumerate() {
        files.examples.read(i, &mut record)?;
        prints[row] = hash_bytes(record.pictures.get(bytes.clone()).unwrap_or_default(), 0);
    }
    Ok(Some((column.name.clone(), Owned::Prints(prints))))
}
