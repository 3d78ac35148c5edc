//! Numbers and times as people say them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// `1,234,567`.
pub(super) use pellucid_insight::report::words::count;

/// `3.4 MB`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "kB", "MB", "GB", "TB"];
    let (mut value, mut unit) = (bytes as f64, 0);
    while value >= 999.5 && unit + 1 < UNITS.len() {
        (value, unit) = (value / 1000.0, unit + 1);
    }
    match unit {
        0 => format!("{bytes} bytes"),
        _ if value < 9.95 => format!("{value:.1} {}", UNITS[unit]),
        _ => format!("{value:.0} {}", UNITS[unit]),
    }
}

/// A text as a sentence begins.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// How long ago a second since 1970 was: `5 minutes ago`.
pub(super) fn ago(second: u64) -> String {
    let then = UNIX_EPOCH + Duration::from_secs(second);
    let age = SystemTime::now().duration_since(then).unwrap_or_default().as_secs();
    let (n, unit) = match age {
        0..60 => return "just now".to_owned(),
        60..3600 => (age / 60, "minute"),
        3600..86_400 => (age / 3600, "hour"),
        _ => (age / 86_400, "day"),
    };
    format!("{n} {unit}{} ago", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_ages_are_round() {
        assert_eq!(
            [size(0), size(999), size(1000), size(12_345_678)],
            ["0 bytes", "999 bytes", "1.0 kB", "12 MB"]
        );
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        assert_eq!([ago(now), ago(now - 61), ago(now - 7300)], ["just now", "1 minute ago", "2 hours ago"]);
    }
}
