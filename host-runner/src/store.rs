//! The runner's own stores: a store for each call, with its limits.
//!
//! An embedder's stores are made by the embedder.

use wasmtime::{Store, UpdateDeadline};
use wasmtime_wasi::{ResourceTable, WasiCtx, WasiCtxView, WasiView};

use crate::engine::Runtime;
use crate::error::Limit;
use crate::host::limits::{self, Limits};
use crate::host::{HostedCtx, HostedCtxView, HostedView};

/// The data of a store.
pub(crate) struct CallState {
    pub(crate) limits: Limits,
    table: ResourceTable,
    wasi: WasiCtx,
    hosted: HostedCtx,
}

/// A store for one call.
pub(crate) fn new(runtime: &Runtime, hosted: HostedCtx) -> Store<CallState> {
    let mut table = ResourceTable::new();
    table.set_max_capacity(limits::TABLE_ENTRIES_MAX);
    let wasi = WasiCtx::builder().build();
    let state = CallState { limits: Limits::default(), table, wasi, hosted };
    let mut store = Store::new(runtime.importer().engine(), state);
    store.limiter(|state| &mut state.limits);
    store.set_hostcall_fuel(limits::HOSTCALL_BYTES_MAX);
    store.set_max_component_handles(limits::HANDLES_MAX);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|mut context| {
        if context.data_mut().limits.over_cpu_budget() {
            return Ok(UpdateDeadline::Interrupt);
        }
        Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
    });
    store
}

impl WasiView for CallState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl HostedView for CallState {
    fn hosted(&mut self) -> HostedCtxView<'_> {
        HostedCtxView { ctx: &mut self.hosted, table: &mut self.table }
    }

    fn limit(&self) -> Option<Limit> {
        self.limits.exceeded()
    }
}

impl Drop for CallState {
    fn drop(&mut self) {
        // What a call cost, for whoever watches the machine.
        tracing::debug!(guest_memory_bytes = self.limits.memory_bytes(), "a call ended");
    }
}
