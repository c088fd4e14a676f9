//! What is known of a trigger's keys: it comes from completed files alone, in the order of their acceptance.

use std::time::{Duration, Instant};

use knosc_bulk_import::admission::Standing;
use knosc_bulk_import::admission::refresh::{
    Action, Comparison, Contents, Dropped, KeySet, changed_since, compare,
};
use knosc_bulk_import::job::JobStatus;
use knosc_bulk_import::run::{Fact, Resolution};
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::journal::Journal as _;
use knosc_runner::journal::sqlite::Store;
use rusqlite::Connection;

use super::common::{
    Folder, TENANT, completed, event, job, new_run, refreshing, reset, seen, started,
};

const ORDERS: Trigger = Trigger::Demand;

fn set(keys: &[u64]) -> KeySet {
    KeySet::from_sorted(keys.iter().copied(), keys.len())
}

fn change(present: &[u64], removed: &[u64]) -> Contents {
    let (action, present, removed) = (Action::Change, set(present), set(removed));
    let (rows, removed_rows) = (present.len(), removed.len());
    Contents { action, rows, removed_rows, present, removed, ..refreshing(&[]) }
}

async fn begin(store: &Store, run: &str, contents: Contents) {
    store.begin_with(new_run(run, &[ORDERS]), vec![(0, contents)]).await.unwrap();
}

/// Records facts of a run's only file.
async fn record(store: &Store, run: &str, facts: Vec<Fact>) {
    let journal = store.journal(run).await.unwrap();
    let at = journal.run().history().len() as u64;
    for (fact, at_ms) in facts.into_iter().zip(at..) {
        journal.append(event(at_ms, 0, fact)).await.unwrap();
    }
}

async fn load(store: &Store, run: &str, contents: Contents) {
    begin(store, run, contents).await;
    record(store, run, completed(0, ORDERS).into_iter().map(|event| event.fact).collect()).await;
}

/// What a file of these keys would leave out now.
async fn left_out(store: &Store, keys: &[u64]) -> Option<(u64, u64)> {
    let loaded = store.loaded(TENANT, ORDERS).await.unwrap();
    match compare(&refreshing(keys), loaded.as_ref().map(|recorded| &recorded.loaded)) {
        Comparison::Found(Dropped { left_out, of, by_key: true }) => Some((left_out, of)),
        Comparison::Nothing => None,
        other => panic!("{other:?}"),
    }
}

/// The run that may have changed what Knosc has since, if there is one.
async fn stale(store: &Store) -> Option<String> {
    let loaded = store.loaded(TENANT, ORDERS).await.unwrap().unwrap();
    let earlier = store.earlier(TENANT, ORDERS, None).await.unwrap();
    changed_since(loaded.accepted, loaded.run_number, &earlier).map(|earlier| earlier.run.clone())
}

fn pending_keys(folder: &Folder) -> i64 {
    let connection = Connection::open(folder.database()).unwrap();
    connection.query_row("SELECT count(*) FROM step_keys", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_set_comes_from_completed_files_alone() {
    let folder = Folder::new("keys");
    let store = folder.store();
    assert_eq!(left_out(&store, &[1]).await, None);
    begin(&store, "run-1", refreshing(&[1, 2, 3])).await;
    record(
        &store,
        "run-1",
        vec![started(ORDERS), Fact::UploadSealed(60), Fact::UploadAccepted(job(ORDERS))],
    )
    .await;
    assert_eq!(left_out(&store, &[1]).await, None, "an accepted file is not a completed one");
    // The end may be seen by another process.
    let report = seen(ORDERS, JobStatus::Completed);
    let other = folder.store();
    assert_eq!(other.observe(TENANT, &report, 9).await.unwrap().as_deref(), Some("run-1"));
    assert_eq!(left_out(&store, &[1]).await, Some((2, 3)));
    load(&store, "run-2", change(&[4, 5], &[])).await;
    assert_eq!(left_out(&store, &[1]).await, Some((4, 5)));
    load(&store, "run-3", change(&[], &[1, 2])).await;
    assert_eq!(left_out(&store, &[3]).await, Some((2, 3)));
    load(&store, "run-4", refreshing(&[7])).await;
    assert_eq!(left_out(&store, &[1]).await, Some((1, 1)));
    assert_eq!(stale(&store).await, None);
    assert_eq!(pending_keys(&folder), 0);
    // Nobody else's.
    assert_eq!(store.loaded("https://birch.knosc.com", ORDERS).await.unwrap(), None);
    assert_eq!(store.loaded(TENANT, Trigger::Forecast).await.unwrap(), None);
}

#[tokio::test]
async fn what_failed_or_is_not_known_leaves_the_set_and_makes_it_stale() {
    let folder = Folder::new("stale");
    let store = folder.store();
    load(&store, "run-1", refreshing(&[1, 2])).await;
    begin(&store, "run-2", refreshing(&[1])).await;
    let mut failed =
        vec![started(ORDERS), Fact::UploadSealed(60), Fact::UploadAccepted(job(ORDERS))];
    failed.push(Fact::JobObserved(seen(ORDERS, JobStatus::Failed)));
    record(&store, "run-2", failed).await;
    assert_eq!(left_out(&store, &[]).await, Some((2, 2)));
    assert_eq!(stale(&store).await.as_deref(), Some("run-2"));
    load(&store, "run-3", refreshing(&[1, 2])).await;
    assert_eq!(stale(&store).await, None);
    // Unknown until a person decides; then it is as if it had not been.
    begin(&store, "run-4", refreshing(&[1])).await;
    record(&store, "run-4", vec![started(ORDERS), Fact::UploadSealed(60)]).await;
    drop(store);
    let store = folder.store();
    assert_eq!(stale(&store).await.as_deref(), Some("run-4"));
    let journal = store.journal("run-4").await.unwrap();
    journal.resolve(0, Resolution::NotAccepted, "a@b".to_owned(), 9).await.unwrap();
    assert_eq!(stale(&store).await, None);
    // A file whose contents nobody looked into completed.
    store.begin(new_run("run-5", &[ORDERS])).await.unwrap();
    let facts = completed(0, ORDERS).into_iter().map(|event| event.fact).collect();
    record(&store, "run-5", facts).await;
    assert_eq!(stale(&store).await.as_deref(), Some("run-5"));
    assert_eq!(left_out(&store, &[]).await, Some((2, 2)));
    assert_eq!(pending_keys(&folder), 0, "what came to nothing is forgotten");
}

#[tokio::test]
async fn files_count_in_the_order_of_their_acceptance() {
    let folder = Folder::new("order");
    let store = folder.store();
    let accept =
        || vec![started(ORDERS), Fact::UploadSealed(60), Fact::UploadAccepted(job(ORDERS))];
    let done = || vec![Fact::JobObserved(seen(ORDERS, JobStatus::Completed))];
    // The older file is seen to end after the newer one: it was replaced.
    begin(&store, "run-1", refreshing(&[1, 2])).await;
    record(&store, "run-1", accept()).await;
    load(&store, "run-2", refreshing(&[3])).await;
    record(&store, "run-1", done()).await;
    assert_eq!(left_out(&store, &[3]).await, Some((0, 1)));
    assert!(!store.loaded(TENANT, ORDERS).await.unwrap().unwrap().is_disordered);
    // A change that may have come before or after: nobody knows what is there, until the next whole file.
    begin(&store, "run-3", refreshing(&[4, 5])).await;
    record(&store, "run-3", accept()).await;
    load(&store, "run-4", change(&[6], &[])).await;
    record(&store, "run-3", done()).await;
    assert!(store.loaded(TENANT, ORDERS).await.unwrap().unwrap().is_disordered);
    load(&store, "run-5", change(&[7], &[])).await;
    assert!(store.loaded(TENANT, ORDERS).await.unwrap().unwrap().is_disordered);
    load(&store, "run-6", refreshing(&[8])).await;
    assert!(!store.loaded(TENANT, ORDERS).await.unwrap().unwrap().is_disordered);
}

#[tokio::test]
async fn contents_stay_with_the_file_that_they_are_of() {
    let folder = Folder::new("contents");
    let store = folder.store();
    let mut run = new_run("run-1", &[Trigger::UnitMaster, ORDERS, Trigger::Inventory]);
    run.steps[2].unchanged_of = Some("run-0".to_owned());
    let contents = vec![(1, refreshing(&[1, 2])), (2, refreshing(&[3]))];
    store.begin_with(run, contents).await.unwrap();
    assert_eq!(pending_keys(&folder), 1, "of a file that is sent, and that was looked into");
    let journal = store.journal("run-1").await.unwrap();
    for event in [completed(0, Trigger::UnitMaster), completed(1, ORDERS)].concat() {
        journal.append(event).await.unwrap();
    }
    for (trigger, rows) in
        [(Trigger::UnitMaster, None), (ORDERS, Some(2)), (Trigger::Inventory, None)]
    {
        let loaded = store.loaded(TENANT, trigger).await.unwrap();
        assert_eq!(loaded.map(|recorded| recorded.loaded.rows), rows, "{trigger}");
    }
}

#[tokio::test]
async fn keys_of_runs_that_were_overtaken_are_forgotten() {
    let folder = Folder::new("forgotten");
    let store = folder.store();
    begin(&store, "run-1", refreshing(&[1])).await;
    begin(&store, "run-2", refreshing(&[2])).await;
    record(&store, "run-2", vec![started(ORDERS), Fact::UploadEnded(reset())]).await;
    load(&store, "run-3", refreshing(&[3])).await;
    assert_eq!(pending_keys(&folder), 0);
}

#[tokio::test]
async fn a_damaged_set_is_refused() {
    let folder = Folder::new("damaged-set");
    let store = folder.store();
    load(&store, "run-1", refreshing(&[1, 2])).await;
    for damage in ["keys = x'0102'", "keys = x'00000000000000020000000000000001'", "key = 'x'"] {
        let connection = Connection::open(folder.database()).unwrap();
        connection.execute(&format!("UPDATE loaded SET {damage}"), []).unwrap();
        assert!(store.loaded(TENANT, ORDERS).await.is_err(), "{damage}");
    }
}

#[tokio::test]
async fn a_million_keys_are_kept_and_compared_within_seconds() {
    let folder = Folder::new("million");
    let store = folder.store();
    // Spread as hashes are.
    let keys: Vec<u64> = (0..1_000_000).map(|number| number * 18_446_744_073_709).collect();
    let begun = Instant::now();
    load(&store, "run-1", refreshing(&keys)).await;
    let kept = begun.elapsed();
    let begun = Instant::now();
    assert_eq!(left_out(&store, &keys[312..]).await, Some((312, 1_000_000)));
    let compared = begun.elapsed();
    let bytes = std::fs::metadata(folder.database()).unwrap().len();
    println!(
        "a million keys: kept in {kept:?}, compared in {compared:?}, journal.db {bytes} bytes"
    );
    assert!(kept + compared < Duration::from_secs(20), "{kept:?} {compared:?}");
}

#[tokio::test]
async fn keys_of_a_file_that_left_in_part_are_not_taken_as_loaded() {
    let folder = Folder::new("part");
    let store = folder.store();
    let demand = Trigger::Demand;
    let contents = |keys: &[u64]| vec![(0, refreshing(keys))];
    store.begin_with(new_run("run-1", &[demand]), contents(&[1, 2])).await.unwrap();
    let journal = store.journal("run-1").await.unwrap();
    for event in completed(0, demand) {
        journal.record(event).await.unwrap();
    }
    store.begin_with(new_run("run-2", &[demand]), contents(&[1, 2, 3, 4])).await.unwrap();
    let journal = store.journal("run-2").await.unwrap();
    let early = knosc_bulk_import::fault::Fault::PermanentOutcomeUnknown(
        knosc_bulk_import::fault::Refusal::unanswered("accepted before all of it had left"),
    );
    let last = completed(0, demand).pop().unwrap();
    journal.record(event(1, 0, started(demand))).await.unwrap();
    journal.record(event(2, 0, Fact::UploadEnded(early))).await.unwrap();
    let accepted = Resolution::Accepted(job(demand));
    journal.resolve(0, accepted, "me@here".into(), 3).await.unwrap();
    journal.record(event(4, 0, last.fact)).await.unwrap();
    assert_eq!(store.run("run-2").await.unwrap().steps[0].standing, Standing::Completed);
    let loaded = store.loaded(TENANT, demand).await.unwrap().unwrap();
    assert_eq!((loaded.run.as_str(), loaded.loaded.rows), ("run-1", 2));
    assert!(loaded.is_disordered);
    // A whole file afterwards says again what is there.
    store.begin_with(new_run("run-3", &[demand]), contents(&[1, 2, 3])).await.unwrap();
    let journal = store.journal("run-3").await.unwrap();
    for event in completed(0, demand) {
        journal.record(event).await.unwrap();
    }
    let loaded = store.loaded(TENANT, demand).await.unwrap().unwrap();
    assert_eq!((loaded.run.as_str(), loaded.is_disordered), ("run-3", false));
}
