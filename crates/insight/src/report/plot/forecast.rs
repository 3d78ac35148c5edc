//! What was reached with fewer rows, and the band in which more would end.

use maud::{Markup, html};

use super::frame::Frame;
use super::picture;
use super::ticks::Range;
use crate::report::data::Forecast;
use crate::report::words;

const HEIGHT: f64 = 300.0;

/// The curve with its band; rows are drawn by their logarithm, since each doubling is as far as the next.
pub(crate) fn forecast(of: &Forecast) -> Markup {
    let curve = of.curve();
    let x = |rows: usize| (rows.max(1) as f64).log2();
    let values = curve.iter().flat_map(|e| [e.low, e.high]).chain(of.reached.iter().map(|r| r.1));
    let frame =
        Frame::new(Range::unmarked(curve.iter().map(|e| x(e.rows))), Range::around(values, 5), HEIGHT);
    let along = |value: &dyn Fn(&crate::report::data::Expected) -> f64| -> Vec<(f64, f64)> {
        curve.iter().map(|e| (x(e.rows), value(e))).collect()
    };
    let mut band = along(&|e| e.high);
    band.extend(along(&|e| e.low).into_iter().rev());
    let said = |(rows, value): &(usize, f64)| format!("{value:.4} with {rows} rows.");
    let description = of.reached.iter().map(said).collect::<Vec<_>>().join(" ");
    let marks: Vec<usize> =
        of.reached.iter().map(|r| r.0).chain(of.foreseen.iter().map(|e| e.rows)).collect();
    let label = of.about().map_or(of.metric.as_str(), |metric| metric.label);
    picture(
        frame.width,
        frame.height,
        "What was reached with fewer rows, and what more would bring",
        &description,
        html! {
            (frame.axes("rows learned from, each doubling as far as the next", label))
            path class="reach" d=(frame.path(&band)) {}
            path class="curve validation" d=(frame.path(&along(&|e| e.value))) {}
            @for point in &of.reached { (frame.dot("dot validation", (x(point.0), point.1), 4.0)) }
            @for rows in doublings(&marks) {
                text class="tick" text-anchor="middle" x=(super::at(frame.x(x(rows)))) y=(super::at(frame.y(frame.y.low) + 18.0)) { (words::count(rows as u64)) }
            }
        },
    )
}

/// The numbers of rows that are written below: those that differ by a tenth at least.
fn doublings(marks: &[usize]) -> Vec<usize> {
    let mut sorted = marks.to_vec();
    sorted.sort_unstable();
    sorted.dedup_by(|a, b| (*a as f64) < 1.1 * *b as f64);
    sorted
}
