//! How much each class weighs in the loss.

use crate::config::ClassWeights;
use crate::{Error, Result};
use pellucid_kinds::{Encoder, Target};

/// Classes of pictures whose sizes differ by more than this factor are weighed.
const IMBALANCE: f64 = 2.0;

/// The same for tables, whose probabilities people use as they are.
const TABLE_IMBALANCE: f64 = 10.0;

/// The largest factor between the weights of two classes.
const MOST_WEIGHT: f64 = 10.0;

/// The weights of each target's classes, `None` where all weigh the same: of the targets that are asked for, or
/// else of those whose classes differ much in size.
///
/// # Errors
/// A name that is no target with classes.
pub(crate) fn class_weights(
    encoder: &Encoder,
    pictures: bool,
    asked: Option<&ClassWeights>,
) -> Result<Vec<Option<Vec<f32>>>> {
    let targets: Vec<_> =
        encoder.targets.iter().map(|(name, ..)| name.as_str()).zip(encoder.answers()).collect();
    if let Some(ClassWeights::Of(columns)) = asked {
        columns.iter().try_for_each(|column| has_classes(column, &targets))?;
    }
    let own = if pictures { IMBALANCE } else { TABLE_IMBALANCE };
    let weights = |(name, target): &(&str, Target)| match asked {
        None => lifting(target, own),
        Some(ClassWeights::All(all)) => all.then(|| lifting(target, 1.0)).flatten(),
        Some(ClassWeights::Of(columns)) => {
            columns.iter().any(|c| c == name).then(|| lifting(target, 1.0)).flatten()
        }
    };
    Ok(targets.iter().map(weights).collect())
}

fn has_classes(column: &str, targets: &[(&str, Target)]) -> Result<()> {
    let with_classes: Vec<&str> =
        targets.iter().filter(|(_, t)| matches!(t, Target::Classes { .. })).map(|(name, _)| *name).collect();
    if with_classes.contains(&column) {
        return Ok(());
    }
    let advice = match pellucid_base::nearest(column, with_classes.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if with_classes.is_empty() => "leave class_weights out".to_owned(),
        None => format!("there are: {}", with_classes.join(", ")),
    };
    Err(Error::usage(format!("[training] class_weights · `{column}` is no target with classes · {advice}")))
}

/// Weights that lift rare classes: inverse frequency, within a factor of [`MOST_WEIGHT`], with a mean of 1 over the
/// training rows; `None` if the classes are balanced within a factor of `ratio`.
fn lifting(target: &Target, ratio: f64) -> Option<Vec<f32>> {
    let Target::Classes { counts, .. } = target else { return None };
    let count = |n: &usize| (*n).max(1) as f64;
    let most = counts.iter().map(count).fold(0.0, f64::max);
    let least = counts.iter().map(count).fold(f64::INFINITY, f64::min);
    if most <= ratio * least {
        return None;
    }
    let raw = |n: &usize| (most / count(n)).min(MOST_WEIGHT);
    let total: f64 = counts.iter().map(count).sum();
    let mean = counts.iter().map(|n| raw(n) * count(n)).sum::<f64>() / total;
    Some(counts.iter().map(|n| (raw(n) / mean) as f32).collect())
}
