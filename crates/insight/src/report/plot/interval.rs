//! A score on its scale: the value, how far it could be off by chance, and the trivial answer's score.

use maud::{Markup, html};

use super::{at, picture};
use crate::intervals::Scored;

const BAR: f64 = 260.0;
const EDGE: f64 = 8.0;

/// A bar from `scale.0` to `scale.1`.
pub(crate) fn interval(label: &str, scored: &Scored, scale: (f64, f64)) -> Markup {
    let place = |value: f64| {
        let share = (value - scale.0) / (scale.1 - scale.0);
        EDGE + if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 } * (BAR - 2.0 * EDGE)
    };
    let x = |value: f64| at(place(value));
    let description = format!(
        "Value {:.4}, 95 % interval {}, trivial answer {}.",
        scored.value,
        scored.low.zip(scored.high).map_or("unknown".into(), |(low, high)| format!("{low:.4} to {high:.4}")),
        scored.baseline.map_or("has none".into(), |b| format!("{b:.4}")),
    );
    picture(
        BAR,
        34.0,
        label,
        &description,
        html! {
            line class="rail" x1=(at(EDGE)) x2=(at(BAR - EDGE)) y1="14" y2="14" {}
            @if let Some((low, high)) = scored.low.zip(scored.high) {
                rect class="reach" x=(x(low)) width=(at((place(high) - place(low)).max(2.0))) y="8" height="12" rx="6" {}
            }
            @if let Some(baseline) = scored.baseline {
                @let end = place(baseline);
                line class="trivial-mark" x1=(at(end)) x2=(at(end)) y1="5" y2="23" {}
                @let anchor = if end > BAR * 0.7 { "end" } else if end < BAR * 0.3 { "start" } else { "middle" };
                text class="tick" text-anchor=(anchor) x=(at(end)) y="33" { "trivial" }
            }
            circle class="dot validation" cx=(x(scored.value)) cy="14" r="5.5" {}
        },
    )
}
