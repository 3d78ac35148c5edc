//! Small things that several crates need and that know nothing of data or networks.
//!
//! [`write_atomic`] makes a file appear whole or not at all, [`nearest`] finds the name that was meant, [`quoted`] writes what a shell reads, [`hex`] writes
//! bytes as digits, [`free_memory`] and [`free_disk`] ask the system.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod atomic;
mod disk;
mod hex;
mod memory;
mod nearest;
mod quoted;

pub use atomic::{remove_unfinished, write_atomic};
pub use disk::free_disk;
pub use hex::hex;
pub use memory::{free_memory, whole_memory};
pub use nearest::nearest;
pub use quoted::quoted;
