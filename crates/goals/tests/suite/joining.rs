//! What is known of users and items in tables of their own, beside the one that says who took what.

use crate::resuming::{go_on, stopped};
use crate::{config, folder, model_bytes, put, refused, score, trained};
use pellucid_goals::{Config, Ended, Unwatched, evaluate, predict, recommender};
use pellucid_tensor::Stream;
use std::path::{Path, PathBuf};

/// Items of each taste.
const ITEMS: usize = 30;

/// Items that nobody took, of both tastes in turn.
const NEW: usize = 10;

/// Who took what: even users take items below [`ITEMS`], odd ones those from there on.
fn ratings(users: usize) -> String {
    let mut random = Stream::new(5, "ratings", 0);
    let mut text = "userId,movieId,rating\n".to_owned();
    for user in 0..users {
        let first = if user.is_multiple_of(2) { 0 } else { ITEMS };
        let mut items: Vec<usize> = (first..first + ITEMS).collect();
        random.shuffle(&mut items);
        for item in &items[..14] {
            text += &format!("u{user},{item},{}\n", if item % 3 == 0 { 5 } else { 2 });
        }
    }
    text
}

/// What items are: their taste is a genre, and the loud ones are liked.
fn movies() -> String {
    let mut text = "movie_id,title,year,genres\n".to_owned();
    for item in 0..2 * ITEMS + NEW {
        let new = item >= 2 * ITEMS;
        let first = if new { item % 2 == 0 } else { item < ITEMS };
        let genre = if first { "Songs" } else { "Films" };
        let loud = if item % 3 == 0 { "|Loud" } else { "" };
        text += &format!("{item},Title {item},{},{genre}{loud}\n", 1950 + item % 40);
    }
    text
}

fn people(users: usize) -> String {
    (0..users).fold("user,age,name\n".to_owned(), |text, user| {
        text + &format!("u{user},{},Ann {user}\n", if user.is_multiple_of(2) { 20 } else { 60 } + user % 7)
    })
}

fn small(paths: &[PathBuf], steps: u64) -> Config {
    let mut config = config(Path::new(""), &[], steps);
    config.data.paths = paths.to_vec();
    config.data.recommend = true;
    (config.network.width, config.network.channels) = (Some(16), None);
    config.training.batch = Some(16);
    config
}

#[test]
fn what_lies_beside_is_joined_and_new_items_are_recommended_by_it() {
    let folder = folder();
    let paths = [
        put(folder.path(), "ratings.csv", ratings(80)),
        put(folder.path(), "movies.csv", movies()),
        put(folder.path(), "users.csv", people(82)),
    ];
    let done = trained(small(&paths, 150), folder.path(), "run");
    let (ndcg, popular) = score(&done.evaluation, "movieId", "ndcg@10");
    assert!(ndcg > popular, "{ndcg} {popular}");
    let config = done.run.config().unwrap();
    assert_eq!(config.data.paths.len(), 3);
    assert_eq!(config.data.kinds["genres"], "tags");
    assert_eq!(config.data.kinds["age"], "number");
    let facts = std::fs::read_to_string(done.run.path().join("data_report.json")).unwrap();
    assert!(facts.contains("`genres` may tell something of items") && facts.contains("users.csv"), "{facts}");

    let model = recommender(done.run.path()).unwrap();
    let is_new = |item: &str| item.parse::<usize>().unwrap() >= 2 * ITEMS;
    for (user, even) in [("u0", true), ("u1", false)] {
        let list = model.recommend(Some(user), &[], 70).unwrap();
        assert!(list.iter().all(|item| item.new == is_new(&item.item)));
        assert!(list.iter().all(|item| item.title == Some(format!("Title {}", item.item))));
        // Of those that nobody took, the ones of his taste come first.
        let new: Vec<bool> = list
            .iter()
            .filter(|item| item.new)
            .map(|item| item.item.parse::<usize>().unwrap().is_multiple_of(2) == even)
            .collect();
        assert_eq!(new.len(), NEW);
        assert!(new[..NEW / 2].iter().all(|own| *own), "{user}: {new:?}");
        // And loud ones are expected to be liked.
        let rating = |item: usize| list.iter().find(|i| i.item == item.to_string()).unwrap().rating.unwrap();
        let loud = (2 * ITEMS..2 * ITEMS + NEW).filter(|item| item % 3 == 0).map(rating);
        let soft = (2 * ITEMS..2 * ITEMS + NEW).filter(|item| item % 3 != 0).map(rating);
        assert!(loud.fold(5.0, f64::min) > soft.fold(0.0, f64::max), "{user}");
    }
    // Someone who took nothing is known by his age, and someone new by what he likes, even if nobody else took it.
    let young = model.recommend(Some("u80"), &[], 5).unwrap();
    assert!(young.iter().all(|item| item.item.parse::<usize>().unwrap() < ITEMS || item.new), "{young:?}");
    let likes = [(2 * ITEMS + 1).to_string()];
    let films = model.recommend(None, &likes, 5).unwrap();
    assert!(films.iter().all(|item| item.item.parse::<usize>().unwrap() >= ITEMS), "{films:?}");

    // Tables beside are known already when the run is put to use.
    let asked = put(folder.path(), "asked.csv", "userId,movieId\nu0,3\nu0,33\nu1,60\nu1,61\n");
    let found = predict(done.run.path(), &[asked, paths[1].clone()], &mut Unwatched).unwrap();
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    let scored = evaluate(done.run.path(), Some(&paths), &mut Unwatched).unwrap();
    assert_eq!(scored.rows, 80 * 14);
}

#[test]
fn folders_are_read_whether_plain_or_as_recbole_has_them() {
    let folder = folder();
    let ml = folder.path().join("ml");
    put(&ml, "ratings.csv", ratings(40));
    put(&ml, "movies.csv", movies());
    put(&ml, "tags.csv", "userId,movieId,tag,timestamp\nu0,1,fun,9\n");
    put(&ml, "notes.csv", "colour\nred\n");
    let done = trained(small(&[ml], 3), folder.path(), "plain");
    let config = done.run.config().unwrap();
    assert_eq!((config.data.user.as_deref(), config.data.time), (Some("userId"), None));
    assert!(config.data.kinds.contains_key("genres"));

    let typed = |text: &str, types: &[&str]| {
        let mut lines = text.lines();
        let header = lines.next().unwrap().split(',').zip(types).map(|(name, of)| format!("{name}:{of}"));
        let header = header.collect::<Vec<_>>().join("\t");
        lines.fold(header + "\n", |all, line| all + &line.replace(',', "\t").replace('|', " ") + "\n")
    };
    let set = folder.path().join("films");
    put(&set, "films.inter", typed(&ratings(40), &["token", "token", "float"]));
    put(&set, "films.item", typed(&movies(), &["token", "token_seq", "token", "token_seq"]));
    put(&set, "films.user", typed(&people(40), &["token", "float", "token_seq"]));
    put(&set, "films.link", "movieId:token\tentity_id:token\n1\tm.1\n");
    let done = trained(small(&[set], 3), folder.path(), "typed");
    let kinds = done.run.config().unwrap().data.kinds;
    assert_eq!((kinds["genres"].as_str(), kinds["age"].as_str()), ("tags", "number"));
    assert_eq!(kinds["title"], "tags", "sets of words are tags, and still say what an item is called");
    let list = recommender(done.run.path()).unwrap().recommend(Some("u0"), &[], 2).unwrap();
    assert!(list.iter().all(|item| item.title.as_ref().is_some_and(|title| title.starts_with("Title "))));
}

#[test]
fn an_interrupted_run_finds_its_tables_again_and_notices_if_they_differ() {
    let folder = folder();
    let paths = [put(folder.path(), "ratings.csv", ratings(50)), put(folder.path(), "movies.csv", movies())];
    let mut config = small(&paths, 30);
    config.training.validate_every = Some(5);
    let whole = trained(config.clone(), folder.path(), "whole");
    let run = stopped(config.clone(), folder.path(), "parts", 13);
    assert!(matches!(go_on(&run, u64::MAX), Ok(Ended::Finished(_))));
    assert_eq!(model_bytes(&run), model_bytes(&whole.run));
    let run = stopped(config, folder.path(), "changed", 13);
    put(folder.path(), "movies.csv", movies().replace(",195", ",199"));
    let Err(error) = go_on(&run, u64::MAX) else { panic!("other data was taken for the same") };
    assert!(error.to_string().contains("data"), "{error}");
}

#[test]
fn columns_of_the_same_name_are_kept_apart_and_can_be_left_out() {
    let folder = folder();
    let rated =
        ratings(40).replace("rating\n", "rating,year\n").replace(",5\n", ",5,1\n").replace(",2\n", ",2,2\n");
    let named = movies().replace("title", "name");
    let paths = [
        put(folder.path(), "ratings.csv", rated),
        put(folder.path(), "movies.csv", named),
        put(folder.path(), "users.csv", people(40)),
    ];
    let mut config = small(&paths, 2);
    config.data.ignore = vec!["item.year".to_owned()];
    config.data.kinds.insert("age".to_owned(), "category".to_owned());
    let done = trained(config.clone(), folder.path(), "run");
    let facts: serde_json::Value =
        serde_json::from_slice(&std::fs::read(done.run.path().join("data_report.json")).unwrap()).unwrap();
    let columns: Vec<(String, String)> = facts["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (c["name"].as_str().unwrap().to_owned(), c["role"].as_str().unwrap().to_owned()))
        .collect();
    for (name, role) in [
        ("year", "input"),
        ("item.year", "set aside"),
        ("item.name", "set aside"),
        ("user.name", "set aside"),
    ] {
        assert!(columns.contains(&(name.to_owned(), role.to_owned())), "{name}: {columns:?}");
    }
    assert_eq!(done.run.config().unwrap().data.kinds["age"], "category");
    config.data.ignore = vec!["item.yaer".to_owned()];
    let said = refused(config, &folder.path().join("out")).to_string();
    assert!(said.contains("did you mean `item.year`?"), "{said}");
}

#[test]
fn tables_that_do_not_fit_are_told() {
    let folder = folder();
    let out = folder.path().join("out");
    let rated = put(folder.path(), "ratings.csv", ratings(40));
    let said = |name: &str, text: &str| {
        let error = refused(small(&[rated.clone(), put(folder.path(), name, text)], 2), &out);
        (error.to_string(), error.exit_code())
    };
    let (twice, code) = said("twice.csv", &(movies() + "7,Title 7,1999,Songs\n7,Title 7,1957,Songs\n"));
    for says in ["two rows say different things of `7`", "row 71, column `year`", "`1999`", "`1957` in row 8"]
    {
        assert!(twice.contains(says) && code == 3, "{says}: {twice}");
    }
    let (strangers, code) = said("others.csv", "movieId,year\na,1\nb,2\n");
    for says in ["others.csv, column `movieId`", "none of its 2 items", "here `a`, `b`", "leave this one out"]
    {
        assert!(strangers.contains(says) && code == 3, "{says}: {strangers}");
    }
    let (nothing, code) = said("planets.csv", "planet,moons\nMars,2\n");
    assert!(
        nothing.contains("names neither users nor items") && nothing.contains("`planet`, `moons`"),
        "{nothing}"
    );
    assert_eq!(code, 2);
    let empty = said("empty.csv", "movieId,year\n,1\n,2\n").0;
    assert!(empty.contains("names no items") && empty.contains("empty.csv"), "{empty}");
    let both = [put(folder.path(), "movies.csv", movies()), put(folder.path(), "users.csv", people(9))];
    let nobody = refused(small(&both, 2), &out).to_string();
    assert!(
        nobody.contains("which table says who took") && nobody.contains("is about users (`user`)"),
        "{nobody}"
    );
}

#[test]
fn the_same_row_twice_and_missing_rows_are_no_failure() {
    let folder = folder();
    let some: String =
        movies().lines().filter(|line| !line.starts_with("7,")).map(|l| l.to_owned() + "\n").collect();
    let twice = some.clone() + some.lines().last().unwrap() + "\n,Nameless,1999,Songs\n";
    let paths = [put(folder.path(), "ratings.csv", ratings(40)), put(folder.path(), "movies.csv", twice)];
    let done = trained(small(&paths, 2), folder.path(), "run");
    let model = recommender(done.run.path()).unwrap();
    let list = model.recommend(Some("u1"), &[], 69).unwrap();
    let seven = list.iter().find(|item| item.item == "7").unwrap();
    assert!(seven.title.is_none() && !seven.new, "{seven:?}");
}
