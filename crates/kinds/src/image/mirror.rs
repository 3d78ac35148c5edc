//! What mirroring does to a picture's meaning: asked of the data, not assumed.

use super::Mirroring;
use super::ridge::Ridge;

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

/// Numbers are asked about in this many blocks, each told from the others.
const BLOCKS: usize = 8;

/// A linear model that explains a smaller share of the numbers' variance says nothing of mirroring.
const TELLS: f64 = 0.05;

/// Shares of variance that differ by less than this are alike.
const CLEARLY: f64 = 0.02;

/// Where at least so many per cent of the most similar pictures are mirror images, mirroring makes no difference.
const ALIKE: f64 = 40.0;

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

/// Asks for each picture whether the most similar picture among all others and their mirror images is a mirror image. Where one half of
/// them are, mirrored pictures cannot be told from others; where hardly any are, they look wrong (shoes that all point to the left).
///
/// `pictures` are standardised, `[height, width, channels]` each.
pub fn mirror_of_pictures(pictures: &[Vec<f32>], size: [usize; 3]) -> Mirror {
    if pictures.len() < FEWEST {
        return too_few();
    }
    let thumbs: Vec<_> = pictures.iter().map(|p| thumbnail(p, size)).collect();
    let flipped: Vec<_> = thumbs.iter().map(|t| flip(t, size[2])).collect();
    let nearest = |i: usize, among: &[Vec<f32>]| {
        let others = among.iter().enumerate().filter(|(j, _)| *j != i);
        others.map(|(_, t)| distance(&thumbs[i], t)).fold(f32::INFINITY, f32::min)
    };
    let mirrored = (0..thumbs.len()).filter(|&i| nearest(i, &flipped) < nearest(i, &thumbs)).count();
    let share = 100.0 * mirrored as f64 / thumbs.len() as f64;
    let safe = share >= ALIKE;
    let verdict = if safe { "so pictures are also shown mirrored" } else { "so pictures are never mirrored" };
    let reason = format!(
        "the most similar picture among others and their mirror images is a mirror image for {share:.0} %, {verdict}"
    );
    Mirror { mirroring: if safe { Mirroring::Keeps } else { Mirroring::Never }, reason }
}

/// As [`mirror_of_classes`], for numbers: asks a linear model of the thumbnails how well it tells the numbers of
/// pictures it has not seen, after learning from pictures as they are, from mirrored ones with the same number beside
/// them, and from mirrored ones with the number's sign turned (left and right turns). Pictures should be in the order
/// of the recording, so that look-alikes are not on both sides.
pub fn mirror_of_numbers(pictures: &[Vec<f32>], size: [usize; 3], numbers: &[f64]) -> Mirror {
    if pictures.len() < FEWEST {
        return too_few();
    }
    let thumbs: Vec<_> = pictures.iter().map(|p| thumbnail(p, size)).collect();
    let places: Vec<usize> = (0..SIDE * SIDE * size[2]).collect();
    let partner = flip(&places, size[2]);
    let question = Ridge::new(&thumbs, numbers, BLOCKS);
    let mean = numbers.iter().sum::<f64>() / numbers.len().max(1) as f64;
    let plain = question.explained(mean, |_| {});
    let keeps = question.explained(mean, |m| m.add_permuted(&partner, 1.0));
    let negates = question.explained(0.0, |m| m.add_permuted(&partner, -1.0));
    let (mirroring, verdict) = match () {
        () if plain.max(keeps).max(negates) < TELLS => {
            (Mirroring::Never, "too little to tell, so pictures are never mirrored")
        }
        () if negates > plain - CLEARLY && negates > keeps + CLEARLY => {
            (Mirroring::Negates, "so pictures are also shown mirrored, with the number's sign turned")
        }
        () if keeps > plain - CLEARLY && keeps > negates + CLEARLY => {
            (Mirroring::Keeps, "so pictures are also shown mirrored")
        }
        () => (Mirroring::Never, "so pictures are never mirrored"),
    };
    let reason = format!(
        "of unseen pictures' numbers, a linear model explains {plain:.2} without mirrored pictures, {keeps:.2} with \
         mirrored pictures of the same number, {negates:.2} if mirroring turns the sign (1 is all, 0 no more than \
         their mean), {verdict}"
    );
    Mirror { mirroring, reason }
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

fn flip<T: Copy>(thumb: &[T], channels: usize) -> Vec<T> {
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
    fn pictures_that_all_lean_to_one_side_are_noticed() {
        let ask = |leans: &[i32], count: usize| {
            let mut random = Stream::new(4, "bars", 0);
            let pictures: Vec<_> =
                leans.iter().cycle().take(count).map(|&lean| bar(lean, &mut random)).collect();
            mirror_of_pictures(&pictures, [24, 24, 1]).mirroring
        };
        assert_eq!(ask(&[1], 120), Mirroring::Never);
        assert_eq!(ask(&[1, 2], 120), Mirroring::Never);
        assert_eq!(ask(&[1, -1], 120), Mirroring::Keeps);
        assert_eq!(ask(&[0], 120), Mirroring::Keeps);
        assert_eq!(ask(&[1, -1], 20), Mirroring::Never, "too few to tell");
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
