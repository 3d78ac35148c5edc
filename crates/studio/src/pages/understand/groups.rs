//! Whom it serves how well, and whether more data would help: both are asked of the program.

use maud::{Markup, html};
use pellucid_insight::report::data::Column;

use super::Seen;

/// Kinds of columns whose values divide rows into groups.
const DIVIDING: [&str; 3] = ["category", "flag", "number"];

pub(super) fn content(seen: &Seen<'_>) -> Option<Markup> {
    let divides = |column: &&Column| DIVIDING.contains(&column.kind.as_str()) && column.role != "to predict";
    let mut columns: Vec<&Column> = seen.facts.data.columns.iter().filter(divides).collect();
    // Numbers are cut into quartiles, which is seldom what is meant first.
    columns.sort_by_key(|column| column.kind == "number");
    if columns.is_empty() {
        return None;
    }
    Some(html! {
        p { "Right on the whole can be wrong for some: for women, for one hospital, for old machines. Choose a column of the data, and see how good the answers are for each of its groups." }
        form id="groups" class="filter" {
            p class="field" { label for="group-by" { "Groups by" }
                select id="group-by" { @for column in &columns { option value=(column.name) { (column.name) } } }
            }
            p class="field" { label for="group-and" { "and, crossed with it," }
                select id="group-and" { option value="" { "nothing more" } @for column in &columns { option value=(column.name) { (column.name) } } }
            }
            button class="button" { "Compare the groups" }
        }
        div id="audited" aria-live="polite" {}
    })
}

/// Whether more data would help: asked by learning from parts of the rows, which takes a while.
pub(super) fn more_data(seen: &Seen<'_>) -> Option<Markup> {
    Some(html! {
        p {
            "It learns again from a half, a quarter and smaller parts of the rows; how fast it gets better from part to part tells what twice as many rows would bring. "
            "That takes two to three times as long as the training did, and goes on when nobody looks."
        }
        div id="forecast" data-state=(seen.forecast) aria-live="polite" {
            div class="buttons" {
                button type="button" class="button" id="foresee" hidden[seen.forecast == "finished"] { "Find out" }
                button type="button" class="button quiet" id="stop-foreseeing" hidden { "Stop" }
            }
            div class="progress" hidden { progress id="foreseen" max="1" aria-label="How far it is" {} p class="aside" {} }
        }
        p class="command" { span class="aside" { "The same in a terminal: " } code { "pellucid forecast " (pellucid_base::quoted(&format!("runs/{}", seen.run))) } }
    })
}
