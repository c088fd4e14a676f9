//! How a run ended, step by step.
//!
//! Values only; rendering them is the host's.

use super::event::Event;
use crate::fault::{Fault, Refusal};
use crate::job::{Job, JobReport};
use crate::trigger::Trigger;

/// How a step ended, or where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Knosc imported every row.
    Completed(JobReport),
    /// Knosc halted; rows before the first bad one may be stored.
    Failed(JobReport),
    /// Nothing was accepted.
    Refused(Fault),
    /// May have been accepted; nothing was sent again.
    Unknown(Refusal),
    /// Accepted, and not finished within the policy's patience.
    Pending(JobReport),
    /// Accepted, and no longer named by Knosc.
    Lost(Job),
    /// Not sent: the host knows that the same bytes completed before, in the run named here.
    Unchanged(String),
    /// An earlier step did not complete.
    NotStarted,
}

impl Outcome {
    /// The word for people and for JSON.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Completed(_) => "completed",
            Self::Failed(_) => "failed",
            Self::Refused(_) => "refused",
            Self::Unknown(_) => "unknown",
            Self::Pending(_) => "pending",
            Self::Lost(_) => "lost",
            Self::Unchanged(_) => "unchanged",
            Self::NotStarted => "not-started",
        }
    }

    /// Whether the step's data is in Knosc, so that the next one may go.
    pub const fn is_done(&self) -> bool {
        matches!(self, Self::Completed(_) | Self::Unchanged(_))
    }
}

/// One step of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepReport {
    /// Where the file goes.
    pub trigger: Trigger,
    /// Its name.
    pub file_name: String,
    /// How it ended.
    pub outcome: Outcome,
}

/// A whole run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// In the order of the files given.
    pub steps: Vec<StepReport>,
    /// The facts; passed back as a history they resume the run. They carry no row errors.
    pub events: Vec<Event>,
}
