//! Tensors with a run-time shape, a buffer pool, counter-based random numbers, and the engine's errors.
