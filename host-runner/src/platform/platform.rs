//! The platform: tenants' pipelines side by side in one process, each with its own limits, its own Knosc and its own connections.
//!
//! Keeps who there is and what runs; how one pipeline runs is `pipeline`'s.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use knosc_bulk_import::run::Resolution;
use tokio::runtime::{Builder, Handle, Runtime as Threads};
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use super::admission::{self, Admitted};
use super::audit::Audit;
use super::compile::Compiler;
use super::connections::{Connections, SignIns};
use super::counters::{Counters, Snapshot};
use super::events;
use super::handle::PipelineRun;
use super::journals::Journals;
use super::limits::PipelineLimit;
use super::pipeline::{Grant, PipelineEngine, PipelineInput, PipelineReport, PoolUse};
use super::running::{Running, RunningPipeline};
use super::submission::{Submission, SubmitError};
use super::tenants::{TenantSpec, Tenants};
use crate::CancellationToken;
use crate::engine::{Runtime, RuntimeConfig};
use crate::error::Error;
use crate::net::ClientConfig;
use crate::runner::Runner;

/// What a platform is made from.
pub struct PlatformConfig {
    /// The importer: this project's own component, never a tenant's.
    pub importer: RuntimeConfig,
    /// The operator's file.
    pub tenants: Tenants,
    /// How tenants' components are compiled.
    pub compiler: Compiler,
    /// Where compiled pipelines are kept; this user's alone.
    pub cache_dir: PathBuf,
    /// Where pipelines' files are made, and removed after each run.
    pub scratch_dir: PathBuf,
    /// Journals for what pipelines load.
    pub journals: Arc<dyn Journals>,
    /// How to connect: trust, proxy, timeouts.
    pub client: ClientConfig,
    /// What this host adds to how tenants sign in; nothing where it is none.
    pub sign_ins: Option<Arc<dyn SignIns>>,
    /// Threads that run tenants' code.
    pub threads: usize,
    /// Where admissions, denials, stops, sign-ins and decisions are written down, a line each; only ever appended to.
    pub audit_file: Option<PathBuf>,
}

/// Tenants' pipelines, side by side. Clones are the same platform.
#[derive(Clone)]
pub struct Platform(Arc<Inner>);

struct Inner {
    importer: Runtime,
    engine: PipelineEngine,
    config: Settings,
    tenants: Mutex<Arc<Tenants>>,
    connections: Connections,
    audit: Arc<Audit>,
    counters: Counters,
    running: Arc<Running>,
    tasks: TaskTracker,
    /// Threads of tenants' code; none when the last clone is gone.
    threads: Option<Threads>,
    io: Handle,
}

struct Settings {
    compiler: Compiler,
    cache_dir: PathBuf,
    scratch_dir: PathBuf,
    journals: Arc<dyn Journals>,
}

impl Platform {
    /// Starts the threads of tenants' code; sockets, disks and the importer stay on the runtime that this is called on.
    ///
    /// # Errors
    /// [`Error`] if the importer cannot be loaded or no thread can be started.
    pub fn new(config: PlatformConfig) -> Result<Self, Error> {
        let unusable = |error: std::io::Error| Error::Component { message: error.to_string() };
        let threads = Builder::new_multi_thread()
            .worker_threads(config.threads.max(1))
            .thread_name("pipeline")
            .on_thread_start(lower_priority)
            .enable_all()
            .build()
            .map_err(unusable)?;
        let audit = Arc::new(Audit::open(config.audit_file.as_deref()).map_err(unusable)?);
        let stack = config.tenants.common().get_usize(PipelineLimit::Stack);
        Ok(Self(Arc::new(Inner {
            importer: Runtime::new(config.importer)?,
            engine: PipelineEngine::new(stack)?,
            config: Settings {
                compiler: config.compiler,
                cache_dir: config.cache_dir,
                scratch_dir: config.scratch_dir,
                journals: config.journals,
            },
            tenants: Mutex::new(Arc::new(config.tenants)),
            connections: Connections::new(config.client, config.sign_ins, Arc::clone(&audit)),
            audit,
            counters: Counters::default(),
            running: Arc::default(),
            tasks: TaskTracker::new(),
            threads: Some(threads),
            io: Handle::current(),
        })))
    }

    /// Says whether a component would be taken; compiles and runs nothing.
    ///
    /// # Errors
    /// [`SubmitError::UnknownTenant`] and [`SubmitError::Refused`].
    pub fn check(&self, tenant: &str, component: &[u8]) -> Result<Admitted, SubmitError> {
        let tenants = self.0.tenants();
        let spec =
            tenants.get(tenant).ok_or_else(|| SubmitError::UnknownTenant(tenant.to_owned()))?;
        Ok(admission::admit(spec, component)?)
    }

    /// Admits, compiles and starts a pipeline.
    ///
    /// # Errors
    /// [`SubmitError`]; none of the component's code ran.
    pub async fn submit(
        &self,
        tenant: &str,
        submission: Submission,
    ) -> Result<PipelineRun, SubmitError> {
        if self.0.tasks.is_closed() {
            return Err(SubmitError::Draining);
        }
        let admitted = match self.check(tenant, &submission.component) {
            Ok(admitted) => admitted,
            Err(error) => {
                self.0.audit.note(tenant, "-", "refused", &error);
                self.0.counters.refused(tenant);
                return Err(error);
            }
        };
        let (spec, runner, grants) = self.0.known(tenant)?;
        let limits = self.0.tenants().compile();
        let cancel = CancellationToken::new();
        let place = self.0.running.begin(tenant, spec.limits.get(PipelineLimit::Runs), &cancel)?;
        let Settings { compiler, cache_dir, .. } = &self.0.config;
        let pipeline = self
            .0
            .engine
            .compile((compiler, limits), cache_dir, &spec, (admitted, &submission.component))
            .await?;
        let run = place.run().to_owned();
        let sha256 = data_encoding::HEXLOWER.encode(&pipeline.admitted().sha256);
        self.0.audit.note(tenant, &run, "admitted", &sha256);
        let limits =
            submission.limits.map_or_else(|| spec.limits.clone(), |own| spec.limits.narrowed(&own));
        let (teller, events) = events::channel();
        let input = PipelineInput {
            inputs: submission.inputs,
            settings: submission.settings,
            limits,
            runner,
            journals: Arc::clone(&self.0.config.journals),
            scratch_dir: self.0.config.scratch_dir.clone(),
            io: self.0.io.clone(),
            run: run.clone(),
            cancel: cancel.clone(),
            teller,
        };
        self.0.counters.started(tenant);
        let inner = Arc::clone(&self.0);
        let (name, id) = (tenant.to_owned(), run.clone());
        let span = tracing::info_span!("run", tenant, run);
        let work = async move {
            let report = pipeline.run(input, grants, &spec).await;
            inner.ended(&name, &id, &report);
            drop(place);
            report
        };
        let Some(threads) = &self.0.threads else { return Err(SubmitError::Draining) };
        let task = self.0.tasks.spawn_on(work.instrument(span), threads.handle());
        Ok(PipelineRun::new(run, task, cancel, events))
    }

    /// What runs now, the oldest first.
    pub fn list(&self) -> Vec<RunningPipeline> {
        self.0.running.list()
    }

    /// Stops every pipeline of a tenant; what its `jobs` calls have begun is answered first.
    pub fn stop(&self, tenant: &str) {
        self.0.running.stop(tenant);
        self.0.audit.note(tenant, "-", "stopped", &"every run of the tenant");
    }

    /// Takes nothing more, and waits for what runs.
    pub async fn drain(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// Uses another operator's file from the next submission on; what runs goes on as it began.
    pub fn reload(&self, tenants: Tenants) {
        *lock(&self.0.tenants) = Arc::new(tenants);
        self.0.audit.note("-", "-", "reloaded", &"the operator's file");
    }

    /// What runs hold now: memories, tables, stacks, and tasks on the threads of tenants' code.
    pub fn pool(&self) -> PoolUse {
        let tasks = self.0.threads.as_ref().map_or(0, |on| on.metrics().num_alive_tasks());
        PoolUse { tasks: tasks as u64, ..self.0.engine.pool() }
    }

    /// Counts files of earlier processes whose outcome is unknown and undecided: what the host's own journals say when it begins.
    pub fn undecided_before(&self, tenant: &str, files: u64) {
        self.0.counters.undecided_before(tenant, files);
    }

    /// Notes a person's decision on an outcome that nobody knew, after the journal of its file has taken it.
    ///
    /// The journal belongs to the host, and so does the decision; here it is written into the audit record, and counted.
    pub fn resolved(&self, tenant: &str, run: &str, decision: &Resolution) {
        self.0.counters.decided(tenant);
        match decision {
            Resolution::Accepted(job) => {
                let what = format_args!("accepted as {} {}", job.trigger, job.job_id);
                self.0.audit.note(tenant, run, "resolved", &what);
            }
            Resolution::NotAccepted => self.0.audit.note(tenant, run, "resolved", &"not accepted"),
        }
    }

    /// What happened so far and what is held now, as Prometheus reads it.
    pub fn prometheus(&self) -> String {
        format!("{}{}", self.counters().prometheus(), self.pool())
    }

    /// What happened so far, by tenant.
    pub fn counters(&self) -> Snapshot {
        self.0.counters.snapshot()
    }
}

impl Inner {
    fn tenants(&self) -> Arc<Tenants> {
        Arc::clone(&lock(&self.tenants))
    }

    fn known(&self, name: &str) -> Result<(TenantSpec, Runner, Arc<Vec<Grant>>), SubmitError> {
        let tenants = self.tenants();
        let spec = tenants.get(name).ok_or_else(|| SubmitError::UnknownTenant(name.to_owned()))?;
        let (tenant, grants) = self.connections.of(spec)?;
        Ok((spec.clone(), Runner::new(self.importer.clone(), tenant), grants))
    }

    fn ended(&self, tenant: &str, run: &str, report: &PipelineReport) {
        self.counters.ended(tenant, report);
        self.audit.ended(tenant, run, report);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(threads) = self.threads.take() {
            // Waiting is not allowed on an asynchronous thread, which is where the last clone is usually dropped.
            threads.shutdown_background();
        }
    }
}

/// Tenants' code runs when nothing else does: sockets and disks are served first.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    {
        // On Linux a thread has a niceness of its own.
        let lowered = rustix::process::setpriority_process(None, 10);
        if let Err(error) = lowered {
            tracing::debug!(%error, "a pipeline's thread keeps its priority");
        }
    }
}

impl fmt::Debug for PlatformConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlatformConfig")
            .field("tenants", &self.tenants.path())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Platform").field("running", &self.list()).finish_non_exhaustive()
    }
}
