//! What Knosc runs for an accepted file, and what it says of it.
//!
//! Values only: how they are asked for and read is in `protocol`.

use crate::trigger::Trigger;

/// An accepted file's job, named as Knosc names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Job {
    /// The upload type that the file was sent to.
    pub trigger: Trigger,
    /// Knosc's own id, `item-master-upload-a1b2c3`; never empty.
    pub job_id: String,
}

/// Knosc's word for how far a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobStatus {
    /// Waiting for a worker, or for an integration that holds the tables.
    Queued,
    /// Processing rows.
    Running,
    /// All rows imported.
    Completed,
    /// Halted; rows before the first bad one may be stored.
    Failed,
    /// The answer did not name the job that was asked for.
    Missing,
    /// A word that the documentation does not know. Never read as success.
    Other(String),
}

impl JobStatus {
    /// Reads Knosc's word; an undocumented one is kept as it is.
    pub fn from_word(word: &str) -> Self {
        match word {
            "queued" => Self::Queued,
            "running" => Self::Running,
            "completed" => Self::Completed,
            "failed" => Self::Failed,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The word for people; `missing` is ours.
    pub fn word(&self) -> &str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Missing => "missing",
            Self::Other(word) => word,
        }
    }

    /// Whether Knosc is done with the job: `completed` or `failed`, and nothing else.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }
}

/// A rejected row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// Knosc's number, handed through unchanged: what it counts from is not documented.
    pub row: Option<u64>,
    /// Knosc's sentence.
    pub message: String,
}

/// What one poll (or the upload's own answer) said of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobReport {
    /// Which job.
    pub job: Job,
    /// How far it is.
    pub status: JobStatus,
    /// Rows processed so far, where Knosc said it.
    pub rows_processed: Option<u64>,
    /// The first [`ERRORS_MAX`] errors, [`ERROR_BYTES_MAX`] of messages at most.
    pub errors: Vec<RowError>,
    /// How many were left out; at least so many where `errors_cut` is set.
    pub errors_omitted: u64,
    /// The answer was longer than we read.
    pub errors_cut: bool,
    /// Knosc's own text, `2024-06-01T08:45:22Z`.
    pub completed_at: Option<String>,
}

/// Errors kept of one job: an engine journals them, and nobody reads more than the first screens.
pub const ERRORS_MAX: usize = 1_000;

/// Bytes of error messages kept of one job: a tenth of the smallest payload limit of the engines (2 MiB).
pub const ERROR_BYTES_MAX: usize = 256 * 1024;

impl JobReport {
    /// A report that says no more than a status.
    pub const fn of_status(job: Job, status: JobStatus) -> Self {
        Self {
            job,
            status,
            rows_processed: None,
            errors: Vec::new(),
            errors_omitted: 0,
            errors_cut: false,
            completed_at: None,
        }
    }

    /// The same report without its row errors, which are then counted as omitted. Events carry this form.
    #[must_use]
    pub fn without_errors(&self) -> Self {
        Self {
            errors: Vec::new(),
            errors_omitted: self.errors_omitted + self.errors.len() as u64,
            ..self.clone()
        }
    }
}
