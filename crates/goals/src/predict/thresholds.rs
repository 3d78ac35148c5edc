//! From which probability on a tag is answered.

/// Fewer rows with a tag than this do not fix a threshold of its own.
const FEW: usize = 5;

/// What is answered from where nothing is known.
const HALF: f32 = 0.5;

/// For each tag the threshold with the best F1 over some rows; tags that few of them have share the one that is best
/// for all tags together. p, truth: `[rows, tags]`, row by row.
///
/// A tag in one row of fifty rarely reaches a probability of one half; with a threshold of its own it is found all the same, and
/// its probability stays what it is, which weighing its rows would not leave it.
pub(crate) fn thresholds(p: &[f32], truth: &[bool], tags: usize) -> Vec<f32> {
    let pairs = || p.iter().copied().zip(truth.iter().copied());
    let common = best(pairs().collect());
    let own = |tag: usize| {
        let pairs: Vec<_> = pairs().skip(tag).step_by(tags.max(1)).collect();
        if pairs.iter().filter(|pair| pair.1).count() < FEW { common } else { best(pairs) }
    };
    (0..tags).map(own).collect()
}

/// The threshold with the best F1, `2·right / (answered + true)`, halfway to the next probability below; of equals the highest.
fn best(mut pairs: Vec<(f32, bool)>) -> f32 {
    pairs.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let truth = pairs.iter().filter(|pair| pair.1).count();
    let (mut right, mut best, mut threshold) = (0, 0.0, HALF);
    for (i, &(p, is)) in pairs.iter().enumerate() {
        right += usize::from(is);
        let f1 = 2.0 * right as f64 / (i + 1 + truth) as f64;
        let below = pairs.get(i + 1).map_or(0.0, |next| next.0);
        // Equal probabilities are answered together; below the last there is nothing.
        if (below < p || i + 1 == pairs.len()) && f1 > best {
            (best, threshold) = (f1, below + (p - below) / 2.0);
        }
    }
    threshold
}

#[cfg(test)]
mod tests {
    use super::*;

    /// F1 at a threshold, by counting.
    fn f1(pairs: &[(f32, bool)], threshold: f32) -> f64 {
        let count = |is: &dyn Fn(&(f32, bool)) -> bool| pairs.iter().filter(|pair| is(pair)).count() as f64;
        2.0 * count(&|p| p.0 >= threshold && p.1) / (count(&|p| p.0 >= threshold) + count(&|p| p.1))
    }

    #[test]
    fn no_threshold_is_better() {
        let mut random = pellucid_tensor::Stream::new(3, "thresholds", 0);
        for round in 0..50 {
            // Every second time with many equal probabilities.
            let p = |x: f32| if round % 2 == 0 { x } else { (x * 8.0).round() / 8.0 };
            let pairs: Vec<(f32, bool)> = (0..60)
                .map(|_| {
                    let is = random.below(4) == 0;
                    (p(random.between(0.0, if is { 1.0 } else { 0.7 })), is)
                })
                .collect();
            let found = f1(&pairs, best(pairs.clone()));
            let all = (0..=1000).map(|i| f1(&pairs, i as f32 / 1000.0)).filter(|f| !f.is_nan());
            let most = all.fold(0.0, f64::max);
            assert!(found >= most - 1e-12, "{found} where {most} is possible");
        }
    }

    #[test]
    fn rare_tags_share_a_threshold_and_nothing_known_is_one_half() {
        // The first tag is in every row from 0.2 on; the second in one row, whose probability says nothing.
        let rows: Vec<[(f32, bool); 2]> =
            (0..20).map(|i| [(i as f32 / 20.0, i >= 4), (0.01, i == 7)]).collect();
        let (p, truth): (Vec<f32>, Vec<bool>) = rows.into_iter().flatten().unzip();
        let found = thresholds(&p, &truth, 2);
        assert!((found[0] - 0.175).abs() < 1e-6 && found[1] == found[0], "{found:?}");
        assert_eq!(thresholds(&[], &[], 2), [HALF; 2]);
        assert_eq!(thresholds(&[0.3, 0.4], &[false, false], 1), [HALF]);
        assert_eq!(thresholds(&[], &[], 0), [0.0; 0]);
    }
}
