//! Whether mirrored pictures keep their meaning: asked of the data, not assumed.

/// What the data say of mirroring.
#[derive(Clone, Debug, PartialEq)]
pub struct Mirror {
    /// Whether mirrored pictures may be used in training.
    pub safe: bool,
    /// Why, in words.
    pub reason: String,
}

/// Side of the thumbnails that are compared.
const SIDE: usize = 12;

/// Asks for each picture what class its nearest other picture has: as it is, and mirrored. Where mirroring
/// changes the meaning (digits, "keep left"), mirrored pictures land in other classes much more often.
///
/// `pictures` are standardised, `[height, width, channels]` each; `labels` their classes.
pub fn mirror_is_safe(pictures: &[Vec<f32>], size: [usize; 3], labels: &[u32]) -> Mirror {
    let thumbs: Vec<_> = pictures.iter().map(|p| thumbnail(p, size)).collect();
    let mirrored: Vec<_> = thumbs.iter().map(|t| flip(t, size[2])).collect();
    let hits = |queries: &[Vec<f32>]| {
        let hit = |(i, q): (usize, &Vec<f32>)| {
            let others = thumbs.iter().enumerate().filter(|(j, _)| *j != i);
            let nearest = others.map(|(j, t)| (distance(q, t), j)).min_by(|a, b| a.0.total_cmp(&b.0));
            nearest.is_some_and(|(_, j)| labels[j] == labels[i])
        };
        queries.iter().enumerate().filter(|q| hit(*q)).count()
    };
    if thumbs.len() < 50 {
        return Mirror {
            safe: false,
            reason: "too few pictures to tell whether mirroring keeps their meaning".into(),
        };
    }
    let percent = |n: usize| 100.0 * n as f64 / thumbs.len() as f64;
    let (plain, turned) = (percent(hits(&thumbs)), percent(hits(&mirrored)));
    let safe = turned >= plain - 4.0;
    let verdict = if safe { "so pictures are also shown mirrored" } else { "so pictures are never mirrored" };
    let reason = format!(
        "the most similar other picture has the same class for {plain:.0} % of the pictures as they are \
         and for {turned:.0} % when mirrored, {verdict}"
    );
    Mirror { safe, reason }
}

fn thumbnail(picture: &[f32], [height, width, channels]: [usize; 3]) -> Vec<f32> {
    let mut sums = vec![(0.0, 0.0); SIDE * SIDE * channels];
    for y in 0..height {
        for x in 0..width {
            for c in 0..channels {
                let cell = &mut sums[((y * SIDE / height) * SIDE + x * SIDE / width) * channels + c];
                cell.0 += picture[(y * width + x) * channels + c];
                cell.1 += 1.0;
            }
        }
    }
    sums.into_iter().map(|(sum, count): (f32, f32)| sum / count.max(1.0)).collect()
}

fn flip(thumb: &[f32], channels: usize) -> Vec<f32> {
    thumb.chunks(SIDE * channels).flat_map(|row| row.chunks(channels).rev().flatten().copied()).collect()
}

fn distance(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pellucid_tensor::Stream;

    /// Bars that lean to the left or to the right, or (`lean` 0) stand upright at some place.
    fn bar(lean: i32, random: &mut Stream) -> Vec<f32> {
        let mut picture = vec![0.0; 24 * 24];
        let shift = random.below(7) as i32 - 3;
        for y in 0..24i32 {
            let x = 12 + shift + lean * (y - 12) / 2;
            for dx in -2..=2 {
                if (0..24).contains(&(x + dx)) {
                    picture[(y * 24 + x + dx) as usize] = 1.0 + 0.1 * random.normal();
                }
            }
        }
        picture
    }

    #[test]
    fn meaning_that_depends_on_the_side_is_noticed() {
        let mut random = Stream::new(1, "bars", 0);
        let labels: Vec<u32> = (0..200).map(|i| i % 2).collect();
        let leaning: Vec<_> = labels.iter().map(|&l| bar(if l == 0 { -1 } else { 1 }, &mut random)).collect();
        assert!(!mirror_is_safe(&leaning, [24, 24, 1], &labels).safe);
        let upright: Vec<_> = labels
            .iter()
            .map(|&l| bar(0, &mut random).into_iter().map(|x| if l == 0 { x } else { -x }).collect())
            .collect();
        assert!(mirror_is_safe(&upright, [24, 24, 1], &labels).safe);
    }
}
