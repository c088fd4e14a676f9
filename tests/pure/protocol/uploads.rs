//! Frames against a strict reader that is not ours (the model's, on multer), and the answers to good uploads.

use knosc_bulk_import::blob::BlobError;
use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::job::JobStatus;
use knosc_bulk_import::protocol::cookies::session_headers;
use knosc_bulk_import::protocol::upload::{self, Boundary, Frame};
use knosc_bulk_import::protocol::{Method, Sent, authenticate};
use knosc_bulk_import::session::Session;
use knosc_bulk_import::trigger::Trigger;
use local_knosc::{Config, DEFAULT_PASSWORD, DEFAULT_TENANT, DEFAULT_USER, Model};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::exchange::{exchange, local_request};
use super::{NOW_MS, answer};

fn signed_in() -> (Model, Session) {
    let mut model = Model::new(Config::default());
    let answer =
        exchange(&mut model, authenticate::request(DEFAULT_USER, DEFAULT_PASSWORD), &[], NOW_MS);
    match authenticate::read(&answer) {
        Ok(authenticate::SignIn::SignedIn(session)) => (model, session),
        other => panic!("{other:?}"),
    }
}

/// Sends a file to the model, and gives the name and digest that arrived. The model's reader wants exactly one part, no
/// other part headers, and the closing boundary at the very end.
fn arrived(model: &mut Model, session: &Session, name: &str, bytes: &[u8]) -> (String, String) {
    let frame = Frame::new(Trigger::ItemMaster, name, bytes.len() as u64, &drawn()).unwrap();
    let body = [frame.head.as_slice(), bytes, frame.tail.as_slice()].concat();
    assert_eq!(body.len() as u64, frame.content_length);
    let mut request =
        local_request("POST", &frame.path).with_header("content-type", &frame.content_type);
    for (name, value) in session_headers(session, Method::Post) {
        request = request.with_header(name, &value);
    }
    let accepted = model.uploads().len();
    let response = model.answer(DEFAULT_TENANT, &request.with_body(body), NOW_MS);
    assert_eq!(response.status, 200, "{name:?}: {}", response.to_json());
    assert_eq!(model.uploads().len(), accepted + 1);
    let record = model.uploads().last().unwrap();
    assert_eq!(record.size, bytes.len() as u64);
    (record.file_name.clone(), record.sha256.clone())
}

fn drawn() -> Boundary {
    Boundary::from_random(0x86bf_2516_3409_89bd_9800_6422_7e6b_dcaf)
}

fn sha256(bytes: &[u8]) -> String {
    let digest: Vec<String> =
        Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    digest.concat()
}

#[test]
fn names_arrive_as_one_part_with_the_same_bytes() {
    let (mut model, session) = signed_in();
    let other = Boundary::from_random(0x86bf_2516_3409_89bd_9800_6422_7e6b_dcae);
    let own = Frame::new(Trigger::ItemMaster, "a.csv", 4, &other).unwrap();
    let look_alike =
        [own.head.as_slice(), b"x", own.tail.as_slice(), b"\r\n--\r\n--knosc-\r\n"].concat();
    let mut check = |name: &str, expected: &str| {
        for bytes in [b"a,b\r".as_slice(), b"\r\n--", b"\0\xFF\xFE\r\n\r\n", &look_alike] {
            let (name, digest) = arrived(&mut model, &session, name, bytes);
            assert_eq!(name, expected);
            assert_eq!(digest, sha256(bytes), "{name}");
        }
    };
    check("items.csv", "items.csv");
    check("exports/items.csv", "items.csv");
    check(r"C:\exports\items.csv", "items.csv");
    check("a\"b.csv", "a%22b.csv");
    check("a\r\nX-Evil: 1\r\n\r\nb.csv", "a%0D%0AX-Evil: 1%0D%0A%0D%0Ab.csv");
    check("a\0b\u{7f}\u{85}\t.csv", "a%00b%7F%C2%85%09.csv");
    check("Stückliste 品目 🙂.csv", "Stückliste 品目 🙂.csv");
    check("100%; name=x.csv", "100%; name=x.csv");
    check("--boundary--.csv", "--boundary--.csv");
    let own_boundary = own.content_type.split_once('=').unwrap().1;
    check(&format!("--{own_boundary}--.csv"), &format!("--{own_boundary}--.csv"));
    let long = format!("{}.csv", "é".repeat(2_046));
    check(&long, &long);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_name_and_any_bytes_arrive(
        name in "[^/\\\\]{1,60}\\.csv",
        bytes in prop::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'-'), any::<u8>()], 1..400),
    ) {
        let (mut model, session) = signed_in();
        let (arrived_name, digest) = arrived(&mut model, &session, &name, &bytes);
        prop_assert_eq!(digest, sha256(&bytes));
        prop_assert!(!arrived_name.chars().any(char::is_control));
    }
}

#[test]
fn a_frame_has_the_boundary_that_was_drawn() {
    let framed =
        |boundary: &Boundary| Frame::new(Trigger::Forecast, "a.csv", 10, boundary).unwrap();
    let frame = framed(&drawn());
    let boundary = "knosc-86bf2516340989bd980064227e6bdcaf";
    assert_eq!(frame.content_type, format!("multipart/form-data; boundary={boundary}"));
    assert!(frame.head.starts_with(format!("--{boundary}\r\n").as_bytes()));
    assert_eq!(frame.tail, format!("\r\n--{boundary}--\r\n").as_bytes());
    assert_ne!(frame, framed(&Boundary::from_random(1)));
}

/// The boundary that a file could hold while it was computed from trigger, name and size.
#[test]
fn content_made_for_a_computed_boundary_arrives_whole() {
    let (mut model, session) = signed_in();
    let computed = "knosc-e380fafec5a3eb0f91dd6a390177a386";
    let content = format!(
        "a,b\r\n1,2\r\n--{computed}\r\nContent-Disposition: form-data; name=\"action\"\r\n\r\nDELETE_ALL\r\n--{computed}--\r\n"
    );
    let (_, digest) = arrived(&mut model, &session, "a.csv", content.as_bytes());
    assert_eq!(digest, sha256(content.as_bytes()));
}

#[test]
fn what_cannot_be_framed() {
    let check = |name: &str, size, expected: BlobError| {
        assert_eq!(Frame::new(Trigger::Forecast, name, size, &drawn()), Err(expected), "{name}");
    };
    check("a.xls", 1, BlobError::Extension { name: "a.xls".into() });
    check("csv", 1, BlobError::Extension { name: "csv".into() });
    check("x/a.csv", 0, BlobError::Empty { name: "a.csv".into() });
    check("", 1, BlobError::NoName);
    check("a.csv/", 1, BlobError::NoName);
    let longest = Frame::new(Trigger::Forecast, "a.csv", u64::MAX, &drawn()).unwrap();
    assert_eq!(longest.content_length, u64::MAX);
}

#[test]
fn good_answers() {
    let check = |status: u16, body: &str, job_id: &str, expected: JobStatus| {
        for cut in [false, true] {
            let mut answer = answer(status, &[], body);
            answer.cut = cut;
            let report = upload::read(Trigger::Demand, &answer, Sent::Sealed, NOW_MS).unwrap();
            assert_eq!((report.job.trigger, report.job.job_id.as_str()), (Trigger::Demand, job_id));
            assert_eq!(report.status, expected, "{body}");
        }
    };
    check(
        200,
        r#"{"job_id":"j","status":"queued","message":"m","new":[1]}"#,
        "j",
        JobStatus::Queued,
    );
    check(202, r#"{"job_id":"j"}"#, "j", JobStatus::Queued);
    check(201, r#"{"job_id":"j","status":null}"#, "j", JobStatus::Queued);
    check(200, r#"{"job_id":"j","status":"running"}"#, "j", JobStatus::Running);
    check(200, r#"{"job_id":"j","status":"Completed"}"#, "j", JobStatus::Other("Completed".into()));
    check(200, r#"{"job_id":"j","status":3}"#, "j", JobStatus::Other("3".into()));
    let longest = "é".repeat(512);
    check(200, &format!(r#"{{"job_id":"{longest}"}}"#), &longest, JobStatus::Queued);
    let word = format!(r#"{{"job_id":"j","status":"{}"}}"#, "w".repeat(5_000));
    check(200, &word, "j", JobStatus::Other("w".repeat(100)));
}

#[test]
fn a_success_before_the_seal_is_unknown() {
    let answer = answer(200, &[], r#"{"job_id":"j-1","status":"queued"}"#);
    for sent in [Sent::Nothing, Sent::Part] {
        let fault = upload::read(Trigger::Demand, &answer, sent, NOW_MS).unwrap_err();
        let Fault::PermanentOutcomeUnknown(refusal) = fault else { panic!("{fault:?}") };
        assert_eq!(refusal.status, Some(200));
        assert_eq!(
            refusal.message,
            "Knosc named job j-1 before the whole file had left, so it may have loaded a part of it"
        );
    }
}
