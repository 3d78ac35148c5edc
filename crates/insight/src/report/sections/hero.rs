//! The first screen: what it is and how good, in one sentence each.

use maud::{Markup, html};
use pellucid_train::metrics::Format;

use super::data_url;
use crate::report::data::{Outcome, ReportData, Target};
use crate::report::{plot, words};

/// Strips of painted pictures that the first screen shows.
const GLANCED: usize = 8;

pub(crate) fn hero(data: &ReportData) -> Markup {
    html! {
        p class="eyebrow" { "Pellucid report" span class="dot-sep" { "·" } time { (data.created) } }
        h1 { (data.name) }
        div class=[(data.targets.len() > 1).then_some("several")] {
            @for target in &data.targets { (finding(data, target)) }
        }
        (facts(data))
    }
}

fn finding(data: &ReportData, target: &Target) -> Markup {
    let headline = words::headline(data, target);
    html! {
        div class="finding" {
            div {
                p class="lead" {
                    (headline.before) " " strong { (headline.value) }
                    @if let Some(interval) = &headline.interval { " " span class="interval" { "(" (interval) ")" } }
                    (headline.after) "."
                }
                @if let Some(trivial) = &headline.trivial { p class="trivial" { (trivial) } }
                @if let Some(doubt) = &headline.doubt { p class="doubt" { (doubt) } }
            }
            @if data.targets.len() == 1 { (drawing(data, target)) }
        }
    }
}

/// The finding as a picture: a hundred dots, or two bars.
fn drawing(data: &ReportData, target: &Target) -> Markup {
    match &target.outcome {
        Outcome::Classes(_) => html! {
            @if let Some(scored) = target.scores.get("accuracy") {
                div class="glance" {
                    (plot::hundred(scored.value, data.rows_are()))
                    p { "Of 100 " (data.rows_are()) ": " (right_of_hundred(scored.value)) }
                }
            }
        },
        Outcome::Tags(_) => html! {
            @if let Some(scored) = target.scores.get("subset_accuracy") {
                div class="glance" {
                    (plot::hundred(scored.value, data.rows_are()))
                    p { "Of 100 " (data.rows_are()) ": all tags " (right_of_hundred(scored.value)) }
                }
            }
        },
        Outcome::Texts(_) => html! {
            @if let Some(scored) = target.scores.get("chrf") {
                @let (own, trivial) = [scored.value, scored.baseline.unwrap_or_default()].map(|v| words::value(Format::Points, v)).into();
                div class="glance" {
                    (plot::versus([
                        ("this network", scored.value, &own),
                        ("the text itself", scored.baseline.unwrap_or_default(), &trivial),
                    ]))
                    p { "Letters in common with what people wrote (chrF): longer is better" }
                }
            }
        },
        Outcome::Writing(_) | Outcome::Melodies(_) => html! {
            @let headline = words::headline_metric(&target.outcome);
            @if let Some((scored, baseline)) = target.scores.get(headline).and_then(|s| Some((s, s.baseline?))) {
                @let (own, trivial) = [scored.value, baseline].map(|v| words::value(Format::Number, v)).into();
                div class="glance" {
                    (plot::versus([("this network", scored.value, &own), ("counting", baseline, &trivial)]))
                    p { "How surprised it is by what people wrote: shorter is better" }
                }
            }
        },
        Outcome::Recommendations(_) => html! {
            @if let Some((scored, baseline)) = target.scores.get("ndcg@10").and_then(|s| Some((s, s.baseline?))) {
                @let (own, trivial) = [scored.value, baseline].map(|v| words::value(Format::Number, v)).into();
                div class="glance" {
                    (plot::versus([("this network", scored.value, &own), ("what is popular", baseline, &trivial)]))
                    p { "How good ten recommendations are: longer is better" }
                }
            }
        },
        Outcome::Pictures(outcome) => html! {
            div class="glance strip" {
                @for png in outcome.strips.iter().take(GLANCED).filter_map(|strip| strip.painted.as_deref()) {
                    img class="painted" src=(data_url(png)) alt="pictures that it painted";
                }
                p { "The first pictures that it painted" }
            }
        },
        Outcome::Numbers(_) => html! {
            @if let Some((scored, baseline)) = target.scores.get("mae").and_then(|s| Some((s, s.baseline?))) {
                @let (own, trivial) = [scored.value, baseline].map(|v| words::value(Format::TargetUnit, v)).into();
                div class="glance" {
                    (plot::versus([("this network", scored.value, &own), ("trivial answer", baseline, &trivial)]))
                    p { "How far off, on average: shorter is better" }
                }
            }
        },
    }
}

fn right_of_hundred(share: f64) -> String {
    let right = (share.clamp(0.0, 1.0) * 100.0).round() as u32;
    format!("{right} right, {} wrong", 100 - right)
}

fn facts(data: &ReportData) -> Markup {
    let training_rows = data.data.splits.first().map(|split| words::count(split.rows));
    let facts = [
        (training_rows.unwrap_or_default(), format!("{} to learn from", data.rows_are())),
        (words::duration(data.training.seconds), "of learning".to_owned()),
        (words::about(data.parameters()), "learned numbers".to_owned()),
        (data.training.preset.clone(), "preset".to_owned()),
    ];
    html! {
        dl class="facts" {
            @for (value, name) in facts.iter().filter(|(value, _)| !value.is_empty()) {
                div { dt { (name) } dd { (value) } }
            }
        }
    }
}
