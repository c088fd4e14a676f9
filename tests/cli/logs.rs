//! How much is told, and where: quiet, loud, into a file, as JSON. Results stay what they are, and no secret is in any of it.
//!
//! Reads what the binary printed; the lines themselves are no promise.

use local_knosc::DEFAULT_PASSWORD;

use super::place::{Ended, Place, knosc, run};

fn upload(more: &[&str]) -> (Place, Ended) {
    let knosc = knosc();
    let place = Place::new("logs");
    place.export("unit-master.csv", "units.csv");
    let found = run(place.runner(&knosc.url(), &["upload", "unit-master", "units.csv"]).args(more));
    assert_eq!(found.exit, 0, "{found:?}");
    assert_eq!(found.stdout.lines().count(), 3, "{found:?}");
    assert!(!found.stderr.contains(DEFAULT_PASSWORD), "{found:?}");
    (place, found)
}

#[test]
fn more_is_told_the_more_often_it_is_asked_for() {
    assert_eq!(upload(&["-q"]).1.stderr, "");
    let told = |more: &[&str]| upload(more).1.stderr;
    let usual = told(&[]);
    assert!(usual.contains("accepted as") && !usual.contains("INFO"), "{usual}");
    let verbose = told(&["-v"]);
    assert!(verbose.contains("INFO") && !verbose.contains("DEBUG"), "{verbose}");
    let all = told(&["-vv"]);
    assert!(all.contains("INFO") && all.contains("DEBUG"), "{all}");
    assert!(!told(&["-q", "-v"]).contains("accepted as"), "progress is quiet, the log is not");
}

#[test]
fn a_log_file_holds_what_was_done() {
    let (place, found) = upload(&["--log-file", "run.log"]);
    assert!(!found.stderr.contains("INFO"), "{found:?}");
    let log = std::fs::read_to_string(place.path().join("run.log")).unwrap();
    for word in ["upload started", "accepted", "job ended", "units.csv", "unit-master"] {
        assert!(log.contains(word), "{word} is not in {log}");
    }
    let (place, _) = upload(&["--log-file", "run.log", "--log-format", "json", "-vv"]);
    let log = std::fs::read_to_string(place.path().join("run.log")).unwrap();
    for line in log.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(value["timestamp"].is_string() && value["level"].is_string(), "{line}");
    }
    assert!(log.contains("DEBUG") && !log.contains(DEFAULT_PASSWORD), "{log}");
    let kept = std::fs::read_dir(place.path().join(".local/state/knosc-runner")).unwrap();
    let mut paths = kept.map(|entry| entry.unwrap().path());
    let session = paths.find(|path| path.to_string_lossy().ends_with(".session.json"));
    let session: serde_json::Value =
        serde_json::from_slice(&std::fs::read(session.unwrap()).unwrap()).unwrap();
    assert!(!log.contains(session["access_token"].as_str().unwrap()), "a token is in the log");
}

#[test]
fn a_log_file_that_cannot_be_written_is_an_error() {
    let knosc = knosc();
    let place = Place::new("no-log");
    let found =
        run(&mut place.runner(&knosc.url(), &["login", "--log-file", "no/such/folder.log"]));
    assert_eq!(found.exit, 2, "{found:?}");
    assert!(found.stderr.contains("no/such/folder.log"), "{found:?}");
}
