//! Ctrl-C and SIGTERM, once and twice: the job is left alone, and the journal is right.

use std::process::{Child, Command};

use local_knosc::{AnswerFault, IntegrationLock, Running, When};

use super::place::{Place, ended, knosc, run, runs_still, wait_until};
use super::resumed::{
    accepted, arm, hold_tables, is_sending, many_units, on_upload, run_id, units, wait_for_poll,
};

pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

pub(crate) fn upload(place: &Place, knosc: &Running, more: &[&str]) -> Child {
    let mut command = place.runner(&knosc.url(), &["upload", "unit-master", "units.csv"]);
    command.args(more).spawn().unwrap()
}

#[test]
fn a_run_that_is_interrupted_leaves_the_job_alone_and_can_be_resumed() {
    for name in ["-INT", "-TERM"] {
        let knosc = knosc();
        let place = Place::new("interrupted");
        hold_tables(&knosc, IntegrationLock::Held);
        units(&place, "units.csv");
        let mut child = upload(&place, &knosc, &[]);
        wait_for_poll(&knosc, &mut child);
        signal(&child, name);
        let left = ended(child.wait_with_output().unwrap());
        assert_eq!(left.exit, 130, "{left:?}");
        let id = run_id(&left);
        assert!(left.stdout.contains(&format!("knosc-runner resume {id}")), "{left:?}");
        hold_tables(&knosc, IntegrationLock::Free);
        let resumed = run(&mut place.runner(&knosc.url(), &["resume", &id]));
        assert_eq!((resumed.exit, accepted(&knosc)), (0, 1), "{resumed:?}");
    }
}

#[test]
fn a_file_that_is_not_sealed_is_dropped_at_once_and_sent_by_resume() {
    let knosc = knosc();
    let place = Place::new("interrupted-sending");
    many_units(&place, "units.csv");
    // Nobody reads the body, so that it stays on its way.
    arm(&knosc, AnswerFault { delay_ms: 600_000, ..on_upload(When::Early) });
    let mut child = upload(&place, &knosc, &["--grace", "10m"]);
    wait_until("the upload", || {
        runs_still(&mut child);
        is_sending(&place) && knosc.model().upload_posts() == 1
    });
    signal(&child, "-INT");
    let left = ended(child.wait_with_output().unwrap());
    assert_eq!((left.exit, accepted(&knosc)), (130, 0), "{left:?}");
    let id = run_id(&left);
    assert!(left.stdout.contains(&format!("knosc-runner resume {id}")), "{left:?}");
    let resumed = run(&mut place.runner(&knosc.url(), &["resume", &id]));
    assert_eq!((resumed.exit, accepted(&knosc)), (0, 1), "{resumed:?}");
}

#[test]
fn an_answer_that_comes_within_the_grace_is_kept() {
    let knosc = knosc();
    let place = Place::new("grace");
    slow_answer(&knosc, 3_000);
    units(&place, "units.csv");
    let child = upload(&place, &knosc, &["--grace", "1m"]);
    wait_until("the file", || accepted(&knosc) == 1);
    signal(&child, "-INT");
    let left = ended(child.wait_with_output().unwrap());
    assert_eq!(left.exit, 130, "{left:?}");
    assert!(left.stdout.contains("\npending"), "{left:?}");
}

#[test]
fn without_grace_the_outcome_is_unknown_and_said_so() {
    let knosc = knosc();
    let place = Place::new("no-grace");
    slow_answer(&knosc, 600_000);
    units(&place, "units.csv");
    let child = upload(&place, &knosc, &["--grace", "100ms"]);
    wait_until("the file", || accepted(&knosc) == 1);
    signal(&child, "-INT");
    let left = ended(child.wait_with_output().unwrap());
    assert_eq!(left.exit, 130, "{left:?}");
    assert!(left.stdout.contains("knosc-runner runs show "), "{left:?}");
    let resumed = run(&mut place.runner(&knosc.url(), &["resume"]));
    assert_eq!((resumed.exit, knosc.model().upload_posts()), (6, 1), "{resumed:?}");
}

#[test]
fn a_second_interrupt_ends_at_once_and_the_journal_is_right() {
    let knosc = knosc();
    let place = Place::new("interrupted-twice");
    slow_answer(&knosc, 600_000);
    units(&place, "units.csv");
    let mut child = upload(&place, &knosc, &["--grace", "10m"]);
    wait_until("the file", || accepted(&knosc) == 1);
    // Signals that come together are one: the second is sent until it is heard.
    wait_until("its end", || {
        signal(&child, "-INT");
        std::thread::sleep(std::time::Duration::from_millis(50));
        child.try_wait().unwrap().is_some()
    });
    let left = ended(child.wait_with_output().unwrap());
    assert_eq!(left.exit, 130, "{left:?}");
    let resumed = run(&mut place.runner(&knosc.url(), &["resume"]));
    assert_eq!((resumed.exit, knosc.model().upload_posts()), (6, 1), "{resumed:?}");
    let again = run(&mut place.runner(&knosc.url(), &["upload", "unit-master", "units.csv"]));
    assert_eq!((again.exit, knosc.model().upload_posts()), (6, 1), "{again:?}");
}

/// Knosc takes the file, and says so only after this time.
fn slow_answer(knosc: &Running, delay_ms: u64) {
    arm(
        knosc,
        AnswerFault {
            method: Some("POST".into()),
            path: "/api/job/".into(),
            when: When::After,
            delay_ms,
            ..AnswerFault::default()
        },
    );
}
