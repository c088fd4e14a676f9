//! One at a time: a lock for each tenant and trigger, held as long as a process works.
//!
//! The table says who; a locked file says whether they live, and dies with its process: on this machine, in any container, under any
//! host name. A process that was killed leaves its row, and the next one takes over. Only where file locks are trusted against the file
//! system's word, a row of another host is left to a person.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use knosc_bulk_import::trigger::Trigger;
use rusqlite::{Connection, params};

use super::error::{Holder, StoreError};
use super::read;
use super::write::integer;
use super::writer::Writer;

/// A holder has its file before it has its row: so often a process that found the file locked looks for the row.
const LOOKS: u32 = 20;

/// Between two looks. Writing a row takes some milliseconds.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// The locks of one run. A process that ends without releasing them frees them too; the rows are then taken over.
#[derive(Debug)]
pub struct Locks {
    writer: Writer,
    tenant: String,
    run: String,
    /// Held open: closing a file frees its lock.
    held: Vec<(Trigger, File)>,
}

/// For whom locks are taken.
pub(super) struct Claim<'a> {
    pub(super) folder: &'a Path,
    pub(super) host: &'a str,
    /// Whether a file that is not locked has no holder anywhere.
    pub(super) is_local: bool,
    pub(super) tenant: &'a str,
    pub(super) run: &'a str,
    pub(super) now_ms: u64,
}

impl Locks {
    /// Takes the locks in the order of the triggers, whatever order is given, so that two runs cannot wait for each other.
    pub(super) async fn take(
        writer: Writer,
        claim: Claim<'_>,
        mut triggers: Vec<Trigger>,
    ) -> Result<Self, StoreError> {
        triggers.sort_unstable();
        triggers.dedup();
        let (tenant, run) = (claim.tenant.to_owned(), claim.run.to_owned());
        let mut locks = Self { writer, tenant, run, held: Vec::with_capacity(triggers.len()) };
        for trigger in triggers {
            if let Err(error) = locks.take_one(&claim, trigger).await {
                locks.release().await?;
                return Err(error);
            }
        }
        Ok(locks)
    }

    async fn take_one(&mut self, claim: &Claim<'_>, trigger: Trigger) -> Result<(), StoreError> {
        let file = open(&path(claim.folder, claim.tenant, trigger))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = self.look_for_holder(trigger).await?;
                return Err(StoreError::Locked {
                    trigger,
                    holder: holder.map(Box::new),
                    alive: true,
                });
            }
            Err(TryLockError::Error(error)) => {
                return Err(StoreError::Folder { message: format!("no file lock: {error}") });
            }
        }
        let mine = Holder {
            pid: std::process::id(),
            host: claim.host.to_owned(),
            since_ms: claim.now_ms,
            run: self.run.clone(),
        };
        let (tenant, is_local) = (self.tenant.clone(), claim.is_local);
        let claim_row =
            move |connection: &Connection| claim_row(connection, &tenant, trigger, is_local, &mine);
        self.writer.call(claim_row).await?;
        self.held.push((trigger, file));
        Ok(())
    }

    /// Who has the file: known as soon as its row is written.
    async fn look_for_holder(&self, trigger: Trigger) -> Result<Option<Holder>, StoreError> {
        for _ in 0..LOOKS {
            let tenant = self.tenant.clone();
            let found =
                self.writer.call(move |connection| read::holder(connection, &tenant, trigger));
            if let Some(holder) = found.await? {
                return Ok(Some(holder));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(None)
    }

    /// Gives the locks back.
    ///
    /// # Errors
    /// The storage's; the locks are free then too, and their rows are taken over by the next one.
    pub async fn release(self) -> Result<(), StoreError> {
        let Self { writer, tenant, run, held } = self;
        let triggers: Vec<Trigger> = held.iter().map(|(trigger, _)| *trigger).collect();
        if triggers.is_empty() {
            return Ok(());
        }
        let released = writer.call(move |connection| {
            let sql = "DELETE FROM locks WHERE tenant = ?1 AND trigger_name = ?2 AND run = ?3";
            for trigger in &triggers {
                connection.execute(sql, params![tenant, trigger.name(), run])?;
            }
            Ok(())
        });
        let released = released.await;
        // The rows go before the files: whoever finds a file free finds no row of a living process.
        drop(held);
        released
    }
}

/// Takes a row whose file is held: the process that wrote it is dead, whatever its host was called. Only where locks do not hold
/// between machines a row of another host may be a living process's.
fn claim_row(
    connection: &Connection,
    tenant: &str,
    trigger: Trigger,
    is_local: bool,
    mine: &Holder,
) -> Result<(), StoreError> {
    if !is_local
        && let Some(holder) = read::holder(connection, tenant, trigger)?
        && holder.host != mine.host
    {
        let holder = Some(Box::new(holder));
        return Err(StoreError::Locked { trigger, holder, alive: false });
    }
    let sql = "INSERT OR REPLACE INTO locks (tenant, trigger_name, pid, host, since_ms, run)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let since = integer(mine.since_ms);
    connection
        .execute(sql, params![tenant, trigger.name(), mine.pid, mine.host, since, mine.run])?;
    Ok(())
}

/// Forgets a lock that no living process of this host holds; gives who had it.
pub(super) async fn unlock(
    writer: &Writer,
    folder: &Path,
    tenant: &str,
    trigger: Trigger,
) -> Result<Option<Holder>, StoreError> {
    let file = open(&path(folder, tenant, trigger))?;
    let is_held = matches!(file.try_lock(), Err(TryLockError::WouldBlock));
    let tenant = tenant.to_owned();
    let forgotten = writer.call(move |connection| {
        let holder = read::holder(connection, &tenant, trigger)?;
        if is_held {
            return Err(StoreError::Locked { trigger, holder: holder.map(Box::new), alive: true });
        }
        let sql = "DELETE FROM locks WHERE tenant = ?1 AND trigger_name = ?2";
        connection.execute(sql, params![tenant, trigger.name()])?;
        Ok(holder)
    });
    forgotten.await
}

/// Holds the files of some tenants' triggers without a row, for a journal that nothing may be written to yet.
pub(super) fn hold(
    folder: &Path,
    triggers: impl IntoIterator<Item = (String, Trigger)>,
) -> Result<Vec<File>, StoreError> {
    let hold = |(tenant, trigger): (String, Trigger)| {
        let file = open(&path(folder, &tenant, trigger))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => {
                Err(StoreError::Locked { trigger, holder: None, alive: true })
            }
            Err(TryLockError::Error(error)) => {
                Err(StoreError::Folder { message: format!("no file lock: {error}") })
            }
        }
    };
    triggers.into_iter().map(hold).collect()
}

/// The file is never removed: two processes that made it anew would each hold a file of their own.
fn path(folder: &Path, tenant: &str, trigger: Trigger) -> PathBuf {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '_' };
    let tenant: String = tenant.chars().map(safe).collect();
    folder.join("locks").join(format!("{tenant}.{trigger}.lock"))
}

fn open(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map_err(|error| StoreError::Folder { message: format!("{}: {error}", path.display()) })
}
