//! What a store holds and what its component may call: one file for each import of the contract.
//!
//! A store belongs to one call of one tenant; nothing here outlives it.

pub(crate) mod blobs;
mod digest;
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
use crate::blobs::{BlobSource, BlobSourceError};
use crate::error::Error;
use crate::journal::{Journal, JournalError};
use crate::progress::Progress;
use crate::tenant::Tenant;

/// What one call works on.
pub(crate) struct CallConfig {
    pub(crate) blobs: Vec<Arc<dyn BlobSource>>,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) progress: Option<mpsc::Sender<Progress>>,
    /// Whether each file's digest is made.
    pub(crate) digest: bool,
}

/// Why the host let a component go no further.
#[derive(Clone, Debug)]
pub(crate) enum Stopped {
    /// The journal did not take or give its events.
    Journal(JournalError),
    /// The file is not the one that was planned.
    Blob(BlobSourceError),
}

impl From<Stopped> for Error {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Journal(error) => error.into(),
            Stopped::Blob(error) => error.into(),
        }
    }
}

/// The data of a store.
pub(crate) struct HostState {
    pub(crate) table: ResourceTable,
    pub(crate) limits: Limits,
    /// Why the host stopped the component, for the caller: the component only learns that it did.
    pub(crate) stopped: Option<Stopped>,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Hooks,
    tenant: Tenant,
    journal: Arc<dyn Journal>,
    progress: Option<mpsc::Sender<Progress>>,
    /// The digest that each file must have, where it is known.
    expected: Vec<Option<[u8; 32]>>,
    digest: bool,
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
            stopped: None,
            wasi: WasiCtx::builder().build(),
            http,
            hooks: Hooks::new(tenant.clone()),
            tenant,
            journal: config.journal,
            progress: config.progress,
            expected: config.blobs.iter().map(|blob| blob.sha256()).collect(),
            digest: config.digest,
            opened: None,
            sealed,
        };
        (state, watching)
    }

    /// The digest that a file must have, where it is known before.
    fn expected(&self, step: usize) -> Option<[u8; 32]> {
        self.expected.get(step).copied().flatten()
    }

    /// A digest that is expected is compared even where none is asked for.
    fn wants_digest(&self, step: usize) -> bool {
        self.digest || self.expected(step).is_some()
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
