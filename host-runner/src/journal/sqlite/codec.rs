//! Events as JSON for the journal, with types of its own: the core's are not serialisable, and may change where these may not.
//!
//! Each record carries its version. A record of a newer version is refused, never guessed at.

use knosc_bulk_import::fault::{Fault, Refusal};
use knosc_bulk_import::job::{Job, JobReport, JobStatus};
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::run::{Fact, Resolution, SentFile};
use knosc_bulk_import::trigger::Trigger;
use serde::{Deserialize, Serialize};

use super::error::StoreError;

/// The version of the records; it changes when a field changes its meaning, or a new kind of fact is written.
const VERSION: u32 = 1;

/// One fact, as text.
pub(super) fn encode(fact: &Fact) -> Result<String, StoreError> {
    write(&Record { v: VERSION, fact: fact.into() })
}

/// Reads one fact.
pub(super) fn decode(text: &str) -> Result<Fact, StoreError> {
    let Version { v } = read(text)?;
    if v != VERSION {
        return Err(StoreError::Newer { found: i64::from(v), known: i64::from(VERSION) });
    }
    read::<Record>(text)?.fact.try_into()
}

/// A policy, as text.
pub(super) fn encode_policy(policy: &Policy) -> Result<String, StoreError> {
    let Policy {
        poll_interval_min_ms, poll_interval_max_ms, queued_max_ms, running_max_ms, ..
    } = *policy;
    write(&PolicyRecord {
        poll_interval_min_ms,
        poll_interval_max_ms,
        queued_max_ms,
        running_max_ms,
        allow_repeated_trigger: policy.allow_repeated_trigger,
    })
}

/// Reads a policy.
pub(super) fn decode_policy(text: &str) -> Result<Policy, StoreError> {
    let record: PolicyRecord = read(text)?;
    Ok(Policy {
        poll_interval_min_ms: record.poll_interval_min_ms,
        poll_interval_max_ms: record.poll_interval_max_ms,
        queued_max_ms: record.queued_max_ms,
        running_max_ms: record.running_max_ms,
        allow_repeated_trigger: record.allow_repeated_trigger,
    })
}

fn write(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Storage { message: error.to_string() })
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| corrupt(&error))
}

fn corrupt(error: &impl ToString) -> StoreError {
    StoreError::Corrupt { message: error.to_string() }
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

#[derive(Serialize, Deserialize)]
struct Record {
    v: u32,
    fact: FactRecord,
}

#[derive(Serialize, Deserialize)]
struct PolicyRecord {
    poll_interval_min_ms: u32,
    poll_interval_max_ms: u32,
    queued_max_ms: u64,
    running_max_ms: u64,
    allow_repeated_trigger: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum FactRecord {
    UploadStarted(SentFileRecord),
    UploadSealed(u32),
    UploadAccepted(JobRecord),
    UploadEnded(FaultRecord),
    JobObserved(ReportRecord),
    PollFailed(FaultRecord),
    ResolvedAccepted(JobRecord),
    ResolvedNotAccepted,
}

#[derive(Serialize, Deserialize)]
struct SentFileRecord {
    trigger: String,
    name: String,
    size: u64,
    sha256: Option<String>,
    seal_follows: bool,
}

#[derive(Serialize, Deserialize)]
struct JobRecord {
    trigger: String,
    job_id: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum FaultRecord {
    ExecutionFailed,
    PermanentInvalid(String),
    PermanentDenied(String),
    PermanentUnauthorized(RefusalRecord),
    PermanentRejected(RefusalRecord),
    PermanentOutcomeUnknown(RefusalRecord),
    Transient(RefusalRecord),
    NotFinished(ReportRecord),
}

#[derive(Serialize, Deserialize)]
struct RefusalRecord {
    status: Option<u16>,
    code: Option<String>,
    message: String,
    retry_after_ms: Option<u64>,
}

/// Without row errors: those have a table of their own.
#[derive(Serialize, Deserialize)]
struct ReportRecord {
    job: JobRecord,
    status: StatusRecord,
    rows_processed: Option<u64>,
    errors_omitted: u64,
    errors_cut: bool,
    completed_at: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum StatusRecord {
    Queued,
    Running,
    Completed,
    Failed,
    Missing,
    Other(String),
}

impl From<&Fact> for FactRecord {
    fn from(fact: &Fact) -> Self {
        match fact {
            Fact::UploadStarted(sent) => Self::UploadStarted(SentFileRecord {
                trigger: sent.trigger.name().to_owned(),
                name: sent.name.clone(),
                size: sent.size,
                sha256: sent.sha256.clone(),
                seal_follows: sent.seal_follows,
            }),
            Fact::UploadSealed(last_bytes) => Self::UploadSealed(*last_bytes),
            Fact::UploadAccepted(job) => Self::UploadAccepted(job.into()),
            Fact::UploadEnded(fault) => Self::UploadEnded(fault.into()),
            Fact::JobObserved(report) => Self::JobObserved(report.into()),
            Fact::PollFailed(fault) => Self::PollFailed(fault.into()),
            Fact::Resolved(Resolution::Accepted(job)) => Self::ResolvedAccepted(job.into()),
            Fact::Resolved(Resolution::NotAccepted) => Self::ResolvedNotAccepted,
        }
    }
}

impl TryFrom<FactRecord> for Fact {
    type Error = StoreError;

    fn try_from(record: FactRecord) -> Result<Self, StoreError> {
        Ok(match record {
            FactRecord::UploadStarted(sent) => Self::UploadStarted(SentFile {
                trigger: trigger(&sent.trigger)?,
                name: sent.name,
                size: sent.size,
                sha256: sent.sha256,
                seal_follows: sent.seal_follows,
            }),
            FactRecord::UploadSealed(last_bytes) => Self::UploadSealed(last_bytes),
            FactRecord::UploadAccepted(job) => Self::UploadAccepted(job.try_into()?),
            FactRecord::UploadEnded(fault) => Self::UploadEnded(fault.try_into()?),
            FactRecord::JobObserved(report) => Self::JobObserved(report.try_into()?),
            FactRecord::PollFailed(fault) => Self::PollFailed(fault.try_into()?),
            FactRecord::ResolvedAccepted(job) => {
                Self::Resolved(Resolution::Accepted(job.try_into()?))
            }
            FactRecord::ResolvedNotAccepted => Self::Resolved(Resolution::NotAccepted),
        })
    }
}

/// Reads a trigger's name.
pub(super) fn trigger(name: &str) -> Result<Trigger, StoreError> {
    name.parse().map_err(|error: knosc_bulk_import::trigger::UnknownTrigger| corrupt(&error))
}

impl From<&Job> for JobRecord {
    fn from(job: &Job) -> Self {
        Self { trigger: job.trigger.name().to_owned(), job_id: job.job_id.clone() }
    }
}

impl TryFrom<JobRecord> for Job {
    type Error = StoreError;

    fn try_from(record: JobRecord) -> Result<Self, StoreError> {
        Ok(Self { trigger: trigger(&record.trigger)?, job_id: record.job_id })
    }
}

impl From<&JobReport> for ReportRecord {
    fn from(report: &JobReport) -> Self {
        // Left-out errors are counted in the event, as in the core's own history.
        let JobReport { job, status, rows_processed, errors_omitted, errors_cut, .. } =
            &report.without_errors();
        Self {
            job: job.into(),
            status: status.into(),
            rows_processed: *rows_processed,
            errors_omitted: *errors_omitted,
            errors_cut: *errors_cut,
            completed_at: report.completed_at.clone(),
        }
    }
}

impl TryFrom<ReportRecord> for JobReport {
    type Error = StoreError;

    fn try_from(record: ReportRecord) -> Result<Self, StoreError> {
        Ok(Self {
            job: record.job.try_into()?,
            status: record.status.into(),
            rows_processed: record.rows_processed,
            errors: Vec::new(),
            errors_omitted: record.errors_omitted,
            errors_cut: record.errors_cut,
            completed_at: record.completed_at,
        })
    }
}

impl From<&JobStatus> for StatusRecord {
    fn from(status: &JobStatus) -> Self {
        match status {
            JobStatus::Queued => Self::Queued,
            JobStatus::Running => Self::Running,
            JobStatus::Completed => Self::Completed,
            JobStatus::Failed => Self::Failed,
            JobStatus::Missing => Self::Missing,
            JobStatus::Other(word) => Self::Other(word.clone()),
        }
    }
}

impl From<StatusRecord> for JobStatus {
    fn from(record: StatusRecord) -> Self {
        match record {
            StatusRecord::Queued => Self::Queued,
            StatusRecord::Running => Self::Running,
            StatusRecord::Completed => Self::Completed,
            StatusRecord::Failed => Self::Failed,
            StatusRecord::Missing => Self::Missing,
            StatusRecord::Other(word) => Self::Other(word),
        }
    }
}

impl From<&Refusal> for RefusalRecord {
    fn from(refusal: &Refusal) -> Self {
        Self {
            status: refusal.status,
            code: refusal.code.clone(),
            message: refusal.message.clone(),
            retry_after_ms: refusal.retry_after_ms,
        }
    }
}

impl From<RefusalRecord> for Refusal {
    fn from(record: RefusalRecord) -> Self {
        let RefusalRecord { status, code, message, retry_after_ms } = record;
        Self { status, code, message, retry_after_ms }
    }
}

impl From<&Fault> for FaultRecord {
    fn from(fault: &Fault) -> Self {
        match fault {
            Fault::ExecutionFailed => Self::ExecutionFailed,
            Fault::PermanentInvalid(message) => Self::PermanentInvalid(message.clone()),
            Fault::PermanentDenied(message) => Self::PermanentDenied(message.clone()),
            Fault::PermanentUnauthorized(refusal) => Self::PermanentUnauthorized(refusal.into()),
            Fault::PermanentRejected(refusal) => Self::PermanentRejected(refusal.into()),
            Fault::PermanentOutcomeUnknown(refusal) => {
                Self::PermanentOutcomeUnknown(refusal.into())
            }
            Fault::Transient(refusal) => Self::Transient(refusal.into()),
            Fault::NotFinished(report) => Self::NotFinished(report.as_ref().into()),
        }
    }
}

impl TryFrom<FaultRecord> for Fault {
    type Error = StoreError;

    fn try_from(record: FaultRecord) -> Result<Self, StoreError> {
        Ok(match record {
            FaultRecord::ExecutionFailed => Self::ExecutionFailed,
            FaultRecord::PermanentInvalid(message) => Self::PermanentInvalid(message),
            FaultRecord::PermanentDenied(message) => Self::PermanentDenied(message),
            FaultRecord::PermanentUnauthorized(refusal) => {
                Self::PermanentUnauthorized(refusal.into())
            }
            FaultRecord::PermanentRejected(refusal) => Self::PermanentRejected(refusal.into()),
            FaultRecord::PermanentOutcomeUnknown(refusal) => {
                Self::PermanentOutcomeUnknown(refusal.into())
            }
            FaultRecord::Transient(refusal) => Self::Transient(refusal.into()),
            FaultRecord::NotFinished(report) => Self::NotFinished(Box::new(report.try_into()?)),
        })
    }
}

#[cfg(test)]
mod tests;
