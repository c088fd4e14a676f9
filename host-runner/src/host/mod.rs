//! What a component is given, for embedders who own engine, store and linker: one file for each import of the contract.
//!
//! As in wasmtime's own crates: a [`HostedCtx`] lives in the store's data, [`HostedView`] finds it, [`add_to_linker`] links it. A
//! store belongs to one call of one tenant; nothing here outlives it. Who wants none of this uses [`Runner`](crate::runner::Runner).
//!
//! ```
//! use knosc_runner::host::{HostedCtx, HostedCtxView, HostedView};
//! use wasmtime_wasi::{ResourceTable, WasiCtx, WasiCtxView, WasiView};
//!
//! struct MyData {
//!     table: ResourceTable,
//!     wasi: WasiCtx,
//!     hosted: HostedCtx,
//! }
//!
//! impl WasiView for MyData {
//!     fn ctx(&mut self) -> WasiCtxView<'_> {
//!         WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
//!     }
//! }
//!
//! impl HostedView for MyData {
//!     fn hosted(&mut self) -> HostedCtxView<'_> {
//!         HostedCtxView { ctx: &mut self.hosted, table: &mut self.table }
//!     }
//! }
//! ```

pub(crate) mod blobs;
mod digest;
pub(crate) mod http;
mod journal;
pub(crate) mod limits;
mod linker;
mod tenancy;

use std::fmt;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use wasmtime::component::HasData;
use wasmtime_wasi::ResourceTable;
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView};

pub use self::linker::{add_only_hosted_to_linker, add_to_linker};
#[cfg(feature = "platform")]
pub(crate) use self::linker::{add_random, add_wasi};

use self::blobs::Opened;
use self::http::Hooks;
use crate::error::{Error, Limit};
use crate::journal::Journal;
use crate::progress::Progress;
use crate::tenant::Tenant;

/// What one call works on: a tenant, a journal, and what is under way.
pub struct HostedCtx {
    http: WasiHttpCtx,
    hooks: Hooks,
    journal: Arc<dyn Journal>,
    progress: Option<mpsc::Sender<Progress>>,
    digest: bool,
    /// The digest that each file must have, where it is known.
    pub(crate) expected: Vec<Option<[u8; 16]>>,
    /// The file whose content was asked for last.
    opened: Option<Opened>,
    /// Whether an upload's last bytes may have left, and its end is not journalled.
    sealed: watch::Sender<bool>,
    /// Why the host stopped the component, for the caller: the component only learns that it did.
    pub(crate) stopped: Option<Error>,
}

impl HostedCtx {
    /// For one call, whose facts go into this journal.
    pub fn new(tenant: Tenant, journal: Arc<dyn Journal>) -> Self {
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(limits::FIELD_BYTES_MAX);
        Self {
            http,
            hooks: Hooks::new(tenant),
            journal,
            progress: None,
            digest: true,
            expected: Vec::new(),
            opened: None,
            sealed: watch::Sender::new(false),
            stopped: None,
        }
    }

    /// Tells somebody how far the call is.
    #[must_use]
    pub fn progress(self, progress: Option<mpsc::Sender<Progress>>) -> Self {
        Self { progress, ..self }
    }

    /// Whether the journal is given each file's digest; it is by default.
    #[must_use]
    pub fn digest(self, digest: bool) -> Self {
        Self { digest, ..self }
    }

    /// Whether an upload's last bytes may have left and its answer is not in the journal.
    ///
    /// A store that is dropped meanwhile leaves an outcome that nobody knows; one that is dropped before drops an upload that
    /// nobody can have accepted.
    pub fn sealed(&self) -> watch::Receiver<bool> {
        self.sealed.subscribe()
    }

    /// Begins a call; its files follow in the order of its steps.
    pub(crate) fn begin(&mut self) {
        self.expected.clear();
        self.stopped = None;
    }

    /// Lets the component go no further: the caller learns why, and the component what it says here.
    fn stop<T>(&mut self, why: impl Into<Error>, said: &str) -> Result<T, String> {
        self.stopped = Some(why.into());
        Err(said.to_owned())
    }

    /// The digest that a file must have, where it is known before.
    fn expected(&self, step: usize) -> Option<[u8; 16]> {
        self.expected.get(step).copied().flatten()
    }

    /// A digest that is expected is compared even where none is asked for.
    fn wants_digest(&self, step: usize) -> bool {
        self.digest || self.expected(step).is_some()
    }
}

impl fmt::Debug for HostedCtx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostedCtx").field("tenant", &self.hooks.tenant).finish_non_exhaustive()
    }
}

/// A [`HostedCtx`] and the table of the store that it is in.
#[derive(Debug)]
pub struct HostedCtxView<'a> {
    /// What the call works on.
    pub ctx: &'a mut HostedCtx,
    /// Where the store keeps its resources.
    pub table: &'a mut ResourceTable,
}

impl<'a> HostedCtxView<'a> {
    fn http(self) -> WasiHttpCtxView<'a> {
        let HostedCtx { hooks, http, .. } = self.ctx;
        WasiHttpCtxView { hooks, table: self.table, ctx: http }
    }
}

/// Finds what the call works on in the data of a store.
pub trait HostedView: Send + 'static {
    /// Finds it.
    fn hosted(&mut self) -> HostedCtxView<'_>;

    /// Which limit of the store was met, where its owner counts: it tells a component that was stopped from one that failed.
    fn limit(&self) -> Option<Limit> {
        None
    }
}

struct HasHosted;

impl HasData for HasHosted {
    type Data<'a> = HostedCtxView<'a>;
}
