//! What mirroring does to a picture's meaning: asked of the data, not assumed.

use super::Mirroring;

/// What the data say of mirroring.
#[derive(Clone, Debug, PartialEq)]
pub struct Mirror {
    /// What mirroring does.
    pub mirroring: Mirroring,
    /// Why, in words.
    pub reason: String,
}

/// Side of the thumbnails that are compared.
const SIDE: usize = 12;

/// Fewer pictures do not tell.
const FEWEST: usize = 50;

/// Numbers of look-alikes that agree less than this (as a correlation) say nothing of mirroring.
const AGREE: f64 = 0.25;

/// For each picture its most similar other picture: as it is, and mirrored.
struct Nearest {
    plain: Vec<usize>,
    mirrored: Vec<usize>,
}

impl Nearest {
    /// `pictures` are standardised, `[height, width, channels]` each; there are at least two.
    fn of(pictures: &[Vec<f32>], size: [usize; 3]) -> Nearest {
        let thumbs: Vec<_> = pictures.iter().map(|p| thumbnail(p, size)).collect();
        let nearest = |(i, query): (usize, &Vec<f32>)| {
            let others = thumbs.iter().enumerate().filter(|(j, _)| *j != i);
            let best = others.map(|(j, t)| (distance(query, t), j)).min_by(|a, b| a.0.total_cmp(&b.0));
            best.map_or(i, |(_, j)| j)
        };
        let flipped: Vec<_> = thumbs.iter().map(|t| flip(t, size[2])).collect();
        Nearest {
            plain: thumbs.iter().enumerate().map(nearest).collect(),
            mirrored: flipped.iter().enumerate().map(nearest).collect(),
        }
    }
}

fn too_few() -> Mirror {
    let reason = "too few pictures to tell whether mirroring keeps their meaning".to_owned();
    Mirror { mirroring: Mirroring::Never, reason }
}

/// Asks for each picture what class its nearest other picture has: as it is, and mirrored. Where mirroring
/// changes the meaning (digits, "keep left"), mirrored pictures land in other classes much more often.
///
/// `pictures` are standardised, `[height, width, channels]` each; `labels` their classes.
pub fn mirror_of_classes(pictures: &[Vec<f32>], size: [usize; 3], labels: &[u32]) -> Mirror {
    if pictures.len() < FEWEST {
        return too_few();
    }
    let nearest = Nearest::of(pictures, size);
    let percent = |found: &[usize]| {
        let hits = found.iter().zip(labels).filter(|(j, label)| labels.get(**j) == Some(label)).count();
        100.0 * hits as f64 / pictures.len() as f64
    };
    let (plain, turned) = (percent(&nearest.plain), percent(&nearest.mirrored));
    let safe = turned >= plain - 4.0;
    let verdict = if safe { "so pictures are also shown mirrored" } else { "so pictures are never mirrored" };
    let reason = format!(
        "the most similar other picture has the same class for {plain:.0} % of the pictures as they are \
         and for {turned:.0} % when mirrored, {verdict}"
    );
    Mirror { mirroring: if safe { Mirroring::Keeps } else { Mirroring::Never }, reason }
}

/// As [`mirror_of_classes`], for numbers: asks how the number of the nearest other picture agrees with a picture's own.
/// Where mirroring turns the sign (left and right turns), the number found for the mirrored picture is opposite.
pub fn mirror_of_numbers(pictures: &[Vec<f32>], size: [usize; 3], numbers: &[f64]) -> Mirror {
    if pictures.len() < FEWEST {
        return too_few();
    }
    let nearest = Nearest::of(pictures, size);
    let agreement = |found: &[usize]| {
        let other: Vec<f64> = found.iter().map(|&j| numbers.get(j).copied().unwrap_or(0.0)).collect();
        correlation(numbers, &other)
    };
    let (plain, turned) = (agreement(&nearest.plain), agreement(&nearest.mirrored));
    let (mirroring, verdict) = match () {
        () if plain < AGREE => (Mirroring::Never, "too little to tell, so pictures are never mirrored"),
        () if turned <= -AGREE.max(plain / 2.0) => {
            (Mirroring::Negates, "so pictures are also shown mirrored, with the number's sign turned")
        }
        () if turned >= 0.85 * plain => (Mirroring::Keeps, "so pictures are also shown mirrored"),
        () => (Mirroring::Never, "so pictures are never mirrored"),
    };
    let reason = format!(
        "the number of the most similar other picture correlates by {plain:.2} with a picture's own, \
         by {turned:.2} when the picture is mirrored, {verdict}"
    );
    Mirror { mirroring, reason }
}

/// Pearson's correlation; 0 where it is not defined.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len().max(1) as f64;
    let mean = |x: &[f64]| x.iter().sum::<f64>() / n;
    let (ma, mb) = (mean(a), mean(b));
    let sum = |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(b).map(|(&x, &y)| f(x - ma, y - mb)).sum::<f64>();
    let spread = (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt();
    if spread > 0.0 { sum(&|x, y| x * y) / spread } else { 0.0 }
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

    fn mirrored(pictures: &[Vec<f32>], labels: &[u32]) -> bool {
        mirror_of_classes(pictures, [24, 24, 1], labels).mirroring == Mirroring::Keeps
    }

    #[test]
    fn numbers_that_turn_their_sign_are_noticed() {
        let mut random = Stream::new(2, "bars", 0);
        let leans: Vec<i32> = (0..200).map(|i| i % 5 - 2).collect();
        let pictures: Vec<_> = leans.iter().map(|&l| bar(l, &mut random)).collect();
        let ask = |f: &dyn Fn(i32) -> f64| {
            let numbers: Vec<f64> = leans.iter().map(|&l| f(l)).collect();
            mirror_of_numbers(&pictures, [24, 24, 1], &numbers).mirroring
        };
        assert_eq!(ask(&|l| f64::from(l)), Mirroring::Negates);
        assert_eq!(ask(&|l| f64::from(l * l)), Mirroring::Keeps);
        assert_eq!(ask(&|l| f64::from(l == 2)), Mirroring::Never);
        let noise: Vec<f64> = leans.iter().map(|_| f64::from(random.normal())).collect();
        assert_eq!(mirror_of_numbers(&pictures, [24, 24, 1], &noise).mirroring, Mirroring::Never);
    }

    #[test]
    fn meaning_that_depends_on_the_side_is_noticed() {
        let mut random = Stream::new(1, "bars", 0);
        let labels: Vec<u32> = (0..200).map(|i| i % 2).collect();
        let leaning: Vec<_> = labels.iter().map(|&l| bar(if l == 0 { -1 } else { 1 }, &mut random)).collect();
        assert!(!mirrored(&leaning, &labels));
        let upright: Vec<_> = labels
            .iter()
            .map(|&l| bar(0, &mut random).into_iter().map(|x| if l == 0 { x } else { -x }).collect())
            .collect();
        assert!(mirrored(&upright, &labels));
    }
}
