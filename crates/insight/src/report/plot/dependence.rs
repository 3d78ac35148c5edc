//! How an answer depends on a column: a curve over numbers, dots beside categories.

use maud::{Markup, html};

use super::frame::Frame;
use super::ticks::Range;
use super::{WIDTH, at, picture};
use crate::report::data::{Dependence, DependencePoint};

/// The heights of a curve's drawing and of one category's line.
const HEIGHT: f64 = 250.0;
const LINE: f64 = 26.0;

/// Where categories' lines begin, what is left for the marks below them, and how much of a name is shown.
const NAMES: f64 = 150.0;
const MARKS: f64 = 34.0;
const SHOWN: usize = 22;

/// All answers that are drawn lie between `answers`, so that several drawings can be compared.
pub(crate) fn dependence(of: &Dependence, column: &str, means: &str, answers: (f64, f64)) -> Markup {
    let range = Range::around([answers.0, answers.1].into_iter(), 5);
    let title = format!("How the answer depends on {column}");
    let said = |p: &DependencePoint| format!("{}: {:.4} ({:.4} to {:.4}).", p.value, p.mean, p.low, p.high);
    let description = of.points.iter().map(said).collect::<Vec<_>>().join(" ");
    match of.ordered() {
        true => curve(of, column, means, range, (&title, &description)),
        false => lines(of, means, &range, (&title, &description)),
    }
}

fn curve(of: &Dependence, column: &str, means: &str, y: Range, said: (&str, &str)) -> Markup {
    let places = of.points.iter().map(|point| point.place.unwrap_or_default());
    let frame = Frame::new(Range::exactly(places.clone(), 5), y, HEIGHT);
    let along = |value: &dyn Fn(&DependencePoint) -> f64| -> Vec<(f64, f64)> {
        places.clone().zip(of.points.iter().map(value)).collect()
    };
    let mut band = along(&|point| point.high);
    band.extend(along(&|point| point.low).into_iter().rev());
    let column = if of.years { format!("{column}, year") } else { column.to_owned() };
    picture(
        frame.width,
        frame.height,
        said.0,
        said.1,
        html! {
            (frame.axes(&column, means))
            @for single in &of.single {
                path class="curve validation faint" d=(frame.path(&places.clone().zip(single.iter().copied()).collect::<Vec<_>>())) {}
            }
            path class="reach" d=(frame.path(&band)) {}
            path class="curve validation" d=(frame.path(&along(&|point| point.mean))) {}
            @if let [only] = of.points.as_slice() {
                (frame.dot("dot validation", (only.place.unwrap_or_default(), only.mean), 4.0))
            }
        },
    )
}

fn lines(of: &Dependence, means: &str, range: &Range, said: (&str, &str)) -> Markup {
    let floor = 20.0 + LINE * of.points.len() as f64;
    let x = |value: f64| NAMES + range.share(value) * (WIDTH - NAMES - 16.0);
    let name = |value: &str| match value.chars().count() > SHOWN {
        true => value.chars().take(SHOWN - 1).chain(['…']).collect(),
        false => value.to_owned(),
    };
    picture(
        WIDTH,
        floor + MARKS,
        said.0,
        said.1,
        html! {
            text class="means" x="0" y="12" { (means) }
            @for &tick in &range.ticks {
                line class="grid" x1=(at(x(tick))) x2=(at(x(tick))) y1="20" y2=(at(floor)) {}
                text class="tick" text-anchor="middle" x=(at(x(tick))) y=(at(floor + 18.0)) { (range.label(tick)) }
            }
            @for (i, point) in of.points.iter().enumerate() {
                @let y = 20.0 + LINE * (i as f64 + 0.5);
                text text-anchor="end" x=(at(NAMES - 10.0)) y=(at(y + 4.0)) { (name(&point.value)) }
                @for single in of.single.iter().filter_map(|single| single.get(i)) {
                    line class="single" x1=(at(x(*single))) x2=(at(x(*single))) y1=(at(y - 7.0)) y2=(at(y + 7.0)) {}
                }
                rect class="reach" x=(at(x(point.low))) width=(at((x(point.high) - x(point.low)).max(2.0))) y=(at(y - 7.0)) height="14" rx="4" {}
                circle class="dot validation" cx=(at(x(point.mean))) cy=(at(y)) r="4.5" {}
            }
        },
    )
}
