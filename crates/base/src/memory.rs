//! How much memory there is, where the system tells.

use std::fs::read_to_string;

/// Bytes that a program can use without others being stopped or slowed for it: what the system has free, and no more
/// than what its container may still take. `None` where the system does not tell.
pub fn free_memory() -> Option<u64> {
    let system = entry(&read_to_string("/proc/meminfo").ok()?, "MemAvailable:")?;
    let limit =
        |name: &str| read_to_string(format!("/sys/fs/cgroup/memory.{name}")).ok()?.trim().parse().ok();
    Some(free(system, limit("max"), limit("current")))
}

/// All bytes of memory of the machine. `None` where the system does not tell.
pub fn whole_memory() -> Option<u64> {
    entry(&read_to_string("/proc/meminfo").ok()?, "MemTotal:")
}

/// An entry of `/proc/meminfo`, which counts in kB.
fn entry(info: &str, key: &str) -> Option<u64> {
    let line = info.lines().find_map(|line| line.strip_prefix(key))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// The lesser of what the system and what the container has left.
fn free(system: u64, most: Option<u64>, taken: Option<u64>) -> u64 {
    let container = most.map(|most| most.saturating_sub(taken.unwrap_or(0)));
    container.map_or(system, |container| container.min(system))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_bytes() {
        let info = "MemTotal:       16316412 kB\nMemAvailable:        2048 kB\nHugePages_Total:       0\n";
        assert_eq!(entry(info, "MemAvailable:"), Some(2 << 20));
        assert_eq!(entry(info, "HugePages_Total:"), None);
        assert_eq!(entry(info, "SwapFree:"), None);
    }

    #[test]
    fn a_container_s_limit_counts() {
        assert_eq!(free(100, None, None), 100);
        assert_eq!(free(100, Some(80), Some(30)), 50);
        assert_eq!(free(100, Some(500), Some(30)), 100);
        assert_eq!(free(100, Some(20), Some(30)), 0);
    }
}
