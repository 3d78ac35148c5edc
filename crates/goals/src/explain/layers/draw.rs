//! Patches of pictures and of sounds' spectra, as a network sees them.

use pellucid_kinds::image::Pixels;

/// What lies outside of a picture.
const OUTSIDE: u8 = 128;

/// How bright is left what does not excite a channel.
const DIM: f64 = 0.3;

/// The longest side of a drawn patch, in pixels.
const SIDE: usize = 96;

/// A picture, or a sound's spectrum, as bytes `[height, width, channels]`.
pub(super) struct Picture<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) size: [usize; 3],
    pub(super) sound: bool,
}

/// Where a patch begins, which may lie outside of the picture, and how long it is, along height and width.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Frame {
    pub(super) start: [isize; 2],
    pub(super) length: [usize; 2],
}

impl Frame {
    /// Of what a place sees: as large as that is, but not larger than the picture, and then all of it.
    pub(super) fn of(start: [isize; 2], sees: [usize; 2], size: [usize; 2]) -> Frame {
        let along = |i: usize| if sees[i] < size[i] { (start[i], sees[i]) } else { (0, size[i]) };
        let [(top, high), (left, wide)] = [along(0), along(1)];
        Frame { start: [top, left], length: [high, wide] }
    }
}

/// A patch as PNG; `lit` says how much of each pixel's light is left, from 0 to 1. `None` if there is no memory for it.
pub(super) fn patch(
    picture: &Picture<'_>,
    frame: Frame,
    lit: &dyn Fn(usize, usize) -> f64,
) -> Option<Vec<u8>> {
    let [height, width, channels] = picture.size;
    let [high, wide] = frame.length;
    let mut rgb = vec![OUTSIDE; high * wide * 3];
    // Of decibels, a sound uses a narrow range.
    let (dark, bright) = match picture.sound {
        true => range(picture.bytes),
        false => (0.0, 255.0),
    };
    let level = |byte: u8| 255.0 * (f64::from(byte) - dark) / (bright - dark);
    // A sound is shown with time from left to right and high frequencies above.
    let shown = if picture.sound { [wide, high] } else { [high, wide] };
    for y in 0..high {
        for x in 0..wide {
            let inside = |start: isize, by: usize, length: usize| {
                usize::try_from(start + by as isize).ok().filter(|&at| at < length)
            };
            let (Some(row), Some(column)) =
                (inside(frame.start[0], y, height), inside(frame.start[1], x, width))
            else {
                continue;
            };
            let pixel = &picture.bytes[(row * width + column) * channels..][..channels];
            let light = DIM + (1.0 - DIM) * lit(row, column).clamp(0.0, 1.0);
            let at = if picture.sound { (wide - 1 - x) * high + y } else { y * wide + x };
            for c in 0..3 {
                rgb[3 * at + c] = (level(pixel[c.min(channels - 1)]) * light).round() as u8;
            }
        }
    }
    let pixels = Pixels::of_bytes(&rgb, [shown[0], shown[1], 3])?;
    let shrink = (SIDE as f64 / high.max(wide) as f64).min(1.0);
    let side = |n: usize| ((n as f64 * shrink).round() as usize).max(1);
    pixels.resize(side(shown[0]), side(shown[1])).to_png()
}

/// The smallest and the largest byte, at least one apart.
fn range(bytes: &[u8]) -> (f64, f64) {
    let (least, most) = (bytes.iter().min().copied(), bytes.iter().max().copied());
    let least = f64::from(least.unwrap_or_default());
    (least, f64::from(most.unwrap_or_default()).max(least + 1.0))
}
