//! Normalisation: numbers brought to mean 0 and variance 1, then scaled and shifted by learned parameters.
//!
//! - [`channels`]: statistics over positions, for each channel or group of channels (batch, group and instance norm);
//! - [`rows`]: statistics over each row (layer norm).
//!
//! Variances are sums of squared differences from a mean that is already known, never differences of sums,
//! so they stay accurate when the mean is large.

pub mod channels;
pub mod rows;
