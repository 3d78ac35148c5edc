//! 128-bit fingerprints of rows, pictures and texts: equal content gives equal fingerprints, on every machine.
//!
//! The hash is MurmurHash3 x64-128 (Appleby, public domain). Among a hundred million different rows the chance of
//! a single false match is below 10⁻²². It isn't meant to resist someone who constructs collisions on purpose.

use super::{Cells, Column};

const C1: u64 = 0x87c3_7b91_1142_53d5;
const C2: u64 = 0x4cf5_ad43_2745_937f;

/// MurmurHash3 x64-128 of `bytes`: the first half of the result in the high 64 bits.
#[must_use]
pub fn hash_bytes(bytes: &[u8], seed: u32) -> u128 {
    let (mut h1, mut h2) = (u64::from(seed), u64::from(seed));
    let mut blocks = bytes.chunks_exact(16);
    for block in &mut blocks {
        let (k1, k2) = (word(&block[..8]), word(&block[8..]));
        h1 ^= k1.wrapping_mul(C1).rotate_left(31).wrapping_mul(C2);
        h1 = h1.rotate_left(27).wrapping_add(h2).wrapping_mul(5).wrapping_add(0x52dc_e729);
        h2 ^= k2.wrapping_mul(C2).rotate_left(33).wrapping_mul(C1);
        h2 = h2.rotate_left(31).wrapping_add(h1).wrapping_mul(5).wrapping_add(0x3849_5ab5);
    }
    let tail = blocks.remainder();
    let (low, high) = tail.split_at(tail.len().min(8));
    h2 ^= word(high).wrapping_mul(C2).rotate_left(33).wrapping_mul(C1);
    h1 ^= word(low).wrapping_mul(C1).rotate_left(31).wrapping_mul(C2);

    h1 ^= bytes.len() as u64;
    h2 ^= bytes.len() as u64;
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    h1 = finish(h1);
    h2 = finish(h2);
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    (u128::from(h1) << 64) | u128::from(h2)
}

/// Up to eight bytes as a little-endian word.
fn word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, &byte| (word << 8) | u64::from(byte))
}

fn finish(mut k: u64) -> u64 {
    k = (k ^ (k >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    k = (k ^ (k >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    k ^ (k >> 33)
}

/// Fingerprint of a decoded picture: its size and its pixels.
///
/// Decode every picture to the same layout first (8-bit RGB, say), so that the file format, its compression level
/// and its metadata make no difference.
#[must_use]
pub fn hash_picture(width: u32, height: u32, pixels: &[u8]) -> u128 {
    let [w, h] = [u128::from(width), u128::from(height)];
    hash_bytes(pixels, 0) ^ hash_bytes(&((w << 64) | h).to_le_bytes(), 1)
}

/// Fingerprint of one cell in the column at `position`, so that equal values in different columns differ.
///
/// All missing values are equal, and so are 0.0 and −0.0. A row outside the column counts as missing.
#[must_use]
pub fn hash_cell(cells: &Cells<'_>, row: usize, position: usize) -> u128 {
    let (tag, value) = match cells {
        Cells::Numbers(values) => match values.get(row) {
            Some(value) if !value.is_nan() => (1, u128::from((value + 0.0).to_bits())),
            _ => (0, 0),
        },
        Cells::Codes(codes) => match codes.get(row) {
            Some(&code) if code != super::MISSING => (2, u128::from(code)),
            _ => (0, 0),
        },
        Cells::Prints(prints) => prints.get(row).map_or((0, 0), |&print| (3, print)),
    };
    let mut bytes = [tag; 17];
    bytes[1..].copy_from_slice(&value.to_le_bytes());
    hash_bytes(&bytes, position as u32)
}

/// Fingerprint of every row over the given columns: the wrapping sum of its cells' fingerprints.
///
/// Being a sum, the fingerprint without one column is a subtraction away.
#[must_use]
pub fn hash_rows<'a>(columns: impl IntoIterator<Item = &'a Column<'a>>, rows: usize) -> Vec<u128> {
    let mut prints = vec![0_u128; rows];
    for (position, column) in columns.into_iter().enumerate() {
        for (row, print) in prints.iter_mut().enumerate() {
            *print = print.wrapping_add(hash_cell(&column.cells, row, position));
        }
    }
    prints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_published_verification_value() {
        // SMHasher's check of an implementation: hash the keys {}, {0}, {0, 1}, … with seed 256 − length, then
        // hash all the hashes. For MurmurHash3 x64-128 the first four bytes must read 0x6384BA69.
        let in_order = |hash: u128| {
            let (h1, h2) = ((hash >> 64) as u64, hash as u64);
            [h1.to_le_bytes(), h2.to_le_bytes()].concat()
        };
        let key: Vec<u8> = (0..=255).collect();
        let all: Vec<u8> = (0..256).flat_map(|n| in_order(hash_bytes(&key[..n], 256 - n as u32))).collect();
        let last = in_order(hash_bytes(&all, 0));
        assert_eq!(u32::from_le_bytes([last[0], last[1], last[2], last[3]]), 0x6384_ba69);
        assert_eq!(
            hash_bytes(b"The quick brown fox jumps over the lazy dog", 0),
            0xe34b_bc7b_bc07_1b6c_7a43_3ca9_c49a_9347
        );
    }

    #[test]
    fn a_picture_is_its_size_and_its_pixels() {
        let pixels: Vec<u8> = (0..36).collect();
        assert_eq!(hash_picture(4, 3, &pixels), hash_picture(4, 3, &pixels.clone()));
        assert_ne!(hash_picture(4, 3, &pixels), hash_picture(3, 4, &pixels));
        let mut other = pixels.clone();
        other[17] ^= 1;
        assert_ne!(hash_picture(4, 3, &pixels), hash_picture(4, 3, &other));
    }

    #[test]
    fn rows_are_equal_when_all_their_cells_are() {
        let a = [1.0, -0.0, f64::NAN, 1.0, 2.0];
        let b = [7, 7, super::super::MISSING, 7, 1];
        let columns = [Column::new("a", Cells::Numbers(&a)), Column::new("b", Cells::Codes(&b))];
        let prints = hash_rows(&columns, 5);
        assert_eq!(prints[0], prints[3]);
        assert_ne!(prints[0], prints[1]);
        assert_ne!(prints[0], prints[4]);
        let zero = [0.0, 0.0, -f64::NAN, 0.0, 0.0];
        let same =
            hash_rows(&[Column::new("a", Cells::Numbers(&zero)), Column::new("b", Cells::Codes(&b))], 5);
        assert_eq!(prints[1], same[1]);
        assert_eq!(prints[2], same[2]);
    }

    #[test]
    fn equal_values_in_swapped_columns_differ() {
        let (a, b) = ([1, 2], [2, 1]);
        let columns = [Column::new("a", Cells::Codes(&a)), Column::new("b", Cells::Codes(&b))];
        let prints = hash_rows(&columns, 2);
        assert_ne!(prints[0], prints[1]);
    }
}
