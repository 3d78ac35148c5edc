//! Training, validation and test rows: given, stratified, by group, in blocks of time, or by chance.
//! The same seed gives the same split on every machine.

mod chance;
mod group;

use crate::error::{DataError, Result};
use chance::Chance;
use serde::{Deserialize, Serialize};

/// What a row is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The network learns from it.
    Train,
    /// Choices (when to stop, which weights) are made with it.
    Validation,
    /// Looked at once, at the end.
    Test,
}

impl Part {
    /// The word for people: `training`, `validation` or `test`.
    pub fn name(self) -> &'static str {
        match self {
            Part::Train => "training",
            Part::Validation => "validation",
            Part::Test => "test",
        }
    }
}

/// How to split.
#[derive(Clone, Copy, Debug)]
pub enum SplitPlan<'a> {
    /// The data came with parts, one per row; what is missing is cut from the training rows by chance.
    Given(&'a [Part]),
    /// As `Given`; what is missing is cut from the training rows by another plan, whose slices cover all rows.
    GivenThen {
        /// The part of each row.
        parts: &'a [Part],
        /// How the missing parts are cut.
        rest: &'a SplitPlan<'a>,
    },
    /// Every class (one number per row) is spread over the parts in proportion.
    Stratified(&'a [u32]),
    /// Rows of one group stay together.
    Group {
        /// The group of each row.
        groups: &'a [u64],
        /// The class of each row, spread in proportion as well as whole groups allow.
        strata: Option<&'a [u32]>,
    },
    /// Blocks in time order: the oldest rows train, the newest test. One time per row.
    Time(&'a [i64]),
    /// By chance.
    Random,
}

/// How large the parts are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SplitOptions {
    /// Share of the rows for validation. Default: 0.1.
    pub validation: f64,
    /// Share of the rows for the test. Default: 0.2.
    pub test: f64,
    /// Decides every choice by chance. Default: 0.
    pub seed: u64,
}

impl Default for SplitOptions {
    fn default() -> Self {
        Self { validation: 0.1, test: 0.2, seed: 0 }
    }
}

/// The part of every row, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splits {
    /// One per row.
    pub parts: Vec<Part>,
    /// How it was split, in plain words.
    pub reason: String,
}

impl Splits {
    /// The rows of a part, ascending.
    pub fn rows(&self, part: Part) -> Vec<usize> {
        (0..self.parts.len()).filter(|row| self.parts[*row] == part).collect()
    }

    /// Rows for training, validation and test.
    pub fn counts(&self) -> [usize; 3] {
        let mut out = [0; 3];
        self.parts.iter().for_each(|part| out[*part as usize] += 1);
        out
    }
}

/// Rows wanted in each part, in the order of [`Part`].
type Targets = [usize; 3];

/// Splits `rows` rows by a plan.
///
/// # Errors
/// `Usage` when the shares make no sense or a slice is not one value per row; `Refused` when there are too few
/// rows, groups or different times to fill the parts.
pub fn split(rows: usize, plan: SplitPlan<'_>, options: &SplitOptions) -> Result<Splits> {
    let (v, t) = (options.validation, options.test);
    if !(v >= 0.0 && t >= 0.0 && v + t < 1.0) {
        return Err(DataError::usage(format!(
            "validation {v} and test {t} are not shares that leave training rows"
        ))
        .advise("give shares of at least 0 that add up to less than 1, such as 0.1 and 0.2"));
    }
    let covered = match plan {
        SplitPlan::Given(parts) | SplitPlan::GivenThen { parts, .. } => parts.len(),
        SplitPlan::Stratified(classes) => classes.len(),
        SplitPlan::Group { groups, strata } if strata.is_none_or(|s| s.len() == groups.len()) => groups.len(),
        SplitPlan::Group { strata, .. } => strata.map_or(0, <[u32]>::len),
        SplitPlan::Time(times) => times.len(),
        SplitPlan::Random => rows,
    };
    if covered != rows {
        return Err(DataError::usage(format!("the split plan covers {covered} rows, the table has {rows}")));
    }
    match plan {
        SplitPlan::Given(parts) => given(parts, SplitPlan::Random, options),
        SplitPlan::GivenThen { parts, rest } => given(parts, *rest, options),
        _ => {
            let targets = targets(rows, options)?;
            let parts = match plan {
                SplitPlan::Stratified(classes) => stratified(classes, targets, options.seed),
                SplitPlan::Group { groups, strata } => {
                    group::by_group(groups, strata, targets, options.seed)?
                }
                SplitPlan::Time(times) => by_time(times, targets)?,
                _ => stratified(&vec![0; rows], targets, options.seed),
            };
            let splits = Splits { parts, reason: String::new() };
            let reason = describe(plan, splits.counts(), options.seed);
            Ok(Splits { reason, ..splits })
        }
    }
}

fn describe(plan: SplitPlan<'_>, counts: [usize; 3], seed: u64) -> String {
    let how = match plan {
        SplitPlan::Stratified(_) => format!("by chance (seed {seed}), every class in proportion"),
        SplitPlan::Group { strata: None, .. } => format!("whole groups by chance (seed {seed})"),
        SplitPlan::Group { .. } => {
            format!("whole groups by chance (seed {seed}), classes as balanced as that allows")
        }
        SplitPlan::Time(_) => "in time order: the oldest rows train, the newest test".to_owned(),
        _ => format!("by chance (seed {seed})"),
    };
    let parts = [Part::Train, Part::Validation, Part::Test].into_iter().zip(counts);
    let parts: Vec<String> =
        parts.filter(|(_, n)| *n > 0).map(|(part, n)| format!("{n} {}", part.name())).collect();
    format!("split {how}: {} rows", parts.join(", "))
}

/// Rows for each part; a part with a share above 0 gets at least one row.
fn targets(rows: usize, options: &SplitOptions) -> Result<Targets> {
    let wanted = |share: f64| if share > 0.0 { ((rows as f64 * share).round() as usize).max(1) } else { 0 };
    let (validation, test) = (wanted(options.validation), wanted(options.test));
    match rows.checked_sub(validation + test) {
        Some(train) if train > 0 => Ok([train, validation, test]),
        _ => Err(DataError::refused(match rows {
            1 => "1 row is too few to split".to_owned(),
            n => format!("{n} rows are too few to split"),
        })
        .because("training, validation and test need at least one row each")
        .advise("give more rows")),
    }
}

/// Cuts what the given parts lack from their training rows.
fn given(parts: &[Part], rest: SplitPlan<'_>, options: &SplitOptions) -> Result<Splits> {
    let mut splits = Splits { parts: parts.to_vec(), reason: String::new() };
    let [_, validation, test] = splits.counts();
    let train = splits.rows(Part::Train);
    if train.is_empty() {
        return Err(DataError::refused("the given split has no training rows")
            .advise("add a train folder or file, or a row of the training part"));
    }
    let missing = SplitOptions {
        validation: if validation == 0 { options.validation } else { 0.0 },
        test: if test == 0 { options.test } else { 0.0 },
        seed: options.seed,
    };
    splits.reason = "split as the data gives it".to_owned();
    let lacking = |part: &str| {
        format!("; it gives no {part} rows, and the share to take for them is 0: add some, or set a share")
    };
    if missing.validation > 0.0 || missing.test > 0.0 {
        let cut = cut(&train, rest, &missing)?;
        for (row, part) in train.iter().zip(&cut.parts) {
            splits.parts[*row] = *part;
        }
        let absent = match (missing.validation > 0.0, missing.test > 0.0) {
            (true, true) => "validation or test rows",
            (true, false) => "validation rows",
            _ => "test rows",
        };
        splits.reason = format!(
            "{}; it gives no {absent}, so these are taken from its training rows ({}); to choose them yourself, add them \
             to the data",
            splits.reason, cut.reason
        );
    }
    let counts = splits.counts();
    for part in [Part::Validation, Part::Test].into_iter().filter(|part| counts[*part as usize] == 0) {
        splits.reason.push_str(&lacking(part.name()));
    }
    Ok(splits)
}

/// Splits only these rows by a plan whose slices cover the whole table.
fn cut(rows: &[usize], plan: SplitPlan<'_>, options: &SplitOptions) -> Result<Splits> {
    fn pick<T: Copy>(rows: &[usize], from: &[T]) -> Result<Vec<T>> {
        let picked: Option<Vec<T>> = rows.iter().map(|row| from.get(*row).copied()).collect();
        picked.ok_or_else(|| DataError::usage("the split plan covers fewer rows than the table has"))
    }
    match plan {
        SplitPlan::Stratified(classes) => {
            split(rows.len(), SplitPlan::Stratified(&pick(rows, classes)?), options)
        }
        SplitPlan::Time(times) => split(rows.len(), SplitPlan::Time(&pick(rows, times)?), options),
        SplitPlan::Group { groups, strata } => {
            let (groups, strata) =
                (pick(rows, groups)?, strata.map(|strata| pick(rows, strata)).transpose()?);
            split(rows.len(), SplitPlan::Group { groups: &groups, strata: strata.as_deref() }, options)
        }
        SplitPlan::Random => split(rows.len(), SplitPlan::Random, options),
        SplitPlan::Given(_) | SplitPlan::GivenThen { .. } => {
            Err(DataError::usage("a given split cannot be completed by another given split"))
        }
    }
}

/// Spreads every class over the parts: each class gets its exact share of a part rounded down or up, and the
/// parts' sizes are met exactly (largest remainders first).
fn stratified(classes: &[u32], targets: Targets, seed: u64) -> Vec<Part> {
    let mut order: Vec<usize> = (0..classes.len()).collect();
    Chance::new(seed).shuffle(&mut order);
    order.sort_by_key(|row| classes[*row]);
    let members: Vec<&[usize]> = order.chunk_by(|a, b| classes[*a] == classes[*b]).collect();
    let mut parts = vec![Part::Train; classes.len()];
    let mut free: Vec<usize> = members.iter().map(|rows| rows.len()).collect();
    for part in [Part::Test, Part::Validation] {
        let take = apportion(&members, &free, targets[part as usize], classes.len());
        for (class, rows) in members.iter().enumerate() {
            let start = rows.len() - free[class];
            rows[start..start + take[class]].iter().for_each(|row| parts[*row] = part);
            free[class] -= take[class];
        }
    }
    parts
}

/// How many rows of each class go to a part of `target` rows, by largest remainders.
fn apportion(members: &[&[usize]], free: &[usize], target: usize, total: usize) -> Vec<usize> {
    let exact = |rows: &[usize]| rows.len() as u128 * target as u128;
    let mut take: Vec<usize> = members
        .iter()
        .zip(free)
        .map(|(rows, free)| ((exact(rows) / total as u128) as usize).min(*free))
        .collect();
    let mut by_remainder: Vec<usize> = (0..members.len()).collect();
    by_remainder.sort_by_key(|class| (std::cmp::Reverse(exact(members[*class]) % total as u128), *class));
    let mut open = target - take.iter().sum::<usize>();
    // One round suffices unless tiny classes have no free rows left; then the larger ones give more.
    while open > 0 {
        let before = open;
        for class in &by_remainder {
            if open > 0 && take[*class] < free[*class] {
                take[*class] += 1;
                open -= 1;
            }
        }
        if open == before {
            break;
        }
    }
    take
}

/// Blocks in time order; rows of the same moment are never separated.
fn by_time(times: &[i64], targets: Targets) -> Result<Vec<Part>> {
    let mut order: Vec<usize> = (0..times.len()).collect();
    order.sort_by_key(|row| times[*row]);
    let boundary = |wanted: usize| {
        let moment = |i: usize| order.get(i).map(|row| times[*row]);
        let mut at = wanted;
        while at > 0 && moment(at).is_some() && moment(at) == moment(at - 1) {
            at -= 1;
        }
        at
    };
    let validation = boundary(targets[0]);
    let test = boundary(targets[0] + targets[1]);
    let sizes = [validation, test - validation, times.len() - test];
    if sizes.iter().zip(targets).any(|(size, target)| *size == 0 && target > 0) {
        return Err(DataError::refused("the times cannot be cut into training, validation and test")
            .because("too many rows have the same time")
            .advise("give a finer time column, or split without it"));
    }
    let mut parts = vec![Part::Train; times.len()];
    order[validation..test].iter().for_each(|row| parts[*row] = Part::Validation);
    order[test..].iter().for_each(|row| parts[*row] = Part::Test);
    Ok(parts)
}
