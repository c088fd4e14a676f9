//! From a tenant's bytes to a pipeline that can be started: scanned here, validated and compiled by children, mapped from the cache.
//!
//! Runs none of a component's code. In this process it reads headers of sections and a digest, and nothing else of a component.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use wasmtime::component::Component;

use super::admission::{self, Admitted, Outline, Refused};
use super::compile::{
    Children, CompileError, CompileLimits, Compiler, Place, Queue, QueueLimits, Verdicts,
};
use super::host_limits::{HostLimit, HostLimits};
use super::limits::PipelineLimit;
use super::pipeline::{Pipeline, PipelineEngine};
use super::submission::SubmitError;
use super::tenants::TenantSpec;
use crate::engine::cache::Cache;

/// What prepares pipelines.
pub(super) struct Preparing {
    pub(super) engine: PipelineEngine,
    pub(super) compiler: Compiler,
    pub(super) cache_dir: PathBuf,
    pub(super) queue: Arc<Queue>,
    pub(super) verdicts: Verdicts,
}

/// A tenant and the limits that hold for this submission of it.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) spec: &'a TenantSpec,
    pub(super) compile: CompileLimits,
    pub(super) host: HostLimits,
}

impl<'a> Given<'a> {
    /// The limits of the operator's file; machine code of one component is bounded by what its tenant may keep, too.
    pub(super) fn new(spec: &'a TenantSpec, mut compile: CompileLimits, host: HostLimits) -> Self {
        compile.code_bytes = compile.code_bytes.min(spec.limits.get(PipelineLimit::Code));
        Self { spec, compile, host }
    }

    fn queue(&self) -> QueueLimits {
        QueueLimits {
            host: self.host.get(HostLimit::Compiles),
            host_waiting: self.host.get(HostLimit::CompilesWaiting),
            tenant: self.spec.limits.get(PipelineLimit::Compiles),
            tenant_waiting: self.spec.limits.get(PipelineLimit::CompilesWaiting),
        }
    }
}

impl Preparing {
    /// Decides whether a tenant may run a component.
    ///
    /// # Errors
    /// [`SubmitError::Refused`], or why no child could say.
    pub(super) async fn admit(
        &self,
        given: Given<'_>,
        wasm: &Bytes,
    ) -> Result<Admitted, SubmitError> {
        let sha256 = scanned(given, wasm).await?;
        let outline = match &self.compiler {
            Compiler::InProcess => Outline::read(wasm),
            Compiler::Child { .. } => self.outline(given, wasm, &sha256).await?,
        };
        Ok(admission::judge(given.spec, outline?, (sha256, wasm.len()))?)
    }

    /// Compiles an admitted component, or maps its code from the cache, and links it for its tenant.
    ///
    /// # Errors
    /// [`SubmitError::Compile`], or that too many wait.
    pub(super) async fn pipeline(
        &self,
        given: Given<'_>,
        wasm: &Bytes,
        admitted: Admitted,
    ) -> Result<Pipeline, SubmitError> {
        let component = match &self.compiler {
            Compiler::InProcess => self
                .engine
                .compile_here(admitted.sha256, wasm)
                .map_err(|error| CompileError::Wasm(format!("{error:#}")))?,
            Compiler::Child { .. } => self.code(given, wasm, &admitted.sha256).await?,
        };
        Ok(self.engine.link(given.spec, admitted, &component)?)
    }

    /// The outline that a child read, now or before.
    async fn outline(
        &self,
        given: Given<'_>,
        wasm: &Bytes,
        sha256: &[u8; 32],
    ) -> Result<Result<Outline, Refused>, SubmitError> {
        let cache = self.cache(given.spec, sha256)?;
        if let Some(outline) = self.verdicts.outline(&cache) {
            return Ok(outline);
        }
        self.failed_before(&cache, given)?;
        let place = self.queue.place(&given.spec.name, given.queue()).await?;
        // Another submission of the same component may have been first.
        if let Some(outline) = self.verdicts.outline(&cache) {
            return Ok(outline);
        }
        self.failed_before(&cache, given)?;
        let asked = self.children(given)?.admit(wasm).await;
        drop(place);
        let outline = self.remembered(&cache, given, asked)?;
        self.verdicts.keep_outline(&cache, &outline);
        Ok(outline)
    }

    /// Machine code that a child compiled, now or before.
    async fn code(
        &self,
        given: Given<'_>,
        wasm: &Bytes,
        sha256: &[u8; 32],
    ) -> Result<Component, SubmitError> {
        let cache = self.cache(given.spec, sha256)?;
        if let Some(component) = cache.load(self.engine.engine()) {
            return Ok(component);
        }
        self.failed_before(&cache, given)?;
        let place = self.queue.place(&given.spec.name, given.queue()).await?;
        if let Some(component) = cache.load(self.engine.engine()) {
            return Ok(component);
        }
        self.failed_before(&cache, given)?;
        let compiled = self.compiled(&cache, given, (wasm, place)).await;
        self.remembered(&cache, given, compiled)?;
        let component = cache.load(self.engine.engine()).ok_or_else(|| {
            cache.forget();
            self.unusable("the compiler's code is of another version, or cannot be read")
        })?;
        Ok(component)
    }

    /// Has a child write machine code into the cache.
    async fn compiled(
        &self,
        cache: &Cache,
        given: Given<'_>,
        (wasm, place): (&Bytes, Place),
    ) -> Result<(), CompileError> {
        let unusable = |error: std::io::Error| self.unusable(&error.to_string());
        let (part, file) = cache.part().map_err(unusable)?;
        let output = file.try_clone().map_err(unusable)?;
        self.children(given)?.compile(wasm, output).await?;
        drop(place);
        let tenant_max = given.spec.limits.get(PipelineLimit::Code);
        cache.keep(part, &file, (tenant_max, given.compile.kept_bytes)).map_err(unusable)
    }

    fn children<'a>(&'a self, given: Given<'_>) -> Result<Children<'a>, CompileError> {
        let Compiler::Child { program } = &self.compiler else {
            return Err(CompileError::Worker("this platform starts no children".to_owned()));
        };
        let nice = given.host.get(HostLimit::Nice);
        Ok(Children { program, limits: given.compile, nice })
    }

    fn cache(&self, spec: &TenantSpec, sha256: &[u8; 32]) -> Result<Cache, CompileError> {
        Cache::for_tenant(&self.cache_dir, &spec.name, self.engine.engine(), sha256)
            .map_err(|error| self.unusable(&error.to_string()))
    }

    fn failed_before(&self, cache: &Cache, given: Given<'_>) -> Result<(), CompileError> {
        self.verdicts.failure(cache, given.compile).map_or(Ok(()), Err)
    }

    fn remembered<T>(
        &self,
        cache: &Cache,
        given: Given<'_>,
        answer: Result<T, CompileError>,
    ) -> Result<T, CompileError> {
        if let Err(error) = &answer {
            self.verdicts.keep_failure(cache, given.compile, error);
        }
        answer
    }

    fn unusable(&self, what: &str) -> CompileError {
        CompileError::Cache(format!("{}: {what}", self.cache_dir.display()))
    }
}

/// Scans a component and gives its digest. Both take time by its size alone, and none of it from the runtime's threads.
async fn scanned(given: Given<'_>, wasm: &Bytes) -> Result<[u8; 32], SubmitError> {
    let (spec, limits, wasm) = (given.spec.clone(), given.compile, wasm.clone());
    let scanning = tokio::task::spawn_blocking(move || {
        admission::scanned(&spec, &limits, &wasm)?;
        Ok(Sha256::digest(&wasm).into())
    });
    let ended = |error: tokio::task::JoinError| CompileError::Ended(error.to_string());
    scanning.await.map_err(ended)?
}
