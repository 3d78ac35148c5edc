//! The data: its parts, its columns with the reasons for their kinds, and what could not be used.

use maud::{Markup, html};

use super::prose;
use crate::report::data::{Column, DataFacts, ReportData};
use crate::report::words;

/// More columns than this are folded away.
const UNFOLDED: usize = 24;

pub(super) fn content(data: &ReportData, _: &ReportData) -> Option<Markup> {
    let facts = &data.data;
    let total: u64 = facts.splits.iter().map(|split| split.rows).sum();
    let (first, rest) = facts.columns.split_at(facts.columns.len().min(UNFOLDED));
    Some(html! {
        p { code { (facts.source) } ": " (words::count(total)) " " (data.rows_are()) " in use"
            @if facts.skipped > 0 { ", " (words::count(facts.skipped)) " could not be used" } "." }
        @if total > 0 { (parts(facts, total)) }
        @if !first.is_empty() {
            h4 { "Columns" }
            (columns(first, total))
            @if !rest.is_empty() { details { summary { (rest.len()) " more columns" } (columns(rest, total)) } }
        }
        @if !facts.skipped_examples.is_empty() {
            details {
                summary { "What could not be used" }
                ul { @for skipped in &facts.skipped_examples { li { code { (skipped.place) } ": " (skipped.reason) } } }
                @if facts.skipped > facts.skipped_examples.len() as u64 {
                    p { "… and " (words::count(facts.skipped - facts.skipped_examples.len() as u64)) " more." }
                }
            }
        }
    })
}

fn parts(facts: &DataFacts, total: u64) -> Markup {
    html! {
        div class="parts" aria-hidden="true" {
            @for (i, split) in facts.splits.iter().enumerate().filter(|(_, split)| split.rows > 0) {
                span class={ "part part-" (i.min(2)) } style=(format!("flex-grow:{}", split.rows)) {}
            }
        }
        ul class="part-names" {
            @for (i, split) in facts.splits.iter().enumerate() {
                li class={ "part-" (i.min(2)) } {
                    b { (split.name) } " " (words::count(split.rows))
                    " (" (words::percent(split.rows as f64 / total as f64)) ")"
                }
            }
        }
        @if !facts.split_by.is_empty() { p class="aside" { "Parts: " (facts.split_by) "." } }
    }
}

fn columns(columns: &[Column], total: u64) -> Markup {
    html! {
        div class="scroll" {
            table {
                thead { tr { th scope="col" { "Column" } th scope="col" { "Kind" } th scope="col" { "Used as" }
                    th scope="col" { "Because" } th scope="col" class="number" { "Missing" } } }
                tbody {
                    @for column in columns {
                        tr {
                            th scope="row" { (column.name) }
                            td { span class="chip" { (column.kind) } }
                            td { (column.role) }
                            td class="reason" { (prose(&column.reason)) }
                            td class="number" {
                                @if column.missing == 0 { "none" } @else {
                                    (words::count(column.missing))
                                    @if total > 0 { " (" (words::percent(column.missing as f64 / total as f64)) ")" }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
