//! Drawing what comes next.

use pellucid_tensor::Stream;

/// How boldly the next piece is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sampling {
    /// Logits are divided by it: below 1 the likely becomes likelier, near 0 only the likeliest is left.
    pub(crate) temperature: f64,
    /// Only the likeliest pieces are drawn from that together have this probability (Holtzman et al., arXiv 1904.09751).
    pub(crate) top_p: f64,
}

impl Sampling {
    /// Draws one of the pieces for which `may` holds, by their logits; `None` if there are none.
    pub(crate) fn draw(&self, logits: &[f32], may: impl Fn(u32) -> bool, random: &mut Stream) -> Option<u32> {
        let allowed = logits.iter().zip(0u32..).filter(|(logit, piece)| logit.is_finite() && may(*piece));
        let mut pieces: Vec<(f64, u32)> = allowed.map(|(&logit, piece)| (f64::from(logit), piece)).collect();
        pieces.sort_by(|a, b| b.0.total_cmp(&a.0));
        let best = pieces.first()?.0;
        let mut sum = 0.0;
        for (weight, _) in &mut pieces {
            *weight = ((*weight - best) / self.temperature.max(1e-6)).exp();
            sum += *weight;
        }
        let (mut kept, mut reached) = (0, 0.0);
        while kept < pieces.len() && (kept == 0 || reached < self.top_p * sum) {
            reached += pieces[kept].0;
            kept += 1;
        }
        let mut left = f64::from(random.uniform()) * reached;
        let drawn = pieces[..kept].iter().find(|(weight, _)| {
            left -= weight;
            left < 0.0
        });
        drawn.or(pieces[..kept].last()).map(|(_, piece)| *piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(how: Sampling, logits: &[f32]) -> Vec<f64> {
        const DRAWN: usize = 20_000;
        let mut random = Stream::new(7, "test", 0);
        let mut counts = vec![0.0; logits.len()];
        for _ in 0..DRAWN {
            counts[how.draw(logits, |_| true, &mut random).unwrap() as usize] += 1.0 / DRAWN as f64;
        }
        counts
    }

    #[test]
    fn pieces_are_drawn_as_often_as_they_are_likely() {
        let p = [0.5f64, 0.3, 0.15, 0.05];
        let logits = p.map(|p| p.ln() as f32 + 3.0);
        let drawn = shares(Sampling { temperature: 1.0, top_p: 1.0 }, &logits);
        assert!(drawn.iter().zip(p).all(|(a, b)| (a - b).abs() < 0.015), "{drawn:?}");
        // At half the temperature, probabilities are squared.
        let drawn = shares(Sampling { temperature: 0.5, top_p: 1.0 }, &logits);
        let squares: f64 = p.iter().map(|p| p * p).sum();
        assert!(drawn.iter().zip(p).all(|(a, b)| (a - b * b / squares).abs() < 0.015), "{drawn:?}");
        // 0.5 is not yet 0.7, but 0.8 is.
        let drawn = shares(Sampling { temperature: 1.0, top_p: 0.7 }, &logits);
        assert!((drawn[0] - 0.625).abs() < 0.015 && drawn[2] + drawn[3] == 0.0, "{drawn:?}");
        let drawn = shares(Sampling { temperature: 1e-9, top_p: 1.0 }, &logits);
        assert!(drawn[1..].iter().all(|&share| share == 0.0), "{drawn:?}");
    }

    #[test]
    fn what_may_not_be_drawn_never_is() {
        let how = Sampling { temperature: 1.0, top_p: 0.9 };
        let mut random = Stream::new(7, "test", 0);
        let logits = [9.0, 1.0, f32::NAN, 0.5];
        for _ in 0..100 {
            let drawn = how.draw(&logits, |piece| piece != 0, &mut random).unwrap();
            assert!(drawn == 1 || drawn == 3);
        }
        assert_eq!(how.draw(&logits, |_| false, &mut random), None);
    }
}
