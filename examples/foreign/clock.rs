//! A clock of the embedder's: a workflow engine that replays gives its workflow's time, not the machine's.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use knosc_runner::clock::Clock;

/// Stands still until its engine moves it.
pub(crate) struct WorkflowClock {
    now_ms: AtomicU64,
}

impl WorkflowClock {
    /// Takes the time at which the workflow began.
    pub(crate) fn starting_now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { now_ms: AtomicU64::new(u64::try_from(since.as_millis()).unwrap_or(u64::MAX)) }
    }

    /// Moves on; the engine calls this for each activity.
    #[allow(dead_code, reason = "an engine would; this example has one activity")]
    pub(crate) fn advance(&self, ms: u64) {
        self.now_ms.fetch_add(ms, Ordering::AcqRel);
    }
}

impl Clock for WorkflowClock {
    fn now_ms(&self) -> u64 {
        self.now_ms.load(Ordering::Acquire)
    }
}
