//! What more data would bring: a learning curve through what was reached with fewer rows.
//!
//! Errors of learners fall like a power of the rows towards a floor, `e(n) = a · n^-b + c` (Cortes et al. 1993; Hestness et al., arXiv 1712.00409;
//! Viering & Loog, arXiv 2103.10948 for how often and when they do not). A few trainings say little of these three numbers, so none of them is chosen:
//! all that could be are weighed by how well they explain what was measured (Bayes), and what is foreseen is the mixture of what they foresee.

/// What was reached with so many rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reached {
    /// Rows learned from.
    pub rows: f64,
    /// The error: above 0, less is better.
    pub error: f64,
}

/// An error that is foreseen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Foreseen {
    /// It is as likely above as below.
    pub middle: f64,
    /// One training in ten would have less.
    pub low: f64,
    /// One in ten would have more.
    pub high: f64,
}

/// Powers `b` that are tried, evenly spread over their logarithms.
const POWERS: (f64, f64, usize) = (0.03, 1.5, 28);

/// Floors `c` that are tried, as shares of the least error, evenly spread from 0 to below this.
const FLOORS: (f64, usize) = (0.98, 28);

/// Scales `a` that are tried on either side of the best one, and how many deviations of it these reach.
const SCALES: (usize, f64) = (8, 3.5);

/// What is known of how much trainings differ before any was done: as if so many had shown a relative deviation of so much.
const BEFORE: (f64, f64) = (2.0, 0.03);

/// The share of trainings within [`Foreseen::low`] and [`Foreseen::high`].
pub const BAND: f64 = 0.8;

/// A curve with its weight, and how much single trainings lie off it, as a deviation of the logarithm.
struct Curve {
    weight: f64,
    scale: f64,
    power: f64,
    floor: f64,
    deviation: f64,
}

/// All curves that may lie behind what was measured.
pub struct LearningCurve {
    curves: Vec<Curve>,
    /// Rows are counted in this unit.
    unit: f64,
}

impl LearningCurve {
    /// The curves through these errors; none where fewer than three different numbers of rows were learned from.
    pub fn through(reached: &[Reached]) -> Option<LearningCurve> {
        let usable =
            |r: &&Reached| r.rows > 0.0 && r.rows.is_finite() && r.error > 0.0 && r.error.is_finite();
        let points: Vec<Reached> = reached.iter().filter(usable).copied().collect();
        let mut sizes: Vec<f64> = points.iter().map(|p| p.rows).collect();
        sizes.sort_by(f64::total_cmp);
        sizes.dedup();
        if sizes.len() < 3 {
            return None;
        }
        let unit = sizes[sizes.len() - 1];
        let points: Vec<(f64, f64)> = points.iter().map(|p| (p.rows / unit, p.error)).collect();
        let least = points.iter().map(|p| p.1).fold(f64::INFINITY, f64::min);
        let (first, last, powers) = POWERS;
        let (end, floors) = FLOORS;
        let mut curves = Vec::new();
        for power in (0..powers).map(|i| first * (last / first).powf(i as f64 / (powers - 1) as f64)) {
            for floor in (0..floors).map(|i| end * least * i as f64 / floors as f64) {
                curves.extend(scaled(&points, power, floor));
            }
        }
        let best = curves.iter().map(|c| c.weight).fold(f64::NEG_INFINITY, f64::max);
        curves.iter_mut().for_each(|c| c.weight = (c.weight - best).exp());
        let sum: f64 = curves.iter().map(|c| c.weight).sum();
        curves.iter_mut().for_each(|c| c.weight /= sum);
        // What together has a thousandth of the weight changes nothing but the time this takes.
        curves.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        let mut rest = 1.0;
        curves.retain(|c| {
            let counts = rest > 1e-3;
            rest -= c.weight;
            counts
        });
        Some(LearningCurve { curves, unit })
    }

    /// The error of one more training with so many rows.
    pub fn at(&self, rows: f64) -> Foreseen {
        let rows = rows / self.unit;
        let reach = |c: &Curve, deviations: f64| c.at(rows).ln() + deviations * c.deviation;
        let ends = self.curves.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), c| {
            (low.min(reach(c, -4.0)), high.max(reach(c, 4.0)))
        });
        let of = |share: f64| {
            let (mut low, mut high) = ends;
            for _ in 0..45 {
                let middle = f64::midpoint(low, high);
                let below = |c: &Curve| c.weight * normal_below((middle - c.at(rows).ln()) / c.deviation);
                let (below, all) =
                    self.curves.iter().fold((0.0, 0.0), |s, c| (s.0 + below(c), s.1 + c.weight));
                if below < share * all { low = middle } else { high = middle }
            }
            f64::midpoint(low, high).exp()
        };
        let rest = 0.5 * (1.0 - BAND);
        Foreseen { middle: of(0.5), low: of(rest), high: of(1.0 - rest) }
    }
}

impl Curve {
    fn at(&self, rows: f64) -> f64 {
        self.scale * rows.powf(-self.power) + self.floor
    }
}

/// Curves of one power and floor, with scales around the best; their weights are logarithms yet.
fn scaled(points: &[(f64, f64)], power: f64, floor: f64) -> Vec<Curve> {
    let above = |scale: f64, rows: f64| scale * rows.powf(-power);
    // Gauss and Newton for the logarithm of the scale; where the floor is far below, the first step is the last.
    let mean =
        |values: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(values).sum::<f64>() / points.len() as f64;
    let mut log_scale = mean(&|(rows, error)| (error - 0.5 * floor).ln() + power * rows.ln());
    let slope = |log_scale: f64, rows: f64| {
        let part = above(log_scale.exp(), rows);
        part / (part + floor)
    };
    let residual = |log_scale: f64, (rows, error): &(f64, f64)| {
        error.ln() - (above(log_scale.exp(), *rows) + floor).ln()
    };
    for _ in 0..20 {
        let (mut up, mut down) = (0.0, 0.0);
        for point in points {
            let slope = slope(log_scale, point.0);
            up += slope * residual(log_scale, point);
            down += slope * slope;
        }
        if down < 1e-12 {
            break;
        }
        log_scale += (up / down).clamp(-1.0, 1.0);
    }
    let squares = |log_scale: f64| points.iter().map(|p| residual(log_scale, p).powi(2)).sum::<f64>();
    let (known, expected) = BEFORE;
    let freedom = points.len() as f64 + known;
    let variance = |squares: f64| (squares + known * expected * expected) / freedom;
    let information: f64 = points.iter().map(|p| slope(log_scale, p.0).powi(2)).sum();
    let step = SCALES.1 * (variance(squares(log_scale)) / information.max(1e-9)).sqrt() / SCALES.0 as f64;
    (0..=2 * SCALES.0)
        .map(|i| {
            let log_scale = log_scale + (i as f64 - SCALES.0 as f64) * step.min(2.0);
            let variance = variance(squares(log_scale));
            Curve {
                // The likelihood, the deviation integrated out; steps differ in width.
                weight: -0.5 * freedom * variance.ln() + step.ln(),
                scale: log_scale.exp(),
                power,
                floor,
                // Student's distribution has heavier tails than the normal one that stands for it.
                deviation: (variance * freedom / (freedom - 2.0)).sqrt(),
            }
        })
        .collect()
}

/// The share of a normal distribution below so many deviations (Abramowitz & Stegun 1964, 7.1.26: within 1.5e-7).
fn normal_below(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let series = [0.254_829_592, -0.284_496_736, 1.421_413_741, -1.453_152_027, 1.061_405_429];
    let sum = series.iter().rev().fold(0.0, |sum, factor| (sum + factor) * t);
    let tail = 0.5 * sum * (-x * x).exp();
    if z < 0.0 { tail } else { 1.0 - tail }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pellucid_tensor::Stream;

    const SIZES: [f64; 9] = [625.0, 625.0, 1250.0, 1250.0, 2500.0, 2500.0, 5000.0, 5000.0, 10_000.0];

    #[test]
    fn the_normal_distribution_is_as_in_tables() {
        for (z, below) in [(0.0, 0.5), (1.0, 0.841_344_7), (-1.959_964, 0.025), (3.0, 0.998_650_1)] {
            assert!((normal_below(z) - below).abs() < 2e-7, "{z}");
        }
    }

    #[test]
    fn a_pure_power_law_goes_on() {
        let curve = |rows: f64| 3.0 * rows.powf(-0.35);
        let reached: Vec<Reached> = SIZES.iter().map(|&rows| Reached { rows, error: curve(rows) }).collect();
        let found = LearningCurve::through(&reached).unwrap();
        for rows in [10_000.0, 20_000.0] {
            let foreseen = found.at(rows);
            assert!((foreseen.middle / curve(rows) - 1.0).abs() < 0.02, "{foreseen:?} {}", curve(rows));
            assert!(foreseen.low < foreseen.middle && foreseen.middle < foreseen.high);
        }
        let (near, far) = (found.at(20_000.0), found.at(200_000.0));
        assert!(far.high / far.low > near.high / near.low, "farther is less certain");
    }

    #[test]
    fn a_floor_that_is_reached_stays() {
        let reached: Vec<Reached> =
            SIZES.iter().map(|&rows| Reached { rows, error: 0.1 + 20.0 / rows.powf(1.2) }).collect();
        let foreseen = LearningCurve::through(&reached).unwrap().at(40_000.0);
        assert!((foreseen.middle - 0.1).abs() < 0.004, "{foreseen:?}");
    }

    /// Over many made-up learning curves, eight in ten trainings end in the band: no more would be a band that says nothing.
    #[test]
    fn eight_in_ten_end_in_the_band() {
        const CURVES: usize = 200;
        let mut random = Stream::new(5, "curves", 0);
        let mut inside = 0;
        for _ in 0..CURVES {
            let (power, noise) = (f64::from(random.between(0.1, 0.7)), f64::from(random.between(0.01, 0.05)));
            let (at_end, floor) = (f64::from(random.between(0.05, 0.4)), f64::from(random.between(0.0, 0.8)));
            let mut error = |rows: f64| {
                let curve = at_end * ((1.0 - floor) * (rows / 10_000.0).powf(-power) + floor);
                curve * (noise * f64::from(random.normal())).exp()
            };
            let reached: Vec<Reached> =
                SIZES.iter().map(|&rows| Reached { rows, error: error(rows) }).collect();
            let truth = error(20_000.0);
            let foreseen = LearningCurve::through(&reached).unwrap().at(20_000.0);
            inside += usize::from((foreseen.low..=foreseen.high).contains(&truth));
        }
        let share = inside as f64 / CURVES as f64;
        assert!((0.74..0.92).contains(&share), "{share}");
    }

    #[test]
    fn too_little_is_no_curve() {
        let point = |rows, error| Reached { rows, error };
        assert!(LearningCurve::through(&[point(10.0, 0.5), point(20.0, 0.4), point(20.0, 0.3)]).is_none());
        let odd = [point(10.0, 0.5), point(20.0, f64::NAN), point(30.0, 0.0), point(f64::INFINITY, 0.1)];
        assert!(LearningCurve::through(&odd).is_none());
        // Errors that rise with the rows are foreseen to stay where they are, with little certainty.
        let rising =
            LearningCurve::through(&[point(10.0, 0.2), point(20.0, 0.25), point(40.0, 0.3)]).unwrap();
        let foreseen = rising.at(80.0);
        assert!(foreseen.low < 0.3 && foreseen.high > 0.25 && foreseen.middle.is_finite(), "{foreseen:?}");
    }
}
