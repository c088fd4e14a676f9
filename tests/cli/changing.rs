//! Files that somebody writes to while they are checked, opened or sent: none of them is ever completed.
//!
//! Every test looks at what Knosc took, and at the documented exit code.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use local_knosc::{AnswerFault, DEFAULT_TENANT};

use super::place::{Place, ended, knosc, run, wait_until};

fn append(path: &Path) {
    OpenOptions::new().append(true).open(path).unwrap().write_all(b"XX,Late,Count,1\n").unwrap();
}

#[test]
fn a_file_that_does_not_rest_is_waited_for_and_then_refused() {
    let knosc = knosc();
    let place = Place::new("unsettled");
    let path = place.export("unit-master.csv", "exports/units.csv");
    let stop = AtomicBool::new(false);
    let found = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::SeqCst) {
                append(&path);
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let found = run(&mut place.runner(&knosc.url(), &["run", "exports", "--settle", "1s"]));
        stop.store(true, Ordering::SeqCst);
        found
    });
    assert_eq!(found.exit, 7, "{found:?}");
    assert!(found.stderr.contains("waiting until it rests for 1s (--settle)"), "{found:?}");
    assert!(found.stderr.contains("the file is still being written"), "{found:?}");
    assert_eq!(knosc.model().upload_posts(), 0);
}

#[test]
fn a_file_that_is_appended_to_while_the_run_starts_is_not_sent() {
    let knosc = knosc();
    let place = Place::new("late");
    let path = place.export("unit-master.csv", "units.csv");
    // Checked by then, and not yet opened by the component.
    let slow =
        AnswerFault { path: "/api/authenticate".into(), delay_ms: 500, ..AnswerFault::default() };
    knosc.model().faults_mut(DEFAULT_TENANT).unwrap().answers.push(slow);
    let mut command = place.runner(&knosc.url(), &["upload", "unit-master", "units.csv"]);
    let child = command.spawn().unwrap();
    wait_until("the sign-in", || knosc.model().sign_in_attempts() == 1);
    append(&path);
    let found = ended(child.wait_with_output().unwrap());
    assert_eq!(found.exit, 7, "{found:?}");
    assert!(found.stderr.contains("'units.csv' changed"), "{found:?}");
    assert_eq!(knosc.model().upload_posts(), 0);
}

#[test]
fn a_later_file_of_a_run_is_not_sent_once_it_changed() {
    let knosc = knosc();
    knosc.model().knobs_mut().queued_ms = 500;
    let place = Place::new("later");
    place.export("unit-master.csv", "exports/units.csv");
    let path = place.export("suppliers.csv", "exports/suppliers.csv");
    let mut command = place.runner(&knosc.url(), &["run", "exports", "--settle", "0s"]);
    let child = command.spawn().unwrap();
    wait_until("the first file", || knosc.model().uploads().len() == 1);
    append(&path);
    let found = ended(child.wait_with_output().unwrap());
    assert_eq!(found.exit, 7, "{found:?}");
    assert!(found.stdout.contains("completed    unit-master"), "{found:?}");
    assert!(found.stdout.contains("refused      supplier-master"), "{found:?}");
    assert_eq!(knosc.model().uploads().len(), 1);
}

#[test]
fn a_file_that_is_appended_to_while_it_streams_is_never_completed() {
    let knosc = knosc();
    knosc.model().knobs_mut().discard_content = true;
    let place = Place::new("streams");
    let path = place.export("unit-master.csv", "units.csv");
    // Large enough that the first bytes are in Knosc long before the last ones are due; sparse, so that it costs no disk.
    File::options().write(true).open(&path).unwrap().set_len(256 << 20).unwrap();
    let mut command = place.runner(&knosc.url(), &["upload", "unit-master", "units.csv"]);
    let child = command.spawn().unwrap();
    wait_until("the upload", || knosc.model().upload_posts() == 1);
    append(&path);
    let found = ended(child.wait_with_output().unwrap());
    // Cut before its seal, so that the whole file may be sent when it is written.
    assert_eq!(found.exit, 10, "{found:?}");
    assert!(found.stdout.contains("nothing was accepted"), "{found:?}");
    assert_eq!(knosc.model().uploads().len(), 0);
}

/// A name that leads to itself cannot be opened, whoever asks.
#[cfg(unix)]
#[test]
fn an_unreadable_file_is_refused_before_anything_is_sent() {
    let knosc = knosc();
    let place = Place::new("unreadable");
    std::os::unix::fs::symlink("loop.csv", place.path().join("loop.csv")).unwrap();
    let found = run(&mut place.runner(&knosc.url(), &["upload", "unit-master", "loop.csv"]));
    assert_eq!(found.exit, 2, "{found:?}");
    assert!(found.stderr.contains("loop.csv: the file cannot be read"), "{found:?}");
    assert_eq!(knosc.model().sign_in_attempts(), 0);
}
