//! A journal that may have lost facts: a copy of it to read, and going on with it once a person knows what that means.
//!
//! What may be missing is recorded as unknown, one run for each tenant's trigger, so that nothing is sent there until a person has
//! looked in Knosc. That a journal may have lost facts is found by `doubt`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use knosc_bulk_import::admission::{Stamp, Standing};
use knosc_bulk_import::fault::{Fault, Refusal};
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::run::{Fact, SentFile};
use knosc_bulk_import::trigger::Trigger;
use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};

use super::doubt::{self, Count};
use super::error::StoreError;
use super::generation::{self, Generation};
use super::migrations::{migrate, tenant_key};
use super::record::{Kind, NewRun, NewStep};
use super::store::{Store, StoreConfig};
use super::write::{self, Change};
use super::{codec, id, lock, schema};

/// The name of what is missing, as a run's file.
const LOST_FILE: &str = "a file that the journal lost";

/// Pages that are copied at once: all of any journal.
const PAGES_AT_ONCE: i32 = 100_000;

/// A tenant's trigger of which facts may be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concerned {
    /// The origin, as it was typed once.
    pub tenant: String,
    /// Which trigger.
    pub trigger: Trigger,
}

/// A journal that may have lost facts, and that may be used again once that is recorded.
#[derive(Debug)]
pub struct Restored {
    folder: PathBuf,
    doubt: StoreError,
    concerned: Vec<Concerned>,
}

impl Restored {
    /// Looks for such a journal; none where it has kept everything. Blocks.
    ///
    /// # Errors
    /// Every other [`StoreError`] of opening a journal.
    pub fn find(folder: &Path, config: StoreConfig) -> Result<Option<Self>, StoreError> {
        match Store::open_with(folder, config) {
            Ok(_) => Ok(None),
            Err(doubt @ StoreError::MayHaveLost { .. }) => {
                let concerned = concerned(folder)?;
                Ok(Some(Self { folder: folder.to_owned(), doubt, concerned }))
            }
            Err(error) => Err(error),
        }
    }

    /// What does not fit.
    pub const fn doubt(&self) -> &StoreError {
        &self.doubt
    }

    /// Every tenant's trigger that the journal knows, and those of the lost part that the generation names.
    pub fn concerned(&self) -> &[Concerned] {
        &self.concerned
    }

    /// Records that what may be missing is unknown, and makes the journal usable; gives the run that stands for each tenant's
    /// trigger, unless one waits for a decision already. Blocks.
    ///
    /// A crash in between leaves a journal that is refused as before.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if a process works on one of them; the storage's.
    pub fn accept(self, actor: &str, now_ms: u64) -> Result<Vec<(String, Concerned)>, StoreError> {
        let pairs = || self.concerned.iter().map(|one| (tenant_key(&one.tenant), one.trigger));
        let _held = lock::hold(&self.folder, pairs())?;
        let mut connection = self.open(now_ms)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        migrate(&transaction, schema::version(&transaction)?)?;
        let mut runs = Vec::with_capacity(self.concerned.len());
        for one in &self.concerned {
            let run = mark_unknown(&transaction, one, actor, now_ms)?;
            runs.extend(run.map(|run| (run, one.clone())));
        }
        let own = Count::read(&transaction)?;
        let outside = generation::read(&self.folder).unwrap_or_default();
        let number = outside.map_or(0, |outside| outside.number).max(own.number).saturating_add(1);
        // Another id: a process that still has the old file open can publish nothing of it any more.
        let journal: String =
            transaction.query_row("SELECT lower(hex(randomblob(16)))", [], |row| row.get(0))?;
        let count = Count { journal, number };
        count.write(&transaction)?;
        transaction.commit()?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        let pairs = self.concerned.iter();
        let pairs = pairs.map(|one| (one.tenant.clone(), one.trigger.name().to_owned())).collect();
        let Count { journal, number } = count;
        generation::replace(&self.folder, &Generation { journal, number, pairs })
            .map_err(|error| schema::of_io(&error))?;
        Ok(runs)
    }

    /// The journal itself; a new one where it is gone, and without a log that belongs to another one.
    fn open(&self, now_ms: u64) -> Result<Connection, StoreError> {
        let path = schema::path(&self.folder);
        if !path.exists() {
            schema::create(&self.folder, &path)?;
        }
        let mut connection = schema::connect(&path)?;
        schema::version(&connection)?;
        match doubt::check_log(&mut connection, &path) {
            Ok(()) => {}
            Err(StoreError::MayHaveLost { .. }) => {
                drop(connection);
                let aside = format!("journal.db-wal.{}", id::new_id(now_ms));
                fs::rename(schema::log_path(&self.folder), self.folder.join(aside))
                    .map_err(|error| schema::of_io(&error))?;
                connection = schema::connect(&path)?;
            }
            Err(error) => return Err(error),
        }
        schema::check(&connection, &path)?;
        schema::durable(&mut connection)?;
        Ok(connection)
    }
}

/// A copy in memory, brought up to date; of a journal that is gone an empty one. Nothing that is written to it is kept.
pub(super) fn copy(folder: &Path) -> Result<Connection, StoreError> {
    let path = schema::path(folder);
    let mut copy = Connection::open_in_memory()?;
    let is_there = path.exists();
    if is_there {
        let source = source(&path)?;
        let backup = Backup::new(&source, &mut copy)?;
        backup.run_to_completion(PAGES_AT_ONCE, Duration::from_millis(5), None)?;
    }
    let transaction = copy.transaction()?;
    let from = if is_there { schema::version(&transaction)? } else { 0 };
    migrate(&transaction, from)?;
    transaction.commit()?;
    Ok(copy)
}

/// With its log where that belongs to it, without it else.
fn source(path: &Path) -> Result<Connection, StoreError> {
    let mut connection = schema::connect(path)?;
    match doubt::check_log(&mut connection, path) {
        Ok(()) => return Ok(connection),
        Err(StoreError::MayHaveLost { .. }) => {}
        Err(error) => return Err(error),
    }
    drop(connection);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    Ok(Connection::open_with_flags(uri(path), flags)?)
}

/// The address by which `SQLite` opens a file without its log.
fn uri(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let path = path.to_string_lossy().replace('\\', "/");
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/:._-".contains(byte);
    let escaped: String =
        path.bytes()
            .map(|byte| {
                if is_plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
            })
            .collect();
    format!("file:///{}?immutable=1", escaped.trim_start_matches('/'))
}

fn concerned(folder: &Path) -> Result<Vec<Concerned>, StoreError> {
    let copy = copy(folder)?;
    let sql = "SELECT DISTINCT tenant, trigger_name FROM steps JOIN runs ON runs.id = steps.run";
    let mut statement = copy.prepare(sql)?;
    let recorded = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut pairs: Vec<(String, String)> = recorded.collect::<Result<_, _>>()?;
    // What a damaged generation names is not known; the journal's own are.
    let outside = generation::read(folder).unwrap_or_default();
    pairs.extend(outside.into_iter().flat_map(|outside| outside.pairs));
    let mut found = BTreeMap::new();
    for (tenant, trigger) in pairs {
        let trigger = codec::trigger(&trigger)?;
        found.entry((tenant_key(&tenant), trigger)).or_insert(Concerned { tenant, trigger });
    }
    Ok(found.into_values().collect())
}

/// A run whose file may have been accepted; none where one waits for a decision already.
fn mark_unknown(
    connection: &Connection,
    one: &Concerned,
    actor: &str,
    now_ms: u64,
) -> Result<Option<String>, StoreError> {
    let sql = "SELECT count(*) FROM steps JOIN runs ON runs.id = steps.run
        WHERE kind = ?1 AND outcome = ?2 AND tenant_key = ?3 AND trigger_name = ?4";
    let (kind, unknown) = (Kind::Restored.word(), Standing::Unknown.word());
    let waiting = params![kind, unknown, tenant_key(&one.tenant), one.trigger.name()];
    let waiting: i64 = connection.query_row(sql, waiting, |row| row.get(0))?;
    if waiting > 0 {
        return Ok(None);
    }
    let run = begin(connection, one, now_ms)?;
    // Its last bytes are not known to have left: once it is accepted, nothing is known of its rows.
    let started = Fact::UploadStarted(SentFile {
        trigger: one.trigger,
        name: LOST_FILE.to_owned(),
        size: 0,
        sha256: None,
        seal_follows: true,
    });
    let ended = Fact::UploadEnded(Fault::PermanentOutcomeUnknown(Refusal::unanswered(
        "the journal was restored; a file may have been sent that it does not know",
    )));
    let facts = [(started, Standing::Refused, None), (ended, Standing::Unknown, Some(actor))];
    for (seq, (fact, standing, actor)) in facts.into_iter().enumerate() {
        let change = Change {
            run: run.clone(),
            seq,
            at_ms: now_ms,
            step: 0,
            fact: codec::encode(&fact)?,
            actor: actor.map(str::to_owned),
            standing,
            accepted: None,
            digest: None,
            row_errors: Vec::new(),
            is_whole: false,
            is_over: false,
        };
        write::append(connection, &change)?;
    }
    Ok(Some(run))
}

/// Begins it under an id that no run has.
fn begin(connection: &Connection, one: &Concerned, now_ms: u64) -> Result<String, StoreError> {
    loop {
        let run = NewRun {
            id: id::new_id(now_ms),
            tenant: one.tenant.clone(),
            kind: Kind::Restored,
            created_ms: now_ms,
            policy: Policy::default(),
            steps: vec![NewStep {
                trigger: one.trigger,
                file_name: LOST_FILE.to_owned(),
                path: PathBuf::new(),
                stamp: Stamp { size: 0, mtime_ns: 0, ctime_ns: 0, inode: 0 },
                expected: None,
                unchanged_of: None,
            }],
        };
        match write::begin(connection, &run, &[]) {
            Err(StoreError::Taken { .. }) => {}
            begun => return begun.map(|()| run.id),
        }
    }
}
