//! Who took what: the rows of a table as users, items and parts.

use super::Ids;
use crate::Result;
use crate::config::Config;
use crate::dataset::{ColumnPlan, Owner, Survey, Use, split_rows};
use pellucid_data::{Cell, DataError, Part, Splits};
use pellucid_kinds::{Unreadable, cell_text};
use pellucid_tensor::Stream;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// The shares for validation and for the test of what each user took, if nothing else is said.
const SHARES: [f64; 2] = [0.1, 0.2];

/// One thing that a user took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Taken {
    pub(crate) user: u32,
    pub(crate) item: u32,
    /// How much it was liked; NaN if nobody said.
    pub(crate) rating: f32,
    /// The row of the table that says so.
    pub(crate) row: usize,
    part: Part,
}

impl Taken {
    /// The number of the item, or of the user.
    pub(crate) fn of(&self, owner: Owner) -> usize {
        match owner {
            Owner::Item => self.item as usize,
            Owner::User => self.user as usize,
        }
    }
}

/// All that was taken.
pub(crate) struct History {
    /// Those who took something, then those of whom only a table beside says something.
    pub(crate) users: Ids,
    /// What was taken, then what only a table beside names.
    pub(crate) items: Ids,
    /// How many users took something, and how many items were taken.
    pub(crate) took: [usize; 2],
    /// Once for each user and item, each user's in the order of time.
    taken: Vec<Taken>,
    /// Where each user's begin, and where the last one's end.
    starts: Vec<usize>,
    /// Whether ratings are known.
    pub(crate) rated: bool,
    /// Where times are known: of all that was taken next by the same user, the share that has the same time as what was taken before.
    pub(crate) tied: Option<f64>,
    /// How they were split.
    pub(crate) splits: Splits,
    /// Rows that cannot be used.
    pub(crate) left_out: Vec<Unreadable>,
    /// Rows in which a user took the same again.
    pub(crate) repeated: usize,
}

/// The first column of a use.
pub(super) fn column(survey: &Survey, role: Use) -> Option<&ColumnPlan> {
    survey.used_as(role).next()
}

/// A rating, a time or another number.
pub(super) fn number(cell: Cell<'_>) -> Option<f64> {
    match cell {
        Cell::Integer(i) | Cell::Time(i) => Some(i as f64),
        Cell::Number(x) if x.is_finite() => Some(x),
        Cell::Flag(yes) => Some(f64::from(u8::from(yes))),
        _ => None,
    }
}

impl History {
    /// Reads the rows, keeps of what a user took several times the last, and splits what each took.
    ///
    /// # Errors
    /// No row that can be used, and too few to learn from.
    pub(crate) fn read(survey: &Survey, config: &Config, progress: &mut dyn FnMut(usize)) -> Result<History> {
        let refuse = |what: &str| DataError::refused(what).in_file(survey.table.origin());
        let (Some(user), Some(item)) = (column(survey, Use::User), column(survey, Use::Item)) else {
            return Err(refuse("there is no column of users, or none of items").into());
        };
        let (rating, time) = (column(survey, Use::Target), column(survey, Use::Time));
        let (mut users, mut items) = (Ids::default(), Ids::default());
        let (mut rows, mut left_out): (Vec<(Taken, f64)>, Vec<Unreadable>) = Default::default();
        for chunk in survey.table.chunks() {
            let chunk = chunk?;
            for i in 0..chunk.rows {
                let row = chunk.first_row + i;
                let text = |column: &ColumnPlan| cell_text(chunk.cell(i, column.position));
                let known = |column: &ColumnPlan| number(chunk.cell(i, column.position));
                let mut bad = |column: &ColumnPlan, why: &str| {
                    left_out.push(Unreadable { row, column: column.name.clone(), why: why.to_owned() });
                };
                let (Some(who), Some(what)) = (text(user), text(item)) else {
                    bad(if text(user).is_none() { user } else { item }, "it is empty");
                    continue;
                };
                if let Some(column) = rating.filter(|column| known(column).is_none()) {
                    bad(column, "it is no rating");
                    continue;
                }
                if let Some(column) = time.filter(|column| known(column).is_none()) {
                    bad(column, "it is no time");
                    continue;
                }
                let taken = Taken {
                    user: users.enter(&who),
                    item: items.enter(&what),
                    rating: rating.and_then(known).map_or(f32::NAN, |x| x as f32),
                    row,
                    part: Part::Train,
                };
                rows.push((taken, time.and_then(known).unwrap_or_default()));
            }
            progress(chunk.first_row + chunk.rows);
        }
        // Each user's in the order of time; of two at the same time, the later row is later.
        rows.sort_by(|(a, at), (b, bt)| a.user.cmp(&b.user).then(at.total_cmp(bt)).then(a.row.cmp(&b.row)));
        let all = rows.len();
        let mut last: HashMap<(u32, u32), usize> = HashMap::new();
        last.extend(rows.iter().enumerate().map(|(i, (t, _))| ((t.user, t.item), i)));
        let kept = rows.into_iter().enumerate().filter(|(i, (t, _))| last.get(&(t.user, t.item)) == Some(i));
        let kept: Vec<(Taken, f64)> = kept.map(|(_, row)| row).collect();
        let tied = time.map(|_| tied(&kept));
        let taken: Vec<Taken> = kept.into_iter().map(|(taken, _)| taken).collect();
        if taken.is_empty() {
            return Err(refuse("there is nothing to learn from: no row names a user and an item").into());
        }
        let took = [users.len(), items.len()];
        for beside in &survey.beside {
            let ids = match beside.of {
                Owner::User => &mut users,
                Owner::Item => &mut items,
            };
            for (name, _) in &beside.keys {
                ids.enter(name);
            }
        }
        let mut starts: Vec<usize> = vec![0];
        for user in 0..users.len() {
            let from = starts[user];
            starts.push(from + taken[from..].iter().take_while(|t| t.user as usize == user).count());
        }
        let repeated = all - taken.len();
        let splits = Splits { parts: Vec::new(), reason: String::new() };
        let rated = rating.is_some();
        let mut history =
            History { users, items, took, taken, starts, rated, tied, splits, left_out, repeated };
        history.split(survey, config)?;
        let counts = [Part::Train, Part::Validation].map(|part| history.part(part).count());
        if counts.contains(&0) || took[1] < 3 {
            let why = format!("there are {} users, {} items and {all} rows", took[0], took[1]);
            return Err(refuse("this is too little to learn what people like").because(why).into());
        }
        Ok(history)
    }

    /// Whether the order is known in which users took things.
    pub(crate) fn ordered(&self) -> bool {
        self.tied.is_some_and(|tied| tied < 1.0)
    }

    /// Deals out what each user took: as a column says; the last for the test where their order is known; or by chance.
    fn split(&mut self, survey: &Survey, config: &Config) -> Result<()> {
        let ([validation, test], ordered) = (shares(config), self.ordered());
        let given = column(survey, Use::Split).is_some() || survey.table.given_parts().is_some();
        if given {
            self.splits = split_rows(survey, &config.data, config.training.seed)?;
            for taken in &mut self.taken {
                taken.part = self.splits.parts.get(taken.row).copied().unwrap_or(Part::Train);
            }
            return Ok(());
        }
        for user in 0..self.users.len() {
            let own = &mut self.taken[self.starts[user]..self.starts[user + 1]];
            let mut order: Vec<usize> = (0..own.len()).collect();
            if !ordered {
                Stream::new(config.training.seed, "split", user as u64).shuffle(&mut order);
            }
            // One at least stays to learn from.
            let n = |share: f64| (share * own.len() as f64).round() as usize;
            let most = own.len().saturating_sub(1);
            let (test, validation) = (n(test).min(most), n(validation));
            let validation = validation.min(most - test);
            for (place, &i) in order.iter().rev().enumerate() {
                own[i].part = match place {
                    place if place < test => Part::Test,
                    place if place < test + validation => Part::Validation,
                    _ => Part::Train,
                };
            }
        }
        let [validation, test] = [validation, test].map(|share| 100.0 * share);
        self.splits.reason = match ordered {
            true => format!(
                "of what each user took, the last {test:.0} % are for the test, and the {validation:.0} % before them for validation: nothing is learned from the future; \
                 leave the column of times out (--ignore) to draw them by chance"
            ),
            false => format!(
                "of what each user took, {test:.0} % are drawn by chance for the test, and {validation:.0} % for validation (seed {})",
                config.training.seed
            ),
        };
        Ok(())
    }

    /// What was taken in a part.
    pub(crate) fn part(&self, part: Part) -> impl Iterator<Item = &Taken> {
        self.taken.iter().filter(move |taken| taken.part == part)
    }

    /// What a user took, in the order of time, in the parts for which `wanted` holds.
    pub(crate) fn of(&self, user: usize, wanted: impl Fn(Part) -> bool) -> impl Iterator<Item = &Taken> {
        let own = &self.taken[self.starts[user]..self.starts[user + 1]];
        own.iter().filter(move |taken| wanted(taken.part))
    }

    /// The items that a user took in a part.
    pub(crate) fn items_of(&self, user: usize, wanted: Part) -> Vec<u32> {
        self.of(user, |part| part == wanted).map(|taken| taken.item).collect()
    }

    /// What it is judged by: the test, which has not helped to choose it, or else what it was chosen by.
    pub(crate) fn judges(&self) -> Part {
        if self.part(Part::Test).next().is_none() { Part::Validation } else { Part::Test }
    }

    /// How many things were taken in each part.
    pub(crate) fn rows(&self) -> [usize; 3] {
        [Part::Train, Part::Validation, Part::Test].map(|part| self.part(part).count())
    }

    /// Users, or items.
    pub(crate) fn ids(&self, of: Owner) -> &Ids {
        match of {
            Owner::Item => &self.items,
            Owner::User => &self.users,
        }
    }

    /// The first row of the table for each item, or for each user, if there is one.
    pub(crate) fn first_rows(&self, of: Owner) -> Vec<Option<usize>> {
        let mut first: Vec<Option<usize>> = vec![None; self.ids(of).len()];
        for taken in &self.taken {
            let who = &mut first[taken.of(of)];
            *who = Some(who.map_or(taken.row, |row| row.min(taken.row)));
        }
        first
    }

    /// Whether something is learned of each item, or of each user: whether it stands in a training row.
    pub(crate) fn learned(&self, of: Owner) -> Vec<bool> {
        let mut learned = vec![false; self.ids(of).len()];
        self.part(Part::Train).for_each(|taken| learned[taken.of(of)] = true);
        learned
    }

    /// All that was taken, each user's in the order of time.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Taken> {
        self.taken.iter()
    }

    /// A text that differs when what was taken does.
    pub(crate) fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for taken in &self.taken {
            hash.update(taken.user.to_le_bytes());
            hash.update(taken.item.to_le_bytes());
            hash.update(taken.rating.to_le_bytes());
            hash.update([taken.part as u8]);
        }
        pellucid_base::hex(&hash.finalize())
    }
}

/// Of all that was taken next by the same user, the share that has the same time as what was taken before; 1 if nothing was.
fn tied(rows: &[(Taken, f64)]) -> f64 {
    let next = rows.windows(2).filter(|pair| pair[0].0.user == pair[1].0.user);
    let (same, all) = next.fold((0usize, 0usize), |(same, all), pair| {
        (same + usize::from(pair[0].1.total_cmp(&pair[1].1).is_eq()), all + 1)
    });
    if all == 0 { 1.0 } else { same as f64 / all as f64 }
}

/// The shares that are asked for.
pub(super) fn shares(config: &Config) -> [f64; 2] {
    [config.data.validation.unwrap_or(SHARES[0]), config.data.test.unwrap_or(SHARES[1])]
}
