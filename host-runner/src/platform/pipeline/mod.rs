//! One run of a tenant's pipeline: a store of its own, stopped at its limits, with `jobs` answered from outside of it.
//!
//! Decides nothing about Knosc; what was loaded is in the journals of the `jobs` calls, whatever the pipeline says.

mod bindings;
mod call;
mod engine;
mod http;
mod jobs;
mod limiter;
mod log;
mod open_file;
mod pace;
mod pool;
mod scratch;
mod state;
mod stopped;
mod wall;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::task::TaskTracker;
use wasmtime::{Store, UpdateDeadline};

pub(super) use self::engine::PipelineEngine;
pub(super) use self::http::Grant;
pub use self::http::PipelineDenial;
pub use self::jobs::JobCall;
pub use self::log::{Log, LogLine, Stream};
pub(super) use self::pace::Pace;
pub use self::pool::PoolUse;

use self::bindings::{Tenant as World, TenantPre};
use self::http::PipelineHooks;
use self::jobs::Jobs;
use self::limiter::Met;
use self::log::{LogSink, Secrets};
use self::scratch::Scratch;
use self::state::PipelineState;
use super::admission::Admitted;
use super::events::Teller;
use super::journals::Journals;
use super::limits::{PipelineLimit, PipelineLimits};
use super::tenants::TenantSpec;
use crate::CancellationToken;
use crate::blobs::BlobSource;
use crate::host::blobs::Blob;
use crate::host::limits::metered;
use crate::runner::Runner;

/// A pipeline that was admitted, compiled and linked for a tenant. Cheap to clone; each run instantiates it anew.
#[derive(Clone)]
pub(super) struct Pipeline {
    linked: TenantPre<PipelineState>,
    admitted: Admitted,
}

/// One run of a pipeline.
pub(super) struct PipelineInput {
    /// The files that it gets.
    pub(super) inputs: Vec<Arc<dyn BlobSource>>,
    /// The tenant's own settings, as written in its manifest.
    pub(super) settings: Vec<(String, String)>,
    /// What it may use: the operator's limits, or less.
    pub(super) limits: PipelineLimits,
    /// The tenant's Knosc, for its `jobs` calls.
    pub(super) runner: Runner,
    /// Journals for its `jobs` calls.
    pub(super) journals: Arc<dyn Journals>,
    /// Where scratch files are made.
    pub(super) scratch_dir: PathBuf,
    /// Where sockets, disks and the importer are served: not on the threads of pipelines.
    pub(super) io: tokio::runtime::Handle,
    /// A name of this run in the host's log.
    pub(super) run: String,
    /// Ends the run: the pipeline at once, a `jobs` call in the orderly way of the runner.
    pub(super) cancel: CancellationToken,
    /// Who is told what happens.
    pub(super) teller: Teller,
}

/// How a pipeline's own code ended. What was loaded is in [`PipelineReport::calls`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PipelineEnd {
    /// It returned; its text is a note for people, in either case.
    Returned(Result<String, String>),
    /// It was stopped at a limit.
    Limit(PipelineLimit),
    /// It trapped, or left the contract.
    Trapped {
        /// What wasmtime said.
        message: String,
    },
    /// The operator stopped it.
    Cancelled,
}

/// What is known of a run.
#[derive(Clone, Debug)]
pub struct PipelineReport {
    /// How its own code ended.
    pub end: PipelineEnd,
    /// What its `jobs` calls came to, each from its journal.
    pub calls: Vec<JobCall>,
    /// What it wrote on standard output and error.
    pub log: Log,
    /// The first requests that were denied.
    pub denials: Vec<PipelineDenial>,
    /// How many were denied in all.
    pub denied: u64,
    /// The first limit that it met, also where it went on after it.
    pub limit: Option<PipelineLimit>,
    /// What its own code used.
    pub used: Used,
}

/// What a pipeline's own code used; its `jobs` calls have their own reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Used {
    /// Linear memory, at its most.
    pub memory_bytes: u64,
    /// Computing time.
    pub computed: Duration,
    /// From the start of its instantiation to its end.
    pub took: Duration,
    /// Requests to origins that the operator granted.
    pub requests: u64,
    /// Calls of `jobs`.
    pub job_calls: u64,
    /// Bytes of files that it wrote.
    pub scratch_bytes: u64,
}

impl PipelineReport {
    /// A run of which nothing is known but its end.
    pub(super) const fn of_end(end: PipelineEnd) -> Self {
        let log = Log { lines: Vec::new(), dropped_bytes: 0 };
        let used = Used {
            memory_bytes: 0,
            computed: Duration::ZERO,
            took: Duration::ZERO,
            requests: 0,
            job_calls: 0,
            scratch_bytes: 0,
        };
        Self { end, calls: Vec::new(), log, denials: Vec::new(), denied: 0, limit: None, used }
    }
}

impl Pipeline {
    /// Runs it once, with the grants of its tenant.
    pub(super) async fn run(
        &self,
        input: PipelineInput,
        grants: Arc<Vec<Grant>>,
        spec: &TenantSpec,
    ) -> PipelineReport {
        let met = Met::default();
        let log_bytes = input.limits.get_usize(PipelineLimit::LogBytes);
        let secrets = Secrets::of(&grants);
        let (run, teller) = (input.run, input.teller.clone());
        let log = LogSink::new(log_bytes, run, met.clone(), teller, secrets.clone());
        let jobs = Jobs {
            runner: input.runner,
            policy: spec.policy,
            journals: input.journals,
            cancel: input.cancel.clone(),
            tasks: TaskTracker::new(),
            io: input.io.clone(),
            tenant: spec.name.clone(),
            calls: Arc::default(),
            teller: input.teller.clone(),
        };
        let hooks = PipelineHooks::new(
            spec.origin.clone(),
            grants,
            input.limits.clone(),
            met.clone(),
            input.teller,
            input.io,
        );
        let denials = hooks.denials();
        let state = PipelineState::new(
            input.limits,
            jobs.clone(),
            Scratch::new(input.scratch_dir),
            hooks,
            &log,
            met,
        );
        let (end, limit, used) =
            self.call(state, &input.inputs, &input.settings, &input.cancel).await;
        // A `jobs` call outlives its pipeline: an upload that was begun is answered, and its answer is in the journal.
        jobs.tasks.close();
        jobs.tasks.wait().await;
        let denials = std::mem::take(&mut *denials.lock().unwrap_or_else(PoisonError::into_inner));
        let end = match end {
            PipelineEnd::Returned(Ok(note)) => PipelineEnd::Returned(Ok(secrets.left_out(note))),
            PipelineEnd::Returned(Err(note)) => PipelineEnd::Returned(Err(secrets.left_out(note))),
            end => end,
        };
        PipelineReport {
            end,
            calls: taken(&jobs.calls),
            log: log.finish(),
            denied: denials.count,
            denials: denials.kept,
            limit,
            used,
        }
    }

    /// The pipeline's own code, from its first instruction to its end or its limit. The store ends here in any case.
    async fn call(
        &self,
        state: PipelineState,
        inputs: &[Arc<dyn BlobSource>],
        settings: &[(String, String)],
        cancel: &CancellationToken,
    ) -> (PipelineEnd, Option<PipelineLimit>, Used) {
        let began = Instant::now();
        let (wall, busy) = (Arc::clone(&state.wall), Arc::clone(&state.busy));
        let mut store = self.store(state);
        let answer = {
            let calling = async {
                let mut given = Vec::with_capacity(inputs.len());
                for source in inputs {
                    let blob = Blob::new(Arc::clone(source), None, 0)?;
                    given.push(store.data_mut().table.push(blob)?);
                }
                let world: World = self.linked.instantiate_async(&mut store).await?;
                world.knosc_bulk_import_pipeline().call_run(&mut store, &given, settings).await
            };
            tokio::select! {
                biased;
                answer = metered(calling, busy) => Some(answer),
                () = cancel.cancelled() => None,
                () = wall.over() => Some(Err(stopped::WallOver.into())),
            }
        };
        // What goes on here only reads figures: a store that was stopped runs no code again.
        let used = Used { took: began.elapsed(), ..store.data().used() };
        let (end, limit) = match answer {
            Some(answer) => stopped::end(answer, store.data()),
            None => (PipelineEnd::Cancelled, store.data().limiter.met()),
        };
        (end, limit, used)
    }

    fn store(&self, state: PipelineState) -> Store<PipelineState> {
        let limits = state.limits().clone();
        let mut store = Store::new(self.linked.engine(), state);
        store.limiter(|state| &mut state.limiter);
        store.set_hostcall_fuel(limits.get_usize(PipelineLimit::HostcallBytes));
        store.set_max_component_handles(limits.get_usize(PipelineLimit::Handles));
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut context| {
            if context.data_mut().over_cpu_budget() {
                return Ok(UpdateDeadline::Interrupt);
            }
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        });
        store
    }
}

fn taken<T>(kept: &Mutex<Vec<T>>) -> Vec<T> {
    std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner))
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("admitted", &self.admitted).finish_non_exhaustive()
    }
}
