//! Disks and files that fail: each is found before anything is sent, by its own name, and nothing is taken after a failed write.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;

use knosc_bulk_import::run::Fact;
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::journal::sqlite::{Store, StoreConfig, StoreError};
use knosc_runner::journal::{Journal as _, JournalError};

use super::common::{Folder, completed, event, new_run, other_process, part, started};

/// A journal of one run, closed, with nothing left in the write-ahead log.
fn written(name: &str) -> Folder {
    let folder = Folder::new(name);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let store = folder.store();
        store.begin(new_run("run-1", &[Trigger::ItemMaster])).await.unwrap();
        let journal = store.journal("run-1").await.unwrap();
        for event in completed(0, Trigger::ItemMaster) {
            journal.append(event).await.unwrap();
        }
    });
    let connection = rusqlite::Connection::open(folder.database()).unwrap();
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(connection);
    folder
}

fn check_damage(name: &str, damage: impl Fn(&mut Vec<u8>)) -> String {
    let folder = written(name);
    let mut bytes = fs::read(folder.database()).unwrap();
    damage(&mut bytes);
    fs::write(folder.database(), &bytes).unwrap();
    let error = Store::open(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{name}: {error:?}");
    assert_eq!(fs::read(folder.database()).unwrap(), bytes, "{name}: the evidence was changed");
    error.to_string()
}

#[test]
fn a_damaged_file_is_refused_and_left_as_it_is() {
    let empty = check_damage("empty", Vec::clear);
    assert!(empty.ends_with("the file is empty"), "{empty}");
    check_damage("garbage", |bytes| bytes.fill(0x5A));
    check_damage("text", |bytes| *bytes = b"this is no database".to_vec());
    check_damage("half", |bytes| bytes.truncate(bytes.len() / 2));
    check_damage("torn", |bytes| {
        let half = bytes.len() / 2;
        bytes[half..].fill(0);
    });
    let other = check_damage("other-program", |bytes| bytes[68..72].fill(0));
    assert!(other.ends_with("another program's database"), "{other}");
}

/// Fills a journal up to a number of pages, and spoils the last of them that says where others are.
fn filled_and_damaged(folder: &Folder, pages: i64) {
    let connection = rusqlite::Connection::open(folder.database()).unwrap();
    let count =
        || -> i64 { connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap() };
    connection.execute_batch("BEGIN; CREATE TABLE filling (bytes BLOB)").unwrap();
    // A row of this size has a page of its own, and each 256th or so a page above it.
    while count() < pages {
        connection.execute("INSERT INTO filling VALUES (zeroblob(3500))", []).unwrap();
    }
    connection.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    assert_eq!(count(), pages);
    drop(connection);
    let mut bytes = fs::read(folder.database()).unwrap();
    let last = bytes.len() - PAGE_BYTES;
    bytes[last..].fill(0xFF);
    fs::write(folder.database(), &bytes).unwrap();
}

const PAGE_BYTES: usize = 4_096;

/// So much is read through when a journal is opened.
const CHECKED_PAGES: i64 = 32 * 1024 * 1024 / 4_096;

#[test]
fn a_journal_of_up_to_32_mib_is_read_through_when_it_is_opened_and_a_larger_one_opens_at_once() {
    for (name, pages, is_found) in [
        ("mib", 256, true),
        ("three-mib", 3 * 256, true),
        ("all-but", CHECKED_PAGES, true),
        ("larger", CHECKED_PAGES + 1, false),
    ] {
        let folder = written(name);
        filled_and_damaged(&folder, pages);
        match Store::open(folder.path()) {
            Ok(_) => assert!(!is_found, "{name}: the damage was not found"),
            Err(StoreError::Corrupt { .. }) => assert!(is_found, "{name}: all of it was read"),
            Err(error) => panic!("{name}: {error:?}"),
        }
    }
}

#[test]
fn a_file_that_was_cut_in_its_header_is_refused() {
    check_damage("header", |bytes| bytes.truncate(99));
}

#[test]
fn a_missing_event_is_damage_and_not_a_shorter_history() {
    let folder = written("hole");
    let connection = rusqlite::Connection::open(folder.database()).unwrap();
    connection.execute("DELETE FROM events WHERE seq = 1", []).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let error = runtime.block_on(folder.store().journal("run-1")).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
}

#[tokio::test]
async fn a_full_disk_stops_the_journal_for_good() {
    let folder = Folder::new("full");
    let store = folder.store();
    store.begin(new_run("run-1", &[Trigger::ItemMaster])).await.unwrap();
    drop(store);
    let size = rusqlite::Connection::open(folder.database())
        .unwrap()
        .query_row(
            "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
            [],
            |row| row.get::<_, i64>(0),
        )
        .unwrap();
    let config = StoreConfig { bytes_max: Some(size.unsigned_abs()), ..StoreConfig::default() };
    let store = Store::open_with(folder.path(), config).unwrap();
    let journal = store.journal("run-1").await.unwrap();
    let long =
        Fact::UploadEnded(knosc_bulk_import::fault::Fault::PermanentInvalid("x".repeat(100_000)));
    journal.append(event(0, 0, started(Trigger::ItemMaster))).await.unwrap();
    let error = journal.append(event(1, 0, long)).await.unwrap_err();
    assert!(
        matches!(&error, JournalError::Write(message) if message.contains("full")),
        "{error:?}"
    );
    // What would fit is refused too: nobody knows what is on disk.
    let after = journal.append(event(1, 0, Fact::UploadSealed(1))).await.unwrap_err();
    assert!(matches!(after, JournalError::Write { .. }), "{after:?}");
    let other = store.begin(new_run("run-2", &[Trigger::Demand])).await.unwrap_err();
    assert!(matches!(other, StoreError::Stopped { .. }), "{other:?}");
    // What is told of the run is what is on disk.
    let told = journal.history().await.unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(journal.unwritten().is_some());
    // What was answered is there.
    assert_eq!(folder.store().events("run-1").await.unwrap().len(), 1);
}

/// Root may write anywhere, so that such a test has to become somebody else.
fn is_root(folder: &Folder) -> bool {
    fs::metadata(folder.path()).unwrap().uid() == 0
}

#[test]
fn a_read_only_folder_is_refused() {
    if let Some(folder) = part() {
        let error = Store::open(&folder).unwrap_err();
        let refused = matches!(
            error,
            StoreError::ReadOnly { .. } | StoreError::Folder { .. } | StoreError::Storage { .. }
        );
        assert!(refused, "{error:?}");
        return;
    }
    for folder in [Folder::new("read-only-new"), written("read-only-old")] {
        let mode = |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode));
        for file in fs::read_dir(folder.path()).unwrap() {
            let path = file.unwrap().path();
            let readable = if path.is_dir() { 0o555 } else { 0o444 };
            fs::set_permissions(path, fs::Permissions::from_mode(readable)).unwrap();
        }
        mode(0o555).unwrap();
        let mut other = other_process("damage::a_read_only_folder_is_refused", folder.path());
        if is_root(&folder) {
            other.uid(65_534).gid(65_534);
        }
        let output = other.output().unwrap();
        mode(0o755).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn a_locked_file_is_told_from_a_damaged_one() {
    let folder = written("busy");
    let other = rusqlite::Connection::open(folder.database()).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    assert_eq!(Store::open(folder.path()).unwrap_err(), StoreError::Busy);
    other.execute_batch("ROLLBACK").unwrap();
    Store::open(folder.path()).unwrap();
}

#[test]
fn the_file_is_this_users_alone() {
    let folder = written("mode");
    let store = folder.store();
    for name in ["journal.db", "journal.db-wal", "journal.db-shm"] {
        let mode = fs::metadata(folder.path().join(name)).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    drop(store);
}

#[test]
fn a_file_in_the_folders_place_is_refused() {
    let folder = Folder::new("file");
    let path = folder.path().join("state");
    fs::write(&path, "").unwrap();
    let error = Store::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::Folder { .. }), "{error:?}");
}

#[test]
fn a_journal_that_the_system_cannot_look_at_is_not_taken_for_none() {
    let folder = Folder::new("loop");
    std::os::unix::fs::symlink(folder.database(), folder.database()).unwrap();
    let said = fs::metadata(folder.database()).unwrap_err().to_string();
    assert_eq!(Store::open(folder.path()).unwrap_err(), StoreError::Folder { message: said });
}

#[test]
fn of_many_that_make_one_folders_journal_each_finds_the_same() {
    for round in 0..20 {
        let folder = Folder::new("at-once");
        let ready = std::sync::Barrier::new(4);
        std::thread::scope(|scope| {
            let make = || {
                ready.wait();
                folder.store()
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(make)).collect();
            let stores: Vec<Store> = threads.into_iter().map(|one| one.join().unwrap()).collect();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            for (number, store) in stores.iter().enumerate() {
                let run = new_run(&format!("run-{round}-{number}"), &[Trigger::ItemMaster]);
                runtime.block_on(store.begin(run)).unwrap();
            }
            let runs = runtime.block_on(stores[0].runs(None, 10)).unwrap();
            assert_eq!(runs.len(), 4);
        });
    }
}
