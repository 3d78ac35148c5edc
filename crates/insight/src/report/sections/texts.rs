//! Written texts: how good those of each length are, and what single words were made from.

use maud::{Markup, html};
use pellucid_train::metrics::Format;

use super::bar;
use crate::report::data::{Alignment, Outcome, ReportData, Target, TextOutcome};
use crate::report::words;

pub(super) fn content(_: &ReportData, target: &Target) -> Option<Markup> {
    let Outcome::Texts(outcome) = &target.outcome else { return None };
    if outcome.by_length.is_empty() {
        return None;
    }
    Some(html! {
        p { "Longer texts are harder: more can go wrong in them, and there are fewer of them to learn from." }
        (by_length(outcome))
        @if !outcome.alignments.is_empty() {
            h4 { "What it looked at" }
            p {
                "Each line is a word that it wrote; the darker a field, the more of it came from the word above "
                "(the mean attention of the decoder). It shows where the network looked, which is not always why it wrote what it wrote "
                "(Jain & Wallace, arXiv 1902.10186)."
            }
            @for alignment in &outcome.alignments { (table(alignment)) }
        }
    })
}

fn by_length(outcome: &TextOutcome) -> Markup {
    html! {
        div class="scroll" {
            table {
                thead { tr {
                    th scope="col" { "Words in the text" }
                    th scope="col" class="number" { "Texts" }
                    th scope="col" class="number" colspan="2" { "Agreement in words" br; small { "BLEU" } }
                    th scope="col" class="number" colspan="2" { "Agreement in letters" br; small { "chrF" } }
                } }
                tbody {
                    @for figures in &outcome.by_length {
                        tr {
                            th scope="row" { (figures.words.0) @if figures.words.1 > figures.words.0 { "–" (figures.words.1) } }
                            td class="number" { (words::count(figures.rows)) }
                            @for value in [figures.bleu, figures.chrf] {
                                td class="number" { (words::value(Format::Points, value)) }
                                td class="bar-column" { (bar(value / 100.0, "")) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// How much each written word (down) has to do with each word of the text (across).
pub(super) fn table(alignment: &Alignment) -> Markup {
    let width = alignment.read.len();
    html! {
        div class="scroll" {
            table class="alignment" {
                thead { tr {
                    th scope="col" { span class="hidden" { "written" } }
                    @for word in &alignment.read { th scope="col" { span { (word) } } }
                } }
                tbody {
                    @for (word, weights) in alignment.written.iter().zip(alignment.weights.chunks(width.max(1))) {
                        tr {
                            th scope="row" { (word) }
                            @for &weight in weights {
                                @let percent = (100.0 * weight.clamp(0.0, 1.0)).round();
                                td style=(format!("--w:{percent}%")) title=(format!("{percent} %")) {
                                    span class="hidden" { (percent) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
