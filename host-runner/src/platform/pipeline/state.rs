//! What a pipeline's store holds, and what its component may call.
//!
//! A store belongs to one run of one tenant. No secret is in here but those that the host adds to requests of the pipeline's own
//! origins, and those lie outside of what the component can read.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use wasmtime::component::{HasSelf, Linker, Resource};
use wasmtime_wasi::p2::DynInputStream;
use wasmtime_wasi::{ResourceTable, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use super::Used;
use super::bindings::{self, knosc::bulk_import::pieces};
use super::http::PipelineHooks;
use super::jobs::Jobs;
use super::limiter::{Limiter, Met};
use super::log::{LogSink, Stream};
use super::open_file::OpenFile;
use super::scratch::Scratch;
use super::wall::Wall;
use crate::bindings::knosc::bulk_import::blobs;
use crate::host::blobs::Blob;
use crate::host::limits::Busy;
use crate::platform::limits::{PipelineLimit, PipelineLimits};

/// Random bytes of one call: keys and seeds, not files.
const RANDOM_BYTES_MAX: u64 = 64 * 1024;

/// The data of a pipeline's store.
pub(super) struct PipelineState {
    pub(super) table: ResourceTable,
    pub(super) limiter: Limiter,
    pub(super) busy: Arc<Busy>,
    pub(super) jobs: Jobs,
    pub(super) job_calls: u64,
    pub(super) scratch: Scratch,
    pub(super) wall: Arc<Wall>,
    open_files: Arc<Semaphore>,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: PipelineHooks,
}

impl PipelineState {
    pub(super) fn new(
        limits: PipelineLimits,
        jobs: Jobs,
        scratch: Scratch,
        hooks: PipelineHooks,
        log: &LogSink,
        met: Met,
    ) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.get_usize(PipelineLimit::Resources));
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(limits.get_usize(PipelineLimit::HeaderBytes));
        let mut wasi = WasiCtx::builder();
        wasi.stdout(log.stream(Stream::Out))
            .stderr(log.stream(Stream::Err))
            .max_random_size(RANDOM_BYTES_MAX);
        let wall = Wall::start(limits.get_time(PipelineLimit::Wall));
        Self {
            table,
            open_files: Arc::new(Semaphore::new(limits.get_usize(PipelineLimit::OpenFiles))),
            limiter: Limiter::new(limits, met),
            busy: Arc::new(Busy::default()),
            jobs,
            job_calls: 0,
            scratch,
            wall,
            wasi: wasi.build(),
            http,
            hooks,
        }
    }

    /// What the operator gave.
    pub(super) const fn limits(&self) -> &PipelineLimits {
        self.limiter.limits()
    }

    /// Notes a limit that was met, and says so to the pipeline.
    pub(super) fn over(&self, limit: PipelineLimit) -> String {
        self.limiter.meet(limit);
        let row = limit.row();
        format!("over the limit: {} = {}", row.key, row.unit.show(self.limits().get(limit)))
    }

    /// What the run used so far.
    pub(super) fn used(&self) -> Used {
        Used {
            memory_bytes: self.limiter.memory_bytes(),
            computed: self.busy.ended(),
            took: Duration::ZERO,
            requests: self.hooks.made(),
            job_calls: self.job_calls,
            scratch_bytes: self.scratch.bytes(),
        }
    }

    /// Whether the run computed as long as it may.
    pub(super) fn over_cpu_budget(&self) -> bool {
        let over = self.busy.so_far() > self.limits().get_time(PipelineLimit::Cpu);
        if over {
            self.limiter.meet(PipelineLimit::Cpu);
        }
        over
    }
}

/// Links what a pipeline may import; `wasi:http` only where the operator granted an origin.
pub(super) fn link(
    engine: &wasmtime::Engine,
    with_http: bool,
) -> wasmtime::Result<Linker<PipelineState>> {
    let mut linker = Linker::new(engine);
    crate::host::add_wasi(&mut linker)?;
    crate::host::add_random(&mut linker)?;
    if with_http {
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    }
    blobs::add_to_linker::<_, HasSelf<PipelineState>>(&mut linker, |state| state)?;
    pieces::add_to_linker::<_, HasSelf<PipelineState>>(&mut linker, |state| state)?;
    let import = bindings::knosc::bulk_import::scratch::add_to_linker::<_, HasSelf<PipelineState>>;
    import(&mut linker, |state| state)?;
    let import = bindings::knosc::bulk_import::jobs::add_to_linker::<_, HasSelf<PipelineState>>;
    import(&mut linker, |state| state)?;
    Ok(linker)
}

impl blobs::Host for PipelineState {}

impl blobs::HostBlob for PipelineState {
    async fn name(&mut self, blob: Resource<Blob>) -> wasmtime::Result<String> {
        Ok(self.table.get(&blob)?.source().name().to_owned())
    }

    async fn size(&mut self, blob: Resource<Blob>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&blob)?.source().size())
    }

    async fn duplicate(&mut self, blob: Resource<Blob>) -> wasmtime::Result<Resource<Blob>> {
        let twin = self.table.get(&blob)?.clone();
        Ok(self.table.push(twin)?)
    }

    async fn open(
        &mut self,
        blob: Resource<Blob>,
        offset: u64,
    ) -> wasmtime::Result<Result<Resource<DynInputStream>, String>> {
        let blob = self.table.get(&blob)?;
        let Ok(place) = Arc::clone(&self.open_files).try_acquire_owned() else {
            return Ok(Err(self.over(PipelineLimit::OpenFiles)));
        };
        match blob.read_from(offset) {
            Ok(content) => {
                let stream: DynInputStream = Box::new(OpenFile { content, _place: place });
                Ok(Ok(self.table.push(stream)?))
            }
            Err(reason) => Ok(Err(reason)),
        }
    }

    async fn drop(&mut self, blob: Resource<Blob>) -> wasmtime::Result<()> {
        self.table.delete(blob)?;
        Ok(())
    }
}

impl pieces::Host for PipelineState {
    async fn read(
        &mut self,
        blob: Resource<Blob>,
        offset: u64,
        len: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, String>> {
        let piece = self.table.get(&blob)?.piece(offset, len).await;
        Ok(piece.map(|bytes| bytes.to_vec()))
    }
}

impl WasiView for PipelineState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for PipelineState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.hooks, table: &mut self.table, ctx: &mut self.http }
    }
}
