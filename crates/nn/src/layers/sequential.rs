use super::{Dropout, Linear};
use crate::check::Sample;
use crate::{InWords, Layer, LayerRow, Module, Part, PartMut, Pass, Piece, Reach, Seed, describe};
use pellucid_grad::Var;
use pellucid_kernels::activation::Activation;
use pellucid_tensor::Result;

/// Layers one after the other. Their parts are named 0, 1, …
#[derive(Default)]
pub struct Sequential {
    /// The layers.
    pub layers: Vec<Box<dyn Layer>>,
}

impl Module for Sequential {
    fn parts<'a>(&'a self, visit: &mut dyn FnMut(&str, Part<'a>)) {
        self.layers.parts(visit);
    }
    fn parts_mut<'a>(&'a mut self, visit: &mut dyn FnMut(&str, PartMut<'a>)) {
        self.layers.parts_mut(visit);
    }
}

impl Sequential {
    /// No layers: the output is the input.
    pub fn new() -> Sequential {
        Sequential::default()
    }

    /// The layers one after the other, where a sequence within is not one layer but several.
    pub fn flat(&self) -> Vec<&dyn Layer> {
        flat(&self.layers)
    }

    /// The same layers and one more at the end.
    #[must_use]
    pub fn then(mut self, layer: impl Layer + 'static) -> Sequential {
        self.layers.push(Box::new(layer));
        self
    }
}

/// Layers one after the other, with those of sequences in their place.
fn flat(layers: &[Box<dyn Layer>]) -> Vec<&dyn Layer> {
    let mut all = Vec::new();
    for layer in layers {
        match layer.sequence() {
            Some(inside) => all.extend(flat(inside)),
            None => all.push(layer.as_ref()),
        }
    }
    all
}

impl Layer for Sequential {
    fn forward(&self, pass: &Pass, x: &Var) -> Result<Var> {
        let (mut x, mut layers) = (x.clone(), self.layers.iter().peekable());
        while let Some(layer) = layers.next() {
            let both = match layers.peek() {
                Some(next) if !pass.tape().records() => layer.forward_with(pass, &x, next.as_ref())?,
                _ => None,
            };
            x = match both {
                Some(y) => {
                    layers.next();
                    y
                }
                None => layer.forward(pass, &x)?,
            };
        }
        Ok(x)
    }

    fn sequence(&self) -> Option<&[Box<dyn Layer>]> {
        Some(&self.layers)
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>> {
        self.layers.iter().try_fold(input.to_vec(), |shape, layer| layer.output_shape(&shape))
    }

    fn reach(&self) -> Option<[Reach; 2]> {
        self.layers.iter().try_fold([Reach::PLACE; 2], |[rows, cols], layer| {
            let [below, across] = layer.reach()?;
            Some([rows.then(below), cols.then(across)])
        })
    }

    fn name(&self) -> String {
        match self.layers.is_empty() {
            true => "nothing".to_owned(),
            false => self.layers.iter().map(|l| l.name()).collect::<Vec<_>>().join(" → "),
        }
    }

    fn in_words(&self) -> InWords {
        InWords::aside("Nothing", "passes on what comes in")
    }

    fn multiply_adds(&self, input: &[usize]) -> u64 {
        self.inside(input).map_or(0, |rows| rows.iter().map(|row| row.multiply_adds).sum())
    }

    fn inside(&self, input: &[usize]) -> Result<Vec<LayerRow>> {
        let (mut rows, mut shape) = (Vec::new(), input.to_vec());
        for layer in &self.layers {
            rows.extend(describe(layer.as_ref(), &shape)?);
            shape = layer.output_shape(&shape)?;
        }
        Ok(rows)
    }

    fn lower(&self) -> Result<Vec<Piece>> {
        let pieces = self.layers.iter().map(|layer| layer.lower()).collect::<Result<Vec<_>>>()?;
        Ok(pieces.into_iter().flatten().collect())
    }
}

pub(crate) fn samples() -> Result<Vec<Sample>> {
    let seed = Seed::new(1);
    let layers = Sequential::new()
        .then(Linear::new(&seed.part(0), 4, 6, Activation::Silu)?)
        .then(Dropout::new(0.3)?)
        .then(Linear::new(&seed.part(2), 6, 2, Activation::Identity)?);
    Ok(vec![
        Sample::new("three layers", layers, &[4], &[&[3], &[]]),
        Sample::new("none", Sequential::new(), &[2, 3], &[]),
    ])
}
