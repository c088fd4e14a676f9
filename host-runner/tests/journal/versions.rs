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
const VERSION_4: &str = include_str!("version-4.sql");

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
    assert_eq!(version_of(&folder), 5);
}

#[tokio::test]
async fn a_journal_of_version_3_goes_on_and_knows_no_keys_of_its_files() {
    let folder = Folder::new("version-3");
    Connection::open(folder.database()).unwrap().execute_batch(VERSION_3).unwrap();
    assert_eq!(version_of(&folder), 3);
    let store = folder.store();
    assert_eq!(version_of(&folder), 5);
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

#[tokio::test]
async fn a_journal_of_version_4_joins_the_names_of_a_tenant() {
    let folder = Folder::new("version-4");
    Connection::open(folder.database()).unwrap().execute_batch(VERSION_4).unwrap();
    let store = folder.store();
    assert_eq!(version_of(&folder), 5);
    for name in ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080/api"] {
        let runs = store.runs(Some(name), 10).await.unwrap();
        // Each is still shown, and gone on with, as it was typed.
        let tenants: Vec<&str> = runs.iter().map(|run| run.tenant.as_str()).collect();
        assert_eq!(tenants, ["http://localhost:8080", "http://127.0.0.1:8080"]);
        assert_eq!(store.earlier(name, Trigger::Demand, None).await.unwrap().len(), 2);
        let loaded = store.loaded(name, Trigger::Demand).await.unwrap().unwrap();
        assert_eq!((loaded.accepted, loaded.loaded.rows), (7, 5));
        assert!(loaded.is_disordered, "what the other name changed in between is not known");
        let stamp = runs[0].steps[0].stamp;
        assert_eq!(stamp.ctime_ns, 0, "nothing was known of it");
    }
    store.lock("http://[::1]:8080", vec![Trigger::Demand], "run-1", 5).await.unwrap();
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
    assert_eq!(error, StoreError::Newer { found: 99, known: 5 });
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
