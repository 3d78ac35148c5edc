//! The resolved configuration: complete, and the one to start the same run from again.

use crate::{config, flats, folder, ignoring, model_bytes, put, trained};
use pellucid_goals::{ClassWeights, Config};

#[test]
fn the_written_configuration_is_complete_and_gives_the_same_model() {
    let folder = folder();
    let data = put(folder.path(), "flats.csv", flats(200, 1));
    let first = trained(ignoring(config(&data, &["class"], 40), &["rent"]), folder.path(), "first");
    let resolved = first.run.config().unwrap();
    let (d, n, t) = (&resolved.data, &resolved.network, &resolved.training);
    assert_eq!(d.kinds["size"], "number");
    assert_eq!(d.kinds["district"], "category");
    assert_eq!(d.kinds["balcony"], "flag");
    assert!(!d.kinds.contains_key("rent"), "what is left out has no kind");
    assert!(d.validation.is_some() && d.test.is_some() && d.skip_share.is_some() && d.max_side.is_some());
    assert!(n.width.is_some() && n.depth.is_some() && n.dropout.is_some());
    assert!(t.steps.is_some() && t.batch.is_some() && t.learning_rate.is_some() && t.weight_decay.is_some());
    assert!(
        t.ema.is_some() && t.patience.is_some() && t.validate_every.is_some() && t.class_weights.is_some()
    );
    let again = trained(resolved.clone(), folder.path(), "again");
    assert_eq!(again.run.config().unwrap(), resolved);
    assert!(model_bytes(&first.run) == model_bytes(&again.run));
    assert_eq!(first.evaluation, again.evaluation);
}

/// Flats of which one in fifteen is a castle, beside the even classes cheap and dear.
fn castles() -> String {
    let castle = |i: usize| if i % 15 == 1 { "castle" } else { "house" };
    let text = flats(300, 1);
    let lines = text.lines().enumerate();
    lines.map(|(i, line)| format!("{line},{}\n", if i == 0 { "sort" } else { castle(i) })).collect()
}

#[test]
fn only_the_targets_that_were_weighed_are_weighed_again() {
    let folder = folder();
    let data = put(folder.path(), "castles.csv", castles());
    let asked = || ignoring(config(&data, &["class", "sort"], 30), &["rent"]);
    let first = trained(asked(), folder.path(), "first").run;
    let resolved = first.config().unwrap();
    let weighed = |columns: &[&str]| Some(ClassWeights::Of(columns.iter().map(|&c| c.to_owned()).collect()));
    assert_eq!(resolved.training.class_weights, weighed(&["sort"]));
    let again = trained(resolved.clone(), folder.path(), "again").run;
    assert_eq!(again.config().unwrap(), resolved);
    assert!(model_bytes(&first) == model_bytes(&again));

    let run = |name: &str, text: &str| {
        let mut config = asked();
        let toml = format!("[training]\nclass_weights = {text}");
        config.training.class_weights = Config::parse(&toml, "mine.toml").unwrap().training.class_weights;
        trained(config, folder.path(), name).run.config().unwrap().training.class_weights
    };
    assert_eq!(run("all", "true"), weighed(&["class", "sort"]));
    assert_eq!(run("none", "false"), weighed(&[]));
    assert_eq!(run("one", "[\"class\"]"), weighed(&["class"]));
}

#[test]
fn class_weights_of_other_columns_are_refused() {
    let folder = folder();
    let data = put(folder.path(), "castles.csv", castles());
    for (column, advice) in
        [("clas", "did you mean `class`?"), ("rent", "there are: class, sort"), ("age", "class")]
    {
        let mut config = config(&data, &["class", "sort", "rent"], 30);
        config.training.class_weights = Some(ClassWeights::Of(vec![column.to_owned()]));
        let why = crate::refused(config, folder.path()).to_string();
        assert!(why.contains(&format!("`{column}`")) && why.contains(advice), "{why}");
    }
}

#[test]
fn the_seed_decides_everything() {
    let folder = folder();
    let data = put(folder.path(), "flats.csv", flats(150, 1));
    let run = |seed, name: &str| {
        let mut config = ignoring(config(&data, &["rent"], 20), &["class"]);
        config.training.seed = seed;
        model_bytes(&trained(config, folder.path(), name).run)
    };
    let (one, same, other) = (run(1, "one"), run(1, "same"), run(2, "other"));
    assert!(one == same);
    assert!(one != other);
}

#[test]
fn errors_name_the_file_and_the_key() {
    let folder = folder();
    let why = |text: &str| {
        let path = put(folder.path(), "mine.toml", text);
        Config::read(&path).unwrap_err().to_string()
    };
    for (text, parts) in [
        ("[data]\npredic = [\"x\"]", ["mine.toml", "`predic`", "`predict`"]),
        ("[network]\nlayer = [\"relu\"]", ["mine.toml", "[network]", "`layers`"]),
        ("[training]\npreset = \"bestest\"", ["mine.toml", "bestest", "best"]),
        ("[training]\nsteps = -3", ["mine.toml", "steps", "-3"]),
        ("[training]\nclass_weights = 3", ["mine.toml", "class_weights", "list of columns"]),
        ("[training]\nsteps = 10 20", ["mine.toml", "not valid", "line 2"]),
    ] {
        let why = why(text);
        assert!(parts.iter().all(|part| why.contains(part)), "{why}");
    }
    let missing = Config::read(&folder.path().join("none.toml")).unwrap_err();
    assert!(missing.to_string().contains("none.toml") && missing.exit_code() == 2, "{missing}");
    assert_eq!(Config::parse("", "empty").unwrap(), Config::default());
}
