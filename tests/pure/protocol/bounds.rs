//! How much is read, what is shown of it, and what the last bytes of an answer decide.

use std::io::{Chain, Read};

use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::job::{JobReport, JobStatus};
use knosc_bulk_import::protocol::authenticate::SignIn;
use knosc_bulk_import::protocol::{
    ANSWER_BYTES_MAX, POLL_ANSWER_BYTES_MAX, authenticate, classify, poll, templates,
};

use super::samples::session;
use super::{NOW_MS, answer, sample_job};

#[test]
fn as_much_is_read_as_is_documented() {
    assert_eq!(ANSWER_BYTES_MAX, 65_536);
    assert_eq!(POLL_ANSWER_BYTES_MAX, 8_388_608);
    assert_eq!(templates::FILE_BYTES_MAX, 8_388_608);
}

#[test]
fn debug_output_says_what_it_is_of() {
    let shown = [
        (format!("{:?}", authenticate::request("demo", "secret")), "/api/authenticate"),
        (format!("{:?}", answer(418, &[], "secret")), "418"),
        (format!("{:?}", SignIn::SignedIn(session(true))), "SignedIn"),
        (format!("{:?}", SignIn::FirstSignInRequired), "FirstSignInRequired"),
    ];
    for (text, expected) in shown {
        assert!(text.contains(expected) && !text.contains("secret"), "{text}");
    }
}

#[test]
fn a_run_of_token_characters_is_not_quoted() {
    let quoted =
        |word: &str| classify::read_refused(&answer(500, &[], word), NOW_MS).message().to_owned();
    assert_eq!(quoted(&"t".repeat(39)), format!("the answer was 500: {}", "t".repeat(39)));
    assert_eq!(quoted(&"t".repeat(40)), "the answer was 500: …");
}

/// A connection that ends with an error.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::ConnectionReset.into())
    }
}

fn breaks(body: &str) -> Chain<&[u8], Broken> {
    body.as_bytes().chain(Broken)
}

#[test]
fn what_is_whole_before_the_connection_breaks_is_whole() {
    let job = [sample_job()];
    let missing = poll::read(&job, 200, &[], breaks(r#"{"jobs":[]}"#), NOW_MS);
    assert_eq!(missing, Ok(vec![JobReport::of_status(sample_job(), JobStatus::Missing)]));
    let open = poll::read(&job, 200, &[], breaks(r#"{"jobs":["#), NOW_MS);
    assert!(matches!(open, Err(Fault::Transient(_))));
    let named = r#"{"jobs":[{"trigger":"item-master","job_id":"item-master-upload-a1b2c3","status":"failed","#;
    let errors_cut = |rest: &str| {
        let reports = poll::read(&job, 200, &[], breaks(&format!("{named}{rest}")), NOW_MS);
        reports.unwrap()[0].errors_cut
    };
    assert!(!errors_cut(r#""errors":null,"x":1"#), "null is a whole list of none");
    assert!(!errors_cut(r#""errors":[],"x":1"#));
    assert!(errors_cut(r#""x":1"#));
}

#[test]
fn blank_files_are_handed_on_and_pages_are_not() {
    let request = templates::file_request("/api/templates/units.xlsx?v=1");
    assert_eq!(request.path, "/api/templates/units.xlsx?v=1");
    let check = |kind: &str, body: &str, cut: bool, expected: Option<&str>| {
        let mut answer = answer(200, &[("content-type", kind)], body);
        answer.cut = cut;
        match (templates::read_file(&answer, NOW_MS), expected) {
            (Ok(file), None) => assert_eq!(file, body.as_bytes()),
            (Err(Fault::Transient(refusal)), Some(part)) => {
                assert!(refusal.message.contains(part), "{refusal:?}");
            }
            other => panic!("{kind} {body}: {other:?}"),
        }
    };
    check("application/octet-stream", "PK", false, None);
    check("application/octet-stream", "PK", true, Some("cut"));
    check("text/csv", "", false, Some("empty"));
    check(" Text/HTML; charset=utf-8", "<html>", false, Some("a page"));
    let refused = templates::read_file(&answer(404, &[], "PK"), NOW_MS);
    assert!(matches!(refused, Err(Fault::PermanentRejected(_))));
}
