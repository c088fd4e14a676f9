//! Time and waiting, through WASI's two clocks.
//!
//! The wall clock dates events; every wait and every deadline is the monotonic clock's.

use wasi::clocks::{monotonic_clock, wall_clock};
use wasi::io::poll::{Pollable, poll};

const NANOS_PER_MS: u64 = 1_000_000;

/// Unix time.
pub(super) fn now_ms() -> u64 {
    let now = wall_clock::now();
    now.seconds.saturating_mul(1_000).saturating_add(u64::from(now.nanoseconds) / NANOS_PER_MS)
}

/// Sleeps.
pub(super) fn sleep_ms(ms: u64) {
    timer(ms).block();
}

/// Waits until one of the pollables is ready; false if the time ran out before.
///
/// Timers of our own, not wasi-http's `request-options`: its first-byte timeout counts the upload's own time, foreign hosts
/// default to 600 s, and in wasmtime 48 each use leaks an entry of the resource table.
pub(super) fn wait(on: &[&Pollable], patience_ms: u64) -> bool {
    let timer = timer(patience_ms);
    let mut all = on.to_vec();
    all.push(&timer);
    let timer_at = u32::try_from(on.len()).unwrap_or(u32::MAX);
    poll(&all).iter().any(|ready| *ready != timer_at)
}

/// A moment that waits end at, however often they begin.
#[derive(Clone, Copy)]
pub(super) struct Deadline(u64);

impl Deadline {
    /// So many milliseconds from now.
    pub(super) fn after_ms(ms: u64) -> Self {
        Self(monotonic_clock::now().saturating_add(ms.saturating_mul(NANOS_PER_MS)))
    }

    /// Milliseconds that are left; 0 once it is over.
    pub(super) fn left_ms(self) -> u64 {
        self.0.saturating_sub(monotonic_clock::now()).div_ceil(NANOS_PER_MS)
    }
}

fn timer(ms: u64) -> Pollable {
    monotonic_clock::subscribe_duration(ms.saturating_mul(NANOS_PER_MS))
}
