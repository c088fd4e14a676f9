//! Why one file is not sent, with a code and a hint for each.
//!
//! Values and sentences; opens nothing.

use knosc_bulk_import::blob::BlobError;
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::platform::inspect::InspectError;

use crate::exit::Exit;

/// Why one file is not sent.
#[derive(Debug, thiserror::Error)]
pub enum FileProblem {
    #[error("there is no such file")]
    Missing,
    #[error("this is a folder; one file is needed")]
    Folder,
    #[error("this is no regular file")]
    Special,
    #[error("the run cannot send it: the file is gone")]
    Gone,
    #[error("a pipeline made this file, and it is gone with that: nothing of it was accepted")]
    Made,
    #[error("the run cannot send it: the file has another size or time than when the run began")]
    NotAsRecorded,
    #[error("the file cannot be read: {0}")]
    Unreadable(String),
    #[error("the file has {size} bytes; at most {max_bytes} are sent")]
    TooBig { size: u64, max_bytes: u64 },
    #[error(
        "the file has {size} bytes; one of {refused} was refused as too large (413) within a week"
    )]
    OverSizeLimit { size: u64, refused: u64 },
    #[error("the file is still being written: it did not rest for {settle}")]
    Unsettled { settle: String },
    #[error(
        "sheet '{sheet}' of '{name}' has a header and no rows, and which sheet Knosc reads is not documented: {trigger} might be closed, archived or replaced as a whole"
    )]
    SheetWithoutRows { name: String, sheet: String, trigger: Trigger },
    #[error(transparent)]
    Content(BlobError),
    #[error(transparent)]
    Check(knosc_checks::CheckError),
    #[error("the file has {size} bytes, more than any component: at most {max_bytes} are read")]
    ComponentTooBig { size: u64, max_bytes: u64 },
    #[error(transparent)]
    Component(Box<InspectError>),
}

impl FileProblem {
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing => "file-missing",
            Self::Folder | Self::Special => "file-kind",
            Self::Gone | Self::NotAsRecorded => "file-changed",
            Self::Made => "file-made",
            Self::Unreadable(_) => "file-unreadable",
            Self::TooBig { .. } | Self::ComponentTooBig { .. } => "file-too-big",
            Self::OverSizeLimit { .. } => "file-over-size-limit",
            Self::Unsettled { .. } => "file-unsettled",
            Self::Content(BlobError::Extension { .. }) => "file-extension",
            Self::Content(BlobError::Empty { .. }) => "file-empty",
            Self::Content(BlobError::HeaderOnly { .. }) | Self::SheetWithoutRows { .. } => {
                "header-only"
            }
            Self::Content(_) => "file-content",
            Self::Check(_) => "file-check",
            Self::Component(_) => "file-component",
        }
    }

    /// What is wrong with the call is 2; what is wrong inside the file is 7.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Missing
            | Self::Folder
            | Self::Special
            | Self::Unreadable(_)
            | Self::TooBig { .. }
            | Self::ComponentTooBig { .. }
            | Self::Content(BlobError::Extension { .. } | BlobError::NoName) => Exit::Usage,
            Self::Gone
            | Self::Made
            | Self::NotAsRecorded
            | Self::OverSizeLimit { .. }
            | Self::Unsettled { .. }
            | Self::SheetWithoutRows { .. }
            | Self::Content(_)
            | Self::Check(_)
            | Self::Component(_) => Exit::CheckFailed,
        }
    }

    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Missing => {
                "look at the path; it is relative to where the command runs, or to the manifest"
            }
            Self::Folder => "name the file, or load a whole folder with knosc-runner run FOLDER",
            Self::Special => "Content-Length must be known before sending: save it to a file first",
            Self::Gone | Self::NotAsRecorded => {
                "put the file back as it was, or begin a new run with the one that is there now"
            }
            Self::Made => {
                "run the pipeline again: it makes the file anew, and what completed before is known by its content"
            }
            Self::Unreadable(_) => "look at the file's permissions",
            Self::TooBig { .. } => {
                "if the size is right, raise --max-bytes; never split a file: REFRESH closes what a part leaves out"
            }
            Self::OverSizeLimit { .. } => {
                "ask for a higher limit in Knosc or the proxy in front of it, then run again with --ignore-size-limit; never split a file: REFRESH closes what a part leaves out"
            }
            Self::Unsettled { .. } => "run again when the export is finished, or lower --settle",
            Self::SheetWithoutRows { .. } => {
                "remove the sheet or hide it, or say so with allow-empty if the empty table is meant"
            }
            Self::Content(error) => error.hint(),
            Self::Check(error) => error.hint(),
            Self::ComponentTooBig { .. } => {
                "name the component's own file, such as knosc-portable.wasm"
            }
            Self::Component(error) => error.hint(),
        }
    }
}
