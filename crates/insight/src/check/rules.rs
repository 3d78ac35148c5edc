//! How well one column alone answers: simple rules, fitted on one half of the rows and judged on the other.
//!
//! Numbers against classes: intervals with one answer each (Holte's 1R, 1993). Numbers against numbers: quantile
//! bins, each with its mean or its line. Codes: the answer per value. Because every row is judged by a rule that
//! never saw it, a column of distinct values can't shine by learning its rows by heart.

/// The answers, one per row.
#[derive(Clone, Copy)]
pub(super) enum Truth<'a> {
    /// Class codes below `classes`.
    Classes { codes: &'a [u32], classes: usize },
    /// Finite numbers.
    Numbers(&'a [f64]),
}

/// What a column alone achieves on rows that its rule was not fitted to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alone {
    /// Share of the baseline's error that the rule removes: 1 is perfect, 0 no better than the commonest class or
    /// the mean. For numbers this is R².
    pub(super) score: f64,
    /// Share of rows that the rule answers right (classes only).
    pub(super) right: f64,
    /// Share of rows that the commonest class answers right (classes only).
    pub(super) baseline: f64,
    /// How many rows carry the evidence: those that the baseline gets wrong.
    pub(super) evidence: usize,
}

/// Fewest rows of the commonest class in an interval (1R's constant).
const INTERVAL: u32 = 6;
/// Bins against a numeric target, and fewest rows in each.
const BINS: usize = 64;
const BIN_ROWS: usize = 10;

/// Judges a numeric column (NaN where missing; missing rows get an answer of their own).
pub(super) fn from_numbers(values: &[f64], truth: Truth<'_>, folds: &[bool]) -> Alone {
    let (mut present, missing): (Vec<usize>, Vec<usize>) =
        (0..values.len()).partition(|&row| !values[row].is_nan());
    present.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]).then(a.cmp(&b)));
    let mut bent = vec![0.0; values.len()];
    let mut flat = vec![0.0; values.len()];
    for fold in [false, true] {
        let (fit, judged): (Vec<usize>, Vec<usize>) = present.iter().partition(|&&row| folds[row] == fold);
        match truth {
            Truth::Classes { codes, classes } => {
                let pieces = intervals(values, &fit, codes, classes);
                walk(values, &judged, &pieces, |row, piece| flat[row] = piece.level);
            }
            Truth::Numbers(targets) => {
                let pieces = bins(values, &fit, targets);
                walk(values, &judged, &pieces, |row, piece| {
                    flat[row] = piece.level;
                    bent[row] = piece.level + piece.slope * (values[row] - piece.centre);
                });
            }
        }
        let (fit, judged): (Vec<usize>, Vec<usize>) = missing.iter().partition(|&&row| folds[row] == fold);
        let answer = answer_of(if fit.is_empty() { &present } else { &fit }, truth);
        for row in judged {
            flat[row] = answer;
            bent[row] = answer;
        }
    }
    let level = score(&flat, truth);
    match truth {
        Truth::Classes { .. } => level,
        Truth::Numbers(_) => {
            let line = score(&bent, truth);
            if line.score > level.score { line } else { level }
        }
    }
}

/// Judges a column of codes. A value that the rule never saw gets the answer of those that it saw once: so a
/// column of distinct values that is filled in only for some answers still gives them away.
pub(super) fn from_codes(codes: &[u32], truth: Truth<'_>, folds: &[bool]) -> Alone {
    let mut order: Vec<usize> = (0..codes.len()).collect();
    order.sort_unstable_by_key(|&row| (codes[row], folds[row], row));
    let mut predictions = vec![0.0; codes.len()];
    for fold in [false, true] {
        let mut seen_once = Vec::new();
        let mut unseen = Vec::new();
        for same in order.chunk_by(|&a, &b| codes[a] == codes[b]) {
            let (fit, judged): (Vec<usize>, Vec<usize>) = same.iter().partition(|&&row| folds[row] == fold);
            if let [only] = fit[..] {
                seen_once.push(only);
            }
            if fit.is_empty() {
                unseen.extend(judged);
            } else {
                let answer = answer_of(&fit, truth);
                judged.into_iter().for_each(|row| predictions[row] = answer);
            }
        }
        let answer = answer_of(if seen_once.is_empty() { &order } else { &seen_once }, truth);
        unseen.into_iter().for_each(|row| predictions[row] = answer);
    }
    score(&predictions, truth)
}

/// A stretch of the number line with its answer: `level + slope · (x − centre)` up to and including `upper`.
struct Piece {
    upper: f64,
    level: f64,
    slope: f64,
    centre: f64,
}

/// Hands every row (sorted by value) its piece; rows beyond the last piece get the last.
fn walk(values: &[f64], rows: &[usize], pieces: &[Piece], mut visit: impl FnMut(usize, &Piece)) {
    let mut at = 0;
    for &row in rows {
        while at + 1 < pieces.len() && values[row] > pieces[at].upper {
            at += 1;
        }
        if let Some(piece) = pieces.get(at) {
            visit(row, piece);
        }
    }
}

/// 1R: an interval closes once its commonest class has [`INTERVAL`] rows and a row of another class, at another
/// value, comes next. Neighbours with one answer merge.
fn intervals(values: &[f64], rows: &[usize], codes: &[u32], classes: usize) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut counts = vec![0_u32; classes];
    let mut best = 0_usize;
    for (i, &row) in rows.iter().enumerate() {
        let class = codes[row] as usize;
        counts[class] += 1;
        if counts[class] > counts[best] {
            best = class;
        }
        let upper = match rows.get(i + 1) {
            None => f64::INFINITY,
            Some(&next) => {
                let full =
                    counts[best] >= INTERVAL && codes[next] as usize != best && values[next] > values[row];
                if !full {
                    continue;
                }
                values[row] + (values[next] - values[row]) / 2.0
            }
        };
        match pieces.last_mut() {
            Some(last) if last.level == best as f64 => last.upper = upper,
            _ => pieces.push(Piece { upper, level: best as f64, slope: 0.0, centre: 0.0 }),
        }
        counts.fill(0);
        best = 0;
    }
    pieces
}

/// Bins of equal counts (cut only between different values) with mean and least-squares line.
fn bins(values: &[f64], rows: &[usize], targets: &[f64]) -> Vec<Piece> {
    let size = (rows.len() / BINS).max(BIN_ROWS);
    let mut pieces = Vec::new();
    let mut start = 0;
    while start < rows.len() {
        let mut end = (start + size).min(rows.len());
        if rows.len() - end < size {
            end = rows.len();
        }
        while end < rows.len() && values[rows[end]] == values[rows[end - 1]] {
            end += 1;
        }
        let bin = &rows[start..end];
        let n = bin.len() as f64;
        let centre = bin.iter().map(|&row| values[row]).sum::<f64>() / n;
        let level = bin.iter().map(|&row| targets[row]).sum::<f64>() / n;
        let (mut xx, mut xy) = (0.0, 0.0);
        for &row in bin {
            let x = values[row] - centre;
            xx += x * x;
            xy += x * (targets[row] - level);
        }
        let slope = if xx > 0.0 { xy / xx } else { 0.0 };
        pieces.push(Piece { upper: values[bin[bin.len() - 1]], level, slope, centre });
        start = end;
    }
    pieces
}

/// The commonest class or the mean of some rows; 0 for no rows.
fn answer_of(rows: &[usize], truth: Truth<'_>) -> f64 {
    match truth {
        Truth::Numbers(targets) if !rows.is_empty() => {
            rows.iter().map(|&row| targets[row]).sum::<f64>() / rows.len() as f64
        }
        Truth::Numbers(_) => 0.0,
        Truth::Classes { codes, .. } => {
            let mut seen: Vec<u32> = rows.iter().map(|&row| codes[row]).collect();
            seen.sort_unstable();
            let commonest = seen.chunk_by(|a, b| a == b).reduce(|a, b| if b.len() > a.len() { b } else { a });
            commonest.map_or(0.0, |same| f64::from(same[0]))
        }
    }
}

fn score(predictions: &[f64], truth: Truth<'_>) -> Alone {
    let rows: Vec<usize> = (0..predictions.len()).collect();
    let plain = answer_of(&rows, truth);
    let n = predictions.len().max(1) as f64;
    match truth {
        Truth::Classes { codes, .. } => {
            let errors = |answer: &dyn Fn(usize) -> f64| {
                rows.iter().filter(|&&row| answer(row) != f64::from(codes[row])).count()
            };
            let (baseline, reached) = (errors(&|_| plain), errors(&|row| predictions[row]));
            Alone {
                score: if baseline == 0 { 0.0 } else { 1.0 - reached as f64 / baseline as f64 },
                right: 1.0 - reached as f64 / n,
                baseline: 1.0 - baseline as f64 / n,
                evidence: baseline,
            }
        }
        Truth::Numbers(targets) => {
            let squares = |answer: &dyn Fn(usize) -> f64| {
                rows.iter().map(|&r| (targets[r] - answer(r)).powi(2)).sum::<f64>()
            };
            let (baseline, reached) = (squares(&|_| plain), squares(&|row| predictions[row]));
            let score = if baseline > 0.0 { 1.0 - reached / baseline } else { 0.0 };
            Alone { score, right: 0.0, baseline: 0.0, evidence: rows.len() }
        }
    }
}
