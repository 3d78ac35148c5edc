//! The test of a network that recommends, and what the report says of its lists.

use super::ease::Ease;
use super::history::{History, number};
use super::infer::scored;
use super::model::Recommender;
use super::rank::{Known, Lists, Scoring, lists, ratings};
use super::task::{People, some_users};
use super::told::told;
use crate::dataset::Survey;
use crate::finish::Tested;
use crate::outcome::Evaluation;
use crate::trained::Trained;
use crate::{Result, Run, Watcher};
use pellucid_data::{Cell, OutColumn, OutValues, Part};
use pellucid_insight::intervals::Centre;
use pellucid_insight::report::data::{
    CardFacts, Listing, Outcome, RecommendOutcome, Suggestion, Target, TasteGroup, Way,
};
use pellucid_kinds::cell_text;
use pellucid_train::metrics::RankedList;
use std::collections::{BTreeMap, HashSet};

/// Users that are tested, at most.
const TESTED: usize = 5_000;

/// Users whose lists are shown.
const SHOWN: usize = 5;

/// Things that such a user liked most that are shown.
const LIKED: usize = 6;

/// Groups with fewer users are not told apart.
const FEWEST: usize = 20;

/// Groups of a column that are shown, at most.
const GROUPS: usize = 6;

/// What evaluations call their rows.
pub(super) const ROWS_ARE: &str = "choices";

/// How many users took each item: what the trivial way scores by.
pub(super) fn popular<'a>(items: usize, pasts: impl Iterator<Item = &'a [(u32, f32)]>) -> Vec<f32> {
    let mut counts = vec![0.0; items];
    pasts.flatten().for_each(|&(item, _)| counts[item as usize] += 1.0);
    counts
}

/// Scores the test (the validation, if there is none), and shows lists.
pub(super) fn test(
    trained: &Trained<'_>,
    model: &Recommender,
    people: &People,
    run: &Run,
    watcher: &mut dyn Watcher,
) -> Result<Tested> {
    let (history, seed) = (&people.history, trained.config.training.seed);
    let judges = history.judges();
    let unseen = judges == Part::Test;
    let known = move |part: Part| part == Part::Train || (unseen && part == Part::Validation);
    let users = some_users(history, judges, TESTED);
    watcher.begin("Testing", users.len());
    let scorer = model.scorer();
    let mut progress = |done| watcher.advance(done);
    let own = lists(&|users| scorer.scores(users), people, &users, &known, judges, &mut progress)?;
    let by = |scoring: Scoring<'_>| lists(scoring, people, &users, &known, judges, &mut |_| {});
    let parts = model.ease.is_some() || model.network.sequence.is_some();
    let expected = parts.then(|| by(&|users| scorer.expected(users))).transpose()?;
    let order = model.network.sequence.as_ref().map(|_| by(&|users| scorer.follows(users))).transpose()?;
    let alone = |(ease, _): &(Ease, f32)| {
        by(&|users| {
            let of = |known: &&Known| {
                let mut scores = vec![0.0; history.items.len()];
                ease.add(&known.items(), 1.0, &mut scores);
                scores
            };
            Ok(users.iter().map(of).collect())
        })
    };
    let ease = model.ease.as_ref().map(alone).transpose()?;
    let pasts: Vec<Vec<(u32, f32)>> =
        (0..history.users.len()).map(|user| people.past(user, known).taken).collect();
    let by_all = popular(history.items.len(), pasts.iter().map(Vec::as_slice));
    let trivial = by(&|users| Ok(vec![by_all.clone(); users.len()]))?;
    let way = |name: &str, (lists, listed): &Lists| Way {
        name: name.to_owned(),
        ndcg: mean(lists.iter().map(RankedList::ndcg)),
        coverage: listed.iter().flatten().collect::<HashSet<_>>().len() as f64
            / history.items.len().max(1) as f64,
        popularity: mean(listed.iter().flatten().map(|&item| share(&by_all, item, history))),
    };
    let mut ways = vec![way("this network", &own)];
    ways.extend(expected.as_ref().map(|lists| way("what was taken, in whatever order, alone", lists)));
    ways.extend(order.as_ref().map(|lists| way("the order in which it was taken alone", lists)));
    ways.extend(ease.as_ref().map(|lists| way("EASE, the best linear map", lists)));
    ways.push(way("the most popular for everyone", &trivial));
    let (own, listed) = own;
    let taken = users.iter().flat_map(|&user| history.items_of(user, judges));
    let taken = mean(taken.map(|item| share(&by_all, item, history)));
    let outcome = RecommendOutcome {
        ways,
        taken,
        groups: groups(trained.survey, people, &users, &own)?,
        listings: users
            .iter()
            .zip(&listed)
            .step_by(users.len().div_ceil(SHOWN).max(1))
            .map(|(&user, list)| listing(model, &pasts[user], user, list, &history.items_of(user, judges)))
            .collect::<Result<_>>()?,
    };
    let ratings = ratings(&scorer, people, &users, &known, judges)?;
    let given =
        |&user: &usize| history.of(user, |part| part == judges).map(move |_| user as u32).collect::<Vec<_>>();
    let of_users: Vec<u32> = users.iter().flat_map(given).collect();
    let scores = scored((own, trivial.0), &ratings, &of_users, centre(history), seed)?;
    let rows = users.iter().map(|&user| history.items_of(user, judges).len()).sum::<usize>();
    let column = model.columns[1].clone();
    let target = Target::new(&column, rows as u64, unseen, scores.clone(), Outcome::Recommendations(outcome));
    let names = |of: &dyn Fn(usize) -> String| OutValues::Text((0..users.len()).map(of).collect());
    let list_of =
        |i: usize| listed[i].iter().map(|&item| history.items.name(item)).collect::<Vec<_>>().join(" ");
    let columns = vec![
        OutColumn {
            name: model.columns[0].clone(),
            values: names(&|i| history.users.name(users[i] as u32).to_owned()),
        },
        OutColumn { name: "recommended".to_owned(), values: names(&list_of) },
    ];
    Ok(Tested {
        evaluation: Evaluation {
            rows,
            rows_are: ROWS_ARE.to_owned(),
            targets: BTreeMap::from([(column, scores)]),
        },
        unseen,
        columns,
        targets: vec![target],
        likeness: None,
        looks: Vec::new(),
        card: card(model, run),
    })
}

/// The share of all users who took an item.
fn share(popular: &[f32], item: u32, history: &History) -> f64 {
    f64::from(popular[item as usize]) / history.took[0].max(1) as f64
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0usize), |(sum, n), x| (sum + x, n + 1));
    if n == 0 { 0.0 } else { sum / n as f64 }
}

/// Mean and median of the training ratings.
fn centre(history: &History) -> Centre {
    let mut all: Vec<f64> = history.part(Part::Train).map(|taken| f64::from(taken.rating)).collect();
    all.sort_by(f64::total_cmp);
    let median = all.get(all.len() / 2).copied().unwrap_or_default();
    Centre { mean: mean(all.into_iter()), median }
}

/// What a user liked, and what is recommended to him.
fn listing(
    model: &Recommender,
    past: &[(u32, f32)],
    user: usize,
    list: &[u32],
    taken: &[u32],
) -> Result<Listing> {
    let called = |item: u32| model.title(item).unwrap_or_else(|| model.items.name(item).to_owned());
    let mut by_liking: Vec<(u32, f32)> = past.to_vec();
    by_liking.sort_by(|a, b| b.1.total_cmp(&a.1));
    let known = Known { user: Some(user as u32), taken: past.to_vec() };
    let likings = model.scorer().liked(&[&known], [&vec![0; list.len()], list])?;
    let suggestion = |(place, &item): (usize, &u32)| Suggestion {
        item: called(item),
        rating: model.scale.zip(likings.get(place)).map(|(scale, &liking)| scale.rating(liking)),
        taken: taken.contains(&item),
    };
    Ok(Listing {
        user: model.users.name(user as u32).to_owned(),
        liked: by_liking.iter().take(LIKED).map(|&(item, _)| called(item)).collect(),
        suggestions: list.iter().enumerate().map(suggestion).collect(),
    })
}

/// How good lists are for groups of users, by what is known of them.
fn groups(
    survey: &Survey,
    people: &People,
    users: &[usize],
    lists: &[RankedList],
) -> Result<Vec<TasteGroup>> {
    let mut all = Vec::new();
    let known: Vec<&str> = people.sides[1].names().collect();
    let [_, told] = told(survey, &people.history)?;
    let columns = told.iter().flat_map(|told| told.columns.iter().map(move |column| (told, *column)));
    for (told, column) in columns.filter(|(_, column)| known.contains(&column.name.as_str())) {
        let value = |cell: Cell<'_>| (number(cell), cell_text(cell).unwrap_or_default().into_owned());
        let said = told.values(column, value)?;
        let of = |user: usize| said.get(user)?.as_ref();
        let is_number = column.kind.is_some_and(|kind| kind.name() == "number");
        let mut numbers: Vec<f64> = users.iter().filter_map(|&user| of(user)?.0).collect();
        numbers.sort_by(f64::total_cmp);
        let edges = [1, 2].map(|third| numbers.get(third * numbers.len() / 3).copied().unwrap_or(f64::NAN));
        let band = |x: f64| match () {
            () if x < edges[0] => format!("below {}", edges[0]),
            () if x < edges[1] => format!("from {} to below {}", edges[0], edges[1]),
            () => format!("from {} on", edges[1]),
        };
        let mut found: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for (&user, list) in users.iter().zip(lists) {
            let Some((number, text)) = of(user) else { continue };
            let value =
                if is_number { number.map_or_else(|| "unknown".to_owned(), band) } else { text.clone() };
            found.entry(value).or_default().push(list.ndcg());
        }
        let mut found: Vec<_> = found.into_iter().filter(|(_, lists)| lists.len() >= FEWEST).collect();
        found.sort_by_key(|(_, lists)| std::cmp::Reverse(lists.len()));
        if found.len() > 1 {
            all.extend(found.into_iter().take(GROUPS).map(|(value, lists)| TasteGroup {
                column: column.name.clone(),
                value,
                users: lists.len() as u64,
                ndcg: mean(lists.into_iter()),
            }));
        }
    }
    Ok(all)
}

fn card(model: &Recommender, run: &Run) -> CardFacts {
    let (path, user) = (run.path().display(), model.users.name(0));
    let [who, what] = &model.columns;
    let new = match model.items.len() - model.taken().len() {
        0 => String::new(),
        n => format!("; {n} of the {} that it recommends are such", model.items.len()),
    };
    let order = if model.network.sequence.is_some() { ", and what they took next" } else { "" };
    CardFacts {
        intended_use: format!("Recommending a `{what}` to a `{who}`, by what others took who took the same{order}."),
        limits: vec![
            "It knows what people took, not what would be good for them, and it makes what is popular more so: look at the figures on popularity.".to_owned(),
            format!("Its folder holds what every `{who}` took: it is as private as the data."),
            format!("Of a `{what}` that nobody took it knows only its columns{new}."),
        ],
        commands: vec![
            ("Recommend to a user".to_owned(), format!("pellucid recommend {path} --user \"{user}\" --because")),
            ("To someone new".to_owned(), format!("pellucid recommend {path} --liked \"{}\"", model.items.name(0))),
            ("Score it on what was taken since".to_owned(), format!("pellucid evaluate {path} NEW_ROWS")),
        ],
        licence: None,
    }
}
