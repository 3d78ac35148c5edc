//! How new weights are drawn.

use pellucid_tensor::{Error, Result, Stream, Tensor};

/// Where a network's initial weights come from: a seed, and the path of the part that is being made.
///
/// The numbers of a parameter are a function of the seed and its path alone, so a network is the same in
/// whatever order its parts are made, and adding a part leaves the others as they were.
#[derive(Clone, Debug)]
pub struct Seed {
    /// `None`: nothing is drawn.
    seed: Option<u64>,
    path: String,
}

impl Seed {
    /// The root of a network.
    pub fn new(seed: u64) -> Seed {
        Seed { seed: Some(seed), path: String::new() }
    }

    /// The root of a network whose numbers will be read from somewhere: all that would be drawn is 0, and takes no time.
    pub fn none() -> Seed {
        Seed { seed: None, path: String::new() }
    }

    /// The part of the given name. Parts of the same name would start with the same numbers.
    #[must_use]
    pub fn part(&self, name: impl std::fmt::Display) -> Seed {
        let path = if self.path.is_empty() { name.to_string() } else { format!("{}.{name}", self.path) };
        Seed { seed: self.seed, path }
    }

    fn stream(&self) -> Option<Stream> {
        self.seed.map(|seed| Stream::new(seed, &format!("init {}", self.path), 0))
    }
}

/// A distribution of initial values.
///
/// The fans of a shape `[out, …, in]` are those of the linear map it stands for: fan-in is the product of all
/// lengths but the first, fan-out that of all but the last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// All 0.
    Zeros,
    /// All equal.
    Constant(f64),
    /// Uniform on ± the given limit.
    Uniform(f64),
    /// Normal with mean 0 and the given standard deviation.
    Normal(f64),
    /// Normal with mean 0 and the given standard deviation before what lies beyond two of them is drawn again.
    TruncatedNormal(f64),
    /// Normal with standard deviation √(2 / fan-in), for ReLU-like activations (He et al., arXiv 1502.01852).
    KaimingNormal,
    /// Uniform on ±√(6 / fan-in), with the same variance.
    KaimingUniform,
    /// Normal with standard deviation √(2 / (fan-in + fan-out)) (Glorot & Bengio 2010).
    XavierNormal,
    /// Uniform on ±√(6 / (fan-in + fan-out)), with the same variance.
    XavierUniform,
}

impl Init {
    /// An `f32` tensor of the given shape, drawn for the part `seed` stands for.
    ///
    /// # Errors
    /// A parameter that is negative or not finite, an impossible shape, or no memory.
    pub fn tensor(self, shape: &[usize], seed: &Seed) -> Result<Tensor> {
        let fan_in = shape.iter().skip(1).map(|&d| d as f64).product::<f64>().max(1.0);
        let fan_out = shape.iter().rev().skip(1).map(|&d| d as f64).product::<f64>().max(1.0);
        let (init, mut stream) = match seed.stream() {
            Some(stream) => (self, stream),
            None => (self.undrawn(), Stream::new(0, "", 0)),
        };
        match init {
            Init::Zeros => Tensor::full(0f32, shape),
            Init::Constant(value) => Tensor::full(value as f32, shape),
            Init::Uniform(limit) => fill(shape, spread(limit)?, || stream.between(-1.0, 1.0)),
            Init::Normal(deviation) => fill(shape, spread(deviation)?, || stream.normal()),
            Init::TruncatedNormal(deviation) => fill(shape, spread(deviation)?, || truncated(&mut stream)),
            Init::KaimingNormal => fill(shape, (2.0 / fan_in).sqrt(), || stream.normal()),
            Init::KaimingUniform => fill(shape, (6.0 / fan_in).sqrt(), || stream.between(-1.0, 1.0)),
            Init::XavierNormal => fill(shape, (2.0 / (fan_in + fan_out)).sqrt(), || stream.normal()),
            Init::XavierUniform => {
                fill(shape, (6.0 / (fan_in + fan_out)).sqrt(), || stream.between(-1.0, 1.0))
            }
        }
    }
}

impl Init {
    /// What stands in its place where nothing is drawn.
    fn undrawn(self) -> Init {
        match self {
            Init::Constant(_) => self,
            _ => Init::Zeros,
        }
    }
}

fn spread(deviation: f64) -> Result<f64> {
    match deviation.is_finite() && deviation >= 0.0 {
        true => Ok(deviation),
        false => Err(Error::argument("init", format!("a spread of {deviation}"))),
    }
}

fn truncated(stream: &mut Stream) -> f32 {
    loop {
        let x = stream.normal();
        if x.abs() <= 2.0 {
            return x;
        }
    }
}

fn fill(shape: &[usize], scale: f64, mut draw: impl FnMut() -> f32) -> Result<Tensor> {
    let mut tensor = Tensor::unset::<f32>(shape)?;
    tensor.data_mut::<f32>()?.iter_mut().for_each(|x| *x = scale as f32 * draw());
    Ok(tensor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_ranges_are_those_of_the_distributions() {
        // Shape [64, 3, 3, 32]: fan-in 288, fan-out 576. The normal truncated at ±2 has the deviation
        // 0.879626 (scipy.stats.truncnorm(-2, 2).std()).
        let cases = [
            (Init::Uniform(0.5), 0.5 / 3f64.sqrt(), 0.5),
            (Init::Normal(0.5), 0.5, f64::INFINITY),
            (Init::TruncatedNormal(0.5), 0.5 * 0.879_626, 1.0),
            (Init::KaimingNormal, (2.0 / 288.0f64).sqrt(), f64::INFINITY),
            (Init::KaimingUniform, (2.0 / 288.0f64).sqrt(), (6.0 / 288.0f64).sqrt()),
            (Init::XavierNormal, (2.0 / 864.0f64).sqrt(), f64::INFINITY),
            (Init::XavierUniform, (2.0 / 864.0f64).sqrt(), (6.0 / 864.0f64).sqrt()),
        ];
        for (init, deviation, limit) in cases {
            let x = init.tensor(&[64, 3, 3, 32], &Seed::new(1)).unwrap().to_vec();
            let n = x.len() as f64;
            let mean = x.iter().sum::<f64>() / n;
            let found = (x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
            assert!(mean.abs() < 4.0 * deviation / n.sqrt(), "{init:?}: mean {mean}");
            assert!((found / deviation - 1.0).abs() < 0.02, "{init:?}: deviation {found} for {deviation}");
            assert!(x.iter().all(|v| v.abs() <= limit * 1.000_001), "{init:?}");
        }
        assert_eq!(Init::Constant(3.0).tensor(&[2], &Seed::new(1)).unwrap().to_vec(), [3.0; 2]);
        assert_eq!(Init::Zeros.tensor(&[2], &Seed::new(1)).unwrap().to_vec(), [0.0; 2]);
        assert!(Init::Normal(-1.0).tensor(&[2], &Seed::new(1)).is_err());
        assert!(Init::TruncatedNormal(f64::NAN).tensor(&[2], &Seed::new(1)).is_err());
    }

    #[test]
    fn numbers_are_functions_of_seed_and_path() {
        let draw = |seed: u64, path: &[&str]| {
            let seed = path.iter().fold(Seed::new(seed), |s, name| s.part(name));
            Init::Normal(1.0).tensor(&[4], &seed).unwrap()
        };
        assert_eq!(draw(1, &["a", "b"]), draw(1, &["a", "b"]));
        assert_ne!(draw(1, &["a", "b"]), draw(2, &["a", "b"]));
        assert_ne!(draw(1, &["a", "b"]), draw(1, &["a", "c"]));
    }

    #[test]
    fn without_a_seed_nothing_is_drawn() {
        let undrawn = |init: Init| init.tensor(&[3], &Seed::none().part("a")).unwrap().to_vec();
        assert_eq!(undrawn(Init::KaimingNormal), [0.0; 3]);
        assert_eq!(undrawn(Init::Constant(2.0)), [2.0; 3]);
    }
}
