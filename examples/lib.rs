//! The learning path.
