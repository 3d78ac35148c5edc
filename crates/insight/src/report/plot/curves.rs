//! Curves over time, however long: at most two points per pixel column are drawn.

use maud::{Markup, html};

use super::frame::Frame;
use super::picture;
use super::ticks::Range;

/// One curve.
pub(crate) struct Line<'a> {
    /// Its name in the legend.
    pub(crate) name: &'a str,
    /// Its class in the style sheet.
    pub(crate) class: &'static str,
    /// `(position, value)`, positions ascending; a gap where a value is not finite.
    pub(crate) points: &'a [(f64, f64)],
}

/// Curves in one frame, with a mark where the kept weights come from.
pub(crate) fn curves(title: &str, x_means: &str, y_means: &str, lines: &[Line], best: Option<f64>) -> Markup {
    let positions = lines.iter().flat_map(|line| line.points).map(|p| p.0);
    let values = lines.iter().flat_map(|line| line.points).map(|p| p.1);
    let top = sensible_top(values.clone().filter(|v| v.is_finite()).collect());
    let y = Range::around(values.map(|v| if v.is_finite() { v.min(top) } else { v }), 5);
    let frame = Frame::new(Range::exactly(positions, 6), y, 290.0);
    let description = lines.iter().map(describe).collect::<Vec<_>>().join(" ");
    picture(
        frame.width,
        frame.height,
        title,
        &description,
        html! {
            (frame.axes(x_means, y_means))
            @if let Some(best) = best.filter(|b| (frame.x.low..=frame.x.high).contains(b)) {
                (frame.line("best", (best, frame.y.low), (best, frame.y.high)))
                @let right_half = frame.x.share(best) > 0.6;
                text class="note" text-anchor=(if right_half { "end" } else { "start" })
                    x=(super::at(frame.x(best) + if right_half { -6.0 } else { 6.0 }))
                    y=(super::at(frame.y(frame.y.high) + 11.0)) { "best, kept" }
            }
            @for line in lines {
                @if line.points.len() > NOISY {
                    (draw(line.points, &frame, &format!("{} faint", line.class)))
                    (draw(&smooth(line.points), &frame, line.class))
                } @else {
                    (draw(line.points, &frame, line.class))
                }
            }
        },
    )
}

/// Longer curves are drawn pale, with their moving average over them.
const NOISY: usize = 200;

fn draw(points: &[(f64, f64)], frame: &Frame, class: &str) -> Markup {
    html! {
        @for piece in pieces(points, frame) {
            @if let [only] = piece.as_slice() {
                (frame.dot(&format!("dot {class}"), *only, 3.0))
            } @else {
                path class={ "curve " (class) } d=(frame.path(&piece)) {}
            }
        }
    }
}

/// The means of 80 equal stretches; values that are not finite are left out.
fn smooth(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let means = points.chunks(points.len().div_ceil(80)).filter_map(|stretch| {
        let finite = stretch.iter().filter(|p| p.0.is_finite() && p.1.is_finite());
        let (x, y, n) = finite.fold((0.0, 0.0, 0.0), |(x, y, n), p| (x + p.0, y + p.1, n + 1.0));
        (n > 0.0).then(|| (x / n, y / n))
    });
    means.collect()
}

/// The largest value to show: all of them, unless a few are so large that the rest would lie flat on the floor.
fn sensible_top(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let (Some(&usual), Some(&largest)) = (values.get(values.len() * 97 / 100), values.last()) else {
        return f64::INFINITY;
    };
    if usual > 0.0 && largest > 4.0 * usual { 1.2 * usual } else { largest }
}

/// The unbroken parts of a curve, in each pixel column only its lowest and highest point.
fn pieces(points: &[(f64, f64)], frame: &Frame) -> Vec<Vec<(f64, f64)>> {
    let column = |x: f64| (frame.x.share(x) * frame.columns() as f64) as usize;
    let whole = |p: &(f64, f64)| p.0.is_finite() && p.1.is_finite();
    points
        .split(|p| !whole(p))
        .filter(|piece| !piece.is_empty())
        .map(|piece| {
            if piece.len() <= 2 * frame.columns() {
                return piece.to_vec();
            }
            let mut thin = Vec::new();
            for same in piece.chunk_by(|a, b| column(a.0) == column(b.0)) {
                let low = same.iter().enumerate().min_by(|a, b| a.1.1.total_cmp(&b.1.1));
                let high = same.iter().enumerate().max_by(|a, b| a.1.1.total_cmp(&b.1.1));
                let mut ends: Vec<_> = low.into_iter().chain(high).collect();
                ends.sort_unstable_by_key(|(index, _)| *index);
                ends.dedup_by_key(|(index, _)| *index);
                thin.extend(ends.into_iter().map(|(_, point)| *point));
            }
            thin
        })
        .collect()
}

fn describe(line: &Line) -> String {
    let finite: Vec<f64> = line.points.iter().map(|p| p.1).filter(|v| v.is_finite()).collect();
    match (finite.first(), finite.last()) {
        (Some(first), Some(last)) => format!("{} goes from {first:.3} to {last:.3}.", line.name),
        _ => format!("{} has no values.", line.name),
    }
}
