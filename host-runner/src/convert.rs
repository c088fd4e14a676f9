//! Values of the contract to values of the core and back, and nothing else.
//!
//! What comes out of a component is not trusted: a name that the core does not know is an error, never a guess.

use knosc_bulk_import::fault::{Fault, Refusal};
use knosc_bulk_import::job::{Job, JobReport, JobStatus, RowError};
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::run::{Event, Fact, Outcome, Report, Resolution, SentFile, StepReport};
use knosc_bulk_import::trigger::UnknownTrigger;

use crate::bindings::knosc::bulk_import::types as wit;

type Read<T> = Result<T, UnknownTrigger>;

pub(crate) fn job_to(job: &Job) -> wit::Job {
    wit::Job { trigger: job.trigger.name().to_owned(), job_id: job.job_id.clone() }
}

pub(crate) fn policy_to(policy: &Policy) -> wit::Policy {
    wit::Policy {
        poll_interval_min_ms: policy.poll_interval_min_ms,
        poll_interval_max_ms: policy.poll_interval_max_ms,
        queued_max_ms: policy.queued_max_ms,
        running_max_ms: policy.running_max_ms,
        allow_repeated_trigger: policy.allow_repeated_trigger,
    }
}

pub(crate) fn event_to(event: &Event) -> wit::Event {
    let fact = match &event.fact {
        Fact::UploadStarted(sent) => wit::Fact::UploadStarted(wit::SentFile {
            trigger: sent.trigger.name().to_owned(),
            name: sent.name.clone(),
            size: sent.size,
            sha256: sent.sha256.clone(),
            seal_follows: sent.seal_follows,
        }),
        Fact::UploadSealed(bytes) => wit::Fact::UploadSealed(*bytes),
        Fact::UploadAccepted(job) => wit::Fact::UploadAccepted(job_to(job)),
        Fact::UploadEnded(fault) => wit::Fact::UploadEnded(fault_to(fault)),
        Fact::JobObserved(report) => wit::Fact::JobObserved(job_report_to(report)),
        Fact::PollFailed(fault) => wit::Fact::PollFailed(fault_to(fault)),
        Fact::Resolved(Resolution::Accepted(job)) => {
            wit::Fact::Resolved(wit::Resolution::Accepted(job_to(job)))
        }
        Fact::Resolved(Resolution::NotAccepted) => {
            wit::Fact::Resolved(wit::Resolution::NotAccepted)
        }
    };
    // A plan has at most a few files (`plan::FILES_MAX`), so that the index always fits.
    wit::Event { at_ms: event.at_ms, step: u32::try_from(event.step).unwrap_or(u32::MAX), fact }
}

fn refusal_to(refusal: &Refusal) -> wit::Refusal {
    wit::Refusal {
        status: refusal.status,
        code: refusal.code.clone(),
        message: refusal.message.clone(),
        retry_after_ms: refusal.retry_after_ms,
    }
}

pub(crate) fn fault_to(fault: &Fault) -> wit::Fault {
    match fault {
        Fault::ExecutionFailed => wit::Fault::ExecutionFailed,
        Fault::PermanentInvalid(message) => wit::Fault::PermanentInvalid(message.clone()),
        Fault::PermanentDenied(message) => wit::Fault::PermanentDenied(message.clone()),
        Fault::PermanentUnauthorized(refusal) => {
            wit::Fault::PermanentUnauthorized(refusal_to(refusal))
        }
        Fault::PermanentRejected(refusal) => wit::Fault::PermanentRejected(refusal_to(refusal)),
        Fault::PermanentOutcomeUnknown(refusal) => {
            wit::Fault::PermanentOutcomeUnknown(refusal_to(refusal))
        }
        Fault::Transient(refusal) => wit::Fault::Transient(refusal_to(refusal)),
        Fault::NotFinished(report) => wit::Fault::NotFinished(job_report_to(report)),
    }
}

pub(crate) fn job_report_to(report: &JobReport) -> wit::JobReport {
    let status = match &report.status {
        JobStatus::Queued => wit::JobStatus::Queued,
        JobStatus::Running => wit::JobStatus::Running,
        JobStatus::Completed => wit::JobStatus::Completed,
        JobStatus::Failed => wit::JobStatus::Failed,
        JobStatus::Missing => wit::JobStatus::Missing,
        JobStatus::Other(word) => wit::JobStatus::Other(word.clone()),
    };
    let error = |error: &RowError| wit::RowError { row: error.row, message: error.message.clone() };
    wit::JobReport {
        job: job_to(&report.job),
        status,
        rows_processed: report.rows_processed,
        errors: report.errors.iter().map(error).collect(),
        errors_omitted: report.errors_omitted,
        errors_cut: report.errors_cut,
        completed_at: report.completed_at.clone(),
    }
}

pub(crate) fn event_from(event: wit::Event) -> Read<Event> {
    let fact = match event.fact {
        wit::Fact::UploadStarted(sent) => Fact::UploadStarted(SentFile {
            trigger: sent.trigger.parse()?,
            name: sent.name,
            size: sent.size,
            sha256: sent.sha256,
            seal_follows: sent.seal_follows,
        }),
        wit::Fact::UploadSealed(bytes) => Fact::UploadSealed(bytes),
        wit::Fact::UploadAccepted(job) => Fact::UploadAccepted(job_from(job)?),
        wit::Fact::UploadEnded(fault) => Fact::UploadEnded(fault_from(fault)?),
        wit::Fact::JobObserved(report) => Fact::JobObserved(job_report_from(report)?),
        wit::Fact::PollFailed(fault) => Fact::PollFailed(fault_from(fault)?),
        wit::Fact::Resolved(wit::Resolution::Accepted(job)) => {
            Fact::Resolved(Resolution::Accepted(job_from(job)?))
        }
        wit::Fact::Resolved(wit::Resolution::NotAccepted) => {
            Fact::Resolved(Resolution::NotAccepted)
        }
    };
    Ok(Event { at_ms: event.at_ms, step: event.step as usize, fact })
}

pub(crate) fn job_from(job: wit::Job) -> Read<Job> {
    Ok(Job { trigger: job.trigger.parse()?, job_id: job.job_id })
}

fn refusal_from(refusal: wit::Refusal) -> Refusal {
    Refusal {
        status: refusal.status,
        code: refusal.code,
        message: refusal.message,
        retry_after_ms: refusal.retry_after_ms,
    }
}

pub(crate) fn fault_from(fault: wit::Fault) -> Read<Fault> {
    Ok(match fault {
        wit::Fault::ExecutionFailed => Fault::ExecutionFailed,
        wit::Fault::PermanentInvalid(message) => Fault::PermanentInvalid(message),
        wit::Fault::PermanentDenied(message) => Fault::PermanentDenied(message),
        wit::Fault::PermanentUnauthorized(refusal) => {
            Fault::PermanentUnauthorized(refusal_from(refusal))
        }
        wit::Fault::PermanentRejected(refusal) => Fault::PermanentRejected(refusal_from(refusal)),
        wit::Fault::PermanentOutcomeUnknown(refusal) => {
            Fault::PermanentOutcomeUnknown(refusal_from(refusal))
        }
        wit::Fault::Transient(refusal) => Fault::Transient(refusal_from(refusal)),
        wit::Fault::NotFinished(report) => Fault::NotFinished(Box::new(job_report_from(report)?)),
    })
}

pub(crate) fn job_report_from(report: wit::JobReport) -> Read<JobReport> {
    let status = match report.status {
        wit::JobStatus::Queued => JobStatus::Queued,
        wit::JobStatus::Running => JobStatus::Running,
        wit::JobStatus::Completed => JobStatus::Completed,
        wit::JobStatus::Failed => JobStatus::Failed,
        wit::JobStatus::Missing => JobStatus::Missing,
        wit::JobStatus::Other(word) => JobStatus::Other(word),
    };
    let error = |error: wit::RowError| RowError { row: error.row, message: error.message };
    Ok(JobReport {
        job: job_from(report.job)?,
        status,
        rows_processed: report.rows_processed,
        errors: report.errors.into_iter().map(error).collect(),
        errors_omitted: report.errors_omitted,
        errors_cut: report.errors_cut,
        completed_at: report.completed_at,
    })
}

fn outcome_from(outcome: wit::Outcome) -> Read<Outcome> {
    Ok(match outcome {
        wit::Outcome::Completed(report) => Outcome::Completed(job_report_from(report)?),
        wit::Outcome::Failed(report) => Outcome::Failed(job_report_from(report)?),
        wit::Outcome::Refused(fault) => Outcome::Refused(fault_from(fault)?),
        wit::Outcome::Unknown(refusal) => Outcome::Unknown(refusal_from(refusal)),
        wit::Outcome::Pending(report) => Outcome::Pending(job_report_from(report)?),
        wit::Outcome::Lost(job) => Outcome::Lost(job_from(job)?),
        wit::Outcome::Unchanged(run) => Outcome::Unchanged(run),
        wit::Outcome::NotStarted => Outcome::NotStarted,
    })
}

pub(crate) fn report_from(report: wit::Report) -> Read<Report> {
    let step = |step: wit::StepReport| {
        Ok(StepReport {
            trigger: step.trigger.parse()?,
            file_name: step.file_name,
            outcome: outcome_from(step.outcome)?,
        })
    };
    Ok(Report {
        steps: report.steps.into_iter().map(step).collect::<Read<_>>()?,
        events: report.events.into_iter().map(event_from).collect::<Read<_>>()?,
    })
}

#[cfg(feature = "platform")]
pub(crate) const fn policy_from(policy: &wit::Policy) -> Policy {
    Policy {
        poll_interval_min_ms: policy.poll_interval_min_ms,
        poll_interval_max_ms: policy.poll_interval_max_ms,
        queued_max_ms: policy.queued_max_ms,
        running_max_ms: policy.running_max_ms,
        allow_repeated_trigger: policy.allow_repeated_trigger,
    }
}

#[cfg(feature = "platform")]
fn outcome_to(outcome: &Outcome) -> wit::Outcome {
    match outcome {
        Outcome::Completed(report) => wit::Outcome::Completed(job_report_to(report)),
        Outcome::Failed(report) => wit::Outcome::Failed(job_report_to(report)),
        Outcome::Refused(fault) => wit::Outcome::Refused(fault_to(fault)),
        Outcome::Unknown(refusal) => wit::Outcome::Unknown(refusal_to(refusal)),
        Outcome::Pending(report) => wit::Outcome::Pending(job_report_to(report)),
        Outcome::Lost(job) => wit::Outcome::Lost(job_to(job)),
        Outcome::Unchanged(run) => wit::Outcome::Unchanged(run.clone()),
        Outcome::NotStarted => wit::Outcome::NotStarted,
    }
}

#[cfg(feature = "platform")]
pub(crate) fn report_to(report: &Report) -> wit::Report {
    let step = |step: &StepReport| wit::StepReport {
        trigger: step.trigger.name().to_owned(),
        file_name: step.file_name.clone(),
        outcome: outcome_to(&step.outcome),
    };
    wit::Report {
        steps: report.steps.iter().map(step).collect(),
        events: report.events.iter().map(event_to).collect(),
    }
}
