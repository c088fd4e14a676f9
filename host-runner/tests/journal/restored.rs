//! Journals that may have lost facts: a log that is missing, cut or another's, an older file, a generation that does not fit. Each is
//! refused, may be read, and is used again once what may be missing is marked as unknown.

use std::fs;
use std::path::Path;

use knosc_bulk_import::admission::Standing;
use knosc_bulk_import::run::{Fact, Resolution};
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::journal::sqlite::{Kind, Restored, Store, StoreConfig, StoreError};
use rusqlite::config::DbConfig;

use super::common::{
    Folder, TENANT, completed, event, job, new_run, other_process, part, started, wait_for,
};

const JOURNAL: &str = "journal.db";
const LOG: &str = "journal.db-wal";
const GENERATION: &str = "journal.generation";

/// Loads a file, in a process that is killed then: nothing is closed, and the log holds what it holds.
fn load(folder: &Path, run: &str, trigger: Trigger) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(folder).unwrap();
        store.begin(new_run(run, &[trigger])).await.unwrap();
        let journal = store.journal(run).await.unwrap();
        for event in completed(0, trigger) {
            journal.record(event).await.unwrap();
        }
    });
}

fn load_killed(folder: &Folder, run: &str) {
    let test = "restored::a_process_that_loads_a_file_and_is_killed";
    let done = folder.path().join(format!("{run}.done"));
    let mut other = other_process(test, folder.path()).env("RUN", run).spawn().unwrap();
    wait_for(&done, &mut other);
    other.kill().unwrap();
    other.wait().unwrap();
    fs::remove_file(done).unwrap();
}

#[test]
fn a_process_that_loads_a_file_and_is_killed() {
    let Some(folder) = part() else { return };
    let run = std::env::var("RUN").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&folder).unwrap();
        store.begin(new_run(&run, &[Trigger::ItemMaster])).await.unwrap();
        let journal = store.journal(&run).await.unwrap();
        journal.record(event(1, 0, started(Trigger::ItemMaster))).await.unwrap();
        journal.record(event(2, 0, Fact::UploadSealed(64))).await.unwrap();
        fs::write(folder.join(format!("{run}.done")), "").unwrap();
        loop {
            std::thread::park();
        }
    });
}

/// Waits until nothing has the journal open: a store's thread closes it a little later than the store goes.
fn settle(folder: &Folder) {
    let begun = std::time::Instant::now();
    loop {
        let connection = rusqlite::Connection::open(folder.database()).unwrap();
        // The log stays as it is.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
        let alone = "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; ROLLBACK";
        if connection.execute_batch(alone).is_ok() {
            return;
        }
        assert!(begun.elapsed() < std::time::Duration::from_mins(1), "it stays open");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// What the log holds goes into the file, as it does from time to time.
fn begin_log_anew(folder: &Folder) {
    let connection = rusqlite::Connection::open(folder.database()).unwrap();
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
}

fn copy(from: &Path, to: &Path, names: &[&str]) {
    fs::create_dir_all(to).unwrap();
    for name in names {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

fn refused(folder: &Path) -> String {
    match Store::open(folder).unwrap_err() {
        error @ StoreError::MayHaveLost { .. } => error.to_string(),
        other => panic!("{other:?}"),
    }
}

fn runs(folder: &Path) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let store = Store::open_to_read(folder, StoreConfig::default()).unwrap();
    assert!(store.doubt().is_some());
    runtime.block_on(async {
        let refused = store.begin(new_run("run-x", &[Trigger::ItemMaster])).await.unwrap_err();
        assert!(matches!(refused, StoreError::MayHaveLost { .. }), "{refused:?}");
        let refused = store.lock(TENANT, vec![Trigger::ItemMaster], "run-x", 1).await.unwrap_err();
        assert!(matches!(refused, StoreError::MayHaveLost { .. }), "{refused:?}");
        let runs = store.runs(None, 100).await.unwrap();
        if let Some(run) = runs.first() {
            let journal = store.journal(&run.id).await.unwrap();
            let at_ms = 99;
            let refused = journal.record(event(at_ms, 0, Fact::UploadSealed(1))).await.unwrap_err();
            assert!(matches!(refused, StoreError::MayHaveLost { .. }), "{refused:?}");
        }
        runs.len()
    })
}

#[test]
fn a_copy_without_its_log_is_refused_or_lost_nothing() {
    let folder = Folder::new("copies");
    for number in 0..20 {
        load(folder.path(), &format!("run-{number}"), Trigger::ItemMaster);
        if number % 7 == 6 {
            settle(&folder);
            begin_log_anew(&folder);
        }
        // With its generation: only a copy that has everything is taken.
        let with = folder.path().join(format!("with-{number}"));
        copy(folder.path(), &with, &[JOURNAL, GENERATION]);
        if let Ok(store) = Store::open(&with) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let runs = runtime.block_on(store.runs(None, 100)).unwrap();
            assert_eq!(runs.len(), number + 1);
            assert_eq!(runs[0].steps[0].standing, Standing::Completed, "{number}");
        }
        // Without it nothing says whether it has.
        let alone = folder.path().join(format!("alone-{number}"));
        copy(folder.path(), &alone, &[JOURNAL]);
        refused(&alone);
    }
}

#[test]
fn a_log_that_goes_after_a_kill_is_missed() {
    let folder = Folder::new("no-log");
    load_killed(&folder, "run-1");
    let whole = fs::read(folder.path().join(LOG)).unwrap();
    // Opened as it is, the file may have arrived.
    let kept = Folder::new("kept");
    copy(folder.path(), kept.path(), &[JOURNAL, LOG, GENERATION]);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let run = runtime.block_on(kept.store().run("run-1")).unwrap();
    assert_eq!(run.steps[0].standing, Standing::Unknown);
    let log = folder.path().join(LOG);
    for length in [0, 20, 32, 32 + 24 + 4_096, whole.len() / 2, whole.len() - 5_000] {
        fs::write(&log, &whole[..length]).unwrap();
        refused(folder.path());
        refused(folder.path());
        assert_eq!(fs::metadata(&log).unwrap().len(), length as u64, "the evidence was changed");
    }
    fs::remove_file(&log).unwrap();
    let said = refused(folder.path());
    assert!(said.contains("journal.db-wal is missing"), "{said}");
    // Frames whose salts are others are not the log's.
    let mut other = whole.clone();
    other[16] ^= 1;
    fs::write(&log, other).unwrap();
    refused(folder.path());
    // Put back, nothing is missing.
    fs::write(&log, whole).unwrap();
    assert_eq!(runtime.block_on(folder.store().run("run-1")).unwrap(), run);
}

#[test]
fn a_file_that_was_written_to_in_part_needs_its_log() {
    let folder = Folder::new("in-part");
    load(folder.path(), "run-1", Trigger::ItemMaster);
    settle(&folder);
    let before = fs::read(folder.database()).unwrap();
    let log = fs::read(folder.path().join(LOG)).unwrap();
    begin_log_anew(&folder);
    let after = fs::read(folder.database()).unwrap();
    // As a process leaves it that is killed while it moves the log's pages into the file.
    let sign = folder.path().join("journal.checkpoint");
    let leave = |bytes: &[u8]| {
        fs::write(folder.database(), bytes).unwrap();
        fs::write(&sign, "").unwrap();
    };
    let mut part = after.clone();
    let half = before.len().min(after.len()) / 2;
    part[half..before.len()].copy_from_slice(&before[half..]);
    for cut in [&log[..0], &log[..log.len() / 2]] {
        leave(&part);
        fs::write(folder.path().join(LOG), cut).unwrap();
        match Store::open(folder.path()).unwrap_err() {
            StoreError::MayHaveLost { .. } | StoreError::Corrupt { .. } => {}
            other => panic!("{other:?}"),
        }
        // Whole, but for the sign.
        leave(&after);
        refused(folder.path());
    }
    leave(&part);
    fs::write(folder.path().join(LOG), &log).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let run = runtime.block_on(folder.store().run("run-1")).unwrap();
    assert_eq!(run.steps[0].standing, Standing::Completed);
    assert!(!sign.exists(), "it is finished now");
}

#[test]
fn the_file_of_yesterday_is_refused_whatever_log_it_has() {
    let folder = Folder::new("yesterday");
    load(folder.path(), "run-1", Trigger::ItemMaster);
    settle(&folder);
    let yesterday = Folder::new("backup");
    copy(folder.path(), yesterday.path(), &[JOURNAL, LOG]);
    for number in 2..12 {
        load(folder.path(), &format!("run-{number}"), Trigger::Demand);
        settle(&folder);
        begin_log_anew(&folder);
    }
    load_killed(&folder, "run-12");
    let today = Folder::new("today");
    copy(folder.path(), today.path(), &[JOURNAL, LOG, GENERATION]);
    // With its own log, without any, and over today's.
    copy(yesterday.path(), folder.path(), &[JOURNAL, LOG]);
    refused(folder.path());
    assert_eq!(runs(folder.path()), 1);
    fs::remove_file(folder.path().join(LOG)).unwrap();
    refused(folder.path());
    copy(today.path(), folder.path(), &[LOG]);
    refused(folder.path());
    assert!(runs(folder.path()) <= 1, "the log of another moment is not read");
    copy(today.path(), folder.path(), &[JOURNAL]);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(folder.store().runs(None, 100)).unwrap().len(), 12);
}

#[test]
fn a_file_from_the_middle_of_a_run_is_refused() {
    let folder = Folder::new("middle");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let store = folder.store();
        store.begin(new_run("run-1", &[Trigger::ItemMaster, Trigger::Demand])).await.unwrap();
        let journal = store.journal("run-1").await.unwrap();
        for event in completed(0, Trigger::ItemMaster) {
            journal.record(event).await.unwrap();
        }
        journal.record(event(9, 1, started(Trigger::Demand))).await.unwrap();
        let middle = folder.path().join("middle");
        copy(folder.path(), &middle, &[JOURNAL, LOG]);
        // What left nothing with Knosc is not missed.
        copy(folder.path(), &folder.path().join("whole"), &[GENERATION]);
        copy(&middle, &folder.path().join("whole"), &[JOURNAL, LOG]);
        Store::open(&folder.path().join("whole")).unwrap();
        journal.record(event(10, 1, Fact::UploadSealed(64))).await.unwrap();
        copy(folder.path(), &middle, &[GENERATION]);
        refused(&middle);
    });
}

#[test]
fn a_generation_that_does_not_fit_is_refused() {
    let folder = Folder::new("generation");
    load(folder.path(), "run-1", Trigger::ItemMaster);
    let path = folder.path().join(GENERATION);
    let kept = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(refused(folder.path()).contains("is missing"));
    fs::write(&path, "").unwrap();
    assert!(refused(folder.path()).contains("is damaged"));
    let other = Folder::new("other");
    load(other.path(), "run-1", Trigger::ItemMaster);
    copy(other.path(), folder.path(), &[GENERATION]);
    assert!(refused(folder.path()).contains("another journal"));
    fs::write(&path, &kept).unwrap();
    folder.store();
    // A journal that is gone is not begun anew.
    settle(&folder);
    fs::remove_file(folder.path().join(LOG)).unwrap();
    fs::remove_file(folder.database()).unwrap();
    assert!(refused(folder.path()).contains("journal.db is gone"));
    assert!(!folder.database().exists());
    assert_eq!(runs(folder.path()), 0);
}

#[test]
fn what_a_restored_journal_may_have_lost_is_unknown_until_somebody_decides() {
    let folder = Folder::new("accepted");
    load(folder.path(), "run-1", Trigger::ItemMaster);
    settle(&folder);
    let backup = folder.path().join("backup");
    copy(folder.path(), &backup, &[JOURNAL, LOG]);
    load(folder.path(), "run-2", Trigger::Demand);
    settle(&folder);
    copy(&backup, folder.path(), &[JOURNAL, LOG]);
    let restored = Restored::find(folder.path(), StoreConfig::default()).unwrap().unwrap();
    // Of the second trigger the journal knows nothing: its generation names it.
    let named: Vec<Trigger> = restored.concerned().iter().map(|one| one.trigger).collect();
    assert_eq!(named, [Trigger::ItemMaster, Trigger::Demand]);
    let marked = restored.accept("me@here", 77).unwrap();
    assert_eq!(marked.len(), 2);
    assert!(Restored::find(folder.path(), StoreConfig::default()).unwrap().is_none());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let store = folder.store();
        for (id, one) in &marked {
            let run = store.run(id).await.unwrap();
            assert_eq!((run.kind, run.tenant.as_str()), (Kind::Restored, TENANT));
            let earlier = store.earlier(TENANT, one.trigger, None).await.unwrap();
            assert_eq!(earlier[0].step.standing, Standing::Unknown);
            assert_eq!(store.events(id).await.unwrap()[1].actor.as_deref(), Some("me@here"));
        }
        let (id, _) = &marked[0];
        let journal = store.journal(id).await.unwrap();
        journal.resolve(0, Resolution::NotAccepted, "me@here".into(), 78).await.unwrap();
        assert_eq!(store.run(id).await.unwrap().steps[0].standing, Standing::NotStarted);
        let (id, one) = &marked[1];
        let journal = store.journal(id).await.unwrap();
        let accepted = Resolution::Accepted(job(one.trigger));
        journal.resolve(0, accepted, "me@here".into(), 79).await.unwrap();
        assert_eq!(store.run(id).await.unwrap().steps[0].standing, Standing::Pending);
    });
    // And the old file is refused again.
    settle(&folder);
    copy(&backup, folder.path(), &[JOURNAL, LOG]);
    refused(folder.path());
}

#[test]
fn a_journal_is_not_accepted_while_a_process_works_on_it() {
    let folder = Folder::new("held");
    load(folder.path(), "run-1", Trigger::ItemMaster);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let store = folder.store();
    let triggers = vec![Trigger::ItemMaster];
    let locks = runtime.block_on(store.lock(TENANT, triggers, "run-2", 5)).unwrap();
    let generation = folder.path().join(GENERATION);
    fs::remove_file(&generation).unwrap();
    let restored = Restored::find(folder.path(), StoreConfig::default()).unwrap().unwrap();
    let held = restored.accept("me@here", 77).unwrap_err();
    assert!(matches!(held, StoreError::Locked { alive: true, .. }), "{held:?}");
    assert!(!generation.exists());
    runtime.block_on(locks.release()).unwrap();
    let restored = Restored::find(folder.path(), StoreConfig::default()).unwrap().unwrap();
    assert_eq!(restored.accept("me@here", 77).unwrap().len(), 1);
}

#[test]
fn a_log_of_another_file_is_set_aside_and_kept() {
    let folder = Folder::new("aside");
    load(folder.path(), "run-1", Trigger::ItemMaster);
    settle(&folder);
    let backup = folder.path().join("backup");
    copy(folder.path(), &backup, &[JOURNAL]);
    for number in 2..5 {
        load(folder.path(), &format!("run-{number}"), Trigger::ItemMaster);
        settle(&folder);
        begin_log_anew(&folder);
    }
    load_killed(&folder, "run-5");
    copy(&backup, folder.path(), &[JOURNAL]);
    let said = refused(folder.path());
    assert!(said.contains("belongs to a later journal.db"), "{said}");
    assert!(runs(folder.path()) < 5);
    let log = fs::read(folder.path().join(LOG)).unwrap();
    let restored = Restored::find(folder.path(), StoreConfig::default()).unwrap().unwrap();
    restored.accept("me@here", 77).unwrap();
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let aside = names.filter(|path| fs::read(path).is_ok_and(|bytes| bytes == log));
    assert_eq!(aside.count(), 1);
    folder.store();
}
