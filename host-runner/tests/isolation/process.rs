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

/// Processes that this one started and that are still there, those that were never waited for among them.
pub(crate) fn children() -> usize {
    let myself = std::process::id().to_string();
    let Ok(processes) = fs::read_dir("/proc") else { return 0 };
    let is_child = |path: std::path::PathBuf| {
        let stat = fs::read_to_string(path.join("stat")).unwrap_or_default();
        let after = stat.rsplit_once(") ").map(|(_, after)| after.to_owned());
        after.is_some_and(|after| after.split(' ').nth(1) == Some(myself.as_str()))
    };
    processes.filter(|entry| entry.as_ref().is_ok_and(|entry| is_child(entry.path()))).count()
}
