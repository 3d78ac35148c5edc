//! The tape: every differentiable operation, its forward and its backward side by side.
