//! Networks on columns of numbers.

use super::{Workload, classifier, normal, training_optimizer, whole};
use pellucid_goals::networks;
use pellucid_grad::{Var, ops};
use pellucid_kernels::activation::Activation::{Identity, Relu};
use pellucid_nn::layers::{Embedding, Linear, Sequential};
use pellucid_nn::optim::{Adam, AdamOptions, Optimizer};
use pellucid_nn::state::Named;
use pellucid_nn::{Layer, Module, Pass, Seed, module};
use pellucid_tensor::{Result, Tensor};

/// W1: 54 → 256 → 256 → 7, batch 256, Adam.
pub(super) fn perceptron() -> Result<Box<dyn Workload>> {
    let seed = Seed::new(0);
    let net = Sequential::new()
        .then(Linear::new(&seed.part(0), 54, 256, Relu)?)
        .then(Linear::new(&seed.part(1), 256, 256, Relu)?)
        .then(Linear::new(&seed.part(2), 256, 7, Identity)?);
    classifier(net, normal("x", &[256, 54])?, whole("y", 7, &[256])?, || {
        Box::new(Adam::new(AdamOptions::adam()))
    })
}

/// Adult as `pellucid train` sees it: 5 columns of numbers, encoded in 141, and 8 categories with so many values each.
const NUMBERS: usize = 141;
const VALUES: [usize; 8] = [9, 17, 8, 15, 7, 6, 3, 41];
const ROWS: usize = 256;
const WIDTH: usize = 256;
const DEPTH: usize = 2;

/// A network on numbers and categories, put together as training does it.
struct Model {
    codes: Embedding,
    trunk: Sequential,
    head: Linear,
}

module!(Model { codes, trunk, head });

struct Columns {
    model: Model,
    numbers: Tensor,
    codes: Tensor,
    classes: Tensor,
}

/// The length of a row once its categories have become vectors.
fn joined() -> usize {
    NUMBERS + VALUES.len() * networks::code_width(&VALUES)
}

/// W8: the network that `pellucid train` builds for Adult, and its batch. Dropout is left out, for the losses to agree.
pub(super) fn columns() -> Result<Box<dyn Workload>> {
    let seed = Seed::new(0);
    let model = Model {
        codes: Embedding::new(&seed.part("codes"), VALUES.iter().sum(), networks::code_width(&VALUES))?,
        trunk: networks::vector(&seed.part("trunk"), joined(), WIDTH, DEPTH, 0.0)?,
        head: Linear::new(&seed.part("head0"), WIDTH, 2, Identity)?,
    };
    // Every column's codes lie after those of the columns before it.
    let mut codes = Tensor::unset::<u32>(&[ROWS, VALUES.len()])?;
    let mut first = 0;
    for (column, &values) in VALUES.iter().enumerate() {
        let drawn = whole(&format!("codes {column}"), values, &[ROWS])?;
        let places = codes.data_mut::<u32>()?.iter_mut().skip(column).step_by(VALUES.len());
        places.zip(drawn.data::<u32>()?).for_each(|(place, code)| *place = first + code);
        first += values as u32;
    }
    Ok(Box::new(Columns {
        model,
        numbers: normal("x", &[ROWS, NUMBERS])?,
        codes,
        classes: whole("y", 2, &[ROWS])?,
    }))
}

impl Workload for Columns {
    fn model(&self) -> &dyn Module {
        &self.model
    }
    fn model_mut(&mut self) -> &mut dyn Module {
        &mut self.model
    }
    fn batch(&self) -> Named {
        let of = |name: &str, tensor: &Tensor| (name.to_owned(), tensor.clone());
        Named::from([of("x", &self.numbers), of("codes", &self.codes), of("y", &self.classes)])
    }
    fn loss(&self, pass: &Pass) -> Result<Var> {
        let vectors = self.model.codes.forward(pass, &pass.input(&self.codes))?;
        let vectors = ops::reshape(&vectors, &[ROWS, joined() - NUMBERS])?;
        let joined = ops::concat(&[&pass.input(&self.numbers), &vectors], 1)?;
        let scores = self.model.head.forward(pass, &self.model.trunk.forward(pass, &joined)?)?;
        ops::cross_entropy(&scores, &self.classes, 0.0, None, None)
    }
    fn optimizer(&self) -> Option<Box<dyn Optimizer>> {
        Some(training_optimizer(0.02))
    }
    fn multiply_adds(&self) -> u64 {
        let trunk = self.model.trunk.multiply_adds(&[joined()]);
        ROWS as u64 * (trunk + self.model.head.multiply_adds(&[WIDTH]))
    }
}
