//! How the answer depends on the columns that matter most.

use maud::{Markup, html};

use super::{figure, prose};
use crate::report::data::{Dependence, Target};
use crate::report::{plot, words};

pub(super) fn content(target: &Target) -> Markup {
    let drawn: Vec<(&str, &Dependence)> = target
        .importance
        .iter()
        .filter_map(|column| Some((column.name.as_str(), column.dependence.as_ref()?)))
        .collect();
    let answers = |d: &Dependence| -> Vec<f64> {
        let means = d.points.iter().flat_map(|point| [point.low, point.mean, point.high]);
        means.chain(d.single.iter().flatten().copied()).filter(|x| x.is_finite()).collect()
    };
    let all = || drawn.iter().flat_map(|(_, d)| answers(d));
    let ends = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
    html! {
        @if !drawn.is_empty() {
            h4 { "How the answer depends on them" }
            p {
                "Suppose that a column held one value in every row, and all else stayed as it is: what would be answered on average? That is one point of the strong line; "
                "the next value gives the next point. The pale lines are single rows: where they run apart, it depends on the other columns what this one does. "
                "The band says how far chance in the choice of rows may move the average (95 %). Where columns go together, some of these rows are such as nobody has ever seen, "
                "and it says what the network does, not what would happen in the world. (Partial dependence: Friedman 2001; single rows: Goldstein et al., arXiv 1309.6392.)"
            }
            div class="pair" {
                @for (name, d) in &drawn { (one(name, d, &target.column, ends)) }
            }
        }
    }
}

fn one(name: &str, d: &Dependence, target: &str, ends: (f64, f64)) -> Markup {
    let means = d.class.as_ref().map_or_else(|| target.to_owned(), |class| format!("probability of {class}"));
    figure(
        name,
        plot::dependence(d, name, &means, ends),
        html! {
            (prose(&d.says(name, target)))
            details {
                summary { "As a table" }
                table {
                    thead { tr {
                        th scope="col" { (name) } th scope="col" class="number" { "On average" }
                        th scope="col" class="number" { "95 % interval" }
                    } }
                    tbody { @for point in &d.points {
                        @let shown = |x: f64| words::answer(x, d.class.is_some());
                        tr { td { (point.value) } td class="number" { (shown(point.mean)) }
                            td class="number" { (shown(point.low)) " to " (shown(point.high)) } }
                    } }
                }
                p class="aside" { "Over " (words::count(d.rows)) " rows." }
            }
        },
    )
}
