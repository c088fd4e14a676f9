//! Every decoder that eats Knosc's bytes, on valid samples that were cut at each byte and changed anyhow: no panic, every cap holds,
//! and nothing is said that the bytes do not say. `PROPTEST_CASES=200000 cargo test --release --test protocol fuzz` takes long.

use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::job::{ERROR_BYTES_MAX, ERRORS_MAX, Job, JobReport, JobStatus};
use knosc_bulk_import::policy::RETRY_AFTER_MAX_MS;
use knosc_bulk_import::protocol::authenticate::SignIn;
use knosc_bulk_import::protocol::cookies::{from_cookies_txt, is_sound, session_headers};
use knosc_bulk_import::protocol::{
    Answer, Method, Sent, authenticate, classify, poll, templates, token_refresh, upload,
    verify_2fa,
};
use knosc_bulk_import::trigger::Trigger;
use proptest::prelude::*;
use proptest::sample::Index;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::mutate::{changed, changed_text, changes};
use super::samples::session;
use super::{NOW_MS, answer_of, fixture, sample_job};

const POLLS: [&str; 3] = ["poll.running.json", "poll.completed.json", "poll.failed.json"];
const SIGN_INS: [&str; 3] =
    ["authenticate.answer.http", "verify_2fa.answer.http", "token_refresh.answer.http"];
const WAITS: [&str; 4] =
    ["120", "0", "Sat, 01 Jun 2024 08:45:52 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"];

/// What a job's answer holds beside the sample's: two jobs, one with many errors, with escapes in every word.
const RICH: &str = r#"{"x":[1,{"status":"failed"}],"jobs":[{"trigger":"forecast","job_id":"f","status":"failed"},
{"\u0074rigger":"item-master","job_id":"item-master-upload-\u0061\u0031b2c3","status":"\u0063ompleted","rows_processed":7,
"errors":[{"row":1,"message":"a\"}"},{"message":"é","row":18446744073709551615},{"row":null},"b",null,[{}],-1],
"completed_at":"2024-06-01T08:45:22Z","more":{"errors":[{"row":2}]}}]}"#;

fn is_on_one_line(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

/// What people are shown is bounded and moves no cursor; a wait is bounded.
fn check_fault(fault: &Fault) {
    assert!(fault.message().len() <= 4_096 + 100 && is_on_one_line(fault.message()), "{fault:?}");
    assert!(!fault.message().is_empty());
    let Some(refusal) = fault.refusal() else { return };
    assert!(refusal.retry_after_ms.is_none_or(|wait| (1..=RETRY_AFTER_MAX_MS).contains(&wait)));
    let fits = |code: &String| !code.is_empty() && code.len() <= 200 && is_on_one_line(code);
    assert!(refusal.code.as_ref().is_none_or(fits), "{fault:?}");
}

/// JSON by its grammar: a value that nobody reads may be no number that fits, or no text.
fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(body).is_ok()
}

fn check_status(status: &JobStatus) {
    if let JobStatus::Other(word) = status {
        assert!(word.len() <= 100 && is_on_one_line(word));
    }
}

/// Accepted only with a non-empty job id in valid JSON; a success that names no job is unknown.
fn check_upload(answer: &Answer) {
    for sent in [Sent::Nothing, Sent::Part, Sent::Sealed] {
        let is_success = (200..=299).contains(&answer.status);
        match upload::read(Trigger::ItemMaster, answer, sent, NOW_MS) {
            Ok(report) => {
                if let Ok(body) = serde_json::from_slice::<Value>(&answer.body) {
                    assert_eq!(body["job_id"].as_str(), Some(report.job.job_id.as_str()));
                    let word = body["status"].as_str().map(JobStatus::from_word);
                    let is_final = word.as_ref().is_some_and(JobStatus::is_final);
                    assert_eq!(report.status.is_final(), is_final);
                }
                assert!(is_json(&answer.body), "accepted by what is no JSON");
                let length = report.job.job_id.chars().count();
                assert!(
                    is_success && (1..=512).contains(&length) && is_on_one_line(&report.job.job_id)
                );
                check_status(&report.status);
            }
            Err(fault) => {
                check_fault(&fault);
                assert!(
                    !is_success || matches!(fault, Fault::PermanentOutcomeUnknown(_)),
                    "{fault:?}"
                );
            }
        }
    }
}

/// The entry that a poll is about, read in another way: whole, and by its place in the tree.
fn entry<'a>(body: &'a Value, job: &Job) -> Option<&'a Value> {
    let named = |entry: &&Value| {
        entry["trigger"] == job.trigger.name() && entry["job_id"] == job.job_id.as_str()
    };
    body["jobs"].as_array()?.iter().find(named)
}

/// What a report says, the bytes say: its status word, its row numbers in their order, and as much as fits.
fn check_poll(body: &[u8]) {
    let job = sample_job();
    let read = poll::read(std::slice::from_ref(&job), 200, &[], body, NOW_MS);
    let report = match read {
        Ok(reports) => reports.into_iter().next().expect("one report for one job"),
        Err(fault) => {
            assert!(matches!(fault, Fault::Transient(_)), "{fault:?}");
            return check_fault(&fault);
        }
    };
    assert_eq!(report.job, job);
    check_status(&report.status);
    check_caps(&report);
    if let Ok(whole) = serde_json::from_slice::<Value>(body) {
        return check_against(&report, entry(&whole, &job));
    }
    // A value that is skipped holds what is no text or no number; or the end is missing, a number's in the middle of it too.
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(body) {
        let last_line = body.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        let at_end = error.column() >= last_line.len();
        assert!(error.is_eof() || at_end, "a status out of what is no JSON: {error}");
        assert_ne!(report.status, JobStatus::Missing, "cut, it cannot say what is not in it");
    }
    let text = String::from_utf8_lossy(body).replace("\\u0063", "c");
    let word = format!("\"{}\"", report.status.word());
    assert!(!report.status.is_final() || text.contains(&word), "{word} was not said");
    for row in report.errors.iter().filter_map(|error| error.row) {
        assert!(text.contains(&row.to_string()), "row {row} was not said");
    }
}

fn check_caps(report: &JobReport) {
    let bytes: usize = report.errors.iter().map(|error| error.message.len()).sum();
    assert!(report.errors.len() <= ERRORS_MAX && bytes <= ERROR_BYTES_MAX);
    assert!(report.errors.iter().all(|error| error.message.len() <= 4_096));
    let moment = report.completed_at.as_deref().unwrap_or("none");
    assert!((1..=100).contains(&moment.len()) && is_on_one_line(moment));
}

fn check_against(report: &JobReport, entry: Option<&Value>) {
    let Some(entry) = entry else { return assert_eq!(report.status, JobStatus::Missing) };
    let word = entry["status"].as_str().expect("a status is a word");
    assert_eq!(report.status.is_final(), JobStatus::from_word(word).is_final());
    assert_eq!(report.status == JobStatus::Completed, word == "completed");
    assert_eq!(report.rows_processed, entry["rows_processed"].as_u64());
    let said = entry["errors"].as_array().map_or(&[][..], Vec::as_slice);
    assert!(!report.errors_cut);
    assert_eq!(report.errors.len() as u64 + report.errors_omitted, said.len() as u64);
    for (kept, said) in report.errors.iter().zip(said) {
        assert_eq!(kept.row, said["row"].as_u64(), "rows are never renumbered");
    }
}

/// A session only where Knosc says so and gives both cookies; whatever is taken can stand in a header.
fn check_sign_in(answer: &Answer) {
    let says = |key: &str| match serde_json::from_slice::<Value>(&answer.body) {
        Ok(body) => body[key] == true,
        Err(_) => is_json(&answer.body) && String::from_utf8_lossy(&answer.body).contains(key),
    };
    for read in [authenticate::read(answer), verify_2fa::read(answer).map(SignIn::SignedIn)] {
        match read {
            Ok(SignIn::SignedIn(session)) => {
                assert!(says("login") && is_sound(&session));
                for (_, value) in session_headers(&session, Method::Post) {
                    assert!(is_on_one_line(&value) && value.is_ascii());
                }
            }
            Ok(SignIn::OneTimeCodeRequired(cookie)) => {
                assert!(says("requires_2fa"));
                let fits = |cookie: &String| cookie.is_ascii() && is_on_one_line(cookie);
                assert!(cookie.is_none_or(|cookie| fits(&cookie) && cookie.len() <= 8_192));
            }
            Ok(SignIn::FirstSignInRequired) => assert!(says("first_signin")),
            Err(fault) => check_fault(&fault),
        }
    }
    match token_refresh::read(answer, &session(true)) {
        Ok(renewed) => assert!(is_sound(&renewed) && renewed.refresh.is_some()),
        Err(fault) => check_fault(&fault),
    }
}

fn check_refusal(answer: &Answer) {
    for sent in [Sent::Nothing, Sent::Part, Sent::Sealed] {
        let fault = classify::upload_refused(answer, sent, NOW_MS);
        check_fault(&fault);
        let is_unknown = matches!(fault, Fault::PermanentOutcomeUnknown(_));
        assert!(!is_unknown || sent == Sent::Sealed, "before the seal nothing is unknown");
    }
    check_fault(&classify::read_refused(answer, NOW_MS));
    check_fault(&classify::sign_in_refused(answer, NOW_MS));
}

fn check_templates(answer: &Answer) {
    match templates::read(answer, NOW_MS) {
        Ok(body) => {
            assert!(!answer.cut && body.as_bytes() == answer.body);
            assert!(is_json(body.as_bytes()));
        }
        Err(fault) => check_fault(&fault),
    }
}

/// Everything that reads a whole answer.
fn check_answer(answer: &Answer) {
    check_upload(answer);
    check_sign_in(answer);
    check_refusal(answer);
    check_templates(answer);
}

fn answers() -> Vec<Answer> {
    let refused = |status| Answer { status, ..answer_of("refused.http") };
    let two_factors = Answer {
        body: br#"{"requires_2fa": true}"#.to_vec(),
        ..answer_of("authenticate.answer.http")
    };
    let mut answers: Vec<Answer> = SIGN_INS.iter().map(|name| answer_of(name)).collect();
    answers.extend([answer_of("upload.answer.http"), two_factors]);
    answers.extend([302, 400, 401, 403, 408, 413, 422, 429, 500, 503].map(refused));
    answers
}

fn poll_bodies() -> Vec<Vec<u8>> {
    let samples = POLLS.iter().map(|name| fixture(name).into_bytes());
    samples.chain([RICH.as_bytes().to_vec()]).collect()
}

#[test]
fn every_sample_cut_at_every_byte() {
    for body in poll_bodies() {
        (0..=body.len()).for_each(|end| check_poll(&body[..end]));
    }
    for answer in answers() {
        for end in 0..=answer.body.len() {
            let cut = end < answer.body.len();
            check_answer(&Answer { body: answer.body[..end].to_vec(), cut, ..answer.clone() });
        }
    }
}

#[test]
fn every_byte_of_every_sample_turned() {
    for mask in [0x01, 0x20, 0x80, 0xFF] {
        for mut body in poll_bodies() {
            for at in 0..body.len() {
                body[at] ^= mask;
                check_poll(&body);
                body[at] ^= mask;
            }
        }
        for mut answer in answers() {
            for at in 0..answer.body.len() {
                answer.body[at] ^= mask;
                check_answer(&answer);
                answer.body[at] ^= mask;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn polls_that_were_changed(sample in any::<Index>(), changes in changes()) {
        let bodies = poll_bodies();
        check_poll(&changed(&bodies[sample.index(bodies.len())], &changes));
    }

    #[test]
    fn answers_that_were_changed(
        sample in any::<Index>(),
        body in changes(),
        header in changes(),
        wait in (any::<Index>(), changes()),
        cut in any::<bool>(),
    ) {
        let samples = answers();
        let mut answer = samples[sample.index(samples.len())].clone();
        answer.body = changed(&answer.body, &body);
        answer.cut = cut;
        for (_, value) in &mut answer.headers {
            *value = changed_text(value, &header);
        }
        let (index, changes) = wait;
        let wait = changed_text(WAITS[index.index(WAITS.len())], &changes);
        answer.headers.extend([("retry-after".to_owned(), wait.clone()), ("location".to_owned(), wait)]);
        check_answer(&answer);
    }

    #[test]
    fn cookie_files_that_were_changed(changes in changes()) {
        let text = changed_text(&fixture("cookies.txt"), &changes);
        if let Some(session) = from_cookies_txt(&text, "acme.knosc.com") {
            prop_assert!(is_sound(&session));
        }
    }
}
