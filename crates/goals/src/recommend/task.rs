//! Users as batches: a part of what each took is shown, and the rest is to be foreseen.

use super::history::{History, Taken};
use super::network::{Past, Tastes};
use super::rank::{Known, Scorer, Scoring, lists, ratings};
use super::sequence::Stretches;
use super::side::Sides;
use crate::Result;
use crate::dataset::Owner;
use crate::networks::{Structure, end, tensors_of};
use pellucid_data::Part;
use pellucid_grad::{Var, ops};
use pellucid_nn::{Module, ParamId, Pass};
use pellucid_tensor::{Stream, Tensor};
use pellucid_train::metrics::RankedList;
use pellucid_train::{Failure, Source, Task, Validation};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The share of what a user took that is hidden, to be foreseen.
const HIDDEN: f32 = 0.5;

/// The most things of a user that are shown, the last ones.
pub(super) const SHOWN: usize = 500;

/// As many items are told apart at once; of more, others are drawn beside those that were taken.
const CANDIDATES: usize = 8_192;

/// How strongly all that a rating is made from is kept small, for each rating.
const SMALL: f64 = 0.1;

/// Users that a validation looks at, at most.
const VALIDATED: usize = 2_000;

/// How ratings are written: deviations from the mean.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scale {
    pub(crate) mean: f64,
    pub(crate) deviation: f64,
    /// The lowest and the highest that was given.
    pub(crate) range: [f64; 2],
}

impl Scale {
    /// Of the training ratings; `None` if there are none.
    pub(crate) fn of(history: &History) -> Option<Scale> {
        if !history.rated {
            return None;
        }
        let all: Vec<f64> = history.part(Part::Train).map(|taken| f64::from(taken.rating)).collect();
        let n = all.len().max(1) as f64;
        let mean = all.iter().sum::<f64>() / n;
        let variance = all.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        let range = [f64::min, f64::max].map(|f| all.iter().copied().reduce(f).unwrap_or(mean));
        Some(Scale { mean, deviation: variance.sqrt().max(1e-6), range })
    }

    /// How much more than on average something was liked, in deviations.
    pub(crate) fn liking(&self, rating: f64) -> f32 {
        ((rating - self.mean) / self.deviation) as f32
    }

    /// The rating, within those that were given.
    pub(crate) fn rating(&self, liking: f32) -> f64 {
        (self.mean + self.deviation * f64::from(liking)).clamp(self.range[0], self.range[1])
    }
}

/// All that is known before anything is learned.
pub(crate) struct People {
    pub(crate) history: History,
    pub(crate) scale: Option<Scale>,
    /// What is known of items, and of users.
    pub(crate) sides: [Sides; 2],
}

impl People {
    /// Something that was taken, and how much it was liked.
    pub(crate) fn known(&self, taken: &Taken) -> (u32, f32) {
        let liking = self.scale.as_ref().map_or(0.0, |scale| scale.liking(f64::from(taken.rating)));
        (taken.item, liking)
    }

    /// What a user took in some parts, in the order of time.
    pub(crate) fn past(&self, user: usize, wanted: impl Fn(Part) -> bool) -> Known {
        Known {
            user: Some(user as u32),
            taken: self.history.of(user, wanted).map(|taken| self.known(taken)).collect(),
        }
    }

    /// A text that differs when what was taken does, and with `sides` also when what is known beside it does.
    pub(crate) fn fingerprint(&self, sides: bool) -> String {
        let history = self.history.fingerprint();
        if !sides {
            return history;
        }
        let mut hash = Sha256::new();
        hash.update(history);
        self.sides.iter().flat_map(Sides::numbers).for_each(|x| hash.update(x.to_le_bytes()));
        pellucid_base::hex(&hash.finalize())
    }
}

/// Users of whom something is known.
pub(crate) struct UserSource {
    people: Arc<People>,
    users: Vec<usize>,
    /// The items that are told apart: all, or those taken, if the others are foreseen by what is known of them.
    items: Vec<u32>,
    /// How much of the order is shown, if it is learned from.
    context: Option<usize>,
}

/// Users made ready for the network.
pub(crate) struct UserBatch {
    past: Past,
    /// `[candidates]` (`u32`): the items that are told apart.
    items: Tensor,
    known: Option<Tensor>,
    /// `[n, candidates]`: shares of what is hidden.
    hidden: Tensor,
    /// `[m]` (`u32`): positions of users, and their hidden items.
    who: Tensor,
    what: Tensor,
    known_of_what: Option<Tensor>,
    /// `[m]`.
    liking: Tensor,
    order: Option<Following>,
}

/// What users took in a row.
struct Following {
    stretches: Stretches,
    /// `[m]` (`u32`): for each place of these, the position among the items of what was taken next.
    next: Tensor,
}

impl UserSource {
    /// To learn also from the order, as much of it as `context` says, if there is one.
    pub(crate) fn new(people: Arc<People>, context: Option<usize>) -> UserSource {
        let has = |user: &usize| people.history.of(*user, |part| part == Part::Train).next().is_some();
        let users = (0..people.history.users.len()).filter(has).collect();
        let learned = people.history.learned(Owner::Item);
        let foreseen = people.sides[0].width > 0;
        let items = (0u32..).zip(learned).filter(|(_, learned)| *learned || !foreseen);
        UserSource { users, items: items.map(|(item, _)| item).collect(), context, people }
    }

    fn read(&self, rows: &[usize], random: &mut Stream) -> Result<UserBatch> {
        let (mut shown, mut hidden) = (Vec::new(), Vec::new());
        for &row in rows {
            let mut past = self.people.past(self.users[row], |part| part == Part::Train);
            let mut own = Vec::new();
            past.taken.retain(|taken| {
                let hide = random.uniform() < HIDDEN;
                own.extend(hide.then_some(*taken));
                !hide
            });
            // Something must be left to be foreseen.
            own.extend(if own.is_empty() { past.taken.pop() } else { None });
            random.shuffle(&mut own);
            own.truncate(SHOWN);
            shown.push(past);
            hidden.push(own);
        }
        let stretches: Vec<Vec<u32>> = match self.context {
            Some(context) => rows.iter().filter_map(|&row| self.stretch(row, context, random)).collect(),
            None => Vec::new(),
        };
        let wanted = hidden.iter().flatten().map(|&(item, _)| item);
        let wanted = wanted.chain(stretches.iter().flat_map(|items| &items[1..]).copied());
        let items = self.candidates(wanted, random);
        let place = |item: u32| items.binary_search(&item).ok();
        let mut shares = vec![0.0f32; rows.len() * items.len()];
        let (mut who, mut what, mut liking) = (Vec::new(), Vec::new(), Vec::new());
        for (user, own) in hidden.iter().enumerate() {
            for &(item, liked) in own {
                if let Some(at) = place(item) {
                    shares[user * items.len() + at] = 1.0 / own.len() as f32;
                }
                who.push(user as u32);
                what.push(item);
                liking.push(liked);
            }
        }
        let sides = &self.people.sides;
        Ok(UserBatch {
            past: Past::of(&shown.iter().collect::<Vec<_>>(), &sides[1])?,
            known: sides[0].some(&items)?,
            hidden: Tensor::new(&shares, &[rows.len(), items.len()])?,
            items: Tensor::new(&items, &[items.len()])?,
            known_of_what: sides[0].some(&what)?,
            who: Tensor::new(&who, &[who.len()])?,
            what: Tensor::new(&what, &[what.len()])?,
            liking: Tensor::new(&liking, &[liking.len()])?,
            order: following(&stretches, place)?,
        })
    }

    /// What a user took in a row, one thing more than are shown: it ends anywhere, so that no two passes cut at the same places. `None` of one
    /// thing only.
    fn stretch(&self, row: usize, context: usize, random: &mut Stream) -> Option<Vec<u32>> {
        let all = self.people.history.items_of(self.users[row], Part::Train);
        let places = context.min(all.len().saturating_sub(1));
        let start = random.below(all.len() - places);
        (places > 0).then(|| all[start..=start + places].to_vec())
    }

    /// All that are told apart, or, if there are many, those wanted and others that are drawn by chance (Jean et al., arXiv 1412.2007); ascending.
    fn candidates(&self, wanted: impl Iterator<Item = u32>, random: &mut Stream) -> Vec<u32> {
        let all = &self.items;
        if all.len() <= CANDIDATES {
            return all.clone();
        }
        let mut items: Vec<u32> = wanted.collect();
        items.extend((0..CANDIDATES).map(|_| all[random.below(all.len())]));
        items.sort_unstable();
        items.dedup();
        items
    }
}

/// What follows in stretches of which the last thing is only foreseen; `place` tells the positions of items.
fn following(stretches: &[Vec<u32>], place: impl Fn(u32) -> Option<usize>) -> Result<Option<Following>> {
    if stretches.is_empty() {
        return Ok(None);
    }
    let shown: Vec<&[u32]> = stretches.iter().map(|items| &items[..items.len() - 1]).collect();
    let next = stretches.iter().flat_map(|items| &items[1..]);
    let next: Vec<u32> = next.filter_map(|&item| place(item)).map(|at| at as u32).collect();
    let next = Tensor::new(&next, &[next.len()])?;
    Ok(Some(Following { stretches: Stretches::everywhere(&shown)?, next }))
}

impl Source for UserSource {
    type Batch = UserBatch;

    fn rows(&self) -> usize {
        self.users.len()
    }

    fn batch(&self, rows: &[usize], random: &mut Stream) -> std::result::Result<UserBatch, Failure> {
        self.read(rows, random).map_err(Failure::source)
    }
}

/// A network that learns what people like.
pub(crate) struct TasteTask {
    pub(crate) network: Tastes,
    people: Arc<People>,
    /// The users that a validation looks at.
    validated: Vec<usize>,
}

impl TasteTask {
    pub(crate) fn new(network: Tastes, people: Arc<People>) -> TasteTask {
        let validated = some_users(&people.history, Part::Validation, VALIDATED);
        TasteTask { network, people, validated }
    }
}

/// Users who took something in a part, so many at most, evenly chosen.
pub(super) fn some_users(history: &History, wanted: Part, most: usize) -> Vec<usize> {
    let has = |user: &usize| history.of(*user, |part| part == wanted).next().is_some();
    let all: Vec<usize> = (0..history.users.len()).filter(has).collect();
    let every = all.len().div_ceil(most).max(1);
    all.into_iter().step_by(every).collect()
}

impl TasteTask {
    /// What it recommends with.
    ///
    /// # Errors
    /// Impossible sizes.
    pub(crate) fn structure(&self) -> pellucid_tensor::Result<Structure> {
        let items = self.people.history.items.len();
        let layers = self.network.describe(items)?;
        let mut lanes: Vec<u32> = layers.iter().map(|layer| layer.lane).collect();
        lanes.dedup();
        Ok(Structure {
            inputs: vec![end("What someone took", format!("some of {items} items"), &lanes)],
            layers,
            answers: vec![end("What they take next", format!("all {items} items, in order"), &lanes)],
        })
    }
}

impl Task for TasteTask {
    type Source = UserSource;

    fn model(&self) -> &dyn Module {
        &self.network
    }

    fn model_mut(&mut self) -> &mut dyn Module {
        &mut self.network
    }

    fn layers(&self) -> std::result::Result<Vec<Vec<ParamId>>, Failure> {
        Ok(tensors_of(self.structure()?.layers))
    }

    fn loss(&self, pass: &Pass, batch: &UserBatch) -> std::result::Result<Var, Failure> {
        let logits = self.network.expected(pass, &batch.past, &batch.items, batch.known.as_ref())?;
        let users = logits.shape()[0].max(1) as f64;
        let said = ops::mul(&ops::log_softmax(&logits)?, &pass.input(&batch.hidden))?;
        let taking = ops::scale(&ops::sum(&said)?, -1.0 / users)?;
        let liked =
            self.network.liked(pass, &batch.past, [&batch.who, &batch.what], batch.known_of_what.as_ref())?;
        let mut loss = taking;
        if let Some((liked, large)) = liked {
            let error = ops::mse(&liked, &batch.liking, None)?;
            let liking = ops::add(&error, &ops::scale(&ops::mean(&large)?, SMALL)?)?;
            loss = ops::add(&loss, &liking)?;
        }
        if let (Some(sequence), Some(order)) = (&self.network.sequence, &batch.order) {
            let expected = sequence.expected(pass, &order.stretches, &batch.items)?;
            loss = ops::add(&loss, &ops::cross_entropy(&expected, &order.next, 0.0, None, None)?)?;
        }
        Ok(loss)
    }

    fn validate(&self) -> std::result::Result<Validation, Failure> {
        let (people, scorer) = (self.people.as_ref(), Scorer::of(&self.network, &self.people));
        let train = |part: Part| part == Part::Train;
        let ndcg = |scoring: Scoring<'_>| -> std::result::Result<f64, Failure> {
            let found = lists(scoring, people, &self.validated, &train, Part::Validation, &mut |_| {});
            let (found, _) = found.map_err(Failure::source)?;
            Ok(found.iter().map(RankedList::ndcg).sum::<f64>() / found.len().max(1) as f64)
        };
        let mut metrics = vec![("ndcg@10".to_owned(), ndcg(&|users| scorer.expected(users))?)];
        if self.network.sequence.is_some() {
            metrics.push(("ndcg@10 in order".to_owned(), ndcg(&|users| scorer.follows(users))?));
        }
        let foreseen: f64 = metrics.iter().map(|(_, ndcg)| ndcg).sum();
        let rated = ratings(&scorer, people, &self.validated, &train, Part::Validation);
        let rated = rated.map_err(Failure::source)?;
        let squares = rated.iter().map(|(found, truth)| (found - truth).powi(2)).sum::<f64>();
        let rmse = (squares / rated.len().max(1) as f64).sqrt();
        let deviation = people.scale.as_ref().map(|scale| scale.deviation);
        metrics.extend(deviation.map(|_| ("rmse".to_owned(), rmse)));
        // All count: what is foreseen of lists, with and without their order, and of what can be foreseen of ratings.
        let liking = deviation.map_or(0.0, |deviation| 1.0 - rmse / deviation);
        let score_name = if deviation.is_some() { "ndcg@10 + rmse" } else { "ndcg@10" };
        let score_name = score_name.to_owned();
        Ok(Validation { loss: 1.0 - foreseen - liking, metrics, score: foreseen + liking, score_name })
    }
}
