use crate::check::Sample;
use crate::{InWords, Layer, Pass, Piece, Reach, module};
use pellucid_grad::{Var, ops};
pub use pellucid_kernels::activation::Activation;
use pellucid_tensor::Result;

/// An activation function, applied to every number. x: any shape.
///
/// [`Linear`](super::Linear), [`Conv2d`](super::Conv2d) and [`BatchNorm`](super::BatchNorm) can apply one
/// themselves, which is faster.
pub struct Activate(pub Activation);

module!(Activate {});

/// The name of an activation, as people write it.
pub(crate) fn activation_name(activation: Activation) -> &'static str {
    match activation {
        Activation::Identity => "identity",
        Activation::Relu => "relu",
        Activation::Gelu => "gelu",
        Activation::Silu => "silu",
        Activation::Sigmoid => "sigmoid",
        Activation::Tanh => "tanh",
    }
}

/// The end of a layer's name that says which activation it applies: `, relu`.
pub(crate) fn activation_suffix(activation: Activation) -> String {
    match activation {
        Activation::Identity => String::new(),
        other => format!(", {}", activation_name(other)),
    }
}

impl Layer for Activate {
    fn forward(&self, _: &Pass, x: &Var) -> Result<Var> {
        ops::activate(x, self.0)
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>> {
        Ok(input.to_vec())
    }

    fn reach(&self) -> Option<[Reach; 2]> {
        Some([Reach::PLACE; 2])
    }

    fn name(&self) -> String {
        activation_name(self.0).to_owned()
    }

    fn in_words(&self) -> InWords {
        InWords::aside("Activation", "bends each number, so that layers can say more together than one could")
    }

    fn lower(&self) -> Result<Vec<Piece>> {
        Ok(vec![Piece::Activate(self.0)])
    }
}

pub(crate) fn samples() -> Result<Vec<Sample>> {
    use Activation::{Gelu, Identity, Relu, Sigmoid, Silu, Tanh};
    let sample = |a| Sample::new(activation_name(a), Activate(a), &[3, 2], &[]);
    Ok([Identity, Relu, Gelu, Silu, Sigmoid, Tanh].map(sample).into())
}
