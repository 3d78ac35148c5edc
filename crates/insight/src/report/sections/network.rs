//! The network, layer by layer: what each does, what comes out, what it costs.

use maud::{Markup, html};

use super::bar;
use crate::report::data::{Layer, ReportData};
use crate::report::words;

/// More layers than this are shown block by block first.
const UNFOLDED: usize = 24;

pub(super) fn content(data: &ReportData, _: &ReportData) -> Option<Markup> {
    if data.network.is_empty() {
        return None;
    }
    let layers: Vec<&Layer> = data.network.iter().collect();
    Some(html! {
        p {
            "Data flows from top to bottom. Every answer takes " (words::about(data.multiply_adds()))
            " multiplications through " (words::count(layers.len() as u64)) " layers; learning set "
            (words::about(data.parameters())) " numbers."
        }
        @if layers.len() > UNFOLDED {
            @let blocks = blocks(&data.network);
            (table(&blocks.iter().collect::<Vec<_>>()))
            details { summary { "All " (layers.len()) " layers" } (table(&layers)) }
        } @else {
            (table(&layers))
        }
    })
}

/// Joins neighbours whose names agree up to the last dot, as often as it takes to become few.
fn blocks(layers: &[Layer]) -> Vec<Layer> {
    let mut blocks = layers.to_vec();
    while blocks.len() > UNFOLDED {
        let joined: Vec<Layer> =
            blocks.chunk_by(|a, b| parent(&a.name) == parent(&b.name)).map(join).collect();
        let no_fewer =
            joined.len() == blocks.len() && joined.iter().zip(&blocks).all(|(a, b)| a.name == b.name);
        blocks = joined;
        if no_fewer {
            break;
        }
    }
    blocks
}

fn parent(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(parent, _)| parent)
}

fn join(same: &[Layer]) -> Layer {
    let (first, last) = (same.first(), same.last());
    let does = match same {
        [only] => only.does.clone(),
        _ => format!("{} layers", same.len()),
    };
    Layer {
        name: first.map_or_else(String::new, |layer| parent(&layer.name).to_owned()),
        does,
        output: last.map_or_else(String::new, |layer| layer.output.clone()),
        parameters: same.iter().map(|layer| layer.parameters).sum(),
        multiply_adds: same.iter().map(|layer| layer.multiply_adds).sum(),
    }
}

fn table(layers: &[&Layer]) -> Markup {
    let most =
        |value: fn(&Layer) -> u64| layers.iter().map(|layer| value(layer)).max().unwrap_or(0).max(1) as f64;
    let (parameters, work) = (most(|layer| layer.parameters), most(|layer| layer.multiply_adds));
    html! {
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
