//! What must be right with a file before anything is sent.
//!
//! Opens files of this machine; sends nothing.

use std::fs::{File, Metadata};
use std::io::{BufReader, Read as _};
use std::path::Path;
use std::time::{Duration, SystemTime};

use knosc_bulk_import::blob::{BlobError, FileKind, MAGIC_BYTES};
use knosc_bulk_import::trigger::{Group, Trigger};
use knosc_checks::Filling;
use knosc_runner::manifest::SourceFile;

use crate::problem::{FileProblem, Problem};

/// What the checks hold a file to.
#[derive(Clone, Copy)]
pub struct Limits {
    pub max_bytes: u64,
    pub settle: Duration,
}

/// A file that is written to is waited for no longer than so many times its settle time.
const SETTLE_ROUNDS: u32 = 3;

/// Checks one file; gives its size.
pub fn file(file: &SourceFile, limits: Limits) -> Result<u64, Problem> {
    let problem = |problem| Problem::File { path: file.path.clone(), problem };
    // Before its name is looked at: a folder has none that could be sent.
    metadata(&file.path).map_err(problem)?;
    settle(&file.path, limits.settle).map_err(problem)?;
    let name = file.path.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.ok_or(FileProblem::Content(BlobError::NoName)).map_err(problem)?;
    let size = look(&file.path, &name, file.trigger, file.allow_empty, limits.max_bytes)
        .map_err(problem)?;
    Ok(size)
}

fn look(
    path: &Path,
    name: &str,
    trigger: Trigger,
    allow_empty: bool,
    max_bytes: u64,
) -> Result<u64, FileProblem> {
    let metadata = metadata(path)?;
    let kind = FileKind::of_name(name).map_err(FileProblem::Content)?;
    if metadata.len() > max_bytes {
        return Err(FileProblem::TooBig { size: metadata.len(), max_bytes });
    }
    let mut file = File::open(path).map_err(unreadable)?;
    let mut first = Vec::with_capacity(MAGIC_BYTES);
    let magic_bytes = u64::try_from(MAGIC_BYTES).unwrap_or(u64::MAX);
    (&mut file).take(magic_bytes).read_to_end(&mut first).map_err(unreadable)?;
    kind.check(name, &first).map_err(FileProblem::Content)?;
    // Only transactional files close by what they leave out, and --allow-empty needs no look inside.
    if trigger.group() == Group::Transactions && !allow_empty {
        let filling = filling(path, kind)?;
        if filling != Filling::Rows {
            let name = name.to_owned();
            return Err(FileProblem::Content(BlobError::HeaderOnly { name, trigger }));
        }
    }
    Ok(metadata.len())
}

fn filling(path: &Path, kind: FileKind) -> Result<Filling, FileProblem> {
    let file = BufReader::new(File::open(path).map_err(unreadable)?);
    match kind {
        FileKind::Csv => knosc_checks::csv_filling(file),
        FileKind::Xlsx => knosc_checks::xlsx_filling(file),
    }
    .map_err(FileProblem::Check)
}

fn metadata(path: &Path) -> Result<Metadata, FileProblem> {
    let metadata = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => FileProblem::Missing,
        _ => unreadable(error),
    })?;
    if metadata.is_dir() {
        return Err(FileProblem::Folder);
    }
    if !metadata.is_file() {
        return Err(FileProblem::Special);
    }
    Ok(metadata)
}

/// Waits until the file was left alone for `quiet`: an export that is still being written is a cut file.
fn settle(path: &Path, quiet: Duration) -> Result<(), FileProblem> {
    if quiet.is_zero() {
        return Ok(());
    }
    let begun = std::time::Instant::now();
    while begun.elapsed() <= quiet * SETTLE_ROUNDS {
        let modified = metadata(path)?.modified().map_err(unreadable)?;
        // A time in the future is a clock that is off; the file is as quiet as one changed just now.
        let age = SystemTime::now().duration_since(modified).unwrap_or_default();
        if age >= quiet {
            return Ok(());
        }
        std::thread::sleep(quiet.saturating_sub(age));
    }
    Err(FileProblem::Unsettled { settle_s: quiet.as_secs() })
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn unreadable(error: std::io::Error) -> FileProblem {
    FileProblem::Unreadable(error.to_string())
}
