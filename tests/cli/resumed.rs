//! Runs that were killed, and what `resume` makes of them; outcomes that are not known, and how a person decides them.
//!
//! Real processes, killed without notice.

use std::process::Child;

use local_knosc::{AnswerFault, DEFAULT_TENANT, IntegrationLock, Running, When};

use super::place::{Ended, Place, knosc, run, runs_still, wait_until};

pub(crate) fn on_upload(when: When) -> AnswerFault {
    AnswerFault {
        method: Some("POST".into()),
        path: "/api/job/".into(),
        when,
        ..AnswerFault::default()
    }
}

pub(crate) fn arm(knosc: &Running, fault: AnswerFault) {
    knosc.model().faults_mut(DEFAULT_TENANT).unwrap().answers.push(fault);
}

pub(crate) fn hold_tables(knosc: &Running, lock: IntegrationLock) {
    knosc.model().set_integration_lock(DEFAULT_TENANT, lock, 0);
}

pub(crate) fn accepted(knosc: &Running) -> usize {
    knosc.model().uploads().len()
}

/// A sample export of units: small, and complete by itself.
pub(crate) fn units(place: &Place, name: &str) {
    place.export("unit-master.csv", name);
}

/// The same with one more.
fn other_units(place: &Place, name: &str) {
    let units = super::place::exports().join("unit-master.csv");
    place.file(name, std::fs::read_to_string(units).unwrap() + "ZZ,Zeta,Count,1\n");
}

/// Waits until the job of the one upload was asked for: its acceptance is in the journal then.
pub(crate) fn wait_for_poll(knosc: &Running, child: &mut Child) {
    wait_until("a poll", || {
        runs_still(child);
        let model = knosc.model();
        model.requests().any(|request| request.method == "GET" && request.path == "/api/job")
    });
}

/// The id that the text of a run names.
pub(crate) fn run_id(found: &Ended) -> String {
    let line = found.stdout.lines().find_map(|line| line.strip_prefix("run "));
    line.unwrap_or_else(|| panic!("{found:?}")).to_owned()
}

#[test]
fn a_run_that_was_killed_while_sending_sends_its_file_again_and_knosc_has_it_once() {
    let knosc = knosc();
    let place = Place::new("killed-sending");
    // Nobody reads the body, so that it stays on its way.
    arm(&knosc, AnswerFault { delay_ms: 600_000, ..on_upload(When::Early) });
    many_units(&place, "units.csv");
    let words = ["upload", "unit-master", "units.csv", "--detach"];
    let mut child = place.runner(&knosc.url(), &words).spawn().unwrap();
    wait_until("the upload", || {
        runs_still(&mut child);
        // Begun is not arrived: killed in between, it would leave what is armed to the resumed run.
        is_sending(&place) && knosc.model().upload_posts() == 1
    });
    child.kill().unwrap();
    child.wait().unwrap();
    let resumed = run(&mut place.runner(&knosc.url(), &["resume", "--detach"]));
    assert_eq!(resumed.exit, 0, "{resumed:?}");
    assert_eq!(accepted(&knosc), 1);
}

/// More units than a connection holds unread.
pub(crate) fn many_units(place: &Place, name: &str) {
    let head = "_UnitCode,_UnitName,_UnitType,_Multiplier\n".to_owned();
    let rows = (0..150_000).map(|number| format!("U{number},A unit of many,Count,1\n"));
    place.file(name, rows.fold(head, |text, row| text + &row));
}

/// Whether the journal says that an upload began.
pub(crate) fn is_sending(place: &Place) -> bool {
    let listed = super::binary::command(place.path()).args(["runs", "list"]).output().unwrap();
    String::from_utf8_lossy(&listed.stdout).contains("1 refused")
}

#[test]
fn a_run_that_was_killed_after_the_acceptance_polls_and_sends_nothing() {
    let knosc = knosc();
    let place = Place::new("killed-polling");
    hold_tables(&knosc, IntegrationLock::Held);
    units(&place, "units.csv");
    let words = ["upload", "unit-master", "units.csv"];
    let mut child = place.runner(&knosc.url(), &words).spawn().unwrap();
    wait_for_poll(&knosc, &mut child);
    child.kill().unwrap();
    child.wait().unwrap();
    hold_tables(&knosc, IntegrationLock::Free);
    // Its file is not needed any more.
    std::fs::remove_file(place.path().join("units.csv")).unwrap();
    let resumed = run(&mut place.runner(&knosc.url(), &["resume", "--latest"]));
    assert_eq!(resumed.exit, 0, "{resumed:?}");
    assert!(resumed.stdout.contains("completed"), "{resumed:?}");
    assert_eq!((accepted(&knosc), knosc.model().upload_posts()), (1, 1));
    // And once more: it is over, and nobody is asked.
    let requests = knosc.model().requests().count();
    let again = run(&mut place.runner(&knosc.url(), &["resume", &run_id(&resumed)]));
    assert_eq!(again.exit, 0, "{again:?}");
    assert_eq!(knosc.model().requests().count(), requests);
}

#[test]
fn an_unknown_outcome_stops_the_trigger_until_somebody_decides() {
    let knosc = knosc();
    let place = Place::new("unknown");
    arm(&knosc, AnswerFault { drop: true, ..on_upload(When::After) });
    units(&place, "units.csv");
    other_units(&place, "other.csv");
    let first = run(&mut place.runner(&knosc.url(), &["upload", "unit-master", "units.csv"]));
    assert_eq!(first.exit, 6, "{first:?}");
    let id = run_id(&first);
    assert!(first.stdout.contains(&format!("knosc-runner runs show {id}")), "{first:?}");
    for words in [
        ["upload", "unit-master", "units.csv", "--unchanged=send"],
        ["upload", "unit-master", "other.csv", "--unchanged=send"],
    ] {
        let refused = run(&mut place.runner(&knosc.url(), &words));
        assert_eq!(refused.exit, 6, "{refused:?}");
        assert!(refused.stderr.contains(&id) && refused.stderr.contains("known: nothing was sent"));
    }
    let resumed = run(&mut place.runner(&knosc.url(), &["resume", &id]));
    assert_eq!((resumed.exit, knosc.model().upload_posts()), (6, 1), "{resumed:?}");
    let shown = run(&mut place.runner(&knosc.url(), &["runs", "show", &id]));
    assert!(shown.stdout.contains("/api/unit-master lists what is stored now"), "{shown:?}");
    let checked = show_json(&place, &knosc, &id);
    let check = &checked["steps"][0]["check"];
    assert_eq!(check["list_url"], format!("{}/api/unit-master", knosc.url()), "{checked}");
    assert!(check["look"][1].as_str().unwrap().contains("rows that only this file holds"));
    for (answer, typed) in [("accepted", "--accepted JOB-ID"), ("not_accepted", "--not-accepted")] {
        let line = format!("knosc-runner runs resolve {id} 1 {typed}");
        assert_eq!(check[answer], line, "{checked}");
        assert!(shown.stdout.contains(&line), "{shown:?}");
    }
    // Another trigger goes its way.
    place.export("suppliers.csv", "suppliers.csv");
    let other =
        run(&mut place.runner(&knosc.url(), &["upload", "supplier-master", "suppliers.csv"]));
    assert_eq!(other.exit, 0, "{other:?}");

    // Knosc has it: the person says so, and it is watched to its end.
    let job_id = knosc.model().uploads()[0].job_id.clone();
    let words = ["runs", "resolve", &id, "unit-master", "--accepted", &job_id];
    let resolved = run(&mut place.runner(&knosc.url(), &words));
    assert_eq!(resolved.exit, 0, "{resolved:?}");
    let resumed = run(&mut place.runner(&knosc.url(), &["resume", &id]));
    assert_eq!(resumed.exit, 0, "{resumed:?}");
    // There is nothing to decide any more.
    let decided = show_json(&place, &knosc, &id);
    assert!(decided["steps"][0].get("check").unwrap().is_null(), "{decided}");
    let next = run(&mut place.runner(&knosc.url(), &["upload", "unit-master", "other.csv"]));
    assert_eq!(next.exit, 0, "{next:?}");
    let shown = run(&mut place.runner(&knosc.url(), &["runs", "show", &id]));
    assert!(
        shown.stdout.contains("decided: accepted as") && shown.stdout.contains('@'),
        "{shown:?}"
    );
}

/// All that is known of a run, for programs.
fn show_json(place: &Place, knosc: &Running, id: &str) -> serde_json::Value {
    let words = ["runs", "show", id, "--output", "json"];
    let shown = run(&mut place.runner(&knosc.url(), &words));
    assert_eq!(shown.exit, 0, "{shown:?}");
    serde_json::from_str(&shown.stdout).unwrap()
}

/// Nothing is known to be readable of some triggers, and the state folder is named in what is to be typed.
#[test]
fn what_can_be_looked_up_is_named_only_where_it_is_documented() {
    let knosc = knosc();
    let place = Place::new("undocumented");
    place.export("inventory.csv", "inventory.csv");
    arm(&knosc, AnswerFault { drop: true, ..on_upload(When::Before) });
    let words = ["upload", "inventory", "inventory.csv", "--state", "elsewhere"];
    let unknown = run(&mut place.runner(&knosc.url(), &words));
    assert_eq!(unknown.exit, 6, "{unknown:?}");
    let id = run_id(&unknown);
    let show = |more: &[&str]| {
        let words = [&["runs", "show", &id, "--state", "elsewhere"], more].concat();
        run(&mut place.runner(&knosc.url(), &words)).stdout
    };
    let document: serde_json::Value = serde_json::from_str(&show(&["--output=json"])).unwrap();
    let check = &document["steps"][0]["check"];
    assert!(check.get("list_url").unwrap().is_null(), "{document}");
    let typed = format!("knosc-runner runs resolve {id} 1 --not-accepted --state elsewhere");
    assert_eq!(check["not_accepted"], typed, "{document}");
    let text = show(&[]);
    assert!(!text.contains("GET ") && text.contains(&typed), "{text}");
    let words: Vec<&str> = typed.split(' ').skip(1).collect();
    let resolved = run(&mut place.runner(&knosc.url(), &words));
    assert_eq!(resolved.exit, 0, "{resolved:?}");
}

#[test]
fn a_file_that_was_not_accepted_loads_after_somebody_said_so() {
    let knosc = knosc();
    let place = Place::new("not-accepted");
    arm(&knosc, AnswerFault { drop: true, ..on_upload(When::Before) });
    units(&place, "units.csv");
    let words = ["upload", "unit-master", "units.csv"];
    let first = run(&mut place.runner(&knosc.url(), &words));
    assert_eq!((first.exit, accepted(&knosc)), (6, 0), "{first:?}");
    let id = run_id(&first);
    let neither = run(&mut place.runner(&knosc.url(), &["runs", "resolve", &id, "1"]));
    assert_eq!(neither.exit, 2, "{neither:?}");
    let resolve = ["runs", "resolve", &id, "1", "--not-accepted"];
    assert_eq!(run(&mut place.runner(&knosc.url(), &resolve)).exit, 0);
    // It is decided, and not decided twice.
    assert_eq!(run(&mut place.runner(&knosc.url(), &resolve)).exit, 2);
    let loaded = run(&mut place.runner(&knosc.url(), &words));
    assert_eq!((loaded.exit, accepted(&knosc)), (0, 1), "{loaded:?}");
    // The first run was overtaken by then.
    let late = run(&mut place.runner(&knosc.url(), &["resume", &id]));
    assert_eq!((late.exit, accepted(&knosc)), (12, 1), "{late:?}");
}

#[test]
fn a_run_whose_file_changed_is_not_resumed() {
    let knosc = knosc();
    let place = Place::new("changed");
    arm(&knosc, AnswerFault { drop: true, ..on_upload(When::Before) });
    units(&place, "units.csv");
    let first = run(&mut place.runner(&knosc.url(), &["upload", "unit-master", "units.csv"]));
    let id = run_id(&first);
    run(&mut place.runner(&knosc.url(), &["runs", "resolve", &id, "1", "--not-accepted"]));
    other_units(&place, "units.csv");
    let resumed = run(&mut place.runner(&knosc.url(), &["resume", &id]));
    assert_eq!((resumed.exit, knosc.model().upload_posts()), (7, 1), "{resumed:?}");
    std::fs::remove_file(place.path().join("units.csv")).unwrap();
    let resumed = run(&mut place.runner(&knosc.url(), &["resume", &id]));
    assert_eq!((resumed.exit, knosc.model().upload_posts()), (7, 1), "{resumed:?}");
}

#[test]
fn a_poll_of_another_call_tells_the_journal_how_a_job_ended() {
    let knosc = knosc();
    let place = Place::new("poll-records");
    units(&place, "units.csv");
    let words = ["upload", "unit-master", "units.csv", "--detach"];
    let left = run(&mut place.runner(&knosc.url(), &words));
    assert_eq!(left.exit, 0, "{left:?}");
    let again = run(&mut place.runner(&knosc.url(), &words));
    assert_eq!(again.exit, 12, "{again:?}");
    let job = format!("unit-master:{}", knosc.model().uploads()[0].job_id);
    let polled = run(&mut place.runner(&knosc.url(), &["poll", &job, "--wait", "1m"]));
    assert_eq!(polled.exit, 0, "{polled:?}");
    let listed = run(&mut place.runner(&knosc.url(), &["runs", "list"]));
    assert!(listed.stdout.contains("1 completed"), "{listed:?}");
}

#[test]
fn a_job_is_polled_to_its_end_from_another_machine() {
    let knosc = knosc();
    let (here, there) = (Place::new("here"), Place::new("there"));
    units(&here, "units.csv");
    let words = ["upload", "unit-master", "units.csv", "--detach"];
    let left = run(&mut here.runner(&knosc.url(), &words));
    assert_eq!(left.exit, 0, "{left:?}");
    let job = format!("unit-master:{}", knosc.model().uploads()[0].job_id);
    // Neither the file nor a journal is there.
    let polled = run(&mut there.runner(&knosc.url(), &["poll", &job, "--wait", "1m"]));
    assert_eq!(polled.exit, 0, "{polled:?}");
    assert!(polled.stdout.contains("completed"), "{polled:?}");
    assert_eq!(knosc.model().upload_posts(), 1);
}
