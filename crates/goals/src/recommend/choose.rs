//! How much EASE counts beside the network, and how much what sees the order: as the validation says.

use super::ease::{Ease, Together};
use super::history::History;
use super::network::Tastes;
use super::rank::{Known, Scorer, TOGETHER, best};
use super::task::{People, some_users};
use crate::design::Decision;
use crate::{Result, Watcher};
use pellucid_data::Part;
use pellucid_train::metrics::{LISTED, RankedList};

/// How strongly EASE may be held back.
const LAMBDAS: [f64; 3] = [100.0, 300.0, 1000.0];

/// How much EASE may count beside the network; the last is as good as alone.
const SHARES: [f32; 7] = [0.0, 2.0, 5.0, 10.0, 20.0, 50.0, 1000.0];

/// How much what follows by the order may count, where it is seen.
const OF_ORDER: [f32; 7] = [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0];

/// Users by whom it is chosen, at most and at least, and the scores of theirs that each way compares, at most.
const CHOSEN_BY: [usize; 2] = [2_000, 200];
const COMPARED: usize = 20_000_000;

/// What was found out by the validation.
pub(super) struct Chosen {
    /// And how much it counts.
    pub(super) ease: Option<(Ease, f32)>,
    /// How much what follows by the order counts; 0 without one.
    pub(super) sequence: f32,
    pub(super) decisions: Vec<Decision>,
}

/// A way to answer, and how good it is.
struct Way {
    /// Which of the maps of EASE.
    ease: Option<usize>,
    share: f32,
    sequence: f32,
    ndcg: f64,
}

/// EASE of what was taken in the parts that are `known`.
fn together(history: &History, known: &dyn Fn(Part) -> bool) -> Together {
    let taken: Vec<Vec<u32>> = (0..history.users.len())
        .map(|user| history.of(user, known).map(|taken| taken.item).collect())
        .collect();
    Together::of(history.items.len(), taken.iter().map(Vec::as_slice))
}

/// All ways, of which the first are the simplest: EASE held back least, and all but the network counting least.
fn ways(maps: usize, ordered: bool) -> Vec<Way> {
    let eases = (0..maps).flat_map(|map| SHARES.map(|share| (Some(map), share)));
    let eases: Vec<_> = if maps == 0 { vec![(None, 0.0)] } else { eases.collect() };
    let orders = if ordered { &OF_ORDER[..] } else { &OF_ORDER[..1] };
    let all = orders.iter().flat_map(|&sequence| {
        eases.iter().map(move |&(ease, share)| Way { ease, share, sequence, ndcg: 0.0 })
    });
    all.collect()
}

/// Adds more to scores, `share` times.
fn add(scores: &mut [f32], share: f32, more: &[f32]) {
    scores.iter_mut().zip(more).for_each(|(score, x)| *score += share * x);
}

/// Chooses by the validation how much EASE counts beside the network, how strongly it is held back, and how much what follows by the order counts;
/// the map that is chosen is worked out again from all that is known before the test.
pub(super) fn choose(network: &Tastes, people: &People, watcher: &mut dyn Watcher) -> Result<Chosen> {
    let history = &people.history;
    let [most, least] = CHOSEN_BY;
    let few = (COMPARED / history.items.len().max(1)).clamp(least, most);
    let (users, ordered) = (some_users(history, Part::Validation, few), network.sequence.is_some());
    let counts = together(history, &|part| part == Part::Train);
    watcher.begin("Comparing ways to answer", users.len());
    let solved = LAMBDAS.iter().filter_map(|&lambda| Some((lambda, counts.solve(lambda)?)));
    let maps: Vec<(f64, Ease)> = solved.collect();
    let (mut ways, scorer) = (ways(maps.len(), ordered), Scorer::of(network, people));
    let mut scored = 0;
    for some in users.chunks(TOGETHER) {
        let pasts: Vec<Known> =
            some.iter().map(|&user| people.past(user, |part| part == Part::Train)).collect();
        let asked: Vec<&Known> = pasts.iter().collect();
        // Each is asked once; to add them up is cheap.
        let (expected, follows) = (scorer.expected(&asked)?, scorer.follows(&asked)?);
        for (i, (&user, past)) in some.iter().zip(&pasts).enumerate() {
            let (taken, wanted) = (past.items(), history.items_of(user, Part::Validation));
            let of_map = |(_, ease): &(f64, Ease)| {
                let mut scores = vec![0.0; history.items.len()];
                ease.add(&taken, 1.0, &mut scores);
                scores
            };
            let by_ease: Vec<Vec<f32>> = maps.iter().map(of_map).collect();
            for way in &mut ways {
                let mut scores = expected[i].clone();
                if let Some(map) = way.ease {
                    add(&mut scores, way.share, &by_ease[map]);
                }
                add(&mut scores, way.sequence, &follows[i]);
                let list = RankedList::of(&best(&scores, &past.taken, LISTED), &wanted);
                way.ndcg += list.map_or(0.0, |list| list.ndcg());
            }
        }
        scored += some.len();
        watcher.advance(scored);
    }
    let mean = |sum: f64| sum / scored.max(1) as f64;
    let best_of = |wanted: &dyn Fn(&Way) -> bool| {
        ways.iter()
            .filter(|way| wanted(way))
            .reduce(|best, way| if way.ndcg > best.ndcg { way } else { best })
    };
    let Some(chosen) = best_of(&|_| true) else {
        return Ok(Chosen { ease: None, sequence: 0.0, decisions: Vec::new() });
    };
    let why = |without: Option<&Way>| {
        let (with, without) = (mean(chosen.ndcg), mean(without.map_or(0.0, |way| way.ndcg)));
        format!("on the validation, nDCG@10 {with:.3} with it and at best {without:.3} without")
    };
    let mut decisions = Vec::new();
    let mut ease = None;
    if let Some((lambda, _)) = chosen.ease.and_then(|map| maps.get(map)) {
        let all = together(history, &|part| part != Part::Test).solve(*lambda);
        ease = all.map(|ease| (ease, chosen.share));
        decisions.push(Decision {
            setting: "ease".to_owned(),
            value: format!("counts {} times, held back by {lambda}", chosen.share),
            why: why(best_of(&|way| way.share == 0.0)),
        });
    }
    if ordered {
        decisions.push(Decision {
            setting: "order".to_owned(),
            value: format!("counts {} times", chosen.sequence),
            why: why(best_of(&|way| way.sequence == 0.0)),
        });
    }
    Ok(Chosen { ease, sequence: chosen.sequence, decisions })
}
