//! Text: sentences in any language and script, as the pieces of words that occur in it.

mod characters;
mod looks;
mod pieces;
mod words;

pub use characters::Characters;
pub use pieces::{PADDING, Pieces};
pub use words::Word;

use crate::cells::cell_text;
use crate::number::restore;
use crate::{Feature, FitContext, Guess, Kind, Prepared, Profile, Record, Role, TrainingCells};
use pellucid_data::{Cell, DataError, Files, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Bytes of text from which the pieces are learned; of more, every second row is taken, every third, and so on.
const LEARNED_FROM: usize = 16 << 20;

/// The longest row, in pieces: attention's cost grows with the square of it.
const LONGEST: usize = 512;

/// So many in a thousand training texts may be longer than what is kept of a text.
const LONGER: usize = 10;

/// Sentences.
pub(crate) struct Text;

/// The fitted state of a text column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    name: String,
    /// Pieces that are kept of a text.
    length: usize,
    /// The share of the training texts of which some are not.
    longer: f64,
    /// One more than the largest piece.
    vocabulary: usize,
    /// In the form of the Hugging Face library `tokenizers`; in a model's folder it is a file of its own.
    tokenizer: Value,
}

/// A text column ready to encode.
struct PreparedText {
    state: State,
    pieces: Pieces,
}

impl Kind for Text {
    fn name(&self) -> &'static str {
        "text"
    }

    fn about(&self) -> &'static str {
        "sentences in any language, read as pieces of words"
    }

    fn recognise(&self, profile: &Profile, _: Role) -> Option<Guess> {
        looks::recognise(profile)
    }

    fn fit(&self, cells: &TrainingCells<'_>, context: &FitContext<'_>) -> Result<Box<dyn Prepared>> {
        if context.role == Role::Target {
            return Err(cells
                .error("a text can only be predicted from a text, and nothing else with it")
                .advise("name the one column to predict from with --from-column, or another kind with --kind COLUMN=KIND"));
        }
        let (mut bytes, mut rows) = (0, 0);
        cells.each(|_, cell| {
            if let Some(text) = cell_text(cell) {
                (bytes, rows) = (bytes + pieces::shortened(&text).len(), rows + 1);
            }
            Ok(())
        })?;
        let every = bytes.div_ceil(LEARNED_FROM).max(1);
        let (mut texts, mut row) = (Vec::new(), 0);
        cells.each(|_, cell| {
            if let Some(text) = cell_text(cell) {
                if row % every == 0 {
                    texts.push(pieces::shortened(&text).into_owned());
                }
                row += 1;
            }
            Ok(())
        })?;
        let refused =
            |why: String| cells.error("this column cannot be cut into pieces of words").because(why);
        if texts.iter().all(|t| t.trim().is_empty()) {
            return Err(refused("every training row is empty".to_owned())
                .advise("leave the column out with --ignore"));
        }
        let pieces = match context.vocabulary {
            Some(given) => Pieces::given(given.tokenizer, given.as_numbered),
            None => Pieces::learn(&texts),
        };
        let pieces = pieces.map_err(refused)?;
        let lengths =
            texts.iter().map(|text| Ok(pieces.of(text)?.len())).collect::<std::result::Result<_, _>>();
        let mut lengths: Vec<usize> = lengths.map_err(refused)?;
        lengths.sort_unstable();
        let kept = lengths.len() - 1 - lengths.len() * LONGER / 1000;
        let most =
            context.vocabulary.and_then(|given| given.longest).map_or(LONGEST, |most| most.min(LONGEST));
        let length = lengths[kept].clamp(1, most);
        let longer = lengths.iter().filter(|&&n| n > length).count() as f64 / lengths.len() as f64;
        let tokenizer = pieces.stored().map_err(refused)?;
        let state =
            State { name: cells.name.to_owned(), length, longer, vocabulary: pieces.vocabulary(), tokenizer };
        Ok(Box::new(PreparedText { state, pieces }))
    }

    fn restore(&self, state: &Value) -> Result<Box<dyn Prepared>> {
        let state: State = restore(state)?;
        let unreadable = |why: String| {
            DataError::unreadable("the model's preparation of texts cannot be read")
                .in_column(&state.name)
                .because(format!("its tokenizer: {why}"))
        };
        let pieces = Pieces::restore(&state.tokenizer).map_err(unreadable)?;
        if pieces.vocabulary() != state.vocabulary || !(1..=LONGEST).contains(&state.length) {
            return Err(unreadable(format!(
                "it has {} pieces, the model was trained with {}",
                pieces.vocabulary(),
                state.vocabulary
            )));
        }
        Ok(Box::new(PreparedText { state, pieces }))
    }
}

impl PreparedText {
    /// Which of a text's `count` pieces are not kept.
    fn left_out(&self, count: usize) -> std::ops::Range<usize> {
        let (length, head) = (self.state.length, self.state.length / 4);
        if count > length { head..count - (length - head) } else { 0..0 }
    }
}

impl Prepared for PreparedText {
    fn state(&self) -> Value {
        serde_json::to_value(&self.state).unwrap_or_default()
    }

    fn features(&self) -> Vec<Feature> {
        let State { name, length, vocabulary, .. } = self.state.clone();
        vec![Feature::Text { name, length, vocabulary }]
    }

    /// The number of pieces, and the pieces, padded to the length that all records have. A text that is too long keeps its
    /// beginning and, three times as much, its end (Sun et al., arXiv 1905.05583, found both to matter); a missing one is a single
    /// unknown piece.
    fn encode(
        &self,
        cell: Cell<'_>,
        _: Option<&Files>,
        record: &mut Record,
    ) -> std::result::Result<(), String> {
        let text = cell_text(cell);
        let mut ids = self.pieces.of(text.as_deref().unwrap_or_default())?;
        if ids.is_empty() {
            ids.push(self.pieces.unknown());
        }
        let (length, count) = (self.state.length, ids.len());
        ids.drain(self.left_out(count));
        record.tokens.push(ids.len() as u32);
        record.tokens.extend(&ids);
        record.tokens.extend(std::iter::repeat_n(pieces::PADDING, length - ids.len()));
        Ok(())
    }

    fn words(&self, cell: Cell<'_>) -> std::result::Result<Vec<Word>, String> {
        let text = cell_text(cell).unwrap_or_default();
        let text = pieces::shortened(&text);
        let mut spans = self.pieces.spans(&text)?;
        spans.drain(self.left_out(spans.len()));
        Ok(words::words(&text, &spans))
    }

    fn counts_as_missing(&self, cell: Cell<'_>) -> Option<String> {
        let text = cell_text(cell)?;
        text.trim().is_empty().then(|| "nothing but spaces".to_owned())
    }

    fn describe(&self) -> String {
        let State { length, longer, vocabulary, .. } = &self.state;
        let cut = match *longer {
            0.0 => String::new(),
            share => {
                format!("; {:.1} % of the texts are longer and keep their beginning and end", 100.0 * share)
            }
        };
        format!("{vocabulary} pieces of words, up to {length} in a row{cut}")
    }
}
