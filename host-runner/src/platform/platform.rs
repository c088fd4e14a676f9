//! The platform: tenants' pipelines side by side in one process, each with its own limits, its own Knosc and its own connections.
//!
//! Keeps who there is and what runs; how one pipeline runs is `pipeline`'s.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use knosc_bulk_import::run::Resolution;
use tokio::runtime::{Builder, Handle, Runtime as Threads};
use tokio::sync::mpsc::Receiver;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use super::admission::Admitted;
use super::audit::Audit;
use super::compile::{Compiler, Verdicts};
use super::connections::{Connections, SignIns};
use super::counters::{Counters, Snapshot};
use super::events::{self, PipelineEvent};
use super::handle::PipelineRun;
use super::host_limits::HostLimit;
use super::journals::Journals;
use super::limits::PipelineLimit;
use super::pipeline::{Grant, Pipeline, PipelineEngine, PipelineInput, PipelineReport, PoolUse};
use super::preparing::{Given, Preparing};
use super::running::{Place, Running, RunningPipeline};
use super::submission::{Submission, SubmitError};
use super::tenants::{TenantSpec, Tenants};
use crate::CancellationToken;
use crate::engine::{Runtime, RuntimeConfig};
use crate::error::Error;
use crate::net::ClientConfig;
use crate::runner::Runner;

/// How long runs may take to end once a drain stopped them.
const STOPPING: Duration = Duration::from_secs(5);

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
    preparing: Preparing,
    config: Settings,
    /// Runs at one time that the pool has room for.
    runs_max: u64,
    tenants: Mutex<Arc<Tenants>>,
    connections: Connections,
    audit: Arc<Audit>,
    counters: Counters,
    running: Arc<Running>,
    tasks: TaskTracker,
    /// Ends what is still prepared.
    draining: CancellationToken,
    /// Threads of tenants' code; none when the last clone is gone.
    threads: Option<Threads>,
    io: Handle,
}

struct Settings {
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
        let host = config.tenants.host();
        let (nice, runs_max) = (host.get(HostLimit::Nice), host.get(HostLimit::Runs));
        let threads = Builder::new_multi_thread()
            .worker_threads(config.threads.max(1))
            .thread_name("pipeline")
            .on_thread_start(move || lower_priority(nice))
            .enable_all()
            .build()
            .map_err(unusable)?;
        let audit = Arc::new(Audit::open(config.audit_file.as_deref()).map_err(unusable)?);
        let stack = config.tenants.common().get_usize(PipelineLimit::Stack);
        Ok(Self(Arc::new(Inner {
            importer: Runtime::new(config.importer)?,
            preparing: Preparing {
                engine: PipelineEngine::new(stack, runs_max)?,
                compiler: config.compiler,
                cache_dir: config.cache_dir,
                queue: Arc::default(),
                verdicts: Verdicts::default(),
            },
            runs_max,
            draining: CancellationToken::new(),
            config: Settings { scratch_dir: config.scratch_dir, journals: config.journals },
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

    /// Decides whether a component would be taken; compiles and runs nothing.
    ///
    /// # Errors
    /// [`SubmitError::UnknownTenant`], [`SubmitError::Refused`], or why it could not be validated.
    pub async fn check(&self, tenant: &str, component: &[u8]) -> Result<Admitted, SubmitError> {
        let tenants = self.0.tenants();
        let spec =
            tenants.get(tenant).ok_or_else(|| SubmitError::UnknownTenant(tenant.to_owned()))?;
        let given = Given::new(spec, tenants.compile(), tenants.host());
        self.0.preparing.admit(given, &Bytes::copy_from_slice(component)).await
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
        let cancel = CancellationToken::new();
        let prepared = tokio::select! {
            biased;
            () = self.0.draining.cancelled() => Err(SubmitError::Draining),
            () = cancel.cancelled() => Err(SubmitError::Stopped),
            prepared = self.0.prepare(tenant, submission, &cancel) => prepared,
        };
        let Prepared { place, pipeline, grants, spec, input, events } =
            prepared.inspect_err(|error| self.0.not_run(tenant, error))?;
        self.0.counters.started(tenant);
        let inner = Arc::clone(&self.0);
        let (name, run) = (tenant.to_owned(), place.run().to_owned());
        let (id, span) = (run.clone(), tracing::info_span!("run", tenant, run));
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

    /// Takes nothing more, and waits for what runs; after so long it stops the runs that are left, and gives their names.
    ///
    /// What is not started yet ends at once. A run that was stopped ends its `jobs` calls in the orderly way of the runner; one that
    /// takes longer than a moment for it is left behind, as a crash would leave it: its journal knows what it sent.
    pub async fn drain(&self, within: Duration) -> Vec<RunningPipeline> {
        self.0.tasks.close();
        self.0.draining.cancel();
        if tokio::time::timeout(within, self.0.tasks.wait()).await.is_ok() {
            return Vec::new();
        }
        let late = self.list();
        self.0.running.stop_all();
        for RunningPipeline { run, tenant, .. } in &late {
            self.0.audit.note(tenant, run, "stopped", &"the host was drained");
        }
        if tokio::time::timeout(STOPPING, self.0.tasks.wait()).await.is_err() {
            tracing::warn!(runs = ?self.list(), "runs did not end when they were stopped");
        }
        late
    }

    /// Uses another operator's file from the next submission on; what runs goes on as it began.
    pub fn reload(&self, tenants: Tenants) {
        *lock(&self.0.tenants) = Arc::new(tenants);
        self.0.audit.note("-", "-", "reloaded", &"the operator's file");
    }

    /// What runs hold now: memories, tables, stacks, and tasks on the threads of tenants' code.
    pub fn pool(&self) -> PoolUse {
        let tasks = self.0.threads.as_ref().map_or(0, |on| on.metrics().num_alive_tasks());
        PoolUse { tasks: tasks as u64, ..self.0.preparing.engine.pool() }
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

/// A pipeline that can be started, with its place among the runs.
struct Prepared {
    place: Place,
    pipeline: Pipeline,
    grants: Arc<Vec<Grant>>,
    spec: TenantSpec,
    input: PipelineInput,
    events: Receiver<PipelineEvent>,
}

impl Inner {
    /// Everything before the first instruction of a run.
    async fn prepare(
        &self,
        tenant: &str,
        submission: Submission,
        cancel: &CancellationToken,
    ) -> Result<Prepared, SubmitError> {
        if self.tasks.is_closed() {
            return Err(SubmitError::Draining);
        }
        let tenants = self.tenants();
        let (spec, runner, grants) = self.known(tenant)?;
        let given = Given::new(&spec, tenants.compile(), tenants.host());
        let host_max = given.host.get(HostLimit::Runs).min(self.runs_max);
        let runs_max = spec.limits.get(PipelineLimit::Runs);
        let place = self.running.begin(tenant, (runs_max, host_max), cancel)?;
        let wasm = Bytes::from(submission.component);
        let admitted = self.preparing.admit(given, &wasm).await?;
        let sha256 = data_encoding::HEXLOWER.encode(&admitted.sha256);
        let pipeline = self.preparing.pipeline(given, &wasm, admitted).await?;
        self.audit.note(tenant, place.run(), "admitted", &sha256);
        let limits =
            submission.limits.map_or_else(|| spec.limits.clone(), |own| spec.limits.narrowed(&own));
        let (teller, events) = events::channel();
        let input = PipelineInput {
            inputs: submission.inputs,
            settings: submission.settings,
            limits,
            runner,
            journals: Arc::clone(&self.config.journals),
            scratch_dir: self.config.scratch_dir.clone(),
            io: self.io.clone(),
            run: place.run().to_owned(),
            cancel: cancel.clone(),
            teller,
        };
        Ok(Prepared { place, pipeline, grants, spec, input, events })
    }

    /// Writes down what was not taken.
    fn not_run(&self, tenant: &str, error: &SubmitError) {
        if matches!(error, SubmitError::Refused(_) | SubmitError::UnknownTenant(_)) {
            self.audit.note(tenant, "-", "refused", error);
        }
        if matches!(error, SubmitError::Refused(_)) {
            self.counters.refused(tenant);
        }
    }

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
fn lower_priority(nice: u64) {
    #[cfg(not(target_os = "linux"))]
    let _ = nice;
    #[cfg(target_os = "linux")]
    {
        // On Linux a thread has a niceness of its own.
        let nice = i32::try_from(nice).unwrap_or(19);
        let lowered = rustix::process::setpriority_process(None, nice);
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
