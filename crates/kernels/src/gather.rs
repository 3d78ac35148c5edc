//! Rows picked from a table by number.

use crate::buffer::Element;
use crate::threads::{GRAIN, parallel_chunks};

/// `out[i] = table[indices[i]]` with table `[rows, width]` and out `[indices, width]`.
///
/// # Panics
/// If the lengths do not fit, or an index lies outside of the table.
pub fn gather_rows<T: Element>(table: &[T], width: usize, indices: &[u32], out: &mut [T]) {
    assert!(
        out.len() == indices.len() * width,
        "gather: {} rows of {width} for {}",
        indices.len(),
        out.len()
    );
    if width == 0 {
        return;
    }
    let rows = (GRAIN / width).max(1);
    parallel_chunks(out, rows * width, |task, out| {
        for (row, &index) in out.chunks_exact_mut(width).zip(&indices[task * rows..]) {
            row.copy_from_slice(&table[index as usize * width..][..width]);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::gather_rows;

    #[test]
    fn rows_arrive_in_the_order_asked_for() {
        let table: Vec<f32> = (0..21).map(|i| i as f32).collect();
        let indices: Vec<u32> = (0..20_000).map(|i| i * 5 % 7).collect();
        let mut out = vec![0.0; 60_000];
        gather_rows(&table, 3, &indices, &mut out);
        assert!(out.iter().enumerate().all(|(i, &v)| v == (indices[i / 3] * 3) as f32 + (i % 3) as f32));
    }
}
