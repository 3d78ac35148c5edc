//! Sounds of one length.

use super::BANDS;

/// Of a short sound's frames, this share is as quiet as what it is filled up with, or quieter.
const QUIET: usize = 10;

/// Where a sound stands that is brought to a length: the first of its frames that is kept, and how many quiet ones stand before it.
pub(super) fn placed(all: &[u8], frames: usize) -> (usize, usize) {
    let length = all.len() / BANDS;
    match length >= frames {
        true => (loudest(all, frames), 0),
        false => (0, (frames - length) / 2),
    }
}

/// The `frames` loudest neighbouring frames of a longer sound (by the mean of all bands in decibels), and all of a
/// shorter one, in the middle, with what the sound has where it is quiet on both sides.
pub fn fit_to(all: &[u8], frames: usize) -> Vec<u8> {
    let (length, (start, before)) = (all.len() / BANDS, placed(all, frames));
    if length >= frames {
        return all[start * BANDS..(start + frames) * BANDS].to_vec();
    }
    let quiet = quiet(all);
    let mut out = quiet.repeat(before);
    out.extend_from_slice(&all[..length * BANDS]);
    out.extend(quiet.repeat(frames - length - before));
    out
}

/// A sound's frame where it is quiet: in each band the level that a tenth of its frames do not exceed.
pub(super) fn quiet(all: &[u8]) -> [u8; BANDS] {
    std::array::from_fn(|band| {
        let mut levels: Vec<u8> = all.iter().skip(band).step_by(BANDS).copied().collect();
        levels.sort_unstable();
        levels.get(levels.len() / QUIET).copied().unwrap_or(0)
    })
}

/// The first frame of the loudest `frames` neighbouring ones.
fn loudest(all: &[u8], frames: usize) -> usize {
    let levels: Vec<u64> =
        all.chunks_exact(BANDS).map(|frame| frame.iter().map(|&byte| u64::from(byte)).sum()).collect();
    let mut sum: u64 = levels[..frames].iter().sum();
    let (mut best, mut at) = (sum, 0);
    for start in 1..=levels.len() - frames {
        sum = sum + levels[start + frames - 1] - levels[start - 1];
        if sum > best {
            (best, at) = (sum, start);
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(levels: &[u8]) -> Vec<u8> {
        levels.iter().flat_map(|&level| [level; BANDS]).collect()
    }

    #[test]
    fn longer_sounds_keep_their_loudest_part() {
        assert_eq!(fit_to(&sound(&[9, 1, 5, 8, 2]), 2), sound(&[5, 8]));
        assert_eq!(fit_to(&sound(&[9, 1, 5, 8, 2]), 5), sound(&[9, 1, 5, 8, 2]));
        assert_eq!(fit_to(&sound(&[3, 3, 3]), 2), sound(&[3, 3]));
    }

    #[test]
    fn shorter_sounds_stand_in_the_middle_of_their_own_quiet() {
        assert_eq!(fit_to(&sound(&[7, 4, 9]), 6), sound(&[4, 7, 4, 9, 4, 4]));
    }
}
