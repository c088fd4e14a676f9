//! Answers to polls that are odd, wrong, cut or huge: bounded, and never a status that was not said.

use std::io::{Cursor, Read};

use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::job::{ERROR_BYTES_MAX, ERRORS_MAX, Job, JobReport, JobStatus, RowError};
use knosc_bulk_import::protocol::{ANSWER_BYTES_MAX, POLL_ANSWER_BYTES_MAX, poll};
use knosc_bulk_import::trigger::Trigger;

use super::{NOW_MS, sample_job};

/// The documented job with other keys behind its names.
fn named(rest: &str) -> String {
    format!(
        r#"{{"jobs":[{{"trigger":"item-master","job_id":"item-master-upload-a1b2c3"{rest}}}]}}"#
    )
}

fn read(body: &[u8]) -> Result<JobReport, Fault> {
    poll::read(&[sample_job()], 200, &[], body, NOW_MS).map(|mut reports| reports.remove(0))
}

fn of_status(status: JobStatus) -> JobReport {
    JobReport::of_status(sample_job(), status)
}

fn error(row: Option<u64>, message: &str) -> RowError {
    RowError { row, message: message.to_owned() }
}

#[test]
fn odd_values_are_tolerated() {
    let check = |rest: &str, expected: JobReport| {
        assert_eq!(read(named(rest).as_bytes()), Ok(expected), "{rest}");
    };
    let running = || of_status(JobStatus::Running);
    let status = r#","status":"running""#;
    check(status, running());
    check(
        &format!(r#"{status},"rows_processed":null,"errors":null,"completed_at":null"#),
        running(),
    );
    for rows in ["-1", "1.5", "\"7\"", "[]", "{}", "true", "1e99", "99999999999999999999"] {
        check(&format!(r#"{status},"rows_processed":{rows}"#), running());
    }
    let most = JobReport { rows_processed: Some(u64::MAX), ..running() };
    check(&format!(r#"{status},"rows_processed":18446744073709551615"#), most);
    check(&format!(r#"{status},"x":{{"status":"failed"}},"x":[[1]],"row":1,"row":2"#), running());
    let errors = r#","errors":[{"row":null,"message":"a","x":1},{"row":-2},{"message":null,"row":3},"b",4,null,[5]]"#;
    let kept = vec![
        error(None, "a"),
        error(None, ""),
        error(Some(3), ""),
        error(None, "b"),
        error(None, ""),
        error(None, ""),
        error(None, ""),
    ];
    check(&format!("{status}{errors}"), JobReport { errors: kept, ..running() });
    check(r#","status":"cancelled""#, of_status(JobStatus::Other("cancelled".into())));
    check(r#","status":"COMPLETED""#, of_status(JobStatus::Other("COMPLETED".into())));
    let first_wins = r#","status":"running"},{"trigger":"item-master","job_id":"item-master-upload-a1b2c3","status":"completed""#;
    check(first_wins, running());
}

#[test]
fn jobs_that_are_not_named_are_missing() {
    let check =
        |body: &str| assert_eq!(read(body.as_bytes()), Ok(of_status(JobStatus::Missing)), "{body}");
    check(r#"{"jobs":[]}"#);
    check(r#"{"jobs":[{}]}"#);
    check(r#"{"x":1,"jobs":[{"trigger":"item-master","status":"completed"}],"y":{}}"#);
    check(r#"{"jobs":[{"job_id":"item-master-upload-a1b2c3","status":"completed"}]}"#);
    check(
        r#"{"jobs":[{"trigger":"forecast","job_id":"item-master-upload-a1b2c3","status":"completed"}]}"#,
    );
    check(
        r#"{"jobs":[{"trigger":"item-master","job_id":"ITEM-MASTER-UPLOAD-A1B2C3","status":"completed"}]}"#,
    );
    check(
        r#"{"jobs":[{"trigger":["item-master"],"job_id":"item-master-upload-a1b2c3","status":"completed"}]}"#,
    );
}

#[test]
fn other_shapes_are_transient() {
    let check = |body: &str| {
        let fault = read(body.as_bytes()).unwrap_err();
        assert!(matches!(fault, Fault::Transient(_)), "{body}: {fault:?}");
        assert!(
            fault.message().starts_with("the answer is not the documented JSON"),
            "{body}: {fault:?}"
        );
        assert_eq!(fault.refusal().unwrap().status, Some(200));
    };
    check("<html><body>Maintenance</body></html>");
    check("[]");
    check("null");
    check("7");
    check("{}");
    check(r#"{"jobs":null}"#);
    check(r#"{"jobs":{}}"#);
    check(r#"{"jobs":[null]}"#);
    check(r#"{"jobs":[],"jobs":[]}"#);
    check(&named(""));
    check(&named(r#","status":null"#));
    check(&named(r#","status":4"#));
    check(&named(r#","status":"running","status":"completed""#));
    check(&named(r#","status":"completed","errors":7"#));
    check(&named(r#","status":"completed""#).replace("]}", "]} trailing"));
    check(&named(r#","status":"completed","x":nul"#));
    check(&"[".repeat(100_000));
}

#[test]
fn deep_unknown_values_are_no_danger() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let read = read(named(&format!(r#","status":"running","x":{deep}"#)).as_bytes());
    assert!(read.is_err() || read.as_ref().is_ok_and(|report| report.status == JobStatus::Running));
}

/// A body that fails after its bytes.
struct Breaks<'a>(&'a [u8]);

impl Read for Breaks<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(buffer)? {
            0 if !buffer.is_empty() => Err(std::io::ErrorKind::ConnectionReset.into()),
            read => Ok(read),
        }
    }
}

#[test]
fn a_cut_answer_says_what_it_said() {
    let check = |rest: &str, expected: Option<JobReport>| {
        let whole = named(rest);
        let cut = whole.trim_end_matches("}]}");
        let ended = read(cut.as_bytes());
        let broken = poll::read(&[sample_job()], 200, &[], Breaks(cut.as_bytes()), NOW_MS);
        assert_eq!(broken.map(|mut reports| reports.remove(0)), ended, "{rest}");
        match (ended, expected) {
            (Ok(report), expected) => assert_eq!(Some(report), expected, "{rest}"),
            (Err(Fault::Transient(refusal)), None) => {
                assert!(refusal.message.contains("cut"), "{rest}");
            }
            other => panic!("{rest}: {other:?}"),
        }
    };
    let failed = |report: JobReport| Some(JobReport { errors_cut: true, ..report });
    let bare = || of_status(JobStatus::Failed);
    check("", None);
    check(r#","status":"compl"#, None);
    check(r#","errors":[{"row":1,"message":"m"}],"rows_processed":3"#, None);
    check(r#","status":"failed""#, failed(bare()));
    // Of 1500, cut after 15, nothing is known.
    check(r#","status":"failed","rows_processed":15"#, failed(bare()));
    let rows = JobReport { rows_processed: Some(15), ..bare() };
    check(r#","status":"failed","rows_processed":15,"#, failed(bare()));
    check(r#","status":"failed","rows_processed":15,"errors":["#, failed(rows.clone()));
    let one = JobReport { errors: vec![error(Some(1), "m")], ..rows };
    check(
        r#","status":"failed","rows_processed":15,"errors":[{"row":1,"message":"m"},{"row":2"#,
        failed(one.clone()),
    );
    check(
        r#","status":"failed","rows_processed":15,"errors":[{"row":1,"message":"m"}],"x":1"#,
        Some(one),
    );
}

#[test]
fn the_end_of_the_list_need_not_arrive() {
    let jobs = [sample_job(), Job { job_id: "other".into(), ..sample_job() }];
    let body = named(r#","status":"completed"},{"x":1"#);
    let read =
        |jobs: &[Job]| poll::read(jobs, 200, &[], &body.as_bytes()[..body.len() - 4], NOW_MS);
    assert_eq!(read(&jobs[..1]), Ok(vec![of_status(JobStatus::Completed)]));
    // Whether the other one would have been named is not known: not missing.
    assert!(matches!(read(&jobs), Err(Fault::Transient(_))));
    let whole = named(r#","status":"completed""#);
    let broken = poll::read(&jobs[..1], 200, &[], Breaks(whole.as_bytes()), NOW_MS);
    assert_eq!(broken, Ok(vec![of_status(JobStatus::Completed)]));
}

#[test]
fn errors_are_bounded_and_counted() {
    let list = |count: usize, message: &str| {
        let errors: Vec<String> =
            (1..=count).map(|row| format!(r#"{{"row":{row},"message":"{message}"}}"#)).collect();
        named(&format!(r#","status":"failed","errors":[{}]"#, errors.join(",")))
    };
    let check = |count: usize, message: &str, kept: usize, cut_to: usize| {
        let report = read(list(count, message).as_bytes()).unwrap();
        assert_eq!((report.errors.len(), report.errors_omitted), (kept, (count - kept) as u64));
        assert!(!report.errors_cut);
        let bytes: usize = report.errors.iter().map(|error| error.message.len()).sum();
        assert!(bytes <= ERROR_BYTES_MAX);
        assert!(report.errors.iter().all(|error| error.message.len() == cut_to));
        assert!(report.errors.iter().zip(1..).all(|(error, row)| error.row == Some(row)));
    };
    check(ERRORS_MAX, "m", ERRORS_MAX, 1);
    check(ERRORS_MAX + 1, "m", ERRORS_MAX, 1);
    check(100_000, "m", ERRORS_MAX, 1);
    check(100, &"é".repeat(4_000), 64, 4_096);
    check(3, &format!("x{}", "é".repeat(4_000)), 3, 4_095);
}

#[test]
fn kept_errors_have_no_holes() {
    let long = format!(r#"{{"row":1,"message":"{}"}}"#, "m".repeat(4_096));
    // 64 long ones fill the bytes, the next does not fit, and the short one behind it would.
    let errors = format!(r#"{},{{"row":2,"message":""}}"#, vec![long; 65].join(","));
    let report =
        read(named(&format!(r#","status":"failed","errors":[{errors}]"#)).as_bytes()).unwrap();
    assert_eq!((report.errors.len(), report.errors_omitted), (64, 2));
}

#[test]
fn a_million_errors_are_cut_and_the_status_stands() {
    let head = named(r#","status":"failed","rows_processed":412,"errors":["#);
    let head = head.trim_end_matches("}]}").to_owned();
    let each = br#"{"row":413,"message":"Item Unit 'EACH' not found in Unit Master"},"#;
    let errors = std::iter::repeat_n(each, 1_000_000).flatten().copied();
    let mut body: Vec<u8> = head.into_bytes();
    body.extend(errors);
    body.pop();
    body.extend(b"]}]}");
    assert!(body.len() > POLL_ANSWER_BYTES_MAX);
    let mut reader = Cursor::new(&body);
    let reports = poll::read(&[sample_job()], 200, &[], &mut reader, NOW_MS).unwrap();
    assert_eq!(reader.position(), POLL_ANSWER_BYTES_MAX as u64);
    let report = &reports[0];
    assert_eq!((&report.status, report.rows_processed), (&JobStatus::Failed, Some(412)));
    assert!(report.errors_cut);
    assert_eq!(report.errors.len(), ERRORS_MAX);
    let whole = (POLL_ANSWER_BYTES_MAX / each.len()) as u64;
    assert!((whole - 3..=whole).contains(&(report.errors_omitted + ERRORS_MAX as u64)));
    // The same list with the status behind it: nothing is known of the job.
    let behind = String::from_utf8(body).unwrap().replacen(r#""status":"failed","#, "", 1);
    let behind = behind.replace("]}]}", r#"],"status":"failed"}]}"#);
    assert!(matches!(read(behind.as_bytes()), Err(Fault::Transient(_))));
}

#[test]
fn refusals_read_no_more_than_they_need() {
    let body = vec![b'x'; 2 * ANSWER_BYTES_MAX];
    let mut reader = Cursor::new(&body);
    let headers = [("retry-after".to_owned(), "3".to_owned())];
    let fault = poll::read(&[sample_job()], 503, &headers, &mut reader, NOW_MS).unwrap_err();
    assert_eq!(reader.position(), ANSWER_BYTES_MAX as u64 + 1);
    assert_eq!(fault.refusal().unwrap().retry_after_ms, Some(3_000));
    let broken = poll::read(&[sample_job()], 401, &[], Breaks(b""), NOW_MS).unwrap_err();
    assert!(matches!(broken, Fault::PermanentUnauthorized(_)));
}

#[test]
fn what_can_be_asked() {
    let job = |job_id: &str| Job { trigger: Trigger::Forecast, job_id: job_id.to_owned() };
    let check = |jobs: &[Job], fits: bool| {
        let request = poll::request(jobs);
        assert_eq!(request.is_ok(), fits, "{request:?}");
        assert!(fits || matches!(request, Err(Fault::PermanentInvalid(_))));
    };
    check(&[], false);
    check(&vec![job("a"); 50], true);
    check(&vec![job("a"); 51], false);
    check(&[job("")], false);
    check(&[job("a\nb")], false);
    check(&[job(&"a".repeat(513))], false);
    let request = poll::request(&[job("a\"é&+ %")]).unwrap();
    let expected = "%22a%5C%22%C3%A9%26%2B%20%25%22%7D%5D";
    assert!(request.path.ends_with(expected), "{}", request.path);
}

#[test]
fn a_job_named_twice_has_not_ended() {
    let entry = |id: &str, status: &str| {
        format!(r#"{{"trigger": "item-master", "job_id": "{id}", "status": "{status}"}}"#)
    };
    let (id, other) = ("item-master-upload-a1b2c3", "item-master-upload-zzzzzz");
    let check = |entries: &[(&str, &str)], expected: JobStatus| {
        let entries: Vec<String> = entries.iter().map(|(id, status)| entry(id, status)).collect();
        for end in ["]}", ""] {
            let body = format!(r#"{{"jobs": [{}{end}"#, entries.join(", "));
            assert_eq!(
                read(body.as_bytes()).map(|report| report.status),
                Ok(expected.clone()),
                "{body}"
            );
        }
    };
    let two = |word: &str| JobStatus::Other(word.to_owned());
    check(&[(id, "completed"), (id, "failed")], two("completed and failed"));
    check(&[(id, "failed"), (id, "completed")], two("failed and completed"));
    check(&[(id, "failed"), (id, "completed"), (id, "failed")], two("failed and completed"));
    check(&[(id, "completed"), (id, "running")], JobStatus::Running);
    check(&[(id, "completed"), (id, "running"), (id, "completed")], JobStatus::Running);
    check(&[(id, "queued"), (id, "completed")], JobStatus::Queued);
    check(&[(id, "completed"), (id, "paused")], two("paused"));
    check(&[(other, "failed"), (id, "completed"), (id, "completed")], JobStatus::Completed);
}
