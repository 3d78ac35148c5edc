//! **A network**: layers behind layers.
//!
//! A layer alone cuts the plane with straight lines. Two layers one behind the other are no better: a linear map of a
//! linear map is a linear map. What changes everything is a bend in between, an **activation function** such as tanh.
//! Then every neuron of the first layer draws a line of its own, the second layer combines them, and the network can
//! follow any curve, given enough neurons (Cybenko 1989).
//!
//! Here two spirals are wound around each other. A single layer can't tell them apart; a network with two hidden layers
//! of 32 neurons can.

use drawing::{beside, map, plane};
use pellucid_grad::ops;
use pellucid_nn::layers::{Activation, Linear, Sequential};
use pellucid_nn::optim::{Adam, AdamOptions, Optimizer};
use pellucid_nn::{Layer, Pass, Schedule, Seed, describe, parameter_count};
use pellucid_tensor::{Result, Stream, Tensor};

/// `n` points `[n, 2]` on two spirals, and which one each lies on `[n]`.
fn spirals(n: usize, seed: u64) -> Result<(Tensor, Tensor)> {
    let mut random = Stream::new(seed, "spirals", 0);
    let (mut points, mut classes) = (Vec::new(), Vec::new());
    for i in 0..n {
        let along = random.uniform();
        let angle = std::f32::consts::PI * (3.0 * along + (i % 2) as f32);
        let radius = 0.1 + 0.85 * along;
        points.extend([radius * angle.cos(), radius * angle.sin()]);
        classes.push(i as u32 % 2);
    }
    Ok((Tensor::new(&points, &[n, 2])?, Tensor::new(&classes, &[n])?))
}

/// A single layer: 2 inputs, 2 scores.
fn straight() -> Result<Sequential> {
    Ok(Sequential::new().then(Linear::new(&Seed::new(1), 2, 2, Activation::Identity)?))
}

/// Two hidden layers with a bend, and a last one for the scores.
fn bent() -> Result<Sequential> {
    let seed = Seed::new(1);
    Ok(Sequential::new()
        .then(Linear::new(&seed.part("first"), 2, 32, Activation::Tanh)?)
        .then(Linear::new(&seed.part("second"), 32, 32, Activation::Tanh)?)
        .then(Linear::new(&seed.part("scores"), 32, 2, Activation::Identity)?))
}

/// Learns in 400 steps. Adam gives every weight a step size of its own; the schedule begins gently, speeds up, and
/// ends gently.
fn learn(network: &mut Sequential, points: &Tensor, classes: &Tensor) -> Result<()> {
    let mut optimizer = Adam::new(AdamOptions::adam());
    let (schedule, steps) = (Schedule::one_cycle(0.02), 400);
    for step in 0..steps {
        let pass = Pass::training(1, step);
        let scores = network.forward(&pass, &pass.input(points))?;
        let gradients = ops::cross_entropy(&scores, classes, 0.0, None, None)?.backward()?;
        optimizer.step(network, pass.finish(gradients), schedule.lr(step, steps))?;
    }
    Ok(())
}

/// How sure the network is that each point lies on the second spiral, 0 to 1.
fn second(network: &Sequential, points: &Tensor) -> Result<Vec<f32>> {
    let pass = Pass::inference();
    let probabilities = ops::softmax(&network.forward(&pass, &pass.input(points))?)?;
    Ok(probabilities.value().data::<f32>()?.chunks(2).map(|p| p[1]).collect())
}

fn accuracy(network: &Sequential, points: &Tensor, classes: &Tensor) -> Result<f64> {
    let sure = second(network, points)?;
    let right = sure.iter().zip(classes.data::<u32>()?).filter(|(p, c)| (**p > 0.5) == (**c == 1)).count();
    Ok(right as f64 / sure.len() as f64)
}

/// The network's opinion of the whole plane, with the points of both spirals.
fn draw(network: &Sequential, points: &Tensor, classes: &Tensor) -> Result<String> {
    const WIDTH: usize = 44;
    let everywhere = plane(WIDTH, 22);
    let sure = second(network, &Tensor::new(everywhere.as_flattened(), &[everywhere.len(), 2])?)?;
    let ground = sure.iter().map(|p| if *p > 0.5 { '░' } else { ' ' }).collect();
    let marks = points.data::<f32>()?.chunks(2).zip(classes.data::<u32>()?);
    let marks: Vec<_> = marks.map(|(p, &c)| ([p[0], p[1]], ['o', 'x'][c as usize])).collect();
    Ok(map(ground, WIDTH, &marks))
}

fn main() -> Result<()> {
    let (points, classes) = spirals(400, 1)?;
    let (new, truth) = spirals(1000, 2)?;
    let (mut one, mut three) = (straight()?, bent()?);
    println!("The network, layer by layer:\n");
    for row in describe(&three, &[2])? {
        println!("  {:20} → {:4} numbers, {:5} parameters", row.name, row.output[0], row.parameters);
    }
    learn(&mut one, &points, &classes)?;
    learn(&mut three, &points, &classes)?;
    println!("\nShaded: where it says x. Left one layer, right three:\n");
    print!("{}", beside(&[draw(&one, &points, &classes)?, draw(&three, &points, &classes)?]));
    println!("\nRight on 1000 new points, a guess being right on half of them:\n");
    for (name, network) in [("one layer", &one), ("three layers", &three)] {
        let share = 100.0 * accuracy(network, &new, &truth)?;
        println!("  {name:12} ({:4} parameters)   {share:5.1} %", parameter_count(network));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_the_network_with_a_bend_follows_the_spirals() {
        let (points, classes) = spirals(400, 1).unwrap();
        let (new, truth) = spirals(1000, 2).unwrap();
        let reached = |mut network: Sequential| {
            learn(&mut network, &points, &classes).unwrap();
            accuracy(&network, &new, &truth).unwrap()
        };
        let (one, three) = (reached(straight().unwrap()), reached(bent().unwrap()));
        assert!(one < 0.75, "one layer: {one}");
        assert!(three > 0.97, "three layers: {three}");
    }

    #[test]
    fn parameters_are_weights_and_biases_of_all_layers() {
        assert_eq!(parameter_count(&straight().unwrap()), 2 * 2 + 2);
        assert_eq!(parameter_count(&bent().unwrap()), (2 * 32 + 32) + (32 * 32 + 32) + (32 * 2 + 2));
    }
}
