//! Versions of the file: older ones are brought up to date, newer ones are left as they are.

use knosc_bulk_import::admission::Standing;
use knosc_bulk_import::run::Outcome;
use knosc_runner::journal::sqlite::{Store, StoreError};
use rusqlite::Connection;

use super::common::Folder;

const VERSION_1: &str = include_str!("version-1.sql");

fn version_of(folder: &Folder) -> i64 {
    let connection = Connection::open(folder.database()).unwrap();
    connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_journal_of_version_1_is_brought_up_to_date_with_what_it_knows() {
    let folder = Folder::new("version-1");
    Connection::open(folder.database()).unwrap().execute_batch(VERSION_1).unwrap();
    assert_eq!(version_of(&folder), 1);
    let store = folder.store();
    let run = store.run("20240601-084522-k3f7").await.unwrap();
    assert_eq!(run.steps[0].standing, Standing::Unknown);
    assert_eq!(run.steps[0].digest, None, "a SHA-256 taken for an XXH3");
    let report = store.journal(&run.id).await.unwrap().run().report();
    assert!(matches!(report.steps[0].outcome, Outcome::Unknown(_)), "{report:?}");
    assert_eq!(store.row_errors(&run.id).await.unwrap(), []);
    assert_eq!(version_of(&folder), 3);
}

#[test]
fn a_journal_of_a_newer_version_is_refused_and_not_touched() {
    let folder = Folder::new("newer");
    drop(folder.store());
    let connection = Connection::open(folder.database()).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    connection.execute_batch("PRAGMA journal_mode = DELETE").unwrap();
    drop(connection);
    let before = std::fs::read(folder.database()).unwrap();
    let error = Store::open(folder.path()).unwrap_err();
    assert_eq!(error, StoreError::Newer { found: 99, known: 3 });
    assert_eq!(std::fs::read(folder.database()).unwrap(), before);
}

#[tokio::test]
async fn an_event_of_a_newer_version_is_refused() {
    let folder = Folder::new("newer-event");
    Connection::open(folder.database()).unwrap().execute_batch(VERSION_1).unwrap();
    let store = folder.store();
    let connection = Connection::open(folder.database()).unwrap();
    connection.execute("UPDATE events SET fact = replace(fact, '\"v\":1', '\"v\":2')", []).unwrap();
    let error = store.journal("20240601-084522-k3f7").await.unwrap_err();
    assert_eq!(error, StoreError::Newer { found: 2, known: 1 });
}
