//! Which files go to which trigger: from what a person wrote to paths that exist.
//!
//! | stage | module | knows |
//! |---|---|---|
//! | authored | [`authored`] | what stands in `import.toml`, with line numbers |
//! | resolved | [`resolve`] | which file each pattern means, relative to the manifest |
//! | a folder | [`folder`], [`names`] | which trigger a file name means, where there is no manifest |
//!
//! It reads folders and names, never a file's content, and sends nothing.

pub mod authored;
pub mod duration;
pub mod folder;
pub mod names;
mod problem;
pub(crate) mod reader;
pub mod resolve;
#[cfg(test)]
mod schema;

use std::path::PathBuf;

use knosc_bulk_import::admission::refresh::Allowance;
use knosc_bulk_import::trigger::Trigger;

pub use authored::Authored;
pub use problem::{ManifestError, Problem, ProblemKind};

/// One file that is to be sent, and to where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The upload type.
    pub trigger: Trigger,
    /// The one file.
    pub path: PathBuf,
    /// Send it even if it has a header and no row.
    pub allow_empty: bool,
    /// How much it may leave out of what was loaded before; the default where nobody says it.
    pub allow_drop: Option<Allowance>,
    /// The header names of the columns that tell its rows apart; without them, those that are known.
    pub key: Option<Vec<String>>,
}

impl SourceFile {
    /// A file of which nothing else is said.
    pub const fn new(trigger: Trigger, path: PathBuf, allow_empty: bool) -> Self {
        let allow_drop = if allow_empty { Some(Allowance::ALL) } else { None };
        Self { trigger, path, allow_empty, allow_drop, key: None }
    }

    /// The file's own name, without its folder; empty where the path has none.
    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}
