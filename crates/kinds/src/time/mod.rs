//! Moments in time: the trend, and where in the year, week and day they lie.

use crate::cells::cell_text;
use crate::number::{PreparedNumber, restore};
use crate::{Feature, FitContext, Guess, Kind, Prepared, Profile, Record, Role, TrainingCells};
use jiff::{Timestamp, tz::TimeZone};
use pellucid_data::{Cell, Files, Result, Storage};
use serde::{Deserialize, Serialize};
use serde_json::Value;

const DAY: f64 = 86_400_000.0;

/// A date or a date with a time.
pub(crate) struct Time;

/// The fitted state: the trend in days since 1970, and which cycles vary in the training rows.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PreparedTime {
    trend: PreparedNumber,
    /// Whether the time of day varies.
    clock: bool,
}

impl Kind for Time {
    fn name(&self) -> &'static str {
        "time"
    }

    fn about(&self) -> &'static str {
        "a date, with or without a time of day"
    }

    fn recognise(&self, profile: &Profile, role: Role) -> Option<Guess> {
        (profile.storage == Storage::Time && role == Role::Input)
            .then(|| Guess::new(0.95, format!("all {} values are dates or times", profile.present())))
    }

    fn fit(&self, cells: &TrainingCells<'_>, context: &FitContext<'_>) -> Result<Box<dyn Prepared>> {
        if context.role == Role::Target {
            return Err(cells
                .error("a time cannot be predicted yet")
                .advise("predict a number, such as days until then"));
        }
        let (mut days, mut missing, mut clock) = (Vec::new(), false, false);
        cells.each(|_, cell| {
            match cell {
                Cell::Time(ms) => {
                    days.push(ms as f64 / DAY);
                    clock |= ms.rem_euclid(DAY as i64) != 0;
                }
                _ => missing = true,
            }
            Ok(())
        })?;
        match PreparedNumber::fit(cells.name, days, missing) {
            Some(trend) => Ok(Box::new(PreparedTime { trend, clock })),
            None => Err(cells
                .error("no training row has a time here")
                .advise("leave the column out with --ignore")),
        }
    }

    fn restore(&self, state: &Value) -> Result<Box<dyn Prepared>> {
        Ok(Box::new(restore::<PreparedTime>(state)?))
    }
}

impl PreparedTime {
    /// The cycles: name, and the position within as a share of the whole, 0 to 1.
    fn cycles(&self, ms: Option<i64>) -> Vec<(&'static str, Option<f64>)> {
        let moment =
            ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()).map(|t| t.to_zoned(TimeZone::UTC));
        let mut cycles = vec![
            ("year", moment.as_ref().map(|m| f64::from(m.day_of_year() - 1) / 365.25)),
            ("week", moment.as_ref().map(|m| f64::from(m.weekday().to_monday_zero_offset()) / 7.0)),
        ];
        if self.clock {
            cycles.push(("day", ms.map(|ms| ms.rem_euclid(DAY as i64) as f64 / DAY)));
        }
        cycles
    }
}

impl Prepared for PreparedTime {
    fn state(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    fn features(&self) -> Vec<Feature> {
        let mut features = self.trend.features();
        for (cycle, _) in self.cycles(None) {
            for wave in ["sine", "cosine"] {
                features.push(Feature::Number {
                    name: format!("{}, {wave} of the {cycle}", self.trend.name),
                    edges: Vec::new(),
                    mean: 0.0,
                    scale: std::f64::consts::FRAC_1_SQRT_2,
                });
            }
        }
        features
    }

    fn encode(
        &self,
        cell: Cell<'_>,
        _: Option<&Files>,
        record: &mut Record,
    ) -> std::result::Result<(), String> {
        let ms = if let Cell::Time(ms) = cell { Some(ms) } else { None };
        self.trend.push(ms.map(|ms| ms as f64 / DAY), record);
        for (_, share) in self.cycles(ms) {
            let (sin, cos) = share.map_or((0.0, 0.0), |s| (std::f64::consts::TAU * s).sin_cos());
            record.numbers.extend([sin, cos]);
        }
        Ok(())
    }

    fn counts_as_missing(&self, cell: Cell<'_>) -> Option<String> {
        let text = cell_text(cell).filter(|_| !matches!(cell, Cell::Time(_)))?;
        Some(format!("`{text}` is not a date or time"))
    }

    fn describe(&self) -> String {
        let clock = if self.clock { " and day" } else { "" };
        format!("the trend in days, and the place in the year, week{clock} as waves")
    }
}
