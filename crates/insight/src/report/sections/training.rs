//! How it learned: the curves, and every setting with its reason.

use maud::{Markup, html};
use pellucid_train::metrics::by_name;

use super::{figure, glimpse};
use crate::report::data::{Choice, Curves, Glimpse, Pair, ReportData};
use crate::report::plot::{self, Line};
use crate::report::words;

pub(super) fn content(data: &ReportData, _: &ReportData) -> Option<Markup> {
    let training = &data.training;
    let curves = &training.curves;
    let mut settings = vec![("Batch", &training.batch), ("Learning rate", &training.learning_rate)];
    settings.extend(training.settings.iter().map(|(name, choice)| (name.as_str(), choice)));
    settings.retain(|(_, choice)| !choice.value.is_empty());
    Some(html! {
        p {
            (words::duration(training.seconds)) " of learning: " (words::count(training.steps)) " steps, "
            (format!("{:.1}", training.epochs)) " times through the training rows."
            @if !training.stopped.is_empty() { " It ended because " (training.stopped) "." }
        }
        (drawn(curves))
        (came_to_be(&training.course))
        @if !settings.is_empty() {
            dl class="settings" { @for (name, choice) in settings { (setting(name, choice)) } }
        }
        @if !training.augmentation.is_empty() {
            h4 { "Varied while learning" }
            p { "So that it learns the thing and not the single example, each row was shown with random changes: "
                (training.augmentation.join(", ")) "." }
        }
    })
}

/// What it made at some moments of its training, the first included.
fn came_to_be(course: &[(u64, Glimpse)]) -> Markup {
    html! {
        @if !course.is_empty() {
            h4 { "How it came to be" }
            p { "What it made after so many steps, with the same dice each time." }
            @for (step, made) in course {
                p class="place" { "step " (words::count(*step)) }
                (glimpse(made))
            }
        }
    }
}

/// The loss, and the score that decides, side by side.
pub(in crate::report) fn drawn(curves: &Curves) -> Markup {
    html! {
        div class="pair" {
            @if !is_empty(&curves.loss) {
                (pair("The loss: what learning lowers", "loss", &curves.loss, curves))
            }
            @if let Some(metric) = curves.metric.as_ref().filter(|metric| !is_empty(&metric.values)) {
                @let label = by_name(&metric.name).map_or(metric.name.as_str(), |known| known.label);
                (pair(label, &metric.name, &metric.values, curves))
            }
        }
    }
}

fn is_empty(pair: &Pair) -> bool {
    pair.training.is_empty() && pair.validation.is_empty()
}

fn pair(heading: &str, name: &str, pair: &Pair, curves: &Curves) -> Markup {
    let lines = [
        Line { name: "training", class: "training", points: &pair.training },
        Line { name: "validation", class: "validation", points: &pair.validation },
    ];
    let drawing = plot::curves(heading, &curves.unit, name, &lines, curves.best);
    figure(
        heading,
        drawing,
        html! {
            span class="legend" {
                span class="key training" { "training rows" } " "
                span class="key validation" { "validation rows, not learned from" }
            }
            @if !pair.validation.is_empty() {
                details { summary { "As a table" } (table(pair, &curves.unit)) }
            }
        },
    )
}

/// The validation values, at most 40 of them evenly chosen.
fn table(pair: &Pair, unit: &str) -> Markup {
    let every = pair.validation.len().div_ceil(40).max(1);
    html! {
        table {
            thead { tr { th scope="col" class="number" { (unit) } th scope="col" class="number" { "validation" } } }
            tbody {
                @for (position, value) in pair.validation.iter().step_by(every) {
                    tr { td class="number" { (position) } td class="number" { (format!("{value:.4}")) } }
                }
            }
        }
    }
}

fn setting(name: &str, choice: &Choice) -> Markup {
    html! {
        div {
            dt { (name) }
            dd { b { (choice.value) } @if !choice.why.is_empty() { span class="why" { (choice.why) } } }
        }
    }
}
