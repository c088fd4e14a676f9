//! State folders that cannot keep a journal now: each is refused before anything is sent, by its own name and with what to do.
//!
//! Root may write anywhere: a test that is root lets the binary be nobody, so that a folder's mode counts. Damaged journals and a file
//! in the folder's place are in `repeated`, full and failing disks in files of their own.
#![cfg(unix)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use local_knosc::Running;
use serde_json::Value;

use super::place::{Ended, Place, knosc, run};
use super::resumed::{accepted, units};

/// A user who has no rights but everybody's; the number is the same on every Linux.
const NOBODY: u32 = 65_534;

/// As somebody whom a folder's mode holds back.
fn unprivileged<'c>(command: &'c mut Command, place: &Place) -> &'c mut Command {
    if fs::metadata(place.path()).unwrap().uid() == 0 {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// Everything in a folder, and the folder, as it may be read and not written.
fn read_only(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_only(&path);
        } else {
            fs::set_permissions(path, Permissions::from_mode(0o444)).unwrap();
        }
    }
    fs::set_permissions(folder, Permissions::from_mode(0o555)).unwrap();
}

/// The verbs that send, with what they are told.
fn verbs() -> [Vec<&'static str>; 3] {
    [
        vec!["upload", "unit-master", "exports/units.csv", "--unchanged", "send"],
        vec!["run", "exports", "--settle", "0s", "--unchanged", "send"],
        vec!["resume"],
    ]
}

/// Refused with this code of programs and of the shell, with a hint, and Knosc was asked for nothing.
fn check_refused(found: &Ended, knosc: &Running, exit: i32, code: &str, hint: &str) {
    assert_eq!(found.exit, exit, "{found:?}");
    let error: Value = serde_json::from_str(found.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(error["code"], code, "{found:?}");
    assert_eq!(error["known"], "nothing was sent", "{found:?}");
    assert_eq!(error["exit_code"], exit, "{found:?}");
    assert!(error["hint"].as_str().unwrap().contains(hint), "{found:?}");
    assert_eq!(knosc.model().upload_posts(), 0, "{found:?}");
}

#[test]
fn a_read_only_state_folder_is_refused_before_anything_is_sent() {
    // One that nothing was ever written to, and one with a journal, which may be read.
    for has_journal in [false, true] {
        let knosc = knosc();
        let place = Place::new("read-only");
        units(&place, "exports/units.csv");
        let state = place.path().join("state");
        fs::create_dir(&state).unwrap();
        if has_journal {
            let listed = run(&mut place.runner(&knosc.url(), &["runs", "list", "--state=state"]));
            assert_eq!(listed.exit, 0, "{listed:?}");
        }
        read_only(&state);
        for verb in verbs() {
            let words = [&verb[..], &["--state=state", "--output=json"]].concat();
            let mut command = place.runner(&knosc.url(), &words);
            let refused = run(unprivileged(&mut command, &place));
            check_refused(&refused, &knosc, 2, "journal-read-only", "right to write");
        }
        // With the right to write, the same call does it.
        fs::set_permissions(&state, Permissions::from_mode(0o755)).unwrap();
        if has_journal {
            fs::set_permissions(state.join("journal.db"), Permissions::from_mode(0o644)).unwrap();
        }
        let words = ["upload", "unit-master", "exports/units.csv", "--state=state"];
        let loaded = run(&mut place.runner(&knosc.url(), &words));
        assert_eq!((loaded.exit, accepted(&knosc)), (0, 1), "{loaded:?}");
    }
}

#[test]
fn a_database_that_another_process_keeps_locked_is_refused_before_anything_is_sent() {
    let knosc = knosc();
    let place = Place::new("locked-database");
    units(&place, "exports/units.csv");
    let listed = run(&mut place.runner(&knosc.url(), &["runs", "list", "--state=state"]));
    assert_eq!(listed.exit, 0, "{listed:?}");
    let browser = rusqlite::Connection::open(place.path().join("state/journal.db")).unwrap();
    browser.execute_batch("BEGIN EXCLUSIVE").unwrap();
    // Each waits some seconds for the other process: beside each other.
    let waiting = verbs().map(|verb| {
        let words = [&verb[..], &["--state=state", "--output=json"]].concat();
        place.runner(&knosc.url(), &words).spawn().unwrap()
    });
    for child in waiting {
        let refused = super::place::ended(child.wait_with_output().unwrap());
        check_refused(&refused, &knosc, 9, "journal-busy", "journal.db open");
    }
    browser.execute_batch("ROLLBACK").unwrap();
    let words = ["upload", "unit-master", "exports/units.csv", "--state=state"];
    let loaded = run(&mut place.runner(&knosc.url(), &words));
    assert_eq!((loaded.exit, accepted(&knosc)), (0, 1), "{loaded:?}");
}
