//! What must be right with a file before anything is sent.
//!
//! Opens files of this machine; sends nothing.

use std::fs::{File, Metadata};
use std::io::{BufReader, Read as _};
use std::path::Path;
use std::time::{Duration, SystemTime};

use knosc_bulk_import::blob::{BlobError, FileKind, MAGIC_BYTES};
use knosc_bulk_import::trigger::{Group, Trigger};
use knosc_checks::{Filling, Sheet};
use knosc_runner::manifest::{SourceFile, duration};

use crate::pinned::PinnedBlob;
use crate::problem::{FileProblem, Problem};

/// What the checks hold a file to.
#[derive(Clone, Copy)]
pub struct Limits {
    pub max_bytes: u64,
    pub settle: Duration,
}

/// A file that is written to is waited for no longer than so many times its settle time.
const SETTLE_ROUNDS: u32 = 3;

/// Checks one file, and gives it as it was checked. Tells where it has to wait for a file.
pub fn file(
    file: &SourceFile,
    limits: Limits,
    note: &mut dyn FnMut(&str),
) -> Result<PinnedBlob, Problem> {
    let problem = |problem| Problem::File { path: file.path.clone(), problem };
    // Before its name is looked at: a folder has none that could be sent.
    metadata(&file.path).map_err(problem)?;
    settle(&file.path, limits.settle, note).map_err(problem)?;
    let name = file.path.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.ok_or(FileProblem::Content(BlobError::NoName)).map_err(problem)?;
    FileKind::of_name(&name).map_err(|error| problem(FileProblem::Content(error)))?;
    // Before anything is looked at: what is sent is what was looked at, or it is refused.
    let blob = PinnedBlob::open(&file.path)
        .map_err(|error| problem(FileProblem::Unreadable(error.to_string())))?;
    look(&file.path, &name, file.trigger, file.allow_empty, limits.max_bytes).map_err(problem)?;
    Ok(blob.looked_into())
}

fn look(
    path: &Path,
    name: &str,
    trigger: Trigger,
    allow_empty: bool,
    max_bytes: u64,
) -> Result<(), FileProblem> {
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
        rows(path, name, kind, trigger)?;
    }
    Ok(())
}

/// Refuses a table without a row. Which sheet of a workbook Knosc reads is not documented, so that none may be without.
fn rows(path: &Path, name: &str, kind: FileKind, trigger: Trigger) -> Result<(), FileProblem> {
    let file = BufReader::new(File::open(path).map_err(unreadable)?);
    let name = name.to_owned();
    match kind {
        FileKind::Csv => match knosc_checks::csv_filling(file).map_err(FileProblem::Check)? {
            Filling::Rows => Ok(()),
            Filling::Nothing | Filling::HeaderOnly => {
                Err(FileProblem::Content(BlobError::HeaderOnly { name, trigger }))
            }
        },
        FileKind::Xlsx => {
            match knosc_checks::sheet_without_rows(file).map_err(FileProblem::Check)? {
                None => Ok(()),
                Some(Sheet { is_only: true, .. }) => {
                    Err(FileProblem::Content(BlobError::HeaderOnly { name, trigger }))
                }
                Some(Sheet { name: sheet, .. }) => {
                    Err(FileProblem::SheetWithoutRows { name, sheet, trigger })
                }
            }
        }
    }
}

/// Of a regular file. Looked at before it is opened: opening a pipe would wait for its writer.
pub fn metadata(path: &Path) -> Result<Metadata, FileProblem> {
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
fn settle(path: &Path, quiet: Duration, note: &mut dyn FnMut(&str)) -> Result<(), FileProblem> {
    if quiet.is_zero() {
        return Ok(());
    }
    let mut is_told = false;
    let begun = std::time::Instant::now();
    while begun.elapsed() <= quiet * SETTLE_ROUNDS {
        let modified = metadata(path)?.modified().map_err(unreadable)?;
        // A time in the future is a clock that is off; the file is as quiet as one changed just now.
        let age = SystemTime::now().duration_since(modified).unwrap_or_default();
        if age >= quiet {
            return Ok(());
        }
        if !std::mem::replace(&mut is_told, true) {
            let (path, quiet) = (path.display(), duration::text(quiet));
            note(&format!(
                "{path} was written just now: waiting until it rests for {quiet} (--settle)"
            ));
        }
        std::thread::sleep(quiet.saturating_sub(age));
    }
    Err(FileProblem::Unsettled { settle: duration::text(quiet) })
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
pub fn unreadable(error: std::io::Error) -> FileProblem {
    FileProblem::Unreadable(error.to_string())
}
