//! Tags: any number of labels in one cell.

mod cells;
mod looks;
mod rarest;

use crate::category::natural;
use crate::cells::cell_text;
use crate::number::restore;
use crate::{Feature, FitContext, Guess, Kind, Prepared, Profile, Record, Role, Target, TrainingCells};
use cells::Separator;
use pellucid_data::{Cell, Files, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

pub use rarest::rarest_tags;

/// Tags in fewer training rows than this are left out: nothing is learned from so few, and nothing known of how well.
const RARE: usize = 3;

/// At most this many tags (the most frequent ones) are told apart.
const MOST: usize = 300;

/// Any number of labels in one cell.
pub(crate) struct Tags;

/// The fitted state of a column of tags.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    name: String,
    separator: Separator,
    /// The tags in natural order.
    tags: Vec<String>,
    /// Training rows of each.
    counts: Vec<usize>,
    /// Training rows whose tags are known.
    rows: usize,
    /// Tags that are not among `tags`, because they are rare.
    left_out: usize,
    /// Whether every training row has a tag.
    always: bool,
    /// The most frequent combination.
    commonest: Vec<usize>,
}

/// A column of tags ready to encode.
struct PreparedTags {
    state: State,
    positions: HashMap<String, usize>,
}

impl Kind for Tags {
    fn name(&self) -> &'static str {
        "tags"
    }

    fn about(&self) -> &'static str {
        "any number of labels, separated by spaces, commas, semicolons or vertical bars"
    }

    fn recognise(&self, profile: &Profile, _: Role) -> Option<Guess> {
        looks::recognise(profile)
    }

    fn fit(&self, cells: &TrainingCells<'_>, _: &FitContext<'_>) -> Result<Box<dyn Prepared>> {
        let mut texts: HashMap<String, usize> = HashMap::new();
        cells.each(|_, cell| {
            if let Some(text) = cell_text(cell) {
                *texts.entry(text.into_owned()).or_default() += 1;
            }
            Ok(())
        })?;
        let separator = match cells.are_words() {
            true => Separator::Space,
            false => Separator::of(texts.iter().map(|(text, times)| (text.as_str(), *times))),
        };
        match State::fit(cells.name, separator, &texts) {
            Some(state) => Ok(Box::new(PreparedTags::new(state))),
            None => Err(cells.error(format!("no tag stands in at least {RARE} training rows")).advise(
                "leave the column out with --ignore, or choose another kind with --kind COLUMN=KIND",
            )),
        }
    }

    fn restore(&self, state: &Value) -> Result<Box<dyn Prepared>> {
        Ok(Box::new(PreparedTags::new(restore(state)?)))
    }
}

impl State {
    /// Learns from the distinct texts of the training rows and how often they occur; `None` without a frequent tag.
    fn fit(name: &str, separator: Separator, texts: &HashMap<String, usize>) -> Option<State> {
        let sets =
            || texts.iter().map(|(text, &times)| (separator.parts(text).collect::<BTreeSet<_>>(), times));
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for (tags, times) in sets() {
            tags.into_iter().for_each(|tag| *counts.entry(tag).or_default() += times);
        }
        let mut tags: Vec<_> = counts.into_iter().collect();
        let all = tags.len();
        tags.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        tags.truncate(tags.iter().take_while(|tag| tag.1 >= RARE).count().min(MOST));
        tags.sort_by(|a, b| natural(a.0, b.0));
        let mut combinations: HashMap<Vec<usize>, usize> = HashMap::new();
        for (set, times) in sets() {
            let known = |(i, tag): (usize, &(&str, usize))| set.contains(tag.0).then_some(i);
            *combinations.entry(tags.iter().enumerate().filter_map(known).collect()).or_default() += times;
        }
        let commonest = combinations.into_iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(&a.0)));
        let (names, counts): (Vec<_>, _) = tags.iter().map(|(tag, n)| ((*tag).to_owned(), *n)).unzip();
        (!names.is_empty()).then(|| State {
            name: name.to_owned(),
            separator,
            left_out: all - names.len(),
            tags: names,
            counts,
            rows: texts.values().sum(),
            always: sets().all(|(tags, _)| !tags.is_empty()),
            commonest: commonest.map(|c| c.0).unwrap_or_default(),
        })
    }
}

impl PreparedTags {
    fn new(state: State) -> Self {
        let positions = state.tags.iter().cloned().zip(0..).collect();
        PreparedTags { state, positions }
    }

    /// The known tags of a cell, and whether it names any at all; `None` if nothing was recorded.
    fn tags(&self, cell: Cell<'_>) -> Option<(Vec<usize>, bool)> {
        let text = cell_text(cell)?;
        let mut names = self.state.separator.parts(&text).peekable();
        let any = names.peek().is_some();
        Some((names.filter_map(|tag| self.positions.get(tag).copied()).collect(), any))
    }

    /// The share of training rows that have tag `i`.
    fn share(&self, i: usize) -> f64 {
        self.state.counts.get(i).copied().unwrap_or_default() as f64 / self.state.rows.max(1) as f64
    }
}

impl Prepared for PreparedTags {
    fn state(&self) -> Value {
        serde_json::to_value(&self.state).unwrap_or_default()
    }

    /// A number for each tag: 1 where the cell names it, else 0.
    fn features(&self) -> Vec<Feature> {
        let feature = |(i, tag): (usize, &String)| {
            let share = self.share(i);
            Feature::Number {
                name: format!("{}: {tag}", self.state.name),
                edges: vec![0.0, 1.0],
                mean: share,
                // As if one row more had the tag and one had not: a tag that every row has must not divide by 0.
                scale: ((share * (1.0 - share)).sqrt()).max(1.0 / (self.state.rows as f64 + 2.0).sqrt()),
            }
        };
        self.state.tags.iter().enumerate().map(feature).collect()
    }

    fn encode(
        &self,
        cell: Cell<'_>,
        _: Option<&Files>,
        record: &mut Record,
    ) -> std::result::Result<(), String> {
        let start = record.numbers.len();
        let tags = self.tags(cell);
        // A missing cell says as little as the mean does.
        let unless_named = |i| if tags.is_some() { 0.0 } else { self.share(i) };
        record.numbers.extend((0..self.state.tags.len()).map(unless_named));
        tags.into_iter().flat_map(|t| t.0).for_each(|i| record.numbers[start + i] = 1.0);
        Ok(())
    }

    fn target(&self) -> Option<Target> {
        let State { tags, counts, rows, left_out, always, commonest, separator, .. } = self.state.clone();
        let separator = separator.written().to_owned();
        Some(Target::Tags { names: tags, counts, rows, left_out, always, commonest, separator })
    }

    /// 1 for each tag that the cell names, else 0. A missing cell is not known, and neither is one that names only tags
    /// which were not learned; a cell such as `none` or `[]` is known to have no tag.
    fn encode_targets(&self, cell: Cell<'_>, out: &mut Vec<f64>) {
        let start = out.len();
        let known = self.tags(cell).filter(|(tags, any)| !any || !tags.is_empty());
        out.resize(start + self.state.tags.len(), if known.is_some() { 0.0 } else { f64::NAN });
        known.into_iter().flat_map(|k| k.0).for_each(|i| out[start + i] = 1.0);
    }

    fn describe(&self) -> String {
        let left_out = match self.state.left_out {
            0 => String::new(),
            n => format!(
                "; {n} in fewer than {RARE} training rows, or beyond the {MOST} most frequent, are left out"
            ),
        };
        format!("{} tags, each there or not{left_out}", self.state.tags.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(cells: &[&str]) -> PreparedTags {
        let mut texts = HashMap::new();
        cells.iter().for_each(|c| *texts.entry((*c).to_owned()).or_default() += 1);
        PreparedTags::new(State::fit("mood", Separator::Space, &texts).unwrap())
    }

    fn moods() -> PreparedTags {
        prepared(&["joy", "joy fear", "fear joy", "fear", "10 fear", "10", "9 10", "9", "9 joy", "rage joy"])
    }

    #[test]
    fn frequent_tags_stand_in_natural_order_with_their_counts() {
        let state = moods().state;
        assert_eq!(state.tags, ["9", "10", "fear", "joy"]);
        assert_eq!((state.counts, state.rows, state.left_out), (vec![3, 3, 4, 5], 10, 1));
        assert_eq!((state.commonest, state.always), (vec![2, 3], true), "in whatever order they are named");
        assert!(!prepared(&["a", "a b", "a b", "b", "none"]).state.always);
        let rare = HashMap::from([("a".to_owned(), 2), ("b".to_owned(), 2)]);
        assert!(State::fit("mood", Separator::Space, &rare).is_none());
    }

    #[test]
    fn a_target_says_there_not_there_or_not_known() {
        let p = moods();
        let made = |cell| {
            let mut out = vec![7.0];
            p.encode_targets(cell, &mut out);
            out
        };
        assert_eq!(made(Cell::Text("joy 10")), [7.0, 0.0, 1.0, 0.0, 1.0]);
        assert_eq!(made(Cell::Text("joy envy")), [7.0, 0.0, 0.0, 0.0, 1.0], "what was learned of it");
        assert_eq!(made(Cell::Text("none")), [7.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(made(Cell::Integer(9)), [7.0, 1.0, 0.0, 0.0, 0.0]);
        for unknown in [Cell::Missing, Cell::Text("rage"), Cell::Text("envy rage")] {
            assert!(made(unknown)[1..].iter().all(|t| t.is_nan()), "{unknown:?}");
        }
    }

    #[test]
    fn an_input_says_the_same_and_a_missing_cell_says_nothing() {
        let p = moods();
        let made = |cell| {
            let mut record = Record::default();
            p.encode(cell, None, &mut record).unwrap();
            record.numbers
        };
        assert_eq!(made(Cell::Text("joy 10")), [0.0, 1.0, 0.0, 1.0]);
        assert_eq!(made(Cell::Text("envy")), [0.0; 4]);
        assert_eq!(made(Cell::Missing), [0.3, 0.3, 0.4, 0.5], "the training mean, standardised to 0");
        for feature in prepared(&["a", "a b", "a b", "a b"]).features() {
            let steep = matches!(feature, Feature::Number { scale, .. } if scale < 0.1);
            assert!(!steep, "a tag that every row has must not divide by 0: {feature:?}");
        }
    }
}
