//! The confusion matrix as a heat map that is a table, and the commonest mix-ups in words.

use maud::{Markup, html};
use pellucid_train::metrics::Confusion;

use crate::report::data::{ClassOutcome, Outcome, ReportData, Target};
use crate::report::words;

/// Up to here every cell shows its count and its share of the row.
const ROOMY: usize = 12;

/// Up to here there is a matrix at all.
const DRAWN: usize = 60;

/// How many mix-ups are named.
const NAMED: usize = 8;

pub(super) fn content(_: &ReportData, target: &Target) -> Option<Markup> {
    drawn(target, false)
}

/// The section; with `asked`, each count is a button that names its classes (`data-truth`, `data-answer`), for a page that shows the rows.
pub(in crate::report) fn drawn(target: &Target, asked: bool) -> Option<Markup> {
    let Outcome::Classes(outcome) = &target.outcome else { return None };
    let matrix = Confusion::from_counts(outcome.classes.len(), outcome.confusion.clone())?;
    let rows: u64 = matrix.counts().iter().sum();
    if rows == 0 {
        return None;
    }
    Some(html! {
        @if matrix.classes() <= DRAWN {
            p { "Each line is what was true, each column what the network answered. The diagonal is right." }
            (heat_map(outcome, &matrix, asked))
        }
        @if matrix.classes() > 2 { (mix_ups(outcome, &matrix, asked)) }
    })
}

fn heat_map(outcome: &ClassOutcome, matrix: &Confusion, asked: bool) -> Markup {
    let roomy = matrix.classes() <= ROOMY;
    html! {
        div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix" {
            table class=(match matrix.classes() { 0..=4 => "heat few", 5..=ROOMY => "heat", _ => "heat dense" }) {
                thead {
                    tr {
                        th scope="col" class="corner" { "true ↓ answered →" }
                        @for (i, name) in outcome.classes.iter().enumerate() {
                            th scope="col" title=(name) { @if roomy { span { (name) } } @else { (i + 1) } }
                        }
                    }
                }
                tbody {
                    @for (truth, name) in outcome.classes.iter().enumerate() {
                        @let support = matrix.support(truth);
                        tr {
                            th scope="row" { @if !roomy { span class="index" { (truth + 1) } } (name) }
                            @for predicted in 0..matrix.classes() {
                                (cell(outcome, matrix, (truth, predicted), (support, roomy, asked)))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn cell(
    outcome: &ClassOutcome,
    matrix: &Confusion,
    (truth, predicted): (usize, usize),
    (support, roomy, asked): (u64, bool, bool),
) -> Markup {
    let count = matrix.count(truth, predicted);
    let share = count as f64 / support.max(1) as f64;
    let side = if truth == predicted { "right" } else { "wrong" };
    // Rare mistakes must be visible beside a diagonal near 1: the root lifts them.
    let heat = if truth == predicted { share } else { share.sqrt() };
    let strength = if heat > 0.5 { " strong" } else { "" };
    let name = |class: usize| outcome.classes.get(class).map_or("", String::as_str);
    let title = || format!("{} taken for {}: {count}", name(truth), name(predicted));
    let content = html! {
        @if roomy {
            b { (words::count(count)) }
            small { @if count > 0 && share < 0.005 { "< 1" } @else { (format!("{:.0}", share * 100.0)) } "\u{202f}%" }
        } @else if count > 0 {
            (count)
        }
    };
    html! {
        td class={ (side) (strength) } style=(format!("--heat:{heat:.3}")) title=[(!roomy).then(title)] {
            @if asked && count > 0 {
                button type="button" data-truth=(name(truth)) data-answer=(name(predicted)) {
                    span class="hidden" { "Truly " (name(truth)) ", answered " (name(predicted)) ": " } (content) span class="hidden" { ". Show them" }
                }
            } @else {
                (content)
            }
        }
    }
}

fn mix_ups(outcome: &ClassOutcome, matrix: &Confusion, asked: bool) -> Markup {
    let classes = matrix.classes();
    let mut pairs: Vec<(u64, usize, usize)> = (0..classes)
        .flat_map(|truth| (0..classes).map(move |predicted| (truth, predicted)))
        .filter(|(truth, predicted)| truth != predicted)
        .map(|(truth, predicted)| (matrix.count(truth, predicted), truth, predicted))
        .filter(|(count, ..)| *count > 0)
        .collect();
    pairs.sort_unstable_by(|a, b| b.0.cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let shown = if classes > DRAWN { 3 * NAMED } else { NAMED };
    let name = |class: usize| outcome.classes.get(class).map_or("", String::as_str);
    html! {
        @if asked { h3 { "The commonest mix-ups" } } @else { h4 { "The commonest mix-ups" } }
        @if pairs.is_empty() {
            p { "None: every answer was right." }
        } @else {
            ol class="mix-ups" {
                @for &(count, truth, predicted) in pairs.iter().take(shown) {
                    @let said = html! {
                        b { (name(truth)) } " taken for " b { (name(predicted)) } ": "
                        (words::count(count)) " of " (words::count(matrix.support(truth)))
                    };
                    li {
                        @if asked { button type="button" data-truth=(name(truth)) data-answer=(name(predicted)) { (said) } } @else { (said) }
                    }
                }
            }
        }
    }
}
