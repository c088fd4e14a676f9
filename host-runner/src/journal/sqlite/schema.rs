//! The tables, and how a file of an older version gets there. A newer version is refused and never rewritten.
//!
//! Opens and prepares; the steps from version to version are in `migrations`, what is in the tables is for `read` and `write`.

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, FileControl, MAIN_DB, OpenFlags, TransactionBehavior};

use super::checkpoint;
use super::doubt;
use super::error::StoreError;
use super::migrations::{VERSION, migrate};

/// Marks the file as a journal of ours: another program's database is not written to. "KNJ1".
const APPLICATION_ID: i64 = 0x4B4E_4A31;

/// Checking a file takes time in proportion to its size: this much is checked in some hundredths of a second, and holds
/// tens of thousands of events.
const CHECKED_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// A connection is one thread's, and makes no file: [`create`] does.
const FLAGS: OpenFlags = OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// How long a process that opens the journal waits for one that writes: a write takes milliseconds.
const OPEN_BUSY: Duration = Duration::from_secs(5);

/// Between two tries of a process that was turned away without waiting.
const OPEN_AGAIN: Duration = Duration::from_millis(10);

/// How long a write waits. A fact that cannot be recorded ends its run, so that patience pays.
const WRITE_BUSY: Duration = Duration::from_secs(30);

/// The journal's file in a state folder.
pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join("journal.db")
}

/// Opens the journal of a folder that exists; makes one where there is none.
pub(super) fn open(folder: &Path, bytes_max: Option<u64>) -> Result<Connection, StoreError> {
    let begun = Instant::now();
    loop {
        match open_once(folder, bytes_max) {
            // Of many that begin a new journal at once some are turned away at once, and not only after they waited.
            Err(StoreError::Busy) if begun.elapsed() < OPEN_BUSY => thread::sleep(OPEN_AGAIN),
            opened => return opened,
        }
    }
}

fn open_once(folder: &Path, bytes_max: Option<u64>) -> Result<Connection, StoreError> {
    let path = path(folder);
    match fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            is_not_left_over(&path)?;
            // Another process may have made it since.
            doubt::check_gone(folder)
                .or_else(|lost| if path.exists() { Ok(()) } else { Err(lost) })?;
            create(folder, &path)?;
        }
        Err(error) => return Err(StoreError::Folder { message: error.to_string() }),
        // A journal is made whole and then given its name: an empty one was cut, and what it knew is lost.
        Ok(metadata) if metadata.len() == 0 => {
            return Err(StoreError::Corrupt { message: "the file is empty".to_owned() });
        }
        Ok(_) => {}
    }
    let mut connection = connect(&path)?;
    version(&connection)?;
    doubt::check_log(&mut connection, &path)?;
    check(&connection, &path)?;
    durable(&mut connection)?;
    bring_up_to_date(&mut connection, folder)?;
    doubt::anchor(&connection, &path)?;
    if let Some(bytes_max) = bytes_max {
        let page_bytes: i64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
        let pages = i64::try_from(bytes_max).unwrap_or(i64::MAX) / page_bytes.max(1);
        connection.pragma_update(None, "max_page_count", pages)?;
    }
    checkpoint::finish(&connection, folder)?;
    connection.busy_timeout(WRITE_BUSY)?;
    Ok(connection)
}

/// Every commit is on disk when it is answered.
pub(super) fn durable(connection: &mut Connection) -> Result<(), StoreError> {
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(StoreError::Storage { message: format!("journal mode {mode}, not WAL") });
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    // macOS keeps a plain fsync in the drive's memory.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // The log stays when the last process leaves, and is written over where it was: an fsync of a file that does not grow takes a
    // third of the time (ext4: 0.17 ms, not 0.5).
    connection.file_control(Some(MAIN_DB), FileControl::PersistWal(&mut 1))?;
    checkpoint::take_over(connection)?;
    Ok(())
}

/// A connection that is closed leaves both files as they are.
pub(super) fn connect(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, FLAGS)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.busy_timeout(OPEN_BUSY)?;
    Ok(connection)
}

/// How long the log is; 0 where there is none.
pub(super) fn log_bytes(folder: &Path) -> u64 {
    fs::metadata(log_path(folder)).map_or(0, |metadata| metadata.len())
}

/// The write-ahead log's file in a state folder.
pub(super) fn log_path(folder: &Path) -> PathBuf {
    path(folder).with_extension("db-wal")
}

/// The log of a journal that somebody removed may hold its last events, and would be taken for the new one's.
fn is_not_left_over(path: &Path) -> Result<(), StoreError> {
    let has_events = path.parent().is_some_and(|folder| log_bytes(folder) > 0);
    // Another process may have made both since: the log is never there before the journal.
    if has_events && !path.exists() {
        let message = "journal.db-wal is there and journal.db is gone".to_owned();
        return Err(StoreError::Corrupt { message });
    }
    Ok(())
}

/// Made beside under another name, whole and on disk, and then linked to its name: a crash leaves a journal or none.
pub(super) fn create(folder: &Path, path: &Path) -> Result<(), StoreError> {
    // A process has the number of one that was killed here, always so in a container: its own name is drawn.
    let drawn = RandomState::new().hash_one(std::process::id());
    let made = folder.join(format!("journal.db.{drawn:x}.new"));
    let written = write_new(&made);
    let linked = written.and_then(|()| match fs::hard_link(&made, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // A file system without links has renames; two that begin at once make the same empty journal.
        Err(_) => fs::rename(&made, path).map_err(|error| of_io(&error)),
        Ok(()) => Ok(()),
    });
    let _ = fs::remove_file(&made);
    linked?;
    // Windows has no handle on a folder that could be synced, and needs none.
    #[cfg(unix)]
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| of_io(&error))?;
    Ok(())
}

fn write_new(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| of_io(&error))?;
    let mut connection = connect(path)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let transaction = connection.transaction()?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    migrate(&transaction, 0)?;
    transaction.commit()?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(())
}

/// The version of a journal, if it is one that this program may work with.
pub(super) fn version(connection: &Connection) -> Result<i64, StoreError> {
    let number = |pragma| connection.query_row(pragma, [], |row| row.get::<_, i64>(0));
    if number("PRAGMA application_id")? != APPLICATION_ID {
        return Err(StoreError::Corrupt { message: "it is another program's database".to_owned() });
    }
    match number("PRAGMA user_version")? {
        found @ ..1 => Err(StoreError::Corrupt { message: format!("it has version {found}") }),
        found @ 1..=VERSION => Ok(found),
        found => Err(StoreError::Newer { found, known: VERSION }),
    }
}

pub(super) fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    if fs::metadata(path).map_err(|error| of_io(&error))?.len() > CHECKED_BYTES_MAX {
        return Ok(());
    }
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found == "ok" { Ok(()) } else { Err(StoreError::Corrupt { message: found }) }
}

/// Brings the tables up to date. Also where they are, one write is made that changes nothing: a disk without space or a file
/// without rights is found here, before anything is sent.
fn bring_up_to_date(connection: &mut Connection, folder: &Path) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have done so since the version was looked at, and it may be a newer one.
    let found = version(&transaction)?;
    migrate(&transaction, found)?;
    doubt::check(&transaction, folder)?;
    transaction.commit()?;
    Ok(())
}

pub(super) fn of_io(error: &io::Error) -> StoreError {
    let message = error.to_string();
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full { message },
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            StoreError::ReadOnly { message }
        }
        _ => StoreError::Folder { message },
    }
}

/// Makes the state folder, for this user alone.
pub(super) fn create_folder(folder: &Path) -> Result<(), StoreError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| of_io(&error))
}

#[cfg(test)]
mod tests;
