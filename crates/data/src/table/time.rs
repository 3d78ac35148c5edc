//! Dates and times in the forms that tables hold them, as milliseconds since 1970-01-01 UTC.
//! A time without an offset is taken as UTC.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// The forms that are understood. Day-first and month-first look alike until a day above 12 tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeForm {
    /// ISO 8601: `2024-01-31`, `2024-01-31 10:00`, `2024-01-31T10:00:00+02:00`; also `2024/01/31`.
    Iso,
    /// `31/01/2024`, `31-01-2024`, `31.01.2024`, each with or without a time of day.
    DayFirst,
    /// `01/31/2024`, `01-31-2024`, each with or without a time of day.
    MonthFirst,
}

/// The moment that a text of this form means, or nothing when it is of another form.
pub(crate) fn read_time(form: TimeForm, text: &str) -> Option<i64> {
    if !text.as_bytes().first()?.is_ascii_digit() || !(8..=40).contains(&text.len()) {
        return None;
    }
    match form {
        TimeForm::Iso => year_first(text),
        TimeForm::DayFirst | TimeForm::MonthFirst => {
            let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, ""));
            let separator = date.chars().find(|c| !c.is_ascii_digit())?;
            let mut fields = date.split(separator);
            let (first, second, year) = (fields.next()?, fields.next()?, fields.next()?);
            let dotted_is_day_first = separator != '.' || form == TimeForm::DayFirst;
            if fields.next().is_some()
                || year.len() != 4
                || !"/-.".contains(separator)
                || !dotted_is_day_first
            {
                return None;
            }
            let (day, month) = if form == TimeForm::DayFirst { (first, second) } else { (second, first) };
            let date = Date::new(number(year)?, number(month)?, number(day)?).ok()?;
            milliseconds(date.to_datetime(time_of_day(time)?))
        }
    }
}

fn year_first(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    match bytes.get(4)? {
        b'-' => {}
        b'/' => return year_first(&text.replace('/', "-")),
        _ => return None,
    }
    let after_date = text.get(10..).unwrap_or("");
    if after_date.contains(['Z', 'z', '+', '-']) {
        return Some(text.parse::<Timestamp>().ok()?.as_millisecond());
    }
    milliseconds(text.parse::<DateTime>().ok()?)
}

fn number<N: std::str::FromStr>(digits: &str) -> Option<N> {
    if digits.is_empty() || digits.len() > 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

/// `10:30`, `10:30:15`, `10:30:15.250`, each with or without AM/PM; nothing at all means midnight.
fn time_of_day(text: &str) -> Option<Time> {
    let text = text.trim();
    if text.is_empty() {
        return Some(Time::midnight());
    }
    let lower = text.to_ascii_lowercase();
    let (clock, afternoon) = match (lower.strip_suffix("am"), lower.strip_suffix("pm")) {
        (Some(clock), _) => (clock.trim_end(), Some(false)),
        (_, Some(clock)) => (clock.trim_end(), Some(true)),
        _ => (lower.as_str(), None),
    };
    let mut fields = clock.split(':');
    let (hour, minute, second) = (fields.next()?, fields.next()?, fields.next().unwrap_or("0"));
    if fields.next().is_some() {
        return None;
    }
    let hour: i8 = match (number::<i8>(hour)?, afternoon) {
        (hour, None) => hour,
        (12, Some(false)) => 0,
        (12, Some(true)) => 12,
        (hour @ 1..=11, Some(afternoon)) => hour + if afternoon { 12 } else { 0 },
        _ => return None,
    };
    let (whole, fraction) = second.split_once('.').unwrap_or((second, "0"));
    let nanoseconds: i32 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    Time::new(hour, number(minute)?, number(whole)?, nanoseconds).ok()
}

fn milliseconds(moment: DateTime) -> Option<i64> {
    Some(moment.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

/// Writes a moment as ISO 8601 in UTC, the date alone at midnight.
pub(crate) fn write_time(out: &mut String, ms: i64) {
    let text = match Timestamp::from_millisecond(ms) {
        Ok(moment) => moment.to_string(),
        Err(_) => ms.to_string(),
    };
    out.push_str(text.strip_suffix("T00:00:00Z").unwrap_or(&text));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::TimeForm::{DayFirst, Iso, MonthFirst};
    use super::*;

    #[test]
    fn known_moments() {
        const DAY: i64 = 86_400_000;
        for (form, text, expected) in [
            (Iso, "1970-01-01", 0),
            (Iso, "1970/01/02", DAY),
            (Iso, "1969-12-31", -DAY),
            (Iso, "2000-01-01T00:00:00Z", 946_684_800_000),
            (Iso, "2000-01-01 02:00:00+02:00", 946_684_800_000),
            (Iso, "1970-01-01 00:00:01.5", 1_500),
            (DayFirst, "02/01/1970", DAY),
            (MonthFirst, "01/02/1970", DAY),
            (DayFirst, "02.01.1970 00:01", DAY + 60_000),
            (MonthFirst, "1/2/1970 1:00 PM", DAY + 13 * 3_600_000),
            (MonthFirst, "1/2/1970 12:00 am", DAY),
            (DayFirst, "29/02/2024", 1_709_164_800_000),
        ] {
            assert_eq!(read_time(form, text), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_times() {
        for text in
            ["", "2024", "20240131", "2024-13-01", "2024-02-30", "hello wor", "1.5e10", "12:30", "12345678"]
        {
            for form in [Iso, DayFirst, MonthFirst] {
                assert_eq!(read_time(form, text), None, "{text} as {form:?}");
            }
        }
        assert_eq!(read_time(DayFirst, "01/31/2024"), None);
        assert_eq!(read_time(MonthFirst, "31/01/2024"), None);
        assert_eq!(read_time(MonthFirst, "01.02.2024"), None, "dotted dates are day first");
        assert_eq!(read_time(DayFirst, "1/2/1970 13:00 pm"), None);
    }

    #[test]
    fn written_times_read_back() {
        for ms in [0, -1, 1_709_164_800_000, 1_709_164_812_345] {
            let mut text = String::new();
            write_time(&mut text, ms);
            assert_eq!(read_time(Iso, &text), Some(ms), "{text}");
        }
    }
}
