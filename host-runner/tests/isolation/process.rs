//! What the process has: memory, open files, threads. As the system says it; none where it says nothing.

use std::fs;

/// Bytes in memory now, and at their most since [`forget_peak`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pub(crate) now: u64,
    pub(crate) peak: u64,
}

pub(crate) fn memory() -> Option<Memory> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let figure = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
    };
    Some(Memory { now: figure("VmRSS:")?, peak: figure("VmHWM:")? })
}

/// Begins a new peak.
pub(crate) fn forget_peak() {
    // Where the system has no such file, `memory` says nothing either.
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// Open files, sockets among them.
pub(crate) fn open_files() -> Option<usize> {
    Some(fs::read_dir("/proc/self/fd").ok()?.count())
}
