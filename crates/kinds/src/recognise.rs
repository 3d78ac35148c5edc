//! Which kind a column is, and why.

use crate::{KINDS, Kind, Profile, Role};

/// How much a column looks like a kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Guess {
    /// From 0 (no) to 1 (certain).
    pub score: f64,
    /// A clause that completes "looks like a category: …".
    pub reason: String,
    /// What else it could well be, if a person should be asked.
    pub or: Option<&'static str>,
}

impl Guess {
    /// A guess without an alternative.
    pub fn new(score: f64, reason: impl Into<String>) -> Guess {
        Guess { score, reason: reason.into(), or: None }
    }
}

/// The kind recognised for a column.
#[derive(Clone)]
pub struct Recognised {
    /// The column.
    pub column: String,
    /// Its kind; `None` if no kind here can learn from it.
    pub kind: Option<&'static dyn Kind>,
    /// The whole sentence: "`outcome` looks like a category: 2 distinct values in 569 rows".
    pub reason: String,
    /// The other kind it could well be, if a person should be asked.
    pub or: Option<&'static str>,
}

/// Finds the kind with the highest score; the first of [`KINDS`] wins a tie.
pub fn recognise(profile: &Profile, role: Role) -> Recognised {
    let column = profile.name.clone();
    let mut best: Option<(&'static dyn Kind, Guess)> = None;
    for &kind in KINDS {
        if let Some(guess) = kind.recognise(profile, role)
            && best.as_ref().is_none_or(|(_, b)| guess.score > b.score)
        {
            best = Some((kind, guess));
        }
    }
    match best {
        Some((kind, guess)) => {
            let article = match kind.name() {
                "audio" | "tags" | "text" => "",
                name if name.starts_with(['a', 'e', 'i', 'o', 'u']) => "an ",
                _ => "a ",
            };
            let reason = format!("`{column}` looks like {article}{}: {}", kind.name(), guess.reason);
            Recognised { column, kind: Some(kind), reason, or: guess.or }
        }
        None => {
            let reason = match profile.present() {
                0 => format!("`{column}` is set aside: it has no values"),
                present
                    if role == Role::Input && profile.pictures.max(profile.sounds) * 10 >= present * 9 =>
                {
                    format!(
                        "`{column}` is set aside: its values look like names of {} files, but none of these exists beside \
                     the table",
                        if profile.pictures > profile.sounds { "picture" } else { "sound" }
                    )
                }
                _ if role == Role::Target => format!(
                    "`{column}` is set aside: it looks like names or free text ({} characters a row on average), of which \
                     hardly any occurs twice; if these are texts to be written, say so: --kind {column}=text",
                    profile.mean_length.round()
                ),
                _ => format!(
                    "`{column}` is set aside: its values recur too seldom to be categories, and are too short to be text \
                     ({:.1} words a row on average)",
                    profile.mean_words
                ),
            };
            Recognised { column, kind: None, reason, or: None }
        }
    }
}
