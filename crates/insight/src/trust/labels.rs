//! Rows whose label is likely wrong.

/// Probabilities count as reaching a class's usual certainty within this.
const SLACK: f64 = 1e-6;

/// A row whose label is likely wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Doubtful {
    /// The row.
    pub row: usize,
    /// The class that it likely is.
    pub likely: usize,
    /// The probability of its label, less that of the likeliest other class: the lower, the more doubtful.
    pub margin: f64,
}

/// Rows whose label is likely wrong, the most doubtful first: confident learning (Northcutt et al., arXiv 1911.00068). A row counts as of a class
/// if that class's probability reaches what it has on average in rows with its label; if that is another class than the label, and the
/// likeliest is not the label, the label is doubted. `p: [rows, classes]`, row by row; `labels: [rows]`.
pub fn doubtful_labels(p: &[f32], labels: &[u32], classes: usize) -> Vec<Doubtful> {
    let rows: Vec<&[f32]> = p.chunks_exact(classes.max(1)).collect();
    let (mut sums, mut counts) = (vec![0.0f64; classes], vec![0usize; classes]);
    for (row, &label) in rows.iter().zip(labels) {
        if let Some(&own) = row.get(label as usize) {
            sums[label as usize] += f64::from(own);
            counts[label as usize] += 1;
        }
    }
    // A class that no row is labelled with is never reached.
    let usual = |class: usize| match counts[class] {
        0 => f64::INFINITY,
        n => sums[class] / n as f64 - SLACK,
    };
    let usual: Vec<f64> = (0..classes).map(usual).collect();
    let mut found = Vec::new();
    for (number, (row, &label)) in rows.iter().zip(labels).enumerate() {
        let label = label as usize;
        let best = |of: &mut dyn Iterator<Item = usize>| {
            of.fold(None, |best: Option<usize>, class| match best {
                Some(best) if row[class] <= row[best] => Some(best),
                _ => Some(class),
            })
        };
        let reached: Vec<usize> =
            (0..classes).filter(|&class| f64::from(row[class]) >= usual[class]).collect();
        let likeliest = best(&mut (0..classes));
        let likely = if reached.len() > 1 { likeliest } else { reached.first().copied() };
        let (Some(likely), Some(likeliest), Some(own)) = (likely, likeliest, row.get(label)) else {
            continue;
        };
        if likely == label || likeliest == label {
            continue;
        }
        let margin = f64::from(*own) - f64::from(row[likeliest]);
        found.push(Doubtful { row: number, likely, margin });
    }
    found.sort_by(|a, b| a.margin.total_cmp(&b.margin).then(a.row.cmp(&b.row)));
    found
}
