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

#[tokio::test]
async fn the_lock_of_another_host_needs_a_person() {
    let folder = Folder::new("other-host");
    let store = folder.store();
    // As a process of another host that shares the folder left it.
    Connection::open(folder.database())
        .unwrap()
        .execute(
            "INSERT INTO locks VALUES (?1, 'item-master', 4711, 'elsewhere', 3, 'run-0')",
            [TENANT],
        )
        .unwrap();
    let refused = lock(&store, &[ITEMS], "run-1").await.unwrap_err();
    let StoreError::Locked { holder: Some(holder), alive: false, .. } = &refused else {
        panic!("{refused:?}")
    };
    assert_eq!((holder.pid, &*holder.host), (4711, "elsewhere"));
    assert!(refused.hint().contains("unlock"));
    let had = store.unlock(TENANT, ITEMS).await.unwrap().unwrap();
    assert_eq!(had.run, "run-0");
    lock(&store, &[ITEMS], "run-1").await.unwrap().release().await.unwrap();
    assert_eq!(store.unlock(TENANT, ITEMS).await.unwrap(), None);
}
