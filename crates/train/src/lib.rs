//! The training loop: metrics, budgets, early stopping and exact checkpoints.

pub mod metrics;
pub mod tensorboard;
