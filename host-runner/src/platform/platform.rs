//! The platform: tenants' pipelines side by side in one process, each with its own limits, its own Knosc and its own connections.
//!
//! Keeps who there is and what runs; how one pipeline runs is `pipeline`'s.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::HeaderValue;
use tokio::runtime::{Builder, Handle, Runtime as Threads};
use tokio_util::task::TaskTracker;

use super::admission::{self, Admitted, Refused};
use super::compile::{CompileError, Compiler};
use super::counters::{Counters, Snapshot};
use super::handle::PipelineRun;
use super::limits::PipelineLimits;
use super::pipeline::{Grant, Journals, PipelineEngine, PipelineInput, PipelineReport};
use super::tenants::{TenantSpec, Tenants, UnreadableSecret};
use crate::CancellationToken;
use crate::blobs::BlobSource;
use crate::credentials::{Credentials, CredentialsError, Secret};
use crate::engine::{Runtime, RuntimeConfig};
use crate::error::Error;
use crate::net::{Client, ClientConfig};
use crate::runner::Runner;
use crate::tenant::{Tenant, TenantConfig};

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
    /// Threads that run tenants' code.
    pub threads: usize,
}

/// What a tenant hands in.
pub struct Submission {
    /// The component's bytes.
    pub component: Vec<u8>,
    /// The files that it gets.
    pub inputs: Vec<Arc<dyn BlobSource>>,
    /// Its own settings.
    pub settings: Vec<(String, String)>,
    /// Limits of the tenant's own; they narrow the operator's, and never widen them.
    pub limits: Option<PipelineLimits>,
}

/// Why a submission was not run; none of its code ran.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// No such tenant in the operator's file.
    #[error("there is no tenant '{0}' in the operator's file")]
    UnknownTenant(String),
    /// The platform takes nothing more.
    #[error("the platform is being drained")]
    Draining,
    /// The component is not taken.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It cannot be compiled within the compiler's limits.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// A secret that the operator's file names is not there.
    #[error(transparent)]
    Secret(#[from] UnreadableSecret),
    /// The tenant's connections cannot be set up.
    #[error(transparent)]
    Setup(#[from] Error),
}

impl SubmitError {
    /// What the caller can do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::UnknownTenant(_) => "the operator adds a [[tenant]] to tenants.toml".to_owned(),
            Self::Draining => "submit it to another host, or later".to_owned(),
            Self::Refused(refused) => refused.hint(),
            Self::Compile(_) => {
                "build a smaller component, or leave its debug information out".to_owned()
            }
            Self::Secret(_) => "the operator puts the secret where tenants.toml says".to_owned(),
            Self::Setup(error) => error.hint().to_owned(),
        }
    }
}

/// Tenants' pipelines, side by side. Clones are the same platform.
#[derive(Clone)]
pub struct Platform(Arc<Inner>);

struct Inner {
    importer: Runtime,
    engine: PipelineEngine,
    config: Settings,
    tenants: Mutex<Arc<Tenants>>,
    known: Mutex<BTreeMap<String, Known>>,
    counters: Counters,
    running: Mutex<BTreeMap<u64, (String, CancellationToken)>>,
    tasks: TaskTracker,
    next: AtomicU64,
    /// Threads of tenants' code; none when the last clone is gone.
    threads: Option<Threads>,
    io: Handle,
}

struct Settings {
    compiler: Compiler,
    cache_dir: PathBuf,
    scratch_dir: PathBuf,
    journals: Arc<dyn Journals>,
    client: ClientConfig,
}

/// A tenant's connections and session, kept as long as its entry does not change.
struct Known {
    spec: TenantSpec,
    tenant: Tenant,
    grants: Arc<Vec<Grant>>,
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
        Ok(Self(Arc::new(Inner {
            importer: Runtime::new(config.importer)?,
            engine: PipelineEngine::new()?,
            config: Settings {
                compiler: config.compiler,
                cache_dir: config.cache_dir,
                scratch_dir: config.scratch_dir,
                journals: config.journals,
                client: config.client,
            },
            tenants: Mutex::new(Arc::new(config.tenants)),
            known: Mutex::default(),
            counters: Counters::default(),
            running: Mutex::default(),
            tasks: TaskTracker::new(),
            next: AtomicU64::new(1),
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
                tracing::warn!(target: "audit", tenant, %error, "a pipeline was refused");
                self.0.counters.refused(tenant);
                return Err(error);
            }
        };
        let (spec, runner, grants) = self.0.known(tenant)?;
        let Settings { compiler, cache_dir, .. } = &self.0.config;
        let pipeline = self
            .0
            .engine
            .compile(compiler, cache_dir, &spec, (admitted, &submission.component))
            .await?;
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        let run = format!("{tenant}-{number}");
        tracing::info!(target: "audit", tenant, run, sha256 = ?pipeline.admitted().sha256, "a pipeline was admitted");
        let limits =
            submission.limits.map_or_else(|| spec.limits.clone(), |own| spec.limits.narrowed(&own));
        let cancel = CancellationToken::new();
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
        };
        lock(&self.0.running).insert(number, (tenant.to_owned(), cancel.clone()));
        self.0.counters.started(tenant);
        let inner = Arc::clone(&self.0);
        let name = tenant.to_owned();
        let work = async move {
            let report = pipeline.run(input, grants, &spec).await;
            inner.ended(number, &name, &report);
            report
        };
        let Some(threads) = &self.0.threads else { return Err(SubmitError::Draining) };
        let task = self.0.tasks.spawn_on(work, threads.handle());
        Ok(PipelineRun::new(run, task, cancel))
    }

    /// What runs now: each run's number and tenant.
    pub fn list(&self) -> Vec<(u64, String)> {
        let running = lock(&self.0.running);
        running.iter().map(|(number, (tenant, _))| (*number, tenant.clone())).collect()
    }

    /// Stops every pipeline of a tenant; what its `jobs` calls have begun is answered first.
    pub fn stop(&self, tenant: &str) {
        for (of, cancel) in lock(&self.0.running).values() {
            if of == tenant {
                cancel.cancel();
            }
        }
        tracing::warn!(target: "audit", tenant, "a tenant was stopped");
    }

    /// Takes nothing more, and waits for what runs.
    pub async fn drain(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// Uses another operator's file from the next submission on; what runs goes on as it began.
    pub fn reload(&self, tenants: Tenants) {
        *lock(&self.0.tenants) = Arc::new(tenants);
        tracing::info!(target: "audit", "the operator's file was read again");
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

    /// A tenant's connections: those of before, unless its entry changed.
    fn known(&self, name: &str) -> Result<(TenantSpec, Runner, Arc<Vec<Grant>>), SubmitError> {
        let tenants = self.tenants();
        let spec = tenants.get(name).ok_or_else(|| SubmitError::UnknownTenant(name.to_owned()))?;
        let mut known = lock(&self.known);
        let same = known.get(name).filter(|known| known.spec == *spec);
        let (tenant, grants) = if let Some(known) = same {
            (known.tenant.clone(), Arc::clone(&known.grants))
        } else {
            let (tenant, grants) = self.connect(spec)?;
            let kept =
                Known { spec: spec.clone(), tenant: tenant.clone(), grants: Arc::clone(&grants) };
            known.insert(name.to_owned(), kept);
            (tenant, grants)
        };
        Ok((spec.clone(), Runner::new(self.importer.clone(), tenant), grants))
    }

    fn connect(&self, spec: &TenantSpec) -> Result<(Tenant, Arc<Vec<Grant>>), SubmitError> {
        let client = |origin| ClientConfig {
            allow_private: spec.allow_private.contains(origin),
            ..self.config.client.clone()
        };
        let tenant = Tenant::new(TenantConfig {
            name: spec.name.clone(),
            origin: spec.origin.clone(),
            client: client(&spec.origin),
            credentials: Arc::new(FromFile(spec.clone())),
        })?;
        let mut grants = Vec::with_capacity(spec.egress.len());
        for rule in &spec.egress {
            let unfit = |error: crate::net::NetError| Error::Net(error);
            let connected = Client::new(&rule.origin, client(&rule.origin)).map_err(unfit)?;
            let mut headers = Vec::with_capacity(rule.headers.len());
            for (name, source) in &rule.headers {
                let mut value = HeaderValue::try_from(source.read()?)
                    .map_err(|_| UnreadableSecret(source.clone()))?;
                value.set_sensitive(true);
                headers.push((name.clone(), value));
            }
            grants.push(Grant { rule: rule.clone(), client: connected, headers });
        }
        Ok((tenant, Arc::new(grants)))
    }

    fn ended(&self, number: u64, tenant: &str, report: &PipelineReport) {
        lock(&self.running).remove(&number);
        self.counters.ended(tenant, report);
        tracing::info!(target: "audit", tenant, number, end = ?report.end, "a pipeline ended");
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

/// A tenant's secret, read from where the operator's file says each time that a session is needed.
struct FromFile(TenantSpec);

impl Credentials for FromFile {
    fn get(&self) -> crate::BoxFuture<'_, Result<Secret, CredentialsError>> {
        Box::pin(async {
            let missing = |error: UnreadableSecret| CredentialsError::Missing(error.to_string());
            let sign_in = &self.0.sign_in;
            let one_time =
                sign_in.one_time.as_ref().map(super::tenants::SecretSource::read).transpose();
            Ok(Secret::SignIn {
                username: sign_in.username.read().map_err(missing)?,
                password: sign_in.password.read().map_err(missing)?,
                one_time: one_time.map_err(missing)?,
            })
        })
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

impl fmt::Debug for Submission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Submission")
            .field("component_bytes", &self.component.len())
            .field("inputs", &self.inputs.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Platform").field("running", &self.list()).finish_non_exhaustive()
    }
}
