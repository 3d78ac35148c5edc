//! The scores: cards for the most telling ones, a table for all.

use maud::{Markup, html};
use pellucid_train::metrics::{Format, Metric, by_name};

use crate::intervals::Scored;
use crate::report::data::{Outcome, ReportData, Target};
use crate::report::{plot, words};

/// The metrics that get a card, beside the headline's.
const CARDS: [&str; 9] = [
    "accuracy",
    "balanced_accuracy",
    "auc",
    "mae",
    "r2",
    "correlation",
    "subset_accuracy",
    "chrf",
    "perplexity",
];

pub(super) fn content(_: &ReportData, target: &Target) -> Option<Markup> {
    let scores: Vec<(&Metric, &Scored)> =
        target.scores.0.iter().filter_map(|(name, scored)| Some((by_name(name)?, scored))).collect();
    if scores.is_empty() {
        return None;
    }
    let unit = match &target.outcome {
        Outcome::Numbers(outcome) => words::unit(outcome),
        _ => String::new(),
    };
    let is_headline = |metric: &Metric| metric.name == words::headline_metric(&target.outcome);
    let show = |metric: &Metric, value: f64| {
        let unit = if metric.format == Format::TargetUnit { unit.as_str() } else { "" };
        format!("{}{unit}", words::value(metric.format, value))
    };
    Some(html! {
        div class="cards" {
            @for (metric, scored) in scores.iter().filter(|(metric, _)| CARDS.contains(&metric.name) || is_headline(metric)) {
                article class="card" {
                    h4 { (metric.label) }
                    p class="big" { (show(metric, scored.value)) }
                    (plot::interval(metric.label, scored, scale(metric, scored), metric.higher_is_better))
                    p class="range" {
                        @match words::interval(metric.format, scored) {
                            Some(interval) => { "95 % interval: " (interval) }
                            None => { "too few rows for an interval" }
                        }
                        @if let Some(baseline) = scored.baseline { br; "trivial answer: " (show(metric, baseline)) }
                    }
                    p class="meaning" { (metric.meaning) }
                }
            }
        }
        details open[scores.len() <= 4] {
            summary { "All scores" }
            div class="scroll" {
                table {
                    thead { tr { th scope="col" { "Score" } th scope="col" class="number" { "Value" }
                        th scope="col" class="number" { "95 % interval" } th scope="col" class="number" { "Trivial answer" }
                        th scope="col" { "Better" } } }
                    tbody {
                        @for (metric, scored) in &scores {
                            tr {
                                th scope="row" { (metric.label) br; small { code { (metric.name) } " " (metric.meaning) } }
                                td class="number" { (show(metric, scored.value)) }
                                td class="number" { (words::interval(metric.format, scored).unwrap_or_else(|| "–".into())) }
                                td class="number" { (scored.baseline.map_or_else(|| "–".into(), |b| show(metric, b))) }
                                td { @if metric.higher_is_better { "higher" } @else { "lower" } }
                            }
                        }
                    }
                }
            }
        }
        p class="aside" {
            "The interval says how far chance in the choice of test rows could move a score: drawing the test rows again and "
            "again, 95 of 100 scores fall inside. The trivial answer knows only the training rows' answers and looks at "
            "nothing else."
        }
    })
}

/// The ends of a score's scale. Where larger is better: from a little below the trivial answer to 1 (or 100), which is
/// perfect; else from 0, which is perfect, to a little above everything shown.
fn scale(metric: &Metric, scored: &Scored) -> (f64, f64) {
    let shown = [Some(scored.value), scored.low, scored.high, scored.baseline];
    let shown = || shown.iter().flatten().copied().filter(|v| v.is_finite());
    if metric.higher_is_better {
        let perfect = if metric.format == Format::Points { 100.0 } else { 1.0 };
        let least = shown().chain(scored.baseline.is_none().then_some(0.0)).fold(perfect, f64::min);
        (least - 0.15 * (perfect - least).max(0.02 * perfect), perfect)
    } else {
        let most = shown().fold(0.0, f64::max);
        (0.0, if most > 0.0 { 1.15 * most } else { 1.0 })
    }
}
