//! Recommending.

use super::{Workload, normal, whole};
use pellucid_grad::{Var, ops};
use pellucid_nn::layers::Embedding;
use pellucid_nn::optim::{Adam, AdamOptions, Optimizer};
use pellucid_nn::state::Named;
use pellucid_nn::{Layer, Module, Pass, Seed, module};
use pellucid_tensor::{Result, Tensor};

const USERS: usize = 50_000;
const ITEMS: usize = 20_000;
const WIDTH: usize = 64;
const BATCH: usize = 4096;

struct Model {
    users: Embedding,
    items: Embedding,
    user_bias: Embedding,
    item_bias: Embedding,
}

module!(Model { users, items, user_bias, item_bias });

struct Ratings {
    model: Model,
    users: Tensor,
    items: Tensor,
    ratings: Tensor,
}

/// W6: rating = user · item + biases, batch 4,096, Adam on the rows in use.
pub(super) fn factors() -> Result<Box<dyn Workload>> {
    let seed = Seed::new(0);
    let model = Model {
        users: Embedding::new(&seed.part("users"), USERS, WIDTH)?,
        items: Embedding::new(&seed.part("items"), ITEMS, WIDTH)?,
        user_bias: Embedding::new(&seed.part("user bias"), USERS, 1)?,
        item_bias: Embedding::new(&seed.part("item bias"), ITEMS, 1)?,
    };
    let (users, items) = (whole("users", USERS, &[BATCH])?, whole("items", ITEMS, &[BATCH])?);
    Ok(Box::new(Ratings { model, users, items, ratings: normal("ratings", &[BATCH])? }))
}

impl Workload for Ratings {
    fn model(&self) -> &dyn Module {
        &self.model
    }
    fn model_mut(&mut self) -> &mut dyn Module {
        &mut self.model
    }
    fn batch(&self) -> Named {
        let of = |name: &str, tensor: &Tensor| (name.to_owned(), tensor.clone());
        Named::from([of("users", &self.users), of("items", &self.items), of("y", &self.ratings)])
    }
    fn loss(&self, pass: &Pass) -> Result<Var> {
        let (users, items) = (pass.input(&self.users), pass.input(&self.items));
        let vectors =
            ops::mul(&self.model.users.forward(pass, &users)?, &self.model.items.forward(pass, &items)?)?;
        let biases = ops::add(
            &self.model.user_bias.forward(pass, &users)?,
            &self.model.item_bias.forward(pass, &items)?,
        )?;
        let rating = ops::add(&ops::sum_axis(&vectors, 1, true)?, &biases)?;
        ops::mse(&ops::reshape(&rating, &[BATCH])?, &self.ratings, None)
    }
    fn optimizer(&self) -> Option<Box<dyn Optimizer>> {
        // PyTorch's SparseAdam adds ε before it corrects the moments' bias, its Adam after that: a tiny one, so that all
        // do the same.
        let options = AdamOptions { epsilon: 1e-12, sparse: true, ..AdamOptions::adam() };
        Some(Box::new(Adam::new(options)))
    }
    fn multiply_adds(&self) -> u64 {
        (BATCH * WIDTH) as u64
    }
}
