//! One run for each exit code: what a script relies on.
//!
//! Each has a Knosc and a state folder of its own.

use local_knosc::{AnswerFault, IntegrationLock, Running, When};

use super::interrupted::{signal, upload};
use super::place::{Ended, Place, ended, knosc, run};
use super::resumed::{arm, hold_tables, on_upload, units, wait_for_poll};

/// What was done to Knosc or to the files, which words were typed, and how that ended.
fn check(exit: i32, words: &[&str], prepare: impl FnOnce(&Running, &Place)) -> Ended {
    let knosc = knosc();
    let place = Place::new("exit-code");
    units(&place, "units.csv");
    prepare(&knosc, &place);
    let found = run(&mut place.runner(&knosc.url(), words));
    assert_eq!(found.exit, exit, "{found:?}");
    if !matches!(exit, 0 | 3 | 4 | 5 | 6 | 8 | 10) {
        assert!(found.stderr.contains("known: ") && found.stderr.contains("hint: "), "{found:?}");
    }
    found
}

/// Knosc's own words: behind the seal nothing else proves that a file was refused.
const NOT_PRIVILEGED: &str = r#"{"Message": "No", "Code": "User.NotPrivileged"}"#;

/// More than the buffers between two sockets hold, so that an early answer comes before the last bytes leave.
const LARGE_BYTES: usize = 16 << 20;

/// A file of that size: a header and rows.
fn large(place: &Place, name: &str, header: &str) {
    let mut rows = format!("{header}\n");
    for row in 0.. {
        if rows.len() > LARGE_BYTES {
            break;
        }
        rows.push_str(&format!("N{row},{}\n", "Number ".repeat(8)));
    }
    place.file(name, rows);
}

const UPLOAD: [&str; 3] = ["upload", "unit-master", "units.csv"];

#[test]
fn each_exit_code_has_a_run() {
    check(0, &UPLOAD, |_, _| {});
    check(2, &["upload", "unit-master", "no-such.csv"], |_, _| {});
    check(3, &["upload", "item-master", "items.xlsx"], |_, place| {
        place.export("items.xlsx", "items.xlsx");
    });
    check(4, &UPLOAD, |knosc, _| {
        let body = Some(NOT_PRIVILEGED.to_owned());
        arm(knosc, AnswerFault { status: Some(403), body, ..on_upload(When::Before) });
    });
    let held = ["upload", "unit-master", "units.csv", "--wait", "5s"];
    check(5, &held, |knosc, _| hold_tables(knosc, IntegrationLock::Held));
    check(6, &UPLOAD, |knosc, _| arm(knosc, AnswerFault { drop: true, ..on_upload(When::After) }));
    check(7, &["upload", "unit-master", "empty.csv"], |_, place| {
        place.file("empty.csv", "");
    });
    check(8, &["run", "exports", "--settle", "0s"], |knosc, place| {
        units(place, "exports/units.csv");
        large(place, "exports/suppliers.csv", "_SupplierNumber,_SupplierName");
        arm(knosc, AnswerFault { skip: 1, status: Some(429), ..on_upload(When::Early) });
    });
    check(10, &UPLOAD, |knosc, place| {
        large(place, "units.csv", "_UnitCode,_UnitName");
        arm(knosc, AnswerFault { status: Some(429), ..on_upload(When::Early) });
    });
    let inwards = ["--base-url", "https://10.0.0.1", "--poll-interval", "1s"];
    check(11, &[&UPLOAD[..], &inwards].concat(), |_, _| {});
    check(12, &UPLOAD, |knosc, place| {
        assert_eq!(run(&mut place.runner(&knosc.url(), &UPLOAD)).exit, 0);
    });
}

#[test]
fn a_run_that_is_locked_out_ends_with_9_and_one_that_is_interrupted_with_130() {
    let knosc = knosc();
    let place = Place::new("exit-code");
    hold_tables(&knosc, IntegrationLock::Held);
    units(&place, "units.csv");
    let mut child = upload(&place, &knosc, &[]);
    wait_for_poll(&knosc, &mut child);
    assert_eq!(run(&mut place.runner(&knosc.url(), &UPLOAD)).exit, 9);
    signal(&child, "-INT");
    assert_eq!(ended(child.wait_with_output().unwrap()).exit, 130);
}

#[test]
fn where_several_hold_the_one_that_a_person_has_to_look_at_first_wins() {
    // The first file completes, the second is unknown, the third is not sent: 6 before 8.
    check(6, &["run", "exports", "--settle", "0s"], |knosc, place| {
        units(place, "exports/units.csv");
        place.export("suppliers.csv", "exports/suppliers.csv");
        place.export("customers.xlsx", "exports/customers.xlsx");
        arm(knosc, AnswerFault { skip: 1, drop: true, ..on_upload(When::After) });
    });
    // The first file fails, and the second is not sent: 3 before 8.
    check(3, &["run", "exports", "--settle", "0s"], |_, place| {
        place.export("items.xlsx", "exports/items.xlsx");
        place.export("inventory.csv", "exports/inventory.csv");
    });
    // The first file is not finished, and the second is not sent: 5 before 8.
    let held = ["run", "exports", "--settle", "0s", "--wait", "5s"];
    check(5, &held, |knosc, place| {
        units(place, "exports/units.csv");
        place.export("suppliers.csv", "exports/suppliers.csv");
        hold_tables(knosc, IntegrationLock::Held);
    });
}

#[test]
fn of_several_jobs_a_failed_one_goes_before_one_that_is_not_finished() {
    let knosc = knosc();
    let place = Place::new("exit-code");
    let job = |at: usize| {
        let model = knosc.model();
        let upload = &model.uploads()[at];
        format!("{}:{}", upload.trigger, upload.job_id)
    };
    let poll = |jobs: &[&str]| {
        let words = [&["poll"], jobs, &["--state", "elsewhere"]].concat();
        run(&mut place.runner(&knosc.url(), &words))
    };
    place.export("items.xlsx", "items.xlsx");
    units(&place, "units.csv");
    let items = run(&mut place.runner(&knosc.url(), &["upload", "item-master", "items.xlsx"]));
    assert_eq!(items.exit, 3, "{items:?}");
    hold_tables(&knosc, IntegrationLock::Held);
    let words = [&UPLOAD[..], &["--detach"]].concat();
    assert_eq!(run(&mut place.runner(&knosc.url(), &words)).exit, 0);
    let (failed, queued, nobodys) = (job(0), job(1), "demand:demand-upload-0");
    for (jobs, exit) in [
        (&[&*failed][..], 3),
        (&[&queued], 5),
        (&[nobodys], 5),
        (&[&failed, &queued], 3),
        (&[&queued, &failed, nobodys], 3),
        (&[&queued, nobodys], 5),
    ] {
        let polled = poll(jobs);
        assert_eq!(polled.exit, exit, "{jobs:?}: {polled:?}");
    }
    hold_tables(&knosc, IntegrationLock::Free);
    let ended = run(&mut place.runner(&knosc.url(), &["poll", &queued, "--wait", "1m"]));
    assert_eq!(ended.exit, 0, "{ended:?}");
    assert_eq!((poll(&[&queued]).exit, poll(&[&queued, &failed]).exit), (0, 3));
}

#[test]
fn of_several_files_one_behind_an_unknown_outcome_goes_before_one_that_completed() {
    // Nothing of the second run is sent: 6 for the suppliers, before 12 for the units.
    let refuse = ["run", "exports", "--settle", "0s", "--unchanged", "refuse"];
    let refused = check(6, &refuse, |knosc, place| {
        units(place, "exports/units.csv");
        place.export("suppliers.csv", "exports/suppliers.csv");
        arm(knosc, AnswerFault { skip: 1, drop: true, ..on_upload(When::After) });
        let first = run(&mut place.runner(&knosc.url(), &["run", "exports", "--settle", "0s"]));
        assert_eq!((first.exit, knosc.model().upload_posts()), (6, 2), "{first:?}");
        let units =
            run(&mut place.runner(&knosc.url(), &["upload", "unit-master", "exports/units.csv"]));
        assert_eq!(units.exit, 12, "{units:?}");
    });
    for trigger in ["unit-master", "supplier-master"] {
        assert!(refused.stderr.contains(trigger), "{refused:?}");
    }
}
