//! Whether what stands in columns is spread as it was: two-sample tests, corrected for many columns.

use serde::{Deserialize, Serialize};

use super::tails::{chi_square_tail, kolmogorov_tail, smirnov_tail};

/// Places at which it is known what share of the numbers lies below.
const PLACES: usize = 100;

/// Samples up to this product of their sizes are compared exactly, larger ones by the limit.
const EXACT: usize = 100_000;

/// Rarer categories are counted together, where fewer than this many rows of them would be expected in either sample (Cochran 1954).
const EXPECTED: f64 = 5.0;

/// A movement is told if chance would give any as large in one of so many data sets.
const LEVEL: f64 = 0.01;

/// Smaller movements change no answers, however sure it is that they are there.
const WORTH: f64 = 0.05;

/// The outcome of a test that compares two samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compared {
    /// The test's statistic.
    pub statistic: f64,
    /// How likely chance alone gives one as large.
    pub p: f64,
}

/// The test of Kolmogorov and Smirnov: the largest difference between the shares of two samples that lie at or below a number. Of small
/// samples p is exact if no number occurs twice (else it is too large rather than too small), of large ones it is that of the limit
/// (Smirnov 1948). Numbers that are not finite do not count; none where a sample has no other.
pub fn kolmogorov_smirnov(a: &[f64], b: &[f64]) -> Option<Compared> {
    let sorted = |numbers: &[f64]| {
        let mut sorted: Vec<f64> = numbers.iter().copied().filter(|x| x.is_finite()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted
    };
    let (a, b) = (sorted(a), sorted(b));
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let below = |sorted: &[f64], x: f64| sorted.partition_point(|&y| y <= x) as f64 / sorted.len() as f64;
    let statistic = a.iter().chain(&b).map(|&x| (below(&a, x) - below(&b, x)).abs()).fold(0.0, f64::max);
    Some(Compared { statistic, p: p_of_shares(statistic, a.len() as f64, b.len() as f64) })
}

fn p_of_shares(statistic: f64, n: f64, m: f64) -> f64 {
    match n * m <= EXACT as f64 && n >= 1.0 && m >= 1.0 {
        true => smirnov_tail(statistic, n as usize, m as usize),
        false => kolmogorov_tail(statistic * (n * m / (n + m)).sqrt()),
    }
}

/// Pearson's chi-square test that two rows of counts are of one distribution, without a correction for continuity. None where fewer than
/// two categories occur, or a row is empty.
pub fn chi_square(a: &[u64], b: &[u64]) -> Option<Compared> {
    let pairs: Vec<(f64, f64)> =
        a.iter().zip(b).filter(|(a, b)| **a + **b > 0).map(|(&a, &b)| (a as f64, b as f64)).collect();
    let (n, m) = pairs.iter().fold((0.0, 0.0), |sums, pair| (sums.0 + pair.0, sums.1 + pair.1));
    if pairs.len() < 2 || n == 0.0 || m == 0.0 {
        return None;
    }
    let statistic = pairs.iter().map(|(a, b)| {
        let share = (a + b) / (n + m);
        (a - n * share).powi(2) / (n * share) + (b - m * share).powi(2) / (m * share)
    });
    let statistic = statistic.sum();
    Some(Compared { statistic, p: chi_square_tail(statistic, (pairs.len() - 1) as f64) })
}

/// Probabilities corrected for there being as many as there are (Holm 1979): where each test alone errs as often as it says, the chance that
/// any of those below a level errs is at most that level.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let (mut corrected, mut largest) = (vec![1.0; p.len()], 0.0f64);
    for (before, &place) in order.iter().enumerate() {
        largest = largest.max(p[place] * (p.len() - before) as f64).min(1.0);
        corrected[place] = largest;
    }
    corrected
}

/// How what stands in a column is spread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Spread {
    /// Of numbers.
    Numbers {
        /// How many there are.
        rows: u64,
        /// Some of them, ascending, no two equal.
        places: Vec<f64>,
        /// For each of these the share of all that is at most as large.
        shares: Vec<f64>,
    },
    /// Of categories.
    Codes {
        /// How often each occurs.
        counts: Vec<u64>,
    },
}

impl Spread {
    /// Of numbers; those that are not finite do not count.
    pub fn of_numbers(numbers: &[f64]) -> Spread {
        let mut sorted: Vec<f64> = numbers.iter().copied().filter(|x| x.is_finite()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let mut distinct = sorted.clone();
        distinct.dedup();
        let mut places = match distinct.len() <= PLACES {
            true => distinct,
            false => (0..PLACES).map(|i| sorted[i * (sorted.len() - 1) / (PLACES - 1)]).collect(),
        };
        places.dedup();
        let share = |x: &f64| sorted.partition_point(|y| y <= x) as f64 / sorted.len() as f64;
        let shares = places.iter().map(share).collect();
        Spread::Numbers { rows: sorted.len() as u64, places, shares }
    }

    /// Of codes below `size`.
    pub fn of_codes(codes: &[f64], size: usize) -> Spread {
        Spread::Codes { counts: counted(codes, size) }
    }

    /// How many rows there are.
    pub fn rows(&self) -> u64 {
        match self {
            Spread::Numbers { rows, .. } => *rows,
            Spread::Codes { counts } => counts.iter().sum(),
        }
    }
}

/// How often each code below `size` occurs; larger ones count as the last.
fn counted(codes: &[f64], size: usize) -> Vec<u64> {
    let mut counts = vec![0; size.max(1)];
    codes.iter().for_each(|&code| counts[(code as usize).min(size.saturating_sub(1))] += 1);
    counts
}

/// A column that is spread otherwise than it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Moved {
    /// Which of the columns.
    pub column: usize,
    /// How far, from 0 to 1: the largest difference between shares below a number (Kolmogorov and Smirnov), or half the sum of all
    /// differences between shares of categories (total variation).
    pub size: f64,
    /// How likely chance alone gives any column as much.
    pub p: f64,
    /// Where it moved.
    pub what: Movement,
}

/// Where a column moved.
#[derive(Clone, Debug, PartialEq)]
pub enum Movement {
    /// Numbers: the one in the middle, and where shares differ most the shares that are at most as large, each before and now.
    Numbers {
        /// The median.
        medians: (f64, f64),
        /// Where shares differ most.
        at: f64,
        /// The shares that are at most as large.
        shares: (f64, f64),
    },
    /// Categories: the one whose share changed most.
    Code {
        /// Which it is.
        code: usize,
        /// Its share before and now.
        shares: (f64, f64),
    },
}

/// The columns in which the rows `now` (numbers or codes, column by column) are spread otherwise than it was `before`, farthest moved first.
/// `independent` is how many rows of either sample say something of their own, where that is less than there are (rows of one person are alike).
pub fn moved(before: &[Spread], now: &[Vec<f64>], independent: Option<(u64, u64)>) -> Vec<Moved> {
    let mut found: Vec<Moved> = Vec::new();
    for (column, (before, now)) in before.iter().zip(now).enumerate() {
        let units = |rows: u64, most: Option<u64>| most.map_or(rows, |most| most.min(rows)) as f64;
        let n = units(before.rows(), independent.map(|i| i.0));
        let m = units(now.len() as u64, independent.map(|i| i.1));
        let compared = match before {
            Spread::Numbers { places, shares, .. } => of_numbers(places, shares, now, n, m),
            Spread::Codes { counts } => of_codes(counts, &counted(now, counts.len()), n, m),
        };
        found.extend(compared.map(|(size, p, what)| Moved { column, size, p, what }));
    }
    let corrected = holm(&found.iter().map(|moved| moved.p).collect::<Vec<_>>());
    found.iter_mut().zip(corrected).for_each(|(moved, p)| moved.p = p);
    found.retain(|moved| moved.p < LEVEL && moved.size >= WORTH);
    found.sort_by(|a, b| b.size.total_cmp(&a.size).then(a.column.cmp(&b.column)));
    found
}

/// How far numbers moved, and how likely that is by chance, if there are as good as `n` and `m` rows. Looked at only where the shares are known:
/// elsewhere they could differ a little more, so p is too large rather than too small.
fn of_numbers(places: &[f64], shares: &[f64], now: &[f64], n: f64, m: f64) -> Option<(f64, f64, Movement)> {
    let mut sorted: Vec<f64> = now.iter().copied().filter(|x| x.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let medians = (
        places.get(shares.partition_point(|&share| share < 0.5)).copied()?,
        sorted.get(sorted.len().saturating_sub(1) / 2).copied()?,
    );
    let share = |x: &f64| sorted.partition_point(|y| y <= x) as f64 / sorted.len() as f64;
    let pairs = places.iter().zip(shares).map(|(x, &before)| (*x, (before, share(x))));
    let (at, shares) = pairs.max_by(|a, b| (a.1.0 - a.1.1).abs().total_cmp(&(b.1.0 - b.1.1).abs()))?;
    let size = (shares.0 - shares.1).abs();
    Some((size, p_of_shares(size, n, m), Movement::Numbers { medians, at, shares }))
}

fn of_codes(a: &[u64], b: &[u64], n: f64, m: f64) -> Option<(f64, f64, Movement)> {
    let sum = |counts: &[u64]| counts.iter().sum::<u64>() as f64;
    let (of_a, of_b) = (sum(a), sum(b));
    if of_a == 0.0 || of_b == 0.0 {
        return None;
    }
    let shares: Vec<(f64, f64)> =
        a.iter().zip(b).map(|(&a, &b)| (a as f64 / of_a, b as f64 / of_b)).collect();
    let size = shares.iter().map(|(a, b)| (a - b).abs()).sum::<f64>() / 2.0;
    let most = (0..shares.len()).max_by(|&i, &j| {
        let apart = |k: usize| (shares[k].0 - shares[k].1).abs();
        apart(i).total_cmp(&apart(j)).then(j.cmp(&i))
    })?;
    // Rare categories together.
    let (mut common, mut rare) = (Vec::new(), (0, 0));
    for (&a, &b) in a.iter().zip(b) {
        match (a + b) as f64 / (of_a + of_b) * n.min(m) < EXPECTED {
            true => rare = (rare.0 + a, rare.1 + b),
            false => common.push((a, b)),
        }
    }
    common.push(rare);
    let (a, b): (Vec<u64>, Vec<u64>) = common.into_iter().unzip();
    let Compared { statistic, .. } = chi_square(&a, &b)?;
    let categories = a.iter().zip(&b).filter(|(a, b)| **a + **b > 0).count();
    // The statistic grows with the rows: less of them says as much less.
    let less = (n * m / (n + m)) / (of_a * of_b / (of_a + of_b));
    let p = chi_square_tail(statistic * less, (categories - 1) as f64);
    Some((size, p, Movement::Code { code: most, shares: shares[most] }))
}
