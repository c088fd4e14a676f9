//! Requests against the documented samples byte for byte, the decoders on the documented answers, and the samples in the
//! modules' own documentation.

use std::fmt::Write;

use knosc_bulk_import::fault::{Fault, Refusal};
use knosc_bulk_import::job::{JobReport, JobStatus, RowError};
use knosc_bulk_import::protocol::authenticate::SignIn;
use knosc_bulk_import::protocol::{
    Method, Request, Sent, authenticate, classify, logout, poll, templates, token_refresh, upload,
    verify_2fa,
};
use knosc_bulk_import::session::{RefreshPair, Session};
use knosc_bulk_import::trigger::Trigger;

use super::{NOW_MS, answer_of, fixture, sample_job};

/// The file of the upload's sample.
const FILE: &[u8] = b"Item Number,Item Unit\r\nWIDGET-99,EACH\r\n";

pub(super) fn session(refreshable: bool) -> Session {
    Session {
        access_token: "<access-jwt>".to_owned(),
        csrf_token: "<access-csrf>".to_owned(),
        refresh: refreshable.then(|| RefreshPair {
            token: "<refresh-jwt>".to_owned(),
            csrf_token: "<refresh-csrf>".to_owned(),
        }),
    }
}

#[test]
fn requests_are_the_documented_ones() {
    let check = |request: Request, name: &str| {
        let method = if request.method == Method::Get { "GET" } else { "POST" };
        let mut text = format!("{method} {}\n", request.path);
        for (name, value) in &request.headers {
            writeln!(text, "{name}: {value}").unwrap();
        }
        if !request.body.is_empty() {
            writeln!(text, "\n{}", String::from_utf8(request.body).unwrap()).unwrap();
        }
        assert_eq!(text, fixture(name), "{name}");
    };
    check(authenticate::request("demo", "correct horse"), "authenticate.request.http");
    check(verify_2fa::request("demo", "123456", None), "verify_2fa.request.http");
    check(token_refresh::request(&session(true).refresh.unwrap()), "token_refresh.request.http");
    check(logout::request(), "logout.request.http");
    check(templates::request(), "templates.request.http");
    check(poll::request(&[sample_job()]).unwrap(), "poll.request.http");
}

#[test]
fn an_upload_is_the_documented_one() {
    let size = FILE.len() as u64;
    let boundary = upload::Boundary::from_random(0x86bf_2516_3409_89bd_9800_6422_7e6b_dcaf);
    let name = "exports/item-master-export.csv";
    let frame = upload::Frame::new(Trigger::ItemMaster, name, size, &boundary).unwrap();
    let head = format!(
        "POST {}\ncontent-type: {}\ncontent-length: {}\n",
        frame.path, frame.content_type, frame.content_length
    );
    assert_eq!(head, fixture("upload.request.http"));
    let body = [frame.head.as_slice(), FILE, frame.tail.as_slice()].concat();
    assert_eq!(String::from_utf8(body.clone()).unwrap(), fixture("upload.body.http"));
    assert_eq!(body.len() as u64, frame.content_length);
}

#[test]
fn answers_are_read_as_documented() {
    let signed_in = authenticate::read(&answer_of("authenticate.answer.http"));
    assert_eq!(signed_in, Ok(SignIn::SignedIn(session(true))));
    assert_eq!(verify_2fa::read(&answer_of("verify_2fa.answer.http")), Ok(session(false)));
    let old = Session { access_token: "old".into(), csrf_token: "old".into(), ..session(true) };
    let renewed = token_refresh::read(&answer_of("token_refresh.answer.http"), &old);
    assert_eq!(renewed, Ok(session(true)));

    let queued = JobReport::of_status(sample_job(), JobStatus::Queued);
    let uploaded =
        upload::read(Trigger::ItemMaster, &answer_of("upload.answer.http"), Sent::Sealed, NOW_MS);
    assert_eq!(uploaded, Ok(queued));

    let refused = classify::read_refused(&answer_of("refused.http"), NOW_MS);
    let expected = Refusal {
        status: Some(403),
        code: Some("User.NotPrivileged".to_owned()),
        message: "Not Privileged for this action".to_owned(),
        retry_after_ms: None,
    };
    assert_eq!(refused, Fault::PermanentUnauthorized(expected));
}

#[test]
fn polls_are_read_as_documented() {
    let check = |name: &str, expected: JobReport| {
        let read = poll::read(&[sample_job()], 200, &[], fixture(name).as_bytes(), NOW_MS);
        assert_eq!(read, Ok(vec![expected]), "{name}");
    };
    let of_status = |status| JobReport::of_status(sample_job(), status);
    let error = |row, message: &str| RowError { row: Some(row), message: message.to_owned() };
    check(
        "poll.running.json",
        JobReport { rows_processed: Some(340), ..of_status(JobStatus::Running) },
    );
    check(
        "poll.completed.json",
        JobReport {
            rows_processed: Some(1500),
            completed_at: Some("2024-06-01T08:45:22Z".to_owned()),
            ..of_status(JobStatus::Completed)
        },
    );
    check(
        "poll.failed.json",
        JobReport {
            rows_processed: Some(412),
            errors: vec![
                error(413, "Item Unit 'EACH' not found in Unit Master"),
                error(419, "Duplicate Item Number: WIDGET-99"),
            ],
            ..of_status(JobStatus::Failed)
        },
    );
}

/// The samples in the documentation are the fixtures, so that neither goes stale.
#[test]
fn the_modules_show_the_same_samples() {
    let check = |module: &str, names: &[&str]| {
        let path = format!("{}/src/protocol/{module}.rs", env!("CARGO_MANIFEST_DIR"));
        let source = std::fs::read_to_string(path).unwrap();
        let doc: Vec<&str> = source.lines().map_while(|line| line.strip_prefix("//!")).collect();
        let doc: Vec<&str> =
            doc.iter().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        let doc = doc.join("\n");
        let blocks: Vec<&str> = doc
            .split("```")
            .skip(1)
            .step_by(2)
            .map(|block| block.split_once('\n').unwrap().1)
            .collect();
        let expected: Vec<String> =
            names.iter().map(|name| fixture(name).replace('\r', "")).collect();
        assert_eq!(blocks, expected, "{module}");
    };
    check("authenticate", &["authenticate.request.http", "authenticate.answer.http"]);
    check("verify_2fa", &["verify_2fa.request.http", "verify_2fa.answer.http"]);
    check("token_refresh", &["token_refresh.request.http", "token_refresh.answer.http"]);
    check("logout", &["logout.request.http"]);
    check("templates", &["templates.request.http"]);
    check("upload", &["upload.request.http", "upload.answer.http"]);
    check("multipart", &["upload.body.http"]);
    check("poll", &["poll.request.http", "poll.failed.json"]);
    check("classify", &["refused.http"]);
}
