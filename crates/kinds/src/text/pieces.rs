//! Texts as pieces of words: byte pair encoding (Sennrich et al., arXiv 1508.07909) of bytes, so that no character of any script is
//! unknown, by the Hugging Face library `tokenizers`.

use serde_json::Value;
use std::borrow::Cow;
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::normalizers::{Lowercase, NFKC, Sequence};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{
    AddedToken, DecoderWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper, Tokenizer,
    TokenizerImpl,
};

/// The piece that fills up rows.
pub(super) const PADDING: u32 = 0;

/// What it is called, and the piece that stands for a text of which nothing is known.
const NAMES: [&str; 2] = ["[PAD]", "[UNK]"];

/// Bytes of a text that are read; of a longer one the first quarter of them and the last three.
const READ: usize = 32 << 10;

/// One piece for so many bytes of training text, within limits: rarer ones would be seen too seldom to learn what they mean.
const BYTES_PER_PIECE: usize = 100;
const FEWEST: usize = 1_000;
const MOST: usize = 16_000;

/// A piece of several bytes occurs at least so often.
const OFTEN: u64 = 2;

/// A vocabulary of pieces.
pub(super) struct Pieces {
    tokenizer: Tokenizer,
    vocabulary: usize,
    unknown: u32,
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
    /// Learns the pieces of texts; the result is a function of the texts alone.
    pub(super) fn learn(texts: &[String]) -> Result<Pieces, String> {
        let bytes: usize = texts.iter().map(String::len).sum();
        let mut trainer = BpeTrainer::builder()
            .show_progress(false)
            .vocab_size((bytes / BYTES_PER_PIECE).clamp(FEWEST, MOST))
            .min_frequency(OFTEN)
            .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
            .special_tokens(NAMES.map(|name| AddedToken::from(name, true)).into())
            .build();
        let mut tokenizer: TokenizerImpl<
            BPE,
            NormalizerWrapper,
            PreTokenizerWrapper,
            PostProcessorWrapper,
            DecoderWrapper,
        > = TokenizerImpl::new(BPE::default());
        tokenizer
            .with_normalizer(Some(Sequence::new(vec![NFKC.into(), Lowercase.into()])))
            .map_err(|e| e.to_string())?
            .with_pre_tokenizer(Some(ByteLevel::default()))
            .with_decoder(Some(ByteLevel::default()));
        tokenizer.train(&mut trainer, texts.iter()).map_err(|e| e.to_string())?;
        Pieces::new(serde_json::to_value(&tokenizer).map_err(|e| e.to_string())?)
    }

    /// From what [`stored`](Self::stored) gave.
    pub(super) fn restore(stored: &Value) -> Result<Pieces, String> {
        Pieces::new(stored.clone())
    }

    /// From a `tokenizer.json` that came with a network.
    pub(super) fn given(bytes: &[u8]) -> Result<Pieces, String> {
        Pieces::new(serde_json::from_slice(bytes).map_err(|e| e.to_string())?)
    }

    fn new(stored: Value) -> Result<Pieces, String> {
        let mut tokenizer: Tokenizer = serde_json::from_value(stored).map_err(|e| e.to_string())?;
        // Rows are cut and filled up here.
        tokenizer.with_padding(None).with_truncation(None).map_err(|e| e.to_string())?;
        let [padding, unknown] = NAMES.map(|name| tokenizer.token_to_id(name));
        let unknown = unknown.ok_or("it has no piece [UNK]")?;
        if padding != Some(PADDING) {
            return Err("its first piece is not [PAD]".to_owned());
        }
        let vocabulary = tokenizer.get_vocab(true).into_values().max().map_or(0, |last| last as usize + 1);
        Ok(Pieces { tokenizer, vocabulary, unknown })
    }

    /// The whole vocabulary, as a `tokenizer.json` holds it.
    pub(super) fn stored(&self) -> Result<Value, String> {
        serde_json::to_value(&self.tokenizer).map_err(|e| e.to_string())
    }

    /// One more than the largest piece.
    pub(super) fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    /// The piece that stands for a text of which nothing is known.
    pub(super) fn unknown(&self) -> u32 {
        self.unknown
    }

    /// The pieces of a text, with those that its network wants at both ends.
    pub(super) fn of(&self, text: &str) -> Result<Vec<u32>, String> {
        let encoding = self.tokenizer.encode_fast(&*shortened(text), true).map_err(|e| e.to_string())?;
        Ok(encoding.get_ids().to_vec())
    }
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
    fn what_is_stored_gives_the_same_pieces_again() {
        let pieces = learned();
        let stored = pieces.stored().unwrap();
        let back = Pieces::restore(&stored).unwrap();
        assert_eq!(back.of("a good bad film 🙂").unwrap(), pieces.of("a good bad film 🙂").unwrap());
        assert_eq!((back.vocabulary(), back.stored().unwrap()), (pieces.vocabulary(), stored));
        assert_eq!(learned().stored().unwrap(), pieces.stored().unwrap(), "learning is repeatable");
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
        assert!(Pieces::restore(&unknown).err().unwrap().contains("[UNK]"));
        stored["model"]["vocab"]["[PAD]"] = 7.into();
        assert!(Pieces::restore(&stored).err().unwrap().contains("[PAD]"));
    }
}
