//! `audit`: whom a network serves how well, and a gate for somebody's own checks.

use crate::arguments::Arguments;
use crate::flags::{Flag, JSON, THREADS, Value};
use crate::output;
use crate::program::{DONE, INTERRUPTED, Operand, UNMET, Verb};
use crate::{show, stop};
use pellucid_goals::{
    Audit, Audited, Auditing, Error, GroupThresholds, Mitigation, Requirement, Trade, Verdict, audit,
    audit_page, mitigations,
};
use std::path::Path;

const WHAT: &str = "What is audited";

static GROUP: Flag = Flag {
    name: "group",
    value: Value::Text("COLUMN"),
    many: true,
    help: "The column that divides rows into groups; several are also crossed. It need not be an input of the network",
    under: WHAT,
};

static TARGET: Flag = Flag {
    name: "target",
    value: Value::Text("COLUMN"),
    many: false,
    help: "The column whose answers are judged, if several are answered [default: the first]",
    under: WHAT,
};

static CLASS: Flag = Flag {
    name: "class",
    value: Value::Text("CLASS"),
    many: false,
    help: "Judge how this class or tag is answered [default: of two classes the rarer one, of more all of them]",
    under: WHAT,
};

static REQUIRE: Flag = Flag {
    name: "require",
    value: Value::Text("BOUND"),
    many: true,
    help: "End with exit code 4 unless the data show that this holds for all groups, such as equalized_odds<=0.1 or worst_accuracy>=0.8",
    under: WHAT,
};

static MITIGATE: Flag = Flag {
    name: "mitigate",
    value: Value::Switch,
    many: false,
    help: "Also learn the run again in six ways that serve the groups more equally, and say what each costs in right answers",
    under: WHAT,
};

static THRESHOLDS: Flag = Flag {
    name: "thresholds",
    value: Value::Path("FILE.json"),
    many: false,
    help: "Write thresholds of their own for each group that halve the gap in mistakes, for: pellucid predict --thresholds. Only where the class is one of two",
    under: "Output",
};

/// What is said when learning again is stopped.
const STOPPING: &str = "\nStopping: nothing is kept. Press Ctrl-C again to leave at once.";

static OUT: Flag = Flag {
    name: "out",
    value: Value::Path("FILE.html"),
    many: false,
    help: "Write a page with all figures, their intervals and what they mean",
    under: "Output",
};

/// Columns that are named because they reveal a group.
const REVEALING: usize = 3;

/// The share of a group's uncertainty that a column must remove to be named.
const WORTH_NAMING: f64 = 0.1;

pub(crate) static VERB: Verb = Verb {
    name: "audit",
    about: "Audit a network: figures by group, the gaps between groups, and bounds that must be kept",
    examples: &[
        "pellucid audit runs/loans-1 --group sex",
        "pellucid audit runs/loans-1 applicants.csv --group sex --group age --out audit.html",
        "pellucid audit runs/loans-1 --group sex --require 'equalized_odds<=0.1'",
        "pellucid audit runs/loans-1 --group sex --thresholds by-sex.json",
    ],
    operands: &[
        Operand { name: "RUN", help: "The run's folder, or a model folder", required: true, many: false },
        Operand {
            name: "DATA",
            help: "Tables, folders or zips with known answers [default: the run's own test rows]",
            required: false,
            many: true,
        },
    ],
    flags: &[&GROUP, &TARGET, &CLASS, &REQUIRE, &MITIGATE, &THRESHOLDS, &OUT, &THREADS, &JSON],
    run,
};

fn run(a: &Arguments<'_>) -> Result<u8, Error> {
    let read = |text: String| {
        Requirement::parse(&text).map_err(|why| Error::usage(format!("--require {text} · {why}")))
    };
    let required = a.texts(&REQUIRE).into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let how = Auditing {
        groups: a.texts(&GROUP),
        target: a.text(&TARGET).map(str::to_owned),
        class: a.text(&CLASS).map(str::to_owned),
    };
    let run = a.operand(0).unwrap_or(Path::new(""));
    let data = a.operands(1);
    let mut watcher = show::watcher(false);
    let audited = audit(run, (!data.is_empty()).then_some(&data[..]), &how, watcher.as_mut())?;
    let mitigated = match a.on(&MITIGATE) {
        true => match mitigations(run, &how, watcher.as_mut(), stop::on_interrupt(STOPPING)?)? {
            Some(found) => found,
            None => return Ok(INTERRUPTED),
        },
        false => Vec::new(),
    };
    drop(watcher);
    let judged = required.iter().map(|bound| judged(bound, &audited)).collect::<Result<Vec<_>, _>>()?;
    match a.on(&JSON) {
        true => output::line(&as_json(&audited, &judged, &mitigated))?,
        false => output::line(&in_words(&audited, &judged, &mitigated))?,
    }
    if let Some(path) = a.path(&OUT) {
        let Audited { target, rows, audits, trades, .. } = &audited;
        output::page(path, &audit_page(&output::name(run), target, *rows, (audits, trades), &mitigated))?;
    }
    if let Some(path) = a.path(&THRESHOLDS) {
        GroupThresholds::of(&audited, &how.groups)?.write(path)?;
    }
    let kept = judged.iter().flat_map(|(_, all)| all).all(|(_, verdict)| *verdict == Verdict::Met);
    Ok(if kept { DONE } else { UNMET })
}

/// A bound, and what each audit that measures it says.
type Judged = (String, Vec<(String, Verdict)>);

fn judged(bound: &Requirement, audited: &Audited) -> Result<Judged, Error> {
    let of = |audit: &Audit| Some((title(audit), bound.judge(audit)?));
    let all: Vec<(String, Verdict)> = audited.audits.iter().filter_map(of).collect();
    match all.is_empty() {
        true => {
            Err(Error::usage(format!("--require {bound} · that is not measured of `{}`", audited.target)))
        }
        false => Ok((bound.to_string(), all)),
    }
}

fn title(audit: &Audit) -> String {
    match audit.class {
        true => format!("`{}` by {}", audit.subject, audit.column),
        false => format!("by {}", audit.column),
    }
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "kept",
        Verdict::NotMet => "NOT kept",
        Verdict::NotEnoughData => "not enough data to say, so not kept",
    }
}

fn as_json(audited: &Audited, judged: &[Judged], mitigated: &[Mitigation]) -> String {
    let by_name = |list: &[(String, pellucid_goals::Figure)]| {
        list.iter()
            .map(|(name, figure)| (name.clone(), serde_json::json!(figure)))
            .collect::<serde_json::Map<_, _>>()
    };
    let audit = |(audit, trades): (&Audit, &Vec<Trade>)| {
        let group = |group: &pellucid_goals::Group| {
            serde_json::json!({
                "name": group.name, "rows": group.rows, "share": group.share, "figures": by_name(&group.figures)
            })
        };
        let gaps: serde_json::Map<_, _> = audit
            .gaps
            .iter()
            .map(|gap| {
                let of = serde_json::json!({
                    "value": gap.value, "low": gap.low, "high": gap.high, "ratio": gap.ratio, "lacking": gap.lacking
                });
                (gap.name.clone(), of)
            })
            .collect();
        serde_json::json!({
            "group": audit.column,
            "class": audit.class.then_some(&audit.subject),
            "groups": audit.groups.iter().map(group).collect::<Vec<_>>(),
            "gaps": gaps,
            "thresholds": trades,
        })
    };
    let required: Vec<_> = judged
        .iter()
        .map(|(bound, all)| {
            let kept = all.iter().all(|(_, verdict)| *verdict == Verdict::Met);
            let of: Vec<_> = all.iter().map(|(of, v)| serde_json::json!({"of": of, "verdict": v})).collect();
            serde_json::json!({"bound": bound, "kept": kept, "by": of})
        })
        .collect();
    let revealed: serde_json::Map<_, _> =
        audited.revealed.iter().map(|(column, all)| (column.clone(), serde_json::json!(all))).collect();
    serde_json::json!({
        "target": audited.target,
        "rows": audited.rows,
        "unseen": audited.unseen,
        "audits": audited.audits.iter().zip(&audited.trades).map(audit).collect::<Vec<_>>(),
        "revealed": revealed,
        "required": required,
        "mitigations": mitigated,
    })
    .to_string()
}

fn in_words(audited: &Audited, judged: &[Judged], mitigated: &[Mitigation]) -> String {
    let unseen = if audited.unseen { " that training has not seen" } else { "" };
    let mut lines =
        vec![format!("`{}` on {} rows{unseen}", audited.target, show::count(audited.rows as u64))];
    for (audit, trades) in audited.audits.iter().zip(&audited.trades) {
        lines.push(String::new());
        lines.push(format!("{}:", title(audit)));
        lines.extend(table(audit));
        lines.extend(gaps(audit));
        if let Some((now, best)) = trades.first().and_then(|now| Some((now, now.halved(trades)?))) {
            lines.push(format!(
                "  With thresholds of their own for each group, the gap in mistakes would go from {:.3} to {:.3}, and right answers from {:.1} to {:.1} %",
                now.equalized_odds,
                best.equalized_odds,
                100.0 * now.accuracy,
                100.0 * best.accuracy
            ));
        }
    }
    for (column, all) in &audited.revealed {
        let telling = all.iter().filter(|r| r.score > WORTH_NAMING).take(REVEALING);
        for r in telling {
            lines.push(format!(
                "`{}` alone tells `{column}` in {:.1} % of the rows; always saying the commonest does in {:.1} %",
                r.column,
                100.0 * r.right,
                100.0 * r.baseline
            ));
        }
    }
    lines.extend(costs(mitigated));
    for (bound, all) in judged {
        for (of, said) in all {
            lines.push(format!("required {bound} · {of}: {}", verdict(*said)));
        }
    }
    lines.join("\n")
}

/// What learning again in fairer ways came to.
fn costs(mitigated: &[Mitigation]) -> Vec<String> {
    if mitigated.is_empty() {
        return Vec::new();
    }
    let heads =
        ["learned with", "right answers", "equalized_odds", "equal_opportunity", "demographic_parity"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    rows.extend(mitigated.iter().map(|one| {
        let gap = |measure| one.gap(measure).map_or_else(|| "–".to_owned(), |gap| format!("{gap:.3}"));
        let right = format!("{:.1} %", 100.0 * one.accuracy);
        [one.name(), right].into_iter().chain(heads[2..].iter().map(|measure| gap(measure))).collect()
    }));
    let said = [
        String::new(),
        "Learned again so that groups are served more equally, on the validation rows:".to_owned(),
    ];
    said.into_iter().chain(aligned(&rows)).collect()
}

/// The groups with their figures.
fn table(audit: &Audit) -> Vec<String> {
    let about = audit.about();
    let mut rows = vec![vec!["group".to_owned(), "rows".to_owned()]];
    rows[0].extend(about.iter().map(|figure| figure.title.to_owned()));
    for group in &audit.groups {
        let mut row = vec![group.name.clone(), show::count(group.rows)];
        row.extend(group.figures.iter().zip(about).map(|((_, figure), about)| {
            let scale = if about.share { 100.0 } else { 1.0 };
            let number = |x: f64| if about.share { format!("{:.1}", scale * x) } else { format!("{x:.4}") };
            match (figure.value, figure.low, figure.high) {
                (Some(value), Some(low), Some(high)) => {
                    format!("{} ({}–{})", number(value), number(low), number(high))
                }
                (Some(value), ..) => number(value),
                (None, ..) => "–".to_owned(),
            }
        }));
        rows.push(row);
    }
    aligned(&rows)
}

fn gaps(audit: &Audit) -> Vec<String> {
    let mut rows = vec![["gap", "", "", "95 % interval", "ratio"].map(str::to_owned).to_vec()];
    let mut lacking = Vec::new();
    for (gap, measure) in audit.gaps.iter().zip(audit.measures()) {
        let number = |x: Option<f64>| x.map_or_else(|| "–".to_owned(), |x| format!("{x:.3}"));
        let interval = match (gap.low, gap.high) {
            (Some(low), Some(high)) => format!("{low:.3}–{high:.3}"),
            _ => "–".to_owned(),
        };
        rows.push(vec![
            measure.title.to_owned(),
            gap.name.clone(),
            number(gap.value),
            interval,
            number(gap.ratio),
        ]);
        if !gap.lacking.is_empty() {
            lacking.push(format!("  {}: not enough data to say of {}", gap.name, gap.lacking.join("; ")));
        }
    }
    aligned(&rows).into_iter().chain(lacking).collect()
}

/// Columns below each other, the first to the left, the others to the right.
fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate().map(|(i, (cell, &width))| match i {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        format!("  {}", cells.collect::<Vec<_>>().join("  "))
    };
    rows.iter().map(line).collect()
}
