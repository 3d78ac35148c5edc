//! **Seeing inside**: what has a network learned, and what did it look at?
//!
//! A network for pictures slides small windows over them, 3 × 3 pixels wide: a **convolution**. Each window's nine weights
//! are a pattern it answers to, wherever that lies in the picture. Later layers see the answers of earlier ones, so they
//! know larger patterns; at the end the answers are averaged, and a last layer gives each class its score.
//!
//! None of this is hidden. The program below trains such a network to tell three signs apart (a ring, a cross and a
//! plus, somewhere in a noisy picture) and then looks inside in three ways: at the patterns of the first layer, at
//! what they answer to one picture, and at the **gradient of the answer by the picture**: which pixels the decision rests on.
//! Explanations can be wrong too, so it measures them: if these pixels matter, then without them the answer must suffer.

use drawing::{beside, picture};
use pellucid_grad::ops;
use pellucid_nn::layers::Sequential;
use pellucid_nn::optim::{Adam, AdamOptions, Optimizer};
use pellucid_nn::{Layer, Pass, Schedule, Seed, describe, params, parse_layers};
use pellucid_tensor::{Result, Stream, Tensor};

const SIDE: usize = 14;
const NAMES: [&str; 3] = ["ring", "cross", "plus"];
const SIGNS: [[&str; 5]; 3] = [
    [" ███ ", "█   █", "█   █", "█   █", " ███ "],
    ["█   █", " █ █ ", "  █  ", " █ █ ", "█   █"],
    ["  █  ", "  █  ", "█████", "  █  ", "  █  "],
];

/// `n` pictures `[n, 14, 14, 1]` with a sign each, and which sign it is `[n]`.
fn pictures(n: usize, seed: u64) -> Result<(Tensor, Tensor)> {
    let mut random = Stream::new(seed, "pictures", 0);
    let (mut pixels, mut classes) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let class = random.below(3);
        let (top, left) = (random.below(SIDE - 4), random.below(SIDE - 4));
        let mut one: Vec<f32> = (0..SIDE * SIDE).map(|_| 0.25 * random.normal()).collect();
        for (y, row) in SIGNS[class].iter().enumerate() {
            for (x, _) in row.chars().enumerate().filter(|(_, c)| *c == '█') {
                one[(top + y) * SIDE + left + x] += 1.0;
            }
        }
        pixels.extend(one);
        classes.push(class as u32);
    }
    Ok((Tensor::new(&pixels, &[n, SIDE, SIDE, 1])?, Tensor::new(&classes, &[n])?))
}

/// Builds the network from words and trains it; every step sees 64 new pictures.
fn learn() -> Result<Sequential> {
    let layers =
        ["conv 3x3 8", "batch norm", "relu", "conv 3x3 16", "batch norm", "relu", "pool 2", "conv 3x3 32"];
    let layers = [&layers[..], &["batch norm", "relu", "global pool", "dense 3"]].concat();
    let mut network = parse_layers(&layers, &[SIDE, SIDE, 1], &Seed::new(1))?;
    let mut optimizer = Adam::new(AdamOptions::adamw());
    let (schedule, steps) = (Schedule::one_cycle(0.01), 150);
    for step in 0..steps {
        let (x, classes) = pictures(64, 1000 + step)?;
        let pass = Pass::training(1, step);
        let scores = network.forward(&pass, &pass.input(&x))?;
        let gradients = ops::cross_entropy(&scores, &classes, 0.0, None, None)?.backward()?;
        optimizer.step(&mut network, pass.finish(gradients), schedule.lr(step, steps))?;
    }
    Ok(network)
}

/// The probabilities of the three signs, for each picture.
fn answer(network: &Sequential, x: &Tensor) -> Result<Vec<[f32; 3]>> {
    let pass = Pass::inference();
    let p = ops::softmax(&network.forward(&pass, &pass.input(x))?)?;
    Ok(p.value().data::<f32>()?.as_chunks::<3>().0.to_vec())
}

fn best(p: &[f32; 3]) -> usize {
    (0..3).max_by(|&a, &b| p[a].total_cmp(&p[b])).unwrap_or(0)
}

/// How much each pixel of one picture speaks for `class`: the gradient of its score (over the mean of all scores) times
/// the pixel. To first order, this is what the score loses when the pixel is blanked.
fn evidence(network: &Sequential, x: &Tensor, class: usize) -> Result<Vec<f32>> {
    let pass = Pass::evaluating_with_gradients();
    let watched = pass.watched_input(x);
    let scores = network.forward(&pass, &watched)?;
    let lead = ops::sub(&ops::sum(&ops::narrow(&scores, 1, class, 1)?)?, &ops::mean(&scores)?)?;
    let gradients = lead.backward()?;
    let gradient = gradients.of(&watched).map_or_else(|| Ok(x.clone()), |g| g.to_dense())?;
    Ok(gradient.data::<f32>()?.iter().zip(x.data::<f32>()?).map(|(g, x)| g * x).collect())
}

/// The picture with some pixels blanked.
fn without(x: &Tensor, pixels: &[usize]) -> Result<Tensor> {
    let mut blanked = x.clone();
    let data = blanked.data_mut::<f32>()?;
    pixels.iter().for_each(|&i| data[i] = 0.0);
    Ok(blanked)
}

/// How sure the network is of its answers to `n` pictures: as they are, without the ten pixels with the most evidence,
/// and without ten others by chance.
fn sureness(network: &Sequential, n: usize) -> Result<[f32; 3]> {
    let (x, _) = pictures(n, 7)?;
    let (answers, mut random, mut sums) = (answer(network, &x)?, Stream::new(7, "chance", 0), [0.0; 3]);
    for (i, p) in answers.iter().enumerate() {
        let (one, class) = (x.rows(i, 1)?, best(p));
        let found = evidence(network, &one, class)?;
        let mut order: Vec<usize> = (0..SIDE * SIDE).collect();
        order.sort_by(|&a, &b| found[b].total_cmp(&found[a]));
        let (most, others) = order.split_at_mut(10);
        random.shuffle(others);
        let sure =
            |blanked: &[usize]| -> Result<f32> { Ok(answer(network, &without(&one, blanked)?)?[0][class]) };
        for (sum, sure) in sums.iter_mut().zip([p[class], sure(most)?, sure(&others[..10])?]) {
            *sum += sure / n as f32;
        }
    }
    Ok(sums)
}

/// The share of pictures it has not seen that it names right.
fn accuracy(network: &Sequential) -> Result<f64> {
    let (x, classes) = pictures(500, 3)?;
    let right = answer(network, &x)?
        .iter()
        .zip(classes.data::<u32>()?)
        .filter(|(p, c)| best(p) == **c as usize)
        .count();
    Ok(right as f64 / 500.0)
}

fn main() -> Result<()> {
    let network = learn()?;
    println!("The network, layer by layer:\n");
    for row in describe(&network, &[SIDE, SIDE, 1])? {
        let shape = row.output.iter().map(usize::to_string).collect::<Vec<_>>().join(" × ");
        println!(
            "  {:24} → {shape:12} {:5} parameters {:7} multiply-adds",
            row.name, row.parameters, row.multiply_adds
        );
    }
    println!("\nIt names {:.1} % of 500 new pictures right.", 100.0 * accuracy(&network)?);

    println!("\nThe patterns of its first layer (dark: it likes light there; blank: it likes dark):\n");
    let first = params(&network).into_iter().next().map(|(_, p)| p.value.clone());
    let patterns = first.iter().flat_map(|w| w.data::<f32>()).flat_map(|w| w.chunks(9));
    print!("{}", beside(&patterns.map(|w| picture(w, 3)).collect::<Vec<_>>()));

    let (x, _) = pictures(3, 12)?;
    for (i, p) in answer(&network, &x)?.iter().enumerate() {
        let (one, class) = (x.rows(i, 1)?, best(p));
        println!(
            "\nThis is a {} ({:.1} % sure). The picture, what one pattern answers, and the evidence:\n",
            NAMES[class],
            100.0 * p[class]
        );
        let pass = Pass::inference();
        let answers =
            network.layers[..3].iter().try_fold(pass.input(&one), |x, layer| layer.forward(&pass, &x))?;
        let pattern: Vec<f32> = answers.value().data::<f32>()?.iter().step_by(8).copied().collect();
        let found: Vec<f32> = evidence(&network, &one, class)?.into_iter().map(|e| e.max(0.0)).collect();
        let shown = [one.data::<f32>()?, &pattern, &found].map(|pixels| picture(pixels, SIDE));
        print!("{}", beside(&shown));
    }
    let [whole, most, others] = sureness(&network, 100)?;
    println!(
        "\nIs the evidence true? Over 100 pictures the network is {:.0} % sure of its answer,",
        100.0 * whole
    );
    println!(
        "without the ten pixels with the most evidence {:.0} %, without ten others {:.0} %.",
        100.0 * most,
        100.0 * others
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn it_names_new_pictures_and_its_evidence_is_true() {
        let network = learn().unwrap();
        let found = accuracy(&network).unwrap();
        assert!(found > 0.95, "accuracy {found}");
        let [whole, most, others] = sureness(&network, 100).unwrap();
        assert!(whole - most > 3.0 * (whole - others) && whole - most > 0.2, "{whole}, {most}, {others}");
    }
}
