//! Which columns matter over all rows.

use maud::{Markup, html};

use crate::report::data::{Importance, Outcome, ReportData, Target};

/// Columns that are shown before the rest is folded away.
const SHOWN: usize = 15;

pub(super) fn content(_: &ReportData, target: &Target) -> Option<Markup> {
    let all = &target.importance;
    let strongest = all.first().map(|first| first.value.max(f64::MIN_POSITIVE))?;
    let numbers = matches!(target.outcome, Outcome::Numbers(_));
    Some(html! {
        p {
            @if numbers { "By how much the mean error grows if what stands in a column is exchanged between rows. " }
            @else { "By how many points right answers become fewer if what stands in a column is exchanged between rows. " }
            "Of two columns that say nearly the same, each may seem idle; where an interval holds 0, it may be chance. (Permutation importance: Breiman 2001; Fisher et al., arXiv 1801.01489; "
            "three exchanges, 95 % intervals over rows.)"
        }
        (table(all.get(..SHOWN).unwrap_or(all), strongest, numbers))
        @if let Some(rest) = all.get(SHOWN..).filter(|rest| !rest.is_empty()) {
            details { summary { (rest.len()) " more" } (table(rest, strongest, numbers)) }
        }
        (super::dependence::content(target))
    })
}

fn table(all: &[Importance], strongest: f64, numbers: bool) -> Markup {
    let scale = if numbers { 1.0 } else { 100.0 };
    let shown = |x: f64| {
        let text = if numbers { format!("{:.3}", x.abs()) } else { format!("{:.1}", scale * x.abs()) };
        let zero = text.chars().all(|c| c == '0' || c == '.');
        if x < 0.0 && !zero { format!("−{text}") } else { text }
    };
    html! {
        div class="scroll" { table {
            thead { tr {
                th scope="col" { "Column" }
                th scope="col" class="number" { @if numbers { "Error grows by" } @else { "Points lost" } }
                th scope="col" class="number" { "95 % interval" } th scope="col" { span class="skip" { "as a bar" } }
            } }
            tbody { @for column in all { tr {
                th scope="row" { (column.name) }
                td class="number" { (shown(column.value)) }
                td class="number" { (shown(column.low)) " to " (shown(column.high)) }
                td class="bar-column" { (super::bar((column.value / strongest).max(0.0), "")) }
            } } }
        } }
    }
}
