//! Texts as characters.

use std::collections::BTreeMap;

/// A character occurs at least so often in the texts that its vocabulary is learned from.
const OFTEN: usize = 2;

/// A vocabulary of characters. Piece 0 stands between texts, piece 1 for any other character; those that are known follow in the order of
/// Unicode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Characters {
    known: Vec<char>,
}

impl Characters {
    /// The piece between texts.
    pub const BETWEEN: u32 = 0;
    /// The piece of a character that is not known.
    pub const UNKNOWN: u32 = 1;
    /// The first piece of a known character.
    const FIRST: u32 = 2;

    /// Learns which characters occur, those that are hardly ever used left out.
    pub fn learn<'a>(texts: impl Iterator<Item = &'a str>) -> Characters {
        let mut counts = BTreeMap::<char, usize>::new();
        texts.flat_map(str::chars).for_each(|c| *counts.entry(c).or_default() += 1);
        counts.retain(|_, n| *n >= OFTEN);
        Characters { known: counts.into_keys().collect() }
    }

    /// From what [`stored`](Self::stored) gave.
    pub fn restore(stored: &str) -> Characters {
        let mut known: Vec<char> = stored.chars().collect();
        known.sort_unstable();
        known.dedup();
        Characters { known }
    }

    /// All known characters.
    pub fn stored(&self) -> String {
        self.known.iter().collect()
    }

    /// One more than the largest piece.
    pub fn vocabulary(&self) -> usize {
        Characters::FIRST as usize + self.known.len()
    }

    /// The pieces of a text.
    pub fn of(&self, text: &str) -> Vec<u32> {
        let piece = |c: char| match self.known.binary_search(&c) {
            Ok(at) => Characters::FIRST + at as u32,
            Err(_) => Characters::UNKNOWN,
        };
        text.chars().map(piece).collect()
    }

    /// The bytes that each piece stands for; none for the first two.
    pub fn bytes(&self) -> Vec<Vec<u8>> {
        let known = self.known.iter().map(|c| c.to_string().into_bytes());
        [Vec::new(), Vec::new()].into_iter().chain(known).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_come_back_and_rare_ones_are_unknown() {
        let learned = Characters::learn(["über\n", "über🙂🙂\nx"].into_iter());
        assert_eq!(learned.stored(), "\nberü🙂");
        assert_eq!(learned.of("b🙂x"), [3, 7, Characters::UNKNOWN]);
        assert_eq!(learned.vocabulary(), 8);
        let bytes = learned.bytes();
        assert_eq!((bytes.len(), bytes[0].len(), bytes[6].as_slice()), (8, 0, "ü".as_bytes()));
        assert_eq!(Characters::restore(&learned.stored()), learned);
    }
}
