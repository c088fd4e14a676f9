//! What is wrong with a manifest or a folder: all of it at once, with line numbers.
//!
//! Values and sentences; found elsewhere.

use std::fmt;
use std::path::PathBuf;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line in the manifest, from 1; none where it is about no line.
    pub line: Option<usize>,
    /// What is wrong.
    pub kind: ProblemKind,
}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The text is no TOML.
    #[error("this is no TOML: {0}")]
    Syntax(String),
    /// A key that means nothing here.
    #[error("unknown key '{key}'; known here: {known}")]
    UnknownKey {
        /// The key.
        key: String,
        /// What is understood in its place.
        known: &'static str,
    },
    /// A value of another type than expected.
    #[error("'{key}' must be {expected}")]
    WrongType {
        /// The key.
        key: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A key that is needed.
    #[error("'{0}' is missing")]
    Missing(&'static str),
    /// A value of the right type that means nothing.
    #[error("{0}")]
    BadValue(String),
    /// Both `base-url` and `profile`.
    #[error("'base-url' and 'profile' exclude each other")]
    TwoTargets,
    /// No `[[file]]`.
    #[error("there is no [[file]]")]
    NoFiles,
    /// A pattern without a match.
    #[error("no file matches '{0}'")]
    NoMatch(String),
    /// A pattern with several matches.
    #[error("'{pattern}' matches {} files, and one is needed: {}", matches.len(), list(matches))]
    ManyMatches {
        /// The pattern.
        pattern: String,
        /// What it matches.
        matches: Vec<PathBuf>,
    },
    /// The newest of several matches cannot be told.
    #[error(
        "'{pattern}' matches two files of the same time, so that neither is the newest: {}",
        list(matches)
    )]
    NoNewest {
        /// The pattern.
        pattern: String,
        /// The two files.
        matches: Vec<PathBuf>,
    },
    /// A folder that cannot be read.
    #[error("{path}: {message}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        message: String,
    },
    /// A name that means no trigger.
    #[error("'{0}' is no name that means a trigger")]
    UnknownName(String),
    /// Two files of a folder mean the same trigger.
    #[error("{trigger} is meant by {}", list(files))]
    TwoForOne {
        /// The trigger.
        trigger: knosc_bulk_import::trigger::Trigger,
        /// The files.
        files: Vec<PathBuf>,
    },
    /// The lock file of a spreadsheet program.
    #[error("'{0}' is open in a spreadsheet program: save and close it first")]
    OpenWorkbook(String),
    /// A folder without any file that could be sent.
    #[error("there is no .xlsx or .csv file in this folder")]
    EmptyFolder,
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// Everything that is wrong with one manifest or folder; nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestError {
    /// The manifest or folder.
    pub path: PathBuf,
    /// Each problem, in the order of the lines.
    pub problems: Vec<Problem>,
}

impl ManifestError {
    /// What the caller can do about it.
    pub fn hint(&self) -> String {
        let about_names = self.problems.iter().any(|problem| {
            matches!(
                problem.kind,
                ProblemKind::UnknownName(_)
                    | ProblemKind::TwoForOne { .. }
                    | ProblemKind::EmptyFolder
            )
        });
        let is_open = |problem: &Problem| matches!(problem.kind, ProblemKind::OpenWorkbook(_));
        if about_names {
            format!(
                "name the files after triggers, or say --map 'PATTERN=TRIGGER'. Understood are, with a date or -export after them: {}",
                super::names::understood()
            )
        } else if self.problems.iter().all(is_open) {
            "save and close it; a ~$ file that nobody has open was left behind and can be deleted"
                .to_owned()
        } else {
            "mend the manifest; examples/import.toml shows every key".to_owned()
        }
    }
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            match problem.line {
                Some(line) => write!(f, "{}:{line}: {}", self.path.display(), problem.kind)?,
                None => write!(f, "{}: {}", self.path.display(), problem.kind)?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for ManifestError {}
