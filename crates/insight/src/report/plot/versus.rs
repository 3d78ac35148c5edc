//! Two errors as bars: the network's and the trivial answer's.

use maud::{Markup, html};

use super::{at, picture};

/// Bars of two sizes from zero, each with its name and its value written out.
pub(crate) fn versus(bars: [(&str, f64, &str); 2]) -> Markup {
    let largest = bars.iter().map(|bar| bar.1).filter(|v| v.is_finite()).fold(0.0, f64::max);
    let length =
        |value: f64| if largest > 0.0 && value > 0.0 { (220.0 * value / largest).max(2.0) } else { 2.0 };
    let description = bars.map(|(name, _, value)| format!("{name}: {value}.")).join(" ");
    picture(
        220.0,
        118.0,
        "How far off",
        &description,
        html! {
            @for (i, (name, value, written)) in bars.into_iter().enumerate() {
                @let top = i as f64 * 62.0;
                text x="0" y=(at(top + 13.0)) { (name) }
                text class="note" text-anchor="end" x="220" y=(at(top + 13.0)) { (written) }
                rect class=(if i == 0 { "bar" } else { "bar other" }) x="0" y=(at(top + 22.0)) width=(at(length(value))) height="22" rx="4" {}
            }
        },
    )
}
