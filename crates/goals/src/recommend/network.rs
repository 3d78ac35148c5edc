//! The network: a person is what they took and how they liked it; a thing is who takes it.

use super::sequence::Sequence;
use super::unseen::Rows;
use crate::causal;
use crate::networks::Placed;
use pellucid_grad::{Var, ops};
use pellucid_kernels::activation::Activation;
use pellucid_nn::layers::{Embedding, Linear};
use pellucid_nn::{InWords, Init, Layer, LayerRow, Module, Param, Pass, Seed, module, set_pace};
use pellucid_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// The deviation of first numbers that say hardly anything: what nobody has taken is not foreseen by chance.
const SLIGHT: f64 = 0.03;

/// What is taken is learned so much more slowly than how it is liked, for it is learned by heart sooner.
const PACE: f64 = 0.1;

/// What sees the order is learned so much more slowly.
const PACE_OF_ORDER: f64 = 0.3;

/// What a [`Tastes`] is built from, beside how many users and items there are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Blueprint {
    /// Numbers of the vectors that say what is taken next.
    pub(crate) width: usize,
    /// Numbers of the vectors that say how it is liked; 0 where there are no ratings.
    pub(crate) rating_width: usize,
    /// What is known of an item beside its name, and of a user: how many numbers.
    pub(crate) sides: [usize; 2],
    /// What sees the order in which things were taken, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sequence: Option<causal::Blueprint>,
}

/// What people took, as the network sees it: n users, each with the same number of places, of which some are empty.
#[derive(Clone, Debug)]
pub(crate) struct Past {
    /// `[n, places]` (`u32`): items; anything where a place is empty.
    pub(crate) items: Tensor,
    /// `[n, 1, places]`: 1 / √(things taken), 0 where a place is empty.
    pub(crate) weights: Tensor,
    /// `[n, 1, places]`: the same times how much more than on average each was liked.
    pub(crate) liking: Tensor,
    /// `[n]` (`u32`): the users' numbers, 0 for one who is not known, counted from 1.
    pub(crate) users: Tensor,
    /// `[n, numbers]`: what is known of the users, if anything is.
    pub(crate) sides: Option<Tensor>,
}

/// A linear autoencoder of two low-rank maps (as Steck, arXiv 1905.03375, but factored): of what people took, one foresees what else they take,
/// the other how they like it, as asymmetric factorisation does (Paterek 2007; Koren 2008). There is no vector for a user, so who is new is
/// understood as soon as he has taken something; what is new is understood by what is known of it (`unseen.rs`). Because the maps are linear, each
/// answer is the sum of what every thing taken says for it. Beside them may stand what sees the order.
pub(crate) struct Tastes {
    /// What having an item says of what else is taken.
    having: Embedding,
    taking: Side,
    /// How an item is liked.
    rating: Option<Rating>,
    /// What is taken next, by the order.
    pub(crate) sequence: Option<Sequence>,
}

module!(Tastes { having, taking, rating, sequence });

/// A vector and a number for each item, of its own and from what is known of it.
struct Side {
    vectors: Embedding,
    numbers: Embedding,
    /// From what is known of an item to its vector and, last, its number.
    known: Option<Linear>,
    /// From what is known of a user to his vector and number.
    of_users: Option<Linear>,
    width: usize,
}

module!(Side { vectors, numbers, known, of_users });

/// The map that says how something is liked.
struct Rating {
    having: Embedding,
    liking: Embedding,
    side: Side,
    /// Whether a user likes more or less of everything; row 0 for one who is not known.
    generous: Embedding,
}

module!(Rating { having, liking, side, generous });

/// A table of zeros: at first it says nothing.
fn silent(rows: usize, width: usize) -> Result<Embedding> {
    Ok(Embedding { weight: Param::bias(Init::Zeros.tensor(&[rows, width], &Seed::none())?) })
}

/// A table of small numbers.
fn small(seed: &Seed, rows: usize, width: usize, deviation: f64) -> Result<Embedding> {
    Ok(Embedding {
        weight: Param::bias(Init::Normal(deviation).tensor(&[rows, width], &seed.part("weight"))?),
    })
}

/// Takes what users took together: `[n, places]` of a table with weights `[n, 1, places]`, as `[n, width]`.
fn sum(pass: &Pass, table: &Embedding, items: &Tensor, weights: &Tensor) -> Result<Var> {
    let vectors = table.forward(pass, &pass.input(items))?;
    let sum = ops::matmul(&pass.input(weights), &vectors)?;
    let (n, width) = (sum.shape()[0], sum.shape().last());
    ops::reshape(&sum, &[n, width])
}

impl Side {
    fn new(
        seed: &Seed,
        items: usize,
        width: usize,
        [known, of_users]: [usize; 2],
        deviation: f64,
    ) -> Result<Side> {
        let map = |name: &str, numbers: usize| -> Result<Option<Linear>> {
            if numbers == 0 {
                return Ok(None);
            }
            let mut map =
                Linear::new(&seed.part(name), numbers, width + 1, Activation::Identity)?.without_bias();
            map.weight =
                Param::weight(Init::Normal(0.01).tensor(map.weight.value.shape(), &seed.part(name))?);
            Ok(Some(map))
        };
        Ok(Side {
            vectors: small(&seed.part("vectors"), items, width, deviation)?,
            numbers: silent(items, 1)?,
            known: map("known", known)?,
            of_users: map("of_users", of_users)?,
            width,
        })
    }

    /// Vectors and numbers, `[n, width + 1]`, of items `[n]` of which this is known, `[n, numbers]`.
    fn items(&self, pass: &Pass, items: &Tensor, known: Option<&Tensor>) -> Result<Var> {
        let items = pass.input(items);
        let own =
            ops::concat(&[&self.vectors.forward(pass, &items)?, &self.numbers.forward(pass, &items)?], 1)?;
        match (&self.known, known) {
            (Some(map), Some(known)) => ops::add(&own, &map.forward(pass, &pass.input(known))?),
            _ => Ok(own),
        }
    }

    /// Users' vectors `[n, width]` with a 1 behind, so that a product with an item's vector and number adds the number; and what is known of them.
    fn users(&self, pass: &Pass, vectors: &Var, known: Option<&Tensor>) -> Result<Var> {
        let one = pass.input(&Tensor::full(1f32, &[vectors.shape()[0], 1])?);
        let vectors = ops::concat(&[vectors, &one], 1)?;
        match (&self.of_users, known) {
            (Some(map), Some(known)) => ops::add(&vectors, &map.forward(pass, &pass.input(known))?),
            _ => Ok(vectors),
        }
    }
}

impl Tastes {
    /// For so many users and items.
    ///
    /// # Errors
    /// An impossible size, and no memory.
    pub(crate) fn new(seed: &Seed, b: &Blueprint, [users, items]: [usize; 2]) -> Result<Tastes> {
        let rating = || -> Result<Rating> {
            let seed = seed.part("rating");
            Ok(Rating {
                having: small(&seed.part("having"), items, b.rating_width, 0.01)?,
                liking: small(&seed.part("liking"), items, b.rating_width, 0.01)?,
                side: Side::new(&seed, items, b.rating_width, b.sides, 0.1)?,
                generous: silent(users + 1, 1)?,
            })
        };
        let sequence = b.sequence.as_ref().map(|b| Sequence::new(&seed.part("sequence"), b, items));
        let mut tastes = Tastes {
            having: small(&seed.part("having"), items, b.width, SLIGHT)?,
            taking: Side::new(&seed.part("taking"), items, b.width, b.sides, SLIGHT)?,
            rating: (b.rating_width > 0).then(rating).transpose()?,
            sequence: sequence.transpose()?,
        };
        set_pace(&mut tastes.having, PACE);
        set_pace(&mut tastes.taking, PACE);
        set_pace(&mut tastes.sequence, PACE_OF_ORDER);
        Ok(tastes)
    }

    /// How much each item is expected to be taken: logits `[n, items]`.
    ///
    /// items: `[items]` (`u32`), known: `[items, numbers]`.
    ///
    /// # Errors
    /// Items that are not there, and no memory.
    pub(crate) fn expected(
        &self,
        pass: &Pass,
        past: &Past,
        items: &Tensor,
        known: Option<&Tensor>,
    ) -> Result<Var> {
        let users = sum(pass, &self.having, &past.items, &past.weights)?;
        let users = self.taking.users(pass, &users, past.sides.as_ref())?;
        ops::matmul_t(&users, &self.taking.items(pass, items, known)?)
    }

    /// How much some items are liked by some of the users, in deviations from the mean: `[m]`, with the squares of all that it is made from, `[m]`,
    /// which are to stay small. None if it has not learned from ratings.
    ///
    /// who: `[m]` (`u32`), positions among the users; items: `[m]` (`u32`); known: `[m, numbers]`.
    ///
    /// # Errors
    /// Users and items that are not there, and no memory.
    pub(crate) fn liked(
        &self,
        pass: &Pass,
        past: &Past,
        [who, items]: [&Tensor; 2],
        known: Option<&Tensor>,
    ) -> Result<Option<(Var, Var)>> {
        let Some(rating) = &self.rating else { return Ok(None) };
        let users = ops::add(
            &sum(pass, &rating.having, &past.items, &past.weights)?,
            &sum(pass, &rating.liking, &past.items, &past.liking)?,
        )?;
        let users = rating.side.users(pass, &users, past.sides.as_ref())?;
        let users = ops::index_select(&users, 0, who)?;
        let generous = rating.generous.forward(pass, &pass.input(&past.users))?;
        let generous = ops::index_select(&generous, 0, who)?;
        let items = rating.side.items(pass, items, known)?;
        let product = ops::sum_axis(&ops::mul(&users, &items)?, 1, true)?;
        let liked = ops::add(&product, &generous)?;
        let width = rating.side.width;
        let squares = |x: &Var| {
            let x = ops::narrow(x, 1, 0, width)?;
            ops::sum_axis(&ops::mul(&x, &x)?, 1, true)
        };
        let number = ops::narrow(&items, 1, width, 1)?;
        let plain = ops::add(&ops::mul(&generous, &generous)?, &ops::mul(&number, &number)?)?;
        // Numbers of users and items may be larger than what their vectors have to say.
        let large = ops::add(&ops::add(&squares(&users)?, &squares(&items)?)?, &ops::scale(&plain, 0.2)?)?;
        let flat = |x: &Var| ops::reshape(x, &[x.shape()[0]]);
        Ok(Some((flat(&liked)?, flat(&large)?)))
    }

    /// What having an item says for taking others: `[m, items]` for the items `having` `[m]` (`u32`), to be multiplied by 1 / √(things taken).
    ///
    /// # Errors
    /// Items that are not there, and no memory.
    pub(crate) fn says(
        &self,
        pass: &Pass,
        having: &Tensor,
        items: &Tensor,
        known: Option<&Tensor>,
    ) -> Result<Var> {
        let width = self.taking.width;
        let vectors = self.having.forward(pass, &pass.input(having))?;
        let items = ops::narrow(&self.taking.items(pass, items, known)?, 1, 0, width)?;
        ops::matmul_t(&vectors, &items)
    }

    /// The tables that have a row for each item: those that say what is taken, and those that say how it is liked.
    pub(super) fn tables_of_items(&mut self) -> [Vec<Rows<'_>>; 2] {
        fn rows(table: &mut Embedding, exponents: bool) -> Rows<'_> {
            Rows { table: &mut table.weight, exponents }
        }
        let taking = &mut self.taking;
        let mut first = vec![
            rows(&mut self.having, false),
            rows(&mut taking.vectors, false),
            rows(&mut taking.numbers, true),
        ];
        first.extend(self.sequence.as_mut().map(Sequence::table_of_items));
        let rating = self.rating.iter_mut().flat_map(|rating| {
            let side = &mut rating.side;
            [&mut rating.having, &mut rating.liking, &mut side.vectors, &mut side.numbers]
        });
        [first, rating.map(|table| rows(table, false)).collect()]
    }

    /// Its parts in words.
    ///
    /// # Errors
    /// Impossible sizes.
    pub(crate) fn describe(&self, items: usize) -> Result<Vec<Placed>> {
        let show =
            |part: &str, lane: u32, title: &str, does: &str, module: &dyn Module, output: Vec<usize>| {
                let multiply_adds = output.iter().product::<usize>() as u64;
                let row = LayerRow::new(does, InWords::step(title, does), output, multiply_adds, &[module]);
                Placed::new(part, 0, row).in_lane(lane)
            };
        let width = self.taking.width;
        let having = "says what having an item says of what else is taken";
        let mut layers = vec![
            show("having", 0, "What was taken", having, &self.having, vec![items, width]),
            show(
                "taking",
                0,
                "What is taken",
                "says who takes an item",
                &self.taking,
                vec![items, width + 1],
            ),
        ];
        let liking = "says how an item is liked, by what was taken and liked";
        layers.extend(
            self.rating
                .as_ref()
                .map(|r| show("rating", 1, "What is liked", liking, r, vec![items, r.side.width + 1])),
        );
        layers.extend(self.sequence.as_ref().map(Sequence::describe).transpose()?.unwrap_or_default());
        Ok(layers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_drawn_whole() {
        let sequence = causal::Blueprint { width: 16, depth: 2, heads: 2, dropout: 0.1, context: 6 };
        for (rating_width, sides, sequence) in [(0, [0, 0], None), (4, [3, 2], Some(sequence))] {
            let b = Blueprint { width: 8, rating_width, sides, sequence };
            let tastes = Tastes::new(&Seed::new(5), &b, [7, 9]).unwrap();
            let drawing = crate::drawing::tests::complete(tastes.describe(9).unwrap(), &tastes);
            assert!(drawing.contains("What was taken"), "{drawing}");
        }
    }
}
