//! What the store knows of runs and their files, as values.
//!
//! Reads and writes nothing but the one file that a digest is made of.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::HEXLOWER_PERMISSIVE;
use knosc_bulk_import::job::RowError;
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::run::{Event, Outcome};
use knosc_bulk_import::trigger::Trigger;
use sha2::{Digest as _, Sha256};

/// What a run was asked to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One file.
    Upload,
    /// The files of a manifest or a folder.
    Run,
}

impl Kind {
    /// The word for people, and in the store.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Run => "run",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        [Self::Upload, Self::Run].into_iter().find(|kind| kind.word() == word)
    }
}

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

    pub(super) fn from_word(word: &str) -> Option<Self> {
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

/// A SHA-256 of a file's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Reads a file to its end. Blocks.
    ///
    /// # Errors
    /// The file system's.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; HASHED_AT_ONCE_BYTES];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(Self(hasher.finalize().into())),
                Ok(count) => hasher.update(buffer.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Lower-case hex.
    pub fn to_hex(self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }

    pub(super) fn from_hex(text: &str) -> Option<Self> {
        let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }
}

/// Large enough that calls cost nothing, small enough for a processor's cache.
const HASHED_AT_ONCE_BYTES: usize = 256 * 1024;

/// What tells one state of a file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Its length in bytes.
    pub size: u64,
    /// When it was written to, in nanoseconds of Unix time; 0 where that is not known.
    pub mtime_ns: i64,
    /// Its number in the file system; 0 where there is none.
    pub inode: u64,
}

impl Stamp {
    /// Of a file as it is now.
    ///
    /// # Errors
    /// The file system's.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        Ok(Self::of(&std::fs::metadata(path)?))
    }

    /// Of what is known of a file.
    pub fn of(metadata: &Metadata) -> Self {
        let since = metadata.modified().ok().map(nanoseconds);
        Self { size: metadata.len(), mtime_ns: since.unwrap_or(0), inode: inode(metadata) }
    }

    /// Whether a file of this stamp may be sent as the one that was recorded: the same length, and not written to since.
    /// A copy that kept its time is as good, so that the inode is not asked for.
    pub const fn is_as_recorded(&self, recorded: &Self) -> bool {
        self.size == recorded.size && self.mtime_ns == recorded.mtime_ns
    }
}

fn nanoseconds(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |nanos| -nanos),
    }
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
const fn inode(_metadata: &Metadata) -> u64 {
    0
}

/// A file of a run that is about to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStep {
    /// Where the file goes.
    pub trigger: Trigger,
    /// Its name for Knosc.
    pub file_name: String,
    /// Where it is, so that the run can be resumed from elsewhere.
    pub path: PathBuf,
    /// How it was found.
    pub stamp: Stamp,
    /// Its digest, where it was known before sending.
    pub expected: Option<Digest>,
    /// The run in which the same bytes completed: the file is then not sent.
    pub unchanged_of: Option<String>,
}

/// A run that is about to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRun {
    /// Its id, from [`new_id`](super::id::new_id).
    pub id: String,
    /// The origin.
    pub tenant: String,
    /// What was asked for.
    pub kind: Kind,
    /// Unix time.
    pub created_ms: u64,
    /// How jobs are watched.
    pub policy: Policy,
    /// In the order given.
    pub steps: Vec<NewStep>,
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
    pub sha256: Option<Digest>,
    /// Where it stands.
    pub standing: Standing,
    /// Its job, once Knosc accepted it.
    pub job_id: Option<String>,
    /// Which acceptance of the whole store this was; later ones have larger numbers, whatever the clock said.
    pub accepted: Option<i64>,
    /// The run in which the same bytes completed.
    pub unchanged_of: Option<String>,
}

/// A run as the store knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedRun {
    /// Its id.
    pub id: String,
    /// Which run of the store this was; later ones have larger numbers, whatever the clock said.
    pub number: i64,
    /// The origin.
    pub tenant: String,
    /// What was asked for.
    pub kind: Kind,
    /// Unix time.
    pub created_ms: u64,
    /// When nothing was left to do.
    pub finished_ms: Option<u64>,
    /// How jobs are watched.
    pub policy: Policy,
    /// In the order of their indexes.
    pub steps: Vec<RecordedStep>,
}

/// An event and, where a person made it, who.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    /// The fact.
    pub event: Event,
    /// `user@host` of a resolution.
    pub actor: Option<String>,
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

/// The row errors of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepErrors {
    /// Its index in the run's events.
    pub step: usize,
    /// What Knosc said, as far as it was kept.
    pub errors: Vec<RowError>,
}
