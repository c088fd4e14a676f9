//! The engine of pipelines: what it lets a component use, and the pool that all stores take their memory from.
//!
//! The pool is address space until somebody writes to it, and is given back after each run.

use std::fmt;

use wasmtime::{Config, Engine, PoolingAllocationConfig};

use crate::engine::compiling_config;
use crate::platform::limits::PipelineLimit;

/// Of a fiber's stack, what host functions get beside the pipeline's own code.
const HOST_STACK_BYTES: usize = 1536 * 1024;

/// What wasmtime keeps for each instance: function pointers and types. The largest module of `CPython` has some 300 KiB.
const INSTANCE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What admission takes, and nothing more, to run: with the operator's figure for the stack, and a pool that has room for every run that may be under way.
pub(super) fn running_config(stack_bytes: usize, runs_max: u64) -> Config {
    let most = |limit: PipelineLimit| limit.row().max;
    let in_all = |each: u64| u32::try_from(each.saturating_mul(runs_max)).unwrap_or(u32::MAX);
    let each = |limit| u32::try_from(most(limit)).unwrap_or(u32::MAX);
    let bytes = |figure: u64| usize::try_from(figure).unwrap_or(usize::MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(in_all(1))
        .total_core_instances(in_all(most(PipelineLimit::Instances)))
        .total_memories(in_all(most(PipelineLimit::Memories)))
        .total_tables(in_all(most(PipelineLimit::Tables)))
        .total_stacks(in_all(1))
        .max_component_instance_size(INSTANCE_BYTES_MAX)
        .max_core_instance_size(INSTANCE_BYTES_MAX)
        .max_core_instances_per_component(each(PipelineLimit::Instances))
        .max_memories_per_component(each(PipelineLimit::Memories))
        .max_tables_per_component(each(PipelineLimit::Tables))
        .max_memories_per_module(each(PipelineLimit::Memories))
        .max_tables_per_module(each(PipelineLimit::Tables))
        .max_memory_size(bytes(most(PipelineLimit::Memory)))
        .table_elements(bytes(most(PipelineLimit::TableElements)));
    let mut config = compiling_config();
    config
        .max_wasm_stack(stack_bytes)
        .async_stack_size(stack_bytes.saturating_add(HOST_STACK_BYTES))
        .async_stack_zeroing(true)
        .allocation_strategy(pool);
    config
}

/// What runs hold of the pool now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolUse {
    /// Components that are instantiated.
    pub components: u64,
    /// Core instances in them.
    pub instances: u64,
    /// Linear memories.
    pub memories: u64,
    /// Tables.
    pub tables: u64,
    /// Stacks.
    pub stacks: u64,
    /// Tasks on the threads of tenants' code.
    pub tasks: u64,
}

impl PoolUse {
    pub(super) fn of(engine: &Engine) -> Self {
        let Some(metrics) = engine.pooling_allocator_metrics() else { return Self::default() };
        Self {
            components: metrics.component_instances(),
            instances: metrics.core_instances(),
            memories: metrics.memories() as u64,
            tables: metrics.tables() as u64,
            stacks: metrics.stacks() as u64,
            tasks: 0,
        }
    }
}

impl fmt::Display for PoolUse {
    /// As Prometheus reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gauges = [
            ("components", self.components),
            ("instances", self.instances),
            ("memories", self.memories),
            ("tables", self.tables),
            ("stacks", self.stacks),
            ("tasks", self.tasks),
        ];
        for (what, figure) in gauges {
            writeln!(f, "# TYPE knosc_pool_{what} gauge\nknosc_pool_{what} {figure}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};

    use super::*;

    /// wasmtime refuses code of an engine whose figure is another one.
    #[test]
    fn the_running_engine_takes_what_a_child_compiled() {
        let figure = |config: Config| {
            let mut hasher = DefaultHasher::new();
            Engine::new(&config).unwrap().precompile_compatibility_hash().hash(&mut hasher);
            hasher.finish()
        };
        assert_eq!(figure(running_config(512 * 1024, 32)), figure(compiling_config()));
    }
}
