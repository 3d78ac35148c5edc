//! What melodies have in common: their intervals, their key, their voices.

use super::Melody;

/// Semitones of a scale with seven tones, from its first: major, or minor from its sixth.
const SCALE: [u8; 7] = [0, 2, 4, 5, 7, 9, 11];

/// The largest interval that is counted by itself, in semitones.
const WIDEST: i32 = 12;

/// Statistics of some melodies together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statistics {
    /// Shares of the intervals from each tone of the highest voice to the next other one, from −12 semitones and less to 12 and more.
    pub intervals: Vec<f64>,
    /// The share of these that are of one or two semitones.
    pub stepwise: f64,
    /// The share of the sounding time that belongs to the scale of seven tones that fits each melody best.
    pub in_key: f64,
    /// Notes that sound at once, on average over the time in which any does.
    pub voices: f64,
    /// Quarter notes that a note sounds, on average.
    pub length: f64,
}

impl Statistics {
    /// Of all these melodies.
    pub fn of(melodies: &[Melody]) -> Statistics {
        let mut intervals = vec![0.0; 2 * WIDEST as usize + 1];
        let (mut in_key, mut sounding, mut steps, mut length, mut notes) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for melody in melodies {
            let all = melody.sounding();
            let tops: Vec<Option<u8>> = all.iter().map(|step| step.last().copied()).collect();
            for pair in tops.windows(2) {
                if let [Some(a), Some(b)] = *pair
                    && a != b
                {
                    let interval = (i32::from(b) - i32::from(a)).clamp(-WIDEST, WIDEST);
                    intervals[(interval + WIDEST) as usize] += 1.0;
                }
            }
            let mut classes = [0.0; 12];
            melody.notes().iter().for_each(|n| classes[usize::from(n.pitch) % 12] += n.length as f64);
            let of_key =
                |key: usize| SCALE.iter().map(|&tone| classes[(key + usize::from(tone)) % 12]).sum::<f64>();
            in_key += (0..12).map(of_key).fold(0.0, f64::max);
            sounding += classes.iter().sum::<f64>();
            steps += all.iter().filter(|step| !step.is_empty()).count() as f64;
            length += melody.notes().iter().map(|n| n.length as f64).sum::<f64>();
            notes += melody.notes().len() as f64;
        }
        let share = |a: f64, b: f64| if b > 0.0 { a / b } else { 0.0 };
        let all: f64 = intervals.iter().sum();
        intervals.iter_mut().for_each(|n| *n = share(*n, all));
        let near = |i: &(usize, &f64)| (1..=2).contains(&(i.0 as i32 - WIDEST).abs());
        Statistics {
            stepwise: intervals.iter().enumerate().filter(near).map(|(_, share)| share).sum(),
            intervals,
            in_key: share(in_key, sounding),
            voices: share(sounding, steps),
            length: share(length, notes) / super::GRID as f64,
        }
    }

    /// How much the intervals of others differ: half the sum of all differences of shares, 0 for the same and 1 for none in common (the total
    /// variation).
    pub fn apart(&self, others: &Statistics) -> f64 {
        self.intervals.iter().zip(&others.intervals).map(|(a, b)| (a - b).abs()).sum::<f64>() / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::Note;
    use super::*;

    fn line(pitches: &[u8]) -> Melody {
        let notes = pitches.iter().enumerate().map(|(i, &pitch)| Note { start: 4 * i, length: 4, pitch });
        Melody::new(notes.collect(), 120.0, 16)
    }

    #[test]
    fn a_scale_is_in_its_key_and_goes_step_by_step() {
        // G major, from the first to the eighth tone.
        let found = Statistics::of(&[line(&[67, 69, 71, 72, 74, 76, 78, 79])]);
        assert_eq!((found.in_key, found.stepwise, found.voices, found.length), (1.0, 1.0, 1.0, 1.0));
        assert!(
            (found.intervals[14] - 5.0 / 7.0).abs() < 1e-12
                && (found.intervals[13] - 2.0 / 7.0).abs() < 1e-12
        );
        // One strange tone of eight, and two leaps.
        let found = Statistics::of(&[line(&[67, 69, 71, 72, 74, 76, 78, 68])]);
        assert_eq!(found.in_key, 7.0 / 8.0);
        assert!((found.stepwise - 6.0 / 7.0).abs() < 1e-12);
    }

    #[test]
    fn distributions_are_apart_as_far_as_they_differ() {
        let (up, down) = (Statistics::of(&[line(&[60, 62, 64])]), Statistics::of(&[line(&[64, 62, 60])]));
        assert_eq!((up.apart(&up), up.apart(&down)), (0.0, 1.0));
        let chord =
            Melody::new([60u8, 64, 67].map(|pitch| Note { start: 0, length: 2, pitch }).to_vec(), 120.0, 16);
        assert_eq!(Statistics::of(&[chord]).voices, 3.0);
        assert_eq!(Statistics::of(&[]).voices, 0.0);
    }
}
