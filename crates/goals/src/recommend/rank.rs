//! Scores of all items for users, and the best of them.

use super::ease::Ease;
use super::network::{Past, Tastes};
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

/// What scores items: the network, and EASE if it is asked, too.
pub(crate) struct Scorer<'a> {
    pub(crate) network: &'a Tastes,
    pub(crate) people: &'a People,
    /// And how much it counts.
    pub(crate) ease: Option<(&'a Ease, f32)>,
}

/// All items.
pub(super) fn all_items(items: usize) -> Result<Tensor> {
    Ok(Tensor::new(&(0..items as u32).collect::<Vec<_>>(), &[items])?)
}

/// Scores of all items, for each of some users.
///
/// # Errors
/// No memory.
pub(super) fn scores(
    network: &Tastes,
    sides: &[Sides; 2],
    items: usize,
    ease: Option<(&Ease, f32)>,
    users: &[&Known],
) -> Result<Vec<Vec<f32>>> {
    let (all, known) = (all_items(items)?, sides[0].some(&(0..items as u32).collect::<Vec<_>>())?);
    let past = Past::of(users, &sides[1])?;
    let expected = network.expected(&Pass::inference(), &past, &all, known.as_ref())?;
    let mut scores: Vec<Vec<f32>> =
        expected.value().data::<f32>()?.chunks(items.max(1)).map(<[f32]>::to_vec).collect();
    if let Some((ease, share)) = ease {
        for (scores, known) in scores.iter_mut().zip(users) {
            ease.add(&known.items(), share, scores);
        }
    }
    Ok(scores)
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

/// Ten recommendations for each of some users, from what they took in the parts that are `known`, scored by what they took in another.
///
/// # Errors
/// No memory.
pub(super) fn lists(
    scorer: &Scorer<'_>,
    users: &[usize],
    known: &dyn Fn(Part) -> bool,
    wanted: Part,
    progress: &mut dyn FnMut(usize),
) -> Result<Lists> {
    let (people, items) = (scorer.people, scorer.people.history.items.len());
    let (mut scored, mut listed) = (Vec::new(), Vec::new());
    for (done, some) in users.chunks(TOGETHER).enumerate() {
        let pasts: Vec<Known> = some.iter().map(|&user| people.past(user, known)).collect();
        let all =
            scores(scorer.network, &people.sides, items, scorer.ease, &pasts.iter().collect::<Vec<_>>())?;
        for ((&user, past), scores) in some.iter().zip(&pasts).zip(&all) {
            let list = best(scores, &past.taken, LISTED);
            scored.extend(RankedList::of(&list, &people.history.items_of(user, wanted)));
            listed.push(list);
        }
        progress(done * TOGETHER + some.len());
    }
    Ok((scored, listed))
}

impl Scorer<'_> {
    /// Expected ratings of what some users took in a part, beside those that they gave; none if it has not learned from ratings.
    ///
    /// # Errors
    /// No memory.
    pub(super) fn ratings(
        &self,
        users: &[usize],
        known: &dyn Fn(Part) -> bool,
        wanted: Part,
    ) -> Result<Vec<(f64, f64)>> {
        let (people, mut found) = (self.people, Vec::new());
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
            let liked = liked(self.network, &people.sides, &pasts.iter().collect::<Vec<_>>(), [&who, &what])?;
            found.extend(liked.into_iter().map(|liking| scale.rating(liking)).zip(truth));
        }
        Ok(found)
    }
}

/// How much some items are liked by some of the users, in deviations; none if the network has not learned from ratings.
///
/// # Errors
/// No memory.
pub(super) fn liked(
    network: &Tastes,
    sides: &[Sides; 2],
    users: &[&Known],
    [who, what]: [&[u32]; 2],
) -> Result<Vec<f32>> {
    if what.is_empty() {
        return Ok(Vec::new());
    }
    let past = Past::of(users, &sides[1])?;
    let [at, items] = [who, what].map(|numbers| Tensor::new(numbers, &[numbers.len()]));
    let known = sides[0].some(what)?;
    let found = network.liked(&Pass::inference(), &past, [&at?, &items?], known.as_ref())?;
    found.map_or(Ok(Vec::new()), |(liked, _)| Ok(liked.value().data::<f32>()?.to_vec()))
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
