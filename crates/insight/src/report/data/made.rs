//! What networks make that nobody asked for word by word: texts, melodies, pictures, lists.

use serde::{Deserialize, Serialize};

use super::encoding;

/// What is recommended, and to whom it is of use.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecommendOutcome {
    /// This network, and simpler ways beside it.
    pub ways: Vec<Way>,
    /// The mean share of all users who took what the tested ones went on to take.
    pub taken: f64,
    /// How good the lists are for groups of users.
    pub groups: Vec<TasteGroup>,
    /// Some users' lists.
    pub listings: Vec<Listing>,
}

/// A way to recommend.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Way {
    /// What it is called.
    pub name: String,
    /// nDCG@10.
    pub ndcg: f64,
    /// The share of all items that it recommended to anybody.
    pub coverage: f64,
    /// The mean share of all users who took what it recommended.
    pub popularity: f64,
}

/// Users who have something in common.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TasteGroup {
    /// The column that says so.
    pub column: String,
    /// What they have in common.
    pub value: String,
    /// How many there are.
    pub users: u64,
    /// nDCG@10 of their lists.
    pub ndcg: f64,
}

/// What is recommended to one user.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Listing {
    /// The user.
    pub user: String,
    /// What he liked most of what is known.
    pub liked: Vec<String>,
    /// What is recommended, the best first.
    pub suggestions: Vec<Suggestion>,
}

/// A recommended item.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Suggestion {
    /// What it is called.
    pub item: String,
    /// How the user is expected to rate it.
    pub rating: Option<f64>,
    /// Whether he went on to take it.
    pub taken: bool,
}

/// What pictures a network paints, and how near they are to those it learned from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PictureOutcome {
    /// The trivial way to know pictures, in words.
    pub trivial: String,
    /// The median distance of its pictures to the nearest one learned from, as a share of the range from black to white.
    pub own: f64,
    /// The same of pictures by people from which it did not learn.
    pub people: f64,
    /// Its pictures, none of them chosen.
    pub strips: Vec<Strip>,
}

/// Some painted pictures side by side.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Strip {
    /// What was asked for.
    pub label: Option<String>,
    /// The pictures as PNG bytes.
    #[serde(with = "encoding::base64_bytes", skip_serializing_if = "Option::is_none")]
    pub painted: Option<Vec<u8>>,
    /// The nearest picture that it learned from, for each, as PNG bytes.
    #[serde(with = "encoding::base64_bytes", skip_serializing_if = "Option::is_none")]
    pub nearest: Option<Vec<u8>>,
}

/// What melodies a network writes, and how much of them is copied.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MelodyOutcome {
    /// How the trivial way foresees a melody, in words.
    pub trivial: String,
    /// What its own melodies copy from those it learned from, in sixteenths.
    pub own: Copies,
    /// What as many melodies by people, as long as these, have in common with them.
    pub people: Copies,
    /// Statistics of both.
    pub statistics: Vec<Statistic>,
    /// Melodies that it wrote, none of them chosen.
    pub samples: Vec<Roll>,
}

/// A statistic of melodies.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Statistic {
    /// What is counted.
    pub name: String,
    /// Whether it is a share.
    pub share: bool,
    /// Of the network's melodies.
    pub own: f64,
    /// Of melodies by people, from which it did not learn.
    pub people: f64,
}

/// A melody to be drawn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Roll {
    /// Sixteenths.
    pub steps: u32,
    /// Sixteenths of a bar.
    pub bar: u32,
    /// Each note: the sixteenth in which it begins, how many it sounds, and its pitch as MIDI counts.
    pub notes: Vec<(u32, u32, u8)>,
    /// The first sixteenth of its longest run that stands in a melody it learned from, and the one after its last.
    pub copied: (u32, u32),
    /// Where it can be heard, beside the report.
    pub sound: String,
}

/// What a network writes, and how much of it is copied.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WritingOutcome {
    /// How the trivial way foresees a text, in words: `counting which character follows the last 5`.
    pub trivial: String,
    /// What its own texts copy from those it learned from.
    pub own: Copies,
    /// What as many texts by people, as long as these, have in common with them.
    pub people: Copies,
    /// Texts that it wrote, none of them chosen.
    pub samples: Vec<Written>,
}

/// How much of some texts stands in those that were learned from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Copies {
    /// Characters of the longest run that does.
    pub longest: u64,
    /// The share of the runs of eight words that do; absent where no text has so many words.
    pub share: Option<f64>,
}

/// A text that was written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Written {
    /// The text.
    pub text: String,
    /// The first byte of its longest run that stands in the texts it learned from, and the one after its last.
    pub copied: (usize, usize),
}
