//! How much a store may have: memory, tables, instances, computing time.
//!
//! Sums over the whole store; wasmtime's own limiter counts each memory for itself.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wasmtime::ResourceLimiter;

use crate::error::Limit;

/// Linear memory of a store. The component needs one or two MiB; the largest answer that it reads has 8.
const MEMORY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A component is some core instances with adapters between them.
const INSTANCES_MAX: usize = 32;

/// One is used; adapters may bring their own.
const MEMORIES_MAX: usize = 4;

/// One for each core module.
const TABLES_MAX: usize = 16;

/// Function pointers, all tables together.
const TABLE_ELEMENTS_MAX: usize = 100_000;

/// What one call of a host function may bring along: a thousand row errors have 256 KiB.
pub(crate) const HOSTCALL_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Live handles; a call holds some dozens.
pub(crate) const HANDLES_MAX: usize = 8_192;

/// Host resources. Wasmtime 48 keeps one for each request with options, and a run may poll 60,000 times.
pub(crate) const TABLE_ENTRIES_MAX: usize = 65_536;

/// One set of headers. Ours have a kilobyte.
pub(crate) const FIELD_BYTES_MAX: usize = 32 * 1024;

/// Computing time of one call, waiting not counted: a run of a week needs seconds.
const CPU_MAX: Duration = Duration::from_mins(1);

/// Counts what a store has.
#[derive(Default)]
pub(crate) struct Limits {
    memory_bytes: usize,
    table_elements: usize,
    exceeded: Option<Limit>,
    busy: Arc<Busy>,
}

impl Limits {
    /// The limit that was met first, if any.
    pub(crate) const fn exceeded(&self) -> Option<Limit> {
        self.exceeded
    }

    /// Linear memory of all instances. Memories never shrink, so that this is also the most that there was.
    pub(crate) const fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }

    /// The clock of computing time, to be wound by [`metered`].
    pub(crate) fn busy(&self) -> Arc<Busy> {
        Arc::clone(&self.busy)
    }

    /// Whether the budget of computing time is used up.
    pub(crate) fn over_cpu_budget(&mut self) -> bool {
        let over = self.busy.micros() > u64::try_from(CPU_MAX.as_micros()).unwrap_or(u64::MAX);
        if over {
            self.exceeded = Some(Limit::Cpu);
        }
        over
    }
}

impl ResourceLimiter for Limits {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = self.memory_bytes.saturating_add(desired.saturating_sub(current));
        if total > MEMORY_BYTES_MAX {
            self.exceeded.get_or_insert(Limit::Memory);
            return Ok(false);
        }
        self.memory_bytes = total;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = self.table_elements.saturating_add(desired.saturating_sub(current));
        if total > TABLE_ELEMENTS_MAX {
            self.exceeded.get_or_insert(Limit::Tables);
            return Ok(false);
        }
        self.table_elements = total;
        Ok(true)
    }

    fn instances(&self) -> usize {
        INSTANCES_MAX
    }

    fn tables(&self) -> usize {
        TABLES_MAX
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX
    }
}

/// How long a call kept its thread computing, in all and since it was last woken.
#[derive(Default)]
pub(crate) struct Busy {
    /// Microseconds of the polls that ended.
    ended: AtomicU64,
    /// When the poll that goes on began, by [`thread_micros`].
    since: AtomicU64,
}

/// Microseconds on a clock that is only compared within one poll, which is on one thread.
///
/// On Linux the thread's own computing time: a busy machine must not use up what a component may compute.
#[cfg(all(target_os = "linux", feature = "platform"))]
fn thread_micros() -> u64 {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let micros = spent.tv_sec.saturating_mul(1_000_000).saturating_add(spent.tv_nsec / 1_000);
    u64::try_from(micros).unwrap_or(0)
}

#[cfg(not(all(target_os = "linux", feature = "platform")))]
fn thread_micros() -> u64 {
    use std::sync::OnceLock;
    use std::time::Instant;
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    u64::try_from(EPOCH.get_or_init(Instant::now).elapsed().as_micros()).unwrap_or(u64::MAX)
}

impl Busy {
    /// The computing time until now; asked within a poll of [`metered`].
    #[cfg(feature = "platform")]
    pub(crate) fn so_far(&self) -> Duration {
        Duration::from_micros(self.micros())
    }

    /// The computing time of the polls that ended; all of it when the call did.
    #[cfg(feature = "platform")]
    pub(crate) fn ended(&self) -> Duration {
        Duration::from_micros(self.ended.load(Ordering::Relaxed))
    }

    /// Only meaningful within a poll of [`metered`], which is where the engine asks.
    fn micros(&self) -> u64 {
        let running = thread_micros().saturating_sub(self.since.load(Ordering::Relaxed));
        self.ended.load(Ordering::Relaxed).saturating_add(running)
    }
}

/// Makes a call and counts its computing time: the time within its polls, since waiting happens between them.
pub(crate) async fn metered<F: Future>(call: F, busy: Arc<Busy>) -> F::Output {
    let mut call = Box::pin(call);
    poll_fn(|context| {
        let began = thread_micros();
        busy.since.store(began, Ordering::Relaxed);
        let polled = call.as_mut().poll(context);
        let took = thread_micros().saturating_sub(began);
        busy.ended.fetch_add(took, Ordering::Relaxed);
        polled
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_are_summed_and_the_first_limit_is_named() {
        let mut limits = Limits::default();
        for _ in 0..4 {
            assert!(limits.memory_growing(0, MEMORY_BYTES_MAX / 4, None).unwrap());
        }
        assert_eq!(limits.exceeded(), None);
        assert!(
            !limits.memory_growing(MEMORY_BYTES_MAX / 4, MEMORY_BYTES_MAX / 4 + 1, None).unwrap()
        );
        assert!(!limits.table_growing(0, TABLE_ELEMENTS_MAX + 1, None).unwrap());
        assert_eq!(limits.exceeded(), Some(Limit::Memory));
    }

    #[tokio::test]
    async fn waiting_is_free_and_computing_is_not() {
        let busy = Arc::new(Busy::default());
        let waits = tokio::time::sleep(Duration::from_millis(30));
        metered(waits, Arc::clone(&busy)).await;
        let waited = busy.ended.load(Ordering::Relaxed);
        assert!(waited < 20_000, "{waited} µs were counted for waiting");
        let computes = async {
            while busy.micros() < waited + 30_000 {
                std::hint::spin_loop();
            }
        };
        metered(computes, Arc::clone(&busy)).await;
        assert!(busy.ended.load(Ordering::Relaxed) >= waited + 30_000);
    }
}
