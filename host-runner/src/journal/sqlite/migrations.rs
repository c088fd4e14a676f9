//! How the tables came to be: a step for each version, and what SQL alone cannot bring up to date.
//!
//! A step that was released is never changed, only followed. Opening files is for `schema`.

use knosc_bulk_import::origin::Origin;
use rusqlite::{Connection, Transaction, params};

use super::error::StoreError;

/// One step a version; a version that was released is never changed, only followed.
const MIGRATIONS: [&str; 5] = [
    "CREATE TABLE runs (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        tenant TEXT NOT NULL,
        kind TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        finished_ms INTEGER,
        policy TEXT NOT NULL
    ) STRICT;
    CREATE TABLE steps (
        run TEXT NOT NULL REFERENCES runs (id),
        step INTEGER NOT NULL,
        position INTEGER NOT NULL,
        trigger_name TEXT NOT NULL,
        file_name TEXT NOT NULL,
        path TEXT NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        inode INTEGER NOT NULL,
        expected_sha256 TEXT,
        sha256 TEXT,
        outcome TEXT NOT NULL,
        job_id TEXT,
        accepted INTEGER,
        unchanged_of TEXT,
        PRIMARY KEY (run, step)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX steps_of_trigger ON steps (trigger_name, run);
    CREATE TABLE events (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        run TEXT NOT NULL REFERENCES runs (id),
        seq INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        step INTEGER NOT NULL,
        fact TEXT NOT NULL,
        actor TEXT,
        UNIQUE (run, seq)
    ) STRICT;
    CREATE TABLE locks (
        tenant TEXT NOT NULL,
        trigger_name TEXT NOT NULL,
        pid INTEGER NOT NULL,
        host TEXT NOT NULL,
        since_ms INTEGER NOT NULL,
        run TEXT NOT NULL,
        PRIMARY KEY (tenant, trigger_name)
    ) STRICT, WITHOUT ROWID;",
    "CREATE TABLE row_errors (
        run TEXT NOT NULL REFERENCES runs (id),
        step INTEGER NOT NULL,
        position INTEGER NOT NULL,
        row_number INTEGER,
        message TEXT NOT NULL,
        PRIMARY KEY (run, step, position)
    ) STRICT, WITHOUT ROWID;",
    // An XXH3 says nothing about a SHA-256: what the files of older runs held is not known.
    "ALTER TABLE steps RENAME COLUMN sha256 TO digest;
    ALTER TABLE steps RENAME COLUMN expected_sha256 TO expected_digest;
    UPDATE steps SET digest = NULL, expected_digest = NULL;",
    // Keys of files that are on their way, and of what the completed ones made of a tenant's trigger. The files of older runs
    // are not known by their keys.
    "CREATE TABLE step_keys (
        run TEXT NOT NULL REFERENCES runs (id),
        step INTEGER NOT NULL,
        refreshes INTEGER NOT NULL,
        key TEXT NOT NULL,
        rows INTEGER NOT NULL,
        removed_rows INTEGER NOT NULL,
        present BLOB NOT NULL,
        removed BLOB NOT NULL,
        PRIMARY KEY (run, step)
    ) STRICT;
    CREATE TABLE loaded (
        tenant TEXT NOT NULL,
        trigger_name TEXT NOT NULL,
        run TEXT NOT NULL REFERENCES runs (id),
        step INTEGER NOT NULL,
        accepted INTEGER NOT NULL,
        refreshed INTEGER NOT NULL,
        is_disordered INTEGER NOT NULL,
        key TEXT NOT NULL,
        rows INTEGER NOT NULL,
        keys BLOB NOT NULL,
        PRIMARY KEY (tenant, trigger_name)
    ) STRICT;",
    // When a file's metadata last changed, and the form of a tenant that all its names share. The generation has a page of its own: its
    // row is found there by its first word (see `log`).
    "ALTER TABLE steps ADD COLUMN ctime_ns INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE runs ADD COLUMN tenant_key TEXT NOT NULL DEFAULT '';
    CREATE TABLE generation (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        journal TEXT NOT NULL,
        number TEXT NOT NULL
    ) STRICT;
    INSERT INTO generation VALUES (1, lower(hex(randomblob(16))), 'generation 00000000000000000000');",
];

/// The newest version known here.
pub(super) const VERSION: i64 = 5;

const _: () = assert!(MIGRATIONS.len() == 5, "a migration a version");

/// The version that knows a tenant by one form of its name.
const WITH_TENANT_KEYS: i64 = 5;

/// Brings the tables of a version up to date.
pub(super) fn migrate(transaction: &Transaction<'_>, from: i64) -> Result<(), StoreError> {
    for migration in MIGRATIONS.iter().skip(usize::try_from(from).unwrap_or(0)) {
        transaction.execute_batch(migration)?;
    }
    if from < WITH_TENANT_KEYS {
        key_tenants(transaction)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    Ok(())
}

/// The one form of a tenant's name: that of its origin, and the name itself where it is not an origin.
pub(super) fn tenant_key(tenant: &str) -> String {
    tenant.parse().map_or_else(|_| tenant.to_owned(), |origin: Origin| origin.ledger_key())
}

fn key_tenants(connection: &Connection) -> Result<(), StoreError> {
    for tenant in texts(connection, "SELECT DISTINCT tenant FROM runs")? {
        let sql = "UPDATE runs SET tenant_key = ?2 WHERE tenant = ?1";
        connection.execute(sql, params![tenant, tenant_key(&tenant)])?;
    }
    for tenant in texts(connection, "SELECT DISTINCT tenant FROM locks")? {
        let sql = "UPDATE OR REPLACE locks SET tenant = ?2 WHERE tenant = ?1";
        connection.execute(sql, params![tenant, tenant_key(&tenant)])?;
    }
    for tenant in texts(connection, "SELECT DISTINCT tenant FROM loaded")? {
        let key = tenant_key(&tenant);
        if key != tenant {
            join_loaded(connection, &tenant, &key)?;
        }
    }
    Ok(())
}

/// Of what two names of one tenant loaded the later acceptance counts; what the other one changed in between is not known.
fn join_loaded(connection: &Connection, tenant: &str, key: &str) -> Result<(), StoreError> {
    let sql = "UPDATE loaded SET is_disordered = 1 WHERE tenant IN (?1, ?2) AND trigger_name IN
        (SELECT trigger_name FROM loaded WHERE tenant IN (?1, ?2) GROUP BY trigger_name HAVING count(*) > 1)";
    connection.execute(sql, params![tenant, key])?;
    let sql = "DELETE FROM loaded WHERE tenant IN (?1, ?2) AND EXISTS (SELECT 1 FROM loaded AS later
        WHERE later.tenant IN (?1, ?2) AND later.trigger_name = loaded.trigger_name AND later.accepted > loaded.accepted)";
    connection.execute(sql, params![tenant, key])?;
    connection.execute("UPDATE loaded SET tenant = ?2 WHERE tenant = ?1", params![tenant, key])?;
    Ok(())
}

fn texts(connection: &Connection, sql: &str) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare(sql)?;
    let found = statement.query_map([], |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}
