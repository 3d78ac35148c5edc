//! Whether the test is like the training, and what is said of rows that are not.

use maud::{Markup, html};

use super::examples::{fields, picture};
use super::prose;
use crate::report::data::{Likeness, MovedColumn, ReportData, UnlikeRow};
use crate::report::words;

/// Columns that are shown before the rest is folded away.
const SHOWN: usize = 10;

pub(super) fn content(data: &ReportData, _: &ReportData) -> Option<Markup> {
    let likeness = data.likeness.as_ref()?;
    Some(html! {
        p class="verdict" { (verdict(data, likeness)) }
        @if let Some((first, rest)) = likeness.moved.split_at_checked(SHOWN.min(likeness.moved.len())) {
            @if !first.is_empty() { (table(first)) }
            @if !rest.is_empty() { details { summary { (rest.len()) " more" } (table(rest)) } }
        }
        @match likeness.unlike {
            Some(unlike) => { (unlikes(data, likeness, unlike)) }
            None => { p class="aside" { "Which rows are unlike all that it has learned from is not said: that takes at least 50 validation rows." } }
        }
        details { summary { "How" }
            p {
                (words::count(likeness.columns)) " things were compared: numbers by the largest difference between the shares below a number (Kolmogorov and Smirnov), categories by "
                "the chi-square test and half the sum of all differences between shares (total variation). A column is named if it moved by at least 5 points "
                "and chance would move any column as far in at most 1 of 100 data sets (Holm 1979)."
                @if let Some(groups) = likeness.groups {
                    " Rows of one group are alike, so they count as the " (words::count(groups)) " groups that there are."
                }
            }
            @if likeness.unlike.is_some() {
                p {
                    "How unlike a row is: the distance of the vector from which the network answers (with its columns beside it, where there are several) to that of the nearest class, in "
                    "deviations of the training rows (Mahalanobis; Lee et al., arXiv 1807.03888), and then the share of validation rows that are nearer. No training row is kept for that, only "
                    "means and covariances. Of a picture, a sound or a text, a network sees no difference that it has not learned to see."
                }
            }
        }
    })
}

fn verdict(data: &ReportData, likeness: &Likeness) -> String {
    match likeness.moved.as_slice() {
        [] => format!(
            "The {} {} of the test look like those of the training, so the scores hold for more of the same kind.",
            words::count(likeness.rows),
            data.rows_are()
        ),
        [one] => format!(
            "The test is not like the training: “{}” is spread otherwise there. The scores hold for the test; other data may be answered better or worse.",
            one.name
        ),
        several => format!(
            "The test is not like the training: {} things are spread otherwise there. The scores hold for the test; other data may be answered better or worse.",
            several.len()
        ),
    }
}

fn table(moved: &[MovedColumn]) -> Markup {
    html! {
        div class="scroll" { table {
            thead { tr {
                th scope="col" { "Column" } th scope="col" { "In training" } th scope="col" { "In the test" }
                th scope="col" class="number" { "Moved by" } th scope="col" { span class="skip" { "as a bar" } }
            } }
            tbody { @for column in moved { tr {
                th scope="row" { (column.name) }
                td { (prose(&column.before)) } td { (prose(&column.now)) }
                td class="number" { (format!("{:.0} points", 100.0 * column.size)) }
                td class="bar-column" { (super::bar(column.size, "")) }
            } } }
        } }
    }
}

fn unlikes(data: &ReportData, likeness: &Likeness, unlike: u64) -> Markup {
    html! {
        h4 { "Rows that are unlike all that it has learned from" }
        p {
            b { (words::count(unlike)) } " of the " (words::count(likeness.rows)) " " (data.rows_are()) " of the test ("
            (words::percent(unlike as f64 / likeness.rows.max(1) as f64))
            ") are more unlike the training than 99\u{202f}% of the validation " (data.rows_are()) " are; about 1\u{202f}% would be usual. "
            "Do not rely on answers to such rows. " code { "pellucid predict" }
            " counts them, and says in the column " code { "unlike_training" } " how unlike each row is: from 0, quite usual, to 1; from 0.99 on, unlike."
        }
        @if !likeness.shown.is_empty() {
            div class=(if likeness.shown.iter().any(|row| row.picture.is_none()) { "gallery wide" } else { "gallery" }) {
                @for row in &likeness.shown { (card(row)) }
            }
        }
    }
}

fn card(row: &UnlikeRow) -> Markup {
    html! {
        article class="example" {
            @if let Some(png) = &row.picture { (picture(png, &format!("{}: unlike the training", row.place))) }
            div class="said" {
                @if !row.fields.is_empty() { (fields(&row.fields)) }
                p class="place" { (row.place) }
            }
        }
    }
}
