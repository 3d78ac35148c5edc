//! The frame of a plot: where values lie, the grid and its labels.

use maud::{Markup, html};

use super::ticks::Range;
use super::{WIDTH, at};

/// Where the values of a plot lie on the page.
pub(super) struct Frame {
    pub(super) x: Range,
    pub(super) y: Range,
    pub(super) width: f64,
    pub(super) height: f64,
}

const LEFT: f64 = 48.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 44.0;

impl Frame {
    pub(super) fn new(x: Range, y: Range, height: f64) -> Self {
        Self { x, y, width: WIDTH, height }
    }

    /// A square field, for two axes of the same meaning.
    pub(super) fn square(x: Range, y: Range) -> Self {
        let side = 340.0;
        Self { x, y, width: LEFT + side + RIGHT, height: TOP + side + BOTTOM }
    }

    /// The horizontal place of a value.
    pub(super) fn x(&self, value: f64) -> f64 {
        LEFT + self.x.share(value) * (self.width - LEFT - RIGHT)
    }

    /// The vertical place of a value.
    pub(super) fn y(&self, value: f64) -> f64 {
        self.height - BOTTOM - self.y.share(value) * (self.height - TOP - BOTTOM)
    }

    /// How many pixel columns there are.
    pub(super) fn columns(&self) -> usize {
        (self.width - LEFT - RIGHT) as usize
    }

    /// The grid, the marks and what the axes mean.
    pub(super) fn axes(&self, x_means: &str, y_means: &str) -> Markup {
        let (left, right) = (LEFT, self.width - RIGHT);
        let floor = self.height - BOTTOM;
        html! {
            @for &tick in &self.y.ticks {
                line class="grid" x1=(at(left)) x2=(at(right)) y1=(at(self.y(tick))) y2=(at(self.y(tick))) {}
                text class="tick" text-anchor="end" x=(at(left - 8.0)) y=(at(self.y(tick) + 4.0)) { (self.y.label(tick)) }
            }
            line class="axis" x1=(at(left)) x2=(at(right)) y1=(at(floor)) y2=(at(floor)) {}
            @for &tick in &self.x.ticks {
                line class="axis" x1=(at(self.x(tick))) x2=(at(self.x(tick))) y1=(at(floor)) y2=(at(floor + 4.0)) {}
                text class="tick" text-anchor="middle" x=(at(self.x(tick))) y=(at(floor + 18.0)) { (self.x.label(tick)) }
            }
            text class="means" text-anchor="end" x=(at(right)) y=(at(self.height - 6.0)) { (x_means) }
            text class="means" x="0" y="12" { (y_means) }
        }
    }

    /// The straight line between two points given as values.
    pub(super) fn line(&self, class: &str, from: (f64, f64), to: (f64, f64)) -> Markup {
        html! {
            line class=(class) x1=(at(self.x(from.0))) y1=(at(self.y(from.1)))
                x2=(at(self.x(to.0))) y2=(at(self.y(to.1))) {}
        }
    }

    /// A dot at a point given as values.
    pub(super) fn dot(&self, class: &str, point: (f64, f64), radius: f64) -> Markup {
        html! { circle class=(class) cx=(at(self.x(point.0))) cy=(at(self.y(point.1))) r=(at(radius)) {} }
    }

    /// The `d` of a path through points given as values.
    pub(super) fn path(&self, points: &[(f64, f64)]) -> String {
        let mut d = String::with_capacity(points.len() * 12);
        for (i, &(x, y)) in points.iter().enumerate() {
            d.push(if i == 0 { 'M' } else { 'L' });
            d.push_str(&at(self.x(x)));
            d.push(' ');
            d.push_str(&at(self.y(y)));
        }
        d
    }
}
