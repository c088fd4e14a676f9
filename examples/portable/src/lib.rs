//! The portable component in the stock wasmtime engine: this file is all that an embedder writes.
//!
//! Uses nothing of this project but the contract in `wit/`. The stock HTTP client of wasmtime-wasi-http connects anywhere: a platform
//! that runs other people's code wants the runner, which does not.

use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Engine, Result, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

#[allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused_qualifications,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    reason = "bindgen-generated code"
)]
mod generated {
    wasmtime::component::bindgen!({
        path: "../../wit",
        inline: "
            package local:embedding;

            /// What the embedder calls; wasmtime's own crates give the imports.
            world embedding {
                export knosc:bulk-import/sessions@0.1.0;
                export knosc:bulk-import/importer@0.1.0;
                export knosc:bulk-import/planner@0.1.0;
            }
        ",
        world: "local:embedding/embedding",
        exports: { default: async },
    });
}

pub use generated::Embedding as Portable;
pub use generated::exports::knosc::bulk_import::{importer, planner, sessions};
pub use generated::knosc::bulk_import::types;

/// What a store of the component holds.
pub struct State {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    table: ResourceTable,
}

impl State {
    /// With what is granted to the component.
    pub fn new(grants: &mut WasiCtxBuilder) -> Self {
        Self { wasi: grants.build(), http: WasiHttpCtx::new(), table: ResourceTable::new() }
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").finish_non_exhaustive()
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: Default::default() }
    }
}

/// Compiles the component and instantiates it with the given WASI context (environment variables, preopened folders).
///
/// # Errors
/// As wasmtime gives them: bytes that are no component of this world.
pub async fn instantiate(
    wasm: &[u8],
    grants: &mut WasiCtxBuilder,
) -> Result<(Store<State>, Portable)> {
    let mut store = Store::new(&Engine::default(), State::new(grants));
    let portable = instantiate_in(&mut store, wasm).await?;
    Ok((store, portable))
}

/// The same in a store of the caller's, which may have limits or other data.
///
/// # Errors
/// As [`instantiate`].
pub async fn instantiate_in<T: WasiView + WasiHttpView + 'static>(
    store: &mut Store<T>,
    wasm: &[u8],
) -> Result<Portable> {
    let component = Component::from_binary(store.engine(), wasm)?;
    let mut linker = Linker::new(store.engine());
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    Portable::instantiate_async(store, &component, &linker).await
}
