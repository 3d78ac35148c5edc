//! Which rows that were learned from have to do with an answer.

/// Rows with the largest values, as many as are wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Largest {
    most: usize,
    /// Row and value, the largest first.
    rows: Vec<(usize, f64)>,
}

impl Largest {
    /// None yet, `most` of them at the end.
    pub fn new(most: usize) -> Largest {
        Largest { most, rows: Vec::new() }
    }

    /// Takes a row if it is among the largest so far; of equal ones those that came first stay.
    pub fn offer(&mut self, row: usize, value: f64) {
        if !value.is_finite() {
            return;
        }
        let place = self.rows.partition_point(|(_, other)| *other >= value);
        if place < self.most {
            self.rows.insert(place, (row, value));
            self.rows.truncate(self.most);
        }
    }

    /// Row and value, the largest first.
    pub fn rows(&self) -> &[(usize, f64)] {
        &self.rows
    }
}

/// The cosine of the angle between two vectors, from their product and their sizes; 0 if one has no size.
pub fn cosine(product: f64, sizes: [f64; 2]) -> f64 {
    let both = sizes[0] * sizes[1];
    if both > 0.0 { (product / both).clamp(-1.0, 1.0) } else { 0.0 }
}

/// What a step of learning on one row does to an answer to another through the last layer, a linear map with a shift: by how much the answer
/// rises, to first order and at a learning rate of 1. This is TracIn (Pruthi et al., arXiv 2002.08484) in the last layer at one checkpoint,
/// `−⟨∂loss/∂(W, b), ∂answer/∂(W, b)⟩`, which needs no backward pass: both gradients are outer products.
///
/// `slope` is that of the row's loss by its outputs, `rise` that of the answer by its own; `product` is the product of the vectors that the
/// layer sees of both; `shift` is 1 if the answer depends on the layer's shift, else 0.
pub fn push(slope: &[f64], rise: &[f64], product: f64, shift: f64) -> f64 {
    let along: f64 = slope.iter().zip(rise).map(|(s, r)| s * r).sum();
    -along * (product + shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_stay_in_order_and_the_first_of_equals() {
        let mut largest = Largest::new(3);
        for (row, value) in [2.0, f64::NAN, 5.0, 2.0, 1.0, 7.0, 2.0].into_iter().enumerate() {
            largest.offer(row, value);
        }
        assert_eq!(largest.rows(), [(5, 7.0), (2, 5.0), (0, 2.0)]);
        let mut none = Largest::new(0);
        none.offer(0, 1.0);
        assert!(none.rows().is_empty());
    }

    #[test]
    fn a_row_like_it_with_another_label_pushes_against() {
        // The answer's class is the first; the row's label is the second, and the network believes the first.
        let (slope, rise) = ([0.9, -0.9], [0.1, -0.1]);
        assert!((push(&slope, &rise, 2.0, 1.0) + 0.54).abs() < 1e-12);
        assert!(push(&slope.map(|s: f64| -s), &rise, 2.0, 1.0) > 0.0);
        assert_eq!(cosine(-3.0, [1.5, 2.0]), -1.0);
        assert_eq!(cosine(0.0, [0.0, 2.0]), 0.0);
    }
}
