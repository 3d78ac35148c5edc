//! One number that makes probabilities mean what they say.

/// Temperatures that are looked through, as natural logarithms.
const LOWEST: f64 = -3.0;
const HIGHEST: f64 = 3.0;

/// Steps of golden-section search; each leaves 0.62 of the range.
const STEPS: usize = 60;

/// Probabilities count as at least this.
const LEAST: f64 = 1e-12;

/// Fewer rows say nothing about a temperature.
const FEWEST: usize = 50;

/// Probabilities at another temperature (Guo et al., arXiv 1706.04599): the softmax of their logarithms divided by it. Above 1 they are softer.
pub fn softened(p: &[f32], temperature: f64) -> Vec<f32> {
    let logarithms: Vec<f64> = p.iter().map(|&p| f64::from(p).max(LEAST).ln() / temperature).collect();
    let largest = logarithms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = logarithms.iter().map(|x| (x - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|x| (x / sum) as f32).collect()
}

/// The temperature at which `p: [rows, classes]`, row by row, least surprise of `labels: [rows]` remains; 1 if there are too few rows. One in
/// as many rows as there are (and two) counts as another class (Platt 1999): where all are right, nothing is yet certain.
pub fn temperature(p: &[f32], labels: &[u32], classes: usize) -> f64 {
    if labels.len() < FEWEST || classes < 2 {
        return 1.0;
    }
    let logarithms: Vec<f64> = p.iter().map(|&p| f64::from(p).max(LEAST).ln()).collect();
    let doubt = 1.0 / (labels.len() + 2) as f64;
    let loss = |log_temperature: f64| -> f64 {
        let scale = (-log_temperature).exp();
        let of_row = |(row, &label): (&[f64], &u32)| {
            let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = row.iter().map(|x| ((x - largest) * scale).exp()).sum();
            let own = row[(label as usize).min(row.len() - 1)];
            let others = (row.iter().sum::<f64>() - own) / (classes - 1) as f64;
            sum.ln() - ((1.0 - doubt) * own + doubt * others - largest) * scale
        };
        logarithms.chunks_exact(classes).zip(labels).map(of_row).sum()
    };
    // The loss has one minimum in 1 / temperature, so it falls and then rises.
    let golden = (5f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (LOWEST, HIGHEST);
    for _ in 0..STEPS {
        let (a, b) = (high - golden * (high - low), low + golden * (high - low));
        if loss(a) < loss(b) {
            high = b;
        } else {
            low = a;
        }
    }
    ((low + high) / 2.0).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pellucid_tensor::Stream;

    /// Labels that are drawn from probabilities which are then sharpened: softening must find the way back.
    #[test]
    fn what_was_sharpened_is_softened_again() {
        let mut random = Stream::new(1, "rows", 0);
        let (mut p, mut labels) = (Vec::new(), Vec::new());
        for _ in 0..20_000 {
            let scores: Vec<f32> = (0..4).map(|_| 1.5 * random.normal()).collect();
            let sum: f32 = scores.iter().map(|x| x.exp()).sum();
            let truth: Vec<f32> = scores.iter().map(|x| x.exp() / sum).collect();
            let (draw, mut reached) = (random.uniform(), 0.0);
            let label = truth.iter().position(|p| {
                reached += p;
                draw < reached
            });
            labels.push(label.unwrap_or(3) as u32);
            p.extend(softened(&truth, 0.4));
        }
        let found = temperature(&p, &labels, 4);
        assert!((found - 2.5).abs() < 0.1, "{found}");
        let again: Vec<f32> = p.chunks(4).flat_map(|row| softened(row, found)).collect();
        assert!((temperature(&again, &labels, 4) - 1.0).abs() < 0.05);
    }

    #[test]
    fn where_all_are_right_nothing_is_yet_certain() {
        let p = [0.8f32, 0.2].repeat(200);
        let sure = softened(&p[..2], temperature(&p, &[0; 200], 2))[0];
        assert!((sure - 201.0 / 202.0).abs() < 1e-3, "{sure}");
    }

    #[test]
    fn a_temperature_of_one_changes_nothing_and_few_rows_say_nothing() {
        let p = [0.7, 0.2, 0.1];
        assert!(softened(&p, 1.0).iter().zip(p).all(|(a, b)| (a - b).abs() < 1e-6));
        assert!((softened(&[0.9, 0.1], 2.0)[0] - 0.75).abs() < 1e-6, "odds of 9 become odds of 3");
        assert_eq!(temperature(&[0.9, 0.1].repeat(20), &[1; 20], 2), 1.0);
        assert!(softened(&[1.0, 0.0], 3.0).iter().all(|p| p.is_finite()));
    }
}
