//! Whole calls: a store for each, a journal beside it, and an orderly end when the caller cancels.
//!
//! Decides nothing about uploads or jobs: that is the component's, and after it the core's run machine.

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
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
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
        let (steps, policy) = (&input.steps, &input.policy);
        let work = |importer: Importer, store| async move {
            importer.run_ordered(store, steps, policy).await
        };
        self.call(&input, work).await
    }

    /// Sends one file: at most one accepted request.
    ///
    /// # Errors
    /// As [`Self::run_ordered`].
    pub async fn upload(&self, input: UploadInput) -> Result<JobReport, Error> {
        let UploadInput { trigger, blob, journal, progress, cancel, grace, digest } = input;
        let steps = vec![(trigger, Arc::clone(&blob))];
        let policy = Policy::default();
        let input = RunInput { steps, policy, journal, progress, cancel, grace, digest };
        let work =
            |importer: Importer, store| async move { importer.upload(store, trigger, &blob).await };
        self.call(&input, work).await
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
        // Nothing is sealed by a poll, so that nothing is waited for.
        let input = RunInput { cancel, grace: Duration::ZERO, ..RunInput::default() };
        let work = |importer: Importer, store| async move { importer.poll(store, jobs).await };
        self.call(&input, work).await
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
        input: &RunInput,
        work: impl FnOnce(Importer, Store<CallState>) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let hosted = HostedCtx::new(self.tenant.clone(), Arc::clone(&input.journal));
        let hosted = hosted.progress(input.progress.clone()).digest(input.digest);
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
            () = cancelled(input, sealed) => Err(Error::Cancelled { report: known(input).await }),
            answer = working => answer,
        }
    }
}

/// Ready when the caller cancelled and no upload waits for its answer, or its grace is over.
async fn cancelled(input: &RunInput, mut sealed: watch::Receiver<bool>) {
    input.cancel.cancelled().await;
    // A closed channel means that the store is gone, and an elapsed grace that the outcome stays unknown: both end here.
    let _ = tokio::time::timeout(input.grace, sealed.wait_for(|sealed| !sealed)).await;
}

/// What the journal knows of each file, if there are any and it is theirs.
async fn known(input: &RunInput) -> Option<Box<Report>> {
    let file = |(trigger, blob): &(Trigger, Arc<dyn BlobSource>)| Planned {
        trigger: *trigger,
        file_name: blob.name().to_owned(),
    };
    let files = input.steps.iter().map(file).collect();
    let plan = Plan::new(files, input.policy.allow_repeated_trigger).ok()?;
    Runner::report(plan, input.policy, input.journal.as_ref()).await.ok().map(Box::new)
}
