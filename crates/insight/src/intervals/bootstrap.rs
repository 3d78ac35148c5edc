//! Drawing rows again, and the middle of what comes out.

use std::collections::BTreeMap;
use std::thread;

use pellucid_train::metrics::Counts;

/// How many resamples an interval rests on, unless the rows are so many that fewer do.
pub const RESAMPLES: usize = 1000;

/// The fewest resamples, for millions of rows (whose intervals are narrow).
const FEWEST: usize = 200;

/// Elementary steps (a row looked at once) that all resamples together may cost.
const BUDGET: usize = 1_000_000_000;

/// What is drawn: single rows, or whole groups of rows.
pub(crate) struct Plan {
    rows: usize,
    /// The rows of each group; `None` when every row is its own.
    groups: Option<Vec<Vec<u32>>>,
    seed: u64,
}

impl Plan {
    pub(crate) fn new(rows: usize, groups: Option<&[u32]>, seed: u64) -> Self {
        let groups = groups.map(|ids| {
            let mut members = BTreeMap::<u32, Vec<u32>>::new();
            for (row, &id) in (0_u32..).zip(ids) {
                members.entry(id).or_default().push(row);
            }
            members.into_values().collect()
        });
        Self { rows, groups, seed }
    }

    /// How many things are drawn: rows or groups.
    pub(crate) fn units(&self) -> usize {
        self.groups.as_ref().map_or(self.rows, Vec::len)
    }

    /// The scores of every resample, in order; `cost` is the number of steps that one of them takes.
    pub(crate) fn run(
        &self,
        cost: usize,
        scores: impl Fn(&Counts) -> Vec<Option<f64>> + Sync,
    ) -> Vec<Vec<Option<f64>>> {
        if self.units() == 0 {
            return Vec::new();
        }
        let resamples = (BUDGET / cost.max(1)).clamp(FEWEST, RESAMPLES);
        let threads = thread::available_parallelism().map_or(1, usize::from).min(resamples);
        let mut results = vec![Vec::new(); resamples];
        // Each resample's stream depends on its number alone, so the split over threads changes nothing.
        thread::scope(|scope| {
            for (part, slots) in results.chunks_mut(resamples.div_ceil(threads)).enumerate() {
                let first = part * resamples.div_ceil(threads);
                let scores = &scores;
                scope.spawn(move || {
                    let mut times = vec![0; self.rows];
                    for (offset, slot) in slots.iter_mut().enumerate() {
                        self.draw((first + offset) as u64, &mut times);
                        let counts = Counts::new(times);
                        *slot = scores(&counts);
                        times = counts.into_times();
                    }
                });
            }
        });
        results
    }

    /// Draws as many rows or groups as there are, with replacement: how often each row comes.
    fn draw(&self, resample: u64, times: &mut [u32]) {
        times.fill(0);
        let stream = mix(self.seed ^ mix(resample + 1));
        let units = self.units() as u64;
        for i in 0..units {
            // The high half of a product maps 64 random bits to 0..units (Lemire, 2019); the bias is below units / 2⁶⁴.
            let chosen = ((u128::from(mix(stream.wrapping_add(i.wrapping_mul(WEYL)))) * u128::from(units))
                >> 64) as usize;
            match &self.groups {
                None => times[chosen] += 1,
                Some(groups) => groups[chosen].iter().for_each(|&row| times[row as usize] += 1),
            }
        }
    }
}

/// An odd number near 2⁶⁴ / golden ratio: counting by it visits all 64-bit numbers.
const WEYL: u64 = 0x9E37_79B9_7F4A_7C15;

/// The output function of SplitMix64 (Steele, Lea & Flood, 2014): neighbouring counters give unrelated bits.
fn mix(counter: u64) -> u64 {
    let z = counter.wrapping_add(WEYL);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The 2.5th and 97.5th percentile, interpolated linearly; `None` when fewer than half of the `drawn_in_all`
/// resamples had a score.
pub(crate) fn percentiles(mut scores: Vec<f64>, drawn_in_all: usize) -> Option<(f64, f64)> {
    if scores.is_empty() || 2 * scores.len() < drawn_in_all {
        return None;
    }
    scores.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| {
        let position = share * (scores.len() - 1) as f64;
        let (below, part) = (position.floor() as usize, position.fract());
        let above = (below + 1).min(scores.len() - 1);
        scores[below] + part * (scores[above] - scores[below])
    };
    Some((at(0.025), at(0.975)))
}
