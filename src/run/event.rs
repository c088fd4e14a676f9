//! The facts that a run is made of: the vocabulary of a journal.
//!
//! Values only; what a fact changes is in `step`.

use crate::fault::Fault;
use crate::job::{Job, JobReport, JobStatus};
use crate::trigger::Trigger;

/// One fact of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Unix time.
    pub at_ms: u64,
    /// Index into the files as the caller gave them.
    pub step: usize,
    /// What happened.
    pub fact: Fact,
}

/// What happened to a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A request is about to be made; nothing of it has left yet.
    UploadStarted(SentFile),
    /// The last bytes, so many of them, are about to be handed over. Before this the file cannot have been accepted.
    UploadSealed(u32),
    /// Knosc named a job.
    UploadAccepted(Job),
    /// The upload came to nothing, or to nothing that is known.
    UploadEnded(Fault),
    /// An answer to a poll.
    JobObserved(JobReport),
    /// A poll without an answer.
    PollFailed(Fault),
    /// A person's decision on an outcome.
    Resolved(Resolution),
}

/// What was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentFile {
    /// Where to.
    pub trigger: Trigger,
    /// The name in the multipart head.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// Lower-case hex, where it was known before.
    pub sha256: Option<String>,
    /// Whether the writer of this history makes `upload-sealed` durable before the last bytes leave.
    pub seal_follows: bool,
}

/// What a person found out in Knosc.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// The file was accepted, as this job.
    Accepted(Job),
    /// The file was not accepted, and may be sent again.
    NotAccepted,
}

impl Event {
    /// Whether this fact says just what the one before said, and may take its place: a journal need not write it.
    ///
    /// An answer that does not name the job is never a repetition: five in a row mean that the job is lost.
    pub fn repeats(&self, before: &Self) -> bool {
        if self.step != before.step {
            return false;
        }
        match (&self.fact, &before.fact) {
            (Fact::JobObserved(now), Fact::JobObserved(then)) => {
                now.job == then.job
                    && now.status == then.status
                    && now.status != JobStatus::Missing
                    && !now.status.is_final()
            }
            (Fact::PollFailed(now), Fact::PollFailed(then)) => now == then,
            _ => false,
        }
    }

    /// The same fact with row errors counted and not kept.
    #[must_use]
    pub fn without_row_errors(self) -> Self {
        match self.fact {
            Fact::JobObserved(report) if !report.errors.is_empty() => {
                Self { fact: Fact::JobObserved(report.without_errors()), ..self }
            }
            _ => self,
        }
    }
}
