//! What a store holds and what its component may call: one file for each import of the contract.
//!
//! A store belongs to one call of one tenant; nothing here outlives it.

pub(crate) mod blobs;
mod exact_body;
mod http;
mod journal;
pub(crate) mod limits;
mod tenancy;

use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use wasmtime_wasi::{ResourceTable, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use self::blobs::Opened;
use self::http::Hooks;
use self::limits::Limits;
use crate::blobs::BlobSource;
use crate::journal::{Journal, JournalError};
use crate::progress::Progress;
use crate::tenant::Tenant;

/// What one call works on.
pub(crate) struct CallConfig {
    pub(crate) blobs: Vec<Arc<dyn BlobSource>>,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) progress: Option<mpsc::Sender<Progress>>,
}

/// The data of a store.
pub(crate) struct HostState {
    pub(crate) table: ResourceTable,
    pub(crate) limits: Limits,
    /// Why the journal did not take an event, for the caller: the component only learns that it did not.
    pub(crate) journal_error: Option<JournalError>,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Hooks,
    tenant: Tenant,
    journal: Arc<dyn Journal>,
    progress: Option<mpsc::Sender<Progress>>,
    file_count: usize,
    /// The file whose content was asked for last.
    opened: Option<Opened>,
    /// Whether an upload's last bytes may have left, and its end is not journalled.
    sealed: watch::Sender<bool>,
}

impl HostState {
    /// The data of a new store, and a way to watch whether an upload waits for its answer.
    pub(crate) fn new(tenant: Tenant, config: CallConfig) -> (Self, watch::Receiver<bool>) {
        let (sealed, watching) = watch::channel(false);
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits::TABLE_ENTRIES_MAX);
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(limits::FIELD_BYTES_MAX);
        let state = Self {
            table,
            limits: Limits::default(),
            journal_error: None,
            wasi: WasiCtx::builder().build(),
            http,
            hooks: Hooks::new(tenant.clone()),
            tenant,
            journal: config.journal,
            progress: config.progress,
            file_count: config.blobs.len(),
            opened: None,
            sealed,
        };
        (state, watching)
    }
}

impl WasiView for HostState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for HostState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.hooks, table: &mut self.table, ctx: &mut self.http }
    }
}
