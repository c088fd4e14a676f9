//! The keys of files: of those that are on their way, and of what the completed ones made of a tenant's trigger.
//!
//! A file's keys are written with its run, and become what is known of its trigger when its job completed, in the same transaction.
//! Which of them are missing in a later file is the core's.

use knosc_bulk_import::admission::Standing;
use knosc_bulk_import::admission::refresh::{Action, Contents, KeySet, Loaded};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::error::StoreError;
use super::read::{damaged, u64_of};
use super::write::integer;

/// What is known of what a tenant's trigger holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedKeys {
    /// The keys, or how many rows.
    pub loaded: Loaded,
    /// The run whose file completed last.
    pub run: String,
    /// Which run of the store that was.
    pub run_number: i64,
    /// Its file's name.
    pub file_name: String,
    /// Which acceptance that was.
    pub accepted: i64,
    /// A change that was accepted before it was seen to complete after it, or a file arrived in part: what is there now is not known.
    pub is_disordered: bool,
}

/// Keeps the keys of a file of a run that begins.
pub(super) fn keep(
    connection: &Connection,
    run: &str,
    step: i64,
    contents: &Contents,
) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO step_keys (run, step, refreshes, key, rows, removed_rows, present, removed)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    connection.prepare_cached(sql)?.execute(params![
        run,
        step,
        contents.action == Action::Refresh,
        encode_key(&contents.key),
        integer(contents.rows),
        integer(contents.removed_rows),
        contents.present.as_bytes(),
        contents.removed.as_bytes(),
    ])?;
    Ok(())
}

/// A step stands otherwise than before: what completed counts from now on, and what failed is forgotten. What was refused may
/// be sent by a later process. Of a file that was accepted before all of it had left it is not known which keys arrived.
pub(super) fn settle(
    connection: &Connection,
    run: &str,
    step: i64,
    standing: Standing,
    is_whole: bool,
) -> Result<(), StoreError> {
    match standing {
        Standing::Completed => {
            if is_whole {
                complete(connection, run, step)?;
            } else {
                doubt(connection, run, step)?;
            }
            forget_overtaken(connection, run, step)?;
        }
        Standing::Failed => {}
        _ => return Ok(()),
    }
    let sql = "DELETE FROM step_keys WHERE run = ?1 AND step = ?2";
    connection.prepare_cached(sql)?.execute(params![run, step])?;
    Ok(())
}

/// Runs of before whose file of the same trigger was never accepted cannot go on: the one that completed overtook them.
fn forget_overtaken(connection: &Connection, run: &str, step: i64) -> Result<(), StoreError> {
    let sql = "DELETE FROM step_keys WHERE EXISTS (
        SELECT 1 FROM steps AS theirs JOIN runs AS their_run ON their_run.id = theirs.run
            JOIN steps AS ours ON ours.run = ?1 AND ours.step = ?2 JOIN runs AS our_run ON our_run.id = ours.run
        WHERE theirs.run = step_keys.run AND theirs.step = step_keys.step
            AND theirs.trigger_name = ours.trigger_name AND their_run.tenant_key = our_run.tenant_key
            AND theirs.accepted IS NULL AND theirs.outcome IN ('not-started', 'refused')
            AND their_run.number < our_run.number)";
    connection.prepare_cached(sql)?.execute(params![run, step])?;
    Ok(())
}

/// What is known of a step's trigger is no longer all that is there.
fn doubt(connection: &Connection, run: &str, step: i64) -> Result<(), StoreError> {
    let sql = "UPDATE loaded SET is_disordered = 1 WHERE (tenant, trigger_name) =
        (SELECT tenant_key, trigger_name FROM steps JOIN runs ON runs.id = steps.run WHERE run = ?1 AND step = ?2)";
    connection.prepare_cached(sql)?.execute(params![run, step])?;
    Ok(())
}

fn complete(connection: &Connection, run: &str, step: i64) -> Result<(), StoreError> {
    let sql = "SELECT refreshes, key, step_keys.rows, removed_rows, present, removed, tenant_key, trigger_name, accepted
        FROM step_keys JOIN runs ON runs.id = step_keys.run
            JOIN steps ON steps.run = step_keys.run AND steps.step = step_keys.step
        WHERE step_keys.run = ?1 AND step_keys.step = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let of_row = |row: &Row<'_>| Ok((contents(row), row.get(6)?, row.get(7)?, row.get(8)?));
    let found = statement.query_row(params![run, step], of_row).optional()?;
    let Some((contents, tenant, trigger, Some(accepted))) = found else { return Ok(()) };
    let (contents, tenant, trigger): (Contents, String, String) = (contents?, tenant, trigger);
    let accepted: i64 = accepted;
    let (before, refreshed) = match read(connection, &tenant, &trigger)? {
        Some((before, refreshed)) if accepted < before.accepted => {
            // What was replaced since says nothing any more; a change of what is there may have come before or after it.
            if accepted > refreshed {
                let sql =
                    "UPDATE loaded SET is_disordered = 1 WHERE tenant = ?1 AND trigger_name = ?2";
                connection.prepare_cached(sql)?.execute(params![tenant, trigger])?;
            }
            return Ok(());
        }
        Some((before, refreshed)) => (Some(before), Some(refreshed)),
        None => (None, None),
    };
    let is_refresh = contents.action == Action::Refresh;
    let is_disordered = !is_refresh && before.as_ref().is_some_and(|before| before.is_disordered);
    let loaded = Loaded::after(before.as_ref().map(|before| &before.loaded), &contents);
    drop((before, contents));
    let Some(loaded) = loaded else { return Ok(()) };
    let refreshed = if is_refresh { accepted } else { refreshed.unwrap_or(accepted) };
    let sql = "INSERT OR REPLACE INTO loaded
            (tenant, trigger_name, run, step, accepted, refreshed, is_disordered, key, rows, keys)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    connection.prepare_cached(sql)?.execute(params![
        tenant,
        trigger,
        run,
        step,
        accepted,
        refreshed,
        is_disordered,
        encode_key(&loaded.key),
        integer(loaded.rows),
        loaded.keys.as_bytes(),
    ])?;
    Ok(())
}

/// What is known of a tenant's trigger, and which acceptance replaced all of it last.
pub(super) fn read(
    connection: &Connection,
    tenant: &str,
    trigger: &str,
) -> Result<Option<(RecordedKeys, i64)>, StoreError> {
    let sql = "SELECT key, rows, keys, loaded.run, number, file_name, loaded.accepted, is_disordered, refreshed
        FROM loaded JOIN runs ON runs.id = loaded.run
            JOIN steps ON steps.run = loaded.run AND steps.step = loaded.step
        WHERE loaded.tenant = ?1 AND loaded.trigger_name = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![tenant, trigger])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let loaded = Loaded {
        key: decode_key(&row.get::<_, String>(0)?)?,
        rows: u64_of(row, 1)?,
        keys: key_set(row, 2)?,
    };
    let recorded = RecordedKeys {
        loaded,
        run: row.get(3)?,
        run_number: row.get(4)?,
        file_name: row.get(5)?,
        accepted: row.get(6)?,
        is_disordered: row.get(7)?,
    };
    Ok(Some((recorded, row.get(8)?)))
}

fn contents(row: &Row<'_>) -> Result<Contents, StoreError> {
    let action = if row.get(0)? { Action::Refresh } else { Action::Change };
    Ok(Contents {
        action,
        key: decode_key(&row.get::<_, String>(1)?)?,
        rows: u64_of(row, 2)?,
        removed_rows: u64_of(row, 3)?,
        present: key_set(row, 4)?,
        removed: key_set(row, 5)?,
    })
}

fn key_set(row: &Row<'_>, column: usize) -> Result<KeySet, StoreError> {
    KeySet::from_bytes(row.get(column)?).ok_or_else(|| damaged("a set of keys"))
}

fn encode_key(key: &[String]) -> String {
    serde_json::Value::from(key).to_string()
}

fn decode_key(text: &str) -> Result<Vec<String>, StoreError> {
    serde_json::from_str(text).map_err(|_| damaged("a key"))
}
