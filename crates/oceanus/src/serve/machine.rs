//! What this machine has to give.

use std::path::PathBuf;
use std::thread;

use super::config::Machine;

/// What a process in a container may use, and all that there is.
const MEMORY_LIMIT: &str = "/sys/fs/cgroup/memory.max";
const MEMORY_ALL: &str = "/proc/meminfo";
/// Taken where the system does not say.
const MEMORY_UNKNOWN_BYTES: u64 = 4 << 30;

pub fn this() -> Machine {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    Machine {
        cores: thread::available_parallelism().map_or(1, |cores| cores.get() as u32),
        memory_bytes: memory_bytes(&read(MEMORY_ALL), &read(MEMORY_LIMIT)),
        data_home: data_home(),
    }
}

fn memory_bytes(all: &str, limit: &str) -> u64 {
    let all = all.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let all = all.and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    let all = all.map_or(MEMORY_UNKNOWN_BYTES, |kib| kib << 10);
    // "max", or no such file: no limit.
    limit.trim().parse::<u64>().map_or(all, |limit| limit.min(all))
}

/// `$XDG_DATA_HOME`, or `~/.local/share`.
fn data_home() -> Option<PathBuf> {
    let set = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set("XDG_DATA_HOME").or_else(|| Some(set("HOME")?.join(".local/share")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_has_what_it_was_given() {
        let all = "MemTotal:       16000000 kB\nMemFree: 1 kB\n";
        assert_eq!(memory_bytes(all, "max\n"), 16_384_000_000);
        assert_eq!(memory_bytes(all, "1073741824\n"), 1 << 30);
        assert_eq!(memory_bytes("", ""), MEMORY_UNKNOWN_BYTES);
    }
}
