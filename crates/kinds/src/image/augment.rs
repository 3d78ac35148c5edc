//! Small changes that leave a picture's meaning as it is.

use pellucid_tensor::Stream;
use serde::{Deserialize, Serialize};

/// What mirroring a picture left to right does to the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mirroring {
    /// It changes the answer in some other way: pictures are never mirrored.
    Never,
    /// Nothing: pictures are mirrored in half of the cases.
    Keeps,
    /// It turns a number's sign, as with a steering angle: pictures are mirrored in half of the cases, and the number
    /// with them.
    Negates,
}

/// Which changes are allowed, and how strong they may be; for sounds as [`crate::audio::augment`] has it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Augment {
    /// Whether pictures are mirrored left to right.
    pub mirror: Mirroring,
    /// Moved by up to this share of each side.
    pub shift: f32,
    /// Turned by up to this many degrees.
    pub turn: f32,
    /// Made larger or smaller by up to this share.
    pub zoom: f32,
    /// Brightness and contrast changed by up to this share of a standard deviation.
    pub light: f32,
    /// In half of the cases a rectangle of up to this share of the area is blanked (Zhong et al. 2017).
    pub erase: f32,
}

impl Augment {
    /// No changes.
    pub const NONE: Augment =
        Augment { mirror: Mirroring::Never, shift: 0.0, turn: 0.0, zoom: 0.0, light: 0.0, erase: 0.0 };

    /// The changes in words.
    pub fn describe(&self) -> String {
        let percent = |share: f32| format!("{:.0} %", 100.0 * share);
        let parts = [
            (self.shift > 0.0).then(|| format!("moved by up to {}", percent(self.shift))),
            (self.turn > 0.0).then(|| format!("turned by up to {}°", self.turn)),
            (self.zoom > 0.0).then(|| format!("zoomed by up to {}", percent(self.zoom))),
            (self.light > 0.0)
                .then(|| format!("brightness and contrast changed by up to {}", percent(self.light))),
            (self.erase > 0.0).then(|| format!("up to {} of the area blanked", percent(self.erase))),
            Some(match self.mirror {
                Mirroring::Never => "never mirrored".to_owned(),
                Mirroring::Keeps => "mirrored".to_owned(),
                Mirroring::Negates => "mirrored together with the number's sign".to_owned(),
            }),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// The changes to sounds in words.
    pub fn describe_sounds(&self) -> String {
        let percent = |share: f32| format!("{:.0} %", 100.0 * share);
        let parts = [
            (self.shift > 0.0).then(|| format!("moved in time by up to {}", percent(self.shift))),
            (self.zoom > 0.0).then(|| format!("pace and pitch changed by up to {}", percent(self.zoom))),
            (self.light > 0.0)
                .then(|| format!("loudness changed by up to {}, noise in half of them", percent(self.light))),
            (self.erase > 0.0).then(|| format!("spans of up to {} blanked", percent(self.erase / 2.0))),
        ];
        match parts.into_iter().flatten().collect::<Vec<_>>() {
            none if none.is_empty() => "none".to_owned(),
            some => some.join(", "),
        }
    }
}

/// Writes a changed copy of standardised `pixels` `[height, width, channels]` to `out`; what comes
/// in from outside the picture repeats its edge. Returns whether the picture was mirrored.
pub fn augment(
    a: &Augment,
    pixels: &[f32],
    [height, width, channels]: [usize; 3],
    random: &mut Stream,
    out: &mut [f32],
) -> bool {
    let mut symmetric = |limit: f32| random.between(-limit, limit);
    let turn = symmetric(a.turn).to_radians();
    let zoom = 1.0 + symmetric(a.zoom);
    let (dy, dx) = (symmetric(a.shift) * height as f32, symmetric(a.shift) * width as f32);
    let (gain, offset) = (1.0 + symmetric(a.light), symmetric(a.light));
    let mirror = random.uniform() < 0.5 && a.mirror != Mirroring::Never;
    // The inverse of turn, zoom and shift about the centre maps each target pixel to where it comes from.
    let (sin, cos) = (turn.sin() / zoom, turn.cos() / zoom);
    let (cy, cx) = ((height as f32 - 1.0) / 2.0, (width as f32 - 1.0) / 2.0);
    let whole = a.turn == 0.0 && a.zoom == 0.0;
    let (dy, dx) = if whole { (dy.round(), dx.round()) } else { (dy, dx) };
    for y in 0..height {
        for x in 0..width {
            let tx = if mirror { width - 1 - x } else { x };
            let (v, u) = (y as f32 - cy - dy, tx as f32 - cx - dx);
            let sy = (cos * v - sin * u + cy).clamp(0.0, height as f32 - 1.0);
            let sx = (sin * v + cos * u + cx).clamp(0.0, width as f32 - 1.0);
            let (y0, x0) = (sy as usize, sx as usize);
            let (y1, x1) = ((y0 + 1).min(height - 1), (x0 + 1).min(width - 1));
            let (fy, fx) = (sy - y0 as f32, sx - x0 as f32);
            for c in 0..channels {
                let at = |y: usize, x: usize| pixels[(y * width + x) * channels + c];
                let top = at(y0, x0) + fx * (at(y0, x1) - at(y0, x0));
                let bottom = at(y1, x0) + fx * (at(y1, x1) - at(y1, x0));
                out[(y * width + x) * channels + c] = (top + fy * (bottom - top)) * gain + offset;
            }
        }
    }
    erase(a.erase, [height, width, channels], random, out);
    mirror
}

/// Blanks (sets to the mean, 0) a random rectangle in half of the cases.
fn erase(most: f32, [height, width, channels]: [usize; 3], random: &mut Stream, out: &mut [f32]) {
    let [chance, area, aspect, y, x] = std::array::from_fn(|_| random.uniform());
    if most <= 0.0 || chance < 0.5 {
        return;
    }
    let area = (0.02 + area * (most - 0.02).max(0.0)) * (height * width) as f32;
    let aspect = 0.5f32 * 4f32.powf(aspect);
    let side = |length: f32, limit: usize| (length.round() as usize).clamp(1, limit);
    let (h, w) = (side((area * aspect).sqrt(), height), side((area / aspect).sqrt(), width));
    let (top, left) = ((y * (height - h + 1) as f32) as usize, (x * (width - w + 1) as f32) as usize);
    for row in top..top + h {
        out[(row * width + left) * channels..(row * width + left + w) * channels].fill(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: [usize; 3] = [5, 7, 2];

    fn picture() -> Vec<f32> {
        (0..70).map(|i| (i * i % 17) as f32).collect()
    }

    fn run(a: Augment, index: u64) -> Vec<f32> {
        let mut out = vec![f32::NAN; 70];
        augment(&a, &picture(), SIZE, &mut Stream::new(1, "augment", index), &mut out);
        out
    }

    #[test]
    fn no_change_is_the_same_picture() {
        assert_eq!(run(Augment::NONE, 0), picture());
    }

    #[test]
    fn mirroring_happens_in_half_of_the_cases_and_is_its_own_inverse() {
        let a = Augment { mirror: Mirroring::Keeps, ..Augment::NONE };
        let mirrored = (0..200).filter(|&i| run(a, i) != picture()).count();
        assert!((70..130).contains(&mirrored));
        let index = (0..).find(|&i| run(a, i) != picture()).unwrap();
        let once = run(a, index);
        for y in 0..5 {
            for x in 0..7 {
                assert_eq!(once[(y * 7 + x) * 2], picture()[(y * 7 + 6 - x) * 2]);
            }
        }
    }

    #[test]
    fn every_change_stays_finite_and_is_reproducible() {
        let a =
            Augment { mirror: Mirroring::Negates, shift: 0.2, turn: 15.0, zoom: 0.2, light: 0.2, erase: 0.3 };
        for i in 0..100 {
            assert!(run(a, i).iter().all(|x| x.is_finite()));
            assert_eq!(run(a, i), run(a, i));
        }
        assert_ne!(run(a, 0), run(a, 1));
    }
}
