//! The hosted component in an engine, a linker and a store of the test's own: what a store has is the test's to limit and to read.
//!
//! Asserts nothing. The runner's own stores have the same imports (`add_to_linker`) and other limits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use knosc_bulk_import::session::Session;
use knosc_runner::credentials::{Secret, StaticCredentials};
use knosc_runner::engine::HOSTED_COMPONENT;
use knosc_runner::error::Limit;
use knosc_runner::host::{HostedCtx, HostedCtxView, HostedView, add_to_linker};
use knosc_runner::importer::ImporterPre;
use knosc_runner::journal::Journal;
use knosc_runner::net::ClientConfig;
use knosc_runner::tenant::{Tenant, TenantConfig};
use wasmtime::component::{Component, Linker, Resource};
use wasmtime::{Config, Engine, ResourceLimiter, Store, StoreContextMut};
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};
use wasmtime_wasi::{HostWallClock, ResourceTable, WasiCtx, WasiCtxView, WasiView, async_trait};

/// Longer waits are the component's patience with a peer; shorter ones are pauses between polls.
const PAUSE_MAX: Duration = Duration::from_millis(60);

/// Linear memory of a store, all instances together.
pub(crate) struct Memory {
    pub(crate) bytes: usize,
    pub(crate) bytes_max: usize,
    /// Whether the component was refused more.
    pub(crate) ran_out: bool,
}

impl ResourceLimiter for Memory {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = self.bytes + (desired - current);
        self.ran_out |= total > self.bytes_max;
        if total > self.bytes_max {
            return Ok(false);
        }
        self.bytes = total;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(true)
    }
}

/// What a store has while its component pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Figures {
    /// Entries of the resource table.
    pub(crate) resources: usize,
    pub(crate) memory_bytes: usize,
}

/// Told at each pause.
pub(crate) type OnPause = Box<dyn FnMut(Figures) + Send>;

/// The data of such a store.
pub(crate) struct Data {
    table: ResourceTable,
    wasi: WasiCtx,
    hosted: HostedCtx,
    pub(crate) memory: Memory,
    pub(crate) on_pause: Option<OnPause>,
    /// How much later it is than it would be, by pauses that took no time.
    ahead: Arc<AtomicU64>,
}

impl WasiView for Data {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl HostedView for Data {
    fn hosted(&mut self) -> HostedCtxView<'_> {
        HostedCtxView { ctx: &mut self.hosted, table: &mut self.table }
    }

    fn limit(&self) -> Option<Limit> {
        self.memory.ran_out.then_some(Limit::Memory)
    }
}

/// An engine with the component, linked.
pub(crate) struct OwnEngine {
    pub(crate) engine: Engine,
    pub(crate) importer: ImporterPre<Data>,
}

impl OwnEngine {
    pub(crate) fn new(config: &Config) -> Self {
        let engine = Engine::new(config).unwrap();
        let component = Component::from_binary(&engine, HOSTED_COMPONENT).unwrap();
        let importer = ImporterPre::new(linker(&engine).instantiate_pre(&component).unwrap());
        Self { importer: importer.unwrap(), engine }
    }

    /// The same, where a pause takes no time: a hundred thousand polls are made in a minute.
    pub(crate) fn without_pauses() -> Self {
        let engine = Engine::default();
        let component = Component::from_binary(&engine, HOSTED_COMPONENT).unwrap();
        let mut linker = linker(&engine);
        let clock = {
            let types = component.component_type();
            let mut names = types.imports(&engine).map(|(name, _)| name.to_owned());
            names.find(|name| name.starts_with("wasi:clocks/monotonic-clock@")).unwrap()
        };
        linker.allow_shadowing(true);
        let mut clock = linker.instance(&clock).unwrap();
        clock.func_wrap("subscribe-duration", subscribe_duration).unwrap();
        let importer = ImporterPre::new(linker.instantiate_pre(&component).unwrap()).unwrap();
        Self { engine, importer }
    }

    pub(crate) fn store(&self, tenant: Tenant, journal: Arc<dyn Journal>) -> Store<Data> {
        let ahead = Arc::new(AtomicU64::new(0));
        let clock = Ahead(Arc::clone(&ahead));
        let data = Data {
            table: ResourceTable::new(),
            wasi: WasiCtx::builder().wall_clock(clock).build(),
            hosted: HostedCtx::new(tenant, journal),
            memory: Memory { bytes: 0, bytes_max: usize::MAX, ran_out: false },
            on_pause: None,
            ahead,
        };
        let mut store = Store::new(&self.engine, data);
        store.limiter(|data| &mut data.memory);
        store
    }
}

fn linker(engine: &Engine) -> Linker<Data> {
    let mut linker = Linker::<Data>::new(engine);
    add_to_linker(&mut linker).unwrap();
    linker
}

/// A tenant of whoever listens at `origin`, with this session.
pub(crate) fn tenant(origin: &str, session: Session) -> Tenant {
    let tenant = Tenant::new(TenantConfig {
        name: "acme".to_owned(),
        origin: origin.parse().unwrap(),
        client: ClientConfig::default(),
        credentials: Arc::new(StaticCredentials::new(Secret::Session(session))),
    });
    tenant.unwrap()
}

/// The wall clock, as if every pause had taken its time. Nanoseconds.
struct Ahead(Arc<AtomicU64>);

impl HostWallClock for Ahead {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self) -> Duration {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        now + Duration::from_nanos(self.0.load(Ordering::SeqCst))
    }
}

/// A wait of the component's.
struct Wait(Duration);

#[async_trait]
impl Pollable for Wait {
    async fn ready(&mut self) {
        if self.0 > PAUSE_MAX {
            tokio::time::sleep(self.0).await;
        }
    }
}

fn subscribe_duration(
    mut store: StoreContextMut<'_, Data>,
    (nanos,): (u64,),
) -> wasmtime::Result<(Resource<DynPollable>,)> {
    let (wait, data) = (Duration::from_nanos(nanos), store.data_mut());
    let resources = data.table.iter_mut().count();
    if wait <= PAUSE_MAX {
        data.ahead.fetch_add(nanos, Ordering::SeqCst);
        if let Some(on_pause) = &mut data.on_pause {
            on_pause(Figures { resources, memory_bytes: data.memory.bytes });
        }
    }
    let wait = data.table.push(Wait(wait))?;
    Ok((subscribe(&mut data.table, wait)?,))
}
