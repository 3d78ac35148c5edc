//! Recommendations: two tastes, learned from who took what, recommended to known and to new people, and scored.

use crate::resuming::{go_on, stopped};
use crate::{config, folder, model_bytes, put, refused, score, trained};
use pellucid_data::OutValues;
use pellucid_goals::{Config, Ended, Unwatched, evaluate, predict, recommender};
use pellucid_tensor::Stream;
use std::path::Path;

/// Items of each taste; those of the first have low numbers.
const ITEMS: usize = 30;

/// What one user takes: of the first taste, songs, or of the second, films; each of the loud ones is rated higher.
fn taken(user: usize, random: &mut Stream) -> Vec<(usize, usize)> {
    let first = if user.is_multiple_of(2) { 0 } else { ITEMS };
    let mut items: Vec<usize> = (first..first + ITEMS).collect();
    random.shuffle(&mut items);
    items.truncate(12 + random.below(6));
    items.into_iter().map(|item| (item, if item % 3 == 0 { 5 } else { 1 + random.below(3) })).collect()
}

/// A table of who took what, with what is known of items and of users.
fn table(users: usize) -> String {
    let mut random = Stream::new(3, "tastes", 0);
    let mut text = "userId,movie_id,rating,timestamp,title,loud,age,mood\n".to_owned();
    for user in 0..users {
        for (at, (item, rating)) in taken(user, &mut random).into_iter().enumerate() {
            let loud = if item % 3 == 0 { "loud" } else { "soft" };
            let age = 20 + (7 * user) % 50;
            let mood = ["glad", "sad"][random.below(2)];
            text += &format!("u{user},m{item},{rating},{},Title {item},{loud},{age},{mood}\n", 1000 + at);
        }
    }
    text
}

fn small(data: &Path, steps: u64) -> Config {
    let mut config = config(data, &[], steps);
    config.data.recommend = true;
    (config.network.width, config.network.channels) = (Some(16), None);
    config.training.batch = Some(16);
    config
}

#[test]
fn two_tastes_are_told_apart_for_known_and_for_new_people() {
    let folder = folder();
    let data = put(folder.path(), "tastes.csv", table(80));
    let done = trained(small(&data, 200), folder.path(), "run");
    let (ndcg, popular) = score(&done.evaluation, "movie_id", "ndcg@10");
    // Of thirty of his taste a user has taken half: the rest cannot be told apart.
    assert!(ndcg > 0.2 && ndcg > 1.3 * popular, "{ndcg} {popular}");
    let (rmse, constant) = score(&done.evaluation, "movie_id", "rmse");
    assert!(rmse < 0.7 * constant, "{rmse} {constant}");
    assert!(done.unseen && done.evaluation.rows_are == "choices" && done.evaluation.rows > 80);
    let config = done.run.config().unwrap();
    assert_eq!(config.data.time.as_deref(), Some("timestamp"));
    assert_eq!(
        (config.data.user.as_deref(), config.data.item.as_deref()),
        (Some("userId"), Some("movie_id"))
    );

    let model = recommender(done.run.path()).unwrap();
    let all = table(80);
    for (user, first) in [(0, 0), (1, ITEMS)] {
        let own = all.lines().filter_map(|line| line.strip_prefix(&format!("u{user},m")));
        let known: Vec<usize> = own.map(|rest| rest.split(',').next().unwrap().parse().unwrap()).collect();
        let list = model.recommend(Some(&format!("u{user}")), &[], 8).unwrap();
        assert_eq!(list.len(), 8);
        for item in &list {
            let number: usize = item.item[1..].parse().unwrap();
            assert!((first..first + ITEMS).contains(&number), "{list:?} for user {user}");
            assert!(!known.contains(&number), "what was taken is not recommended");
            assert_eq!(item.title, Some(format!("Title {number}")));
            assert!((1.0..=5.0).contains(&item.rating.unwrap()));
            assert!(!item.because.is_empty());
            assert!(item.because.iter().all(|why| known.contains(&why.item[1..].parse().unwrap())));
        }
    }
    // Someone new, by what he likes: items as the data names them, or by title.
    let likes = ["Title 31".to_owned(), "m32".to_owned(), "title 40".to_owned()];
    let list = model.recommend(None, &likes, 5).unwrap();
    assert!(list.iter().all(|item| item.item[1..].parse::<usize>().unwrap() >= ITEMS), "{list:?}");
    // Reasons are measured by what becomes of the list without them; that is the list of someone who has not taken them.
    let likes: Vec<String> = (31..43).map(|item| format!("m{item}")).collect();
    let list = model.recommend(None, &likes, 3).unwrap();
    for (item, explained) in list.iter().zip(model.explain(None, &likes, 3, 0).unwrap()) {
        assert_eq!((&explained.item, explained.taken, explained.because.len()), (&item.item, 12, 3));
        let named: Vec<&String> = explained.because.iter().map(|why| &why.item).collect();
        assert_eq!(named, item.because.iter().map(|why| &why.item).collect::<Vec<_>>());
        let rest: Vec<String> = likes.iter().filter(|like| !named.contains(like)).cloned().collect();
        let without = model.recommend(None, &rest, 2 * ITEMS).unwrap();
        let without: Vec<&String> =
            without.iter().map(|other| &other.item).filter(|item| !likes.contains(item)).collect();
        let place = without.iter().position(|other| **other == item.item).unwrap() as u64 + 1;
        assert_eq!(explained.place_without_named, place);
        let missed = explained.missed.unwrap();
        // What speaks most for it is missed more than others.
        assert!(missed.by_chance == 99 && missed.without_named < missed.without_others, "{missed:?}");
        assert!((missed.everything - item.score).abs() < 1e-6, "{missed:?}");
    }
    let few = model.explain(None, &likes[..3], 1, 0).unwrap();
    assert!(few[0].missed.is_none() && few[0].trust().1.contains("With 3 things taken"), "{few:?}");
    for (user, liked, says) in [
        (Some("U12"), vec![], "did you mean `u12`?"),
        (None, vec!["Title 999".to_owned()], "is nothing that it knows"),
        (None, vec![], "name a --user"),
    ] {
        let error = model.recommend(user, &liked, 5).unwrap_err();
        assert!(error.to_string().contains(says) && error.exit_code() == 2, "{error}");
    }

    let page = std::fs::read_to_string(done.run.path().join("report.html")).unwrap();
    for says in
        ["EASE, the best linear map", "the most popular for everyone", "age: from", "Title ", "Some lists"]
    {
        assert!(page.contains(says), "the report lacks: {says}");
    }
    let decisions = std::fs::read_to_string(done.run.path().join("decisions.json")).unwrap();
    assert!(decisions.contains("\"width\""));
    // What somebody takes later is scored; who is not known is left out.
    let later = put(folder.path(), "later.csv", "userId,movie_id,rating\nu0,m3,5\nu1,m33,5\nnobody,m1,1\n");
    let scored = evaluate(done.run.path(), Some(&[later]), &mut Unwatched).unwrap();
    assert_eq!(scored.rows, 2);
    assert!(scored.targets["movie_id"].get("rmse").is_some());
    // Row by row: an item of one's own taste stands before one of the other, and loud ones are rated higher.
    let asked =
        put(folder.path(), "asked.csv", "userId,movie_id\nu0,m3\nu0,m33\nu1,m33\nnobody,m1\nu1,m34\n");
    let found = predict(done.run.path(), &[asked], &mut Unwatched).unwrap();
    let names: Vec<&str> = found.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["input", "rating", "movie_id_place"]);
    let [OutValues::Number(ratings), OutValues::Number(places)] =
        [&found.columns[1].values, &found.columns[2].values]
    else {
        panic!("no numbers")
    };
    assert!(places[0] >= 1.0 && places[0] < places[1] && places[2] < places[1], "{places:?}");
    assert!(ratings[2] > ratings[4] && (1.0..=5.0).contains(&ratings[2]), "{ratings:?}");
    assert!(ratings[3].is_nan() && places[3].is_nan());
    assert!(found.problems.iter().any(|problem| problem.contains("does not know")), "{:?}", found.problems);
}

#[test]
fn what_people_took_last_is_for_the_test_and_nothing_is_learned_from_it() {
    let folder = folder();
    let data = put(folder.path(), "tastes.csv", table(40));
    let done = trained(small(&data, 5), folder.path(), "run");
    let report = std::fs::read_to_string(done.run.path().join("report.html")).unwrap();
    assert!(report.contains("nothing is learned from the future"));
    // Everything that was taken last is wanted, and only that: each user's list is scored by it.
    let rows: usize = table(40).lines().count() - 1;
    let json: serde_json::Value =
        serde_json::from_slice(&std::fs::read(done.run.path().join("data_report.json")).unwrap()).unwrap();
    let splits: Vec<u64> =
        json["splits"].as_array().unwrap().iter().map(|s| s["rows"].as_u64().unwrap()).collect();
    assert_eq!(splits.iter().sum::<u64>(), rows as u64);
    let share = splits[2] as f64 / rows as f64;
    assert!((0.17..0.23).contains(&share), "{splits:?}");
}

#[test]
fn it_learns_from_likes_alone_and_an_interrupted_run_goes_on_with_the_same_bits() {
    let folder = folder();
    let likes: String = table(50)
        .lines()
        .map(|line| line.split(',').take(2).collect::<Vec<_>>().join(","))
        .map(|line| line + "\n")
        .collect();
    let twice = likes.clone() + "u0,m1\nu0,m1\n";
    let data = put(folder.path(), "likes.csv", &twice);
    let mut config = small(&data, 30);
    config.training.validate_every = Some(5);
    let whole = trained(config.clone(), folder.path(), "whole");
    assert!(whole.evaluation.targets["movie_id"].get("rmse").is_none());
    let run = stopped(config, folder.path(), "parts", 13);
    match go_on(&run, u64::MAX) {
        Ok(Ended::Finished(_)) => {}
        _ => panic!("it did not come to its end"),
    }
    assert_eq!(model_bytes(&run), model_bytes(&whole.run));
    let list = recommender(run.path()).unwrap().recommend(Some("u1"), &[], 3).unwrap();
    assert!(list.iter().all(|item| item.rating.is_none() && item.title.is_none()));
}

#[test]
fn what_cannot_be_learned_from_is_refused() {
    let folder = folder();
    let out = folder.path().join("out");
    let said = |name: &str, text: &str| {
        let error = refused(small(&put(folder.path(), name, text), 2), &out);
        (error.to_string(), error.exit_code())
    };
    let (no_items, code) = said("a.csv", "user,colour\nu1,red\nu2,blue\n");
    assert!(
        no_items.contains("which column says what is liked?")
            && no_items.contains("--item-column")
            && code == 2,
        "{no_items}"
    );
    let (few, code) = said("b.csv", "user,item\nu1,a\nu2,b\n");
    assert!(few.contains("too little to learn what people like") && code == 3, "{few}");
    let broken = table(20).replace("u3,m", ",m");
    let (empty, code) = said("c.csv", &broken);
    assert!(empty.contains("it is empty") && empty.contains("--skip-share") && code == 3, "{empty}");
    let mut both = small(&put(folder.path(), "d.csv", table(20)), 2);
    both.data.generate = true;
    assert!(refused(both, &out).to_string().contains("leave one of them out"));
    let mut idle = small(&folder.path().join("d.csv"), 2);
    idle.network.members = Some(2);
    assert!(refused(idle, &out).to_string().contains("`members` does nothing where things are recommended"));
}

/// Everyone begins somewhere and takes what comes next in a ring of items, now and then leaving one out; `time` says when a user took the nth.
fn ring(users: usize, time: impl Fn(usize, usize) -> usize) -> String {
    let mut random = Stream::new(5, "ring", 0);
    let mut text = "user,item,timestamp\n".to_owned();
    for user in 0..users {
        let mut item = random.below(ITEMS);
        for at in 0..14 {
            text += &format!("u{user},m{item},{}\n", time(user, at));
            item = (item + 1 + usize::from(random.below(8) == 0)) % ITEMS;
        }
    }
    text
}

fn in_a_ring(folder: &Path, name: &str, steps: u64, time: impl Fn(usize, usize) -> usize) -> Config {
    let mut config = small(&put(folder, name, ring(150, time)), steps);
    config.network.width = Some(64);
    config.training.learning_rate = Some(0.03);
    config
}

#[test]
fn what_comes_next_by_the_order_is_foreseen_and_what_was_taken_before_it_is_named() {
    let folder = folder();
    let config = in_a_ring(folder.path(), "ring.csv", 300, |user, at| 1_000 * user + at);
    let done = trained(config, folder.path(), "run");
    let model = recommender(done.run.path()).unwrap();
    // Of items that all stand in the ring, only their order says where it goes on.
    let liked = |items: [usize; 4]| items.map(|item| format!("m{item}"));
    for first in [0, 11, 25] {
        let ahead = [0, 1, 2, 3].map(|i| (first + i) % ITEMS);
        let back = [3, 2, 1, 0].map(|i| (first + i) % ITEMS);
        let next = format!("m{}", (first + 4) % ITEMS);
        let list = model.recommend(None, &liked(ahead), 3).unwrap();
        assert_eq!(list[0].item, next, "{list:?}");
        assert_eq!(list[0].because[0].item, format!("m{}", ahead[3]), "{list:?}");
        assert!(list[0].because.iter().map(|because| because.share).sum::<f64>() <= 1.0 + 1e-9);
        // The same things in another order are another answer.
        let other = model.recommend(None, &liked(back), ITEMS).unwrap();
        let of_next = other.iter().find(|item| item.item == next).unwrap();
        assert!((of_next.score - list[0].score).abs() > 0.01, "{list:?} {other:?}");
    }
    let config = done.run.config().unwrap().network;
    assert_eq!((config.depth, config.context), (Some(2), Some(50)));
    let page = std::fs::read_to_string(done.run.path().join("report.html")).unwrap();
    for says in [
        "the order in which it was taken alone",
        "what was taken, in whatever order, alone",
        "with it and at best",
    ] {
        assert!(page.contains(says), "the report lacks: {says}");
    }
}

#[test]
fn without_an_order_nothing_sees_one() {
    let folder = folder();
    let has = |run: &pellucid_goals::Run, what: &str| {
        let files = ["decisions.json", "model/config.json", "config.toml", "report.html"];
        files.map(|file| std::fs::read_to_string(run.path().join(file)).unwrap().contains(what))
    };
    // All rows of a user have one time.
    let config = in_a_ring(folder.path(), "tied.csv", 4, |user, _| 1_000 * user);
    let tied = trained(config.clone(), folder.path(), "tied");
    assert_eq!(has(&tied.run, "context"), [false; 4]);
    assert!(!has(&tied.run, "sequence")[1]);
    assert!(has(&tied.run, "drawn by chance")[3], "the last ones are no later than the others");
    let mut untimed = config.clone();
    untimed.data.ignore = vec!["timestamp".to_owned()];
    let untimed = trained(untimed, folder.path(), "untimed");
    assert_eq!(model_bytes(&untimed.run), model_bytes(&tied.run));
    let (mut context, mut dropout) = (config.clone(), config);
    (context.network.context, dropout.network.dropout) = (Some(20), Some(0.1));
    for idle in [context, dropout] {
        let said = refused(idle, &folder.path().join("out")).to_string();
        assert!(
            said.contains("does nothing where things are recommended and their order is not known"),
            "{said}"
        );
    }
    // Some of them do.
    let some = in_a_ring(folder.path(), "some.csv", 4, |_, at| at / 2);
    let some = trained(some, folder.path(), "some");
    assert_eq!(has(&some.run, "context")[..3], [true; 3]);
}

#[test]
fn what_sees_the_order_goes_on_with_the_same_bits() {
    let folder = folder();
    let mut config = in_a_ring(folder.path(), "ring.csv", 30, |user, at| 1_000 * user + at);
    config.training.validate_every = Some(5);
    let whole = trained(config.clone(), folder.path(), "whole");
    let run = stopped(config, folder.path(), "parts", 13);
    assert!(matches!(go_on(&run, u64::MAX), Ok(Ended::Finished(_))));
    assert_eq!(model_bytes(&run), model_bytes(&whole.run));
    assert!(recommender(run.path()).unwrap().recommend(Some("u3"), &[], 3).is_ok());
}
