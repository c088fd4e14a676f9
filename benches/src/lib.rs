//! What the programs of this package share: a process's memory as the system shows it. Measures nothing else.

use std::fs;

/// A figure of `/proc/PROCESS/status` in KiB, such as `VmRSS`; none where there is no procfs or no such line, as of a zombie.
pub fn status_kib(process: &str, field: &str) -> Option<u32> {
    let text = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    line.trim().trim_end_matches(" kB").trim().parse().ok()
}
