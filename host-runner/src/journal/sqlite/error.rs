//! Why the store gives or takes nothing: one case for each thing that a person mends in another way.
//!
//! Values only. No message is read to decide: `SQLite`'s result codes are.

use knosc_bulk_import::run::IllegalEvent;
use knosc_bulk_import::trigger::Trigger;
use rusqlite::ErrorCode;

use crate::journal::JournalError;

/// Who works on a tenant's trigger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The process, on its own host.
    pub pid: u32,
    /// The machine's name.
    pub host: String,
    /// Unix time.
    pub since_ms: u64,
    /// The run that it works on.
    pub run: String,
}

/// Why the store gives or takes nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The state folder cannot be made, or is none.
    #[error("the state folder cannot be used: {message}")]
    Folder {
        /// What the system said.
        message: String,
    },
    /// Locks and write-ahead logs do not hold where several machines share a file system.
    #[error("the state folder is on a file system whose locks cannot be trusted ({kind})")]
    NetworkFolder {
        /// Which one.
        kind: String,
    },
    /// The folder or the file may not be written to.
    #[error("the journal is read-only: {message}")]
    ReadOnly {
        /// What `SQLite` or the system said.
        message: String,
    },
    /// No space is left.
    #[error("the journal's disk is full: {message}")]
    Full {
        /// What `SQLite` said.
        message: String,
    },
    /// Another process kept the file for longer than anybody waits.
    #[error("another process keeps the journal's file locked")]
    Busy,
    /// The file is no journal, or no longer one.
    #[error("the journal is damaged: {message}")]
    Corrupt {
        /// What does not fit.
        message: String,
    },
    /// The journal, its log and its generation are not of one moment: what was sent since the older one is not known any more.
    #[error("the journal may have lost what was sent: {message}")]
    MayHaveLost {
        /// What does not fit.
        message: String,
    },
    /// A newer version of this program wrote it.
    #[error("the journal has version {found}; this program knows versions up to {known}")]
    Newer {
        /// The version of the file.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// The disk failed, or something else that `SQLite` has no better word for.
    #[error("the journal's storage failed: {message}")]
    Storage {
        /// What `SQLite` said.
        message: String,
    },
    /// An earlier write failed. It is not known what of it is on disk, so that nothing is written after it.
    #[error("the journal takes nothing more, since an earlier write failed: {message}")]
    Stopped {
        /// What the earlier write said.
        message: String,
    },
    /// Somebody else works on this tenant's trigger.
    #[error("{trigger} is in use by {}", described(.holder.as_deref()))]
    Locked {
        /// Which trigger.
        trigger: Trigger,
        /// Who; none if the holder has only just begun.
        holder: Option<Box<Holder>>,
        /// Whether the holder is known to be alive: it holds the lock of this machine.
        alive: bool,
    },
    /// No run has this id.
    #[error("there is no run '{id}'")]
    NoRun {
        /// As it was asked for.
        id: String,
    },
    /// Another run has this id: two runs began within a second, and four drawn characters were the same. Nothing was written.
    #[error("another run has the id '{id}'")]
    Taken {
        /// The id.
        id: String,
    },
    /// The run has no such step.
    #[error("the run has no step '{step}'")]
    NoStep {
        /// As it was asked for.
        step: String,
    },
    /// The event does not fit the run; nothing was written.
    #[error(transparent)]
    Illegal(#[from] IllegalEvent),
    /// Another process wrote to the same run.
    #[error("another process wrote to this run")]
    Overtaken,
}

impl StoreError {
    /// What the caller can do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Folder { .. } => {
                "look at the folder's path and permissions, or choose another one with --state"
            }
            Self::NetworkFolder { .. } => {
                "choose a folder on a disk of this machine with --state; if this machine alone uses that one, add --trust-file-locks"
            }
            Self::ReadOnly { .. } => {
                "give this user the right to write there, or choose another folder with --state"
            }
            Self::Full { .. } => "free space on its disk; then resume the run, or run again",
            Self::Busy => {
                "end whatever has journal.db open, such as a database browser, and run again"
            }
            Self::Corrupt { .. } => {
                "move the state folder aside and keep it: it alone says which files were sent; look in Knosc before you send those again"
            }
            Self::MayHaveLost { .. } => {
                "put journal.db, journal.db-wal and journal.generation of one moment back; if they are gone, run knosc-runner runs accept-restored, which marks what may be missing as unknown"
            }
            Self::Newer { .. } => {
                "use the version of knosc-runner that wrote it; it was not changed"
            }
            Self::Storage { .. } => {
                "look at the disk and at the system's log; then resume the run, or run again"
            }
            Self::Stopped { .. } => "mend the disk, then resume the run: what is on disk decides",
            Self::Locked { alive: true, .. } => "wait until it has ended, or end it",
            Self::Locked { alive: false, .. } => {
                "if that process has ended, say knosc-runner runs unlock TRIGGER"
            }
            Self::NoRun { .. } => "knosc-runner runs list shows the runs",
            Self::Taken { .. } => "run again: another id is drawn",
            Self::NoStep { .. } => "knosc-runner runs show RUN shows the steps",
            Self::Illegal(_) => "knosc-runner runs show RUN says how far the step is",
            Self::Overtaken => "look with knosc-runner runs show RUN, then resume it",
        }
    }

    /// Whether nothing may be written after it: what is on disk is not known any more.
    pub(super) const fn stops(&self) -> bool {
        matches!(
            self,
            Self::ReadOnly { .. }
                | Self::Full { .. }
                | Self::Corrupt { .. }
                | Self::MayHaveLost { .. }
                | Self::Storage { .. }
                | Self::Stopped { .. }
        )
    }
}

fn described(holder: Option<&Holder>) -> String {
    holder.map_or_else(
        || "another process".to_owned(),
        |holder| format!("process {} on {} (run {})", holder.pid, holder.host, holder.run),
    )
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let message = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { message },
            Some(ErrorCode::ReadOnly) => Self::ReadOnly { message },
            Some(ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => Self::Folder { message },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) | None => {
                Self::Corrupt { message }
            }
            Some(_) => Self::Storage { message },
        }
    }
}

impl From<StoreError> for JournalError {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::Locked { .. } | StoreError::Busy | StoreError::Overtaken => {
                Self::Locked(message)
            }
            StoreError::Corrupt { .. }
            | StoreError::MayHaveLost { .. }
            | StoreError::Newer { .. }
            | StoreError::NoRun { .. } => Self::Read(message),
            _ => Self::Write(message),
        }
    }
}
