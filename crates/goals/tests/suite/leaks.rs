//! Leaks that are planted in a table, each named by looking at it; the same table without any, of which nothing is claimed.

use crate::{config, folder, lines, put};
use pellucid_goals::{Config, Unwatched, inspect};
use pellucid_insight::check::Finding;
use pellucid_tensor::Stream;
use std::path::Path;

/// What is planted.
#[derive(Clone, Copy, PartialEq)]
enum Leak {
    Nothing,
    Duplicates,
    Patients,
    Proxy,
    Days,
}

const ROWS: usize = 1200;

/// Visits: who is ill decides `fever`, with much noise; the other columns mean nothing unless something is planted in them.
fn visits(leak: Leak) -> String {
    let mut random = Stream::new(3, "visits", 0);
    let mut wave: f32 = 0.0;
    let mut constitution = 0.0;
    let mut table = lines("day,patient,fever,weight,treatment,ill", ROWS, |i| {
        wave = 0.97 * wave + 0.25 * random.normal();
        let patient = match leak {
            Leak::Patients => i / 8,
            _ => i,
        };
        if leak != Leak::Patients || i % 8 == 0 {
            constitution = random.normal();
        }
        let ill = match leak {
            Leak::Days => wave + 0.3 * random.normal() > 0.0,
            Leak::Patients => constitution + 0.3 * random.normal() > 0.0,
            _ => random.normal() > 0.0,
        };
        let treatment = match leak {
            Leak::Proxy => 3 * u32::from(ill) + random.below(3) as u32,
            _ => random.below(6) as u32,
        };
        let day = day_of(i);
        let fever = f32::from(u8::from(ill)) + random.normal();
        let ill = if ill { "yes" } else { "no" };
        format!("{day},p{patient},{fever:.4},{:.3},t{treatment},{ill}", 70.0 + 9.0 * random.normal())
    });
    if leak == Leak::Duplicates {
        let copies: Vec<String> = table.lines().skip(1).take(300).map(|line| format!("{line}\n")).collect();
        table.push_str(&copies.concat());
    }
    table
}

/// A date, one a day from 2020 on, in months of 28 days.
fn day_of(i: usize) -> String {
    format!("{}-{:02}-{:02}", 2020 + i / 336, 1 + i / 28 % 12, 1 + i % 28)
}

fn findings(folder: &Path, leak: Leak, change: impl Fn(&mut Config)) -> Vec<Finding> {
    let mut config = config(&put(folder, "visits.csv", visits(leak)), &["ill"], 10);
    change(&mut config);
    inspect(&config, &mut Unwatched).unwrap().report.findings
}

/// What is claimed that would make a score untrue.
fn leaks(findings: &[Finding]) -> Vec<&str> {
    let named = ["gives_answer_away", "group_on_both_sides", "time_on_both_sides", "order_on_both_sides"];
    let codes = findings.iter().map(|finding| finding.code.as_str());
    codes.filter(|code| code.starts_with("duplicates") || named.contains(code)).collect()
}

#[test]
fn each_planted_leak_is_named_and_nothing_is_claimed_without_one() {
    let folder = folder();
    let with = |leak| findings(folder.path(), leak, |_| {});
    assert_eq!(leaks(&with(Leak::Nothing)), [""; 0]);
    let copied = with(Leak::Duplicates);
    let copies = leaks(&copied);
    assert!(
        copies[0] == "duplicates_across_splits" && copies.iter().all(|code| code.starts_with("dup")),
        "{copies:?}"
    );
    let by_patient = with(Leak::Patients);
    assert!(leaks(&by_patient).contains(&"group_on_both_sides"), "{by_patient:?}");
    assert_eq!(leaks(&with(Leak::Proxy)), ["gives_answer_away"]);
    let by_day = with(Leak::Days);
    assert_eq!(leaks(&by_day), ["time_on_both_sides"]);
    assert!(by_day.iter().any(|f| f.advice.contains("--time-column day")), "{by_day:?}");
}

#[test]
fn what_was_advised_helps() {
    let folder = folder();
    let by_time = findings(folder.path(), Leak::Days, |config| config.data.time = Some("day".to_owned()));
    assert_eq!(leaks(&by_time), [""; 0]);
    let by_patient =
        findings(folder.path(), Leak::Patients, |config| config.data.group = Some("patient".to_owned()));
    assert_eq!(leaks(&by_patient), [""; 0]);
    // A column that is set aside tells when rows were, too.
    let without = findings(folder.path(), Leak::Days, |config| config.data.ignore = vec!["day".to_owned()]);
    assert_eq!(leaks(&without), ["time_on_both_sides"]);
}
