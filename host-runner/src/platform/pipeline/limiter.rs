//! What a pipeline's store may grow to, summed over all of it; wasmtime's own limiter counts each memory for itself.
//!
//! Counts and refuses; remembers the first limit that was met, so that the error can name it.

use std::sync::{Arc, OnceLock};

use wasmtime::ResourceLimiter;

use crate::platform::limits::{PipelineLimit, PipelineLimits};

/// The first limit that a run met, told by whoever enforces it. Clones are the same run's.
#[derive(Clone, Debug, Default)]
pub(super) struct Met(Arc<OnceLock<PipelineLimit>>);

impl Met {
    /// Notes a limit; the first one stays.
    pub(super) fn note(&self, limit: PipelineLimit) {
        self.0.get_or_init(|| limit);
    }

    /// The first one.
    pub(super) fn first(&self) -> Option<PipelineLimit> {
        self.0.get().copied()
    }
}

/// The sums of one store.
pub(super) struct Limiter {
    limits: PipelineLimits,
    memory_bytes: u64,
    table_elements: u64,
    met: Met,
}

impl Limiter {
    pub(super) const fn new(limits: PipelineLimits, met: Met) -> Self {
        Self { limits, memory_bytes: 0, table_elements: 0, met }
    }

    /// What the operator gave.
    pub(super) const fn limits(&self) -> &PipelineLimits {
        &self.limits
    }

    /// The first limit that was met.
    pub(super) fn met(&self) -> Option<PipelineLimit> {
        self.met.first()
    }

    /// Linear memory of the store. It never shrinks, so that this is also the most that there was.
    pub(super) const fn memory_bytes(&self) -> u64 {
        self.memory_bytes
    }

    /// Notes that a limit was met; the first one stays.
    pub(super) fn meet(&self, limit: PipelineLimit) {
        self.met.note(limit);
    }

    /// Adds to a sum, or notes that its limit was met.
    fn grow(
        &mut self,
        sum: u64,
        current: usize,
        desired: usize,
        limit: PipelineLimit,
    ) -> Option<u64> {
        let more = u64::try_from(desired.saturating_sub(current)).unwrap_or(u64::MAX);
        let total = sum.saturating_add(more);
        if total > self.limits.get(limit) {
            self.meet(limit);
            return None;
        }
        Some(total)
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let grown = self.grow(self.memory_bytes, current, desired, PipelineLimit::Memory);
        self.memory_bytes = grown.unwrap_or(self.memory_bytes);
        Ok(grown.is_some())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let grown = self.grow(self.table_elements, current, desired, PipelineLimit::TableElements);
        self.table_elements = grown.unwrap_or(self.table_elements);
        Ok(grown.is_some())
    }

    fn instances(&self) -> usize {
        self.limits.get_usize(PipelineLimit::Instances)
    }

    fn tables(&self) -> usize {
        self.limits.get_usize(PipelineLimit::Tables)
    }

    fn memories(&self) -> usize {
        self.limits.get_usize(PipelineLimit::Memories)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_are_summed_and_the_first_limit_is_named() {
        let mut limits = PipelineLimits::default();
        limits.set(PipelineLimit::Memory, 4 * 1024 * 1024).unwrap();
        let mut limiter = Limiter::new(limits, Met::default());
        let mib = 1024 * 1024;
        assert!(limiter.memory_growing(0, 2 * mib, None).unwrap());
        assert!(limiter.memory_growing(0, 2 * mib, None).unwrap());
        assert!(!limiter.memory_growing(2 * mib, 2 * mib + 1, None).unwrap());
        assert!(!limiter.table_growing(0, 100_001, None).unwrap());
        assert_eq!(limiter.met(), Some(PipelineLimit::Memory));
    }
}
