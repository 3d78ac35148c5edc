//! A score on its scale: the value, how far it could be off by chance, and the trivial answer's score.

use maud::{Markup, html};

use super::{at, picture};
use crate::intervals::Scored;

const BAR: f64 = 260.0;
const EDGE: f64 = 8.0;

/// A bar from `scale.0` to `scale.1`, one end of which is perfect.
pub(crate) fn interval(label: &str, scored: &Scored, scale: (f64, f64), higher_is_better: bool) -> Markup {
    let place = |value: f64| {
        let share = (value - scale.0) / (scale.1 - scale.0);
        EDGE + if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 } * (BAR - 2.0 * EDGE)
    };
    let x = |value: f64| at(place(value));
    let (perfect, anchor) = if higher_is_better { (BAR - 2.0, "end") } else { (2.0, "start") };
    let description = format!(
        "Value {:.4}, 95 % interval {}, trivial answer {}.",
        scored.value,
        scored.low.zip(scored.high).map_or("unknown".into(), |(low, high)| format!("{low:.4} to {high:.4}")),
        scored.baseline.map_or("has none".into(), |b| format!("{b:.4}")),
    );
    picture(
        BAR,
        38.0,
        label,
        &description,
        html! {
            line class="rail" x1=(at(EDGE)) x2=(at(BAR - EDGE)) y1="13" y2="13" {}
            @if let Some((low, high)) = scored.low.zip(scored.high) {
                rect class="reach" x=(x(low)) width=(at((place(high) - place(low)).max(2.0))) y="5" height="16" rx="4" {}
            }
            @if let Some(baseline) = scored.baseline {
                @let end = place(baseline);
                line class="trivial-mark" x1=(at(end)) x2=(at(end)) y1="5" y2="21" {}
                @if (end - perfect).abs() > BAR * 0.35 {
                    text class="tick" text-anchor="middle" x=(at(end.clamp(18.0, BAR - 18.0))) y="35" { "trivial" }
                }
            }
            text class="tick" text-anchor=(anchor) x=(at(perfect)) y="35" { "perfect" }
            circle class="dot validation" cx=(x(scored.value)) cy="13" r="5" {}
        },
    )
}
