//! How the learning rate changes over a run.

use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// A learning rate for every step of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "shape", deny_unknown_fields)]
pub enum Schedule {
    /// Always the same.
    Constant {
        /// The learning rate.
        peak: f64,
    },
    /// A linear rise, then half a cosine wave down (Loshchilov & Hutter, arXiv 1608.03983).
    Cosine {
        /// The learning rate at the top.
        peak: f64,
        /// Steps of the rise: step s < warmup has peak · (s + 1) / (warmup + 1).
        warmup: u64,
        /// What the rate falls to, as a share of the peak.
        floor: f64,
    },
    /// One rise and one fall, both along half cosine waves (Smith & Topin, arXiv 1708.07120).
    OneCycle {
        /// The learning rate at the top.
        peak: f64,
        /// The share of the steps that the rise takes; 0.3 is usual.
        rise: f64,
        /// The first rate is peak / start; 25 is usual.
        start: f64,
        /// The last rate is the first / end; 10⁴ is usual.
        end: f64,
    },
}

/// From `a` at 0 to `b` at 1 along half a cosine wave.
fn half_wave(a: f64, b: f64, share: f64) -> f64 {
    b + (a - b) / 2.0 * (1.0 + (PI * share).cos())
}

impl Schedule {
    /// The one-cycle schedule with the usual shape.
    pub fn one_cycle(peak: f64) -> Schedule {
        Schedule::OneCycle { peak, rise: 0.3, start: 25.0, end: 1e4 }
    }

    /// The learning rate at the top.
    pub fn peak(&self) -> f64 {
        match *self {
            Schedule::Constant { peak } | Schedule::Cosine { peak, .. } | Schedule::OneCycle { peak, .. } => {
                peak
            }
        }
    }

    /// The learning rate of step `step` (from 0) of `total`; later steps keep the rate of the end.
    ///
    /// These are PyTorch's `LinearLR(1 / (warmup + 1), total_iters=warmup)` followed by
    /// `CosineAnnealingLR(total − warmup, floor · peak)`, and `OneCycleLR`.
    pub fn lr(&self, step: u64, total: u64) -> f64 {
        match *self {
            Schedule::Constant { peak } => peak,
            Schedule::Cosine { peak, warmup, .. } if step < warmup => {
                peak * (step + 1) as f64 / (warmup as f64 + 1.0)
            }
            Schedule::Cosine { peak, warmup, floor } => {
                let wave = total.saturating_sub(warmup).max(1);
                half_wave(peak, floor * peak, (step - warmup).min(wave) as f64 / wave as f64)
            }
            Schedule::OneCycle { peak, rise, start, end } => {
                let last = total as f64 - 1.0;
                let top = (rise * total as f64 - 1.0).max(0.0);
                let step = (step as f64).min(last);
                let first = peak / start;
                match step <= top {
                    true if top > 0.0 => half_wave(first, peak, step / top),
                    true => peak,
                    false => half_wave(peak, first / end, (step - top) / (last - top)),
                }
            }
        }
    }
}
