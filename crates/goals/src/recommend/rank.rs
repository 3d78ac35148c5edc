//! Scores of all items for users, and the best of them.

use super::ease::Ease;
use super::network::{Past, Tastes};
use super::sequence::Stretches;
use super::side::Sides;
use super::task::{People, SHOWN};
use crate::Result;
use pellucid_data::Part;
use pellucid_nn::Pass;
use pellucid_tensor::Tensor;
use pellucid_train::metrics::{LISTED, RankedList};

/// Users that are asked about at once.
pub(super) const TOGETHER: usize = 64;

/// What is known of a user.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Known {
    /// His number, if he is known.
    pub(crate) user: Option<u32>,
    /// What he took, in the order of time, and how much he liked it.
    pub(crate) taken: Vec<(u32, f32)>,
}

impl Known {
    /// The items that he took.
    pub(crate) fn items(&self) -> Vec<u32> {
        self.taken.iter().map(|&(item, _)| item).collect()
    }

    /// What the network is shown of it: the last things.
    pub(crate) fn shown(&self) -> &[(u32, f32)] {
        &self.taken[self.taken.len().saturating_sub(SHOWN)..]
    }
}

impl Past {
    /// Of users of whom this is known.
    ///
    /// # Errors
    /// No memory.
    pub(crate) fn of(users: &[&Known], sides: &Sides) -> Result<Past> {
        let places = users.iter().map(|known| known.shown().len()).max().unwrap_or_default().max(1);
        let (mut items, mut weights, mut liking) = (Vec::new(), Vec::new(), Vec::new());
        for known in users {
            let shown = known.shown();
            let share = 1.0 / (shown.len().max(1) as f32).sqrt();
            let empty = places - shown.len();
            items.extend(shown.iter().map(|&(item, _)| item).chain(std::iter::repeat_n(0, empty)));
            weights.extend(shown.iter().map(|_| share).chain(std::iter::repeat_n(0.0, empty)));
            liking
                .extend(shown.iter().map(|&(_, liked)| share * liked).chain(std::iter::repeat_n(0.0, empty)));
        }
        let numbers: Vec<u32> = users.iter().map(|known| known.user.map_or(0, |user| user + 1)).collect();
        let sides_of: Vec<u32> = users.iter().map(|known| known.user.unwrap_or(u32::MAX)).collect();
        let n = users.len();
        Ok(Past {
            items: Tensor::new(&items, &[n, places])?,
            weights: Tensor::new(&weights, &[n, 1, places])?,
            liking: Tensor::new(&liking, &[n, 1, places])?,
            users: Tensor::new(&numbers, &[n])?,
            sides: sides.some(&sides_of)?,
        })
    }
}

/// What scores items: what the network knows by what was taken, and beside it EASE and what sees the order, each as much as it counts.
pub(crate) struct Scorer<'a> {
    pub(crate) network: &'a Tastes,
    /// What is known of items, and of users.
    pub(crate) sides: &'a [Sides; 2],
    /// How many there are.
    pub(crate) items: usize,
    /// And how much it counts.
    pub(crate) ease: Option<(&'a Ease, f32)>,
    /// How much it counts what follows by the order.
    pub(crate) sequence: f32,
}

impl<'a> Scorer<'a> {
    /// The network by what was taken alone.
    pub(crate) fn of(network: &'a Tastes, people: &'a People) -> Scorer<'a> {
        let items = people.history.items.len();
        Scorer { network, sides: &people.sides, items, ease: None, sequence: 0.0 }
    }

    /// Scores of all items, for each of some users.
    ///
    /// # Errors
    /// No memory.
    pub(crate) fn scores(&self, users: &[&Known]) -> Result<Vec<Vec<f32>>> {
        let mut scores = self.expected(users)?;
        if let Some((ease, share)) = self.ease.filter(|(_, share)| *share > 0.0) {
            for (scores, known) in scores.iter_mut().zip(users) {
                ease.add(&known.items(), share, scores);
            }
        }
        if self.sequence > 0.0 {
            for (scores, follows) in scores.iter_mut().zip(self.follows(users)?) {
                scores.iter_mut().zip(follows).for_each(|(score, x)| *score += self.sequence * x);
            }
        }
        Ok(scores)
    }

    /// What the network expects of all items, by what was taken in whatever order.
    ///
    /// # Errors
    /// No memory.
    pub(crate) fn expected(&self, users: &[&Known]) -> Result<Vec<Vec<f32>>> {
        let all = (0..self.items as u32).collect::<Vec<_>>();
        let known = self.sides[0].some(&all)?;
        let (all, past) = (Tensor::new(&all, &[self.items])?, Past::of(users, &self.sides[1])?);
        let expected = self.network.expected(&Pass::inference(), &past, &all, known.as_ref())?;
        Ok(expected.value().data::<f32>()?.chunks(self.items.max(1)).map(<[f32]>::to_vec).collect())
    }

    /// What follows by the order, of all items: how much more than on average over them. Nothing of whom took nothing, and without an order.
    ///
    /// # Errors
    /// No memory.
    pub(crate) fn follows(&self, users: &[&Known]) -> Result<Vec<Vec<f32>>> {
        let mut all = vec![vec![0.0; self.items]; users.len()];
        let Some(sequence) = &self.network.sequence else { return Ok(all) };
        let (who, stretches): (Vec<usize>, Vec<Vec<u32>>) = users
            .iter()
            .map(|known| sequence.seen(known).iter().map(|&(item, _)| item).collect::<Vec<_>>())
            .enumerate()
            .filter(|(_, stretch)| !stretch.is_empty())
            .unzip();
        if who.is_empty() {
            return Ok(all);
        }
        let stretches = Stretches::at_the_end(&stretches.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
        let items = Tensor::new(&(0..self.items as u32).collect::<Vec<_>>(), &[self.items])?;
        let found = sequence.expected(&Pass::inference(), &stretches, &items)?;
        for (who, logits) in who.into_iter().zip(found.value().data::<f32>()?.chunks(self.items.max(1))) {
            let mean = logits.iter().map(|&x| f64::from(x)).sum::<f64>() / self.items as f64;
            all[who] = logits.iter().map(|x| x - mean as f32).collect();
        }
        Ok(all)
    }

    /// How much some items are liked by some of the users, in deviations; none if the network has not learned from ratings.
    ///
    /// # Errors
    /// No memory.
    pub(crate) fn liked(&self, users: &[&Known], [who, what]: [&[u32]; 2]) -> Result<Vec<f32>> {
        if what.is_empty() {
            return Ok(Vec::new());
        }
        let past = Past::of(users, &self.sides[1])?;
        let [at, items] = [who, what].map(|numbers| Tensor::new(numbers, &[numbers.len()]));
        let known = self.sides[0].some(what)?;
        let found = self.network.liked(&Pass::inference(), &past, [&at?, &items?], known.as_ref())?;
        found.map_or(Ok(Vec::new()), |(liked, _)| Ok(liked.value().data::<f32>()?.to_vec()))
    }
}

/// The items with the highest scores, the best first, without those that the user has taken.
pub(crate) fn best(scores: &[f32], taken: &[(u32, f32)], count: usize) -> Vec<u32> {
    let mut seen = vec![false; scores.len()];
    taken.iter().for_each(|&(item, _)| seen[item as usize] = true);
    let mut order: Vec<u32> = (0..scores.len() as u32).filter(|&item| !seen[item as usize]).collect();
    let by_score = |a: &u32, b: &u32| scores[*b as usize].total_cmp(&scores[*a as usize]).then(a.cmp(b));
    if order.len() > count && count > 0 {
        order.select_nth_unstable_by(count - 1, by_score);
        order.truncate(count);
    }
    order.sort_by(by_score);
    order.truncate(count);
    order
}

/// The scored lists of users, and what was recommended to each.
pub(super) type Lists = (Vec<RankedList>, Vec<Vec<u32>>);

/// A way to score all items for each of some users.
pub(super) type Scoring<'a> = &'a dyn Fn(&[&Known]) -> Result<Vec<Vec<f32>>>;

/// Ten recommendations for each of some users, from what they took in the parts that are `known`, scored by what they took in another.
///
/// # Errors
/// Those of the scoring.
pub(super) fn lists(
    scoring: Scoring<'_>,
    people: &People,
    users: &[usize],
    known: &dyn Fn(Part) -> bool,
    wanted: Part,
    progress: &mut dyn FnMut(usize),
) -> Result<Lists> {
    let (mut scored, mut listed) = (Vec::new(), Vec::new());
    for (done, some) in users.chunks(TOGETHER).enumerate() {
        let pasts: Vec<Known> = some.iter().map(|&user| people.past(user, known)).collect();
        let all = scoring(&pasts.iter().collect::<Vec<_>>())?;
        for ((&user, past), scores) in some.iter().zip(&pasts).zip(&all) {
            let list = best(scores, &past.taken, LISTED);
            scored.extend(RankedList::of(&list, &people.history.items_of(user, wanted)));
            listed.push(list);
        }
        progress(done * TOGETHER + some.len());
    }
    Ok((scored, listed))
}

/// Expected ratings of what some users took in a part, beside those that they gave; none if the network has not learned from ratings.
///
/// # Errors
/// No memory.
pub(super) fn ratings(
    scorer: &Scorer<'_>,
    people: &People,
    users: &[usize],
    known: &dyn Fn(Part) -> bool,
    wanted: Part,
) -> Result<Vec<(f64, f64)>> {
    let mut found = Vec::new();
    let Some(scale) = &people.scale else { return Ok(found) };
    for some in users.chunks(TOGETHER) {
        let pasts: Vec<Known> = some.iter().map(|&user| people.past(user, known)).collect();
        let (mut who, mut what, mut truth) = (Vec::new(), Vec::new(), Vec::new());
        for (position, &user) in some.iter().enumerate() {
            for taken in people.history.of(user, |part| part == wanted) {
                who.push(position as u32);
                what.push(taken.item);
                truth.push(f64::from(taken.rating));
            }
        }
        let liked = scorer.liked(&pasts.iter().collect::<Vec<_>>(), [&who, &what])?;
        found.extend(liked.into_iter().map(|liking| scale.rating(liking)).zip(truth));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_are_found_and_what_was_taken_is_left_out() {
        let scores = [0.5, 2.0, -1.0, 2.0, 9.0, 0.1];
        assert_eq!(best(&scores, &[(4, 1.0)], 3), [1, 3, 0]);
        assert_eq!(best(&scores, &[(4, 1.0)], 9), [1, 3, 0, 5, 2]);
        assert_eq!(best(&scores, &[], 1), [4]);
        assert!(best(&scores, &[], 0).is_empty());
    }
}
