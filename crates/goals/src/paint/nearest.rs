//! Whether a picture is a copy: the training picture that is nearest to it.

use super::gallery::Gallery;
use crate::Result;
use pellucid_data::Part;

/// The nearest training picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nearest {
    /// Its record.
    pub(super) record: usize,
    /// How far it is: the root of the mean squared difference of two numbers, as a share of the range from black to white.
    pub(super) distance: f64,
}

/// The nearest training picture of each of these, `[height, width, channels]` in bytes. `progress` is called with the training pictures done.
///
/// # Errors
/// A failure of reading the pictures.
pub(super) fn nearest(
    gallery: &Gallery,
    pictures: &[&Vec<u8>],
    progress: &mut dyn FnMut(usize),
) -> Result<Vec<Nearest>> {
    let mut best = vec![(u64::MAX, 0); pictures.len()];
    for (done, &record) in gallery.part(Part::Train).iter().enumerate() {
        let known = gallery.pictures.bytes(record)?;
        for (best, picture) in best.iter_mut().zip(pictures) {
            *best = (squares(picture, &known), record).min(*best);
        }
        progress(done + 1);
    }
    let numbers = gallery.pictures.canvas.numbers().max(1) as f64;
    let found = best.into_iter();
    Ok(found
        .map(|(squares, record)| Nearest { record, distance: (squares as f64 / numbers).sqrt() / 255.0 })
        .collect())
}

/// The sum of squared differences.
fn squares(a: &[u8], b: &[u8]) -> u64 {
    // Sums of a few hundred squares fit into 32 bits, which is what processors add fastest.
    let of =
        |(a, b): (&[u8], &[u8])| a.iter().zip(b).map(|(&a, &b)| u32::from(a.abs_diff(b)).pow(2)).sum::<u32>();
    a.chunks(256).zip(b.chunks(256)).map(|chunks| u64::from(of(chunks))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_are_summed_over_all_chunks() {
        let (a, b) = (vec![255u8; 70_000], vec![0u8; 70_000]);
        assert_eq!(squares(&a, &b), 70_000 * 255 * 255);
        assert_eq!(squares(&[1, 5], &[4, 3]), 13);
    }
}
