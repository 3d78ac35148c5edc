//! Groups of rows on which answers are worse than elsewhere.

use std::collections::BTreeMap;

use super::drift::holm;
use super::tails::{fisher_exact, normal_tail};

/// Rows that a segment must have, and that must be left outside of it.
const ENOUGH: usize = 30;

/// A segment is named if chance would make any look as weak in one of so many data sets.
const LEVEL: f64 = 0.01;

/// How many times worse than elsewhere answers must be: smaller differences are hardly worth a name.
const MARKED: f64 = 1.25;

/// Of segments that share more than this of the smaller one's rows, only the first is named.
const SHARED: f64 = 0.5;

/// Columns that are crossed with each other, at most: more looks find less.
const CROSSED: usize = 20;

/// A group of rows that are answered worse than the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Its place among the divisions and its group there, or two of these.
    pub parts: Vec<(usize, u32)>,
    /// Its rows.
    pub rows: Vec<usize>,
    /// How much its answers miss the truth on average, and those to all other rows.
    pub misses: (f64, f64),
    /// How likely chance alone makes any segment look as weak.
    pub p: f64,
}

/// Segments in which answers are markedly worse than elsewhere, the surest first, and how many were looked at. Each of the `divisions` holds the group of
/// every row in one respect; the first `crossed` of them, at most 20, are also crossed with each other. `misses` is by how much each answer misses
/// the truth: 1 for a wrong class and 0 for the right one, or an error. Each segment is compared with all other rows: right and wrong answers by
/// Fisher's exact test, errors by ranks (Mann & Whitney 1947), and if rows belong together (`clusters`) by sums over those that do. All that
/// were looked at count (Holm 1979). A segment of two columns must be worse than the rest of either column's group as well.
pub fn weak_segments(
    misses: &[f64],
    divisions: &[&[u32]],
    crossed: usize,
    clusters: Option<&[u32]>,
) -> (Vec<Segment>, usize) {
    let all: Vec<usize> = (0..misses.len()).collect();
    let test = Test::new(misses, clusters, &all);
    let candidates = candidates(misses.len(), divisions, crossed);
    let p: Vec<f64> = candidates.iter().map(|(_, rows)| test.chance(rows)).collect();
    let corrected = holm(&p);
    let mut order: Vec<usize> = (0..p.len()).filter(|&i| corrected[i] < LEVEL).collect();
    order.sort_by(|&i, &j| p[i].total_cmp(&p[j]).then(i.cmp(&j)));
    let level = LEVEL / candidates.len().max(1) as f64;
    let mut found: Vec<Segment> = Vec::new();
    for i in order {
        let (parts, rows) = &candidates[i];
        let means = means(misses, rows);
        let marked = means.0 >= MARKED * means.1;
        let known = found.iter().any(|other| shared(&other.rows, rows) > SHARED);
        if !marked || known {
            continue;
        }
        let worse_than = |part: &(usize, u32)| {
            let groups = divisions[part.0];
            let whole: Vec<usize> = all.iter().copied().filter(|&row| groups[row] == part.1).collect();
            // Nothing is left of a group that is as good as the segment itself.
            whole.len() == rows.len() || Test::new(misses, clusters, &whole).chance(rows) < level
        };
        if parts.len() < 2 || parts.iter().all(worse_than) {
            found.push(Segment { parts: parts.clone(), rows: rows.clone(), misses: means, p: corrected[i] });
        }
    }
    (found, candidates.len())
}

/// One or two divisions with a group in each, and the rows in them.
type Candidate = (Vec<(usize, u32)>, Vec<usize>);

/// All segments of one column or two that have enough rows, and leave enough.
fn candidates(rows: usize, divisions: &[&[u32]], crossed: usize) -> Vec<Candidate> {
    let mut all = Vec::new();
    let mut keep = |parts: Vec<(usize, u32)>, members: Vec<usize>| {
        if members.len() >= ENOUGH && rows - members.len() >= ENOUGH {
            all.push((parts, members));
        }
    };
    for (d, groups) in divisions.iter().enumerate() {
        for (group, members) in members(groups.iter().copied()) {
            keep(vec![(d, group)], members);
        }
    }
    let crossed = divisions.len().min(crossed).min(CROSSED);
    for a in 0..crossed {
        for b in a + 1..crossed {
            let pairs = divisions[a].iter().copied().zip(divisions[b].iter().copied());
            for ((x, y), members) in members(pairs) {
                keep(vec![(a, x), (b, y)], members);
            }
        }
    }
    all
}

/// The rows of each group.
fn members<G: Ord>(groups: impl Iterator<Item = G>) -> BTreeMap<G, Vec<usize>> {
    let mut all: BTreeMap<G, Vec<usize>> = BTreeMap::new();
    groups.enumerate().for_each(|(row, group)| all.entry(group).or_default().push(row));
    all
}

/// The share of the smaller of two ascending lists that is in both.
fn shared(a: &[usize], b: &[usize]) -> f64 {
    let both = a.iter().filter(|row| b.binary_search(row).is_ok()).count();
    both as f64 / a.len().min(b.len()).max(1) as f64
}

/// The mean over some rows, and over all others.
fn means(misses: &[f64], rows: &[usize]) -> (f64, f64) {
    let (sum, all) = (rows.iter().map(|&row| misses[row]).sum::<f64>(), misses.iter().sum::<f64>());
    let others = misses.len() - rows.len();
    (sum / rows.len().max(1) as f64, (all - sum) / others.max(1) as f64)
}

/// Compares some rows with the rest of those that it was made for.
enum Test<'a> {
    /// Right and wrong answers.
    Exact { misses: &'a [f64], wrong: u64, rows: u64 },
    /// Any sizes of errors: the rank of each row, and the mean of tied ranks' cubes.
    Ranks { ranks: Vec<f64>, ties: f64, rows: f64 },
    /// Rows that belong together.
    Clusters { misses: &'a [f64], clusters: &'a [u32], mean: f64, overall: f64, rows: f64 },
}

impl<'a> Test<'a> {
    fn new(misses: &'a [f64], clusters: Option<&'a [u32]>, among: &[usize]) -> Test<'a> {
        let rows = among.len();
        if let Some(clusters) = clusters {
            let mean = among.iter().map(|&row| misses[row]).sum::<f64>() / rows.max(1) as f64;
            let square = |&row: &usize| (misses[row] - mean).powi(2);
            let overall = among.iter().map(square).sum::<f64>() / rows.max(1) as f64;
            return Test::Clusters { misses, clusters, mean, overall, rows: rows as f64 };
        }
        if misses.iter().all(|&miss| miss == 0.0 || miss == 1.0) {
            let wrong = among.iter().filter(|&&row| misses[row] == 1.0).count() as u64;
            return Test::Exact { misses, wrong, rows: rows as u64 };
        }
        Test::ranks(misses, among)
    }

    fn ranks(misses: &[f64], among: &[usize]) -> Test<'a> {
        let mut sorted = among.to_vec();
        sorted.sort_by(|&a, &b| misses[a].total_cmp(&misses[b]));
        let (mut ranks, mut ties, mut first) = (vec![0.0; misses.len()], 0.0, 0);
        for tied in sorted.chunk_by(|&a, &b| misses[a] == misses[b]) {
            let n = tied.len() as f64;
            tied.iter().for_each(|&row| ranks[row] = first as f64 + (n + 1.0) / 2.0);
            ties += n * n * n - n;
            first += tied.len();
        }
        Test::Ranks { ranks, ties, rows: among.len() as f64 }
    }

    /// How likely chance alone makes these rows look as much worse than the rest.
    fn chance(&self, inside: &[usize]) -> f64 {
        let n = inside.len() as f64;
        match self {
            Test::Exact { misses, wrong, rows } => {
                let found = inside.iter().filter(|&&row| misses[row] == 1.0).count() as u64;
                fisher_exact(found, inside.len() as u64, *wrong, *rows)
            }
            Test::Ranks { ranks, ties, rows } => {
                let sum: f64 = inside.iter().map(|&row| ranks[row]).sum();
                let m = rows - n;
                let above = sum - n * (n + 1.0) / 2.0 - n * m / 2.0;
                let variance = n * m / 12.0 * (rows + 1.0 - ties / (rows * (rows - 1.0)).max(1.0));
                // Half a rank: the sum is a whole number, the normal distribution knows none.
                if variance > 0.0 { normal_tail((above - 0.5) / variance.sqrt()) } else { 1.0 }
            }
            Test::Clusters { misses, clusters, mean, overall, rows } => {
                let own = inside.iter().map(|&row| misses[row]).sum::<f64>() / n.max(1.0);
                let mut sums: BTreeMap<u32, f64> = BTreeMap::new();
                for &row in inside {
                    *sums.entry(clusters[row]).or_default() += misses[row] - own;
                }
                if sums.len() < ENOUGH {
                    return 1.0;
                }
                let variance: f64 = sums.values().map(|sum| sum * sum).sum::<f64>() / (n * n);
                // Where all rows miss alike, the clusters show no variance, but all rows together do.
                let variance = variance.max(overall / n);
                // The rest varies as well, as much for its number of rows.
                let variance = variance * (1.0 + n / (rows - n).max(1.0));
                let rest = (mean * rows - own * n) / (rows - n).max(1.0);
                if variance > 0.0 { normal_tail((own - rest) / variance.sqrt()) } else { 1.0 }
            }
        }
    }
}

/// How likely chance alone makes the numbers at `inside` as much larger than all others: the test of Mann and Whitney with ties and a
/// correction for continuity.
pub fn mann_whitney(numbers: &[f64], inside: &[usize]) -> f64 {
    let all: Vec<usize> = (0..numbers.len()).collect();
    Test::ranks(numbers, &all).chance(inside)
}
