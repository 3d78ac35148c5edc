//! Audits: unfairness that is planted, found; groups that are too small; what reveals a group.

use crate::{config, flats, folder, lines, put, refused, trained};
use pellucid_data::OutValues;
use pellucid_goals::{
    Asking, Auditing, Fairness, GroupThresholds, Requirement, Unwatched, Verdict, audit, mitigations,
    predict_with,
};
use pellucid_tensor::Stream;
use std::sync::atomic::AtomicBool;

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
fn thresholds_by_group_are_put_to_use() {
    let folder = folder();
    // Of unequal sizes, the larger group second by name.
    let fewer = |text: String| -> String {
        let kept = text.lines().enumerate().filter(|(i, line)| !line.contains(",f,") || i % 4 == 1);
        kept.map(|(_, line)| format!("{line}\n")).collect()
    };
    let data = put(folder.path(), "loans.csv", fewer(loans(4000, true)));
    let mut config = config(&data, &["pays"], 250);
    config.data.ignore = ["sex", "age", "club"].map(str::to_owned).to_vec();
    let run = trained(config, folder.path(), "run").run;
    let by = |groups: &[&str]| {
        let groups = groups.iter().map(|&group| group.to_owned()).collect();
        let how = Auditing { groups, class: Some("pays".to_owned()), ..Auditing::default() };
        let found = audit(run.path(), Some(std::slice::from_ref(&data)), &how, &mut Unwatched).unwrap();
        GroupThresholds::of(&found, &how.groups)
    };
    let (chosen, file) = (by(&["sex"]).unwrap(), folder.path().join("by-sex.json"));
    chosen.write(&file).unwrap();
    let read = GroupThresholds::read(&file).unwrap();
    assert!(read == chosen && chosen.thresholds["f"] < chosen.thresholds["m"], "{chosen:?}");
    assert!(chosen.equalized_odds[1] <= chosen.equalized_odds[0] / 2.0);

    // Rows that are answered anew, with a group that has no threshold among them.
    let others = fewer(loans(3000, true)).replacen(",f,", ",x,", 1);
    let new = put(folder.path(), "new.csv", &others);
    let answered = |thresholds: Option<GroupThresholds>| {
        let asking = Asking { thresholds, ..Asking::default() };
        predict_with(run.path(), std::slice::from_ref(&new), asking, &mut Unwatched).unwrap()
    };
    let gap = |thresholds: Option<GroupThresholds>| {
        let found = answered(thresholds);
        let OutValues::Text(answers) = &found.columns[1].values else { panic!("no classes") };
        let share = |sex: &str, truth: &str| {
            let rows = others.lines().skip(1).zip(answers);
            let own = rows.filter(|(row, _)| row.contains(&format!(",{sex},")) && row.ends_with(truth));
            let pays: Vec<bool> = own.map(|(_, answer)| answer == "pays").collect();
            pays.iter().filter(|pays| **pays).count() as f64 / pays.len() as f64
        };
        let apart = |truth: &str| (share("f", truth) - share("m", truth)).abs();
        f64::max(apart("pays"), apart("defaults"))
    };
    let (before, after) = (gap(None), gap(Some(read.clone())));
    assert!(before > 0.3 && after < before / 2.0 + 0.05, "{before} {after}");
    let found = answered(Some(read));
    assert_eq!(found.problems, ["rows of the group `x`: it has no threshold"]);
    let at = others.lines().skip(1).position(|row| row.contains(",x,")).unwrap();
    let (OutValues::Text(answers), OutValues::Number(p)) =
        (&found.columns[1].values, &found.columns[2].values)
    else {
        panic!("no answers")
    };
    assert!(answers[at].is_empty() && p[at].is_nan() && answers.iter().filter(|a| a.is_empty()).count() == 1);

    assert!(by(&["age"]).unwrap_err().to_string().contains("cut at its quartiles"));
    std::fs::write(&file, "{}").unwrap();
    let error = GroupThresholds::read(&file).unwrap_err().to_string();
    assert!(error.contains("holds no thresholds") && error.contains("pellucid audit RUN --group"), "{error}");
}

/// Who was said to pay back: ability decides, but one sex was trusted more, and `club` tells the sex.
fn trusted(rows: usize) -> String {
    let mut random = Stream::new(8, "trusted", 0);
    lines("points,club,sex,pays", rows, |i| {
        let (sex, ability) = (["f", "m"][i % 2], random.normal());
        let trust = if sex == "m" { 0.5 } else { -0.5 };
        let club = if random.below(10) == 0 { "chess" } else { ["rowing", "boxing"][i % 2] };
        let pays = if ability + trust + 0.3 * random.normal() > 0.0 { "pays" } else { "defaults" };
        format!("{ability:.2},{club},{sex},{pays}")
    })
}

#[test]
fn groups_are_served_more_equally_where_that_is_asked_for() {
    let folder = folder();
    let data = put(folder.path(), "trusted.csv", trusted(2000));
    let of = |fair: Option<Fairness>, name: &str| {
        let mut config = config(&data, &["pays"], 250);
        config.data.ignore = vec!["sex".to_owned()];
        config.data.audit = vec!["sex".to_owned()];
        config.training.fair = fair;
        config.training.fair_strength = fair.map(|_| 4.0);
        let done = trained(config, folder.path(), name);
        let how = Auditing { groups: vec!["sex".to_owned()], ..Auditing::default() };
        let found = audit(done.run.path(), None, &how, &mut Unwatched).unwrap();
        let gap = found.audits[0].gap("demographic_parity").unwrap().value.unwrap();
        (gap, done.evaluation.targets["pays"].get("accuracy").unwrap().value, done.run)
    };
    let (gap, accuracy, run) = of(None, "plain");
    assert!(gap > 0.25, "{gap}");
    let page = std::fs::read_to_string(run.path().join("report.html")).unwrap();
    let card = std::fs::read_to_string(run.path().join("README.md")).unwrap();
    assert!(page.contains("Whom it serves how well"));
    for says in ["Whom it serves how well: ", "| f |", "- demographic_parity: ", "groups by anything but sex"]
    {
        assert!(card.contains(says), "the card lacks {says}: {card}");
    }
    for (fair, name) in [(Fairness::DemographicParity, "parity"), (Fairness::Reweighing, "weighed")] {
        let (less, lower, run) = of(Some(fair), name);
        assert!(less < gap / 2.0 && lower < accuracy, "{name}: {gap} {less} {accuracy} {lower}");
        let training = run.config().unwrap().training;
        assert_eq!((training.fair, training.fair_strength), (Some(fair), Some(4.0)));
    }
    // Beforehand it is said what that would cost.
    let how = Auditing { groups: vec!["sex".to_owned()], ..Auditing::default() };
    let found = mitigations(run.path(), &how, &mut Unwatched, &AtomicBool::new(false)).unwrap().unwrap();
    assert_eq!(found.len(), 7);
    assert!(found[0].way.is_none() && found[0].gap("demographic_parity").unwrap() > 0.2, "{found:?}");
    assert!(
        found[2].gap("demographic_parity").unwrap() < found[0].gap("demographic_parity").unwrap(),
        "{found:?}"
    );
    assert!(mitigations(run.path(), &how, &mut Unwatched, &AtomicBool::new(true)).unwrap().is_none());
}

#[test]
fn what_asks_for_equal_groups_must_name_them() {
    let folder = folder();
    let data = put(folder.path(), "trusted.csv", trusted(200));
    let mut without = config(&data, &["pays"], 5);
    without.training.fair = Some(Fairness::EqualizedOdds);
    let mut number = config(&data, &["points"], 5);
    number.training.fair = Some(Fairness::EqualizedOdds);
    number.data.audit = vec!["sex".to_owned()];
    let mut alone = config(&data, &["pays"], 5);
    alone.training.fair_strength = Some(2.0);
    let mut unknown = config(&data, &["pays"], 5);
    unknown.data.audit = vec!["sx".to_owned()];
    unknown.training.fair = Some(Fairness::Reweighing);
    for (i, (config, says)) in [
        (without, "--audit COLUMN"),
        (number, "a column of classes"),
        (alone, "does nothing without"),
        (unknown, "sx"),
    ]
    .into_iter()
    .enumerate()
    {
        let error = refused(config, &folder.path().join(i.to_string())).to_string();
        assert!(error.contains(says), "{error}");
    }
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
