//! Which channels of a network's layer are worth showing, and whether what they seem to stand for holds on other pictures.

use crate::trust::{fisher_exact, normal_tail};

use super::rank_correlation;

/// Channels that go along with one that is shown already so closely (Pearson's correlation) are not shown beside it.
const SAME: f64 = 0.9;

/// Of the pictures that a channel is measured on, this share counts as those that excite it most, and at least so many.
const STRONGEST: f64 = 0.1;
const LEAST: usize = 10;

/// Of so many channels that stand for nothing, one may be said to stand for something.
const BY_CHANCE: f64 = 0.05;

/// What the data say of pictures.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// For each class or tag, which pictures have it.
    Groups(Vec<Vec<bool>>),
    /// A number of each picture.
    Numbers(Vec<f64>),
}

/// What a channel goes along with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Driven {
    /// One class or tag: of the pictures that excite it most, so many have it.
    Group {
        /// Which.
        group: usize,
        /// Those of the strongest that have it.
        found: u64,
        /// The strongest.
        strongest: u64,
        /// Those of all that have it.
        having: u64,
        /// All.
        all: u64,
        /// Whether chance hardly gives as many.
        sure: bool,
    },
    /// A number.
    Number {
        /// The rank correlation with it.
        correlation: f64,
        /// Whether chance hardly gives as much.
        sure: bool,
    },
}

impl Said {
    /// Of some of the pictures.
    #[must_use]
    pub fn of(&self, pictures: &[usize]) -> Said {
        match self {
            Said::Groups(groups) => {
                let of = |group: &Vec<bool>| pictures.iter().map(|&picture| group[picture]).collect();
                Said::Groups(groups.iter().map(of).collect())
            }
            Said::Numbers(numbers) => {
                Said::Numbers(pictures.iter().map(|&picture| numbers[picture]).collect())
            }
        }
    }

    /// How closely a channel goes along with what is said: the largest correlation with having a class or tag, and with which; or the size of
    /// that with the number.
    fn telling(&self, peaks: &[f64]) -> (f64, usize) {
        match self {
            Said::Groups(groups) => {
                let of = |group: &Vec<bool>| {
                    correlation(peaks, &group.iter().map(|&has| f64::from(u8::from(has))).collect::<Vec<_>>())
                };
                let all = groups.iter().map(of).enumerate().map(|(group, r)| (r, group));
                all.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or_default()
            }
            Said::Numbers(numbers) => (correlation(peaks, numbers).abs(), 0),
        }
    }
}

/// The channels of a layer that tell most of what is said of the pictures, at most `count` of them, each with the class or tag that it goes along
/// with. `peaks: [channels, pictures]` is how strongly each picture excites each channel where it does so most. Channels that no picture excites
/// differently are left out, and those that say the same as one before; of the others, those come first that go along with a class or tag of which there
/// is none yet.
pub fn telling_channels(peaks: &[Vec<f64>], said: &Said, count: usize) -> Vec<(usize, usize)> {
    let differs = |channel: &Vec<f64>| channel.iter().any(|x| *x != channel[0]);
    let mut all: Vec<(f64, usize, usize)> = peaks
        .iter()
        .enumerate()
        .filter(|(_, channel)| differs(channel))
        .map(|(i, channel)| {
            let (telling, group) = said.telling(channel);
            (telling, i, group)
        })
        .collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut shown: Vec<(usize, usize)> = Vec::with_capacity(count);
    // First one for each class or tag: of what a network tells most easily, it has many.
    for again in [false, true] {
        for &(_, channel, group) in &all {
            let said = |&(other, of): &(usize, usize)| {
                other == channel
                    || (!again && of == group)
                    || correlation(&peaks[channel], &peaks[other]) >= SAME
            };
            if shown.len() < count && !shown.iter().any(said) {
                shown.push((channel, group));
            }
        }
    }
    shown
}

/// Whether a channel goes along with a class, a tag (`group`) or a number on pictures by which it was not chosen, as one of `tests` channels that
/// are asked about: Fisher's exact test on its strongest tenth, or the normal approximation for rank correlations, corrected by Bonferroni. `None`
/// of too few pictures.
pub fn driven(peaks: &[f64], said: &Said, group: usize, tests: usize) -> Option<Driven> {
    let all = peaks.len();
    let strongest = ((STRONGEST * all as f64).round() as usize).max(LEAST);
    if all < 2 * strongest {
        return None;
    }
    let rare = |p: f64| p * tests as f64 <= BY_CHANCE;
    match said {
        Said::Groups(groups) => {
            let has = groups.get(group)?;
            let mut order: Vec<usize> = (0..all).collect();
            order.sort_by(|&a, &b| peaks[b].total_cmp(&peaks[a]).then(a.cmp(&b)));
            let found = order[..strongest].iter().filter(|&&picture| has[picture]).count() as u64;
            let (having, strongest, all) =
                (has.iter().filter(|has| **has).count() as u64, strongest as u64, all as u64);
            let sure = rare(fisher_exact(found, strongest, having, all));
            Some(Driven::Group { group, found, strongest, having, all, sure })
        }
        Said::Numbers(numbers) => {
            let correlation = rank_correlation(peaks, numbers);
            let z = correlation.abs() * ((all - 1) as f64).sqrt();
            Some(Driven::Number { correlation, sure: rare(2.0 * normal_tail(z)) })
        }
    }
}

/// Pearson's correlation; 0 if either does not vary.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len().max(1) as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut both, mut of_a, mut of_b) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        both += (x - mean_a) * (y - mean_b);
        of_a += (x - mean_a).powi(2);
        of_b += (y - mean_b).powi(2);
    }
    if of_a * of_b > 0.0 { both / (of_a * of_b).sqrt() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pellucid_tensor::Stream;

    /// A channel of noise, and one for each of two classes, which stand for a third of the pictures each.
    fn made(pictures: usize, seed: u64) -> (Vec<Vec<f64>>, Said) {
        let mut random = Stream::new(seed, "channels", 0);
        let class: Vec<usize> = (0..pictures).map(|i| i % 3).collect();
        let mut channel = |wanted: usize, size: f64| -> Vec<f64> {
            class.iter().map(|&c| f64::from(random.normal()) + if c == wanted { size } else { 0.0 }).collect()
        };
        let (noise, one, two) = (channel(9, 0.0), channel(1, 6.0), channel(2, 4.0));
        let same = one.iter().map(|x| 2.0 * x + 1.0).collect();
        let groups = (0..3).map(|c| class.iter().map(|&of| of == c).collect()).collect();
        (vec![vec![0.0; pictures], noise, one, same, two], Said::Groups(groups))
    }

    #[test]
    fn channels_that_tell_classes_apart_are_shown_once() {
        let (peaks, said) = made(300, 1);
        assert_eq!(telling_channels(&peaks, &said, 2), [(2, 1), (4, 2)]);
        assert_eq!(
            telling_channels(&[peaks[4].clone(), peaks[2].clone()], &said, 1),
            [(1, 1)],
            "the one that tells more"
        );
        let mut second = peaks[2].clone();
        second.iter_mut().zip(&peaks[1]).for_each(|(x, noise)| *x += 4.0 * noise);
        let found = telling_channels(&[peaks[2].clone(), second, peaks[4].clone()], &said, 3);
        assert_eq!(found, [(0, 1), (2, 2), (1, 1)], "another class before another channel of the same");
        let all = telling_channels(&peaks, &said, 9);
        assert_eq!(all.len(), 3, "neither the silent one nor the copy: {all:?}");
        let (other, said) = made(300, 2);
        let group = Driven::Group { group: 1, found: 30, strongest: 30, having: 100, all: 300, sure: true };
        assert_eq!(driven(&other[2], &said, 1, 20), Some(group));
        assert_eq!(driven(&other[2][..15], &said.of(&(0..15).collect::<Vec<_>>()), 1, 1), None);
    }

    #[test]
    fn noise_is_hardly_ever_taken_for_something() {
        let taken = |number: bool| {
            let sure = |seed| {
                let (peaks, said) = made(200, seed);
                let mut random = Stream::new(seed, "numbers", 0);
                let numbers = Said::Numbers((0..200).map(|_| f64::from(random.normal())).collect());
                matches!(
                    driven(&peaks[1], if number { &numbers } else { &said }, 0, 1),
                    Some(Driven::Group { sure: true, .. } | Driven::Number { sure: true, .. })
                )
            };
            (0..200).filter(|&seed| sure(seed)).count()
        };
        // One in twenty at most, and three standard errors of that.
        assert!(taken(false) <= 19 && taken(true) <= 19, "{} {}", taken(false), taken(true));
    }

    #[test]
    fn a_number_is_told_by_ranks() {
        let numbers: Vec<f64> = (0..100).map(f64::from).collect();
        let peaks: Vec<f64> = numbers.iter().map(|x| -x.powi(3)).collect();
        let said = Said::Numbers(numbers);
        assert_eq!(driven(&peaks, &said, 0, 10), Some(Driven::Number { correlation: -1.0, sure: true }));
        assert_eq!(telling_channels(&[peaks], &said, 3), [(0, 0)]);
    }
}
