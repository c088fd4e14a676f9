//! One ordered run through the library, with its news, its deadline and its end.
//!
//! Sends nothing itself and repeats nothing.

use std::sync::Arc;
use std::time::Duration;

use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::run::{Event, Fact, Outcome, Report, StepReport};
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::CancellationToken;
use knosc_runner::blobs::BlobSource;
use knosc_runner::error::Error;
use knosc_runner::journal::sqlite::{SqliteJournal, StepErrors, Store};
use knosc_runner::progress::Progress;
use knosc_runner::runner::{GRACE, RunInput, Runner};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::exit::{self, Exit};
use crate::interrupt::Interrupt;
use crate::problem::Problem;
use crate::render::Reporter;

/// News that may wait for a slow terminal before some is dropped.
const NEWS_MAX: usize = 1_024;

/// What is sent, and how long it is watched.
pub struct Drive {
    pub steps: Vec<(Trigger, Arc<dyn BlobSource>)>,
    pub policy: Policy,
    pub journal: Arc<SqliteJournal>,
    /// The step whose acceptance is enough.
    pub detach_after: Option<usize>,
    pub wait: Option<Duration>,
    /// Whether a file's digest is made while it is sent.
    pub digest: bool,
    /// How long an interrupted run waits for the answer to a file whose last bytes have left.
    pub grace: Option<Duration>,
}

/// A run that is under way.
#[derive(Clone, Copy)]
pub struct Going<'a> {
    pub runner: &'a Runner,
    pub store: &'a Store,
    pub run: &'a str,
    /// The files that are not sent, with their places among all.
    pub unchanged: &'a [(usize, StepReport)],
}

/// How a run came back.
struct Driven {
    report: Report,
    interrupted: bool,
    /// Its wait was over, or it was to be left after its last file.
    left: bool,
}

/// Drives a run, reports, and says how the process ends.
pub async fn to_the_end(
    going: Going<'_>,
    drive: Drive,
    reporter: &mut Reporter,
) -> Result<Exit, Problem> {
    let interrupt = Interrupt::listen();
    let journal = Arc::clone(&drive.journal);
    let detaches = drive.detach_after.is_some();
    let driven = match run(going.runner, drive, &interrupt, reporter).await {
        Ok(driven) => driven,
        Err(error) if journal.run().history().is_empty() => return Err(error.into()),
        Err(error) => {
            // What broke is told with what is known of every file.
            let report = whole(journal.run().report(), going.unchanged);
            let is_unknown =
                report.steps.iter().any(|step| matches!(step.outcome, Outcome::Unknown(_)));
            let unrecorded = match journal.unwritten().map(|event| event.fact) {
                Some(Fact::UploadAccepted(job)) => Some(Box::new(job)),
                _ => None,
            };
            let run = going.run.to_owned();
            let problem = Problem::InRun { run, is_unknown, unrecorded, error };
            reporter.finish(&report, problem.exit(), true);
            return Err(problem);
        }
    };
    // A run that was left tells of its steps from the journal, whose events carry no row errors.
    let kept = going.store.row_errors(going.run).await.unwrap_or_default();
    let report = whole(with_row_errors(driven.report, kept), going.unchanged);
    let mut exit = exit::of_report(&report);
    if detaches && exit == Exit::Unfinished && all_accepted(&report) {
        exit = Exit::Done;
    }
    if driven.left && exit == Exit::NotRun {
        // Left before or between two files: nothing failed, and the others are for the next call.
        exit = if is_any_accepted(&report) { Exit::Unfinished } else { Exit::Temporary };
    }
    if driven.interrupted {
        exit = Exit::Interrupted;
    }
    reporter.finish(&report, exit, driven.interrupted || driven.left);
    if driven.interrupted { Err(Problem::Interrupted) } else { Ok(exit) }
}

/// Whether nothing but the end of a job is open, as `--detach` asked for.
fn all_accepted(report: &Report) -> bool {
    let is_open = |outcome: &Outcome| outcome.is_done() || matches!(outcome, Outcome::Pending(_));
    report.steps.iter().all(|step| is_open(&step.outcome))
}

/// Whether Knosc took a file in this run, or may have taken it.
fn is_any_accepted(report: &Report) -> bool {
    report.steps.iter().any(|step| {
        !matches!(step.outcome, Outcome::NotStarted | Outcome::Unchanged(_) | Outcome::Refused(_))
    })
}

/// The report of a run that sends nothing.
pub const NOTHING: Report = Report { steps: Vec::new(), events: Vec::new() };

/// All files of a run, in the order given.
pub fn whole(mut report: Report, unchanged: &[(usize, StepReport)]) -> Report {
    for (position, step) in unchanged {
        let place = (*position).min(report.steps.len());
        report.steps.insert(place, step.clone());
    }
    report
}

/// With the row errors that the store kept: events carry none. A file's index in the events is its index here.
pub fn with_row_errors(mut report: Report, kept: Vec<StepErrors>) -> Report {
    for StepErrors { step, errors } in kept {
        if let Some(Outcome::Failed(job)) = report.steps.get_mut(step).map(|step| &mut step.outcome)
            && job.errors.is_empty()
        {
            let count = u64::try_from(errors.len()).unwrap_or(u64::MAX);
            job.errors_omitted = job.errors_omitted.saturating_sub(count);
            job.errors = errors;
        }
    }
    report
}

/// Drives a run to its end, its deadline or a signal.
///
/// # Errors
/// The library's, where it has no report.
async fn run(
    runner: &Runner,
    drive: Drive,
    interrupt: &Interrupt,
    reporter: &mut Reporter,
) -> Result<Driven, Error> {
    let (sender, mut news) = mpsc::channel(NEWS_MAX);
    let (cancel, leave) = (CancellationToken::new(), CancellationToken::new());
    let input = RunInput {
        steps: drive.steps,
        policy: drive.policy,
        journal: drive.journal,
        progress: Some(sender),
        cancel: cancel.clone(),
        leave: leave.clone(),
        grace: drive.grace.unwrap_or(GRACE),
        digest: drive.digest,
    };
    let mut watch = Watch { detach_after: drive.detach_after, over: false };
    let deadline = drive.wait.and_then(|wait| Instant::now().checked_add(wait));
    let signal = interrupt.token();
    let running = runner.run_ordered(input);
    tokio::pin!(running);
    let ended = loop {
        tokio::select! {
            // What the run has told goes first: a deadline must not cut an upload whose beginning nobody has read yet.
            biased;
            Some(piece) = news.recv() => {
                reporter.news(&piece);
                if let Progress::Event(event) = &piece {
                    watch.hear(event);
                }
            }
            () = signal.cancelled(), if !cancel.is_cancelled() => {
                reporter.interrupted();
                cancel.cancel();
            }
            () = until(deadline), if !watch.over => watch.over = true,
            ended = &mut running => break ended,
        }
        if watch.over {
            leave.cancel();
        }
    };
    while let Ok(piece) = news.try_recv() {
        reporter.news(&piece);
    }
    let interrupted = interrupt.seen();
    match ended {
        Ok(report) => Ok(Driven { report, interrupted, left: false }),
        Err(Error::Cancelled { report: Some(report) }) => {
            Ok(Driven { report: *report, interrupted, left: watch.over })
        }
        Err(error) => Err(error),
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// When a run is left. The library never leaves one between a file's last bytes and its answer; a file that is still on its way is
/// given up, since nothing of it can have been accepted.
struct Watch {
    detach_after: Option<usize>,
    over: bool,
}

impl Watch {
    fn hear(&mut self, event: &Event) {
        if matches!(event.fact, Fact::UploadAccepted(_)) {
            self.over |= self.detach_after == Some(event.step);
        }
    }
}
