//! Putting a network that recommends to use: opening it, and scoring it on what else people took.

use super::model::{GOAL, Recommender};
use super::rank::{Known, best, liked, scores};
use super::report::{ROWS_ARE, popular};
use crate::infer::stored_model;
use crate::outcome::Evaluation;
use crate::stored::Stored;
use crate::{Error, Result, Watcher};
use pellucid_data::{Cell, DataError, Table};
use pellucid_insight::intervals::{Centre, Scores, evaluate_numbers, evaluate_ranking};
use pellucid_kinds::cell_text;
use pellucid_train::metrics::{LISTED, MetricError, RankRows, RankedList};
use std::collections::BTreeMap;
use std::path::Path;

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

/// Scores a network on what known users took beside what it knows.
pub(crate) fn evaluate(stored: &Stored, table: &Table, watcher: &mut dyn Watcher) -> Result<Evaluation> {
    let model = Recommender::load(stored)?;
    let [user, item] = [&model.columns[0], &model.columns[1]].map(|name| table.column_index(name));
    let (user, item) = (user?, item?);
    let rating = model.rating.as_ref().and_then(|name| table.column_index(name).ok());
    let mut taken: BTreeMap<u32, Vec<(u32, f64)>> = BTreeMap::new();
    let mut unknown = 0;
    for chunk in table.chunks() {
        let chunk = chunk?;
        for i in 0..chunk.rows {
            let number =
                |ids: &super::Ids, at: usize| cell_text(chunk.cell(i, at)).and_then(|name| ids.find(&name));
            let given = rating.map_or(f64::NAN, |at| match chunk.cell(i, at) {
                Cell::Integer(x) => x as f64,
                Cell::Number(x) => x,
                _ => f64::NAN,
            });
            match (number(&model.users, user), number(&model.items, item)) {
                (Some(user), Some(item)) => taken.entry(user).or_default().push((item, given)),
                _ => unknown += 1,
            }
        }
    }
    if unknown > 0 {
        watcher.warning(&format!(
            "{unknown} rows name a user or an item that it does not know; they are left out"
        ));
    }
    if taken.is_empty() {
        let error = DataError::refused("there is nothing to score: no row names a known user and item");
        return Err(error.in_file(table.origin()).into());
    }
    watcher.begin("Testing", taken.len());
    let by_all = popular(model.items.len(), model.pasts.iter().map(Vec::as_slice));
    let ease = model.ease.as_ref().map(|(ease, share)| (ease, *share));
    let (mut own, mut trivial, mut ratings, mut groups) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (done, (&user, found)) in taken.iter().enumerate() {
        // What is asked for must not be known.
        let wanted: Vec<u32> = found.iter().map(|&(item, _)| item).collect();
        let past = model.pasts.get(user as usize).into_iter().flatten();
        let past = past.filter(|(item, _)| !wanted.contains(item)).copied().collect();
        let known = Known { user: Some(user), taken: past };
        let scores = scores(&model.network, &model.sides, model.items.len(), ease, &[&known])?;
        for (scores, lists) in [(scores.first(), &mut own), (Some(&by_all), &mut trivial)] {
            let list = best(scores.map_or(&[], Vec::as_slice), &known.taken, LISTED);
            lists.extend(RankedList::of(&list, &wanted));
        }
        let (rated, given): (Vec<u32>, Vec<f64>) =
            found.iter().copied().filter(|(_, x)| x.is_finite()).unzip();
        let likings = liked(&model.network, &model.sides, &[&known], [&vec![0; rated.len()], &rated])?;
        if let Some(scale) = &model.scale {
            ratings.extend(likings.into_iter().map(|liking| scale.rating(liking)).zip(given));
            groups.resize(ratings.len(), user);
        }
        watcher.advance(done + 1);
    }
    let mean = model.scale.map_or(0.0, |scale| scale.mean);
    let scores = scored((own, trivial), &ratings, &groups, Centre { mean, median: mean }, SEED)?;
    Ok(Evaluation {
        rows: taken.values().map(Vec::len).sum(),
        rows_are: ROWS_ARE.to_owned(),
        targets: BTreeMap::from([(model.columns[1].clone(), scores)]),
    })
}
