//! A page of an audit.

use maud::{Markup, html};

use super::page::{footer, page};
use super::words;
use crate::audit::{Audit, Figure, FigureAbout, Mitigation, Trade};
use crate::report::plot::{self, Line};

/// The page, as UTF-8 text: one file that needs no connection.
pub fn render_audit(
    run: &str,
    target: &str,
    rows: usize,
    (audits, trades): (&[Audit], &[Vec<Trade>]),
    mitigations: &[Mitigation],
) -> String {
    let body = html! {
        header class="page" {
            h1 { "Whom " (run) " serves how well" }
            p { "Answers to " code { (target) } " on " (words::count(rows as u64)) " rows, group by group. Behind each figure stands the interval in which it would lie in 95 of 100 such samples (percentile bootstrap)." }
        }
        main id="main" {
            @for (audit, trades) in audits.iter().zip(trades) {
                section {
                    h2 { @if audit.class { code { (audit.subject) } " " } "by " (audit.column) }
                    (groups(audit))
                    (gaps(audit))
                    (thresholds(trades))
                }
            }
            (learned_again(mitigations))
        }
        (footer(None))
    };
    page(&format!("{run} · audited"), &body)
}

pub(super) fn groups(audit: &Audit) -> Markup {
    let about = audit.about();
    html! {
        div class="scroll" { table {
            thead { tr {
                th scope="col" { "Group" } th scope="col" class="number" { "Rows" }
                @for figure in about { th scope="col" class="number" title=(figure.about) { (figure.title) } }
            } }
            tbody { @for group in &audit.groups { tr {
                th scope="row" { (group.name) }
                td class="number" { (words::count(group.rows)) br; small { (words::percent(group.share)) } }
                @for ((_, figure), about) in group.figures.iter().zip(about) {
                    td class="number" { (shown(figure, about)) }
                }
            } } }
        } }
        details { summary { "What the columns say" }
            dl { @for figure in about { div { dt { (figure.title) } dd { (figure.about) " (" code { (figure.name) } ")" } } } }
        }
    }
}

fn shown(figure: &Figure, about: &FigureAbout) -> Markup {
    let number = |x: f64| match about.share {
        true => format!("{:.1}", 100.0 * x),
        false => format!("{x:.3}"),
    };
    html! {
        @match figure.value {
            Some(value) => {
                (number(value)) @if about.share { (words::NARROW) "%" }
                br;
                small {
                    @match (figure.low, figure.high) {
                        (Some(low), Some(high)) => { (number(low)) "–" (number(high)) }
                        _ => { "of " (figure.rows) " rows" }
                    }
                }
            }
            None => { "–" }
        }
    }
}

pub(super) fn gaps(audit: &Audit) -> Markup {
    html! {
        h4 { "The gaps between groups" }
        div class="scroll" { table {
            thead { tr {
                th scope="col" { "Are all groups …" } th scope="col" class="number" { "Gap" }
                th scope="col" class="number" { "95 % interval" } th scope="col" class="number" { "Smallest ÷ largest" }
                th scope="col" { "What it is" }
            } }
            tbody { @for (gap, measure) in audit.gaps.iter().zip(audit.measures()) { tr {
                th scope="row" { (measure.title) br; small { code { (gap.name) } } }
                td class="number" { @if let Some(value) = gap.value { (format!("{value:.3}")) } @else { "–" } }
                td class="number" { @if let (Some(low), Some(high)) = (gap.low, gap.high) { (format!("{low:.3}–{high:.3}")) } @else { "–" } }
                td class="number" { @if let Some(ratio) = gap.ratio { (format!("{ratio:.2}")) } @else { "–" } }
                td class="reason" {
                    (measure.about) "."
                    @if !gap.lacking.is_empty() { " " b { "Not enough data to say of " (gap.lacking.join("; ")) "." } }
                }
            } } }
        } }
    }
}

/// What learning again in fairer ways came to.
fn learned_again(mitigations: &[Mitigation]) -> Markup {
    const MEASURES: [(&str, &str); 3] = [
        ("equalized_odds", "Gap in mistakes"),
        ("equal_opportunity", "Gap in finding the class"),
        ("demographic_parity", "Gap in being answered it"),
    ];
    html! {
        @if mitigations.len() > 1 {
            section {
                h2 { "What serving them more equally costs" }
                p {
                    "The same network was learned again: with rows that weigh as if group and answer had nothing to do with each other "
                    "(reweighing; Kamiran & Calders 2012), and with the gaps in mistakes as a part of what it has to make small (equalised odds; "
                    "Hardt et al., arXiv 1610.02413). All were measured on the validation rows. Farther left is more equal, farther up is right more often; with "
                    "few rows of a group a gap is known to within some hundredths only."
                }
                (cost(mitigations))
                div class="scroll" { table {
                    thead { tr {
                        th scope="col" { "Learned with" } th scope="col" class="number" { "Right answers" }
                        @for (_, title) in MEASURES { th scope="col" class="number" { (title) } }
                    } }
                    tbody { @for one in mitigations { tr {
                        th scope="row" { (one.name()) }
                        td class="number" { (words::percent(one.accuracy)) }
                        @for (measure, _) in MEASURES { td class="number" { @if let Some(gap) = one.gap(measure) { (format!("{gap:.3}")) } @else { "–" } } }
                    } } }
                } }
                p { "Learn so: " code { "pellucid train … --audit COLUMN --fair equalized_odds --fair-strength 1" } }
            }
        }
    }
}

/// Right answers over the gap in mistakes, a curve for each way that begins at the network as it is and goes on to stronger ones.
fn cost(mitigations: &[Mitigation]) -> Markup {
    let points = |way: &str| -> Vec<(f64, f64)> {
        let of = |one: &&Mitigation| one.way.as_deref().is_none_or(|own| own == way);
        let place = |one: &Mitigation| Some((one.gap("equalized_odds")?, 100.0 * one.accuracy));
        mitigations.iter().filter(of).filter_map(place).collect()
    };
    let (reweighing, constraint) = (points("reweighing"), points("equalized_odds"));
    let lines = [
        Line { name: "reweighing", class: "training", points: &reweighing },
        Line { name: "equalised odds", class: "validation", points: &constraint },
    ];
    html! {
        figure {
            (plot::curves("What equality costs", "gap in mistakes", "right answers in %", &lines, None))
            figcaption { span class="legend" { span class="key training" { "reweighing" } " " span class="key validation" { "equalised odds as a part of the loss" } } }
        }
    }
}

/// Right answers over the gap in mistakes, for thresholds that leave less and less of it.
fn curve(trades: &[Trade]) -> Markup {
    let points: Vec<(f64, f64)> = trades.iter().map(|t| (t.equalized_odds, 100.0 * t.accuracy)).collect();
    let lines = [Line { name: "thresholds by group", class: "validation", points: &points }];
    html! { figure { (plot::curves("What equality costs by thresholds", "gap in mistakes", "right answers in %", &lines, None)) } }
}

fn thresholds(trades: &[Trade]) -> Markup {
    let names = trades.first().into_iter().flat_map(|trade| trade.thresholds.keys());
    html! {
        @if trades.len() > 1 {
            h4 { "What would make the groups more equal, and what it would cost" }
            p {
                "Thresholds of their own for each group, chosen on one half of the rows and measured on the other "
                "(after Hardt et al., arXiv 1610.02413). The first line is the network as it is."
            }
            (curve(trades))
            div class="scroll" { table {
                thead { tr {
                    th scope="col" class="number" { "Gap in mistakes" } th scope="col" class="number" { "Right answers" }
                    @for name in names { th scope="col" class="number" { "from, " (name) } }
                } }
                tbody { @for trade in trades { tr {
                    td class="number" { (format!("{:.3}", trade.equalized_odds)) }
                    td class="number" { (words::percent(trade.accuracy)) }
                    @for threshold in trade.thresholds.values() { td class="number" { (format!("{threshold:.2}")) } }
                } } }
            } }
        }
    }
}
