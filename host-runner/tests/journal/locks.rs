//! One process for each tenant and trigger: who is turned away, and whose lock is taken over.

use std::fs;
use std::path::Path;

use knosc_bulk_import::trigger::Trigger;
use knosc_runner::journal::sqlite::{Store, StoreError};
use rusqlite::Connection;

use super::common::{Folder, TENANT, other_process, part, wait_for};

const ITEMS: Trigger = Trigger::ItemMaster;

async fn lock(
    store: &Store,
    triggers: &[Trigger],
    run: &str,
) -> Result<knosc_runner::journal::sqlite::Locks, StoreError> {
    store.lock(TENANT, triggers.to_vec(), run, 5).await
}

#[tokio::test]
async fn a_second_run_is_told_who_holds_the_trigger() {
    let folder = Folder::new("two");
    let store = folder.store();
    let first = lock(&store, &[Trigger::Demand, ITEMS], "run-1").await.unwrap();
    let refused = lock(&folder.store(), &[Trigger::UnitMaster, ITEMS], "run-2").await.unwrap_err();
    let StoreError::Locked { trigger, holder: Some(holder), alive: true } = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(trigger, ITEMS);
    assert_eq!((holder.pid, holder.since_ms, &*holder.run), (std::process::id(), 5, "run-1"));
    // What the second one had taken before is free again.
    lock(&store, &[Trigger::UnitMaster], "run-3").await.unwrap().release().await.unwrap();
    // Another tenant is nobody's business.
    let other = store.lock("https://birch.knosc.com", vec![ITEMS], "run-4", 5).await.unwrap();
    other.release().await.unwrap();
    first.release().await.unwrap();
    lock(&store, &[ITEMS], "run-5").await.unwrap().release().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_one_gets_the_lock() {
    let folder = Folder::new("many");
    for round in 0..20 {
        let tries = (0..8).map(|number| {
            let store = folder.store();
            tokio::spawn(async move {
                lock(&store, &[ITEMS, Trigger::Demand], &format!("run-{round}-{number}")).await
            })
        });
        let mut held = Vec::new();
        for attempt in tries.collect::<Vec<_>>() {
            match attempt.await.unwrap() {
                Ok(locks) => held.push(locks),
                Err(error) => assert!(matches!(error, StoreError::Locked { .. }), "{error:?}"),
            }
        }
        assert_eq!(held.len(), 1);
        held.pop().unwrap().release().await.unwrap();
    }
}

/// The other process: it takes the lock, says so, and waits for its end.
async fn hold(folder: &Path) -> ! {
    let store = Store::open(folder).unwrap();
    let _locks = lock(&store, &[ITEMS], "run-of-the-dead").await.unwrap();
    fs::write(folder.join("held"), "").unwrap();
    loop {
        std::thread::park();
    }
}

#[tokio::test]
async fn the_lock_of_a_killed_process_is_taken_over() {
    if let Some(folder) = part() {
        hold(&folder).await;
    }
    let folder = Folder::new("killed");
    let name = "locks::the_lock_of_a_killed_process_is_taken_over";
    let mut other = other_process(name, folder.path()).spawn().unwrap();
    wait_for(&folder.path().join("held"), &mut other);
    let store = folder.store();
    let refused = lock(&store, &[ITEMS], "run-2").await.unwrap_err();
    let StoreError::Locked { holder: Some(holder), alive: true, .. } = refused else {
        panic!("{refused:?}")
    };
    assert_eq!((holder.pid, &*holder.run), (other.id(), "run-of-the-dead"));
    let unlocked = store.unlock(TENANT, ITEMS).await.unwrap_err();
    assert!(matches!(unlocked, StoreError::Locked { alive: true, .. }), "{unlocked:?}");
    other.kill().unwrap();
    other.wait().unwrap();
    let locks = lock(&store, &[ITEMS], "run-3").await.unwrap();
    locks.release().await.unwrap();
}

/// As a process under another host name left it: a container that was killed.
fn leave_row(folder: &Folder) {
    let sql = "INSERT INTO locks VALUES (?1, 'item-master', 4711, 'elsewhere', 3, 'run-0')";
    Connection::open(folder.database()).unwrap().execute(sql, [TENANT]).unwrap();
}

#[tokio::test]
async fn the_free_lock_of_another_host_name_is_taken_over() {
    let folder = Folder::new("other-name");
    let store = folder.store();
    leave_row(&folder);
    lock(&store, &[ITEMS], "run-1").await.unwrap().release().await.unwrap();
    leave_row(&folder);
    assert_eq!(store.unlock(TENANT, ITEMS).await.unwrap().unwrap().run, "run-0");
    assert_eq!(store.unlock(TENANT, ITEMS).await.unwrap(), None);
}

#[tokio::test]
async fn a_held_lock_counts_under_every_alias_of_its_tenant() {
    let folder = Folder::new("aliases");
    let store = folder.store();
    let held = store.lock("http://127.0.0.1:8080", vec![ITEMS], "run-1", 5).await.unwrap();
    for alias in ["http://localhost:8080", "http://[::1]:8080", "http://LocalHost.:8080/api"] {
        let refused = store.lock(alias, vec![ITEMS], "run-2", 5).await.unwrap_err();
        assert!(matches!(refused, StoreError::Locked { alive: true, .. }), "{alias}: {refused:?}");
    }
    for other in ["http://acme.localhost:8080", "http://localhost:8081", "https://localhost:8080"] {
        store.lock(other, vec![ITEMS], "run-3", 5).await.unwrap().release().await.unwrap();
    }
    held.release().await.unwrap();
}
