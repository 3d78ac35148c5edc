//! The network, layer by layer: drawn, and as a table; while it learns, with how much each layer changes now.

use maud::{Markup, html};

use super::bar;
use crate::report::blocks::{self, Block, Stage};
use crate::report::data::{Layer, Network, ReportData};
use crate::report::plot::{self, Now};
use crate::report::words;

/// A layer that changes by more of itself than this in one step forgets what it knew.
const TOO_MUCH: f64 = 0.3;

/// A layer that changes so many times less than the usual one hardly learns.
const HARDLY: f64 = 300.0;

/// All layers come to rest when they change so many times less than they did at their most.
const AT_REST: f64 = 10.0;

pub(super) fn content(data: &ReportData, _: &ReportData) -> Option<Markup> {
    (!data.network.layers.is_empty()).then(|| drawn(&data.network, false))
}

/// The network as a part of a page.
pub(in crate::report) fn drawn(network: &Network, learns: bool) -> Markup {
    let stages = blocks::stages(network);
    let all: Vec<&Block> = blocks::all(&stages).collect();
    let states: Vec<Now> = match learns {
        true => all.iter().map(|block| state(network, block)).collect(),
        false => vec![Now::Unknown; all.len()],
    };
    let told = told(network, &all, &states);
    html! {
        div class="network" {
            p { (summary(network)) }
            (plot::network(&network.inputs, &stages, &network.answers, &states, &description(network, &stages)))
            p class="aside" {
                "Under each block: the shape of what comes out of it"
                @if told.is_empty() { " and how many numbers it has learned." }
                @else { ", how many numbers it has learned, and how far the last step before the last validation moved them." }
            }
            @if !told.is_empty() {
                div class="learning" { @for sentence in &told { p { (sentence) } } }
            }
            details { summary { "Layer by layer" } (table(network, &all)) (every_layer(&network.layers)) }
            (what_is("What is a layer?", LAYER))
            @if !network.course.is_empty() { (what_is("What does it mean that a layer changes?", CHANGE)) }
        }
    }
}

const LAYER: &str = "A layer takes numbers and makes new ones of them. How it does so is set by its learned numbers, also called weights: they are \
    drawn by chance at first, and each step of the training moves all of them a little, so that the answers get better. Slabs stand for \
    pictures: as high and deep as the picture is after that layer, and as thick as there are kinds of patterns that it looks for. Rows of \
    columns stand for texts and other sequences, with a column for each piece; single columns of cells for rows of numbers, where all places are told no more apart.";

const CHANGE: &str = "How far a single step of the training moves the learned numbers of a layer, beside how large they are: the deeper the \
    colour, the more. Something between a hundredth of a per cent and some per cent is usual. Where it stays far below that of all others, hardly any \
    news comes to the layer; where it is nearly all, a step destroys what was learned before. Towards the end of the training, steps are made smaller on purpose.";

fn what_is(question: &str, answer: &str) -> Markup {
    html! { details class="what" { summary { (question) } p { (answer) } } }
}

/// What it is made of, in two sentences.
fn summary(network: &Network) -> Markup {
    let layers = || network.layers.iter().filter(|layer| layer.parameters > 0);
    let parameters = network.layers.iter().map(|layer| layer.parameters).sum();
    let multiply_adds = network.layers.iter().map(|layer| layer.multiply_adds).sum();
    let members = 1 + network.layers.iter().map(|layer| layer.member).max().unwrap_or(0);
    html! {
        "Data flow from left to right, through " (words::count(layers().count() as u64)) " layers that learn. Learning sets "
        (words::about(parameters)) " numbers, and every answer takes " (words::about(multiply_adds)) " multiplications."
        @if members > 1 { " It is " (members) " networks of the same form that answer together; one of them is drawn." }
    }
}

/// The drawing in sentences.
fn description(network: &Network, stages: &[Stage]) -> String {
    let ends = |ends: &[crate::report::data::End]| {
        ends.iter().map(|end| format!("{} ({})", end.name, end.what)).collect::<Vec<_>>().join(", ")
    };
    let mut text = format!("In: {}. ", ends(&network.inputs));
    for (i, block) in blocks::all(stages).enumerate() {
        text += &format!("{}: {}, {}. ", i + 1, block.name(), block.output);
    }
    text + &format!("Out: {}.", ends(&network.answers))
}

/// How a block learned in the last step that was measured.
fn state(network: &Network, block: &Block) -> Now {
    let change = network.course.last().and_then(|moment| block.change(&network.layers, moment));
    match change {
        None => Now::Unknown,
        Some(0.0) => Now::Kept,
        Some(change) if change > TOO_MUCH => Now::TooMuch(change),
        Some(change) => Now::Changes(change),
    }
}

/// What is to be said of how layers learn now.
fn told(network: &Network, blocks: &[&Block], states: &[Now]) -> Vec<String> {
    let named = |which: &dyn Fn(Now) -> bool| {
        let names = blocks.iter().zip(states).enumerate().filter(|(_, (_, state))| which(**state));
        names.map(|(i, (block, _))| format!("{} ({})", i + 1, block.title.to_lowercase())).collect::<Vec<_>>()
    };
    let share = |state: &Now| match state {
        Now::Changes(share) | Now::TooMuch(share) => Some(*share),
        Now::Unknown | Now::Kept => None,
    };
    let mut shares: Vec<f64> = states.iter().filter_map(share).collect();
    shares.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (shares.first().copied(), shares.last().copied()) else {
        return Vec::new();
    };
    let usual = shares[shares.len() / 2];
    let mut told = Vec::new();
    let kept = named(&|state| state == Now::Kept);
    if !kept.is_empty() {
        told.push(format!(
            "{} not change: what was learned before is kept as it was.",
            with(&kept, "does", "do")
        ));
    }
    let wild = named(&|state| matches!(state, Now::TooMuch(_)));
    if !wild.is_empty() {
        told.push(format!(
            "{} by more than {} in a single step: that is too much to learn anything well. If it goes on, a lower learning rate helps.",
            with(&wild, "changes", "change"),
            plot::per_cent(TOO_MUCH)
        ));
    }
    let slow = named(&|state| share(&state).is_some_and(|share| share * HARDLY < usual));
    if !slow.is_empty() {
        told.push(format!(
            "{} beside the others: either enough is known there already, or little of what goes wrong is told that far.",
            with(&slow, "hardly changes", "hardly change")
        ));
    }
    if told.is_empty() {
        let range = match least == most {
            true => plot::per_cent(most),
            false => format!("{} to {}", plot::per_cent(least), plot::per_cent(most)),
        };
        told.push(format!("All layers learn: each step changes them by {range} of what they are."));
    }
    if at_rest(network, blocks, states) {
        told.push("That is far less than before: learning comes to rest.".to_owned());
    }
    told
}

/// The subject and the verb of a sentence about some layers: `Layers 1 (vectors) and 2 (dense layer) change`.
fn with(names: &[String], one: &str, several: &str) -> String {
    match names {
        [only] => format!("Layer {only} {one}"),
        [first, .., last] if names.len() > 3 => format!("Layers {first} to {last} {several}"),
        [first @ .., last] => format!("Layers {} and {last} {several}", first.join(", ")),
        [] => String::new(),
    }
}

/// Whether all layers that change do so far less than at their most.
fn at_rest(network: &Network, blocks: &[&Block], states: &[Now]) -> bool {
    let calm = |(block, state): (&&Block, &Now)| match state {
        Now::Changes(share) => {
            changes(network, block).into_iter().flatten().fold(0.0, f64::max) > AT_REST * share
        }
        _ => true,
    };
    states.iter().any(|state| matches!(state, Now::Changes(_))) && blocks.iter().zip(states).all(calm)
}

/// The blocks, as they are numbered in the drawing.
fn table(network: &Network, blocks: &[&Block]) -> Markup {
    let most = blocks.iter().map(|block| block.parameters).max().unwrap_or(0).max(1) as f64;
    let learned = !network.course.is_empty();
    let range = range(network, blocks);
    html! {
        div class="scroll" {
            table class="layers" {
                thead { tr {
                    th scope="col" { "Layer" } th scope="col" { "What comes out" br; small { "for one row" } }
                    th scope="col" colspan="2" { "Learned numbers" }
                    @if learned { th scope="col" { "How much a step changes it" br; small { "in the course of the training, and last" } } }
                } }
                tbody {
                    @for (i, block) in blocks.iter().enumerate() {
                        tr {
                            th scope="row" { (i + 1) ". " (block.name()) br; small { "it " (block.does.join(", then ")) } }
                            td class="shape" { (block.output) }
                            td class="number" { (words::count(block.parameters)) }
                            td class="bar-column" { (bar(block.parameters as f64 / most, "")) }
                            @if learned { td class="course" { (course(network, block, range)) } }
                        }
                    }
                }
            }
        }
    }
}

/// The least change of any block at any time (what is a hundred thousand times less than the largest is not told apart), and the largest.
fn range(network: &Network, blocks: &[&Block]) -> (f64, f64) {
    let all =
        blocks.iter().flat_map(|block| changes(network, block)).flatten().filter(|change| *change > 0.0);
    let (least, most) = all.fold((f64::INFINITY, 0.0), |(least, most): (f64, f64), change| {
        (least.min(change), most.max(change))
    });
    if least < most { (least.max(most * 1e-5), most.max(least * 10.0)) } else { (1e-5, 1.0) }
}

/// How much a block changed at each moment.
fn changes(network: &Network, block: &Block) -> Vec<Option<f64>> {
    network.course.iter().map(|moment| block.change(&network.layers, moment)).collect()
}

fn course(network: &Network, block: &Block, range: (f64, f64)) -> Markup {
    let points = changes(network, block);
    let last = points.iter().rev().find_map(|change| *change);
    html! {
        @match last {
            Some(last) => { (plot::course(&points, range, "how much a step changes it")) " " span class="number" { (plot::per_cent(last)) } },
            None => span class="soft" { "nothing to learn" },
        }
    }
}

/// Every single layer, with its work.
fn every_layer(layers: &[Layer]) -> Markup {
    let most = |value: fn(&Layer) -> u64| layers.iter().map(value).max().unwrap_or(0).max(1) as f64;
    let (parameters, work) = (most(|layer| layer.parameters), most(|layer| layer.multiply_adds));
    html! {
        details {
            summary { "All " (words::count(layers.len() as u64)) " layers by themselves, with their work" }
            div class="scroll" {
                table class="layers" {
                    thead { tr {
                        th scope="col" { "Layer" } th scope="col" { "What comes out" br; small { "for one row" } }
                        th scope="col" colspan="2" { "Learned numbers" } th scope="col" colspan="2" { "Work" br; small { "multiply-adds" } }
                    } }
                    tbody {
                        @for layer in layers {
                            tr {
                                th scope="row" { (layer.does) br; small { code { (layer.name) } } }
                                td class="shape" { (layer.output) }
                                td class="number" { (words::count(layer.parameters)) }
                                td class="bar-column" { (bar(layer.parameters as f64 / parameters, "")) }
                                td class="number" { (words::about(layer.multiply_adds)) }
                                td class="bar-column" { (bar(layer.multiply_adds as f64 / work, "work")) }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::data::{Moment, Standing};

    fn network(course: &[[f64; 3]]) -> Network {
        let layer = |title: &str| Layer {
            title: title.to_owned(),
            in_words: format!("does what a {title} does"),
            standing: Standing::Step,
            output: "4".to_owned(),
            shape: vec![4],
            parameters: 10,
            ..Layer::default()
        };
        let moment =
            |changes: &[f64; 3]| Moment { step: 1, changes: changes.iter().map(|c| Some(*c)).collect() };
        Network {
            layers: ["First", "Second", "Third"].map(layer).into(),
            course: course.iter().map(moment).collect(),
            ..Network::default()
        }
    }

    fn said(course: &[[f64; 3]]) -> String {
        let network = network(course);
        let page = drawn(&network, true).into_string();
        let start = page.find("class=\"learning\"").map(|at| &page[at..]).unwrap_or_default();
        start.split("<details").next().unwrap_or_default().to_owned()
    }

    #[test]
    fn what_is_kept_what_explodes_and_what_hardly_learns_is_told() {
        assert!(
            said(&[[0.01, 0.002, 0.004]])
                .contains("All layers learn: each step changes them by 0.20\u{202f}% to 1.0")
        );
        let kept = said(&[[0.0, 0.0, 0.01]]);
        assert!(
            kept.contains("Layers 1 (first) and 2 (second) do not change: what was learned before is kept"),
            "{kept}"
        );
        assert!(!kept.contains("All layers"), "{kept}");
        let wild = said(&[[0.01, 0.01, 0.8]]);
        assert!(wild.contains("Layer 3 (third) changes by more than 30\u{202f}% in a single step"), "{wild}");
        let slow = said(&[[1e-6, 0.01, 0.01]]);
        assert!(slow.contains("Layer 1 (first) hardly changes beside the others"), "{slow}");
        let rest = said(&[[0.01, 0.01, 0.01], [1e-4, 2e-4, 1e-4]]);
        assert!(rest.contains("learning comes to rest"), "{rest}");
        assert_eq!(said(&[]), "", "before the first validation nothing is known");
    }

    #[test]
    fn a_finished_network_is_drawn_without_how_it_learns_now() {
        let page = drawn(&network(&[[0.01, 0.0, 0.8]]), false).into_string();
        assert!(
            !page.contains("a step</text>") && !page.contains("too-much") && !page.contains("learning\">")
        );
        for told in [
            "role=\"img\"",
            "1: First, 4.",
            "2. Second",
            "it does what a Third does",
            "Learning sets 30 numbers",
        ] {
            assert!(page.contains(told), "{told}: {page}");
        }
    }
}
