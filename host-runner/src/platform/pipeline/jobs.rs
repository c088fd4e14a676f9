//! The import `jobs`: answered by the importer in a store of its own, as a task that ends even where the pipeline does not.
//!
//! The operator's policy holds; a pipeline may only be more patient between polls and less patient in all.

use std::sync::{Arc, Mutex, PoisonError};

use knosc_bulk_import::fault::{Advice, Fault, Refusal};
use knosc_bulk_import::job::{Job, JobReport};
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::run::Report;
use knosc_bulk_import::trigger::Trigger;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;
use wasmtime::component::Resource;

use super::bindings::knosc::bulk_import::jobs::{Host, Step};
use super::call::Call;
use super::state::PipelineState;
use crate::CancellationToken;
use crate::bindings::knosc::bulk_import::types as wit;
use crate::blobs::BlobSource;
use crate::convert::Contract;
use crate::error::Error;
use crate::host::blobs::Blob;
use crate::platform::events::{PipelineEvent, Teller};
use crate::platform::journals::{Function, Journals};
use crate::platform::limits::PipelineLimit;
use crate::progress::Progress;
use crate::runner::{self, RunInput, Runner, UploadInput};

/// What one `jobs` call came to, from the host's own journal.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum JobCall {
    /// `run-ordered`, with each file as the journal knows it.
    Run(Report),
    /// `upload`, the same.
    Upload(Report),
    /// The host's journals did not let it begin. Why is theirs to tell; this is what the pipeline heard.
    NotBegun(Fault),
    /// A call that came to nothing before anything was known of a file: what Knosc or the contract refused.
    Refused(Fault),
    /// The same, by the host's own error. The pipeline heard only what it may do next.
    Failed(Arc<Error>),
}

impl JobCall {
    /// A call that ended with this error.
    fn of_error(error: Error) -> Self {
        match error {
            Error::Fault(fault) => Self::Refused(fault),
            error => Self::Failed(Arc::new(error)),
        }
    }

    /// What the pipeline hears of a call that came to nothing.
    fn told(&self) -> Fault {
        match self {
            Self::NotBegun(fault) | Self::Refused(fault) => fault.clone(),
            Self::Failed(error) => fault(error),
            Self::Run(_) | Self::Upload(_) => Fault::ExecutionFailed,
        }
    }
}

/// The `jobs` calls of one pipeline's run.
#[derive(Clone)]
pub(super) struct Jobs {
    pub(super) runner: Runner,
    pub(super) policy: Policy,
    pub(super) journals: Arc<dyn Journals>,
    /// Ends what waits, in the orderly way of the runner.
    pub(super) cancel: CancellationToken,
    pub(super) tasks: TaskTracker,
    /// Where the tasks run.
    pub(super) io: tokio::runtime::Handle,
    pub(super) tenant: String,
    pub(super) calls: Arc<Mutex<Vec<JobCall>>>,
    pub(super) teller: Teller,
}

/// News of a call that wait to be told: more than comes between two turns of the host's threads.
const NEWS_MAX: usize = 64;

impl Jobs {
    fn note(&self, call: JobCall) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }

    /// Tells what a call tells, and gives what it came to.
    async fn told<T>(&self, call: impl AsyncFnOnce(mpsc::Sender<Progress>) -> T) -> T {
        let (news, from) = mpsc::channel(NEWS_MAX);
        let (answer, ()) = tokio::join!(call(news), self.teller.clone().pass_on(from));
        answer
    }

    async fn run(
        &self,
        steps: Vec<(Trigger, Arc<dyn BlobSource>)>,
        policy: Policy,
    ) -> Result<Report, Fault> {
        let call = match Call::begin(self, Function::RunOrdered, steps, policy).await {
            Ok(call) => call,
            Err(not_begun) => return Err(self.came_to_nothing(not_begun)),
        };
        let answer = self.run_begun(&call, policy).await;
        let known = match &answer {
            Ok(report) => Some(report.clone()),
            // It ended in the middle of its work: what it began is in the journal.
            Err(_) => self.known(&call, policy).await.map(|report| call.whole(report)),
        };
        call.end().await;
        self.ended(known.map(JobCall::Run), answer)
    }

    async fn run_begun(&self, call: &Call, policy: Policy) -> Result<Report, Error> {
        if call.sent.is_empty() {
            return Ok(call.whole(Report { steps: Vec::new(), events: Vec::new() }));
        }
        let answer = self.told(async |news| {
            let input = RunInput {
                steps: call.sent.clone(),
                policy,
                journal: Arc::clone(&call.journal),
                progress: Some(news),
                cancel: self.cancel.clone(),
                ..RunInput::default()
            };
            self.runner.run_ordered(input).await
        });
        match answer.await {
            Ok(report) => Ok(call.whole(report)),
            Err(Error::Cancelled { report: Some(report) }) => Ok(call.whole(*report)),
            Err(error) => Err(error),
        }
    }

    async fn upload(
        &self,
        trigger: Trigger,
        blob: Arc<dyn BlobSource>,
    ) -> Result<wit::JobReport, Fault> {
        let steps = vec![(trigger, blob)];
        let call = match Call::begin(self, Function::Upload, steps, self.policy).await {
            Ok(call) => call,
            Err(not_begun) => return Err(self.came_to_nothing(not_begun)),
        };
        let answer = self.upload_begun(&call).await;
        let known = self.known(&call, self.policy).await;
        call.end().await;
        self.ended(known.map(JobCall::Upload), answer.map(|report| report.to_wit()))
    }

    async fn upload_begun(&self, call: &Call) -> Result<JobReport, Error> {
        let Some((trigger, blob)) = call.sent.first().cloned() else {
            let said = "the same bytes completed before; nothing was sent".to_owned();
            return Err(Error::Fault(Fault::PermanentDenied(said)));
        };
        let answer = self.told(async |news| {
            let input = UploadInput {
                journal: Arc::clone(&call.journal),
                progress: Some(news),
                cancel: self.cancel.clone(),
                ..UploadInput::new(trigger, blob)
            };
            self.runner.upload(input).await
        });
        answer.await
    }

    async fn poll(&self, asked: &[Job]) -> Result<Vec<wit::JobReport>, Fault> {
        let answer = self.runner.poll(asked, self.cancel.clone()).await;
        let reports = answer.map_err(|error| fault(&error))?;
        self.journals.observed(self.runner.tenant().origin(), &reports).await;
        Ok(reports.to_wit())
    }

    /// What the journal of a call says of its files; none before its first fact.
    async fn known(&self, call: &Call, policy: Policy) -> Option<Report> {
        let report = runner::known(&call.sent, policy, call.journal.as_ref()).await;
        report.filter(|report| !report.events.is_empty())
    }

    /// Notes a call once: what is known of its files, and its error only where nothing is.
    fn ended<T>(&self, known: Option<JobCall>, answer: Result<T, Error>) -> Result<T, Fault> {
        match (known, answer) {
            (Some(call), answer) => {
                self.note(call);
                answer.map_err(|error| fault(&error))
            }
            (None, Err(error)) => Err(self.came_to_nothing(JobCall::of_error(error))),
            (None, Ok(answer)) => {
                tracing::error!("the journal of a call cannot be read after it");
                Ok(answer)
            }
        }
    }

    fn came_to_nothing(&self, call: JobCall) -> Fault {
        let told = call.told();
        self.note(call);
        told
    }
}

impl PipelineState {
    /// Counts a call; what a pipeline may not call any more is refused before anything is sent.
    fn begin_call(&mut self) -> Result<Jobs, Box<wit::Fault>> {
        self.job_calls += 1;
        if self.job_calls > self.limits().get(PipelineLimit::JobCalls) {
            return Err(Box::new(wit::Fault::PermanentDenied(self.over(PipelineLimit::JobCalls))));
        }
        Ok(self.jobs.clone())
    }

    fn source(&self, blob: &Resource<Blob>) -> wasmtime::Result<Arc<dyn BlobSource>> {
        Ok(self.table.get(blob)?.source())
    }

    /// Makes a call on the host's own threads, and to its end: also where the pipeline does not wait for it any more.
    async fn apart<T: Send + 'static>(
        &mut self,
        function: &'static str,
        call: impl Future<Output = T> + Send + 'static,
    ) -> wasmtime::Result<T> {
        let _standing_still = self.wall.pause();
        let teller = self.jobs.teller.clone();
        let whole = async move {
            teller.tell(PipelineEvent::CallBegan(function));
            let answer = call.await;
            teller.tell(PipelineEvent::CallEnded);
            answer
        };
        let span = tracing::info_span!("call", what = function);
        Ok(self.jobs.tasks.spawn_on(whole.instrument(span), &self.jobs.io).await?)
    }
}

impl Host for PipelineState {
    async fn upload(
        &mut self,
        trigger: wit::Trigger,
        file: Resource<Blob>,
    ) -> wasmtime::Result<Result<wit::JobReport, wit::Fault>> {
        let blob = self.source(&file)?;
        let trigger: Trigger = match trigger.parse() {
            Ok(trigger) => trigger,
            Err(unknown) => return Ok(Err(invalid(&unknown))),
        };
        let jobs = match self.begin_call() {
            Ok(jobs) => jobs,
            Err(refused) => return Ok(Err(*refused)),
        };
        let call = async move { jobs.upload(trigger, blob).await };
        Ok(self.apart("upload", call).await?.map_err(|fault| fault.to_wit()))
    }

    async fn poll(
        &mut self,
        jobs: Vec<wit::Job>,
    ) -> wasmtime::Result<Result<Vec<wit::JobReport>, wit::Fault>> {
        let asked = match <Vec<Job>>::from_wit(jobs) {
            Ok(asked) => asked,
            Err(unknown) => return Ok(Err(invalid(&unknown))),
        };
        let jobs = match self.begin_call() {
            Ok(jobs) => jobs,
            Err(refused) => return Ok(Err(*refused)),
        };
        let call = async move { jobs.poll(&asked).await };
        Ok(self.apart("poll", call).await?.map_err(|fault| fault.to_wit()))
    }

    async fn run_ordered(
        &mut self,
        steps: Vec<Step>,
        policy: wit::Policy,
    ) -> wasmtime::Result<Result<wit::Report, wit::Fault>> {
        let mut given = Vec::with_capacity(steps.len());
        for Step { trigger, file } in steps {
            let source = self.table.delete(file)?.source();
            match trigger.parse::<Trigger>() {
                Ok(trigger) => given.push((trigger, source)),
                Err(unknown) => return Ok(Err(invalid(&unknown))),
            }
        }
        let jobs = match self.begin_call() {
            Ok(jobs) => jobs,
            Err(refused) => return Ok(Err(*refused)),
        };
        let policy = narrowed(&jobs.policy, &Policy::from_wit(policy)?);
        let call = async move { jobs.run(given, policy).await };
        let answer = self.apart("run-ordered", call).await?;
        Ok(answer.map(|report| report.to_wit()).map_err(|fault| fault.to_wit()))
    }
}

fn invalid(unknown: &knosc_bulk_import::trigger::UnknownTrigger) -> wit::Fault {
    wit::Fault::PermanentInvalid(unknown.to_string())
}

/// The operator's policy, with slower polls and less patience where the pipeline asks for it.
fn narrowed(operator: &Policy, own: &Policy) -> Policy {
    Policy {
        poll_interval_min_ms: operator
            .poll_interval_min_ms
            .max(own.poll_interval_min_ms)
            .min(operator.poll_interval_max_ms),
        poll_interval_max_ms: operator.poll_interval_max_ms,
        queued_max_ms: operator.queued_max_ms.min(own.queued_max_ms),
        running_max_ms: operator.running_max_ms.min(own.running_max_ms),
        allow_repeated_trigger: own.allow_repeated_trigger,
    }
}

/// What a pipeline is told of an error that is the host's: what it may do next, and nothing of the host.
fn fault(error: &Error) -> Fault {
    if let Error::Fault(fault) = error {
        return fault.clone();
    }
    match error.advice() {
        Advice::CallAgain | Advice::PollLater => Fault::Transient(Refusal::unanswered(
            "the host could not do it now; nothing was accepted",
        )),
        Advice::SignIn => Fault::PermanentUnauthorized(Refusal::unanswered(
            "the host has no session for this tenant",
        )),
        Advice::MendInput => Fault::PermanentInvalid("a file cannot be read".to_owned()),
        Advice::AskOperator => Fault::PermanentDenied("the host does not allow it now".to_owned()),
        Advice::Decide => Fault::PermanentOutcomeUnknown(Refusal::unanswered(
            "the importer ended in the middle of its work; the host's journal says what was sent",
        )),
    }
}
