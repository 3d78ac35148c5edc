//! Melodies that were written freely: to be seen and heard, beside those that people wrote.

use maud::{Markup, html};
use pellucid_train::metrics::Format;

use crate::report::data::{MelodyOutcome, Outcome, ReportData, Roll, Target};
use crate::report::{plot, words};

pub(super) fn content(_: &ReportData, target: &Target) -> Option<Markup> {
    let Outcome::Melodies(outcome) = &target.outcome else { return None };
    Some(html! {
        p {
            "None of these melodies was chosen: they are the first " (outcome.samples.len()) " that it wrote. "
            "Notes in another colour belong to the longest run of each that stands, in the same key, in a melody that it learned from."
        }
        @for sample in &outcome.samples { (heard(sample)) }
        h4 { "Beside melodies by people" }
        p { "From those it did not learn. What is alike here is no proof of beauty, but what is not is heard at once." }
        (statistics(outcome))
    })
}

fn heard(sample: &Roll) -> Markup {
    html! {
        figure class="roll" {
            (plot::roll(sample))
            @if !sample.sound.is_empty() { figcaption { "To be heard in " code { (sample.sound) } ", beside this page" } }
        }
    }
}

fn statistics(outcome: &MelodyOutcome) -> Markup {
    let longest = |copies: u64| if copies > 0 { words::count(copies) } else { "hardly any".to_owned() };
    html! {
        div class="scroll" {
            table {
                thead { tr {
                    th scope="col" { "" }
                    th scope="col" class="number" { "This network" }
                    th scope="col" class="number" { "People" }
                } }
                tbody {
                    @for statistic in &outcome.statistics {
                        @let format = if statistic.share { Format::Percent } else { Format::Number };
                        tr {
                            th scope="row" { (statistic.name) }
                            @for value in [statistic.own, statistic.people] { td class="number" { (words::value(format, value)) } }
                        }
                    }
                    tr {
                        th scope="row" { "longest run copied from a melody it learned from, in sixteenths" }
                        @for copies in [outcome.own, outcome.people] { td class="number" { (longest(copies.longest)) } }
                    }
                }
            }
        }
    }
}
