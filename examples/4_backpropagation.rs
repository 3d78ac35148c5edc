//! **Backpropagation**: where gradients come from.
//!
//! A network is a long chain of small operations. Each one knows how its own result changes when its inputs do: the
//! sum a + b grows as fast as a; the product a · b grows b times as fast as a. The **chain rule** says that such
//! rates multiply along the way. So we write down every operation as we compute (the record below), and then walk
//! the record *backwards*: starting from the loss, each number passes its share of the blame on to the numbers it was
//! made of. One walk gives the gradient of every weight, however many there are (Rumelhart, Hinton & Williams 1986).
//!
//! The whole engine fits on half a screen. Pellucid's tape does the same with whole tensors and many more operations.

use pellucid_grad::{Tape, ops};
use pellucid_tensor::{Result, Tensor};

/// A number that was computed, and from what.
struct Number {
    value: f64,
    /// The numbers it was made of, by their places in the record, and how fast it grows with each.
    parents: Vec<(usize, f64)>,
    how: String,
}

/// All numbers of a computation, in the order in which they were made.
#[derive(Default)]
struct Record(Vec<Number>);

impl Record {
    fn push(&mut self, value: f64, parents: Vec<(usize, f64)>, how: String) -> usize {
        self.0.push(Number { value, parents, how });
        self.0.len() - 1
    }

    /// A number given from outside.
    fn given(&mut self, value: f64, name: &str) -> usize {
        self.push(value, vec![], name.to_owned())
    }

    fn add(&mut self, a: usize, b: usize) -> usize {
        self.push(self.0[a].value + self.0[b].value, vec![(a, 1.0), (b, 1.0)], format!("#{a} + #{b}"))
    }

    fn mul(&mut self, a: usize, b: usize) -> usize {
        let (x, y) = (self.0[a].value, self.0[b].value);
        self.push(x * y, vec![(a, y), (b, x)], format!("#{a} × #{b}"))
    }

    fn tanh(&mut self, a: usize) -> usize {
        let y = self.0[a].value.tanh();
        self.push(y, vec![(a, 1.0 - y * y)], format!("tanh #{a}"))
    }

    /// How fast the last number grows with each number of the record.
    fn backward(&self) -> Vec<f64> {
        let mut blame = vec![0.0; self.0.len()];
        blame[self.0.len() - 1] = 1.0;
        for (i, number) in self.0.iter().enumerate().rev() {
            for &(parent, rate) in &number.parents {
                blame[parent] += blame[i] * rate; // the chain rule; += because a number may be used several times
            }
        }
        blame
    }
}

const INPUT: f64 = 0.8;
const TRUTH: f64 = 1.0;
const NAMES: [&str; 6] = ["w1", "b1", "w2", "b2", "v1", "v2"];

/// A small network: two neurons with tanh see the input, a third adds them up. The loss is its squared error.
/// The first six numbers of the record are the weights.
fn network(weights: [f64; 6]) -> Record {
    let mut r = Record::default();
    let [w1, b1, w2, b2, v1, v2] = std::array::from_fn(|i| r.given(weights[i], NAMES[i]));
    let x = r.given(INPUT, "x");
    let minus_truth = r.given(-TRUTH, "−truth");
    let mut neuron = |w, b| {
        let product = r.mul(w, x);
        let sum = r.add(product, b);
        r.tanh(sum)
    };
    let (h1, h2) = (neuron(w1, b1), neuron(w2, b2));
    let (left, right) = (r.mul(v1, h1), r.mul(v2, h2));
    let answer = r.add(left, right);
    let off = r.add(answer, minus_truth);
    r.mul(off, off);
    r
}

/// The slow way: nudge one weight at a time and look what the loss does. It needs two walks for every weight.
fn by_nudging(weights: [f64; 6]) -> [f64; 6] {
    let loss = |weights| network(weights).0.last().map_or(0.0, |n| n.value);
    std::array::from_fn(|i| {
        let nudged = |by: f64| std::array::from_fn(|j| weights[j] + if i == j { by } else { 0.0 });
        (loss(nudged(1e-6)) - loss(nudged(-1e-6))) / 2e-6
    })
}

/// The same network with Pellucid's operations on tensors.
fn by_tape(weights: [f64; 6]) -> Result<[f64; 6]> {
    let [w1, b1, w2, b2, v1, v2] = weights;
    let tape = Tape::new();
    let w = tape.watch(&Tensor::new(&[w1, w2], &[2])?);
    let b = tape.watch(&Tensor::new(&[b1, b2], &[2])?);
    let v = tape.watch(&Tensor::new(&[v1, v2], &[2])?);
    let hidden = ops::tanh(&ops::add(&ops::scale(&w, INPUT)?, &b)?)?;
    let answer = ops::sum(&ops::mul(&v, &hidden)?)?;
    let off = ops::shift(&answer, -TRUTH)?;
    let gradients = ops::mul(&off, &off)?.backward()?;
    let of =
        |x| -> Result<Vec<f64>> { gradients.of(x).map_or(Ok(vec![0.0; 2]), |g| Ok(g.to_dense()?.to_vec())) };
    let (w, b, v) = (of(&w)?, of(&b)?, of(&v)?);
    Ok([w[0], b[0], w[1], b[1], v[0], v[1]])
}

fn main() -> Result<()> {
    let weights = [0.5, 0.1, -1.2, 0.3, 0.7, -0.4];
    let record = network(weights);
    let blame = record.backward();
    println!("Everything that was computed, and how fast the loss (the last number) grows with it:\n");
    println!("    #   how               value    ∂loss/∂it");
    for (i, (number, blame)) in record.0.iter().zip(&blame).enumerate() {
        println!("  {i:3}   {:12}  {:9.5}    {blame:9.5}", number.how, number.value);
    }
    println!("\nThree ways to the same gradient:\n");
    println!("        by nudging   by walking back    by the tape");
    let (nudged, tape) = (by_nudging(weights), by_tape(weights)?);
    for (i, name) in NAMES.iter().enumerate() {
        println!("  {name}   {:11.7}       {:11.7}    {:11.7}", nudged[i], blame[i], tape[i]);
    }
    println!(
        "\nNudging computed the network {} times, walking back twice: once forth, once back.",
        2 * NAMES.len()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn nudging_walking_back_and_the_tape_agree() {
        for weights in [[0.5, 0.1, -1.2, 0.3, 0.7, -0.4], [2.0, -1.0, 0.0, 0.5, -3.0, 1.5]] {
            let (nudged, blame) = (by_nudging(weights), network(weights).backward());
            let tape = by_tape(weights).unwrap();
            for i in 0..6 {
                assert!((blame[i] - nudged[i]).abs() < 1e-8 * (1.0 + blame[i].abs()), "{}", NAMES[i]);
                assert!((blame[i] - tape[i]).abs() < 1e-12 * (1.0 + blame[i].abs()), "{}", NAMES[i]);
            }
        }
    }

    #[test]
    fn a_number_that_is_used_twice_gets_both_shares() {
        let mut r = Record::default();
        let x = r.given(3.0, "x");
        let square = r.mul(x, x);
        r.add(square, x);
        assert_eq!(r.backward()[x], 2.0 * 3.0 + 1.0); // x² + x
    }
}
