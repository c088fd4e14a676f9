//! Whether a journal has kept every fact: by the generation next to it, and by its log.
//!
//! Compares and, where all is well, brings the generation's file up to date. A journal that may have lost facts is left as it is.

use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::checkpoint;
use super::error::StoreError;
use super::generation::{self, Generation, Pair};
use super::log;
use super::schema;

/// The count that a journal begins with: nothing was sent yet.
const UNUSED: u64 = 1;

/// The id of a journal, and its own count of files that may have reached Knosc.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) journal: String,
    pub(super) number: u64,
}

impl Count {
    /// Reads a journal's own.
    pub(super) fn read(connection: &Connection) -> Result<Self, StoreError> {
        let sql = "SELECT journal, number FROM generation";
        let (journal, text) = connection
            .query_row(sql, [], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
        let number = text.strip_prefix(log::MARK).and_then(|digits| digits.parse().ok());
        let damaged = || StoreError::Corrupt { message: format!("a generation '{text}'") };
        Ok(Self { journal, number: number.ok_or_else(damaged)? })
    }

    /// Writes it, within a transaction.
    pub(super) fn write(&self, connection: &Connection) -> Result<(), StoreError> {
        let (mark, digits) = (log::MARK, log::DIGITS);
        let number = format!("{mark}{:0digits$}", self.number);
        let sql = "UPDATE generation SET journal = ?1, number = ?2";
        connection.prepare_cached(sql)?.execute(params![self.journal, number])?;
        Ok(())
    }

    /// One more, within a transaction that a file's way to Knosc depends on.
    pub(super) fn advance(connection: &Connection) -> Result<Self, StoreError> {
        let Self { journal, number } = Self::read(connection)?;
        let next = Self { journal, number: number.saturating_add(1) };
        next.write(connection)?;
        Ok(next)
    }

    /// Makes it durable outside of the journal.
    pub(super) fn publish(&self, folder: &Path, pairs: &[Pair]) -> Result<(), StoreError> {
        generation::advance(folder, &self.journal, self.number, pairs)
            .map_err(|error| failed(&error))
    }
}

/// The page of the count's row and how long a page is; none where no version has written a count yet.
fn place(connection: &Connection) -> Result<Option<(u32, usize)>, StoreError> {
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'generation'";
    let page = connection.query_row(sql, [], |row| row.get::<_, u32>(0)).optional()?;
    let page_bytes: u32 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    Ok(page.map(|page| (page, page_bytes as usize)))
}

/// Whether the journal's log belongs to it; before anything of both is believed.
pub(super) fn check_log(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    // Where there is none, another process may be about to begin the first one, and must not be kept from it.
    if path.parent().is_none_or(|folder| schema::log_bytes(folder) == 0) {
        return Ok(());
    }
    // No other process begins the log anew meanwhile.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let Some((page, page_bytes)) = place(&transaction)? else { return Ok(()) };
    match log::follows(path, page, page_bytes) {
        Ok(true) => Ok(()),
        Ok(false) => {
            Err(lost("journal.db-wal belongs to a later journal.db than the one that is there"))
        }
        Err(error) => Err(schema::of_io(&error)),
    }
}

/// Whether the log says so itself: a file that was written to in part is made whole by it.
fn is_in_log(connection: &Connection, folder: &Path, own: &Count) -> Result<bool, StoreError> {
    let Some((page, page_bytes)) = place(connection)? else { return Ok(false) };
    let last = log::last_in_log(&schema::path(folder), page, page_bytes);
    let last = last.map_err(|error| schema::of_io(&error))?;
    Ok(last.is_some_and(|last| last >= own.number))
}

/// Has a first count in the journal's file itself, and not in its log alone: a copy of the file says then that there is more to it.
pub(super) fn anchor(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let Some((page, page_bytes)) = place(connection)? else { return Ok(()) };
    // Of many that open a new journal at once one does it, and the others may be in its way.
    for _ in 0..ANCHOR_TRIES {
        let in_file = log::in_file(path, page, page_bytes);
        if in_file.map_err(|error| schema::of_io(&error))?.is_some_and(|count| count > 0) {
            return Ok(());
        }
        match connection.query_row("PRAGMA wal_checkpoint(FULL)", [], |row| row.get::<_, bool>(0)) {
            Ok(false) => {}
            Ok(true) => thread::sleep(ANCHOR_EVERY),
            Err(error) => match StoreError::from(error) {
                StoreError::Busy => thread::sleep(ANCHOR_EVERY),
                error => return Err(error),
            },
        }
    }
    Err(StoreError::Busy)
}

/// Some seconds, as long as a process waits that opens the journal.
const ANCHOR_TRIES: u32 = 250;
const ANCHOR_EVERY: Duration = Duration::from_millis(20);

/// Compares a journal with the generation next to it, within the transaction that opens it.
pub(super) fn check(transaction: &Transaction<'_>, folder: &Path) -> Result<(), StoreError> {
    let own = Count::read(transaction)?;
    let outside = match generation::read(folder) {
        Ok(outside) => outside,
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Err(lost(&error.to_string()));
        }
        Err(error) => return Err(schema::of_io(&error)),
    };
    let has_log = schema::log_bytes(folder) > 0;
    if checkpoint::is_unfinished(folder)
        && own.number > UNUSED
        && !is_in_log(transaction, folder, &own)?
    {
        return Err(lost(
            "journal.db was written to in part, and journal.db-wal is missing or cut",
        ));
    }
    match outside {
        // Nothing of it can have reached Knosc yet. An older version's journal has no generation.
        None if own.number == 0 => begin(transaction, folder, own),
        None => Err(lost("journal.generation, which belongs to it, is missing")),
        Some(Generation { number: 0..=UNUSED, .. }) if own.number == 0 => {
            begin(transaction, folder, own)
        }
        Some(outside) if outside.journal == own.journal => match own.number.cmp(&outside.number) {
            std::cmp::Ordering::Equal => Ok(()),
            // The last count was cut between both files; nothing left then.
            std::cmp::Ordering::Greater => own.publish(folder, &[]),
            std::cmp::Ordering::Less if has_log => Err(lost(
                "journal.db and journal.db-wal are older than journal.generation, or the end of the log is missing",
            )),
            std::cmp::Ordering::Less => Err(lost(
                "journal.db-wal is missing, and journal.db alone is older than journal.generation",
            )),
        },
        Some(_) => Err(lost("journal.generation belongs to another journal.db")),
    }
}

/// Whether a folder without a journal had one whose files may have reached Knosc.
pub(super) fn check_gone(folder: &Path) -> Result<(), StoreError> {
    match generation::read(folder) {
        Ok(None | Some(Generation { number: 0..=UNUSED, .. })) => Ok(()),
        Ok(Some(_)) => Err(lost("journal.db is gone, and journal.generation is still there")),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(lost("journal.db is gone, and journal.generation is damaged"))
        }
        Err(error) => Err(schema::of_io(&error)),
    }
}

/// The generation comes first: a journal that counts has one.
fn begin(transaction: &Transaction<'_>, folder: &Path, own: Count) -> Result<(), StoreError> {
    let (journal, pairs) = (own.journal, std::collections::BTreeSet::new());
    let generation = Generation { journal, number: own.number, pairs };
    generation::replace(folder, &generation).map_err(|error| schema::of_io(&error))?;
    Count::advance(transaction).map(drop)
}

fn lost(message: &str) -> StoreError {
    StoreError::MayHaveLost { message: message.to_owned() }
}

/// A count that is not known to be on disk: nothing is written after it.
fn failed(error: &io::Error) -> StoreError {
    match schema::of_io(error) {
        StoreError::Folder { message } => StoreError::Storage { message },
        other => other,
    }
}
