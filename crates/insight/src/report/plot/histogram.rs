//! How often errors of each size occur.

use maud::{Markup, html};

use super::frame::Frame;
use super::ticks::Range;
use super::{at, picture};
use crate::report::data::Histogram;

/// Bars over the bins, zero marked.
pub(crate) fn histogram(bins: &Histogram, unit: &str) -> Markup {
    let ends = Range::exactly([bins.low, bins.high].into_iter(), 6);
    let frame = Frame::new(ends, Range::around(bins.counts.iter().map(|&c| c as f64).chain([0.0]), 4), 290.0);
    let width = (bins.high - bins.low) / bins.counts.len().max(1) as f64;
    let total: u64 = bins.counts.iter().sum();
    picture(
        frame.width,
        frame.height,
        "Errors",
        &format!("{total} errors from {} to {}.", bins.low, bins.high),
        html! {
            (frame.axes(&format!("predicted minus true{unit}"), "rows"))
            @for (i, &count) in bins.counts.iter().enumerate() {
                @let left = bins.low + i as f64 * width;
                @let (x, y) = (frame.x(left), frame.y(count as f64));
                rect class="bar" x=(at(x + 0.7)) y=(at(y)) width=(at((frame.x(left + width) - x - 1.4).max(0.5)))
                    height=(at(frame.y(0.0) - y)) {}
            }
            (frame.line("best", (0.0, 0.0), (0.0, frame.y.high)))
        },
    )
}
