//! Audits: unfairness that is planted, found; groups that are too small; what reveals a group.

use crate::{config, flats, folder, lines, put, trained};
use pellucid_goals::{Auditing, Requirement, Unwatched, Verdict, audit};
use pellucid_tensor::Stream;

/// Who pays back: ability decides, but for one sex `points` says less than there is, and `club` tells the sex.
fn loans(rows: usize, unfair: bool) -> String {
    let mut random = Stream::new(6, "loans", 0);
    lines("points,club,noise,sex,age,pays", rows, |i| {
        let (sex, ability) = (["f", "m"][i % 2], random.normal());
        let less = if unfair && sex == "f" { 1.2 } else { 0.0 };
        let points = 10.0 + ability - less + 0.3 * random.normal();
        let club = if random.below(10) == 0 { "chess" } else { ["rowing", "boxing"][i % 2] };
        let pays = if ability > 0.0 { "pays" } else { "defaults" };
        let age = 18 + random.below(60);
        format!("{points:.2},{club},{:.2},{sex},{age},{pays}", random.normal())
    })
}

#[test]
fn planted_unfairness_is_found_although_the_group_is_no_input() {
    let folder = folder();
    let gap = |unfair: bool| {
        let name = if unfair { "unfair" } else { "fair" };
        let data = put(folder.path(), &format!("{name}.csv"), loans(1600, unfair));
        let mut config = config(&data, &["pays"], 250);
        config.data.ignore = ["sex", "age", "club"].map(str::to_owned).to_vec();
        let run = trained(config, folder.path(), name).run;
        let how = Auditing {
            groups: vec!["sex".to_owned()],
            class: Some("pays".to_owned()),
            ..Auditing::default()
        };
        let own = audit(run.path(), None, &how, &mut Unwatched).unwrap();
        assert!(own.unseen && own.rows > 250 && own.audits.len() == 1 && own.target == "pays");
        let all = audit(run.path(), Some(&[data]), &how, &mut Unwatched).unwrap();
        assert!(!all.unseen && all.rows == 1600);
        let found = all.audits[0].gap("equalized_odds").unwrap().value.unwrap();
        assert!((own.audits[0].gap("equalized_odds").unwrap().value.unwrap() - found).abs() < 0.15);
        (found, all)
    };
    let ((fair, _), (unfair, all)) = (gap(false), gap(true));
    assert!(fair < 0.1 && unfair > 0.3, "{fair} {unfair}");
    let bound = Requirement::parse("equalized_odds<=0.2").unwrap();
    assert_eq!(bound.judge(&all.audits[0]), Some(Verdict::NotMet));
    // Thresholds of their own take most of it back.
    let trades = &all.trades[0];
    assert!(
        trades.iter().any(|t| t.equalized_odds < unfair / 2.0 && t.accuracy > trades[0].accuracy - 0.015),
        "{trades:?}"
    );
}

#[test]
fn columns_that_reveal_a_group_are_named_and_numbers_are_cut() {
    let folder = folder();
    let data = put(folder.path(), "loans.csv", loans(800, true));
    let mut config = config(&data, &["pays"], 60);
    config.data.ignore = vec!["sex".to_owned()];
    let run = trained(config, folder.path(), "run").run;
    let groups = ["sex", "age"].map(str::to_owned).to_vec();
    let found = audit(
        run.path(),
        Some(std::slice::from_ref(&data)),
        &Auditing { groups, ..Auditing::default() },
        &mut Unwatched,
    )
    .unwrap();
    assert_eq!(
        found.audits.iter().map(|a| a.column.as_str()).collect::<Vec<_>>(),
        ["sex", "age", "sex × age"]
    );
    assert_eq!(found.audits[1].groups.len(), 4);
    assert!(found.audits[1].groups.iter().any(|group| group.name.ends_with("or more")));
    let (column, revealing) = &found.revealed[0];
    assert!(column == "sex" && revealing[0].column == "club" && revealing[0].right > 0.85, "{revealing:?}");
    for (how, says) in [
        (Auditing::default(), "--group COLUMN"),
        (Auditing { groups: vec!["sexe".to_owned()], ..Auditing::default() }, "did you mean `sex`?"),
        (
            Auditing {
                groups: vec!["points".to_owned()],
                class: Some("Pays".to_owned()),
                ..Auditing::default()
            },
            "did you mean `pays`?",
        ),
    ] {
        let error = audit(run.path(), Some(std::slice::from_ref(&data)), &how, &mut Unwatched).err().unwrap();
        assert!(error.to_string().contains(says), "{error}");
    }
    let error = audit(
        &run.model(),
        None,
        &Auditing { groups: vec!["sex".to_owned()], ..Auditing::default() },
        &mut Unwatched,
    );
    assert!(error.err().unwrap().to_string().contains("name the DATA"));
}

#[test]
fn numbers_are_audited_by_their_errors() {
    let folder = folder();
    let data = put(folder.path(), "flats.csv", flats(500, 1));
    let run = trained(crate::ignoring(config(&data, &["rent"], 200), &["class"]), folder.path(), "run").run;
    let how = Auditing { groups: vec!["district".to_owned()], ..Auditing::default() };
    let found = audit(run.path(), Some(&[data]), &how, &mut Unwatched).unwrap();
    let audit = &found.audits[0];
    assert!(!audit.class && audit.groups.len() == 4 && found.trades[0].is_empty());
    assert!(audit.gap("mae_gap").unwrap().value.unwrap() > 0.0);
    assert_eq!(Requirement::parse("worst_mae<=1000").unwrap().judge(audit), Some(Verdict::Met));
}
