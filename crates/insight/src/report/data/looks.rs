//! What the layers of a network for pictures or sounds respond to.

use serde::{Deserialize, Serialize};

use crate::report::{encoding, words};

/// Seconds of a sound from one frame to the next, and of a frame.
const HOP: f64 = 0.010;
const FRAME: f64 = 0.025;

/// What each layer of the network for one column of pictures or sounds responds to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Looks {
    /// The column.
    pub column: String,
    /// Whether it holds sounds: time from left to right, high frequencies above.
    pub sound: bool,
    /// Height and width as the network sees it; frames and bands of a sound.
    pub size: [usize; 2],
    /// The column that is answered.
    pub target: String,
    /// Whether that is a number.
    pub number: bool,
    /// Training rows in which channels and patches were looked for.
    pub searched: u64,
    /// Other training rows, on which it was counted what channels stand for.
    pub measured: u64,
    /// The layers, first ones first.
    pub layers: Vec<LooksOfLayer>,
    /// How many layers are left out between them.
    pub left_out: u64,
    /// Whether layers follow that see the whole at once.
    pub whole: bool,
}

/// What a layer responds to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LooksOfLayer {
    /// Its number among all such layers, from 1 on.
    pub number: u64,
    /// What it is: `conv 3×3, 48 → batch norm, relu`.
    pub does: String,
    /// Height and width of what each of its places sees, or frames and bands.
    pub sees: [usize; 2],
    /// How many channels it has.
    pub channels: u64,
    /// Those that none of the pictures excites.
    pub idle: u64,
    /// Some channels, those that tell most first.
    pub shown: Vec<LooksOfChannel>,
}

/// What a channel responds to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LooksOfChannel {
    /// Its number, from 1 on.
    pub number: u64,
    /// What it goes along with on pictures by which it was not chosen; nothing where they are too few.
    pub stands: Option<Stands>,
    /// What excites it most, each from another picture.
    pub patches: Vec<Patch>,
}

/// What a channel goes along with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stands {
    /// A class or tag.
    Group {
        /// Its name.
        name: String,
        /// Of the pictures that excite the channel most, those that have it.
        found: u64,
        /// The pictures that excite it most.
        strongest: u64,
        /// How many of these would have it by chance.
        by_chance: f64,
        /// Whether chance hardly gives as many.
        sure: bool,
    },
    /// The number that is answered.
    Number {
        /// The rank correlation with it.
        correlation: f64,
        /// Whether chance hardly gives as much.
        sure: bool,
    },
}

/// A part of a picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Patch {
    /// The row or file.
    pub place: String,
    /// Its answer in the data.
    pub label: String,
    /// How far above its mean over pictures the channel is excited, in deviations.
    pub strength: f64,
    /// Its first and last row and column (frame and band of a sound), counted from 0, the last ones left out.
    pub rows: [usize; 2],
    /// Columns, or bands.
    pub columns: [usize; 2],
    /// The patch as PNG.
    #[serde(with = "encoding::base64_bytes", skip_serializing_if = "Option::is_none")]
    pub picture: Option<Vec<u8>>,
}

impl Looks {
    /// How much of the whole a layer sees, in words.
    pub fn sees(&self, layer: &LooksOfLayer) -> String {
        let ([high, wide], [height, width]) = (layer.sees, self.size);
        let seconds = |frames: usize| frames.saturating_sub(1) as f64 * HOP + FRAME;
        match (high >= height && wide >= width, self.sound) {
            (true, false) => "sees the whole picture".to_owned(),
            (true, true) => "hears the whole sound".to_owned(),
            (false, false) => {
                format!("sees {} × {} of {height} × {width} pixels", high.min(height), wide.min(width))
            }
            (false, true) => format!(
                "hears {:.2} of {:.2} s and {} of {width} bands of frequencies",
                seconds(high.min(height)),
                seconds(height),
                wide.min(width)
            ),
        }
    }

    /// What a channel stands for, in words, and whether that is sure.
    pub fn stands(&self, channel: &LooksOfChannel) -> (bool, String) {
        let what = if self.sound { "sounds" } else { "pictures" };
        match &channel.stands {
            None => (false, format!("There are too few {what} to count what it stands for.")),
            Some(Stands::Group { name, found, strongest, by_chance, sure }) => {
                let counted = format!(
                    "of the {strongest} other {what} that excite it most, {found} are `{name}` ({by_chance:.0} by chance)"
                );
                match sure {
                    true => (true, words::capital(&counted) + "."),
                    false => (false, format!("No class for sure: {counted}.")),
                }
            }
            Some(Stands::Number { correlation, sure }) => {
                let target = &self.target;
                let of = format!("rank correlation {correlation:.2} on other {what}");
                match (sure, *correlation > 0.0) {
                    (true, true) => (true, format!("Excited more the larger `{target}` is ({of}).")),
                    (true, false) => (true, format!("Excited more the smaller `{target}` is ({of}).")),
                    (false, _) => (false, format!("Tells nothing of `{target}` for sure ({of}).")),
                }
            }
        }
    }

    /// How many of the shown channels tell something of what is answered.
    pub fn sure(layer: &LooksOfLayer) -> usize {
        let sure = |channel: &&LooksOfChannel| {
            matches!(
                channel.stands,
                Some(Stands::Group { sure: true, .. } | Stands::Number { sure: true, .. })
            )
        };
        layer.shown.iter().filter(sure).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_layer_sees_and_a_channel_stands_for_is_said() {
        let looks = Looks { size: [28, 28], target: "age".to_owned(), ..Looks::default() };
        let layer = |sees| LooksOfLayer { sees, ..LooksOfLayer::default() };
        assert_eq!(looks.sees(&layer([8, 8])), "sees 8 × 8 of 28 × 28 pixels");
        assert_eq!(looks.sees(&layer([28, 44])), "sees the whole picture");
        let sounds = Looks { sound: true, size: [98, 64], ..looks.clone() };
        assert_eq!(sounds.sees(&layer([4, 3])), "hears 0.06 of 0.99 s and 3 of 64 bands of frequencies");
        let group = |sure| {
            let (name, found, strongest) = ("bag".to_owned(), 17, 20);
            let stands = Some(Stands::Group { name, found, strongest, by_chance: 2.4, sure });
            LooksOfChannel { stands, ..LooksOfChannel::default() }
        };
        let (sure, said) = looks.stands(&group(true));
        assert!(sure && said.starts_with("Of the 20 other pictures that excite it most, 17 are `bag` (2 by"));
        assert!(looks.stands(&group(false)).1.starts_with("No class for sure: of the 20"));
        let number = LooksOfChannel {
            stands: Some(Stands::Number { correlation: -0.6, sure: true }),
            ..LooksOfChannel::default()
        };
        assert!(looks.stands(&number).1.contains("the smaller `age` is (rank correlation -0.60"));
        let shown = vec![group(true), group(false), number];
        assert_eq!(Looks::sure(&LooksOfLayer { shown, ..LooksOfLayer::default() }), 2);
    }
}
