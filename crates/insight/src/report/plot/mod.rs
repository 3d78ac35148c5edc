//! Plots as inline SVG: small, self-contained, coloured by the page's style sheet so that light, dark and print
//! all work. Whatever the numbers are (none, one, equal, NaN), every coordinate is finite and inside the plot.

mod course;
mod curves;
mod dependence;
mod dots;
mod forecast;
mod frame;
mod histogram;
mod interval;
mod network;
mod reliability;
mod roc;
mod roll;
mod scatter;
mod solid;
mod ticks;
mod versus;

pub(crate) use course::course;
pub(crate) use curves::{Line, curves};
pub(crate) use dependence::dependence;
pub(crate) use dots::hundred;
pub(crate) use forecast::forecast;
pub(crate) use histogram::histogram;
pub(crate) use interval::interval;
pub(crate) use network::{Now, network, per_cent};
pub(crate) use reliability::{reliability, wilson};
pub(crate) use roc::roc;
pub(crate) use roll::roll;
pub(crate) use scatter::scatter;
pub(crate) use versus::versus;

use maud::{Markup, html};

/// The width that plots are drawn for, in CSS pixels: a phone's screen, or half of a desk's.
const WIDTH: f64 = 460.0;

/// A drawing with a name and a description for those who do not see it.
fn picture(width: f64, height: f64, title: &str, description: &str, drawing: Markup) -> Markup {
    html! {
        svg class="plot" role="img" aria-label=(title) viewBox=(format!("0 0 {} {}", at(width), at(height)))
            width=(at(width)) height=(at(height)) {
            title { (title) }
            desc { (description) }
            (drawing)
        }
    }
}

/// A coordinate with one decimal; what is not finite lies at 0.
fn at(value: f64) -> String {
    let rounded = if value.is_finite() { (value * 10.0).round() / 10.0 } else { 0.0 };
    // Adding zero turns -0 into 0.
    format!("{}", rounded + 0.0)
}
