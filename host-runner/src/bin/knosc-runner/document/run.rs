//! A run as programs read it: the tenant, what was planned, how each step ended.
//!
//! Made from the core's values, of which nothing is left out.

use knosc_bulk_import::job::{JobReport, RowError as CoreRowError};
use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::run::{Outcome, StepReport};
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

#[cfg(test)]
use super::words;
use super::words::TriggerName;
use super::{Error, Looked};
use crate::render::Shown;

/// Whom it is about.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Tenant {
    pub name: String,
    pub base_url: String,
    #[cfg_attr(test, schemars(schema_with = "words::environments"))]
    pub environment: &'static str,
}

impl From<&Origin> for Tenant {
    fn from(origin: &Origin) -> Self {
        Self {
            name: origin.tenant(),
            base_url: origin.to_string(),
            environment: origin.environment().word(),
        }
    }
}

/// One file, and its place in the order of sending.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Planned {
    /// From 1.
    pub position: usize,
    pub trigger: TriggerName,
    pub file: String,
    pub path: String,
    pub bytes: u64,
    /// Why it goes there; empty where it needs nothing before it.
    pub reason: &'static str,
}

impl Planned {
    pub fn new(file: &Shown, position: usize) -> Self {
        Self {
            position,
            trigger: file.trigger.into(),
            file: file.file_name.clone(),
            path: file.path.clone(),
            bytes: file.size,
            reason: file.trigger.reason(),
        }
    }
}

/// A row that Knosc rejected.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct RowError {
    /// Knosc's own number; what it counts from is not documented.
    pub row: Option<u64>,
    /// Knosc's sentence.
    pub message: String,
}

impl From<&CoreRowError> for RowError {
    fn from(error: &CoreRowError) -> Self {
        Self { row: error.row, message: error.message.clone() }
    }
}

/// The same with the step that it is of.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct StepRowError {
    pub trigger: TriggerName,
    pub file: String,
    pub job_id: String,
    #[serde(flatten)]
    pub error: RowError,
}

impl StepRowError {
    /// Those of a step that failed.
    pub fn of(step: &StepReport) -> Vec<Self> {
        let Outcome::Failed(report) = &step.outcome else { return Vec::new() };
        let one = |error: &CoreRowError| Self {
            trigger: step.trigger.into(),
            file: step.file_name.clone(),
            job_id: report.job.job_id.clone(),
            error: error.into(),
        };
        report.errors.iter().map(one).collect()
    }
}

/// What Knosc said of a job.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct JobSaid {
    pub job_id: String,
    /// Knosc's word, also one that is not documented; `missing` where Knosc does not name the job.
    pub status: String,
    pub rows_processed: Option<u64>,
    pub errors: Vec<RowError>,
    /// How many more there are; at least so many where `errors_cut`.
    pub errors_omitted: u64,
    /// Knosc's answer was longer than was read.
    pub errors_cut: bool,
    /// Knosc's own text.
    pub completed_at: Option<String>,
}

impl From<&JobReport> for JobSaid {
    fn from(report: &JobReport) -> Self {
        Self {
            job_id: report.job.job_id.clone(),
            status: report.status.word().to_owned(),
            rows_processed: report.rows_processed,
            errors: report.errors.iter().map(RowError::from).collect(),
            errors_omitted: report.errors_omitted,
            errors_cut: report.errors_cut,
            completed_at: report.completed_at.clone(),
        }
    }
}

/// A job by its trigger and id.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Job {
    pub trigger: TriggerName,
    #[serde(flatten)]
    pub said: JobSaid,
}

impl From<&JobReport> for Job {
    fn from(report: &JobReport) -> Self {
        Self { trigger: report.job.trigger.into(), said: report.into() }
    }
}

/// The step that an event is of.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct StepFile {
    pub trigger: TriggerName,
    pub file: String,
}

/// How far a job is.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct JobStatus {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<TriggerName>,
    /// Absent where the job was asked for without its file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    #[serde(flatten)]
    pub said: JobSaid,
}

impl JobStatus {
    /// Of a job that is known by its id alone.
    pub fn of_job(report: &JobReport) -> Self {
        Self { trigger: Some(report.job.trigger.into()), file: None, said: report.into() }
    }

    pub fn of_step(step: Option<StepFile>, report: &JobReport) -> Self {
        let (trigger, file) = step.map(|step| (step.trigger, step.file)).unzip();
        Self { trigger, file, said: report.into() }
    }
}

/// Bytes that were sent.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct UploadProgress {
    #[serde(flatten)]
    pub of: Option<StepFile>,
    pub sent_bytes: u64,
    pub total_bytes: u64,
}

/// How a file ended.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Step {
    pub trigger: TriggerName,
    pub file: String,
    #[serde(flatten)]
    pub ended: Ended,
}

/// How it ended, or where it stands.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
#[cfg_attr(test, derive(JsonSchema))]
pub enum Ended {
    /// Knosc imported every row.
    Completed(JobSaid),
    /// Knosc halted; rows before the first bad one may be stored.
    Failed(JobSaid),
    /// Accepted, and not finished within the time to wait.
    Pending(JobSaid),
    /// Nothing was accepted.
    Refused { message: String, status_code: Option<u16>, code: Option<String> },
    /// It may have been accepted; nothing was sent again.
    Unknown { message: String, status_code: Option<u16>, code: Option<String> },
    /// Accepted, and no longer named by Knosc.
    Lost { job_id: String },
    /// Not sent: the same bytes completed before.
    Unchanged { completed_in_run: String },
    /// Not sent: a step before it did not complete.
    NotStarted,
}

impl From<&StepReport> for Step {
    fn from(step: &StepReport) -> Self {
        let ended = match &step.outcome {
            Outcome::Completed(report) => Ended::Completed(report.into()),
            Outcome::Failed(report) => Ended::Failed(report.into()),
            Outcome::Pending(report) => Ended::Pending(report.into()),
            Outcome::Lost(job) => Ended::Lost { job_id: job.job_id.clone() },
            Outcome::Refused(fault) => {
                let refusal = fault.refusal();
                Ended::Refused {
                    message: fault.message().to_owned(),
                    status_code: refusal.and_then(|refusal| refusal.status),
                    code: refusal.and_then(|refusal| refusal.code.clone()),
                }
            }
            Outcome::Unknown(refusal) => Ended::Unknown {
                message: refusal.message.clone(),
                status_code: refusal.status,
                code: refusal.code.clone(),
            },
            Outcome::Unchanged(run) => Ended::Unchanged { completed_in_run: run.clone() },
            Outcome::NotStarted => Ended::NotStarted,
        };
        Self { trigger: step.trigger.into(), file: step.file_name.clone(), ended }
    }
}

/// How a run ended.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Report {
    pub verb: &'static str,
    /// The run in the journal.
    pub run_id: String,
    pub tenant: Option<Tenant>,
    pub steps: Vec<Step>,
    /// What to type to see how jobs that were not waited for go on.
    pub poll: Option<String>,
    /// What to type to go on with this run.
    pub resume: Option<String>,
    pub exit_code: u8,
    #[serde(flatten)]
    pub looked: Looked,
    /// What `--on-finish` hears beside the report, where the verb ended with an error after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
}

/// The end of the lines.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct RunFinished {
    pub exit_code: u8,
    /// The two lines to type next; absent where jobs were only asked for.
    #[serde(flatten)]
    pub next: Option<Next>,
}

/// What to type next.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Next {
    pub poll: Option<String>,
    pub resume: Option<String>,
}
