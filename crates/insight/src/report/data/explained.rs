//! Answers with what moved them, and how far that is to be trusted.

use serde::{Deserialize, Serialize};

use super::LearnedFrom;
use crate::explain::Faithfulness;
use crate::report::encoding;
use crate::report::words;

/// Rank correlation above which two explanations count as the same, and below which as others.
const ALIKE: f64 = 0.5;

/// The largest gap between what the parts add up to and what all of them change.
const GAP: f64 = 0.05;

/// A change of the answer that is worth explaining, as a share of a probability.
const SLIGHT: f64 = 0.02;

/// An answer, and what each part of the input added to it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Explanation {
    /// The row or file.
    pub place: String,
    /// The column that was answered.
    pub column: String,
    /// The answer.
    pub answer: String,
    /// The class or tag whose probability is explained; none where a number is.
    pub class: Option<String>,
    /// That probability, or the number.
    pub value: f64,
    /// What it would be if nothing were known.
    pub nothing: f64,
    /// The method's name in commands.
    pub method: String,
    /// What it does, and where it comes from.
    pub about: String,
    /// Whether its numbers add up to the difference of both.
    pub adds_up: bool,
    /// Columns, by name.
    pub columns: Vec<Worth>,
    /// Texts, as their words in order.
    pub texts: Vec<Vec<Worth>>,
    /// Pictures and sounds.
    pub pictures: Vec<Heat>,
    /// What would have turned the answer, if a few columns are enough for that.
    pub instead: Option<Instead>,
    /// How far to trust it.
    pub quality: Quality,
    /// The training rows behind it, where they were looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learned_from: Option<LearnedFrom>,
}

/// What a column or a word added.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Worth {
    /// The column's name, or the word.
    pub name: String,
    /// What stood in the column.
    pub value: String,
    /// What it added to the answer.
    pub worth: f64,
    /// The standard error of that, where it was sampled.
    pub error: Option<f64>,
}

/// A picture, or the spectrum of a sound, with what speaks for the answer in red and what against it in blue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Heat {
    /// The column.
    pub name: String,
    /// Whether it is a sound: time from left to right, high frequencies above.
    pub sound: bool,
    /// The picture as the network sees it, as PNG.
    #[serde(with = "encoding::base64_bytes")]
    pub plain: Option<Vec<u8>>,
    /// The same, coloured.
    #[serde(with = "encoding::base64_bytes")]
    pub coloured: Option<Vec<u8>>,
    /// The share of all that speaks for the answer in its strongest tenth.
    pub focus: f64,
    /// Height and width as the network sees it; frames and bands of a sound.
    pub size: [usize; 2],
    /// What each pixel adds, row by row.
    #[serde(skip)]
    pub values: Vec<f64>,
    /// A sound to be listened to, if anything in it speaks for the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audible: Option<Audible>,
}

/// A sound, and the same with all muted but the fields that speak most for the answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Audible {
    /// The sound as far as the network hears it, as WAV.
    #[serde(with = "encoding::base64_bytes")]
    pub plain: Option<Vec<u8>>,
    /// With all muted but these fields, as WAV.
    #[serde(with = "encoding::base64_bytes")]
    pub named: Option<Vec<u8>>,
    /// How many fields they are.
    pub fields: u64,
    /// Of how many.
    pub of: u64,
    /// The probability or the number, if only they are there and all else is as quiet as its quietest tenth.
    pub only: f64,
}

impl Audible {
    /// What is left to be heard, and what the network makes of that alone, in words.
    pub fn says(&self, explanation: &Explanation) -> String {
        format!(
            "{} of its {} fields of time and frequency speak most for the answer; of these alone, {} is {}",
            self.fields,
            self.of,
            explanation.subject(),
            explanation.shown(self.only)
        )
    }
}

/// Other values of a few columns, with which another class would have been answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Instead {
    /// What would have been answered.
    pub answer: String,
    /// What would have been different.
    pub changes: Vec<Change>,
}

/// A column with another value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The column.
    pub name: String,
    /// What stands in it.
    pub from: String,
    /// What would stand in it.
    pub to: String,
}

impl Instead {
    /// In words: "it would be `benign` if `radius` were 12 (not 18)".
    pub fn says(&self) -> String {
        let change = |c: &Change| format!("`{}` were {} (not {})", c.name, c.to, c.from);
        let changes: Vec<String> = self.changes.iter().map(change).collect();
        format!("It would be `{}` if {}.", self.answer, changes.join(" and "))
    }
}

/// What was measured of an explanation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Quality {
    /// How the answer changes when parts are taken away.
    pub faithfulness: Faithfulness,
    /// Its rank correlation with that of a slightly changed input.
    pub stability: Option<f64>,
    /// Its rank correlation, without its sign, with that of the same network before it has learned (Adebayo et al., arXiv 1810.03292).
    pub unlearned: Option<f64>,
    /// By how much its numbers fail to add up, as a share.
    pub gap: Option<f64>,
}

impl Explanation {
    /// The value in words: a probability in percent, or the number.
    pub fn shown(&self, value: f64) -> String {
        words::answer(value, self.class.is_some())
    }

    /// What is explained, in words.
    pub fn subject(&self) -> String {
        match &self.class {
            Some(class) => format!("the probability of `{class}`"),
            None => format!("`{}`", self.column),
        }
    }

    /// Whether it is to be trusted, and why: in plain words.
    pub fn trust(&self) -> (bool, String) {
        let (f, quality) = (&self.quality.faithfulness, &self.quality);
        let size = if self.class.is_some() { 1.0 } else { self.value.abs().max(self.nothing.abs()) };
        if (self.value - self.nothing).abs() < SLIGHT * size {
            let said = format!(
                "{} hardly changes whatever is known of this input, so there is little to explain.",
                words::capital(&self.subject())
            );
            return (false, said);
        }
        let named = match f.first {
            1 => "the part that it names first".to_owned(),
            n => format!("the {n} parts that it names first"),
        };
        let others = if f.first == 1 { "another by chance" } else { "as many others by chance" };
        let mut said = vec![format!(
            "without {named}, {} goes from {} to {}; without {others}, to {} on average",
            self.subject(),
            self.shown(f.everything),
            self.shown(f.without_first),
            self.shown(f.without_others)
        )];
        let mut trusted = f.holds();
        if !trusted {
            said.push(format!(
                "{} of {} orders by chance do as well",
                f.as_good_by_chance(),
                f.by_chance.len()
            ));
        }
        if let Some(stability) = quality.stability {
            trusted &= stability > ALIKE;
            said.push(match stability > ALIKE {
                true => format!(
                    "it stays the same if the input changes a little (rank correlation {stability:.2})"
                ),
                false => format!("it changes when the input hardly does (rank correlation {stability:.2})"),
            });
        }
        if let Some(unlearned) = quality.unlearned {
            trusted &= unlearned < ALIKE;
            said.push(match unlearned < ALIKE {
                true => format!("a network that has learned nothing gives another ({unlearned:.2})"),
                false => format!("a network that has learned nothing gives the same ({unlearned:.2})"),
            });
        }
        if let Some(gap) = quality.gap.filter(|&gap| gap > GAP) {
            trusted = false;
            said.push(format!("its numbers do not add up ({} are missing)", words::percent(gap)));
        }
        let verdict = if trusted { "To be trusted here" } else { "Not trustworthy here" };
        (trusted, format!("{verdict}: {}.", said.join("; ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explanation() -> Explanation {
        let faithfulness = Faithfulness {
            gain: 0.4,
            by_chance: (0..19).map(|i| f64::from(i) / 100.0).collect(),
            first: 3,
            everything: 0.93,
            without_first: 0.21,
            without_others: 0.88,
            ..Faithfulness::default()
        };
        let quality = Quality { faithfulness, stability: Some(0.9), unlearned: Some(0.1), gap: Some(0.001) };
        let class = Some("pear".to_owned());
        Explanation { class, value: 0.93, nothing: 0.4, quality, ..Explanation::default() }
    }

    #[test]
    fn each_failed_measure_is_named_and_takes_the_trust() {
        let (trusted, said) = explanation().trust();
        assert!(trusted && said.starts_with("To be trusted here: without the 3 parts"), "{said}");
        assert!(
            said.contains("from 93.0\u{202f}% to 21.0\u{202f}%")
                && said.contains("to 88.0\u{202f}% on average"),
            "{said}"
        );
        let spoilt = |spoil: &dyn Fn(&mut Quality), says: &str| {
            let mut spoilt = explanation();
            spoil(&mut spoilt.quality);
            let (trusted, said) = spoilt.trust();
            assert!(!trusted && said.starts_with("Not trustworthy here") && said.contains(says), "{said}");
        };
        spoilt(&|q| q.faithfulness.by_chance = vec![0.5; 19], "19 of 19 orders by chance do as well");
        spoilt(&|q| q.stability = Some(0.2), "changes when the input hardly does");
        spoilt(&|q| q.unlearned = Some(0.8), "learned nothing gives the same");
        spoilt(&|q| q.gap = Some(0.3), "do not add up");
        let still = Explanation { nothing: 0.925, ..explanation() };
        assert!(!still.trust().0 && still.trust().1.contains("little to explain"));
    }
}
