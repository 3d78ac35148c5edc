//! A hundred dots: shares as counts of things, which people read more surely than per cent
//! (Gigerenzer & Hoffrage, 1995).

use maud::{Markup, html};

use super::{at, picture};

/// `share` of a hundred dots are filled, the others are rings.
pub(crate) fn hundred(share: f64, things: &str) -> Markup {
    let filled = (share.clamp(0.0, 1.0) * 100.0).round() as u32;
    let title = format!("Of 100 {things}: {filled} right, {} wrong", 100 - filled);
    picture(
        220.0,
        220.0,
        &title,
        "One dot per answer; filled dots are right answers.",
        html! {
            @for i in 0..100_u32 {
                @let (x, y) = (f64::from(i % 10) * 22.0 + 11.0, f64::from(i / 10) * 22.0 + 11.0);
                @if i < filled {
                    circle class="hit" cx=(at(x)) cy=(at(y)) r="7.5" {}
                } @else {
                    circle class="miss" cx=(at(x)) cy=(at(y)) r="6.5" {}
                }
            }
        },
    )
}
