//! Versions of the file: older ones are brought up to date, newer ones are left as they are.

use std::time::{Duration, Instant};

use knosc_bulk_import::admission::Standing;
use knosc_bulk_import::admission::refresh::changed_since;
use knosc_bulk_import::run::Outcome;
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::journal::Journal as _;
use knosc_runner::journal::sqlite::{Store, StoreError};
use rusqlite::Connection;

use super::common::{Folder, TENANT, completed, new_run, refreshing};

const VERSION_1: &str = include_str!("version-1.sql");
const VERSION_3: &str = include_str!("version-3.sql");

fn version_of(folder: &Folder) -> i64 {
    let connection = Connection::open(folder.database()).unwrap();
    connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
}

fn wait_until(mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_mins(1), "it did not come");
        std::thread::sleep(Duration::from_millis(2));
    }
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
    assert_eq!(version_of(&folder), 4);
}

#[tokio::test]
async fn a_journal_of_version_3_goes_on_and_knows_no_keys_of_its_files() {
    let folder = Folder::new("version-3");
    Connection::open(folder.database()).unwrap().execute_batch(VERSION_3).unwrap();
    assert_eq!(version_of(&folder), 3);
    let store = folder.store();
    assert_eq!(version_of(&folder), 4);
    let run = store.run("20261126-180951-0rrc").await.unwrap();
    assert_eq!(run.steps[0].standing, Standing::Completed);
    assert!(run.steps[0].digest.is_some(), "a digest of this version is still one");
    assert_eq!(store.loaded(&run.tenant, Trigger::Demand).await.unwrap(), None);
    let earlier = store.earlier(&run.tenant, Trigger::Demand, None).await.unwrap();
    assert_eq!(changed_since(i64::MIN, i64::MIN, &earlier).unwrap().run, run.id);
    // A file of the next run is known by its keys.
    let id = "20261127-060000-aaaa";
    let contents = vec![(0, refreshing(&[1, 2, 3]))];
    store.begin_with(new_run(id, &[Trigger::Demand]), contents).await.unwrap();
    let journal = store.journal(id).await.unwrap();
    for event in completed(0, Trigger::Demand) {
        journal.append(event).await.unwrap();
    }
    let loaded = store.loaded(TENANT, Trigger::Demand).await.unwrap().unwrap();
    assert_eq!((loaded.run.as_str(), loaded.loaded.rows), (id, 3));
}

#[test]
fn a_journal_of_a_newer_version_is_refused_and_not_touched() {
    let folder = Folder::new("newer");
    drop(folder.store());
    let connection = Connection::open(folder.database()).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    // The thread of the store that was dropped closes its file a little later, and nothing waits for it here.
    wait_until(|| connection.execute_batch("PRAGMA journal_mode = DELETE").is_ok());
    drop(connection);
    let before = std::fs::read(folder.database()).unwrap();
    let error = Store::open(folder.path()).unwrap_err();
    assert_eq!(error, StoreError::Newer { found: 99, known: 4 });
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
