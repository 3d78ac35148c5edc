//! Putting a network that recommends to use: opening it, and scoring it on what else people took.

use super::history::number as rated;
use super::ids::Ids;
use super::model::{GOAL, Recommender};
use super::rank::{Known, TOGETHER, best};
use super::report::{ROWS_ARE, popular};
use crate::config::DataConfig;
use crate::dataset::open_taken;
use crate::infer::{Predictions, positions, stored_model};
use crate::outcome::Evaluation;
use crate::stored::Stored;
use crate::{Error, Result, Watcher};
use pellucid_data::{DataError, OpenOptions, OutColumn, OutValues, Table};
use pellucid_insight::intervals::{Centre, Scores, evaluate_numbers, evaluate_ranking};
use pellucid_kinds::cell_text;
use pellucid_train::metrics::{LISTED, MetricError, RankRows, RankedList};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The seed of the intervals of scores on other data.
const SEED: u64 = 0;

/// Opens the model of a run (or a model folder) that recommends.
///
/// # Errors
/// A damaged model, and one that does something else.
pub fn recommender(path: &Path) -> Result<Recommender> {
    let (stored, _) = stored_model(path)?;
    match stored.goal == GOAL {
        true => Recommender::load(&stored),
        false => Err(Error::usage(format!(
            "this network does not recommend · {} · its goal is `{}`; one that does comes from: pellucid train DATA --recommend",
            path.display(),
            stored.goal
        ))),
    }
}

/// The scores of lists and ratings: `lists` and trivial ones, and ratings expected beside those given.
pub(super) fn scored(
    lists: (Vec<RankedList>, Vec<RankedList>),
    ratings: &[(f64, f64)],
    groups: &[u32],
    centre: Centre,
    seed: u64,
) -> Result<Scores> {
    let failed = |e: MetricError| Error::model(format!("its recommendations cannot be scored · {e}"));
    let rows = |lists| RankRows::new(lists).map_err(failed);
    let mut all = evaluate_ranking(&rows(lists.0)?, &rows(lists.1)?, seed).map_err(failed)?;
    if !ratings.is_empty() {
        let (found, truth): (Vec<f64>, Vec<f64>) = ratings.iter().copied().unzip();
        all.0.extend(evaluate_numbers(&found, &truth, centre, Some(groups), seed).map_err(failed)?.0);
    }
    Ok(all)
}

/// A row of a table that names a known user and item.
struct Row {
    row: usize,
    item: u32,
    /// How it was rated, if that is said.
    rating: Option<f64>,
}

/// The rows of a table, by user.
#[derive(Default)]
struct Rows {
    by_user: BTreeMap<u32, Vec<Row>>,
    /// Those that name a user or an item that is not known.
    unknown: Vec<usize>,
}

impl Rows {
    fn read(model: &Recommender, table: &Table) -> Result<Rows> {
        let [user, item] = [&model.columns[0], &model.columns[1]].map(|name| table.column_index(name));
        let (user, item) = (user?, item?);
        let rating = model.rating.as_ref().and_then(|name| table.column_index(name).ok());
        let mut rows = Rows::default();
        for chunk in table.chunks() {
            let chunk = chunk?;
            for i in 0..chunk.rows {
                let number =
                    |ids: &Ids, at: usize| cell_text(chunk.cell(i, at)).and_then(|name| ids.find(&name));
                let (row, rating) = (chunk.first_row + i, rating.and_then(|at| rated(chunk.cell(i, at))));
                match (number(&model.users, user), number(&model.items, item)) {
                    (Some(user), Some(item)) => {
                        rows.by_user.entry(user).or_default().push(Row { row, item, rating });
                    }
                    _ => rows.unknown.push(row),
                }
            }
        }
        Ok(rows)
    }
}

/// What a network says of one user's rows.
struct Said<'a> {
    user: u32,
    rows: &'a [Row],
    /// What is known of the user beside what is asked for.
    known: &'a Known,
    /// Of all items.
    scores: &'a [f32],
    /// How each row's item is expected to be liked.
    likings: &'a [f32],
}

impl Recommender {
    /// Asks the network for what it says of rows, user by user.
    fn say(&self, rows: &Rows, watcher: &mut dyn Watcher, mut hear: impl FnMut(Said<'_>)) -> Result<()> {
        let scorer = self.scorer();
        let all: Vec<(u32, &[Row])> =
            rows.by_user.iter().map(|(&user, rows)| (user, rows.as_slice())).collect();
        for (done, some) in all.chunks(TOGETHER).enumerate() {
            let known = some.iter().map(|&(user, rows)| {
                let past = self.pasts.get(user as usize).into_iter().flatten();
                // What is asked for must not be known.
                let asked = |item: u32| rows.iter().any(|row| row.item == item);
                Known { user: Some(user), taken: past.filter(|&&(item, _)| !asked(item)).copied().collect() }
            });
            let known: Vec<Known> = known.collect();
            let users: Vec<&Known> = known.iter().collect();
            let scores = scorer.scores(&users)?;
            let pairs = (0u32..).zip(some).flat_map(|(at, (_, rows))| rows.iter().map(move |r| (at, r.item)));
            let (who, what): (Vec<u32>, Vec<u32>) = pairs.unzip();
            let likings = scorer.liked(&users, [&who, &what])?;
            let mut likings = likings.as_slice();
            for ((&(user, rows), known), scores) in some.iter().zip(&known).zip(&scores) {
                let (own, rest) = likings.split_at(rows.len().min(likings.len()));
                likings = rest;
                hear(Said { user, rows, known, scores, likings: own });
            }
            watcher.advance(done * TOGETHER + some.len());
        }
        Ok(())
    }
}

impl Recommender {
    /// Opens who took what; tables beside it, which it knows from its training, are left aside.
    fn open(&self, paths: &[PathBuf], options: &OpenOptions) -> Result<Table> {
        let [user, item] = self.columns.clone().map(Some);
        let rating = self.rating.clone();
        let config = DataConfig { paths: paths.to_vec(), user, item, rating, ..DataConfig::default() };
        Ok(open_taken(&config, options)?.taken)
    }
}

/// For each row of a table that names a user and an item: how the user is expected to rate it, if the network has learned from ratings, and
/// its place among all that would be recommended to him (1 is the first).
pub(crate) fn predict(
    stored: &Stored,
    inputs: &[PathBuf],
    options: &OpenOptions,
    watcher: &mut dyn Watcher,
) -> Result<Predictions> {
    let model = Recommender::load(stored)?;
    let table = &model.open(inputs, options)?;
    let rows = Rows::read(&model, table)?;
    let mut problems: Vec<String> =
        table.skipped().iter().map(|s| format!("{}: {}", s.place, s.why)).collect();
    let [user, item] = &model.columns;
    let why = |&row| format!("{}: a `{user}` or an `{item}` that it does not know", table.place(row));
    problems.extend(rows.unknown.iter().map(why));
    let positions = positions(table);
    let inputs = table.rows() + table.skipped().len();
    let (mut ratings, mut places) = (vec![f64::NAN; inputs], vec![f64::NAN; inputs]);
    watcher.begin("Answering", rows.by_user.len());
    model.say(&rows, watcher, |said| {
        for (row, &liking) in said.rows.iter().zip(said.likings) {
            let score = said.scores.get(row.item as usize).copied().unwrap_or(f32::NAN);
            let before = (0u32..).zip(said.scores).filter(|(item, other)| {
                **other > score && said.known.taken.iter().all(|(taken, _)| taken != item)
            });
            places[positions[row.row]] = 1.0 + before.count() as f64;
            ratings[positions[row.row]] = model.scale.map_or(f64::NAN, |scale| scale.rating(liking));
        }
    })?;
    let names = (1..=inputs).map(|number| number.to_string()).collect();
    let number = |name: String, values| OutColumn { name, values: OutValues::Number(values) };
    let mut columns = vec![OutColumn { name: "input".to_owned(), values: OutValues::Text(names) }];
    let rating = model.rating.clone().filter(|_| model.scale.is_some());
    columns.extend(rating.map(|name| number(name, ratings)));
    columns.push(number(format!("{item}_place"), places));
    Ok(Predictions { columns, problems, drift: None })
}

/// Scores a network on what known users took beside what it knows.
pub(crate) fn evaluate(stored: &Stored, data: &[PathBuf], watcher: &mut dyn Watcher) -> Result<Evaluation> {
    let model = Recommender::load(stored)?;
    let table = &model.open(data, &OpenOptions::default())?;
    let rows = Rows::read(&model, table)?;
    if !rows.unknown.is_empty() {
        watcher.warning(&format!(
            "{} rows name a user or an item that it does not know; they are left out",
            rows.unknown.len()
        ));
    }
    if rows.by_user.is_empty() {
        let error = DataError::refused("there is nothing to score: no row names a known user and item");
        return Err(error.in_file(table.origin()).into());
    }
    watcher.begin("Testing", rows.by_user.len());
    let by_all = popular(model.items.len(), model.pasts.iter().map(Vec::as_slice));
    let (mut own, mut trivial) = (Vec::new(), Vec::new());
    let (mut ratings, mut groups) = (Vec::new(), Vec::new());
    model.say(&rows, watcher, |said| {
        let wanted: Vec<u32> = said.rows.iter().map(|row| row.item).collect();
        for (scores, lists) in [(said.scores, &mut own), (&by_all[..], &mut trivial)] {
            lists.extend(RankedList::of(&best(scores, &said.known.taken, LISTED), &wanted));
        }
        let Some(scale) = &model.scale else { return };
        for (row, &liking) in said.rows.iter().zip(said.likings) {
            if let Some(given) = row.rating {
                ratings.push((scale.rating(liking), given));
                groups.push(said.user);
            }
        }
    })?;
    let mean = model.scale.map_or(0.0, |scale| scale.mean);
    let scores = scored((own, trivial), &ratings, &groups, Centre { mean, median: mean }, SEED)?;
    Ok(Evaluation {
        rows: rows.by_user.values().map(Vec::len).sum(),
        rows_are: ROWS_ARE.to_owned(),
        targets: BTreeMap::from([(model.columns[1].clone(), scores)]),
    })
}
