//! Moving what the log holds into the journal's file, with a sign next to both while that is not finished: a file that was written to in
//! part has pages of two moments, and only its log makes it whole.
//!
//! Nothing else does this: no connection of ours does it when it is closed, or by itself.

use std::cell::Cell;
use std::ffi::c_int;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::hooks::Wal;

use super::error::StoreError;
use super::schema;

/// Pages in the log before they are moved: as `SQLite` has it.
const PAGES: c_int = 1_000;

thread_local! {
    /// Pages in the log after this thread's last commit.
    static IN_LOG: Cell<c_int> = const { Cell::new(0) };
}

/// Has a connection count its log's pages instead of moving them by itself.
pub(super) fn take_over(connection: &mut Connection) -> Result<(), StoreError> {
    let note = |_: &mut Wal, pages: c_int| {
        IN_LOG.set(pages);
        Ok(())
    };
    Ok(connection.wal_hook(Some(note))?)
}

/// Moves the log's pages once they are many. Other processes may go on meanwhile.
pub(super) fn when_due(connection: &Connection, folder: &Path) -> Result<(), StoreError> {
    if IN_LOG.replace(0) < PAGES { Ok(()) } else { run(connection, folder) }
}

/// Moves as many as other processes allow.
fn run(connection: &Connection, folder: &Path) -> Result<(), StoreError> {
    begin(folder).map_err(|error| schema::of_io(&error))?;
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
    fs::remove_file(sign(folder)).or_else(ignore_missing).map_err(|error| schema::of_io(&error))
}

/// Finishes what a crash cut.
pub(super) fn finish(connection: &Connection, folder: &Path) -> Result<(), StoreError> {
    if is_unfinished(folder) { run(connection, folder) } else { Ok(()) }
}

/// Whether the journal's file may have pages of two moments.
pub(super) fn is_unfinished(folder: &Path) -> bool {
    sign(folder).exists()
}

fn begin(folder: &Path) -> io::Result<()> {
    File::create(sign(folder))?;
    // Windows has no handle on a folder that could be synced, and needs none.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

fn ignore_missing(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

fn sign(folder: &Path) -> PathBuf {
    folder.join("journal.checkpoint")
}
