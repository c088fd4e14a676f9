//! `poll`: how far jobs are; once, or until they ended with `--wait`.
//!
//! Reads only, so that a poll that failed may be made again.

use std::time::Duration;

use knosc_bulk_import::fault::{Fault, Refusal};
use knosc_bulk_import::job::{Job, JobReport, JobStatus};
use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::policy::{MISSING_POLLS_MAX, POLL_FAILURES_MAX, Policy};
use knosc_runner::error::Error;
use knosc_runner::runner::Runner;
use tokio::time::Instant;

use super::source;
use crate::args::{Global, Poll};
use crate::connect;
use crate::exit::{self, Exit};
use crate::interrupt::Interrupt;
use crate::problem::Problem;
use crate::render::Reporter;
use crate::target::{self, Wanted};
use crate::{state, when};

pub async fn execute(
    global: &Global,
    args: &Poll,
    reporter: &mut Reporter,
) -> Result<Exit, Problem> {
    let origin = target::origin(global, &Wanted::default())?;
    let policy = source::with_interval(source::default_policy(&origin), args.poll_interval);
    policy.check(origin.is_loopback())?;
    let interrupt = Interrupt::listen();
    let runner = connect::runner(global, &origin)?;
    let watch = Watch { jobs: &args.jobs, policy, wait: args.wait };
    let jobs = watch.run(&runner, &interrupt, reporter).await?;
    record(global, &origin, &jobs, reporter).await;
    let exit = exit::of_jobs(&jobs);
    reporter.jobs(&origin, &jobs, exit);
    Ok(exit)
}

/// What a run of the past does not know yet is told to its journal. A poll needs none, so that this cannot fail it.
async fn record(global: &Global, origin: &Origin, jobs: &[JobReport], reporter: &mut Reporter) {
    if !jobs.iter().any(|job| job.status.is_final()) {
        return;
    }
    let Ok(Some(store)) = state::existing_store(global, reporter) else { return };
    if store.doubt().is_some() {
        return;
    }
    for job in jobs.iter().filter(|job| job.status.is_final()) {
        match store.observe(&origin.to_string(), job, when::now_ms()).await {
            Ok(Some(run)) => reporter.note(&format!("recorded in run {run}")),
            Ok(None) => {}
            Err(error) => reporter.note(&format!("not recorded: {error}")),
        }
    }
}

struct Watch<'a> {
    jobs: &'a [Job],
    policy: Policy,
    wait: Option<Duration>,
}

impl Watch<'_> {
    async fn run(
        &self,
        runner: &Runner,
        interrupt: &Interrupt,
        reporter: &mut Reporter,
    ) -> Result<Vec<JobReport>, Problem> {
        let begun = Instant::now();
        let (mut polls, mut failures, mut missing) = (0, 0, 0);
        let mut answered = None;
        loop {
            polls += 1;
            let answer = tokio::select! {
                answer = runner.poll(self.jobs, interrupt.token()) => answer,
                // The wait ends in the middle of a poll too: what the last one said stands.
                () = self.over(begun) => match answered {
                    Some(reports) => return Ok(reports),
                    None => Err(Error::Fault(Fault::Transient(Refusal::unanswered(
                        "no poll was answered before the wait ended",
                    )))),
                },
            };
            let pause_ms = match answer {
                Ok(reports) => {
                    failures = 0;
                    let lost = reports.iter().any(|report| report.status == JobStatus::Missing);
                    missing = if lost { missing + 1 } else { 0 };
                    let ended = reports.iter().all(|report| report.status.is_final());
                    let age_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
                    let pause_ms = self.policy.poll_interval_ms(age_ms, "", polls);
                    if ended || missing >= MISSING_POLLS_MAX || !self.has_time(begun, pause_ms) {
                        return Ok(reports);
                    }
                    for report in &reports {
                        reporter.job(report);
                    }
                    answered = Some(reports);
                    pause_ms
                }
                Err(Error::Fault(Fault::Transient(refusal))) => {
                    failures += 1;
                    let pause_ms = self.policy.poll_backoff_ms(failures, refusal.retry_after_ms);
                    if failures >= POLL_FAILURES_MAX || !self.has_time(begun, pause_ms) {
                        return Err(Error::Fault(Fault::Transient(refusal)).into());
                    }
                    reporter.note(&format!("poll failed: {}", refusal.message));
                    pause_ms
                }
                Err(error) => return Err(error.into()),
            };
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(pause_ms)) => {}
                () = until_cancelled(interrupt) => return Err(Problem::Interrupted),
            }
        }
    }

    /// Ready when the wait is over; without one never.
    async fn over(&self, begun: Instant) {
        match self.wait.and_then(|wait| begun.checked_add(wait)) {
            Some(end) => tokio::time::sleep_until(end).await,
            None => std::future::pending().await,
        }
    }

    /// Whether another poll fits; without `--wait` none does.
    fn has_time(&self, begun: Instant, pause_ms: u64) -> bool {
        self.wait.is_some_and(|wait| begun.elapsed() + Duration::from_millis(pause_ms) <= wait)
    }
}

async fn until_cancelled(interrupt: &Interrupt) {
    interrupt.token().cancelled().await;
}
