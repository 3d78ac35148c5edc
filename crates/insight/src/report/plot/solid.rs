//! The forms of a network's blocks: a slab for pictures, columns side by side for sequences, cells for vectors.

use maud::{Markup, html};

use super::at;
use super::network::TALL;
use crate::report::blocks::{self, Block, Stage};

/// The largest sizes in a network, by which others are drawn.
pub(super) struct Largest {
    side: f64,
    channels: f64,
    numbers: f64,
}

impl Largest {
    pub(super) fn of(stages: &[Stage]) -> Largest {
        let mut largest = Largest { side: 1.0, channels: 2.0, numbers: 2.0 };
        for block in blocks::all(stages) {
            match *block.shape.as_slice() {
                [height, width, channels] => {
                    largest.side = largest.side.max(height.max(width) as f64);
                    largest.channels = largest.channels.max(channels as f64);
                }
                [.., numbers] => largest.numbers = largest.numbers.max(numbers as f64),
                [] => {}
            }
        }
        largest
    }

    /// Height or depth of a picture in a drawing: small ones would vanish if they were as small as they are.
    fn side(&self, side: u64) -> f64 {
        TALL * 0.78 * (0.14 + 0.86 * (side as f64 / self.side).sqrt())
    }

    fn thick(&self, channels: u64) -> f64 {
        5.0 + 27.0 * (channels as f64 / self.channels).sqrt()
    }

    /// The height of a vector.
    fn numbers(&self, numbers: u64) -> f64 {
        TALL * (0.2 + 0.72 * ((numbers as f64).max(1.0).ln() / self.numbers.ln()))
    }
}

/// How strongly a block is coloured: from a hundred thousandth to a tenth of itself in a step.
pub(super) fn strength(share: f64) -> f64 {
    0.1 + 0.75 * ((share.max(1e-12).log10() + 5.0) / 4.0).clamp(0.0, 1.0)
}

/// A block, with others behind it if it is repeated.
pub(super) fn shape(block: &Block, x: f64, y: f64, largest: &Largest, strength: Option<f64>) -> Markup {
    let behind = if block.times > 1 { 2 } else { 0 };
    let shift = |i: usize| 5.0 * i as f64;
    html! {
        @for i in (1..=behind).rev() {
            g class="behind" { (solid(&block.shape, x + shift(i), y - shift(i), largest, None)) }
        }
        (solid(&block.shape, x, y, largest, strength))
    }
}

/// The form of what comes out of a block.
fn solid(shape: &[u64], x: f64, y: f64, largest: &Largest, strength: Option<f64>) -> Markup {
    match *shape {
        [height, width, channels] => {
            slab((largest.side(height), largest.side(width), largest.thick(channels)), x, y, strength)
        }
        [_, numbers] => sequence(largest.numbers(numbers), x, y, strength),
        [numbers] => vector(largest.numbers(numbers), numbers, x, y, strength),
        _ => vector(TALL / 2.0, 1, x, y, strength),
    }
}

fn slab((height, width, thick): (f64, f64, f64), x: f64, y: f64, strength: Option<f64>) -> Markup {
    let (dx, dy) = (width * 0.34, width * 0.24);
    let (left, top) = (x - (thick + dx) / 2.0, y - (height - dy) / 2.0);
    let face = |points: [(f64, f64); 4]| points.map(|(x, y)| format!("{},{}", at(x), at(y))).join(" ");
    let front = face([(left, top), (left + thick, top), (left + thick, top + height), (left, top + height)]);
    let above =
        face([(left, top), (left + dx, top - dy), (left + dx + thick, top - dy), (left + thick, top)]);
    let right = left + thick;
    let side =
        face([(right, top), (right + dx, top - dy), (right + dx, top + height - dy), (right, top + height)]);
    html! {
        (polygon(&side, strength, 0.62)) (polygon(&above, strength, 0.38)) (polygon(&front, strength, 1.0))
    }
}

/// A face of a solid, over a ground that hides what lies behind it.
fn polygon(points: &str, strength: Option<f64>, lit: f64) -> Markup {
    html! {
        polygon class="ground" points=(points) {}
        polygon class="face" points=(points) fill-opacity=(format!("{:.2}", strength.unwrap_or(0.14) * lit)) {}
    }
}

/// Columns of numbers, one for each piece.
fn sequence(height: f64, x: f64, y: f64, strength: Option<f64>) -> Markup {
    const COLUMNS: usize = 6;
    html! {
        @for column in 0..COLUMNS {
            (cell(x - 33.0 + 11.0 * column as f64 + 1.0, y - height / 2.0, 9.0, height, strength))
        }
    }
}

/// A column of cells, one at most for each number.
fn vector(height: f64, numbers: u64, x: f64, y: f64, strength: Option<f64>) -> Markup {
    let cells = ((height / 11.0) as u64).clamp(1, numbers.clamp(1, 9));
    let each = height / cells as f64;
    html! {
        @for i in 0..cells {
            (cell(x - 9.0, y - height / 2.0 + i as f64 * each, 18.0, each - 2.0, strength))
        }
    }
}

fn cell(x: f64, y: f64, width: f64, height: f64, strength: Option<f64>) -> Markup {
    let opacity = format!("{:.2}", strength.unwrap_or(0.14));
    html! {
        rect class="ground" x=(at(x)) y=(at(y)) width=(at(width)) height=(at(height)) rx="2" {}
        rect class="face" x=(at(x)) y=(at(y)) width=(at(width)) height=(at(height)) rx="2" fill-opacity=(opacity) {}
    }
}
