//! One ordered run through the library, with its news, its deadline and its end.
//!
//! Sends nothing itself and repeats nothing.

use std::sync::Arc;
use std::time::Duration;

use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::run::{Event, Fact, Report};
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::CancellationToken;
use knosc_runner::blobs::BlobSource;
use knosc_runner::error::Error;
use knosc_runner::journal::MemoryJournal;
use knosc_runner::progress::Progress;
use knosc_runner::runner::{RunInput, Runner};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::interrupt::Interrupt;
use crate::render::Reporter;

/// News that may wait for a slow terminal before some is dropped.
const NEWS_MAX: usize = 1_024;

/// What is sent, and how long it is watched.
pub struct Drive {
    pub steps: Vec<(Trigger, Arc<dyn BlobSource>)>,
    pub policy: Policy,
    /// The step whose acceptance is enough.
    pub detach_after: Option<usize>,
    pub wait: Option<Duration>,
}

/// How a run came back.
pub struct Driven {
    pub report: Report,
    pub interrupted: bool,
}

/// Drives a run to its end, its deadline or a signal.
///
/// # Errors
/// The library's, where it has no report.
pub async fn run(
    runner: &Runner,
    drive: Drive,
    interrupt: &Interrupt,
    reporter: &mut Reporter,
) -> Result<Driven, Error> {
    let (sender, mut news) = mpsc::channel(NEWS_MAX);
    let cancel = CancellationToken::new();
    let journal = Arc::new(MemoryJournal::new());
    let input = RunInput {
        steps: drive.steps,
        policy: drive.policy,
        journal,
        progress: Some(sender),
        cancel: cancel.clone(),
        ..RunInput::default()
    };
    let mut leave = Leave { detach_after: drive.detach_after, over: false, watching: false };
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
                    leave.hear(event);
                }
            }
            () = signal.cancelled(), if !cancel.is_cancelled() => cancel.cancel(),
            () = until(deadline), if !leave.over => leave.over = true,
            ended = &mut running => break ended,
        }
        if leave.is_due() {
            cancel.cancel();
        }
    };
    while let Ok(piece) = news.try_recv() {
        reporter.news(&piece);
    }
    let interrupted = interrupt.seen();
    match ended {
        Ok(report) => Ok(Driven { report, interrupted }),
        Err(Error::Cancelled { report: Some(report) }) => {
            Ok(Driven { report: *report, interrupted })
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

/// When a run is left: never while a file is on its way, since its outcome would be unknown.
struct Leave {
    detach_after: Option<usize>,
    over: bool,
    watching: bool,
}

impl Leave {
    fn hear(&mut self, event: &Event) {
        match &event.fact {
            Fact::UploadAccepted(_) => {
                self.watching = true;
                self.over |= self.detach_after == Some(event.step);
            }
            Fact::JobObserved(report) => self.watching = !report.status.is_final(),
            Fact::PollFailed(_) => self.watching = true,
            Fact::UploadStarted(_)
            | Fact::UploadSealed(_)
            | Fact::UploadEnded(_)
            | Fact::Resolved(_) => {
                self.watching = false;
            }
        }
    }

    const fn is_due(&self) -> bool {
        self.over && self.watching
    }
}
