//! Texts as pieces of words: byte pair encoding (Sennrich et al., arXiv 1508.07909) of bytes, so that no character of any script is
//! unknown, by the Hugging Face library `tokenizers`.

use serde_json::Value;
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::normalizers::{Lowercase, NFC, NFKC, Sequence};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence as Steps;
use tokenizers::{
    AddedToken, DecoderWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper, Tokenizer,
    TokenizerImpl,
};

/// The piece that fills up rows.
pub const PADDING: u32 = 0;

/// What it is called, and the piece that stands for a text of which nothing is known.
const NAMES: [&str; 2] = ["[PAD]", "[UNK]"];

/// In a vocabulary for writing, the pieces before and after a text.
const ENDS: [&str; 2] = ["[BEGIN]", "[END]"];

/// Bytes of a text that are read; of a longer one the first quarter of them and the last three.
const READ: usize = 32 << 10;

/// One piece for so many bytes of training text, within limits: rarer ones would be seen too seldom to learn what they mean.
const BYTES_PER_PIECE: usize = 100;
const FEWEST: usize = 1_000;
const MOST: usize = 16_000;

/// As [`BYTES_PER_PIECE`] in a vocabulary for writing: what is written must have been seen more often than what is only read.
const BYTES_PER_WRITTEN: usize = 600;

/// How a space is written in the names of pieces, whose bytes are shown as letters.
const SPACE: char = 'Ġ';

/// A piece of several bytes occurs at least so often.
const OFTEN: u64 = 2;

/// A tokenizer that is being learned.
type Learned =
    TokenizerImpl<BPE, NormalizerWrapper, PreTokenizerWrapper, PostProcessorWrapper, DecoderWrapper>;

/// A vocabulary of pieces.
pub struct Pieces {
    tokenizer: Tokenizer,
    vocabulary: usize,
    unknown: u32,
    /// By how much the number of a piece is larger than that in the tokenizer: 1 where its own first piece does not fill up rows.
    moved: u32,
}

/// What is read of a text.
pub(super) fn shortened(text: &str) -> Cow<'_, str> {
    if text.len() <= READ {
        return Cow::Borrowed(text);
    }
    let (mut head, mut tail) = (READ / 4, text.len() - 3 * READ / 4);
    while !text.is_char_boundary(head) {
        head -= 1;
    }
    while !text.is_char_boundary(tail) {
        tail += 1;
    }
    Cow::Owned(format!("{} {}", &text[..head], &text[tail..]))
}

impl Pieces {
    /// Learns the pieces of texts that are only read: upper and lower case are one. The result is a function of the texts alone.
    pub(super) fn learn(texts: &[String]) -> Result<Pieces, String> {
        let size = (bytes(texts) / BYTES_PER_PIECE).clamp(FEWEST, MOST);
        let folded = Sequence::new(vec![NFKC.into(), Lowercase.into()]).into();
        Pieces::learn_with(texts, size, folded, ByteLevel::default().into(), &NAMES)
    }

    /// Learns the pieces of texts that are to be written: case and spaces are kept, each digit is a piece, and two pieces more stand
    /// before and after a text, and as many as there are `marks` for whatever they mean. The result is a function of these alone.
    ///
    /// # Errors
    /// Why nothing can be learned.
    pub fn learn_to_write(texts: &[String], marks: &[String]) -> Result<Pieces, String> {
        let size = (bytes(texts) / BYTES_PER_WRITTEN).clamp(FEWEST, MOST);
        let bytes_of_words = ByteLevel::default().add_prefix_space(false);
        let steps = Steps::new(vec![Digits::new(true).into(), bytes_of_words.into()]);
        let texts: Vec<String> = texts.iter().map(|text| spaced(text)).collect();
        let marks = marks.iter().map(String::as_str);
        let names: Vec<&str> = NAMES.into_iter().chain(ENDS).chain(marks).collect();
        Pieces::learn_with(&texts, size, NFC.into(), steps.into(), &names)
    }

    fn learn_with(
        texts: &[String],
        size: usize,
        normalizer: NormalizerWrapper,
        steps: PreTokenizerWrapper,
        names: &[&str],
    ) -> Result<Pieces, String> {
        let mut trainer = BpeTrainer::builder()
            .show_progress(false)
            .vocab_size(size)
            .min_frequency(OFTEN)
            .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
            .special_tokens(names.iter().map(|&name| AddedToken::from(name, true)).collect())
            .build();
        let mut tokenizer: Learned = TokenizerImpl::new(BPE::default());
        tokenizer
            .with_normalizer(Some(normalizer))
            .map_err(|e| e.to_string())?
            .with_pre_tokenizer(Some(steps))
            .with_decoder(Some(ByteLevel::default()));
        tokenizer.train(&mut trainer, texts.iter()).map_err(|e| e.to_string())?;
        Pieces::new(serde_json::to_value(&tokenizer).map_err(|e| e.to_string())?)
    }

    /// From what [`stored`](Self::stored) gave.
    ///
    /// # Errors
    /// Why it is no vocabulary.
    pub fn restore(stored: &Value) -> Result<Pieces, String> {
        Pieces::new(stored.clone())
    }

    /// From a `tokenizer.json` that a person gives. Where a network comes with it, it knows the pieces by their numbers, so these must
    /// be kept (`as_numbered`).
    pub(super) fn given(bytes: &[u8], as_numbered: bool) -> Result<Pieces, String> {
        let pieces = Pieces::new(serde_json::from_slice(bytes).map_err(|e| e.to_string())?)?;
        match as_numbered && pieces.moved > 0 {
            true => Err(format!("it has no piece {}, or its first piece is not {}", NAMES[1], NAMES[0])),
            false => Ok(pieces),
        }
    }

    fn new(stored: Value) -> Result<Pieces, String> {
        let mut tokenizer: Tokenizer = serde_json::from_value(stored).map_err(|e| e.to_string())?;
        // Rows are cut and filled up here.
        tokenizer.with_padding(None).with_truncation(None).map_err(|e| e.to_string())?;
        let size = tokenizer.get_vocab(true).into_values().max().map_or(0, |last| last as usize + 1);
        if size == 0 {
            return Err("it has no pieces".to_owned());
        }
        let [padding, unknown] = NAMES.map(|name| tokenizer.token_to_id(name));
        if let (Some(PADDING), Some(unknown)) = (padding, unknown) {
            if ENDS.iter().all(|name| tokenizer.token_to_id(name).is_some()) {
                // A text in which their names stand is still only a text.
                tokenizer.set_encode_special_tokens(true);
            }
            return Ok(Pieces { tokenizer, vocabulary: size, unknown, moved: 0 });
        }
        // Before all its pieces one that fills up rows, and after them one for texts of which nothing is known.
        Ok(Pieces { tokenizer, vocabulary: size + 2, unknown: size as u32 + 1, moved: 1 })
    }

    /// The whole vocabulary, as a `tokenizer.json` holds it.
    ///
    /// # Errors
    /// Why it has no such form.
    pub fn stored(&self) -> Result<Value, String> {
        serde_json::to_value(&self.tokenizer).map_err(|e| e.to_string())
    }

    /// One more than the largest piece.
    pub fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    /// The piece that stands for a text of which nothing is known.
    pub fn unknown(&self) -> u32 {
        self.unknown
    }

    /// The pieces before and after a text, of a vocabulary for writing.
    pub fn ends(&self) -> Option<[u32; 2]> {
        let [begin, end] = ENDS.map(|name| self.tokenizer.token_to_id(name).filter(|_| self.moved == 0));
        Some([begin?, end?])
    }

    /// The piece of a mark.
    pub fn mark(&self, name: &str) -> Option<u32> {
        self.tokenizer.token_to_id(name)
    }

    /// Whether a word begins with a piece of a vocabulary for writing: one that begins with a space.
    pub fn begins_word(&self, piece: u32) -> bool {
        self.tokenizer.id_to_token(piece).is_some_and(|name| name.starts_with(SPACE))
    }

    /// The pieces of a text, with those that its network wants at both ends.
    ///
    /// # Errors
    /// Why it cannot be cut into pieces.
    pub fn of(&self, text: &str) -> Result<Vec<u32>, String> {
        let text = match self.ends() {
            Some(_) => Cow::Owned(spaced(&shortened(text))),
            None => shortened(text),
        };
        let encoding = self.tokenizer.encode_fast(&*text, true).map_err(|e| e.to_string())?;
        Ok(encoding.get_ids().iter().map(|id| id + self.moved).collect())
    }

    /// Where each of the pieces that [`of`](Self::of) gives stands in the text, in bytes: empty for those that stand for no part of it.
    ///
    /// # Errors
    /// Why it cannot be cut into pieces.
    pub(super) fn spans(&self, text: &str) -> Result<Vec<Range<usize>>, String> {
        let encoding = self.tokenizer.encode(text, true).map_err(|e| e.to_string())?;
        Ok(encoding.get_offsets().iter().map(|&(start, end)| start..end).collect())
    }

    /// The pieces of the whole of a text that is to be written, whatever its length, and none at its ends; cut into them line by line.
    ///
    /// # Errors
    /// Why it cannot be cut into pieces.
    pub fn of_whole(&self, text: &str) -> Result<Vec<u32>, String> {
        let mut pieces = Vec::with_capacity(text.len() / 3);
        for line in text.split_inclusive('\n') {
            pieces.extend(self.tokenizer.encode_fast(line, false).map_err(|e| e.to_string())?.get_ids());
        }
        Ok(pieces)
    }

    /// The bytes that each piece stands for; none for those that stand for no part of a text.
    pub fn bytes(&self) -> Vec<Vec<u8>> {
        let of_letter: HashMap<char, u8> = letters().zip(0..=255).collect();
        let special = self.tokenizer.get_added_tokens_decoder();
        let of = |piece: u32| {
            let name = self.tokenizer.id_to_token(piece).filter(|_| !special.contains_key(&piece));
            name.unwrap_or_default().chars().filter_map(|letter| of_letter.get(&letter).copied()).collect()
        };
        (0..self.vocabulary as u32).map(of).collect()
    }

    /// The text of which these are the pieces, without those that stand for no part of a text. Bytes that make no character, as a network
    /// can write them, become `�`.
    ///
    /// # Errors
    /// Why they make no text.
    pub fn text(&self, ids: &[u32]) -> Result<String, String> {
        let text = self.tokenizer.decode(ids, true).map_err(|e| e.to_string())?;
        Ok(text.strip_prefix(' ').map_or(text.clone(), str::to_owned))
    }
}

/// The letter by which each byte is written in the names of pieces, in the order of the bytes: itself, if it can be seen (in Latin-1),
/// or else one of those from U+0100 on.
fn letters() -> impl Iterator<Item = char> {
    let is_seen = |byte: &u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let mut others = '\u{100}'..;
    (0..=255).filter_map(move |byte| if is_seen(&byte) { Some(char::from(byte)) } else { others.next() })
}

/// With a space before the first word as well: it is then the same piece as in the middle of a text.
fn spaced(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" {text}") }
}

fn bytes(texts: &[String]) -> usize {
    texts.iter().map(String::len).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned() -> Pieces {
        let texts: Vec<String> = (0..200)
            .map(|i| {
                format!("The film was {} and the film was long", if i % 2 == 0 { "good" } else { "bad" })
            })
            .collect();
        Pieces::learn(&texts).unwrap()
    }

    #[test]
    fn frequent_words_are_one_piece_and_case_does_not_matter() {
        let pieces = learned();
        assert_eq!(pieces.of("the film was good").unwrap().len(), 4);
        assert_eq!(pieces.of("THE Film was GOOD").unwrap(), pieces.of("the film was good").unwrap());
        assert_eq!(pieces.of("").unwrap(), [0; 0]);
    }

    #[test]
    fn each_piece_has_its_place_in_the_text() {
        let pieces = learned();
        for text in ["The film was good", "unheard-of WORDS, ü and 日本", "ﬁne  x"] {
            let spans = pieces.spans(text).unwrap();
            assert_eq!(spans.len(), pieces.of(text).unwrap().len());
            let covered: std::collections::BTreeSet<usize> = spans.iter().flat_map(|s| s.clone()).collect();
            let letters = text.char_indices().filter(|(_, c)| !c.is_whitespace());
            assert!(letters.clone().all(|(at, _)| covered.contains(&at)), "{text}: {spans:?}");
        }
    }

    #[test]
    fn no_script_is_unknown() {
        let pieces = learned();
        for text in ["Ελληνικά", "日本語のテキスト", "🙂 emoji", "עברית", "a\u{0}b", "ﬁ"]
        {
            let ids = pieces.of(text).unwrap();
            assert!(!ids.is_empty() && !ids.contains(&pieces.unknown()) && !ids.contains(&PADDING), "{text}");
            assert!(ids.iter().all(|&id| (id as usize) < pieces.vocabulary()));
        }
        assert_ne!(pieces.of("日本").unwrap(), pieces.of("中国").unwrap());
    }

    #[test]
    fn a_vocabulary_of_any_layout_can_be_given() {
        // Words as pieces, numbered from 0 on, with no piece that fills up rows: as people's own vocabularies may be.
        let stored = serde_json::json!({
            "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
            "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
            "model": {"type": "WordLevel", "vocab": {"good": 0, "bad": 1, "film": 2, "<unk>": 3}, "unk_token": "<unk>"}
        });
        let bytes = serde_json::to_vec(&stored).unwrap();
        let pieces = Pieces::given(&bytes, false).unwrap();
        assert_eq!(pieces.of("good film x").unwrap(), [1, 3, 4]);
        assert_eq!((pieces.vocabulary(), pieces.unknown(), pieces.ends()), (6, 5, None));
        let back = Pieces::restore(&pieces.stored().unwrap()).unwrap();
        assert_eq!(back.of("bad good").unwrap(), [2, 1]);
        assert!(
            Pieces::given(&bytes, true).err().unwrap().contains("[PAD]"),
            "a network knows pieces by number"
        );
        let own = serde_json::to_vec(&learned().stored().unwrap()).unwrap();
        assert_eq!(
            Pieces::given(&own, true).unwrap().of("good").unwrap(),
            learned().of("good").unwrap(),
            "one with such a piece keeps its numbers"
        );
        assert!(Pieces::given(b"{}", false).is_err() && Pieces::given(b"no JSON", false).is_err());
    }

    #[test]
    fn what_is_stored_gives_the_same_pieces_again() {
        let pieces = learned();
        let stored = pieces.stored().unwrap();
        let back = Pieces::restore(&stored).unwrap();
        assert_eq!(back.of("a good bad film 🙂").unwrap(), pieces.of("a good bad film 🙂").unwrap());
        assert_eq!((back.vocabulary(), back.stored().unwrap()), (pieces.vocabulary(), stored));
        assert_eq!(learned().stored().unwrap(), pieces.stored().unwrap(), "learning is repeatable");
    }

    #[test]
    fn what_is_to_be_written_comes_back_as_it_was() {
        let texts: Vec<String> =
            (0..300).map(|i| format!("Das Haus Nr. {i} ist {} Jahre alt.", i % 90)).collect();
        let pieces = Pieces::learn_to_write(&texts, &["[>deutsch]".to_owned()]).unwrap();
        let [begin, end] = pieces.ends().unwrap();
        assert_ne!(begin, end);
        for text in
            ["Das Haus Nr. 17", "DAS haus", "a  b ", "Ελληνικά 日本 🙂", "x1y22,5", "", "naïve [END]x"]
        {
            let ids = pieces.of(text).unwrap();
            assert!(!ids.contains(&pieces.unknown()));
            assert!(!ids.contains(&end), "{text}");
            assert_eq!(pieces.text(&ids).unwrap(), text);
            assert_eq!(pieces.text(&[&[begin], &ids[..], &[end]].concat()).unwrap(), text);
        }
        let begins = |text: &str| {
            pieces.of(text).unwrap().iter().map(|&id| pieces.begins_word(id)).collect::<Vec<_>>()
        };
        assert_eq!(begins("Das Haus"), [true, true]);
        assert_eq!(begins("Das ist 17"), [true, true, true, false, false], "digits are pieces of their own");
        assert_eq!(pieces.of("1234").unwrap().len() - pieces.of("12").unwrap().len(), 2, "digit by digit");
        let back = Pieces::restore(&pieces.stored().unwrap()).unwrap();
        assert_eq!((back.ends(), back.mark("[>deutsch]")), (pieces.ends(), pieces.mark("[>deutsch]")));
        assert!(back.mark("[>deutsch]").is_some() && back.mark("[>english]").is_none());
        assert_eq!(learned().ends(), None, "of a vocabulary for reading");
        let half = &pieces.of("ü").unwrap()[..2];
        assert_eq!(pieces.text(half).unwrap(), "\u{fffd}");
    }

    #[test]
    fn each_piece_stands_for_bytes_and_a_whole_text_for_the_bytes_of_its_pieces() {
        let texts: Vec<String> = (0..300).map(|i| format!("Zeile {i}\n  über 日本\n")).collect();
        let pieces = Pieces::learn_to_write(&texts, &[]).unwrap();
        let bytes = pieces.bytes();
        for text in [&texts[7], "", "\n\n x\ty\r\n🙂", &"lang ".repeat(20_000)] {
            let ids = pieces.of_whole(text).unwrap();
            let back: Vec<u8> = ids.iter().flat_map(|&id| bytes[id as usize].clone()).collect();
            assert_eq!(String::from_utf8(back).unwrap(), *text);
        }
        let [begin, end] = pieces.ends().unwrap();
        assert!([PADDING, begin, end].iter().all(|&special| bytes[special as usize].is_empty()));
        let all: std::collections::BTreeSet<u8> =
            bytes.iter().filter(|b| b.len() == 1).map(|b| b[0]).collect();
        assert_eq!(all.len(), 256, "every byte is a piece");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let long = "é".repeat(READ);
        let short = shortened(&long);
        assert!(short.len() <= READ + 1 && short.starts_with('é') && short.ends_with('é'));
        assert_eq!(shortened("short"), "short");
        assert!(learned().of(&"x".repeat(10 << 20)).unwrap().len() <= READ + 2);
    }

    #[test]
    fn another_vocabulary_is_refused() {
        let mut stored = learned().stored().unwrap();
        assert!(Pieces::restore(&Value::Null).is_err());
        stored["added_tokens"] = Value::Array(vec![]);
        let mut unknown = stored.clone();
        unknown["model"]["vocab"].as_object_mut().unwrap().remove("[UNK]");
        let why = |stored: &Value| Pieces::given(&serde_json::to_vec(stored).unwrap(), true).err().unwrap();
        assert!(why(&unknown).contains("[UNK]"));
        assert_ne!(
            Pieces::restore(&unknown).unwrap().vocabulary(),
            learned().vocabulary(),
            "so its model is refused"
        );
        stored["model"]["vocab"]["[PAD]"] = 7.into();
        assert!(why(&stored).contains("[PAD]"));
    }
}
