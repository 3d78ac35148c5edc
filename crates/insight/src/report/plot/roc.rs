//! The ROC curve: finds against false alarms.

use maud::{Markup, html};

use super::frame::Frame;
use super::picture;
use super::ticks::Range;

/// `points` are `(false alarms, finds)` as shares; `at_half` is where the usual threshold lies.
pub(crate) fn roc(class: &str, points: &[(f64, f64)], at_half: Option<(f64, f64)>) -> Markup {
    let frame = Frame::square(Range::shares(), Range::shares());
    let description = at_half.map_or_else(String::new, |(alarms, finds)| {
        format!(
            "At a probability of one half it finds {:.0} % with {:.0} % false alarms.",
            finds * 100.0,
            alarms * 100.0
        )
    });
    let area = |points: &[(f64, f64)]| {
        format!("{}L{} {}Z", frame.path(points), super::at(frame.x(1.0)), super::at(frame.y(0.0)))
    };
    picture(
        frame.width,
        frame.height,
        &format!("Finds against false alarms for {class}"),
        &description,
        html! {
            (frame.axes("false alarms (share of the others)", &format!("found (share of {class})")))
            (frame.line("chance", (0.0, 0.0), (1.0, 1.0)))
            @if points.len() > 1 {
                path class="area" d=(area(points)) {}
                path class="curve validation" d=(frame.path(points)) {}
            }
            @if let Some(point) = at_half {
                (frame.dot("dot validation", point, 5.0))
                text class="note" x=(super::at(frame.x(point.0) + 10.0)) y=(super::at(frame.y(point.1) + 16.0)) { "at one half" }
            }
        },
    )
}
