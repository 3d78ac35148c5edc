//! Whether a column looks like text, as opposed to names and labels.

use crate::{Guess, Profile};
use pellucid_data::Storage;

/// Fewer words on average are a name or a label.
const FEW: f64 = 3.0;

/// As many words on average are no name.
const MANY: f64 = 5.0;

/// Sentences hardly ever recur, and have several words. Texts whose values recur are categories, unless they are long.
pub(super) fn recognise(profile: &Profile) -> Option<Guess> {
    let recurs = profile.all_counted && 2 * profile.distinct() <= profile.present();
    let is = profile.storage == Storage::Text
        && 10 * (profile.pictures + profile.sounds) < profile.present()
        && profile.distinct() > 2
        && !recurs
        && profile.mean_words >= FEW;
    let reason = format!(
        "{:.0} words a row on average, and {} rows are different",
        profile.mean_words,
        if profile.all_different { "all" } else { "most" },
    );
    is.then(|| Guess::new(if profile.mean_words >= MANY { 0.75 } else { 0.65 }, reason))
}
