//! **A layer**: several neurons that look at the same numbers.
//!
//! One neuron gives one number. To choose between several answers we take one neuron for each: all of them see the same
//! inputs, and each gives its answer a **score**. A layer with weights W `[outputs, inputs]` and biases b `[outputs]`
//! turns inputs x `[rows, inputs]` into scores `[rows, outputs]`: x Wᵀ + b.
//!
//! Scores become probabilities by **softmax**: p = exp(score) / Σ exp(scores). They are positive and add up to 1. How
//! wrong they are is measured by **cross entropy**: −ln p of the true answer, which is 0 if that was certain. Its
//! gradient by the scores is beautifully simple: p − 1 for the true answer, p for all others.
//!
//! Here points in the plane come from three clouds, and the layer learns which point belongs to which.

use drawing::{map, plane};
use pellucid_grad::{Tape, Var, ops};
use pellucid_nn::layers::{Activation, Linear};
use pellucid_nn::optim::{Optimizer, Sgd, SgdOptions};
use pellucid_nn::{Layer, Pass, Seed};
use pellucid_tensor::{Result, Stream, Tensor};

const CENTRES: [[f32; 2]; 3] = [[-0.5, 0.4], [0.5, 0.5], [0.1, -0.5]];

/// `n` points `[n, 2]` around the centres, and which centre each belongs to `[n]`.
fn clouds(n: usize, seed: u64) -> Result<(Tensor, Tensor)> {
    let mut random = Stream::new(seed, "clouds", 0);
    let (mut points, mut classes) = (Vec::new(), Vec::new());
    for i in 0..n {
        let [x, y] = CENTRES[i % 3];
        points.extend([x + 0.18 * random.normal(), y + 0.18 * random.normal()]);
        classes.push(i as u32 % 3);
    }
    Ok((Tensor::new(&points, &[n, 2])?, Tensor::new(&classes, &[n])?))
}

/// The class with the highest score for each row.
fn choose(layer: &Linear, points: &Tensor) -> Result<Vec<usize>> {
    let pass = Pass::inference(); // no learning now: nothing is recorded
    let scores = layer.forward(&pass, &pass.input(points))?;
    let best = |row: &[f32]| (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap_or(0);
    Ok(scores.value().data::<f32>()?.chunks(3).map(best).collect())
}

/// The share of points that are assigned to their cloud.
fn accuracy(layer: &Linear, points: &Tensor, classes: &Tensor) -> Result<f64> {
    let chosen = choose(layer, points)?;
    let right = chosen.iter().zip(classes.data::<u32>()?).filter(|(c, t)| **c == **t as usize).count();
    Ok(right as f64 / chosen.len() as f64)
}

/// A layer from 2 numbers to 3 scores, trained on `points`; and the loss before every step.
fn learn(points: &Tensor, classes: &Tensor, steps: u64) -> Result<(Linear, Vec<f64>)> {
    let mut layer = Linear::new(&Seed::new(1), 2, 3, Activation::Identity)?;
    let mut optimizer = Sgd::new(SgdOptions::default());
    let mut losses = Vec::new();
    for step in 0..steps {
        let pass = Pass::training(1, step); // one walk through the network, recorded on a tape
        let scores = layer.forward(&pass, &pass.input(points))?;
        let loss = ops::cross_entropy(&scores, classes, 0.0, None, None)?;
        losses.push(loss.value().item()?);
        let gradients = loss.backward()?;
        optimizer.step(&mut layer, pass.finish(gradients), 0.2)?;
    }
    Ok((layer, losses))
}

/// ∂(cross entropy)/∂scores by the tape.
fn slope(scores: &Tensor, classes: &Tensor) -> Result<Vec<f64>> {
    let scores: Var = Tape::new().watch(scores);
    let gradients = ops::cross_entropy(&scores, classes, 0.0, None, None)?.backward()?;
    gradients.of(&scores).map_or(Ok(Vec::new()), |g| Ok(g.to_dense()?.to_vec()))
}

/// The same by hand: probability minus truth.
fn slope_by_hand(scores: [f64; 3], class: usize) -> [f64; 3] {
    let total: f64 = scores.iter().map(|s| s.exp()).sum();
    std::array::from_fn(|i| scores[i].exp() / total - if i == class { 1.0 } else { 0.0 })
}

fn main() -> Result<()> {
    let (points, classes) = clouds(150, 1)?;
    let (layer, losses) = learn(&points, &classes, 100)?;
    println!("Three neurons see the same two numbers; the one with the highest score names the cloud.\n");
    for step in [0, 5, 20, 50, 99] {
        println!(
            "  before step {:3}   loss {:.4}   {}",
            step + 1,
            losses[step],
            "█".repeat((30.0 * losses[step]) as usize)
        );
    }

    const WIDTH: usize = 56;
    let everywhere = plane(WIDTH, 22);
    let grid = Tensor::new(everywhere.as_flattened(), &[everywhere.len(), 2])?;
    let ground = choose(&layer, &grid)?.into_iter().map(|c| ['·', ' ', ':'][c]).collect();
    let marks = points.data::<f32>()?.chunks(2).zip(classes.data::<u32>()?);
    let marks: Vec<_> = marks.map(|(p, &c)| ([p[0], p[1]], ['A', 'B', 'C'][c as usize])).collect();
    println!(
        "\nWhat it says everywhere in the plane (dots: A, blank: B, colons: C), and the points it learned from:\n"
    );
    print!("{}", map(ground, WIDTH, &marks));

    let (new, truth) = clouds(600, 2)?;
    println!("\nOn 600 new points it is right {:.1} % of the time.", 100.0 * accuracy(&layer, &new, &truth)?);
    println!(
        "\nHow fast the loss grows with each score of a point of cloud B, by the tape and by p − truth:\n"
    );
    let scores = [0.2, -1.0, 3.0];
    let by_tape = slope(&Tensor::new(&scores, &[1, 3])?, &Tensor::new(&[1u32], &[1])?)?;
    for (name, (tape, hand)) in ["A", "B", "C"].iter().zip(by_tape.iter().zip(slope_by_hand(scores, 1))) {
        println!("  score of {name}   {tape:8.5}   {hand:8.5}");
    }
    println!("\nA single layer always cuts the plane with straight lines; for bent ones see 3_network.");
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn new_points_are_assigned_to_their_clouds() {
        let (points, classes) = clouds(150, 1).unwrap();
        let (layer, losses) = learn(&points, &classes, 100).unwrap();
        let (new, truth) = clouds(600, 2).unwrap();
        let found = accuracy(&layer, &new, &truth).unwrap();
        assert!(found > 0.95, "accuracy {found}");
        assert!(losses[99] < 0.25 * losses[0], "{losses:?}");
    }

    #[test]
    fn the_slope_of_cross_entropy_is_probability_minus_truth() {
        for (scores, class) in [([0.2, -1.0, 3.0], 1), ([-4.0, 0.0, 0.5], 2), ([1.0, 1.0, 1.0], 0)] {
            let row = Tensor::new(&scores, &[1, 3]).unwrap();
            let by_tape = slope(&row, &Tensor::new(&[class as u32], &[1]).unwrap()).unwrap();
            for (hand, tape) in slope_by_hand(scores, class).iter().zip(by_tape) {
                assert!((hand - tape).abs() < 1e-12, "{tape} by tape, {hand} by hand");
            }
        }
    }
}
