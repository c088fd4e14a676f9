//! What no test from outside can bring about: another process in the middle of opening, and the system's errors by their kinds.

use super::*;

/// A folder with a journal, and the way to it.
fn made() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = path(folder.path());
    create(folder.path(), &path).unwrap();
    (folder, path)
}

fn number(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_journal_that_another_process_made_meanwhile_stays() {
    let (folder, path) = made();
    let theirs = connect(&path).unwrap();
    theirs.execute("INSERT INTO locks VALUES ('t', 'demand', 1, 'here', 2, 'run-1')", []).unwrap();
    create(folder.path(), &path).unwrap();
    let ours = open(folder.path(), None).unwrap();
    assert_eq!(number(&ours, "SELECT count(*) FROM locks"), 1);
    drop((theirs, ours));
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let left_over = names.filter(|path| path.extension().is_some_and(|end| end == "new"));
    assert_eq!(left_over.count(), 0, "and nothing is left beside it");
}

#[test]
fn a_log_without_its_journal_is_not_taken_for_a_new_ones() {
    let (folder, path) = made();
    drop(open(folder.path(), None).unwrap());
    let log = path.with_extension("db-wal");
    assert!(fs::metadata(&log).unwrap().len() > 0, "the log stays, to be written over");
    fs::remove_file(&path).unwrap();
    let message = "journal.db-wal is there and journal.db is gone".to_owned();
    assert_eq!(open(folder.path(), None).unwrap_err(), StoreError::Corrupt { message });
    assert!(!path.exists() && log.exists(), "the evidence was changed");
    fs::write(&log, "").unwrap();
    drop(open(folder.path(), None).expect("an empty one has no events"));
}

#[test]
fn a_journal_that_gets_no_name_is_said_to_have_none() {
    let folder = tempfile::tempdir().unwrap();
    let error = create(folder.path(), &folder.path().join("gone/journal.db")).unwrap_err();
    assert!(matches!(error, StoreError::Folder { .. }), "{error:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_a_newer_process_did_meanwhile_is_not_undone() {
    let (folder, path) = made();
    let mut ours = connect(&path).unwrap();
    assert_eq!(version(&ours), Ok(VERSION));
    connect(&path).unwrap().pragma_update(None, "user_version", VERSION + 1).unwrap();
    let newer = StoreError::Newer { found: VERSION + 1, known: VERSION };
    assert_eq!(bring_up_to_date(&mut ours, folder.path()), Err(newer));
    assert_eq!(number(&ours, "PRAGMA user_version"), VERSION + 1);
}

#[test]
fn what_a_process_of_this_version_did_meanwhile_is_not_done_twice() {
    let (folder, path) = made();
    let mut ours = connect(&path).unwrap();
    bring_up_to_date(&mut connect(&path).unwrap(), folder.path()).unwrap();
    bring_up_to_date(&mut ours, folder.path()).unwrap();
    assert_eq!(version(&ours), Ok(VERSION));
}

#[test]
fn versions_that_nobody_wrote_are_damage() {
    let (_folder, path) = made();
    let connection = connect(&path).unwrap();
    for found in [i64::from(i32::MIN), -1, 0] {
        connection.pragma_update(None, "user_version", found).unwrap();
        let error = version(&connection).unwrap_err();
        assert_eq!(error, StoreError::Corrupt { message: format!("it has version {found}") });
    }
}

#[test]
fn errors_of_the_system_are_told_apart_by_what_a_person_mends() {
    use io::ErrorKind as Kind;
    let kinds = [
        (Kind::StorageFull, "full"),
        (Kind::QuotaExceeded, "full"),
        (Kind::ReadOnlyFilesystem, "read-only"),
        (Kind::PermissionDenied, "read-only"),
        (Kind::NotADirectory, "folder"),
        (Kind::Other, "folder"),
    ];
    for (kind, expected) in kinds {
        let told = match of_io(&io::Error::from(kind)) {
            StoreError::Full { .. } => "full",
            StoreError::ReadOnly { .. } => "read-only",
            StoreError::Folder { .. } => "folder",
            _ => "something else",
        };
        assert_eq!(told, expected, "{kind:?}");
    }
}
