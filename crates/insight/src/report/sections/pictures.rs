//! Pictures that were painted freely, and how near they are to those that were learned from.

use maud::{Markup, html};
use pellucid_train::metrics::Format;

use super::data_url;
use crate::report::data::{Outcome, PictureOutcome, ReportData, Strip, Target};
use crate::report::words;

pub(super) fn content(_: &ReportData, target: &Target) -> Option<Markup> {
    let Outcome::Pictures(outcome) = &target.outcome else { return None };
    Some(html! {
        p { "None of these pictures was chosen: they are the first that it painted." }
        @for strip in &outcome.strips { (painted(strip)) }
        h4 { "Does it copy?" }
        p {
            "A copy is no new picture. For each picture above, this is the one among all that it learned from that is nearest to it, pixel by pixel."
        }
        @for strip in &outcome.strips { (nearest(strip)) }
        (distances(outcome))
    })
}

fn painted(strip: &Strip) -> Markup {
    let what = strip.label.as_deref().unwrap_or("painted pictures");
    figure(strip.label.as_deref(), strip.painted.as_deref(), &format!("{what}, painted by this network"))
}

fn nearest(strip: &Strip) -> Markup {
    let what = strip.label.as_deref().unwrap_or("painted pictures");
    figure(
        strip.label.as_deref(),
        strip.nearest.as_deref(),
        &format!("the training pictures nearest to: {what}"),
    )
}

fn figure(label: Option<&str>, png: Option<&[u8]>, alt: &str) -> Markup {
    html! {
        @if let Some(png) = png {
            figure class="strip" {
                @if let Some(label) = label { figcaption { (label) } }
                img loading="lazy" src=(data_url(png)) alt=(alt);
            }
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
