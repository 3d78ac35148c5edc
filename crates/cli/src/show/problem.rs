//! Errors: what happened, then where, why and what to do, each on its line.

use super::Style;
use crate::output::say;
use pellucid_goals::Error;
use pellucid_kinds::Error as KindError;

/// Prints an error on standard error.
pub(crate) fn problem(error: &Error) {
    let style = Style::of_stderr();
    if let Error::Leak { findings } = error {
        say(findings.trim_end());
    }
    let mut lines = lines(error).into_iter();
    say(format_args!("{} {}", style.red("error:"), lines.next().unwrap_or_default()));
    for line in lines {
        say(format_args!("  {line}"));
    }
}

/// What happened, and the lines below it.
fn lines(error: &Error) -> Vec<String> {
    let data = match error {
        Error::Data(data) => Some(data),
        // Reading on its own thread wraps the error; what was wrong with the data is inside.
        Error::Training(failure) => {
            std::error::Error::source(failure).and_then(|source| match source.downcast_ref::<KindError>() {
                Some(KindError::Data(data)) => Some(data),
                _ => source.downcast_ref(),
            })
        }
        _ => None,
    };
    if let Some(data) = data {
        let mut lines = vec![data.what.clone()];
        let place = Some(data.place.to_string()).filter(|place| !place.is_empty());
        for (label, text) in [("where:", &place), ("why:", &data.why), ("do:", &data.help)] {
            lines.extend(text.as_ref().map(|text| format!("{label:<6} {text}")));
        }
        return lines;
    }
    let text = match error {
        Error::Leak { .. } => "training was not started · the scores would promise too much · \
             mend the data, or go on all the same with --allow-leaks"
            .to_owned(),
        _ => error.to_string(),
    };
    text.split(" · ").map(str::to_owned).collect()
}
