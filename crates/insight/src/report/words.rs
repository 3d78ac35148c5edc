//! Numbers and findings in plain words, shared by the page and the model card.

use pellucid_train::metrics::{Format, Metric, by_name};

use super::data::{MelodyOutcome, NumberOutcome, Outcome, ReportData, Target, WritingOutcome};
use crate::intervals::Scored;

/// The space that keeps a number and its unit on one line.
pub(crate) const NARROW: char = '\u{202f}';

/// `5232` as `5,232`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `312_400` as `312 thousand`, `4_100_000` as `4.1 million`.
pub(crate) fn about(n: u64) -> String {
    let scaled = |unit: f64, name: &str| {
        let value = n as f64 / unit;
        let decimals = usize::from(value < 10.0);
        format!("{value:.decimals$}\u{a0}{name}")
    };
    match n {
        0..10_000 => count(n),
        10_000..1_000_000 => scaled(1e3, "thousand"),
        1_000_000..1_000_000_000 => scaled(1e6, "million"),
        _ => scaled(1e9, "billion"),
    }
}

/// A text with a large first letter.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Seconds as `38 s`, `4 min 6 s`, `1 h 12 min`.
pub fn duration(seconds: f64) -> String {
    let whole = if seconds.is_finite() { seconds.max(0.0).round() as u64 } else { 0 };
    match whole {
        0..60 => format!("{whole}\u{a0}s"),
        60..3600 => format!("{}\u{a0}min {}\u{a0}s", whole / 60, whole % 60),
        _ => format!("{}\u{a0}h {}\u{a0}min", whole / 3600, whole % 3600 / 60),
    }
}

/// A share as per cent with one decimal.
pub(crate) fn percent(share: f64) -> String {
    value(Format::Percent, share)
}

/// An answer: a probability as per cent, a number with at most four decimals.
pub(crate) fn answer(value: f64, probability: bool) -> String {
    match probability {
        true => percent(value),
        false => format!("{value:.4}").trim_end_matches('0').trim_end_matches('.').to_owned(),
    }
}

/// A value in its metric's format, number and unit kept together, with a true minus sign.
pub fn value(format: Format, value: f64) -> String {
    format.show(value).replace(' ', &NARROW.to_string()).replace('-', "−")
}

/// What a metric is called by people; its own name if it is none of the list.
pub fn label(name: &str) -> String {
    pellucid_train::metrics::by_name(name)
        .map_or_else(|| name.replace('_', " "), |metric| metric.label.to_owned())
}

/// `92.3–96.0`, without the unit that stands at the value already.
pub fn interval(format: Format, scored: &Scored) -> Option<String> {
    let (low, high) = scored.low.zip(scored.high)?;
    let bare = |v: f64| value(format, v).trim_end_matches(['%', NARROW]).to_owned();
    // Two minus signs and a dash between them are hard to read.
    let dash = if low < 0.0 || high < 0.0 { " to " } else { "–" };
    Some(format!("{}{dash}{}", bare(low), bare(high)))
}

/// Fewer scored rows than this say little: were all of them right by chance, the true share could still be 15 points
/// lower (the rule of three: 3 / n bounds what was not seen in n rows, Hanley & Lippman-Hand 1983).
pub const FEW_ROWS: u64 = 20;

/// What so few rows are worth, as a sentence.
pub fn few_rows(rows: u64) -> String {
    let rows = match rows {
        1 => "A single row says".to_owned(),
        n => format!("Only {n} rows say"),
    };
    format!("{rows} little about how good it is: it takes at least {FEW_ROWS} to judge, and more are better.")
}

/// How a score compares to the trivial answer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// So few rows allow no judgement: see [`few_rows`].
    TooFew,
    /// Better, and not by chance.
    Better,
    /// Better, but perhaps by chance.
    PerhapsBetter,
    /// Not better.
    NotBetter,
}

/// Judges a score by the number of rows scored and by its interval.
pub fn standing(metric: &Metric, scored: &Scored, rows: u64) -> Option<Standing> {
    if rows < FEW_ROWS {
        return Some(Standing::TooFew);
    }
    let baseline = scored.baseline?;
    let worst = if metric.higher_is_better { scored.low } else { scored.high };
    Some(match worst {
        Some(worst) if metric.better(worst, baseline) => Standing::Better,
        _ if metric.better(scored.value, baseline) => Standing::PerhapsBetter,
        _ => Standing::NotBetter,
    })
}

/// A target's first finding, in parts that the page sets apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Headline {
    /// `On 624 chest X-rays it never saw, this network is right for`
    pub(crate) before: String,
    /// `94.2 %`
    pub(crate) value: String,
    /// `92.3–96.0`
    pub(crate) interval: Option<String>,
    /// ` minutes on average`, or nothing.
    pub(crate) after: String,
    /// `Always answering “pneumonia” would be right for 62.5 %.`
    pub(crate) trivial: Option<String>,
    /// What to make of it when it is not clearly better.
    pub(crate) doubt: Option<String>,
}

impl Headline {
    /// The whole as text.
    pub(crate) fn text(&self) -> String {
        let interval = self.interval.as_ref().map_or_else(String::new, |i| format!(" ({i})"));
        let mut text = format!("{} {}{}{}.", self.before, self.value, interval, self.after);
        for sentence in self.trivial.iter().chain(&self.doubt) {
            text.push(' ');
            text.push_str(sentence);
        }
        text
    }
}

/// The metric that a target's first finding tells.
pub(crate) fn headline_metric(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Classes(_) => "accuracy",
        Outcome::Tags(_) => "macro_f1",
        Outcome::Numbers(_) => "mae",
        Outcome::Texts(_) => "bleu",
        Outcome::Writing(_) => "bits_per_character",
        Outcome::Melodies(_) => "nats_per_frame",
        Outcome::Pictures(_) => "flow_error",
        Outcome::Recommendations(_) => "ndcg@10",
    }
}

/// The first finding of a target.
pub(crate) fn headline(data: &ReportData, target: &Target) -> Headline {
    let several = data.targets.len() > 1;
    let rows = data.rows_are();
    let network =
        if several { format!("its answers for “{}”", target.column) } else { "this network".to_owned() };
    let place = match target.unseen {
        true => format!("On {} {rows} it never saw, ", count(target.rows)),
        false => format!("On {} {rows} that also helped to choose it, ", count(target.rows)),
    };
    let name = headline_metric(&target.outcome);
    let (Some(scored), Some(metric)) = (target.scores.get(name), by_name(name)) else {
        return Headline {
            before: "There were no rows to score, so nothing is known of".to_owned(),
            value: format!("“{}”", target.column),
            ..Headline::default()
        };
    };
    let doubt = match standing(metric, scored, target.rows) {
        Some(Standing::TooFew) => Some(few_rows(target.rows)),
        Some(Standing::NotBetter) => {
            Some("That is no better than this trivial answer: do not use it.".to_owned())
        }
        Some(Standing::PerhapsBetter) => {
            Some("The difference may be chance: more test rows would tell.".to_owned())
        }
        _ => None,
    };
    let common = Headline { interval: interval(metric.format, scored), doubt, ..Headline::default() };
    match &target.outcome {
        Outcome::Classes(outcome) => {
            let right = if several { "are right for" } else { "is right for" };
            Headline {
                before: format!("{place}{network} {right}"),
                value: value(metric.format, scored.value),
                trivial: scored.baseline.map(|baseline| {
                    format!(
                        "Always answering “{}” would be right for {}.",
                        most_common(outcome),
                        percent(baseline)
                    )
                }),
                ..common
            }
        }
        Outcome::Tags(_) => {
            let reach = if several { "reach" } else { "reaches" };
            Headline {
                before: format!("{place}{network} {reach} an F1 of"),
                value: value(metric.format, scored.value),
                after: " for the average tag, the balance of finding it and raising no false alarm"
                    .to_owned(),
                trivial: scored
                    .baseline
                    .map(|baseline| format!("Always answering every tag would reach {}.", percent(baseline))),
                ..common
            }
        }
        Outcome::Texts(_) => {
            let reach = if several { "reach" } else { "reaches" };
            Headline {
                before: format!("{place}{network} {reach}"),
                value: value(metric.format, scored.value),
                after: " BLEU, its agreement with what people wrote, from 0 to 100".to_owned(),
                trivial: scored.baseline.map(|baseline| {
                    format!("Repeating the text as it is would reach {}.", value(metric.format, baseline))
                }),
                ..common
            }
        }
        Outcome::Writing(WritingOutcome { trivial, .. })
        | Outcome::Melodies(MelodyOutcome { trivial, .. }) => Headline {
            before: format!("{place}this network is surprised by"),
            value: format!(
                "{} {}",
                value(metric.format, scored.value),
                name.split('_').next().unwrap_or_default()
            ),
            after: " for each".to_owned(),
            trivial: scored.baseline.map(|baseline| {
                format!("{} would be surprised by {}.", upper_first(trivial), value(metric.format, baseline))
            }),
            ..common
        },
        Outcome::Recommendations(_) => Headline {
            before: format!("{place}the ten recommendations of this network to each user reach"),
            value: value(metric.format, scored.value),
            after: " of the best possible, by what each went on to take (nDCG)".to_owned(),
            trivial: scored.baseline.map(|baseline| {
                format!(
                    "Recommending the most popular to everyone would reach {}.",
                    value(metric.format, baseline)
                )
            }),
            ..common
        },
        Outcome::Pictures(outcome) => Headline {
            before: format!("{place}this network is off by"),
            value: value(metric.format, scored.value),
            after: " about the way from noise to a picture, as a mean square over pixels".to_owned(),
            trivial: scored.baseline.map(|baseline| {
                format!(
                    "{} would be off by {}.",
                    upper_first(&outcome.trivial),
                    value(metric.format, baseline)
                )
            }),
            ..common
        },
        Outcome::Numbers(outcome) => {
            let unit = unit(outcome);
            let are =
                if several { format!("{network} are off by") } else { "this network is off by".to_owned() };
            Headline {
                before: format!("{place}{are}"),
                value: format!("{}{unit}", value(metric.format, scored.value)),
                after: " on average".to_owned(),
                trivial: scored.baseline.map(|baseline| {
                    format!(
                        "Always answering {} would be off by {}.",
                        value(metric.format, outcome.trivial),
                        value(metric.format, baseline)
                    )
                }),
                ..common
            }
        }
    }
}

/// The unit with a space before it, or nothing.
pub(crate) fn unit(outcome: &NumberOutcome) -> String {
    outcome.unit.as_ref().map_or_else(String::new, |unit| format!("\u{a0}{unit}"))
}

/// With a capital at the beginning.
fn upper_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The class that most training rows have.
fn most_common(outcome: &super::data::ClassOutcome) -> &str {
    let mut best = (0, f32::NEG_INFINITY);
    for (class, &share) in outcome.prior.iter().enumerate() {
        if share > best.1 {
            best = (class, share);
        }
    }
    outcome.classes.get(best.0).map_or("the same", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(["0", "999", "1,000", "1,234,567"], [0, 999, 1000, 1_234_567].map(count)[..]);
        assert_eq!(about(312_400), "312\u{a0}thousand");
        assert_eq!(about(4_120_000), "4.1\u{a0}million");
        assert_eq!(about(9_999), "9,999");
        assert_eq!(duration(38.2), "38\u{a0}s");
        assert_eq!(duration(246.0), "4\u{a0}min 6\u{a0}s");
        assert_eq!(duration(4335.0), "1\u{a0}h 12\u{a0}min");
        assert_eq!(duration(f64::NAN), "0\u{a0}s");
        assert_eq!(percent(0.942), "94.2\u{202f}%");
    }

    #[test]
    fn intervals_leave_the_unit_out() {
        let scored = |low, high| Scored { value: 0.5, low: Some(low), high: Some(high), baseline: None };
        assert_eq!(interval(Format::Percent, &scored(0.923, 0.96)).as_deref(), Some("92.3–96.0"));
        assert_eq!(interval(Format::Number, &scored(-0.25, 0.5)).as_deref(), Some("−0.250 to 0.500"));
        assert_eq!(
            interval(Format::Number, &Scored { value: 0.5, low: None, high: None, baseline: None }),
            None
        );
    }

    #[test]
    fn a_score_stands_by_the_bad_end_of_its_interval() {
        let judge = |name: &str, value, low, high, baseline| {
            let scored = Scored { value, low: Some(low), high: Some(high), baseline: Some(baseline) };
            by_name(name).and_then(|metric| standing(metric, &scored, 100))
        };
        assert_eq!(judge("accuracy", 0.9, 0.8, 0.95, 0.7), Some(Standing::Better));
        assert_eq!(judge("accuracy", 0.9, 0.6, 0.95, 0.7), Some(Standing::PerhapsBetter));
        assert_eq!(judge("accuracy", 0.6, 0.5, 0.8, 0.7), Some(Standing::NotBetter));
        assert_eq!(judge("mae", 1.0, 0.8, 1.2, 1.5), Some(Standing::Better));
        assert_eq!(judge("mae", 2.0, 1.8, 2.2, 1.5), Some(Standing::NotBetter));
    }

    #[test]
    fn few_rows_are_not_judged_however_good_they_look() {
        let right = Scored { value: 1.0, low: Some(0.8), high: Some(1.0), baseline: Some(0.5) };
        let judge = |rows| by_name("accuracy").and_then(|metric| standing(metric, &right, rows));
        assert_eq!([judge(1), judge(FEW_ROWS - 1)], [Some(Standing::TooFew); 2]);
        assert_eq!(judge(FEW_ROWS), Some(Standing::Better));
        assert!(few_rows(1).starts_with("A single row says little"));
        assert!(few_rows(7).starts_with("Only 7 rows say little"));
    }
}
