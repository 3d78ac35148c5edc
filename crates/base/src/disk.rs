//! How much room there is on a disk, where the system tells.

use std::path::Path;

/// Bytes that are free on the disk of a folder. `None` where the system does not tell.
#[cfg(unix)]
pub fn free_disk(folder: &Path) -> Option<u64> {
    let about = rustix::fs::statvfs(folder).ok()?;
    Some(about.f_bavail.saturating_mul(about.f_frsize))
}

/// Other systems are not asked.
#[cfg(not(unix))]
pub fn free_disk(_: &Path) -> Option<u64> {
    None
}
