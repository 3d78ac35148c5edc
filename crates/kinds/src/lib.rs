//! What a column can be, and everything that follows from it: one folder a kind.
