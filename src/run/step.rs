//! One step of a run: the one table of legal transitions, used when a run goes on and when it is rebuilt.
//!
//! Private to `run`; decides nothing about order.

use super::event::{Event, Fact, Resolution, SentFile};
use super::report::Outcome;
use crate::fault::{Fault, Refusal};
use crate::job::{Job, JobReport, JobStatus};
use crate::plan::Planned;
use crate::policy::{MISSING_POLLS_MAX, POLL_FAILURES_MAX, Policy};

/// Where a step stands.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Ready,
    Sending(Sending),
    Watching(Watching),
    Ended(Outcome),
}

/// An upload that was begun and not answered.
#[derive(Clone, Debug)]
pub(super) struct Sending {
    seal_follows: bool,
    sealed: bool,
}

/// A job that Knosc accepted and did not finish.
#[derive(Clone, Debug)]
pub(super) struct Watching {
    last: JobReport,
    accepted_at_ms: u64,
    asked_at_ms: u64,
    /// How long somebody has watched the job queue, and do anything else: sums, so that neither a server that says the two by
    /// turns nor a clock that goes back keeps a run for ever.
    queued_for_ms: u64,
    worked_for_ms: u64,
    /// Up to when these sums go.
    counted_to_ms: u64,
    polls: u32,
    missing: u32,
    failures: u32,
    failure: Option<Fault>,
}

/// Why a fact does not fit a step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// The history names a file that was not given.
    #[error("there is no such file")]
    NoSuchStep,
    /// A file before it in the order is not completed.
    #[error("a file before it is not completed")]
    NotItsTurn,
    /// The trigger or the name is another file's.
    #[error("it is about another file")]
    OtherFile,
    /// The job is not this step's.
    #[error("it is about another job")]
    OtherJob,
    /// The fact cannot follow what is known.
    #[error("it cannot follow what happened before")]
    OutOfOrder,
}

impl Step {
    /// The step after one fact.
    pub(super) fn after(&self, planned: &Planned, event: &Event) -> Result<Self, Mismatch> {
        match &event.fact {
            Fact::UploadStarted(sent) => self.started(planned, sent),
            Fact::UploadSealed(_) => self.sealed(),
            Fact::UploadAccepted(job) => match self {
                Self::Sending(_) => accepted(planned, job, event.at_ms),
                _ => Err(Mismatch::OutOfOrder),
            },
            Fact::UploadEnded(fault) => self.upload_ended(fault),
            Fact::JobObserved(report) => self.observed(report, event.at_ms),
            Fact::PollFailed(fault) => self.poll_failed(fault, event.at_ms),
            Fact::Resolved(resolution) => self.resolved(planned, resolution, event.at_ms),
        }
    }

    fn started(&self, planned: &Planned, sent: &SentFile) -> Result<Self, Mismatch> {
        if sent.trigger != planned.trigger || sent.name != planned.file_name {
            return Err(Mismatch::OtherFile);
        }
        match self {
            Self::Sending(before) if !before.cannot_have_arrived() => Err(Mismatch::OutOfOrder),
            Self::Ready | Self::Sending(_) => {
                Ok(Self::Sending(Sending { seal_follows: sent.seal_follows, sealed: false }))
            }
            Self::Watching(_) | Self::Ended(_) => Err(Mismatch::OutOfOrder),
        }
    }

    fn sealed(&self) -> Result<Self, Mismatch> {
        match self {
            Self::Sending(Sending { seal_follows: true, sealed: false }) => {
                Ok(Self::Sending(Sending { seal_follows: true, sealed: true }))
            }
            _ => Err(Mismatch::OutOfOrder),
        }
    }

    fn upload_ended(&self, fault: &Fault) -> Result<Self, Mismatch> {
        let Self::Sending(sending) = self else { return Err(Mismatch::OutOfOrder) };
        let outcome = match fault {
            Fault::NotFinished(_) => return Err(Mismatch::OutOfOrder),
            Fault::PermanentOutcomeUnknown(refusal) => Outcome::Unknown(refusal.clone()),
            // A trap or an engine's timeout says nothing of what left before it.
            Fault::ExecutionFailed if !sending.cannot_have_arrived() => Outcome::Unknown(
                Refusal::unanswered("the engine ended the call before an answer came"),
            ),
            _ => Outcome::Refused(fault.clone()),
        };
        Ok(Self::Ended(outcome))
    }

    fn observed(&self, report: &JobReport, at_ms: u64) -> Result<Self, Mismatch> {
        let watching = match self {
            Self::Watching(watching) => watching,
            // Final states are sticky, whatever a late answer says.
            Self::Ended(Outcome::Completed(known) | Outcome::Failed(known)) => {
                return same_job(&known.job, &report.job).map(|()| self.clone());
            }
            Self::Ended(Outcome::Lost(job)) => {
                return same_job(job, &report.job).map(|()| self.clone());
            }
            Self::Ready | Self::Sending(_) | Self::Ended(_) => return Err(Mismatch::OutOfOrder),
        };
        same_job(&watching.last.job, &report.job)?;
        Ok(match report.status {
            JobStatus::Completed => Self::Ended(Outcome::Completed(report.clone())),
            JobStatus::Failed => Self::Ended(Outcome::Failed(report.clone())),
            JobStatus::Missing if watching.missing + 1 >= MISSING_POLLS_MAX => {
                Self::Ended(Outcome::Lost(report.job.clone()))
            }
            JobStatus::Missing => {
                Self::Watching(Watching { missing: watching.missing + 1, ..watching.asked(at_ms) })
            }
            JobStatus::Queued | JobStatus::Running | JobStatus::Other(_) => {
                Self::Watching(watching.seen(report, at_ms))
            }
        })
    }

    fn poll_failed(&self, fault: &Fault, at_ms: u64) -> Result<Self, Mismatch> {
        match self {
            Self::Watching(watching) => Ok(Self::Watching(Watching {
                failures: watching.failures + 1,
                failure: Some(fault.clone()),
                ..watching.asked(at_ms)
            })),
            Self::Ended(Outcome::Completed(_) | Outcome::Failed(_) | Outcome::Lost(_)) => {
                Ok(self.clone())
            }
            Self::Ready | Self::Sending(_) | Self::Ended(_) => Err(Mismatch::OutOfOrder),
        }
    }

    fn resolved(
        &self,
        planned: &Planned,
        resolution: &Resolution,
        at_ms: u64,
    ) -> Result<Self, Mismatch> {
        let open = matches!(
            self,
            Self::Sending(_)
                | Self::Ended(Outcome::Unknown(_) | Outcome::Refused(_) | Outcome::Lost(_))
        );
        match resolution {
            Resolution::Accepted(job) if open => accepted(planned, job, at_ms),
            Resolution::NotAccepted if open => Ok(Self::Ready),
            Resolution::Accepted(_) | Resolution::NotAccepted => Err(Mismatch::OutOfOrder),
        }
    }

    /// Somebody watches again from now on: patience and failing polls count afresh.
    ///
    /// Both change only when a run stops asking. What changes a step is counted from its facts alone (so not [`Watching::missing`]):
    /// the next fold of the same facts has to come to the same step.
    pub(super) fn attend_again(&mut self, now_ms: u64) {
        if let Self::Watching(watching) = self {
            watching.failures = 0;
            watching.failure = None;
            watching.queued_for_ms = 0;
            watching.worked_for_ms = 0;
            watching.counted_to_ms = now_ms;
        }
    }

    /// What a report says of the step as it stands.
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Ready => Outcome::NotStarted,
            Self::Sending(sending) if sending.cannot_have_arrived() => {
                Outcome::Refused(Fault::Transient(Refusal::unanswered(
                    "cut off before the last bytes; Knosc cannot have it",
                )))
            }
            Self::Sending(_) => {
                Outcome::Unknown(Refusal::unanswered("sent, and cut off before an answer came"))
            }
            Self::Watching(watching) => Outcome::Pending(watching.last.clone()),
            Self::Ended(outcome) => outcome.clone(),
        }
    }
}

fn accepted(planned: &Planned, job: &Job, at_ms: u64) -> Result<Step, Mismatch> {
    if job.trigger != planned.trigger || job.job_id.is_empty() {
        return Err(Mismatch::OtherJob);
    }
    Ok(Step::Watching(Watching {
        last: JobReport::of_status(job.clone(), JobStatus::Queued),
        accepted_at_ms: at_ms,
        asked_at_ms: at_ms,
        queued_for_ms: 0,
        worked_for_ms: 0,
        counted_to_ms: at_ms,
        polls: 0,
        missing: 0,
        failures: 0,
        failure: None,
    }))
}

fn same_job(known: &Job, given: &Job) -> Result<(), Mismatch> {
    if known == given { Ok(()) } else { Err(Mismatch::OtherJob) }
}

impl Sending {
    /// The closing boundary never left, by the word of a history that records when it does.
    pub(super) const fn cannot_have_arrived(&self) -> bool {
        self.seal_follows && !self.sealed
    }
}

impl Watching {
    pub(super) const fn job(&self) -> &Job {
        &self.last.job
    }

    /// Milliseconds until the next poll is due; none when patience is over.
    pub(super) fn next(&self, policy: &Policy, now_ms: u64) -> Option<u64> {
        let (patience_ms, waited_ms) = match self.last.status {
            JobStatus::Queued => (policy.queued_max_ms, self.queued_for_ms),
            _ => (policy.running_max_ms, self.worked_for_ms),
        };
        let since_ms = now_ms.saturating_sub(self.counted_to_ms);
        if waited_ms.saturating_add(since_ms) >= patience_ms || self.gave_up() {
            return None;
        }
        let pause_ms = if self.failures > 0 {
            let asked = self.failure.as_ref().and_then(Fault::refusal);
            policy.poll_backoff_ms(self.failures, asked.and_then(|refusal| refusal.retry_after_ms))
        } else {
            let age_ms = self.asked_at_ms.saturating_sub(self.accepted_at_ms);
            policy.poll_interval_ms(age_ms, &self.last.job.job_id, self.polls)
        };
        // A clock that went back says nothing of how long ago the last poll was: one more, now, and it counts from there.
        let waited_ms = now_ms.checked_sub(self.asked_at_ms);
        Some(waited_ms.map_or(0, |waited_ms| pause_ms.saturating_sub(waited_ms)))
    }

    /// A poll that nobody can mend by waiting, or that failed too often in a row.
    fn gave_up(&self) -> bool {
        self.failures >= POLL_FAILURES_MAX
            || self.failure.as_ref().is_some_and(|fault| !matches!(fault, Fault::Transient(_)))
    }

    fn asked(&self, at_ms: u64) -> Self {
        let polls = self.polls.saturating_add(1);
        let mut asked = Self { asked_at_ms: at_ms, counted_to_ms: at_ms, polls, ..self.clone() };
        let waited_ms = match self.last.status {
            JobStatus::Queued => &mut asked.queued_for_ms,
            _ => &mut asked.worked_for_ms,
        };
        *waited_ms = waited_ms.saturating_add(at_ms.saturating_sub(self.counted_to_ms));
        asked
    }

    fn seen(&self, report: &JobReport, at_ms: u64) -> Self {
        Self { last: report.clone(), missing: 0, failures: 0, failure: None, ..self.asked(at_ms) }
    }
}
