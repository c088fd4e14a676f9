//! Changes of the tables, each one whole: it is done in a transaction of the thread, or not at all.
//!
//! Decides nothing about runs; what fits is the run machine's.

use knosc_bulk_import::admission::refresh::Contents;
use knosc_bulk_import::admission::{Digest, Standing};
use knosc_bulk_import::job::RowError;
use rusqlite::{Connection, ErrorCode, params};

use super::codec;
use super::error::StoreError;
use super::file;
use super::keys;
use super::migrations::tenant_key;
use super::record::NewRun;

/// A run that begins, with its files, and what is known to be in them by their places.
pub(super) fn begin(
    connection: &Connection,
    run: &NewRun,
    contents: &[(usize, Contents)],
) -> Result<(), StoreError> {
    let sql = "INSERT INTO runs (id, tenant, kind, created_ms, finished_ms, policy, tenant_key)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let policy = codec::encode_policy(&run.policy)?;
    let created = integer(run.created_ms);
    // Nothing is left to do in a run that sends nothing.
    let sends = run.steps.iter().any(|step| step.unchanged_of.is_none());
    let finished = if sends { None } else { Some(created) };
    let (kind, key) = (run.kind.word(), tenant_key(&run.tenant));
    connection
        .execute(sql, params![run.id, run.tenant, kind, created, finished, policy, key])
        .map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation) => StoreError::Taken { id: run.id.clone() },
            _ => error.into(),
        })?;
    let sql = "INSERT INTO steps (run, step, position, trigger_name, file_name, path, size, mtime_ns, inode,
            expected_digest, outcome, unchanged_of, ctime_ns)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
    let mut statement = connection.prepare_cached(sql)?;
    // The files that are sent have the indexes that the component sees; the others follow.
    let sent = run.steps.iter().enumerate().filter(|(_, step)| step.unchanged_of.is_none());
    let unchanged = run.steps.iter().enumerate().filter(|(_, step)| step.unchanged_of.is_some());
    for (index, (position, step)) in sent.chain(unchanged).enumerate() {
        let standing = match step.unchanged_of {
            Some(_) => Standing::Unchanged,
            None => Standing::NotStarted,
        };
        statement.execute(params![
            run.id,
            integer_of(index),
            integer_of(position),
            step.trigger.name(),
            step.file_name,
            step.path.to_string_lossy(),
            integer(step.stamp.size),
            step.stamp.mtime_ns,
            step.stamp.inode.cast_signed(),
            step.expected.map(file::hex),
            standing.word(),
            step.unchanged_of,
            step.stamp.ctime_ns,
        ])?;
        let held = contents.iter().find(|(of, _)| *of == position && step.unchanged_of.is_none());
        if let Some((_, contents)) = held {
            keys::keep(connection, &run.id, integer_of(index), contents)?;
        }
    }
    Ok(())
}

/// One event, and what it changed of its step.
pub(super) struct Change {
    pub(super) run: String,
    pub(super) seq: usize,
    pub(super) at_ms: u64,
    pub(super) step: usize,
    /// The fact, encoded.
    pub(super) fact: String,
    /// `user@host` of a resolution.
    pub(super) actor: Option<String>,
    /// Where the step stands after it.
    pub(super) standing: Standing,
    /// The job that the event names, if it is an acceptance.
    pub(super) accepted: Option<String>,
    /// Made while the file was sent.
    pub(super) digest: Option<Digest>,
    /// Of a job that ended.
    pub(super) row_errors: Vec<RowError>,
    /// Whether the whole file had left when it was accepted.
    pub(super) is_whole: bool,
    /// Whether nothing is left to do.
    pub(super) is_over: bool,
}

/// Writes an event if it is the next one of its run.
pub(super) fn append(connection: &Connection, change: &Change) -> Result<(), StoreError> {
    let sql = "INSERT INTO events (run, seq, at_ms, step, fact, actor)
        SELECT ?1, ?2, ?3, ?4, ?5, ?6
        WHERE (SELECT coalesce(max(seq) + 1, 0) FROM events WHERE run = ?1) = ?2";
    let Change { run, seq, at_ms, step, fact, actor, .. } = change;
    let (step, at_ms) = (integer_of(*step), integer(*at_ms));
    let written = connection.prepare_cached(sql)?.execute(params![
        run,
        integer_of(*seq),
        at_ms,
        step,
        fact,
        actor
    ])?;
    if written != 1 {
        return Err(StoreError::Overtaken);
    }
    let sql = "UPDATE steps SET outcome = ?3, digest = coalesce(?4, digest), job_id = coalesce(?5, job_id),
            accepted = CASE WHEN ?5 IS NULL THEN accepted ELSE last_insert_rowid() END
        WHERE run = ?1 AND step = ?2";
    let digest = change.digest.map(file::hex);
    connection.prepare_cached(sql)?.execute(params![
        run,
        step,
        change.standing.word(),
        digest,
        change.accepted
    ])?;
    let sql = "INSERT OR IGNORE INTO row_errors (run, step, position, row_number, message) VALUES (?1, ?2, ?3, ?4, ?5)";
    for (position, error) in change.row_errors.iter().enumerate() {
        let row = error.row.map(u64::cast_signed);
        connection.prepare_cached(sql)?.execute(params![
            run,
            step,
            integer_of(position),
            row,
            error.message
        ])?;
    }
    keys::settle(connection, run, step, change.standing, change.is_whole)?;
    let finished = change.is_over.then_some(at_ms);
    let sql = "UPDATE runs SET finished_ms = ?2 WHERE id = ?1 AND finished_ms IS NOT ?2";
    if change.is_over || matches!(change.standing, Standing::NotStarted | Standing::Pending) {
        connection.prepare_cached(sql)?.execute(params![run, finished])?;
    }
    Ok(())
}

/// Times and lengths fit: what is larger than an `i64` is no time and no file.
pub(super) fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn integer_of(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
