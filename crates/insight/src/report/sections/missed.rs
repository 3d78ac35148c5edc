//! Translations and recommendations with what they were made from, and what is missed without it.

use maud::{Markup, html};

use super::{bar, prose, texts};
use crate::report::data::{ExplainedRecommendation, ExplainedTranslation, Reason};
use crate::report::words::{count, percent};

/// One explained translation.
pub(crate) fn translation(explained: &ExplainedTranslation) -> Markup {
    let (trusted, trust) = explained.trust();
    html! {
        article class="explained" {
            p class="answer" { span class="place" { (explained.column) } " " b { (explained.translation) } }
            p class="ends" { (explained.text) }
            div class="pair" {
                figure {
                    p class="heading" { "Where it looked" }
                    (texts::table(&explained.alignment))
                    figcaption { "Each line is a word that it wrote; the darker a field, the more it looked at the word above (the mean attention of the decoder)." }
                }
                @if !explained.without.is_empty() {
                    figure {
                        p class="heading" { "What it needed" }
                        (texts::table(&explained.lost()))
                        figcaption { "The darker a field, the more of the written word's probability is lost if the word above is left out of the text." }
                    }
                }
            }
            p class=(if trusted { "trust" } else { "trust doubt" }) { (prose(&trust)) }
            details {
                summary { "How this was found" }
                p {
                    "Attention shows where a network looks, which is not always why it writes what it writes (Jain & Wallace 2019, arXiv 1902.10186). So each word of the "
                    "text is left out once, and it is asked again how likely each word of this same translation is after those before it. If the alignment means "
                    "something, words are missed most by what was made from them; it is compared with 199 alignments in which the words of the text change places "
                    "by chance. The whole translation has a probability of " (percent(explained.probability)) " by the network's own estimate."
                }
            }
        }
    }
}

/// One explained recommendation.
pub(crate) fn recommendation(explained: &ExplainedRecommendation) -> Markup {
    let (trusted, trust) = explained.trust();
    let expected = explained.expected();
    html! {
        article class="explained" {
            p class="answer" { span class="place" { "Place " (explained.place) } " " b { (explained.called()) } }
            @if !expected.is_empty() { p class="ends" { (expected) } }
            @match explained.because.is_empty() {
                true => p { "Nothing that was taken speaks for it: it is recommended for what is known beside that." },
                false => (reasons(&explained.because, explained.taken)),
            }
            @if !explained.because.is_empty() {
                p class=(if trusted { "trust" } else { "trust doubt" }) { (prose(&trust)) }
            }
        }
    }
}

/// What speaks most for a recommendation, of so many things taken.
fn reasons(because: &[Reason], taken: u64) -> Markup {
    html! {
        div class="scroll" { table class="reasons" {
            thead { tr {
                th scope="col" { "Because this was taken (of " (count(taken)) ")" }
                th scope="col" class="number" { "Of all that speaks for it" }
                th scope="col" { span class="skip" { "as a bar" } }
            } }
            tbody { @for reason in because { tr {
                th scope="row" { (reason.called()) }
                td class="number" { (percent(reason.share)) }
                td class="bar-column" { (bar(reason.share, "")) }
            } } }
        } }
    }
}
