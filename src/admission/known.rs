//! What is known of files that were sent before, as values: how they ended, what they held, what they looked like.
//!
//! Values only. A host makes them of its files and keeps them in its journal.

use std::path::PathBuf;

use crate::run::Outcome;
use crate::trigger::Trigger;

/// Where a step stands: an [`Outcome`] without what Knosc said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Knosc imported every row.
    Completed,
    /// Knosc halted.
    Failed,
    /// Nothing was accepted.
    Refused,
    /// May have been accepted.
    Unknown,
    /// Accepted, and not seen to end.
    Pending,
    /// Accepted, and no longer named.
    Lost,
    /// The same bytes completed in an earlier run; not sent.
    Unchanged,
    /// Not sent.
    NotStarted,
}

impl Standing {
    const ALL: [Self; 8] = [
        Self::Completed,
        Self::Failed,
        Self::Refused,
        Self::Unknown,
        Self::Pending,
        Self::Lost,
        Self::Unchanged,
        Self::NotStarted,
    ];

    /// The word of the outcome.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Pending => "pending",
            Self::Lost => "lost",
            Self::Unchanged => "unchanged",
            Self::NotStarted => "not-started",
        }
    }

    /// Reads the word of [`Self::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.word() == word)
    }
}

impl From<&Outcome> for Standing {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Completed(_) => Self::Completed,
            Outcome::Failed(_) => Self::Failed,
            Outcome::Refused(_) => Self::Refused,
            Outcome::Unknown(_) => Self::Unknown,
            Outcome::Pending(_) => Self::Pending,
            Outcome::Lost(_) => Self::Lost,
            Outcome::Unchanged(_) => Self::Unchanged,
            Outcome::NotStarted => Self::NotStarted,
        }
    }
}

/// A digest of a file's content: XXH3 of 128 bits, made while a file is sent at the speed of reading.
///
/// Two files that differ by accident have different ones. Whoever writes a file to collide with an earlier one of the same tenant
/// and trigger keeps that file from being sent again, and could as well have left the file as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(pub [u8; 16]);

/// What distinguishes one state of a file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Its length in bytes.
    pub size: u64,
    /// When it was written to, in nanoseconds of Unix time; 0 where that is not known.
    pub mtime_ns: i64,
    /// When its content or its metadata last changed, which no program can set back; 0 where that is not known, or where the file
    /// system may give the same time to a later change.
    pub ctime_ns: i64,
    /// Its number in the file system; 0 where there is none.
    pub inode: u64,
}

impl Stamp {
    /// Whether both are stamps of the same bytes, so that neither has to be read. Without a change time only the content can say it.
    pub fn is_same_state(&self, other: &Self) -> bool {
        self.ctime_ns != 0 && self == other
    }

    /// Whether nothing says that a file of this stamp was written to since the other one was recorded. It may have been all the same
    /// where a change time is not known; a copy that kept its time has another change time, and only its content speaks for it.
    pub const fn is_as_recorded(&self, recorded: &Self) -> bool {
        let is_untouched = self.ctime_ns == 0
            || recorded.ctime_ns == 0
            || (self.ctime_ns == recorded.ctime_ns && self.inode == recorded.inode);
        self.size == recorded.size && self.mtime_ns == recorded.mtime_ns && is_untouched
    }
}

/// A file of a recorded run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedStep {
    /// Its index in the run's events. Files that were not sent as unchanged come after all others.
    pub step: usize,
    /// Its place among the files given.
    pub position: usize,
    /// Where the file goes.
    pub trigger: Trigger,
    /// Its name for Knosc.
    pub file_name: String,
    /// Where it was.
    pub path: PathBuf,
    /// How it was found.
    pub stamp: Stamp,
    /// Its digest: made while it was sent, or known before.
    pub digest: Option<Digest>,
    /// Where it stands.
    pub standing: Standing,
    /// Its job, once Knosc accepted it.
    pub job_id: Option<String>,
    /// Which acceptance of the whole store this was; later ones have larger numbers, whatever the clock said.
    pub accepted: Option<i64>,
    /// The run in which the same bytes completed.
    pub unchanged_of: Option<String>,
}

/// A step of an earlier run, for whoever decides on a file of the same tenant and trigger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// Its run.
    pub run: String,
    /// Which run of the store that was.
    pub run_number: i64,
    /// The step.
    pub step: RecordedStep,
}
