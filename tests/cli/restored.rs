//! State folders whose journal may have lost what was sent: verbs that send are refused, verbs that read go on, and a person decides.

use std::fs;
use std::path::{Path, PathBuf};

use local_knosc::{AnswerFault, When};

use super::place::{Ended, Place, knosc, run, wait_until};
use super::resumed::{accepted, arm, on_upload, units};

const UPLOAD: [&str; 4] = ["upload", "unit-master", "units.csv", "--state=state"];
const LOG: &str = "state/journal.db-wal";

fn call(place: &Place, url: &str, words: &[&str]) -> Ended {
    run(&mut place.runner(url, &[words, &["--state=state"]].concat()))
}

/// Copies some files of a folder.
fn copy(from: &Path, to: &Path, names: &[&str]) {
    fs::create_dir_all(to).unwrap();
    for name in names {
        if from.join(name).exists() {
            fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}

fn state(place: &Place) -> PathBuf {
    place.path().join("state")
}

/// Every verb that sends is refused, and every one that reads works and says why.
fn check_doubted(place: &Place, url: &str) {
    let sending: [&[&str]; 5] = [
        &["upload", "unit-master", "units.csv"],
        &["run", ".", "--settle=0s", "--map=units.csv=unit-master"],
        &["resume"],
        &["runs", "resolve", "20240601-084522-none", "1", "--not-accepted"],
        &["runs", "unlock", "unit-master"],
    ];
    for words in sending {
        let refused = call(place, url, words);
        assert_eq!(refused.exit, 2, "{words:?}: {refused:?}");
        for what in ["may have lost what was sent", "nothing was sent", "runs accept-restored"] {
            assert!(refused.stderr.contains(what), "{words:?}: {what}: {refused:?}");
        }
    }
    let reading: [&[&str]; 3] = [
        &["runs", "list"],
        &["plan", ".", "--map=units.csv=unit-master"],
        &["check", ".", "--map=units.csv=unit-master"],
    ];
    for words in reading {
        let read = call(place, url, words);
        assert_eq!(read.exit, 0, "{words:?}: {read:?}");
        let is_warned = read.stderr.contains("may have lost what was sent");
        assert_eq!(is_warned, words[0] != "check", "{words:?}: {read:?}");
    }
    let doctor = call(place, url, &["doctor"]);
    assert_eq!(doctor.exit, 2, "{doctor:?}");
    assert!(doctor.stdout.contains("runs accept-restored"), "{doctor:?}");
    let error = call(place, url, &["resume", "--output=json"]);
    assert!(error.stderr.contains("\"journal-may-have-lost\""), "{error:?}");
}

#[test]
fn a_log_that_goes_before_the_answer_loads_nothing_again() {
    let knosc = knosc();
    let place = Place::new("lost-log");
    units(&place, "units.csv");
    arm(&knosc, AnswerFault { delay_ms: 600_000, ..on_upload(When::After) });
    let mut child = place.runner(&knosc.url(), &UPLOAD).spawn().unwrap();
    wait_until("the acceptance", || accepted(&knosc) == 1);
    child.kill().unwrap();
    child.wait().unwrap();
    let kept = fs::read(place.path().join(LOG)).unwrap();
    for length in [None, Some(0), Some(kept.len() / 2)] {
        match length {
            None => fs::remove_file(place.path().join(LOG)).unwrap(),
            Some(length) => fs::write(place.path().join(LOG), &kept[..length]).unwrap(),
        }
        check_doubted(&place, &knosc.url());
    }
    fs::write(place.path().join(LOG), &kept).unwrap();
    let unknown = call(&place, &knosc.url(), &["upload", "unit-master", "units.csv"]);
    assert_eq!((unknown.exit, accepted(&knosc)), (6, 1), "{unknown:?}");
}

#[test]
fn copies_of_the_journal_alone_never_load_a_file_again() {
    let knosc = knosc();
    let place = Place::new("copies");
    for number in 0..6 {
        place.file("units.csv", format!("_UnitCode,_UnitName\nU{number},Unit {number}\n"));
        let loaded =
            call(&place, &knosc.url(), &["upload", "unit-master", "units.csv", "--no-check"]);
        let before = accepted(&knosc);
        assert!(matches!(loaded.exit, 0 | 3), "{loaded:?}");
        for names in [&["journal.db"][..], &["journal.db", "journal.generation"]] {
            let copied = place.path().join(format!("copied-{number}-{}", names.len()));
            copy(&state(&place), &copied, names);
            let words = ["run", ".", "--settle=0s", "--map=units.csv=unit-master", "--no-check"];
            let words = [&words[..], &["--state", copied.to_str().unwrap()]].concat();
            let again = run(&mut place.runner(&knosc.url(), &words));
            let is_unchanged = again.exit == 0 && again.stdout.contains("unchanged");
            assert!(again.exit == 2 || is_unchanged || loaded.exit == 3, "{again:?}");
            if loaded.exit == 0 {
                assert_eq!(accepted(&knosc), before, "{again:?}");
            }
        }
    }
}

#[test]
fn a_journal_of_yesterday_is_used_again_once_somebody_decided() {
    let knosc = knosc();
    let place = Place::new("yesterday");
    units(&place, "units.csv");
    let first = call(&place, &knosc.url(), &["upload", "unit-master", "units.csv"]);
    assert_eq!(first.exit, 0, "{first:?}");
    let backup = place.path().join("backup");
    copy(&state(&place), &backup, &["journal.db", "journal.db-wal"]);
    place.export("suppliers.csv", "suppliers.csv");
    let second = call(&place, &knosc.url(), &["upload", "supplier-master", "suppliers.csv"]);
    assert_eq!((second.exit, accepted(&knosc)), (0, 2), "{second:?}");
    for name in ["journal.db", "journal.db-wal", "journal.db-shm"] {
        let _ = fs::remove_file(state(&place).join(name));
    }
    copy(&backup, &state(&place), &["journal.db", "journal.db-wal"]);
    let suppliers = ["upload", "supplier-master", "suppliers.csv"];
    assert_eq!(call(&place, &knosc.url(), &suppliers).exit, 2);
    // Without a terminal and without a word nothing is decided.
    let unasked = call(&place, &knosc.url(), &["runs", "accept-restored"]);
    assert_eq!(unasked.exit, 2, "{unasked:?}");
    assert!(unasked.stderr.contains("--yes"), "{unasked:?}");
    let json = call(&place, &knosc.url(), &["runs", "accept-restored", "--yes", "--output=json"]);
    assert_eq!(json.exit, 0, "{json:?}");
    let document: serde_json::Value = serde_json::from_str(json.stdout.trim()).unwrap();
    let restored = document["restored"].as_array().unwrap();
    let triggers: Vec<&str> = restored.iter().map(|run| run["trigger"].as_str().unwrap()).collect();
    assert_eq!(triggers, ["unit-master", "supplier-master"]);
    let again = call(&place, &knosc.url(), &["runs", "accept-restored", "--yes"]);
    assert_eq!(again.exit, 0, "{again:?}");
    assert!(again.stdout.contains("nothing was changed"), "{again:?}");
    // Neither is sent, and what is compared with is stale.
    for words in [&["upload", "unit-master", "units.csv"], &suppliers] {
        let unknown = call(&place, &knosc.url(), words);
        assert_eq!((unknown.exit, accepted(&knosc)), (6, 2), "{unknown:?}");
    }
    let plan = call(&place, &knosc.url(), &["plan", ".", "--map=units.csv=unit-master"]);
    assert!((plan.stdout + &plan.stderr).contains("stale"));
    let id = |index: usize| restored[index]["run_id"].as_str().unwrap();
    let shown = call(&place, &knosc.url(), &["runs", "show", id(1)]);
    assert!(shown.stdout.contains("runs resolve"), "{shown:?}");
    let resolved = call(&place, &knosc.url(), &["runs", "resolve", id(0), "1", "--not-accepted"]);
    assert_eq!(resolved.exit, 0, "{resolved:?}");
    let sent =
        call(&place, &knosc.url(), &["upload", "unit-master", "units.csv", "--unchanged=send"]);
    assert_eq!((sent.exit, accepted(&knosc)), (0, 3), "{sent:?}");
    // A run that stands for what was lost has no file to send.
    let resumed = call(&place, &knosc.url(), &["resume", id(0)]);
    assert_eq!((resumed.exit, accepted(&knosc)), (2, 3), "{resumed:?}");
    let job = knosc.model().uploads()[1].job_id.clone();
    let resolved = call(&place, &knosc.url(), &["runs", "resolve", id(1), "1", "--accepted", &job]);
    assert_eq!(resolved.exit, 0, "{resolved:?}");
    let watched = call(&place, &knosc.url(), &["resume", id(1)]);
    assert_eq!((watched.exit, accepted(&knosc)), (0, 3), "{watched:?}");
}
