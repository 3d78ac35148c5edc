//! Pictures that were painted freely, and how near they are to those that were learned from.

use maud::{Markup, html};
use pellucid_train::metrics::Format;

use super::data_url;
use crate::report::data::{Outcome, PictureOutcome, ReportData, Strip, Target};
use crate::report::words;

pub(super) fn content(_: &ReportData, target: &Target) -> Option<Markup> {
    let Outcome::Pictures(outcome) = &target.outcome else { return None };
    Some(html! {
        p {
            "None of these pictures was chosen: they are the first that it painted. Below each, paler, is the picture that is nearest to it, pixel by "
            "pixel, among all that it learned from: a copy is no new picture."
        }
        @for strip in &outcome.strips { (figure(strip)) }
        h4 { "Does it copy?" }
        (distances(outcome))
    })
}

fn figure(strip: &Strip) -> Markup {
    let what = strip.label.as_deref().unwrap_or("pictures");
    let row = |png: &Option<Vec<u8>>, class: &str, alt: String| {
        html! {
            @if let Some(png) = png { img class=(class) loading="lazy" src=(data_url(png)) alt=(alt); }
        }
    };
    html! {
        figure class="strip" {
            @if let Some(label) = &strip.label { figcaption { (label) } }
            (row(&strip.painted, "painted", format!("{what}, painted by this network")))
            (row(&strip.nearest, "nearest", format!("the training pictures nearest to these: {what}")))
        }
    }
}

fn distances(outcome: &PictureOutcome) -> Markup {
    let copied = outcome.own < 0.5 * outcome.people;
    html! {
        p {
            "Half of its pictures are nearer to one that it learned from than " (words::value(Format::Percent, outcome.own))
            " of the range from black to white, on average over their pixels; of pictures that it never saw, half are nearer than "
            (words::value(Format::Percent, outcome.people)) ". "
            @if copied { "Its pictures are much nearer: " b { "it repeats what it has seen." } }
            @else { "A copy would be much nearer than those." }
        }
    }
}
