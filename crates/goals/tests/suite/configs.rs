//! The resolved configuration: complete, and the one to start the same run from again.

use crate::{config, flats, folder, ignoring, model_bytes, put, trained};
use pellucid_goals::Config;

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
        ("[training]\nsteps = 10 20", ["mine.toml", "not valid", "line 2"]),
    ] {
        let why = why(text);
        assert!(parts.iter().all(|part| why.contains(part)), "{why}");
    }
    let missing = Config::read(&folder.path().join("none.toml")).unwrap_err();
    assert!(missing.to_string().contains("none.toml") && missing.exit_code() == 2, "{missing}");
    assert_eq!(Config::parse("", "empty").unwrap(), Config::default());
}
