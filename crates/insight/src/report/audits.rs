//! A page of an audit.

use maud::{Markup, html};

use super::page::{footer, page};
use super::words;
use crate::audit::{Audit, Figure, FigureAbout, Trade};

/// The page, as UTF-8 text: one file that needs no connection.
pub fn render_audit(run: &str, target: &str, rows: usize, audits: &[Audit], trades: &[Vec<Trade>]) -> String {
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
                    (thresholds(audit, trades))
                }
            }
        }
        (footer(None))
    };
    page(&format!("{run} · audited"), &body)
}

fn groups(audit: &Audit) -> Markup {
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

fn gaps(audit: &Audit) -> Markup {
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

fn thresholds(audit: &Audit, trades: &[Trade]) -> Markup {
    let mut names: Vec<&str> = audit.groups.iter().map(|group| group.name.as_str()).collect();
    // Thresholds stand in the order of the names.
    names.sort_unstable();
    html! {
        @if trades.len() > 1 {
            h4 { "What would make the groups more equal, and what it would cost" }
            p {
                "Thresholds of their own for each group, chosen on one half of the rows and measured on the other "
                "(after Hardt et al., arXiv 1610.02413). The first line is the network as it is."
            }
            div class="scroll" { table {
                thead { tr {
                    th scope="col" class="number" { "Gap in mistakes" } th scope="col" class="number" { "Right answers" }
                    @for name in &names { th scope="col" class="number" { "from, " (name) } }
                } }
                tbody { @for trade in trades { tr {
                    td class="number" { (format!("{:.3}", trade.equalized_odds)) }
                    td class="number" { (words::percent(trade.accuracy)) }
                    @for threshold in &trade.thresholds { td class="number" { (format!("{threshold:.2}")) } }
                } } }
            } }
        }
    }
}
