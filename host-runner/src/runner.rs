//! Whole calls: a store for each, a journal beside it, and an orderly end when the caller cancels.
//!
//! Decides nothing about uploads or jobs: that is the component's, and after it the core's run machine.

#[cfg(feature = "single-calls")]
mod single;

use std::sync::Arc;
use std::time::Duration;

use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::plan::{Plan, Planned};
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::protocol::Method;
use knosc_bulk_import::run::{Report, Run};
use knosc_bulk_import::trigger::Trigger;
use tokio::sync::{mpsc, watch};
use wasmtime::Store;

#[cfg(feature = "single-calls")]
pub use single::UploadInput;

use crate::CancellationToken;
use crate::blobs::BlobSource;
use crate::engine::Runtime;
use crate::error::Error;
use crate::host::HostedCtx;
use crate::host::limits::metered;
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
    /// Ends the run as `cancel` does, but never between an upload's last bytes and the end of its answer, which [`Timeouts`] bound.
    ///
    /// [`Timeouts`]: crate::net::Timeouts
    pub leave: CancellationToken,
    /// How long a cancelled run waits for the answer to an upload whose last bytes have left.
    pub grace: Duration,
    /// Whether the journal is given each file's digest, made while it streams. One that a [`BlobSource`] expects is always compared.
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
            leave: CancellationToken::new(),
            grace: GRACE,
            digest: true,
        }
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
            metered(calling, busy).await
        };
        tokio::select! {
            biased;
            // Before the work: nothing new begins once the caller cancelled.
            () = cancelled(input, sealed) => {
                let known = known(&input.steps, input.policy, input.journal.as_ref()).await;
                Err(Error::Cancelled { report: known.map(Box::new) })
            }
            answer = working => answer,
        }
    }
}

/// Ready when the caller ended the call and no upload waits for its answer, or the grace of a cancelled call is over.
async fn cancelled(input: &RunInput, mut sealed: watch::Receiver<bool>) {
    let answered = async {
        tokio::select! {
            () = input.cancel.cancelled() => {}
            () = input.leave.cancelled() => {}
        }
        // A closed channel means that the store is gone: it ends here too.
        let _ = sealed.wait_for(|sealed| !sealed).await;
    };
    // The outcome then stays unknown.
    let given_up = async {
        input.cancel.cancelled().await;
        tokio::time::sleep(input.grace).await;
    };
    tokio::select! {
        () = answered => {}
        () = given_up => {}
    }
}

/// The files of a call as a plan has them.
pub(crate) fn planned(steps: &[(Trigger, Arc<dyn BlobSource>)]) -> Vec<Planned> {
    let planned = |(trigger, blob): &(Trigger, Arc<dyn BlobSource>)| Planned {
        trigger: *trigger,
        file_name: blob.name().to_owned(),
    };
    steps.iter().map(planned).collect()
}

/// What a journal knows of each file, if there are any and it is theirs.
pub(crate) async fn known(
    steps: &[(Trigger, Arc<dyn BlobSource>)],
    policy: Policy,
    journal: &dyn Journal,
) -> Option<Report> {
    let plan = Plan::new(planned(steps), policy.allow_repeated_trigger).ok()?;
    Runner::report(plan, policy, journal).await.ok()
}
