//! Bytes that nobody documented: no decoder panics, none claims what was not said.

use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::job::{ERROR_BYTES_MAX, ERRORS_MAX, Job, JobStatus};
use knosc_bulk_import::protocol::cookies::from_cookies_txt;
use knosc_bulk_import::protocol::{
    Answer, Sent, authenticate, classify, poll, templates, token_refresh, upload, verify_2fa,
};
use knosc_bulk_import::trigger::Trigger;
use proptest::prelude::*;

use super::samples::session;
use super::{NOW_MS, sample_job};

/// Pieces of the documented answers, put together anyhow: they reach deeper than bytes do.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(","),
        Just(":"),
        Just("null"),
        Just("12"),
        Just("-1.5e9"),
        Just("true"),
        Just("\"jobs\""),
        Just("\"trigger\""),
        Just("\"item-master\""),
        Just("\"job_id\""),
        Just("\"item-master-upload-a1b2c3\""),
        Just("\"status\""),
        Just("\"completed\""),
        Just("\"errors\""),
        Just("\"row\""),
        Just("\"message\""),
        Just("\"login\""),
        Just("\"Message\""),
        Just("\"Code\""),
        Just("\"\\ud800\""),
    ];
    let joined =
        prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat().into_bytes());
    prop_oneof![joined, prop::collection::vec(any::<u8>(), 0..200)]
}

fn answers() -> impl Strategy<Value = Answer> {
    let names = prop_oneof![Just("set-cookie"), Just("retry-after"), Just("location"), Just("x")];
    let values =
        prop_oneof![".{0,40}", "(access_token_cookie|csrf_access_token|x)=.{0,20}", "[0-9]{0,30}"];
    let header = (names.prop_map(str::to_owned), values);
    let status = prop_oneof![Just(200), any::<u16>()];
    (status, prop::collection::vec(header, 0..5), pieces(), any::<bool>())
        .prop_map(|(status, headers, body, cut)| Answer { status, headers, body, cut })
}

fn message_fits(fault: &Fault) -> bool {
    fault.message().len() <= 4_096 + 100 && !fault.message().chars().any(char::is_control)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decoders_take_anything(answer in answers(), now_ms in any::<u64>()) {
        for sent in [Sent::Nothing, Sent::Part, Sent::Sealed] {
            if let Err(fault) = upload::read(Trigger::ItemMaster, &answer, sent, now_ms) {
                prop_assert!(message_fits(&fault), "{fault:?}");
            }
            prop_assert!(message_fits(&classify::upload_refused(&answer, sent, now_ms)));
        }
        prop_assert!(message_fits(&classify::read_refused(&answer, now_ms)));
        prop_assert!(message_fits(&classify::sign_in_refused(&answer, now_ms)));
        let _ = authenticate::read(&answer);
        let _ = verify_2fa::read(&answer);
        let _ = templates::read(&answer, now_ms);
        if let Ok(renewed) = token_refresh::read(&answer, &session(true)) {
            prop_assert!(knosc_bulk_import::protocol::cookies::is_sound(&renewed));
        }
        let read = poll::read(&[sample_job()], answer.status, &answer.headers, answer.body.as_slice(), now_ms);
        if let Err(fault) = read {
            prop_assert!(message_fits(&fault), "{fault:?}");
        }
    }

    #[test]
    fn cookie_files_take_anything(text in "(?s)(#HttpOnly_|acme|\t|TRUE|/|csrf_access_token|\n|.){0,80}", host in ".{0,20}") {
        let _ = from_cookies_txt(&text, &host);
    }

    /// Of a sound answer that ends anywhere, each report says what the whole one says, as far as it goes.
    #[test]
    fn a_cut_poll_claims_nothing_that_was_not_said(
        jobs in prop::collection::vec((0..4_usize, any::<u32>(), 0..30_usize, any::<bool>()), 1..6),
        at in any::<prop::sample::Index>(),
    ) {
        let words = ["queued", "running", "completed", "failed"];
        let asked: Vec<Job> = (0..jobs.len()).map(|n| Job { job_id: format!("job-{n}"), ..sample_job() }).collect();
        let entries: Vec<String> = jobs.iter().enumerate().map(|(n, (word, rows, errors, late))| {
            let errors: Vec<String> =
                (0..*errors).map(|row| format!(r#"{{"row": 4{row}, "message": "é \" }} row {row}"}}"#)).collect();
            let (named, status) =
                (format!(r#""trigger": "item-master", "job_id": "job-{n}""#), format!(r#""status": "{}""#, words[*word]));
            let rest = format!(r#""rows_processed": {rows}, "errors": [{}]"#, errors.join(", "));
            if *late { format!("{{{rest}, {status}, {named}}}") } else { format!("{{{named}, {status}, {rest}}}") }
        }).collect();
        let body = format!(r#"{{"jobs": [{}]}}"#, entries.join(", ")).into_bytes();
        let whole = poll::read(&asked, 200, &[], body.as_slice(), NOW_MS).unwrap();
        prop_assert!(whole.iter().all(|report| report.status != JobStatus::Missing && !report.errors_cut));

        let end = at.index(body.len());
        for job in &asked {
            let one = std::slice::from_ref(job);
            match poll::read(one, 200, &[], &body[..end], NOW_MS) {
                Ok(reports) => {
                    let (cut, whole) = (&reports[0], whole.iter().find(|report| report.job == *job).unwrap());
                    prop_assert_eq!(&cut.status, &whole.status);
                    prop_assert!(cut.rows_processed.is_none() || cut.rows_processed == whole.rows_processed);
                    prop_assert!(whole.errors.starts_with(&cut.errors));
                    prop_assert!(cut.errors_cut || cut.errors == whole.errors);
                    prop_assert!(cut.errors.len() <= ERRORS_MAX && ERROR_BYTES_MAX > cut.errors.len());
                }
                Err(fault) => prop_assert!(matches!(fault, Fault::Transient(_)), "{:?}", fault),
            }
        }
    }
}
