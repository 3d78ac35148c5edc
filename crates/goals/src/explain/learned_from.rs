//! Which training rows are most like an input to the network, and which of them pushed its answer.

use super::question::Asked;
use crate::Result;
use crate::model::{Model, Trust};
use crate::outcome::Answers;
use crate::predict::INFERENCE_BATCH;
use pellucid_grad::{Var, ops};
use pellucid_insight::explain::{Largest, cosine, push};
use pellucid_kinds::{Batch, Examples, Record, Target, TargetOptions, slots};
use pellucid_nn::Pass;
use pellucid_tensor::Tensor;

/// Explained inputs as the last layer of one member of a network sees them.
struct Front {
    /// `[inputs, width]`: what the head sees, as training shows it.
    seen: Tensor,
    /// `[inputs, width]`: what the outputs' slopes by the head's weights consist of, mirror images included.
    slopes: Tensor,
    /// The slope of the outputs by the head's shift.
    shift: f64,
    /// The length of each row of `seen`.
    sizes: Vec<f64>,
}

/// What ties a row that was learned from to an input.
#[derive(Clone, Copy, Debug, Default)]
struct Tie {
    /// The cosine of what the heads see of both, on average over members.
    alike: f64,
    /// By how much a step of learning on the row would raise what is explained.
    pushed: f64,
}

/// For one input the rows that are most like it, that push its answer, and that push against it, by their numbers.
pub(super) struct Behind {
    pub(super) similar: Largest,
    pub(super) pushing: Largest,
    pub(super) against: Largest,
}

/// Inputs whose answers are asked about, all to one target.
pub(super) struct Asking<'a> {
    model: &'a Model,
    target: usize,
    options: TargetOptions,
    fronts: Vec<Front>,
    /// For each input the slope of what is explained by the outputs.
    rises: Vec<Vec<f64>>,
    found: Vec<Behind>,
}

impl<'a> Asking<'a> {
    /// Asks about the answers to some inputs, for `rows` rows of each sort; `options` say how the target was learned.
    ///
    /// # Errors
    /// Records of other columns, and no memory.
    pub(super) fn new(
        model: &'a Model,
        inputs: &[Record],
        asked: &[Asked],
        options: TargetOptions,
        rows: usize,
    ) -> Result<Asking<'a>> {
        let target = asked.first().map_or(0, |asked| asked.target);
        let answers = model.answer(inputs)?.swap_remove(target);
        let trust = &model.trust[target];
        let what = &model.batcher.targets()[target];
        let rise = |(row, asked): (usize, &Asked)| rise(what, &answers, row, asked.output, trust);
        let behind = |_: &Record| Behind {
            similar: Largest::new(rows),
            pushing: Largest::new(rows),
            against: Largest::new(rows),
        };
        Ok(Asking {
            model,
            target,
            options,
            fronts: fronts(model, inputs, target)?,
            rises: asked.iter().enumerate().map(rise).collect(),
            found: inputs.iter().map(behind).collect(),
        })
    }

    /// Looks at some of the rows that were learned from; `progress` hears of how many it is done. Only a batch of them is in memory.
    ///
    /// # Errors
    /// Failures of reading, and no memory.
    pub(super) fn look_at(
        &mut self,
        examples: &Examples,
        records: &[usize],
        progress: &mut dyn FnMut(usize),
    ) -> Result<()> {
        for (done, some) in records.chunks(INFERENCE_BATCH).enumerate() {
            let batch = self.model.batcher.batch(examples, some, None)?;
            let truths: Vec<&[f64]> = some.iter().map(|&record| examples.targets(record)).collect();
            let seen = self.look(&batch, &truths)?;
            for (&record, row) in some.iter().zip(seen.chunks(self.found.len().max(1))) {
                for (found, Tie { alike, pushed }) in self.found.iter_mut().zip(row) {
                    found.similar.offer(record, *alike);
                    if *pushed > 0.0 {
                        found.pushing.offer(record, *pushed);
                    } else if *pushed < 0.0 {
                        found.against.offer(record, -pushed);
                    }
                }
            }
            progress(done * INFERENCE_BATCH + some.len());
        }
        Ok(())
    }

    /// What ties rows, whose numbers of all targets are `truths`, to the inputs: `[rows, inputs]`.
    fn look(&self, batch: &Batch, truths: &[&[f64]]) -> Result<Vec<Tie>> {
        let targets = self.model.batcher.targets();
        let (target, slots) = (&targets[self.target], slots(targets)[self.target].clone());
        let (members, inputs) = (self.fronts.len().max(1) as f64, self.found.len());
        let mut ties = vec![Tie::default(); truths.len() * inputs];
        for (member, front) in self.model.network.members().zip(&self.fronts) {
            let pass = Pass::inference();
            let features = member.features(&pass, batch)?;
            let outputs = member.read_out(&pass, &features)?.swap_remove(self.target);
            let sizes = lengths(features.value())?;
            let products = ops::matmul_t(&features, &pass.input(&front.seen))?;
            let along = ops::matmul_t(&features, &pass.input(&front.slopes))?;
            let (products, along) = (products.value().data::<f32>()?, along.value().data::<f32>()?);
            let outputs = outputs.value().data::<f32>()?.chunks(target.outputs().max(1));
            for (row, (outputs, truth)) in outputs.zip(truths).enumerate() {
                let truth = truth.get(slots.clone()).unwrap_or_default();
                let slope = target.slopes(outputs, truth, &self.options).unwrap_or_default();
                for (input, rise) in self.rises.iter().enumerate() {
                    let at = row * inputs + input;
                    let angle = cosine(f64::from(products[at]), [sizes[row], front.sizes[input]]);
                    // Each member learns by its own share of the loss, and has its own share in the answer.
                    let pushed = push(&slope, rise, f64::from(along[at]), front.shift);
                    ties[at].alike += angle / members;
                    ties[at].pushed += pushed / (members * members);
                }
            }
        }
        Ok(ties)
    }

    /// What was found, for each input.
    pub(super) fn found(self) -> Vec<Behind> {
        self.found
    }
}

/// The slope of what is explained by the outputs of a row: of a number in its own unit, or of the logarithm of the calibrated probability
/// of a class or tag.
fn rise(target: &Target, answers: &Answers, row: usize, output: usize, trust: &Trust) -> Vec<f64> {
    let q = answers.row(row);
    let of = |all: &[f32], class: usize| all.get(class).map_or(0.0, |&p| f64::from(p));
    // 1 − q as the sum of the others: near 1, a probability in single precision would lose it.
    let others: f64 = (0..q.len()).filter(|&class| class != output).map(|class| of(q, class)).sum();
    let short = |class| if class == output { others } else { -of(q, class) };
    let rises: Vec<f64> = match (target, &trust.dirichlet) {
        (Target::Number { scale, .. }, _) => return vec![*scale],
        (Target::Tags { names, .. }, _) => {
            (0..names.len()).map(|tag| if tag == output { 1.0 - of(q, tag) } else { 0.0 }).collect()
        }
        (Target::Classes { names, .. }, None) => (0..names.len()).map(short).collect(),
        (Target::Classes { names, .. }, Some(dirichlet)) => {
            // The chain rule through weighed logarithms of the probabilities p before.
            let p = dirichlet.undo(q);
            let weighed = |class: usize| short(class) * dirichlet.weights()[class];
            let all: f64 = (0..names.len()).map(weighed).sum();
            (0..names.len()).map(|class| weighed(class) - of(&p, class) * all).collect()
        }
    };
    rises.into_iter().map(|slope| slope / trust.temperature).collect()
}

/// What the heads of all members see of some inputs.
fn fronts(model: &Model, inputs: &[Record], target: usize) -> Result<Vec<Front>> {
    let network = &model.network;
    let mut parts: Vec<(Vec<f32>, Vec<f32>, f64)> =
        network.members().map(|_| (Vec::new(), Vec::new(), 1.0)).collect();
    for some in inputs.chunks(INFERENCE_BATCH) {
        let pass = Pass::inference();
        let batch = model.batcher.assemble(some, None)?;
        let seen = network.see(&pass, &batch)?;
        for ((member, looked_up), part) in network.members().zip(&seen.looked_up).zip(&mut parts) {
            let (plain, mirrored) = member.features_seen(&pass, &seen, looked_up)?;
            let negated = network.negates(&model.batcher.targets()[target]);
            let slopes: Var = match &mirrored {
                Some(other) if negated => ops::scale(&ops::sub(&plain, other)?, 0.5)?,
                Some(other) => ops::scale(&ops::add(&plain, other)?, 0.5)?,
                None => plain.clone(),
            };
            part.0.extend_from_slice(plain.value().data::<f32>()?);
            part.1.extend_from_slice(slopes.value().data::<f32>()?);
            part.2 = if mirrored.is_some() && negated { 0.0 } else { 1.0 };
        }
    }
    let front = |(seen, slopes, shift): (Vec<f32>, Vec<f32>, f64)| {
        let shape = [inputs.len(), seen.len() / inputs.len().max(1)];
        let seen = Tensor::new(&seen, &shape)?;
        Ok(Front { sizes: lengths(&seen)?, seen, slopes: Tensor::new(&slopes, &shape)?, shift })
    };
    parts.into_iter().map(front).collect()
}

/// The length of each row of `[rows, width]`.
fn lengths(rows: &Tensor) -> Result<Vec<f64>> {
    let length = |row: &[f32]| row.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
    Ok(rows.data::<f32>()?.chunks(rows.shape().last().max(1)).map(length).collect())
}

#[cfg(test)]
mod tests {
    use super::super::flat::scores;
    use super::*;
    use crate::networks::TextBlueprint;
    use crate::predict::{Blueprint, Network};
    use pellucid_kinds::image::Mirroring;
    use pellucid_kinds::{Batcher, Encoder, Feature};
    use pellucid_nn::{ParamId, Seed, params};
    use pellucid_tensor::Stream;
    use std::collections::BTreeMap;

    const SIDE: usize = 8;

    /// A network for a number, a category and a picture that has learned nothing.
    fn model(target: Target, members: usize, mirror: Mirroring) -> Model {
        let name = String::new;
        let features = vec![
            Feature::Number { name: name(), edges: vec![-1.0, 0.0, 1.0], mean: 0.0, scale: 1.0 },
            Feature::Code { name: name(), size: 3 },
            Feature::Picture {
                name: name(),
                height: SIDE,
                width: SIDE,
                channels: 1,
                mean: vec![0.5],
                scale: vec![0.3],
            },
        ];
        let blueprint = Blueprint {
            layers: None,
            channels: 4,
            blocks: 1,
            text: TextBlueprint::default(),
            vision: None,
            width: 12,
            depth: 1,
            dropout: 0.1,
            standardised: false,
            members,
            mirror,
        };
        let batcher = Batcher::new(features, vec![target]);
        let network = Network::build(&blueprint, &batcher, &Seed::new(3)).unwrap();
        let encoder = Encoder { inputs: Vec::new(), targets: Vec::new() };
        let mut model = Model::new(encoder, batcher, network, blueprint);
        model.trust[0].temperature = 1.7;
        model
    }

    fn record(random: &mut Stream, targets: Vec<f64>) -> Record {
        Record {
            numbers: vec![f64::from(random.normal())],
            codes: vec![random.below(3) as u32],
            pictures: (0..SIDE * SIDE).map(|_| random.below(256) as u8).collect(),
            targets,
            ..Record::default()
        }
    }

    type ByHead = BTreeMap<ParamId, Vec<f64>>;

    /// The engine's gradients of a number by the weights and shifts of all heads.
    fn gradients(model: &Model, of: impl FnOnce(&Pass) -> Var) -> ByHead {
        let pass = Pass::evaluating_with_gradients();
        let gradients = of(&pass).backward().unwrap();
        let mut step = pass.finish(gradients);
        let heads = params(&model.network).into_iter().filter(|(name, _)| name.contains("heads."));
        let of_head = heads.map(|(_, param)| (param.id(), step.gradients.remove(&param.id()).unwrap()));
        of_head.map(|(id, gradient)| (id, gradient.to_dense().unwrap().to_vec())).collect()
    }

    /// By how much what is explained rises, by the engine's own gradients.
    fn engines(model: &Model, input: &Record, asked: Asked, row: &Record, options: &TargetOptions) -> f64 {
        let batch = |record: &Record| model.batcher.assemble(std::slice::from_ref(record), None).unwrap();
        let target = &model.batcher.targets()[0];
        let members = model.network.members().count() as f64;
        let loss = gradients(model, |pass| {
            let batch = batch(row);
            let (truth, of) = (&batch.truths[0], |output: &Var| {
                target.loss(output, &batch.truths[0].values, &batch.truths[0].weights, options).unwrap()
            });
            assert_eq!(truth.weights.to_vec(), [1.0]);
            let losses = model.network.members().map(|m| of(&m.forward(pass, &batch).unwrap()[0]));
            let sum = losses.reduce(|a, b| ops::add(&a, &b).unwrap()).unwrap();
            ops::scale(&sum, 1.0 / members).unwrap()
        });
        let rise = gradients(model, |pass| {
            let seen = model.network.see(pass, &batch(input)).unwrap();
            let output = model.network.answer_seen(pass, &seen).unwrap().swap_remove(0);
            if let Target::Number { scale, .. } = target {
                return ops::scale(&ops::sum(&output).unwrap(), *scale).unwrap();
            }
            let mut softer = ops::scale(&output, 1.0 / model.trust[0].temperature).unwrap();
            if let Some(dirichlet) = &model.trust[0].dirichlet {
                softer = scores(dirichlet, &ops::log_softmax(&softer).unwrap()).unwrap();
            }
            let surprise = match target {
                Target::Tags { .. } => {
                    let one = ops::narrow(&softer, 1, asked.output, 1).unwrap();
                    ops::binary_cross_entropy(&one, &Tensor::full(1f32, &[1, 1]).unwrap(), 1.0, None)
                }
                _ => {
                    let label = Tensor::new(&[asked.output as u32], &[1]).unwrap();
                    ops::cross_entropy(&softer, &label, 0.0, None, None)
                }
            };
            ops::scale(&surprise.unwrap(), -1.0).unwrap()
        });
        assert!(!loss.is_empty() && loss.keys().eq(rise.keys()));
        -loss.iter().map(|(id, of)| of.iter().zip(&rise[id]).map(|(a, b)| a * b).sum::<f64>()).sum::<f64>()
    }

    #[test]
    fn pushes_are_the_products_of_the_engines_gradients() {
        let names = || ["a", "b", "c"].map(str::to_owned).to_vec();
        let classes = Target::Classes { names: names(), counts: vec![1; 3] };
        let tags = Target::Tags {
            names: names(),
            counts: vec![1; 3],
            rows: 3,
            left_out: 0,
            always: false,
            commonest: vec![0],
            separator: " ".to_owned(),
        };
        let number = Target::Number { mean: 4.0, scale: 2.5, median: 4.0 };
        let smoothed = TargetOptions { smoothing: 0.1, class_weights: None };
        let cases = [
            (classes.clone(), 1, Mirroring::Never, smoothed.clone(), vec![2.0]),
            (classes, 2, Mirroring::Keeps, smoothed, vec![0.0]),
            (tags, 2, Mirroring::Never, TargetOptions::default(), vec![1.0, 0.0, 1.0]),
            (number.clone(), 1, Mirroring::Keeps, TargetOptions::default(), vec![5.0]),
            (number, 2, Mirroring::Negates, TargetOptions::default(), vec![1.0]),
        ];
        for (target, members, mirror, options, truth) in cases {
            let mut model = model(target.clone(), members, mirror);
            if members == 2 && matches!(target, Target::Classes { .. }) {
                let bent = serde_json::json!({ "weights": [0.6, 1.3, 0.9], "biases": [0.5, -0.8, 0.1] });
                model.trust[0].dirichlet = serde_json::from_value(bent).unwrap();
            }
            let mut random = Stream::new(1, "pushes", 0);
            let unknown = vec![f64::NAN; target.slots()];
            let inputs = [record(&mut random, unknown.clone()), record(&mut random, unknown)];
            let output = if matches!(target, Target::Number { .. }) { 0 } else { 1 };
            let asked = [Asked { target: 0, output }; 2];
            let rows = [record(&mut random, truth.clone()), record(&mut random, truth), inputs[0].clone()];
            let asking = Asking::new(&model, &inputs, &asked, options.clone(), 1).unwrap();
            let truths: Vec<&[f64]> = rows.iter().map(|row| row.targets.as_slice()).collect();
            let ties = asking.look(&model.batcher.assemble(&rows, None).unwrap(), &truths).unwrap();
            assert_eq!(ties.len(), rows.len() * inputs.len());
            for (row, ties) in rows[..2].iter().zip(ties.chunks(2)) {
                for ((input, asked), tie) in inputs.iter().zip(asked).zip(ties) {
                    let expected = engines(&model, input, asked, row, &options);
                    let near = (tie.pushed - expected).abs() <= 1e-4 * expected.abs().max(1e-3);
                    assert!(near, "{target:?}, {members} members: {} and not {expected}", tie.pushed);
                }
            }
            assert!((ties[4].alike - 1.0).abs() < 1e-6 && ties[4].pushed == 0.0, "the same, and no truth");
        }
    }
}
