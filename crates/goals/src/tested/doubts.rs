//! Rows whose label the network doubts, as the run lists them.

use super::Tested;
use super::data::Shown;
use crate::predict::DOUBTS;
use crate::{Error, Result};
use pellucid_data::read_list;
use pellucid_insight::report::data::Doubt;

/// A row whose label is doubted.
#[derive(Clone, Debug, PartialEq)]
pub struct Doubtful {
    /// What reports call it.
    pub place: String,
    /// The label that it has.
    pub label: String,
    /// The likelier one.
    pub likely: String,
    /// How sure the network is of that one.
    pub probability: f64,
}

impl Tested {
    /// The rows whose label in a column is doubted, of all parts of the data, the most doubtful first.
    ///
    /// # Errors
    /// A list that cannot be read.
    pub fn doubtful(&self, column: &str) -> Result<Vec<Doubtful>> {
        let path = self.run.path().join(DOUBTS);
        if !path.is_file() {
            return Ok(Vec::new());
        }
        let mut all = Vec::new();
        for (line, [place, of, label, likely, probability, _]) in
            read_list(&path, ["row", "column", "label", "likely", "probability", "margin"])?
        {
            let probability = probability.parse().map_err(|_| {
                Error::model(format!(
                    "this list is damaged · {}, line {line} · `{probability}`",
                    path.display()
                ))
            })?;
            if of == column {
                all.push(Doubtful { place, label, likely, probability });
            }
        }
        Ok(all)
    }

    /// A doubt with what is shown of its row, the columns of it that hold sounds, and why no more can be shown, where the data are gone.
    pub fn doubt(&self, of: &Doubtful) -> (Doubt, Vec<String>, Option<String>) {
        let shown = self.data().and_then(|data| data.shown(self.row_of(&data, &of.place)?, &of.place));
        let (Shown { picture, fields, sounds }, bare) = match shown {
            Ok(shown) => (shown, None),
            Err(e) => (Shown::default(), Some(e.to_string())),
        };
        let Doubtful { place, label, likely, probability } = of.clone();
        (Doubt { place, label, likely, probability, picture, fields }, sounds, bare)
    }

    /// Checks that a cell can be mended: that there is such a row and column, and such a class.
    ///
    /// # Errors
    /// What a training with this correction would refuse.
    pub fn check_correction(&self, row: &str, column: &str, value: Option<&str>) -> Result<()> {
        let Some(value) = value else { return Ok(()) };
        self.data()?.check_correction(row, column, value)
    }
}
