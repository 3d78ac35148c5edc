//! Translations explained: where the network looked, and what each written word needs of the text.

use super::alignment::words;
use super::model::{Alternative, Translation};
use super::network::Padded;
use super::search::log_sum_exp;
use super::ways::Way;
use crate::Result;
use pellucid_insight::explain::alignment_missed;
use pellucid_insight::report::data::ExplainedTranslation;
use pellucid_nn::Pass;
use pellucid_tensor::Tensor;

/// Texts that are read at once.
const TOGETHER: usize = 16;

impl Translation {
    /// Translates a text, and shows from which of its words each word of the translation was made, by attention; beside that, how likely each
    /// written word still is if a word of the text is left out, by which the alignment is measured. `None` of a text without a translation.
    ///
    /// # Errors
    /// No memory.
    pub fn explain(&self, text: &str, way: Way, seed: u64) -> Result<Option<ExplainedTranslation>> {
        let found = self.translate(&[(text, way)], 1)?.into_iter().next();
        let Some(best) = found.and_then(|translated| translated.texts.into_iter().next()) else {
            return Ok(None);
        };
        let alignment = self.alignment(text, &best)?;
        let (probabilities, without) = self.leaving_out(text, &best)?;
        let weights: Vec<f64> = alignment.weights.iter().map(|&w| f64::from(w)).collect();
        let missed = alignment_missed(&weights, &probabilities, &without, alignment.read.len(), seed)
            .filter(|_| !without.is_empty());
        Ok(Some(ExplainedTranslation {
            text: text.trim().to_owned(),
            column: way.of(&self.columns).1.clone(),
            translation: best.text,
            probability: best.probability,
            alignment,
            probabilities,
            without,
            missed,
        }))
    }

    /// The probability of each written word after those before it, and `[written, read]` the same without each word of the text; nothing of the
    /// latter if the text is one word.
    fn leaving_out(&self, text: &str, best: &Alternative) -> Result<(Vec<f64>, Vec<f64>)> {
        let read = self.vocabularies.read(text.trim(), best.way)?;
        let (_, of_text) = self.vocabularies.unmarked(&read);
        let mark = read.len() - of_text.len();
        let (sources, targets) =
            (words(&self.vocabularies.read, of_text)?, words(&self.vocabularies.written, &best.pieces)?);
        let mut texts = vec![read.clone()];
        if sources.len() > 1 {
            let mut start = mark;
            for (_, count) in &sources {
                texts.push([&read[..start], &read[start + count..]].concat());
                start += count;
            }
        }
        let mut all = Vec::with_capacity(texts.len());
        for some in texts.chunks(TOGETHER) {
            all.extend(self.word_probabilities(some, &best.pieces, &targets)?);
        }
        let mut all = all.into_iter();
        let whole = all.next().unwrap_or_default();
        let rest: Vec<Vec<f64>> = all.collect();
        let without = (0..targets.len()).flat_map(|word| rest.iter().map(move |of| of[word]));
        Ok((whole, without.collect()))
    }

    /// For each text the probability of each word of the same translation.
    fn word_probabilities(
        &self,
        texts: &[Vec<u32>],
        pieces: &[u32],
        words: &[(String, usize)],
    ) -> Result<Vec<Vec<f64>>> {
        // A piece is decided at the place before it.
        let mut fed = vec![self.ends().begin];
        fed.extend(pieces);
        let places = fed.len();
        let written = Padded::new(&vec![&fed[..]; texts.len()])?.pieces;
        let deciding: Vec<u32> = (0..texts.len())
            .flat_map(|row| (0..pieces.len()).map(move |place| (row * places + place) as u32))
            .collect();
        let deciding = Tensor::new(&deciding, &[deciding.len()])?;
        let logits = self.network.logits(&Pass::inference(), &Padded::new(texts)?, &written, &deciding)?;
        let vocabulary = logits.shape().last().max(1);
        let mut rows = logits.value().data::<f32>()?.chunks_exact(vocabulary);
        let mut all = Vec::with_capacity(texts.len());
        for _ in texts {
            let mut left = pieces.iter();
            let mut of_word = |(_, count): &(String, usize)| {
                let pieces = left.by_ref().take(*count).zip(rows.by_ref());
                pieces
                    .map(|(&piece, row)| f64::from(row[piece as usize]) - log_sum_exp(row))
                    .sum::<f64>()
                    .exp()
            };
            all.push(words.iter().map(&mut of_word).collect());
        }
        Ok(all)
    }
}
