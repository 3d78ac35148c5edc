//! Translations and recommendations that are explained by what is missed if it is left out.

use serde::{Deserialize, Serialize};

use super::Alignment;
use crate::explain::Missed;
use crate::report::words::{NARROW, percent};

/// A translation, with what each of its words was made from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExplainedTranslation {
    /// What was translated.
    pub text: String,
    /// The column that the translation belongs to.
    pub column: String,
    /// The translation.
    pub translation: String,
    /// Its probability.
    pub probability: f64,
    /// Where the network looked when it wrote each word.
    pub alignment: Alignment,
    /// The probability of each written word, after those before it.
    pub probabilities: Vec<f64>,
    /// `[written, read]`: the same if a word of the text is left out; empty of a text with a single word.
    pub without: Vec<f64>,
    /// How far the alignment names what the words need; nothing of texts with too few words.
    pub missed: Option<Missed>,
}

/// A recommendation, with what of all that was taken speaks for it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExplainedRecommendation {
    /// Its place in the list, from 1 on.
    pub place: u64,
    /// Its name in the data.
    pub item: String,
    /// What it is called, if that is known.
    pub title: Option<String>,
    /// How the user is expected to rate it, if the network has learned from ratings.
    pub rating: Option<f64>,
    /// Whether nobody has taken it yet.
    pub new: bool,
    /// What speaks most for it.
    pub because: Vec<Reason>,
    /// All that was taken of which the network knows.
    pub taken: u64,
    /// What becomes of its score without what is named; nothing where too little was taken.
    pub missed: Option<Missed>,
    /// Its place in the list without what is named.
    pub place_without_named: u64,
    /// The same without as many others by chance, on average.
    pub place_without_others: f64,
}

/// Something taken that speaks for a recommendation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reason {
    /// Its name in the data.
    pub item: String,
    /// What it is called, if that is known.
    pub title: Option<String>,
    /// Its share of all that speaks for the recommendation.
    pub share: f64,
}

/// What something is called, with its name in the data.
fn called(item: &str, title: Option<&String>) -> String {
    title.map_or_else(|| item.to_owned(), |title| format!("{title} ({item})"))
}

impl Reason {
    /// What it is called.
    pub fn called(&self) -> String {
        called(&self.item, self.title.as_ref())
    }
}

fn verdict(missed: &Missed, what: &str, said: &str) -> (bool, String) {
    let holds = missed.holds();
    let (verdict, doubt) = match holds {
        true => ("To be trusted here", String::new()),
        false => (
            "Not trustworthy here",
            format!("; {} of {} {what} by chance do as well", missed.as_good_by_chance, missed.by_chance),
        ),
    };
    (holds, format!("{verdict}: {said}{doubt}."))
}

impl ExplainedTranslation {
    /// Whether the alignment is to be trusted, and why: in plain words.
    pub fn trust(&self) -> (bool, String) {
        let Some(missed) = &self.missed else {
            return (
                false,
                "The text has too few words to tell whether this alignment means anything.".to_owned(),
            );
        };
        let said = format!(
            "without the word that it is made from, by this alignment, the probability of a written word goes from {} to {} on average; without \
             another word, to {}",
            percent(missed.everything),
            percent(missed.without_named),
            percent(missed.without_others)
        );
        verdict(missed, "alignments", &said)
    }

    /// `[written, read]`: the share of each written word's probability that is lost without a word of the text, at least 0.
    pub fn lost(&self) -> Alignment {
        let read = self.alignment.read.len().max(1);
        let lost = |(i, without): (usize, &f64)| {
            let whole = self.probabilities.get(i / read).copied().unwrap_or_default();
            (1.0 - without / whole.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0) as f32
        };
        Alignment { weights: self.without.iter().enumerate().map(lost).collect(), ..self.alignment.clone() }
    }
}

impl ExplainedRecommendation {
    /// What it is called.
    pub fn called(&self) -> String {
        called(&self.item, self.title.as_ref())
    }

    /// What is expected of it, in words; empty if nothing is.
    pub fn expected(&self) -> String {
        let rating = self.rating.map(|rating| format!("expected rating {rating:.1}"));
        let new = self.new.then(|| "new: nobody has taken it yet".to_owned());
        rating.into_iter().chain(new).collect::<Vec<_>>().join(" · ")
    }

    /// Whether the reasons are to be trusted, and why: in plain words.
    pub fn trust(&self) -> (bool, String) {
        let Some(missed) = &self.missed else {
            let taken = self.taken;
            return (
                false,
                format!("With {taken} things taken there is too little to compare the named ones with."),
            );
        };
        let (named, others) = match self.because.len() {
            1 => ("the one".to_owned(), "another".to_owned()),
            n => (format!("the {n}"), format!("{n} others")),
        };
        let falls = |to: f64| {
            let by = missed.everything - to;
            format!("{} by {:.2}", if by < 0.0 { "rises" } else { "falls" }, by.abs())
        };
        let said = format!(
            "without {named} named, its score {} and it goes from place{NARROW}{} to {}; without {others} by chance, its score {} and it goes to {:.0}, on \
             average",
            falls(missed.without_named),
            self.place,
            self.place_without_named,
            falls(missed.without_others),
            self.place_without_others
        );
        verdict(missed, "choices", &said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_is_a_share_and_verdicts_say_why() {
        let alignment = Alignment {
            read: vec!["a".into(), "b".into()],
            written: vec!["x".into()],
            weights: vec![0.7, 0.3],
        };
        let missed = Missed {
            everything: 0.8,
            without_named: 0.2,
            without_others: 0.75,
            as_good_by_chance: 2,
            by_chance: 199,
        };
        let explained = ExplainedTranslation {
            alignment,
            probabilities: vec![0.8],
            without: vec![0.2, 0.9],
            missed: Some(missed),
            ..ExplainedTranslation::default()
        };
        assert_eq!(explained.lost().weights, [0.75, 0.0]);
        let (trusted, said) = explained.trust();
        assert!(trusted && said.contains("from 80.0\u{202f}% to 20.0\u{202f}% on average"), "{said}");
        let doubtful = Some(Missed { as_good_by_chance: 60, ..missed });
        let (trusted, said) = ExplainedTranslation { missed: doubtful, ..explained.clone() }.trust();
        assert!(!trusted && said.ends_with("60 of 199 alignments by chance do as well."), "{said}");
        assert!(!ExplainedTranslation { missed: None, ..explained }.trust().0);

        let reason = Reason { item: "9".into(), title: Some("Heat".into()), share: 0.3 };
        let recommended = ExplainedRecommendation {
            place: 1,
            because: vec![reason.clone(), reason.clone(), reason],
            missed: Some(missed),
            place_without_named: 41,
            place_without_others: 2.4,
            ..ExplainedRecommendation::default()
        };
        let (trusted, said) = recommended.trust();
        assert!(
            trusted
                && said.contains(
                    "without the 3 named, its score falls by 0.60 and it goes from place\u{202f}1 to 41"
                ),
            "{said}"
        );
        assert_eq!(recommended.because[0].called(), "Heat (9)");
    }
}
