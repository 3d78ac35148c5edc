//! What a column can be, and everything that follows from it: one folder a kind.
//!
//! A [`Kind`] recognises its columns and says why, and fits a [`Prepared`] column on training rows. A
//! prepared column turns cells into [`Feature`]s of a fixed-size [`Record`], or, as a target, says what the
//! network has to produce ([`Target`]). [`Examples`] holds all records of a data set, in memory or on disk,
//! and [`Batch`] is what a network takes.
//!
//! To add a kind: write `src/<kind>/mod.rs` with a unit struct that implements [`Kind`], and add its line
//! to [`KINDS`].

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod audio;
mod batch;
mod category;
mod cells;
mod error;
mod examples;
mod flag;
mod id;
pub mod image;
mod kind;
pub mod melody;
mod number;
mod profile;
mod recognise;
mod record;
mod tags;
mod target;
pub mod text;
mod time;

pub use batch::{Batch, Batcher, Truth, mirror};
pub use cells::cell_text;
pub use error::{Error, Result};
pub use examples::{Encoder, Examples, Unreadable, Voided};
pub use kind::{Audible, Feature, FitContext, Kind, Prepared, Role, TrainingCells, Vocabulary};
pub use profile::{Profile, profile};
pub use recognise::{Guess, Recognised, recognise};
pub use record::{Layout, Record};
pub use tags::rarest_tags;
pub use target::{Answer, Target, TargetOptions, slots};

/// Every kind, in the order in which ties are decided.
pub static KINDS: &[&dyn Kind] = &[
    &image::Image,
    &audio::Audio,
    &melody::Melodies,
    &time::Time,
    &id::Id,
    &tags::Tags,
    &flag::Flag,
    &category::Category,
    &text::Text,
    &number::Number,
];

/// The kind of a name.
///
/// # Errors
/// An unknown name; the error lists the kinds and names the nearest.
pub fn kind(name: &str) -> pellucid_data::Result<&'static dyn Kind> {
    let names = || KINDS.iter().map(|k| k.name());
    KINDS.iter().copied().find(|k| k.name() == name).ok_or_else(|| {
        let error = pellucid_data::DataError::usage(format!("there is no kind `{name}`"));
        error.advise(match pellucid_base::nearest(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the kinds are: {}", names().collect::<Vec<_>>().join(", ")),
        })
    })
}
