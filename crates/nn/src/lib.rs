//! Layers as plain structs, initialisers, losses and optimisers.
