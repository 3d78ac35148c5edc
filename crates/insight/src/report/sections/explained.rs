//! Why it answered so: what each part of an input added, with a line on how far to trust that.

use maud::{Markup, html};

use super::{data_url, learned_from, prose, sound_url};
use crate::report::data::{Audible, Explanation, Heat, ReportData, Target, Worth};

/// Columns that are shown before the rest is folded away.
const SHOWN: usize = 12;

pub(super) fn content(_: &ReportData, target: &Target) -> Option<Markup> {
    let explained = &target.explanations;
    (!explained.is_empty()).then(|| {
        html! {
            p {
                "Some rows that it never saw, evenly chosen, and what moved each answer. Before an explanation is shown it is measured: taking away what it "
                "names must change the answer more than taking away anything else."
            }
            @for explanation in explained { (card(explanation)) }
        }
    })
}

/// One explained answer.
pub(crate) fn card(explanation: &Explanation) -> Markup {
    let (trusted, trust) = explanation.trust();
    let strongest = explanation.columns.iter().map(|c| c.worth.abs()).fold(0.0, f64::max);
    let mut columns: Vec<&Worth> = explanation.columns.iter().collect();
    columns.sort_by(|a, b| b.worth.abs().total_cmp(&a.worth.abs()));
    html! {
        article class="explained" {
            p class="answer" {
                span class="place" { (explanation.place) } " "
                (explanation.column) ": " b { (explanation.answer) }
            }
            p class="ends" {
                (prose(&explanation.subject())) " is " b { (explanation.shown(explanation.value)) }
                "; if nothing were known of it, " (explanation.shown(explanation.nothing)) "."
            }
            @for (i, words) in explanation.texts.iter().enumerate() { (text(words, i)) }
            @if !explanation.pictures.is_empty() {
                div class="heats" { @for heat in &explanation.pictures { (picture(heat, explanation)) } }
            }
            @if !columns.is_empty() {
                (bars(explanation, columns.get(..SHOWN).unwrap_or(&columns), strongest))
                @if let Some(rest) = columns.get(SHOWN..).filter(|rest| !rest.is_empty()) {
                    details { summary { (rest.len()) " more" } (bars(explanation, rest, strongest)) }
                }
            }
            @if let Some(instead) = &explanation.instead { p { (prose(&instead.says())) } }
            p class=(if trusted { "trust" } else { "trust doubt" }) { (prose(&trust)) }
            @if let Some(learned) = &explanation.learned_from { (learned_from::content(explanation, learned)) }
            details { summary { "How this was found" } p { (explanation.about) "." } }
        }
    }
}

/// The words of a text, coloured by what they add.
fn text(words: &[Worth], number: usize) -> Markup {
    let strongest = words.iter().map(|w| w.worth.abs()).fold(f64::MIN_POSITIVE, f64::max);
    html! {
        p class="words" data-text=(number) {
            @for word in words {
                span class=(if word.worth >= 0.0 { "for" } else { "against" })
                    style=(format!("--heat:{:.2}", 0.75 * word.worth.abs() / strongest))
                    title=(format!("{}: {:+.3}", word.name, word.worth)) { (word.name) }
                " "
            }
        }
    }
}

fn picture(heat: &Heat, explanation: &Explanation) -> Markup {
    let what = if heat.sound { "Sound" } else { "Picture" };
    let axes = if heat.sound { "Time goes from left to right, high frequencies are above. " } else { "" };
    html! {
        @for (png, said) in [(&heat.plain, "as the network sees it"), (&heat.coloured, "coloured")] {
            @if let Some(png) = png {
                img src=(data_url(png)) loading="lazy" alt=(format!("{what} `{}` of {}, {said}", heat.name, explanation.place));
            }
        }
        p class="aside" {
            (axes) "Red speaks for the answer, blue against it. The strongest tenth of the area holds "
            (format!("{:.0}", 100.0 * heat.focus)) " % of all that speaks for it."
        }
        @if let Some(audible) = &heat.audible { (sound(audible, explanation)) }
    }
}

/// A sound to be listened to, with all and with only what speaks for the answer.
fn sound(audible: &Audible, explanation: &Explanation) -> Markup {
    html! {
        div class="sounds" {
            @for (wav, said) in [(&audible.plain, "The sound"), (&audible.named, "Only what speaks for the answer")] {
                @if let Some(wav) = wav {
                    figure {
                        figcaption { (said) }
                        audio controls preload="none" src=(sound_url(wav)) {}
                    }
                }
            }
            p class="aside" {
                (prose(&audible.says(explanation))) " (all else as quiet as its quietest tenth). In the second sound all else is muted; its loudness and phases are "
                "those of the recording (Griffin & Lim 1984)."
            }
        }
    }
}

/// Columns with a bar to the right for what speaks for the answer, to the left for what speaks against it.
fn bars(explanation: &Explanation, columns: &[&Worth], strongest: f64) -> Markup {
    html! {
        div class="scroll" { table class="worths" {
            thead { tr {
                th scope="col" { "Column" } th scope="col" { "Value" }
                th scope="col" class="number" { "Adds" } th scope="col" { span class="skip" { "as a bar" } }
            } }
            tbody { @for column in columns {
                tr {
                    th scope="row" { (column.name) }
                    td { (column.value) }
                    td class="number" { (added(explanation, column)) }
                    td class="both-ways" aria-hidden="true" { span class=(if column.worth >= 0.0 { "for" } else { "against" })
                        style=(format!("--share:{:.1}%", 50.0 * column.worth.abs() / strongest.max(f64::MIN_POSITIVE))) {} }
                }
            } }
        } }
    }
}

/// What a column adds, with its standard error.
fn added(explanation: &Explanation, column: &Worth) -> String {
    let scale = if explanation.class.is_some() { 100.0 } else { 1.0 };
    let decimals = if explanation.class.is_some() { 1 } else { 3 };
    let sign = if column.worth < 0.0 { "−" } else { "+" };
    let error = column.error.map(|error| format!(" ± {:.decimals$}", scale * error)).unwrap_or_default();
    format!("{sign}{:.decimals$}{error}", scale * column.worth.abs())
}
