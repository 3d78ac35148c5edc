//! A tensor that a network owns: learned, or kept beside what is learned.

use pellucid_tensor::Tensor;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Names a [`Param`] for as long as the process runs; never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParamId(u64);

/// What happens to a [`Param`] in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Trained, and pulled towards zero by weight decay: the matrices of linear maps and convolutions.
    Weight,
    /// Trained without weight decay: biases, scales and shifts of norms, embeddings.
    Bias,
    /// Not trained: running statistics, written through [`Pass::update`](crate::Pass::update).
    Buffer,
}

/// A tensor that belongs to a network.
///
/// A clone is a parameter of its own: it has the same value, role, `frozen` and `pace`, and another [`ParamId`].
#[derive(Debug)]
pub struct Param {
    id: ParamId,
    /// Its present value.
    pub value: Tensor,
    /// What training does with it.
    pub role: Role,
    /// Left as it is by training, whatever its role: for fine-tuning parts of a network.
    pub frozen: bool,
    /// The learning rate of this tensor beside the others', 1 where all learn alike: parts that start anew may learn faster than
    /// those that know something already (Howard & Ruder, arXiv 1801.06146).
    pub pace: f64,
}

impl Param {
    fn new(value: Tensor, role: Role) -> Param {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Param { id: ParamId(NEXT.fetch_add(1, Relaxed)), value, role, frozen: false, pace: 1.0 }
    }

    /// A trained tensor under weight decay.
    pub fn weight(value: Tensor) -> Param {
        Param::new(value, Role::Weight)
    }

    /// A trained tensor without weight decay.
    pub fn bias(value: Tensor) -> Param {
        Param::new(value, Role::Bias)
    }

    /// A tensor that is stored with the network but not trained.
    pub fn buffer(value: Tensor) -> Param {
        Param::new(value, Role::Buffer)
    }

    /// Its name in this process.
    pub fn id(&self) -> ParamId {
        self.id
    }

    /// Whether training changes it by gradients.
    pub fn is_trained(&self) -> bool {
        self.role != Role::Buffer && !self.frozen
    }
}

impl Clone for Param {
    fn clone(&self) -> Param {
        Param { frozen: self.frozen, pace: self.pace, ..Param::new(self.value.clone(), self.role) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_is_a_parameter_of_its_own() {
        let mut a = Param::weight(Tensor::scalar(1f32).unwrap());
        (a.frozen, a.pace) = (true, 2.0);
        let b = a.clone();
        assert_ne!(a.id(), b.id());
        assert_eq!((&a.value, a.role, a.frozen, a.pace), (&b.value, b.role, b.frozen, b.pace));
        assert!(!b.is_trained());
    }
}
