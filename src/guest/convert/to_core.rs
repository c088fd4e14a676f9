//! The contract's values as the core's.

use crate::fault::{Fault, Refusal};
use crate::guest::bindings::types as wit;
use crate::job::{Job, JobReport, JobStatus, RowError};
use crate::policy::Policy;
use crate::run::{Event, Fact, Resolution, SentFile};
use crate::trigger::Trigger;

/// A trigger by its name.
///
/// # Errors
/// [`Fault::PermanentInvalid`], which lists the documented thirteen, for any other.
pub(in crate::guest) fn trigger(name: &str) -> Result<Trigger, Fault> {
    name.parse().map_err(|unknown: crate::trigger::UnknownTrigger| {
        Fault::PermanentInvalid(unknown.to_string())
    })
}

pub(in crate::guest) fn jobs(jobs: Vec<wit::Job>) -> Result<Vec<Job>, Fault> {
    super::try_all(jobs, job)
}

pub(in crate::guest) fn job(job: wit::Job) -> Result<Job, Fault> {
    Ok(Job { trigger: trigger(&job.trigger)?, job_id: job.job_id })
}

pub(in crate::guest) const fn policy(policy: wit::Policy) -> Policy {
    Policy {
        poll_interval_min_ms: policy.poll_interval_min_ms,
        poll_interval_max_ms: policy.poll_interval_max_ms,
        queued_max_ms: policy.queued_max_ms,
        running_max_ms: policy.running_max_ms,
        allow_repeated_trigger: policy.allow_repeated_trigger,
    }
}

/// A whole history, or the first value in it that no history has.
pub(in crate::guest) fn history(events: Vec<wit::Event>) -> Result<Vec<Event>, Fault> {
    super::try_all(events, event)
}

fn event(event: wit::Event) -> Result<Event, Fault> {
    let step = usize::try_from(event.step).unwrap_or(usize::MAX);
    Ok(Event { at_ms: event.at_ms, step, fact: fact(event.fact)? })
}

fn fact(fact: wit::Fact) -> Result<Fact, Fault> {
    Ok(match fact {
        wit::Fact::UploadStarted(sent) => Fact::UploadStarted(SentFile {
            trigger: trigger(&sent.trigger)?,
            name: sent.name,
            size: sent.size,
            sha256: sent.sha256,
            seal_follows: sent.seal_follows,
        }),
        wit::Fact::UploadSealed(tail_bytes) => Fact::UploadSealed(tail_bytes),
        wit::Fact::UploadAccepted(accepted) => Fact::UploadAccepted(job(accepted)?),
        wit::Fact::UploadEnded(ended) => Fact::UploadEnded(fault(ended)?),
        wit::Fact::JobObserved(report) => Fact::JobObserved(job_report(report)?),
        wit::Fact::PollFailed(failed) => Fact::PollFailed(fault(failed)?),
        wit::Fact::Resolved(wit::Resolution::Accepted(accepted)) => {
            Fact::Resolved(Resolution::Accepted(job(accepted)?))
        }
        wit::Fact::Resolved(wit::Resolution::NotAccepted) => {
            Fact::Resolved(Resolution::NotAccepted)
        }
    })
}

fn fault(fault: wit::Fault) -> Result<Fault, Fault> {
    Ok(match fault {
        wit::Fault::ExecutionFailed => Fault::ExecutionFailed,
        wit::Fault::PermanentInvalid(message) => Fault::PermanentInvalid(message),
        wit::Fault::PermanentDenied(message) => Fault::PermanentDenied(message),
        wit::Fault::PermanentUnauthorized(known) => Fault::PermanentUnauthorized(refusal(known)),
        wit::Fault::PermanentRejected(known) => Fault::PermanentRejected(refusal(known)),
        wit::Fault::PermanentOutcomeUnknown(known) => {
            Fault::PermanentOutcomeUnknown(refusal(known))
        }
        wit::Fault::Transient(known) => Fault::Transient(refusal(known)),
        wit::Fault::NotFinished(report) => Fault::NotFinished(Box::new(job_report(report)?)),
    })
}

fn refusal(refusal: wit::Refusal) -> Refusal {
    Refusal {
        status: refusal.status,
        code: refusal.code,
        message: refusal.message,
        retry_after_ms: refusal.retry_after_ms,
    }
}

fn job_report(report: wit::JobReport) -> Result<JobReport, Fault> {
    Ok(JobReport {
        job: job(report.job)?,
        status: job_status(report.status),
        rows_processed: report.rows_processed,
        errors: super::all(report.errors, |error| RowError {
            row: error.row,
            message: error.message,
        }),
        errors_omitted: report.errors_omitted,
        errors_cut: report.errors_cut,
        completed_at: report.completed_at,
    })
}

/// An `other` stays one, whatever its word: it is never read as success.
fn job_status(status: wit::JobStatus) -> JobStatus {
    match status {
        wit::JobStatus::Queued => JobStatus::Queued,
        wit::JobStatus::Running => JobStatus::Running,
        wit::JobStatus::Completed => JobStatus::Completed,
        wit::JobStatus::Failed => JobStatus::Failed,
        wit::JobStatus::Missing => JobStatus::Missing,
        wit::JobStatus::Other(word) => JobStatus::Other(word),
    }
}
