use super::{BatchNorm, Conv2d, Sequential, activation_suffix, expect_probability};
use crate::check::Sample;
use crate::{InWords, Layer, LayerRow, Pass, Piece, Rank, Reach, Seed, describe, module};
use pellucid_grad::{Var, ops};
use pellucid_kernels::activation::Activation;
use pellucid_tensor::{Error, Result};

/// A body with a way around it (He et al., arXiv 1512.03385): y = activation(shortcut(x) + body(x)).
///
/// x: any shape that the body takes; the shortcut, or x itself where there is none, must have the shape of
/// the body's output. With drop path the body is left out for some examples in training.
pub struct Residual {
    /// What is learned beside the way around.
    pub body: Box<dyn Layer>,
    /// The way around, where x itself has another shape than the body's output.
    pub shortcut: Option<Box<dyn Layer>>,
    activation: Activation,
    drop: f64,
}

module!(Residual { body, shortcut });

impl Residual {
    /// x + body(x).
    pub fn new(body: impl Layer + 'static) -> Residual {
        Residual { body: Box::new(body), shortcut: None, activation: Activation::Identity, drop: 0.0 }
    }

    /// A layer instead of x itself as the way around.
    #[must_use]
    pub fn shortcut(self, layer: impl Layer + 'static) -> Residual {
        Residual { shortcut: Some(Box::new(layer)), ..self }
    }

    /// An activation on the sum.
    #[must_use]
    pub fn activation(self, activation: Activation) -> Residual {
        Residual { activation, ..self }
    }

    /// Leaves the body out with probability p in [0, 1), as [`DropPath`](super::DropPath).
    ///
    /// # Errors
    /// Another p.
    pub fn drop_path(self, p: f64) -> Result<Residual> {
        Ok(Residual { drop: expect_probability("residual", p)?, ..self })
    }
}

impl Layer for Residual {
    fn forward(&self, pass: &Pass, x: &Var) -> Result<Var> {
        let mut y = self.body.forward(pass, x)?;
        if self.drop > 0.0 && pass.is_training() {
            y = ops::drop_path(&y, self.drop, &pass.random())?;
        }
        let around = match &self.shortcut {
            Some(layer) => layer.forward(pass, x)?,
            None => x.clone(),
        };
        ops::residual(y, &around, self.activation)
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>> {
        let body = self.body.output_shape(input)?;
        let around = match &self.shortcut {
            Some(layer) => layer.output_shape(input)?,
            None => input.to_vec(),
        };
        match around == body {
            true => Ok(body),
            false => {
                let why = format!("the body gives {body:?}, the way around it {around:?}: they cannot be added");
                Err(Error::shape("residual", why))
            }
        }
    }

    fn reach(&self) -> Option<[Reach; 2]> {
        let ([rows, cols], around) = (self.body.reach()?, self.shortcut.as_ref().map(|layer| layer.reach()));
        let [below, across] = around.unwrap_or(Some([Reach::PLACE; 2]))?;
        Some([rows.beside(below)?, cols.beside(across)?])
    }

    fn name(&self) -> String {
        format!("residual ({}){}", self.body.name(), activation_suffix(self.activation))
    }

    fn in_words(&self) -> InWords {
        InWords::then("Residual", "adds what came in, so that it only has to learn what to change")
    }

    fn multiply_adds(&self, input: &[usize]) -> u64 {
        self.body.multiply_adds(input) + self.shortcut.as_ref().map_or(0, |s| s.multiply_adds(input))
    }

    fn inside(&self, input: &[usize]) -> Result<Vec<LayerRow>> {
        let mut rows = describe(self.body.as_ref(), input)?;
        if let Some(shortcut) = &self.shortcut {
            let around = describe(shortcut.as_ref(), input)?;
            rows.extend(around.into_iter().map(|r| LayerRow {
                name: format!("shortcut: {}", r.name),
                words: InWords { rank: Rank::Aside, ..r.words },
                ..r
            }));
        }
        let name = format!("add{}", activation_suffix(self.activation));
        rows.push(LayerRow::new(name, self.in_words(), self.output_shape(input)?, 0, &[]));
        Ok(rows)
    }

    fn lower(&self) -> Result<Vec<Piece>> {
        let around = self.shortcut.as_ref().map_or(Ok(Vec::new()), |layer| layer.lower())?;
        Ok(vec![Piece::Residual { body: self.body.lower()?, around, activation: self.activation }])
    }
}

pub(crate) fn samples() -> Result<Vec<Sample>> {
    let seed = Seed::new(1);
    let conv = |part: &str, outputs, stride| -> Result<Conv2d> {
        Ok(Conv2d::new(&seed.part(part), 2, outputs, (3, 3))?.stride(stride).without_bias())
    };
    let body = |outputs, stride| -> Result<Sequential> {
        Ok(Sequential::new()
            .then(conv("first", 2, stride)?)
            .then(BatchNorm::new(2, Activation::Tanh)?)
            .then(conv("second", outputs, 1)?))
    };
    let around = Conv2d::new(&seed.part("around"), 2, 3, (1, 1))?.stride(2);
    let wrong: &[&[usize]] = &[&[4], &[4, 5, 3]];
    Ok(vec![
        Sample::new("same shape", Residual::new(body(2, 1)?), &[4, 5, 2], wrong),
        Sample::new(
            "other shape",
            Residual::new(body(3, 2)?).shortcut(around).activation(Activation::Silu).drop_path(0.4)?,
            &[4, 5, 2],
            wrong,
        ),
        Sample::new("empty body", Residual::new(Sequential::new()), &[3], &[]),
    ])
}
