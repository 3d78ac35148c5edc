//! What a text is written in: characters, or pieces of words.

use pellucid_kinds::text::{Characters, Pieces};

/// Bytes of text from which pieces of words are learned; of more, every second text is taken, every third, and so on.
const LEARNED_FROM: usize = 64 << 20;

/// A vocabulary, and what each of its pieces stands for.
pub(crate) struct Vocabulary {
    pub(crate) sort: Sort,
    /// The bytes of each piece; none if it stands for no part of a text.
    bytes: Vec<Vec<u8>>,
    between: u32,
}

/// Which sort of pieces.
pub(crate) enum Sort {
    /// Each is a character.
    Characters(Characters),
    /// Each is a piece of a word.
    Pieces(Box<Pieces>),
}

impl Vocabulary {
    /// Learns the characters of texts, or the pieces of their words.
    ///
    /// # Errors
    /// Why nothing can be learned.
    pub(crate) fn learn(texts: &[String], characters: bool) -> Result<Vocabulary, String> {
        if characters {
            return Vocabulary::new(Sort::Characters(Characters::learn(texts.iter().map(String::as_str))));
        }
        let bytes: usize = texts.iter().map(String::len).sum();
        let every = bytes.div_ceil(LEARNED_FROM).max(1);
        let lines = texts.iter().step_by(every).flat_map(|text| text.split_inclusive('\n'));
        let lines: Vec<String> = lines.map(str::to_owned).collect();
        Vocabulary::new(Sort::Pieces(Box::new(Pieces::learn_to_write(&lines, &[])?)))
    }

    /// What is known of a sort of pieces.
    ///
    /// # Errors
    /// A vocabulary that is not one for writing.
    pub(crate) fn new(sort: Sort) -> Result<Vocabulary, String> {
        let (bytes, between) = match &sort {
            Sort::Characters(characters) => (characters.bytes(), Characters::BETWEEN),
            Sort::Pieces(pieces) => {
                let [begin, _] = pieces.ends().ok_or("its vocabulary is not one for writing")?;
                (pieces.bytes(), begin)
            }
        };
        Ok(Vocabulary { sort, bytes, between })
    }

    /// One more than the largest piece.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Whether its pieces are characters.
    pub(crate) fn is_of_characters(&self) -> bool {
        matches!(self.sort, Sort::Characters(_))
    }

    /// The piece that stands between texts.
    pub(crate) fn between(&self) -> u32 {
        self.between
    }

    /// The pieces of a text.
    ///
    /// # Errors
    /// Why it cannot be cut into pieces.
    pub(crate) fn of(&self, text: &str) -> Result<Vec<u32>, String> {
        match &self.sort {
            Sort::Characters(characters) => Ok(characters.of(text)),
            Sort::Pieces(pieces) => pieces.of_whole(text),
        }
    }

    /// The characters of a text that are not in the vocabulary, each once.
    pub(crate) fn unknown(&self, text: &str) -> Vec<char> {
        let Sort::Characters(characters) = &self.sort else { return Vec::new() };
        let pieces = characters.of(text).into_iter().zip(text.chars());
        let mut unknown: Vec<char> =
            pieces.filter(|(piece, _)| *piece == Characters::UNKNOWN).map(|(_, c)| c).collect();
        unknown.sort_unstable();
        unknown.dedup();
        unknown
    }

    /// The bytes of a piece.
    pub(crate) fn bytes(&self, piece: u32) -> &[u8] {
        self.bytes.get(piece as usize).map(Vec::as_slice).unwrap_or_default()
    }

    /// How many characters begin in a piece.
    pub(crate) fn characters(&self, piece: u32) -> u32 {
        const CONTINUATION: std::ops::RangeInclusive<u8> = 0x80..=0xbf;
        match &self.sort {
            Sort::Characters(_) => u32::from(piece != Characters::BETWEEN),
            Sort::Pieces(_) => {
                self.bytes(piece).iter().filter(|byte| !CONTINUATION.contains(*byte)).count() as u32
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sorts_count_the_characters_of_a_text_alike() {
        let texts: Vec<String> = (0..200).map(|i| format!("Über {i} Brücken\n日本 🙂\n")).collect();
        for characters in [true, false] {
            let vocabulary = Vocabulary::learn(&texts, characters).unwrap();
            assert_eq!(vocabulary.is_of_characters(), characters);
            let pieces = vocabulary.of(&texts[7]).unwrap();
            let count: u32 = pieces.iter().map(|&piece| vocabulary.characters(piece)).sum();
            assert_eq!(count as usize, texts[7].chars().count());
            assert_eq!(vocabulary.characters(vocabulary.between()), 0);
            assert!(vocabulary.bytes(vocabulary.between()).is_empty());
            assert!(pieces.iter().all(|&piece| (piece as usize) < vocabulary.size()));
        }
        let characters = Vocabulary::learn(&texts, true).unwrap();
        assert_eq!(characters.unknown("Über ẞ und ẞ!"), ['!', 'd', 'u', 'ẞ']);
    }
}
