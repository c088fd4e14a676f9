//! What a test may turn and see: knobs, faults, the log, and that no secret is shown.

use local_knosc::{AnswerFault, DEFAULT_PASSWORD, Fate, When};
use serde_json::{Value, json};

use crate::client::{Client, encode, signed_in, upload};

const UNITS: &[u8] = b"_UnitCode\nEA\n";

fn arm(client: &mut Client, fault: AnswerFault) {
    client.model.faults_mut("acme").unwrap().answers.push(fault);
}

#[test]
fn a_fault_strikes_before_or_after_acceptance() {
    for (when, accepted) in [(When::Early, 0), (When::Before, 0), (When::After, 1)] {
        let mut client = signed_in();
        let status = Some(503);
        let headers = vec![("Retry-After".to_owned(), "7".to_owned())];
        arm(
            &mut client,
            AnswerFault {
                when,
                status,
                headers,
                body: Some("<html>".into()),
                ..AnswerFault::default()
            },
        );
        let answer = client.upload("unit-master", "u.csv", UNITS);
        assert_eq!((answer.status, answer.header("Retry-After")), (503, Some("7")));
        assert_eq!(
            (answer.body.as_slice(), answer.header("Content-Type")),
            (b"<html>".as_slice(), None)
        );
        assert_eq!(client.model.uploads().len(), accepted, "{when:?}");
        assert_eq!(client.upload("unit-master", "u.csv", UNITS).status, 200, "it struck once");
        assert_eq!(client.model.upload_posts(), 2);
    }
}

#[test]
fn connections_drop_and_bodies_break_off() {
    let mut client = signed_in();
    arm(&mut client, AnswerFault { drop: true, ..AnswerFault::default() });
    arm(&mut client, AnswerFault { truncate: Some(3), delay_ms: 20, ..AnswerFault::default() });
    assert_eq!(client.upload("unit-master", "u.csv", UNITS).fate, Fate::Dropped);
    let answer = client.upload("unit-master", "u.csv", UNITS);
    assert_eq!((answer.fate, answer.delay_ms), (Fate::Truncated(3), 20));
    assert_eq!(client.model.uploads().len(), 2, "both were accepted");
}

#[test]
fn a_fault_picks_its_requests() {
    let mut client = signed_in();
    let fault = AnswerFault {
        method: Some("GET".into()),
        skip: 1,
        times: 2,
        status: Some(500),
        ..AnswerFault::default()
    };
    arm(&mut client, fault);
    assert_eq!(client.upload("unit-master", "u.csv", UNITS).status, 200);
    let statuses: Vec<u16> = (0..4).map(|_| client.get("/api/job?jobs=[]").status).collect();
    assert_eq!(statuses, [200, 500, 500, 200]);
}

#[test]
fn polls_can_be_bent() {
    // (the fault, the statuses of the next two polls; an empty text for a job that is missing)
    let cases = [
        (json!({"omit": 1}), ["", "completed"]),
        (json!({"backwards": 1}), ["queued", "completed"]),
        (json!({"bare": true}), ["completed", "completed"]),
    ];
    for (polls, expected) in cases {
        let mut client = signed_in();
        let id = client.queue("unit-master", "_UnitCode\nEA\n");
        client.now += 1_000;
        client.knobs(&json!({"faults": {"polls": polls}}));
        let status = |client: &mut Client| {
            client.poll("unit-master", &id)["status"].as_str().unwrap_or("").to_owned()
        };
        assert_eq!([status(&mut client), status(&mut client)], expected, "{polls}");
    }
    let mut client = signed_in();
    client.knobs(&json!({"queued_ms": 1_000, "faults": {"polls": {"status_word": ["paused", 1]}}}));
    let id = client.queue("unit-master", "_UnitCode\nEA\n");
    assert_eq!(client.poll("unit-master", &id)["status"], "paused");
    assert_eq!(client.poll("unit-master", &id)["status"], "queued");
}

#[test]
fn polls_can_be_reordered_and_hold_foreign_jobs() {
    let mut client = signed_in();
    let ids = [
        client.queue("unit-master", "_UnitCode\nEA\n"),
        client.queue("unit-master", "_UnitCode\nKG\n"),
    ];
    client.knobs(&json!({"faults": {"polls": {"reorder": true, "foreign": 1}}}));
    let asked: Vec<Value> =
        ids.iter().map(|id| json!({"trigger": "unit-master", "job_id": id})).collect();
    let body =
        client.get(&format!("/api/job?jobs={}", encode(&json!(asked).to_string()))).to_json();
    let listed: Vec<&str> =
        body["jobs"].as_array().unwrap().iter().map(|j| j["job_id"].as_str().unwrap()).collect();
    assert_eq!(listed, ["item-master-upload-zzz000", &ids[1], &ids[0]]);
}

#[test]
fn jobs_can_fail_with_any_number_of_errors() {
    for count in [0_usize, 100_000] {
        let mut client = signed_in();
        client.knobs(&json!({"faults": {"jobs": {"errors": count}}}));
        let job = client.run("unit-master", "_UnitCode\nEA\n");
        assert_eq!(
            (&job["status"], job["errors"].as_array().unwrap().len()),
            (&json!("failed"), count)
        );
    }
    let mut client = signed_in();
    client.knobs(&json!({"faults": {"jobs": {"completed_with_errors": 2}}}));
    let job = client.run("unit-master", "_UnitCode\nEA\n");
    assert_eq!((&job["status"], job["errors"].as_array().unwrap().len()), (&json!("completed"), 2));
    assert_eq!(
        client.run("unit-master", "_UnitCode\nEA\n")["errors"],
        json!([]),
        "the next job only"
    );
}

#[test]
fn the_knobs_endpoint_turns_all_or_nothing() {
    let mut client = signed_in();
    let mut post = |body: &Value| client.post("/_local/knobs", body);
    let answer = post(
        &json!({"rows_per_second": 5, "assumed_codes": {"csrf": "X"}, "integration_lock": {"polls": 2}}),
    );
    assert_eq!((answer.status, &answer.to_json()["knobs"]["rows_per_second"]), (200, &json!(5)));
    let bad = [
        json!({"rows_per_second": 6, "no_such_knob": 1}),
        json!({"rows_per_second": "fast"}),
        json!({"rows_per_second": 6, "integration_lock": "yes"}),
        json!({"rows_per_second": 6, "faults": {"answers": [{"whence": "early"}]}}),
        json!({"rows_per_second": 6, "touch_user": "nobody"}),
        json!({"rows_per_second": 6, "expire_sessions": 1}),
        json!([]),
    ];
    for body in bad {
        assert_eq!(post(&body).status, 400, "{body}");
    }
    let knobs = client.get("/_local/knobs").to_json();
    assert_eq!(knobs["knobs"]["rows_per_second"], 5);
    assert_eq!(knobs["knobs"]["assumed_codes"]["csrf"], "X");
    assert_eq!(knobs["knobs"]["assumed_codes"]["locked"], "User.Locked", "the other codes stay");
}

#[test]
fn the_log_shows_what_came_and_no_secret() {
    let mut client = signed_in();
    client.upload("unit-master", "u.csv", UNITS);
    let requests = client.get("/_local/requests").to_json();
    let last = &requests["requests"][1];
    assert_eq!(
        (&last["method"], &last["path"], &last["status"]),
        (&json!("POST"), &json!("/api/job/unit-master"), &json!(200))
    );
    assert_eq!(
        (&last["session_cookie"], &last["refresh_cookie"], &last["csrf"]),
        (&json!(true), &json!(false), &json!(true))
    );
    let uploads = client.get("/_local/uploads").to_json();
    assert_eq!((&uploads["sign_in_attempts"], &uploads["upload_posts"]), (&json!(1), &json!(1)));
    assert_eq!(uploads["uploads"][0]["trigger"], "unit-master");
    let jobs = client.get("/_local/jobs").to_json();
    assert_eq!(jobs["jobs"][0]["trigger"], "unit-master");
    let debug = format!("{:?} {:?}", client.model, upload("unit-master", "u.csv", UNITS));
    let secrets = client.cookies.values().map(String::as_str).chain([DEFAULT_PASSWORD]);
    for secret in secrets {
        for text in [&requests.to_string(), &uploads.to_string(), &jobs.to_string(), &debug] {
            assert!(!text.contains(secret), "a secret is shown");
        }
    }
}

#[test]
fn the_log_is_bounded() {
    let mut client = signed_in();
    client.knobs(&json!({"request_log_max": 3}));
    for _ in 0..10 {
        client.get("/api/job?jobs=[]");
    }
    assert_eq!(client.model.requests().count(), 3);
}

#[test]
fn a_clone_goes_its_own_way() {
    let mut client = signed_in();
    let mut other = client.model.clone();
    client.upload("unit-master", "u.csv", UNITS);
    assert_eq!((client.model.uploads().len(), other.uploads().len()), (1, 0));
    assert!(other.jobs("acme", client.now).is_empty());
}
