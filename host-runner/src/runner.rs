//! Whole calls: a store for each, a journal beside it, and an orderly end when the caller cancels.
//!
//! Decides nothing about uploads or jobs: that is the component's, and after it the core's run machine.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::job::{Job, JobReport};
use knosc_bulk_import::plan::{Plan, Planned};
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::protocol::Method;
use knosc_bulk_import::run::{Report, Run};
use knosc_bulk_import::trigger::Trigger;
use tokio::sync::{mpsc, watch};
use wasmtime::Store;

use crate::CancellationToken;
use crate::blobs::BlobSource;
use crate::engine::Runtime;
use crate::error::Error;
use crate::host::HostedCtx;
use crate::host::limits::Metered;
use crate::importer::Importer;
use crate::journal::{Journal, MemoryJournal};
use crate::progress::Progress;
use crate::store::{self, CallState};
use crate::tenant::Tenant;

/// How long a cancelled call waits for the answer to an upload whose last bytes have left. Knosc answers an upload with a job
/// id as soon as it has the file; half a minute turns nearly every "unknown" into a fact.
pub const GRACE: Duration = Duration::from_secs(30);

/// An ordered run: which files, how patiently, and who is told.
#[derive(Clone)]
pub struct RunInput {
    /// In any order; they are sent in the documented one.
    pub steps: Vec<(Trigger, Arc<dyn BlobSource>)>,
    /// How jobs are watched.
    pub policy: Policy,
    /// Of this run alone. One that holds events resumes the run.
    pub journal: Arc<dyn Journal>,
    /// Who is told, if anybody.
    pub progress: Option<mpsc::Sender<Progress>>,
    /// Ends the run at the next safe moment.
    pub cancel: CancellationToken,
    /// How long a cancelled run waits for the answer to an upload whose last bytes have left.
    pub grace: Duration,
    /// Whether the journal is given each file's SHA-256, made while it streams. One that a [`BlobSource`] expects is always compared.
    pub digest: bool,
}

impl Default for RunInput {
    /// No files, the default policy, a journal in memory, nobody told.
    fn default() -> Self {
        Self {
            steps: Vec::new(),
            policy: Policy::default(),
            journal: Arc::new(MemoryJournal::new()),
            progress: None,
            cancel: CancellationToken::new(),
            grace: GRACE,
            digest: true,
        }
    }
}

/// One file, sent and not watched.
#[derive(Clone)]
pub struct UploadInput {
    /// Where the file goes.
    pub trigger: Trigger,
    /// The file.
    pub blob: Arc<dyn BlobSource>,
    /// Of this upload alone.
    pub journal: Arc<dyn Journal>,
    /// Who is told, if anybody.
    pub progress: Option<mpsc::Sender<Progress>>,
    /// Ends the upload at the next safe moment.
    pub cancel: CancellationToken,
    /// How long a cancelled upload waits for its answer once its last bytes have left.
    pub grace: Duration,
    /// As for a run.
    pub digest: bool,
}

impl UploadInput {
    /// One file, a journal in memory, nobody told.
    pub fn new(trigger: Trigger, blob: Arc<dyn BlobSource>) -> Self {
        let RunInput { journal, progress, cancel, grace, digest, .. } = RunInput::default();
        Self { trigger, blob, journal, progress, cancel, grace, digest }
    }
}

/// A runtime and a tenant: what a host keeps, and uses for any number of calls at once.
#[derive(Clone)]
pub struct Runner {
    runtime: Runtime,
    tenant: Tenant,
}

impl Runner {
    /// Joins a runtime and a tenant.
    pub fn new(runtime: Runtime, tenant: Tenant) -> Self {
        Self { runtime, tenant }
    }

    /// The tenant whose requests are made.
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// Sends files in the documented order, one at a time, and watches each to its end; stops at the first step that did not complete.
    ///
    /// A step that did not complete is an outcome in the report. A journal that holds events resumes its run: what was accepted is
    /// watched on, what is unknown stays unknown, and nothing is sent twice.
    ///
    /// # Errors
    /// [`Error::Fault`] if the run cannot start; [`Error::Cancelled`] with what the journal knows; the other cases are the host's.
    /// After any of them [`Self::report`] says what was sent.
    pub async fn run_ordered(&self, input: RunInput) -> Result<Report, Error> {
        let planned = input.steps.iter().map(|(trigger, blob)| planned(*trigger, blob.as_ref()));
        let planned: Vec<Planned> = planned.collect();
        let policy = input.policy;
        let journal = Arc::clone(&input.journal);
        let hosted = HostedCtx::new(self.tenant.clone(), Arc::clone(&input.journal));
        let hosted = hosted.progress(input.progress).digest(input.digest);
        let cancelling = Cancelling { cancel: input.cancel, grace: input.grace };
        let call = self.call(hosted, cancelling, |importer, store| async move {
            importer.run_ordered(store, &input.steps, &policy).await
        });
        match call.await? {
            Ended::Answered(answer) => Ok(answer),
            Ended::Cancelled => {
                let plan = Plan::new(planned, policy.allow_repeated_trigger).ok();
                let report = match plan {
                    Some(plan) => Self::report(plan, policy, journal.as_ref()).await.ok(),
                    None => None,
                };
                Err(Error::Cancelled { report: report.map(Box::new) })
            }
        }
    }

    /// Sends one file: at most one accepted request.
    ///
    /// # Errors
    /// As [`Self::run_ordered`].
    pub async fn upload(&self, input: UploadInput) -> Result<JobReport, Error> {
        let file = planned(input.trigger, input.blob.as_ref());
        let journal = Arc::clone(&input.journal);
        let hosted = HostedCtx::new(self.tenant.clone(), Arc::clone(&input.journal));
        let hosted = hosted.progress(input.progress).digest(input.digest);
        let cancelling = Cancelling { cancel: input.cancel, grace: input.grace };
        let call = self.call(hosted, cancelling, |importer, store| async move {
            importer.upload(store, input.trigger, &input.blob).await
        });
        match call.await? {
            Ended::Answered(answer) => Ok(answer),
            Ended::Cancelled => {
                let report = match Plan::new(vec![file], false) {
                    Ok(plan) => Self::report(plan, Policy::default(), journal.as_ref()).await.ok(),
                    Err(_) => None,
                };
                Err(Error::Cancelled { report: report.map(Box::new) })
            }
        }
    }

    /// Asks Knosc once for 1 to 50 jobs; answers in the order asked.
    ///
    /// # Errors
    /// [`Error::Fault`] with what Knosc refused; [`Error::Cancelled`]; the other cases are the host's.
    pub async fn poll(
        &self,
        jobs: &[Job],
        cancel: CancellationToken,
    ) -> Result<Vec<JobReport>, Error> {
        let hosted = HostedCtx::new(self.tenant.clone(), Arc::new(MemoryJournal::new()));
        // Nothing is sealed by a poll, so that nothing is waited for.
        let cancelling = Cancelling { cancel, grace: Duration::ZERO };
        let call = self.call(hosted, cancelling, |importer, store| async move {
            importer.poll(store, jobs).await
        });
        match call.await? {
            Ended::Answered(answer) => Ok(answer),
            Ended::Cancelled => Err(Error::Cancelled { report: None }),
        }
    }

    /// What a journal says of every file, whether or not its run goes on.
    ///
    /// # Errors
    /// [`Error::Journal`] if it cannot be read, [`Error::Fault`] if it belongs to other files.
    pub async fn report(
        plan: Plan,
        policy: Policy,
        journal: &dyn Journal,
    ) -> Result<Report, Error> {
        let history = journal.history().await?;
        let run = Run::replay(plan, policy, &history)
            .map_err(|illegal| Error::Fault(Fault::PermanentInvalid(illegal.to_string())))?;
        Ok(run.report())
    }

    /// One call in a store of its own. A dropped store ends everything that it began.
    async fn call<T, F>(
        &self,
        hosted: HostedCtx,
        cancelling: Cancelling,
        work: impl FnOnce(Importer, Store<CallState>) -> F,
    ) -> Result<Ended<T>, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let sealed = hosted.sealed();
        let working = async {
            // Signed in before the component runs: a wrong password is the caller's to mend, and no fact of a run.
            self.tenant.sessions().headers(Method::Get).await?;
            let mut store = store::new(&self.runtime, hosted);
            let busy = store.data().limits.busy();
            let calling = async move {
                let importer = self.runtime.importer().instantiate(&mut store).await?;
                work(importer, store).await
            };
            Metered::new(calling, busy).await
        };
        tokio::select! {
            biased;
            // Before the work: nothing new begins once the caller cancelled.
            () = cancelling.settled(sealed) => Ok(Ended::Cancelled),
            answer = working => answer.map(Ended::Answered),
        }
    }
}

/// How a call came to its end.
enum Ended<T> {
    Answered(T),
    Cancelled,
}

struct Cancelling {
    cancel: CancellationToken,
    grace: Duration,
}

impl Cancelling {
    /// Ready when the caller cancelled and no upload waits for its answer, or its grace is over.
    async fn settled(self, mut sealed: watch::Receiver<bool>) {
        self.cancel.cancelled().await;
        // A closed channel means that the store is gone, and an elapsed grace that the outcome stays unknown: both end here.
        let _ = tokio::time::timeout(self.grace, sealed.wait_for(|sealed| !sealed)).await;
    }
}

fn planned(trigger: Trigger, blob: &dyn BlobSource) -> Planned {
    Planned { trigger, file_name: blob.name().to_owned() }
}

impl fmt::Debug for RunInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files: Vec<_> =
            self.steps.iter().map(|(trigger, blob)| (trigger, blob.name())).collect();
        f.debug_struct("RunInput")
            .field("steps", &files)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for UploadInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadInput")
            .field("trigger", &self.trigger)
            .field("file", &self.blob.name())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner").field("runtime", &self.runtime).finish_non_exhaustive()
    }
}
