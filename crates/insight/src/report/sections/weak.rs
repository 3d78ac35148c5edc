//! Groups of rows on which the network is worse than elsewhere.

use maud::{Markup, html};

use super::prose;
use crate::report::data::{Outcome, ReportData, Target, Weak, WeakSegment};
use crate::report::words;

pub(super) fn content(data: &ReportData, target: &Target) -> Option<Markup> {
    let weak = target.weak.as_ref().filter(|weak| weak.looked_at > 0)?;
    Some(html! {
        p class="verdict" { (verdict(data, target, weak)) }
        @if !weak.segments.is_empty() { (table(target, &weak.segments)) }
        details { summary { "How" }
            p {
                (words::count(weak.looked_at)) " groups were looked at: all that have at least 30 " (data.rows_are())
                " of the test and something in common: the true class, or one column or two (numbers by quarters, pictures by brightness and contrast). One is named if answers miss "
                "the truth a quarter more there than elsewhere, and chance would make any look as weak in at most 1 of 100 data sets "
                @match &target.outcome {
                    Outcome::Classes(_) => "(Fisher's exact test",
                    _ => "(the ranks of Mann and Whitney",
                }
                ", corrected for all that were looked at: Holm 1979). What is named was chosen because it looks weak, so the truth is likely a little better than its figure."
            }
        }
    })
}

fn verdict(data: &ReportData, target: &Target, weak: &Weak) -> String {
    let Some(first) = weak.segments.first() else {
        return format!(
            "No group of {} was found on which it is clearly worse than elsewhere.",
            data.rows_are()
        );
    };
    let value = |x: f64| shown(target, x);
    let parts: Vec<String> =
        first.parts.iter().map(|(column, value)| format!("“{column}” is {value}")).collect();
    let of = parts.join(" and ");
    match &target.outcome {
        Outcome::Numbers(_) => format!(
            "Where {of}, it is off by {} on average, elsewhere by {}: rely less on its answers there.",
            value(first.value),
            value(first.elsewhere)
        ),
        _ => format!(
            "Where {of}, it is right for {}, elsewhere for {}: rely less on its answers there.",
            value(first.value),
            value(first.elsewhere)
        ),
    }
}

fn shown(target: &Target, x: f64) -> String {
    match &target.outcome {
        Outcome::Numbers(outcome) => format!("{x:.3}{}", words::unit(outcome)),
        _ => words::percent(x),
    }
}

fn table(target: &Target, segments: &[WeakSegment]) -> Markup {
    let numbers = matches!(target.outcome, Outcome::Numbers(_));
    html! {
        div class="scroll" { table {
            thead { tr {
                th scope="col" { "Where" } th scope="col" class="number" { "Rows" }
                th scope="col" class="number" { @if numbers { "Off by" } @else { "Right" } }
                th scope="col" class="number" { "95 % interval" } th scope="col" class="number" { "Elsewhere" }
            } }
            tbody { @for segment in segments { tr {
                th scope="row" { (prose(&segment.in_words())) }
                td class="number" { (words::count(segment.rows)) }
                td class="number" { (shown(target, segment.value)) }
                td class="number" {
                    @if let Some((low, high)) = segment.low.zip(segment.high) { (shown(target, low)) " to " (shown(target, high)) } @else { "–" }
                }
                td class="number" { (shown(target, segment.elsewhere)) }
            } } }
        } }
    }
}
