//! The core's values as the contract's.

use crate::fault::{Fault, Refusal};
use crate::guest::bindings::types as wit;
use crate::job::{Job, JobReport, JobStatus};
use crate::run::{Event, Fact, Outcome, Report, Resolution, SentFile};

pub(in crate::guest) fn job(job: Job) -> wit::Job {
    wit::Job { trigger: job.trigger.name().to_owned(), job_id: job.job_id }
}

pub(in crate::guest) fn job_report(report: JobReport) -> wit::JobReport {
    wit::JobReport {
        job: job(report.job),
        status: job_status(report.status),
        rows_processed: report.rows_processed,
        errors: super::all(report.errors, |error| wit::RowError {
            row: error.row,
            message: error.message,
        }),
        errors_omitted: report.errors_omitted,
        errors_cut: report.errors_cut,
        completed_at: report.completed_at,
    }
}

pub(in crate::guest) fn job_reports(reports: Vec<JobReport>) -> Vec<wit::JobReport> {
    super::all(reports, job_report)
}

pub(in crate::guest) fn fault(fault: Fault) -> wit::Fault {
    match fault {
        Fault::ExecutionFailed => wit::Fault::ExecutionFailed,
        Fault::PermanentInvalid(message) => wit::Fault::PermanentInvalid(message),
        Fault::PermanentDenied(message) => wit::Fault::PermanentDenied(message),
        Fault::PermanentUnauthorized(known) => wit::Fault::PermanentUnauthorized(refusal(known)),
        Fault::PermanentRejected(known) => wit::Fault::PermanentRejected(refusal(known)),
        Fault::PermanentOutcomeUnknown(known) => {
            wit::Fault::PermanentOutcomeUnknown(refusal(known))
        }
        Fault::Transient(known) => wit::Fault::Transient(refusal(known)),
        Fault::NotFinished(report) => wit::Fault::NotFinished(job_report(*report)),
    }
}

pub(in crate::guest) fn report(report: Report) -> wit::Report {
    let steps = super::all(report.steps, |step| wit::StepReport {
        trigger: step.trigger.name().to_owned(),
        file_name: step.file_name,
        outcome: outcome(step.outcome),
    });
    wit::Report { steps, events: super::all(report.events, event) }
}

pub(in crate::guest) fn event(event: Event) -> wit::Event {
    wit::Event { at_ms: event.at_ms, step: index(event.step), fact: fact(event.fact) }
}

/// A plan takes at most a thousand files, so that every index fits.
pub(in crate::guest) fn index(step: usize) -> u32 {
    u32::try_from(step).unwrap_or(u32::MAX)
}

fn fact(fact: Fact) -> wit::Fact {
    match fact {
        Fact::UploadStarted(sent) => wit::Fact::UploadStarted(sent_file(sent)),
        Fact::UploadSealed(tail_bytes) => wit::Fact::UploadSealed(tail_bytes),
        Fact::UploadAccepted(accepted) => wit::Fact::UploadAccepted(job(accepted)),
        Fact::UploadEnded(ended) => wit::Fact::UploadEnded(fault(ended)),
        Fact::JobObserved(report) => wit::Fact::JobObserved(job_report(report)),
        Fact::PollFailed(failed) => wit::Fact::PollFailed(fault(failed)),
        Fact::Resolved(Resolution::Accepted(accepted)) => {
            wit::Fact::Resolved(wit::Resolution::Accepted(job(accepted)))
        }
        Fact::Resolved(Resolution::NotAccepted) => {
            wit::Fact::Resolved(wit::Resolution::NotAccepted)
        }
    }
}

fn sent_file(sent: SentFile) -> wit::SentFile {
    wit::SentFile {
        trigger: sent.trigger.name().to_owned(),
        name: sent.name,
        size: sent.size,
        sha256: sent.sha256,
        seal_follows: sent.seal_follows,
    }
}

fn outcome(outcome: Outcome) -> wit::Outcome {
    match outcome {
        Outcome::Completed(report) => wit::Outcome::Completed(job_report(report)),
        Outcome::Failed(report) => wit::Outcome::Failed(job_report(report)),
        Outcome::Refused(known) => wit::Outcome::Refused(fault(known)),
        Outcome::Unknown(known) => wit::Outcome::Unknown(refusal(known)),
        Outcome::Pending(report) => wit::Outcome::Pending(job_report(report)),
        Outcome::Lost(lost) => wit::Outcome::Lost(job(lost)),
        Outcome::Unchanged(run) => wit::Outcome::Unchanged(run),
        Outcome::NotStarted => wit::Outcome::NotStarted,
    }
}

fn refusal(refusal: Refusal) -> wit::Refusal {
    wit::Refusal {
        status: refusal.status,
        code: refusal.code,
        message: refusal.message,
        retry_after_ms: refusal.retry_after_ms,
    }
}

fn job_status(status: JobStatus) -> wit::JobStatus {
    match status {
        JobStatus::Queued => wit::JobStatus::Queued,
        JobStatus::Running => wit::JobStatus::Running,
        JobStatus::Completed => wit::JobStatus::Completed,
        JobStatus::Failed => wit::JobStatus::Failed,
        JobStatus::Missing => wit::JobStatus::Missing,
        JobStatus::Other(word) => wit::JobStatus::Other(word),
    }
}
