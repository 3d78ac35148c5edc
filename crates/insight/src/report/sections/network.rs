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

/// Joins neighbours whose names begin alike, with as many parts of the names as leave few blocks.
fn blocks(layers: &[Layer]) -> Vec<Layer> {
    let parts = layers.iter().map(|layer| layer.name.split('.').count()).max().unwrap_or(1);
    let joined = |depth: usize| -> Vec<Layer> {
        layers
            .chunk_by(|a, b| a.name.split('.').take(depth).eq(b.name.split('.').take(depth)))
            .filter_map(|same| join(same, depth))
            .collect()
    };
    (1..parts).rev().map(joined).find(|blocks| blocks.len() <= UNFOLDED).unwrap_or_else(|| joined(1))
}

/// One block of neighbours; what they do is said once for each kind.
fn join(same: &[Layer], depth: usize) -> Option<Layer> {
    let (first, last) = (same.first()?, same.last()?);
    if same.len() == 1 {
        return Some(first.clone());
    }
    let mut kinds: Vec<&str> = Vec::new();
    for layer in same {
        if !kinds.contains(&layer.does.as_str()) {
            kinds.push(&layer.does);
        }
    }
    Some(Layer {
        name: first.name.split('.').take(depth).collect::<Vec<_>>().join("."),
        does: format!("{} layers: {}", same.len(), kinds.get(..3).unwrap_or(&kinds).join("; ")),
        output: last.output.clone(),
        parameters: same.iter().map(|layer| layer.parameters).sum(),
        multiply_adds: same.iter().map(|layer| layer.multiply_adds).sum(),
    })
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
