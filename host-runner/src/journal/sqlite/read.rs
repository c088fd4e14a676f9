//! Questions to the tables. Writes nothing.
//!
//! A value that does not fit its type is damage, and is reported as such: nothing is skipped or guessed. A tenant is asked for by its key.

use std::path::PathBuf;

use knosc_bulk_import::admission::size_limit::{self, SizeVerdict, SizedUpload};
use knosc_bulk_import::admission::{Digest, Earlier, RecordedStep, Stamp, Standing};
use knosc_bulk_import::job::{Job, RowError};
use knosc_bulk_import::run::{Event, Fact, Resolution};
use knosc_bulk_import::trigger::Trigger;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::codec;
use super::error::{Holder, StoreError};
use super::file;
use super::record::{Kind, RecordedEvent, RecordedRun, StepErrors};

const RUN: &str = "SELECT id, number, tenant, kind, created_ms, finished_ms, policy FROM runs";

const STEP: &str = "SELECT step, position, trigger_name, file_name, path, size, mtime_ns, inode,
    expected_digest, digest, outcome, job_id, accepted, unchanged_of, ctime_ns, run FROM steps";

/// The random end of an id: less of an id names a run by accident.
const ASKED_LENGTH_MIN: i64 = 4;

/// One run, with its steps.
pub(super) fn run(connection: &Connection, id: &str) -> Result<RecordedRun, StoreError> {
    let mut statement = connection.prepare_cached(&format!("{RUN} WHERE id = ?1"))?;
    let Some(row) = statement.query_row([id], |row| Ok(run_of(row))).optional()? else {
        return Err(StoreError::NoRun { id: id.to_owned() });
    };
    let mut run = row?;
    run.steps = steps(connection, id)?;
    Ok(run)
}

/// The last runs, the latest first.
pub(super) fn runs(
    connection: &Connection,
    tenant: Option<&str>,
    count_max: usize,
) -> Result<Vec<RecordedRun>, StoreError> {
    let count_max = i64::try_from(count_max).unwrap_or(i64::MAX);
    let sql = format!("{RUN} WHERE ?1 IS NULL OR tenant_key = ?1 ORDER BY number DESC LIMIT ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_map(params![tenant, count_max], |row| Ok(run_of(row)))?;
    let mut runs = Vec::new();
    for run in found {
        let mut run = run??;
        run.steps = steps(connection, &run.id)?;
        runs.push(run);
    }
    Ok(runs)
}

/// The run whose id is this, or the only one whose id begins or ends so.
pub(super) fn find(connection: &Connection, asked: &str) -> Result<String, StoreError> {
    let sql = "SELECT id FROM runs
        WHERE id = ?1 OR (length(?1) >= ?2 AND (substr(id, 1, length(?1)) = ?1 OR substr(id, -length(?1)) = ?1))
        ORDER BY id <> ?1 LIMIT 2";
    let mut statement = connection.prepare_cached(sql)?;
    let found =
        statement.query_map(params![asked, ASKED_LENGTH_MIN], |row| row.get::<_, String>(0))?;
    let ids = found.collect::<Result<Vec<_>, _>>()?;
    match ids.as_slice() {
        [id] => Ok(id.clone()),
        [id, _] if id == asked => Ok(id.clone()),
        _ => Err(StoreError::NoRun { id: asked.to_owned() }),
    }
}

/// A run's files, in the order of their indexes.
pub(super) fn steps(connection: &Connection, run: &str) -> Result<Vec<RecordedStep>, StoreError> {
    let sql = format!("{STEP} WHERE run = ?1 ORDER BY step");
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_map([run], |row| Ok(step_of(row)))?.map(|step| step?).collect()
}

/// What the same tenant and trigger saw in other runs, the latest run first.
pub(super) fn earlier(
    connection: &Connection,
    tenant: &str,
    trigger: Trigger,
    but_run: Option<&str>,
) -> Result<Vec<Earlier>, StoreError> {
    let sql = "SELECT step, position, trigger_name, file_name, path, size, mtime_ns, inode,
            expected_digest, digest, outcome, job_id, accepted, unchanged_of, ctime_ns, run, number
        FROM steps JOIN runs ON runs.id = steps.run
        WHERE trigger_name = ?1 AND tenant_key = ?2 AND unchanged_of IS NULL AND (?3 IS NULL OR run <> ?3)
        ORDER BY number DESC, step DESC";
    let mut statement = connection.prepare_cached(sql)?;
    let of_row = |row: &Row<'_>| Ok((step_of(row), row.get(15)?, row.get(16)?));
    let found = statement.query_map(params![trigger.name(), tenant, but_run], of_row)?;
    found
        .map(|found| {
            let (step, run, run_number) = found?;
            Ok(Earlier { run, run_number, step: step? })
        })
        .collect()
}

/// The facts of a run, in their order.
pub(super) fn events(connection: &Connection, run: &str) -> Result<Vec<RecordedEvent>, StoreError> {
    let sql = "SELECT seq, at_ms, step, fact, actor FROM events WHERE run = ?1 ORDER BY seq";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([run])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        if usize_of(row, 0)? != events.len() {
            return Err(StoreError::Corrupt { message: format!("run {run} misses an event") });
        }
        let fact = codec::decode(row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?)?;
        let event = Event { at_ms: u64_of(row, 1)?, step: usize_of(row, 2)?, fact };
        events.push(RecordedEvent { event, actor: row.get(4)? });
    }
    Ok(events)
}

/// Uploads of a tenant since then that say something of sizes, in their order.
pub(super) fn sized_uploads(
    connection: &Connection,
    tenant: &str,
    since_ms: u64,
) -> Result<Vec<SizedUpload>, StoreError> {
    // What is picked here is decoded below: a text that only looks alike is dropped there.
    let sql = "SELECT events.fact, events.at_ms, steps.size FROM events
        JOIN runs ON runs.id = events.run
        JOIN steps ON steps.run = events.run AND steps.step = events.step
        WHERE runs.tenant_key = ?1 AND events.at_ms >= ?2
            AND (events.fact LIKE '%upload-ended%413%' OR events.fact LIKE '%accepted%')
        ORDER BY events.number";
    let mut statement = connection.prepare_cached(sql)?;
    let since_ms = i64::try_from(since_ms).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![tenant, since_ms])?;
    let mut uploads = Vec::new();
    while let Some(row) = rows.next()? {
        let fact = codec::decode(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?;
        if let Some(verdict) = size_verdict(&fact) {
            uploads.push(SizedUpload { size: u64_of(row, 2)?, at_ms: u64_of(row, 1)?, verdict });
        }
    }
    Ok(uploads)
}

fn size_verdict(fact: &Fact) -> Option<SizeVerdict> {
    match fact {
        Fact::UploadAccepted(_) | Fact::Resolved(Resolution::Accepted(_)) => {
            Some(SizeVerdict::Accepted)
        }
        Fact::UploadEnded(fault) => {
            let status = fault.refusal().and_then(|refusal| refusal.status);
            (status == Some(size_limit::STATUS)).then_some(SizeVerdict::TooLarge)
        }
        _ => None,
    }
}

/// The row errors kept of a run.
pub(super) fn row_errors(
    connection: &Connection,
    run: &str,
) -> Result<Vec<StepErrors>, StoreError> {
    let sql =
        "SELECT step, row_number, message FROM row_errors WHERE run = ?1 ORDER BY step, position";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([run])?;
    let mut found: Vec<StepErrors> = Vec::new();
    while let Some(row) = rows.next()? {
        let step = usize_of(row, 0)?;
        let number: Option<i64> = row.get(1)?;
        let error = RowError { row: number.map(i64::cast_unsigned), message: row.get(2)? };
        match found.last_mut() {
            Some(last) if last.step == step => last.errors.push(error),
            _ => found.push(StepErrors { step, errors: vec![error] }),
        }
    }
    Ok(found)
}

/// The run and step that a job belongs to, as long as its end is not known.
pub(super) fn open_step(
    connection: &Connection,
    tenant: &str,
    job: &Job,
) -> Result<Option<(String, usize)>, StoreError> {
    let sql = "SELECT run, step FROM steps JOIN runs ON runs.id = steps.run
        WHERE trigger_name = ?1 AND tenant_key = ?2 AND job_id = ?3 AND outcome = ?4
        ORDER BY number DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let asked = params![job.trigger.name(), tenant, job.job_id, Standing::Pending.word()];
    let found = statement
        .query_row(asked, |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))
        .optional()?;
    found.map(|(run, step)| Ok((run, index(step)?))).transpose()
}

/// Who holds a tenant's trigger, by the table.
pub(super) fn holder(
    connection: &Connection,
    tenant: &str,
    trigger: Trigger,
) -> Result<Option<Holder>, StoreError> {
    let sql = "SELECT pid, host, since_ms, run FROM locks WHERE tenant = ?1 AND trigger_name = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![tenant, trigger.name()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let pid: i64 = row.get(0)?;
    Ok(Some(Holder {
        pid: u32::try_from(pid).map_err(|_| damaged("a process id"))?,
        host: row.get(1)?,
        since_ms: u64_of(row, 2)?,
        run: row.get(3)?,
    }))
}

fn run_of(row: &Row<'_>) -> Result<RecordedRun, StoreError> {
    let kind: String = row.get(3)?;
    let finished_ms: Option<i64> = row.get(5)?;
    let policy: String = row.get(6)?;
    Ok(RecordedRun {
        id: row.get(0)?,
        number: row.get(1)?,
        tenant: row.get(2)?,
        kind: Kind::from_word(&kind).ok_or_else(|| damaged("a kind of run"))?,
        created_ms: u64_of(row, 4)?,
        finished_ms: finished_ms.map(u64::try_from).transpose().map_err(|_| damaged("a time"))?,
        policy: codec::decode_policy(&policy)?,
        steps: Vec::new(),
    })
}

fn step_of(row: &Row<'_>) -> Result<RecordedStep, StoreError> {
    let trigger: String = row.get(2)?;
    let path: String = row.get(4)?;
    let standing: String = row.get(10)?;
    let inode: i64 = row.get(7)?;
    let (expected, made) = (digest(row.get(8)?)?, digest(row.get(9)?)?);
    Ok(RecordedStep {
        step: usize_of(row, 0)?,
        position: usize_of(row, 1)?,
        trigger: codec::trigger(&trigger)?,
        file_name: row.get(3)?,
        path: PathBuf::from(path),
        stamp: Stamp {
            size: u64_of(row, 5)?,
            mtime_ns: row.get(6)?,
            ctime_ns: row.get(14)?,
            inode: inode.cast_unsigned(),
        },
        digest: made.or(expected),
        standing: Standing::from_word(&standing).ok_or_else(|| damaged("an outcome"))?,
        job_id: row.get(11)?,
        accepted: row.get(12)?,
        unchanged_of: row.get(13)?,
    })
}

fn digest(text: Option<String>) -> Result<Option<Digest>, StoreError> {
    text.map(|text| file::unhex(&text).ok_or_else(|| damaged("a digest"))).transpose()
}

pub(super) fn u64_of(row: &Row<'_>, column: usize) -> Result<u64, StoreError> {
    u64::try_from(row.get::<_, i64>(column)?).map_err(|_| damaged("a number"))
}

fn usize_of(row: &Row<'_>, column: usize) -> Result<usize, StoreError> {
    index(row.get(column)?)
}

fn index(value: i64) -> Result<usize, StoreError> {
    usize::try_from(value).map_err(|_| damaged("an index"))
}

pub(super) fn damaged(what: &str) -> StoreError {
    StoreError::Corrupt { message: format!("{what} that no version wrote") }
}
