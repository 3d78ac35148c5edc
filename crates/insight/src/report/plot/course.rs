//! How something changed in the course of a training, small enough to stand in a table.

use maud::{Markup, html};

use super::{at, picture};

/// The course of a block's changes, small beside its numbers, from the least change that any block had to the largest.
pub(crate) fn course(points: &[Option<f64>], (least, most): (f64, f64), title: &str) -> Markup {
    const WIDTH: f64 = 110.0;
    const HEIGHT: f64 = 26.0;
    let last = points.len().saturating_sub(1).max(1) as f64;
    let height = |change: f64| {
        let share = (change.max(least) / least).ln() / (most / least).ln();
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.5 };
        3.0 + (1.0 - share) * (HEIGHT - 6.0)
    };
    let mut path = String::new();
    let mut pen = 'M';
    for (i, change) in points.iter().enumerate() {
        match change {
            Some(change) => {
                path +=
                    &format!("{pen}{} {}", at(4.0 + i as f64 / last * (WIDTH - 8.0)), at(height(*change)));
                pen = 'L';
            }
            None => pen = 'M',
        }
    }
    let end = points.last().copied().flatten();
    picture(
        WIDTH,
        HEIGHT,
        title,
        "",
        html! {
            path class="curve validation" d=(path) {}
            @if let Some(change) = end {
                circle class="dot validation" cx=(at(if points.len() > 1 { WIDTH - 4.0 } else { 4.0 })) cy=(at(height(change))) r="3" {}
            }
        },
    )
}
