//! What to learn: goals join kinds into a network and a training plan.
