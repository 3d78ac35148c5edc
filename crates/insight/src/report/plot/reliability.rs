//! The reliability diagram: how sure it was against how often it was right.

use maud::{Markup, html};

use super::frame::Frame;
use super::picture;
use super::ticks::Range;
use crate::report::data::ReliabilityBin;

/// A dot per bin, its area by rows, with a 95 % Wilson interval (Wilson, 1927).
pub(crate) fn reliability(bins: &[ReliabilityBin]) -> Markup {
    let frame = Frame::square(Range::shares(), Range::shares());
    let most = bins.iter().map(|b| b.rows).max().unwrap_or(0).max(1) as f64;
    picture(
        frame.width,
        frame.height,
        "How sure it was against how often it was right",
        &describe(bins),
        html! {
            (frame.axes("how sure it was", "how often it was right"))
            (frame.line("chance", (0.0, 0.0), (1.0, 1.0)))
            text class="note" x=(super::at(frame.x(0.2) + 8.0)) y=(super::at(frame.y(0.17))) { "just as sure as it is right" }
            @for bin in bins.iter().filter(|b| b.rows > 0) {
                @let (low, high) = wilson(bin.right, bin.rows as f64);
                (frame.line("whisker", (bin.confidence, low), (bin.confidence, high)))
                (frame.dot("dot validation", (bin.confidence, bin.right), 3.0 + 8.0 * (bin.rows as f64 / most).sqrt()))
            }
        },
    )
}

/// The interval of a share seen in `n` rows.
pub(crate) fn wilson(share: f64, n: f64) -> (f64, f64) {
    let z = 1.96;
    let middle = (share + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let reach = z / (1.0 + z * z / n) * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).max(0.0).sqrt();
    (middle - reach, middle + reach)
}

fn describe(bins: &[ReliabilityBin]) -> String {
    let parts = bins.iter().filter(|b| b.rows > 0).map(|b| {
        format!("{:.0} % sure: right in {:.0} % of {} rows.", b.confidence * 100.0, b.right * 100.0, b.rows)
    });
    parts.collect::<Vec<_>>().join(" ")
}
