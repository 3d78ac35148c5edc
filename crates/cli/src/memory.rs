//! The machine's memory: what there is, and how much of it tensors may take.

use std::fs::read_to_string;

/// Bytes of memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Memory {
    /// What can be had without pushing anything out.
    pub(crate) free: u64,
    /// All that this program may ever have.
    pub(crate) whole: u64,
}

/// The memory that the system and, in a container, its limit leave; nothing where the system does not tell.
pub(crate) fn memory() -> Option<Memory> {
    let machine = of_machine(&read_to_string("/proc/meminfo").ok()?)?;
    let container = |file: &str| read_to_string(format!("/sys/fs/cgroup/{file}")).ok()?.trim().parse().ok();
    Some(match (container("memory.max"), container("memory.current")) {
        (Some(most), Some(used)) => within(machine, most, used),
        _ => machine,
    })
}

/// Reads `/proc/meminfo` (proc_meminfo(5)).
fn of_machine(info: &str) -> Option<Memory> {
    let bytes = |key: &str| -> Option<u64> {
        let line = info.lines().find_map(|line| line.strip_prefix(key))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kb| kb * 1024)
    };
    Some(Memory { free: bytes("MemAvailable:")?, whole: bytes("MemTotal:")? })
}

/// A machine's memory under a container's limit.
fn within(machine: Memory, most: u64, used: u64) -> Memory {
    Memory { free: machine.free.min(most.saturating_sub(used)), whole: machine.whole.min(most) }
}

/// Caps tensors at nine tenths of the free memory: a network that is too large ends in an error that says so, not in
/// a machine that stands still.
pub(crate) fn cap_tensors() {
    if let Some(memory) = memory() {
        pellucid_tensor::pool::set_limit(usize::try_from(memory.free / 10 * 9).unwrap_or(usize::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_words_are_read_and_a_containers_limit_holds() {
        let info = "MemTotal:       24684 kB\nMemFree:  5 kB\nMemAvailable:   20000 kB\n";
        let machine = of_machine(info).unwrap();
        assert_eq!(machine, Memory { free: 20_480_000, whole: 25_276_416 });
        assert_eq!(within(machine, 1000, 400), Memory { free: 600, whole: 1000 });
        assert_eq!(within(machine, u64::MAX, 400), machine);
        assert_eq!(of_machine("MemTotal: many kB"), None);
    }
}
