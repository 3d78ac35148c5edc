//! The range of every number in a configuration, checked before any data is read.

use super::Config;
use crate::{Error, Result};
use pellucid_kinds::image::Augment;
use std::fmt::Display;
use std::ops::Bound::{Excluded, Included};
use std::ops::RangeBounds;

/// The longest training, a year in seconds.
const YEAR: f64 = 365.0 * 86_400.0;

/// More steps than any training takes.
const MOST_STEPS: u64 = 1_000_000_000_000;

/// The widest layer, as for a person's own ones.
const WIDEST: usize = 1 << 16;

/// The most networks that answer together.
const MOST_MEMBERS: usize = 100;

/// The most residual blocks in a row.
const DEEPEST: usize = 1_000;

/// The most places that attention looks back at.
const LONGEST_CONTEXT: usize = 1 << 13;

/// A section of the configuration, for messages.
struct Section(&'static str);

impl Section {
    /// Checks one value, if it is given; `range` is said in words, too.
    fn within<T: PartialOrd + Display>(
        &self,
        key: &str,
        given: Option<T>,
        range: impl RangeBounds<T>,
        words: &str,
    ) -> Result<()> {
        match given {
            Some(value) if !range.contains(&value) => Err(Error::usage(format!(
                "`{key}` is {value}, which makes no sense · [{}] · it must be {words}",
                self.0
            ))),
            _ => Ok(()),
        }
    }

    /// A whole number from 1 to `most`.
    fn count(&self, key: &str, given: Option<usize>, most: usize) -> Result<()> {
        self.within(key, given, 1..=most, &format!("a whole number from 1 to {most}"))
    }

    /// A share that leaves something: from 0 to below 1.
    fn share(&self, key: &str, given: Option<f64>) -> Result<()> {
        self.within(key, given, 0.0..1.0, "at least 0 and below 1")
    }
}

impl Config {
    /// Checks that every number makes sense by itself; what depends on the data is checked with the data.
    ///
    /// # Errors
    /// The first key whose value is out of its range, with the range.
    pub fn check(&self) -> Result<()> {
        let (data, d) = (Section("data"), &self.data);
        data.within("skip_share", d.skip_share, 0.0..=1.0, "from 0 to 1")?;
        data.count("max_side", d.max_side, WIDEST)?;
        data.within("max_seconds", d.max_seconds, 0.05..=60.0, "from 0.05 to 60 seconds")?;
        if d.generate && !d.predict.is_empty() {
            return Err(Error::usage(
                "`generate` learns to write, `predict` to answer a column · [data] · leave one of them out",
            ));
        }
        if d.recommend && (d.generate || !d.predict.is_empty()) {
            return Err(Error::usage(
                "`recommend` learns what people like, `predict` and `generate` something else · [data] · leave one of them out",
            ));
        }
        if d.recommend && d.corrections.is_some() {
            return Err(Error::usage(
                "`corrections` mends cells of one table, and `recommend` may join several · [data] · mend the tables themselves",
            ));
        }
        if self.training.freeze && d.from.is_none() {
            return Err(Error::usage(
                "`freeze` keeps a network as it is, but none is given · [training] · name one with --from, or leave --freeze out",
            ));
        }
        if d.tokenizer.is_some() && d.from.is_some() {
            return Err(Error::usage(
                "`from` names a network, which brings the vocabulary that it knows · [data] · leave `tokenizer` out",
            ));
        }
        let (network, n) = (Section("network"), &self.network);
        network.count("channels", n.channels, WIDEST)?;
        network.count("width", n.width, WIDEST)?;
        network.within("blocks", n.blocks, ..=DEEPEST, &format!("a whole number up to {DEEPEST}"))?;
        network.within("depth", n.depth, ..=DEEPEST, &format!("a whole number up to {DEEPEST}"))?;
        network.share("dropout", n.dropout)?;
        network.count("members", n.members, MOST_MEMBERS)?;
        let words = format!("a whole number from 2 to {LONGEST_CONTEXT}");
        network.within("context", n.context, 2..=LONGEST_CONTEXT, &words)?;
        let (training, t) = (Section("training"), &self.training);
        let (positive, finite) = ((Excluded(0.0), Excluded(f64::INFINITY)), 0.0..f64::INFINITY);
        let a_year = (Excluded(0.0), Included(YEAR));
        training.within("seconds", t.seconds, a_year, "more than 0 and at most a year")?;
        let words = format!("a whole number from 1 to {MOST_STEPS}");
        training.within("steps", t.steps, 1..=MOST_STEPS, &words)?;
        training.within("batch", t.batch, 1.., "at least 1")?;
        training.within("learning_rate", t.learning_rate, positive, "a number above 0")?;
        let finite_strength = finite.clone();
        training.within("weight_decay", t.weight_decay, finite, "a number of at least 0")?;
        training.share("label_smoothing", t.label_smoothing)?;
        training.within("fair_strength", t.fair_strength, finite_strength, "a number of at least 0")?;
        if t.fair.is_some() && d.audit.is_empty() {
            return Err(Error::usage(
                "`fair` serves groups equally well, but no column says who is of which group · [data] · name one with --audit COLUMN",
            ));
        }
        if t.fair_strength.is_some() && t.fair.is_none() {
            return Err(Error::usage(
                "`fair_strength` does nothing without `fair` · [training] · leave it out",
            ));
        }
        training.share("ema", t.ema)?;
        training.within("patience", t.patience, 1.., "at least 1")?;
        training.within("validate_every", t.validate_every, 1.., "at least 1")?;
        t.augment.as_ref().map_or(Ok(()), changes)
    }
}

impl Config {
    /// Refuses settings that do nothing where no column is predicted (`where pictures are painted`): those that only predicting knows, and
    /// `keys`.
    ///
    /// # Errors
    /// The first of these that is given.
    pub(crate) fn refuse_beside_predicting(&self, keys: &[&str], here: &str) -> Result<()> {
        let of_predicting =
            ["from", "tokenizer", "freeze", "class_weights", "layers", "members", "audit", "fair"];
        self.refuse(&[&of_predicting, keys].concat(), here)
    }

    /// Refuses settings that do nothing here (`where pictures are …`).
    ///
    /// # Errors
    /// The first of these that is given.
    fn refuse(&self, keys: &[&str], here: &str) -> Result<()> {
        let (data, network, training) = (&self.data, &self.network, &self.training);
        let all = [
            ("from", data.from.is_some()),
            ("tokenizer", data.tokenizer.is_some()),
            ("freeze", training.freeze),
            ("audit", !data.audit.is_empty()),
            ("fair", training.fair.is_some()),
            ("class_weights", training.class_weights.is_some()),
            ("augment", training.augment.is_some()),
            ("label_smoothing", training.label_smoothing.is_some()),
            ("layers", network.layers.is_some()),
            ("channels", network.channels.is_some()),
            ("blocks", network.blocks.is_some()),
            ("width", network.width.is_some()),
            ("depth", network.depth.is_some()),
            ("dropout", network.dropout.is_some()),
            ("members", network.members.is_some()),
            ("shared_vocabulary", network.shared_vocabulary.is_some()),
            ("characters", network.characters.is_some()),
            ("context", network.context.is_some()),
        ];
        match all.iter().find(|(key, given)| *given && keys.contains(key)) {
            Some((key, _)) => Err(Error::usage(format!("`{key}` does nothing {here} · leave it out"))),
            None => Ok(()),
        }
    }
}

/// Checks the changes to training pictures.
fn changes(augment: &Augment) -> Result<()> {
    let section = Section("training.augment");
    for (key, share) in [("shift", augment.shift), ("zoom", augment.zoom), ("erase", augment.erase)] {
        section.share(key, Some(f64::from(share)))?;
    }
    section.within("turn", Some(augment.turn), 0.0..=180.0, "from 0 to 180 degrees")?;
    let light = (Included(0.0), Excluded(f32::INFINITY));
    section.within("light", Some(augment.light), light, "a number of at least 0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_range_and_is_named_when_it_is_outside() {
        for (section, key, values) in [
            ("data", "skip_share", &["-0.1", "1.1", "nan"][..]),
            ("data", "max_side", &["0", "65537"]),
            ("data", "max_seconds", &["0.0", "61.0", "nan"]),
            ("network", "channels", &["0", "1000000000000"]),
            ("network", "blocks", &["1001"]),
            ("network", "width", &["0", "1000000000000"]),
            ("network", "depth", &["1000000"]),
            ("network", "dropout", &["-0.1", "1.0", "nan"]),
            ("training", "seconds", &["0.0", "-1.0", "nan", "inf", "1e300"]),
            ("training", "steps", &["0", "9000000000000000000"]),
            ("training", "batch", &["0"]),
            ("training", "learning_rate", &["0.0", "-1.0", "nan", "inf"]),
            ("training", "weight_decay", &["-1.0", "nan", "inf"]),
            ("training", "label_smoothing", &["-0.5", "1.0"]),
            ("training", "ema", &["1.0", "nan"]),
            ("training", "patience", &["0"]),
            ("training", "validate_every", &["0"]),
        ] {
            for value in values {
                let config = Config::parse(&format!("[{section}]\n{key} = {value}"), "x").unwrap();
                let error = config.check().unwrap_err();
                let said = error.to_string();
                assert!(said.contains(&format!("`{key}`")) && said.contains(section), "{said}");
                assert_eq!(error.exit_code(), 2);
            }
        }
        let augment = Augment { zoom: -0.5, ..Augment::NONE };
        assert!(changes(&augment).unwrap_err().to_string().contains("`zoom` is -0.5"));
        assert!(Config::default().check().is_ok() && changes(&Augment::NONE).is_ok());
    }
}
