//! Predicted against true numbers.

use maud::{Markup, html};

use super::frame::Frame;
use super::ticks::Range;
use super::{at, picture};

/// How many layers of dots lie on each other.
const LAYERS: usize = 8;

/// Each point is `(true, predicted)`; the diagonal is a perfect answer, the level line the trivial one.
pub(crate) fn scatter(points: &[(f64, f64)], unit: &str, trivial: f64) -> Markup {
    let whole: Vec<(f64, f64)> =
        points.iter().copied().filter(|p| p.0.is_finite() && p.1.is_finite()).collect();
    let both = Range::around(whole.iter().flat_map(|p| [p.0, p.1]), 5);
    let (low, high) = (both.low, both.high);
    let frame = Frame::square(both.clone(), both);
    let radius = match whole.len() {
        0..200 => 3.6,
        200..800 => 2.8,
        _ => 2.0,
    };
    let description = format!("{} rows; the nearer to the diagonal, the better.", whole.len());
    picture(
        frame.width,
        frame.height,
        "Predicted against true",
        &description,
        html! {
            (frame.axes(&format!("true{unit}"), &format!("predicted{unit}")))
            (frame.line("chance", (low, low), (high, high)))
            @if trivial.is_finite() && (low..=high).contains(&trivial) {
                (frame.line("trivial", (low, trivial), (high, trivial)))
            }
            // Strokes of no length with round ends are dots at a tenth of the bytes of circles. Dots of one path do
            // not darken each other: a few paths let crowded places show.
            @for layer in whole.chunks(whole.len().div_ceil(LAYERS).max(1)) {
                path class="cloud" stroke-width=(at(2.0 * radius))
                    d=(layer.iter().map(|p| format!("M{} {}h0", at(frame.x(p.0)), at(frame.y(p.1)))).collect::<String>()) {}
            }
        },
    )
}
