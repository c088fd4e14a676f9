//! What each refusing answer means for an upload, for a read and for a sign-in.

use knosc_bulk_import::fault::{Advice, Fault};
use knosc_bulk_import::policy::RETRY_AFTER_MAX_MS;
use knosc_bulk_import::protocol::{
    Answer, Sent, authenticate, classify, templates, token_refresh, upload,
};
use knosc_bulk_import::trigger::Trigger;

use super::samples::session;
use super::{NOW_MS, answer};

/// The case of a fault, short enough for tables.
fn case(fault: &Fault) -> &'static str {
    match fault {
        Fault::PermanentUnauthorized(_) => "unauthorized",
        Fault::PermanentRejected(_) => "rejected",
        Fault::PermanentOutcomeUnknown(_) => "unknown",
        Fault::Transient(_) => "transient",
        Fault::PermanentInvalid(_) => "invalid",
        Fault::PermanentDenied(_) => "denied",
        Fault::ExecutionFailed => "failed",
        Fault::NotFinished(_) => "not-finished",
    }
}

fn bare(status: u16) -> Answer {
    answer(status, &[], "")
}

#[test]
fn an_upload_by_status_and_by_what_had_left() {
    let check = |statuses: &[u16], expected: [&str; 3]| {
        for status in statuses {
            for (sent, expected) in
                [Sent::Nothing, Sent::Part, Sent::Sealed].into_iter().zip(expected)
            {
                let fault = classify::upload_refused(&bare(*status), sent, NOW_MS);
                assert_eq!(case(&fault), expected, "{status} {sent:?}");
                let read = upload::read(Trigger::Forecast, &bare(*status), sent, NOW_MS);
                assert_eq!(read, Err(fault), "{status} {sent:?}");
            }
        }
    };
    check(&[401, 403, 422], ["unauthorized", "unauthorized", "unknown"]);
    check(&[301, 302, 303, 307, 308, 399], ["rejected", "rejected", "unknown"]);
    check(&[400, 404, 405, 411, 413, 415, 417, 431], ["rejected", "rejected", "unknown"]);
    check(&[429], ["transient", "transient", "unknown"]);
    check(&[408, 500, 501, 502, 503, 504, 520, 599], ["transient", "transient", "unknown"]);
    check(&[402, 409, 410, 418, 451, 499], ["rejected", "rejected", "unknown"]);
    check(&[100, 103, 600, 999], ["transient", "transient", "unknown"]);
}

/// Behind the seal, only the application's own words prove a refusal.
#[test]
fn what_proves_a_refusal_after_the_seal() {
    let check = |statuses: &[u16], body: &str, expected: &str| {
        for status in statuses {
            for (content_type, body) in [("application/json", body), ("text/html", body)] {
                let answer = answer(*status, &[("content-type", content_type)], body);
                let fault = classify::upload_refused(&answer, Sent::Sealed, NOW_MS);
                assert_eq!(case(&fault), expected, "{status} {body}");
            }
        }
    };
    let all: Vec<u16> = (100..=199).chain(300..=599).collect();
    let others = |proved: &[u16]| -> Vec<u16> {
        all.iter().copied().filter(|status| !proved.contains(status)).collect()
    };

    let envelope = r#"{"Message": "No such item", "Code": "ItemMaster.NotFound"}"#;
    check(&[400, 404], envelope, "rejected");
    check(&[401, 403, 422], envelope, "unauthorized");
    check(&others(&[400, 401, 403, 404, 422]), envelope, "unknown");
    let privilege = r#"{"Code": "User.NotPrivileged", "Message": "No", "detail": [1, {}]}"#;
    check(&[400, 401, 403, 404, 422], privilege, "unauthorized");

    let library = r#"{"msg": "Token has expired"}"#;
    check(&[401, 422], library, "unauthorized");
    check(&others(&[401, 422]), library, "unknown");

    for body in [
        r#"{"msg": "Token has expired", "status": 401}"#,
        r#"{"msg": "a", "msg": "b"}"#,
        r#"{"msg": null}"#,
        r#"{"Msg": "Token has expired"}"#,
        r#"[{"msg": "Token has expired"}]"#,
        r#"{"Message": "No"}"#,
        r#"{"Code": "User.Unknown"}"#,
        r#"{"message": "No", "code": "User.Unknown"}"#,
        r#"{"Message": "No", "Code": null}"#,
        r#"{"Message": "No", "Code": 7}"#,
        r#"{"Message": ["No"], "Code": "User.Unknown"}"#,
        r#"{"Message": "No", "Code": "Unauthorized"}"#,
        r#"{"Message": "No", "Code": "User."}"#,
        r#"{"Message": "No", "Code": ".Unknown"}"#,
        r#"{"Message": "No", "Code": "User.Un.Known"}"#,
        r#"{"Message": "No", "Code": "User.Not found"}"#,
        r#"{"Message": "No", "Code": "A.B", "Code": "User.Unknown"}"#,
        r#"{"Message": "No", "Code": "User.Unknown"} x"#,
        r#"{"Message": "No", "Code": "User.Unknown""#,
        "<html>401 Authorization Required</html>",
        "null",
        "",
    ] {
        check(&all, body, "unknown");
    }

    // A handler that took the file says these.
    for code in [
        "Job.AlreadyRunning",
        "job.Failed",
        "Upload.Invalid",
        "UPLOAD.Invalid",
        "OrderDetails.DuplicateRows",
        "ItemMaster.duplicate",
        "Items.AlreadyExists",
        "Items.itemAlreadyexists",
    ] {
        check(&all, &format!(r#"{{"Message": "No", "Code": "{code}"}}"#), "unknown");
    }
    for code in ["JobList.NotFound", "Uploads.NotFound", "2FA.InvalidCode"] {
        check(&[400], &format!(r#"{{"Message": "No", "Code": "{code}"}}"#), "rejected");
    }
}

#[test]
fn a_refusal_that_broke_off_proves_nothing() {
    let body = r#"{"Message": "No", "Code": "ItemMaster.NotFound"}"#;
    let cut = Answer { cut: true, ..answer(400, &[], body) };
    assert_eq!(case(&classify::upload_refused(&cut, Sent::Sealed, NOW_MS)), "unknown");
    assert_eq!(case(&classify::upload_refused(&cut, Sent::Part, NOW_MS)), "rejected");
}

#[test]
fn an_upload_without_an_answer() {
    for (sent, expected) in
        [(Sent::Nothing, "transient"), (Sent::Part, "transient"), (Sent::Sealed, "unknown")]
    {
        let fault = classify::unanswered(sent, "the connection was reset");
        assert_eq!(case(&fault), expected);
        assert_eq!(fault.message(), "the connection was reset");
        assert_eq!(fault.refusal().unwrap().status, None);
    }
}

#[test]
fn a_success_without_a_job_is_unknown_whatever_had_left() {
    let bodies = [
        "",
        "null",
        "[]",
        "<html>ok</html>",
        r#"{"message": "File uploaded."}"#,
        r#"{"job_id": ""}"#,
        r#"{"job_id": null}"#,
        r#"{"job_id": 7}"#,
        r#"{"job_id": "a\nb"}"#,
        r#"{"job_id": "item-master-upload-a1b2c3""#,
        r#"{"job_id": "item-master-upload-a1b2c3"} x"#,
    ];
    let long = format!(r#"{{"job_id": "{}"}}"#, "a".repeat(513));
    for body in bodies.into_iter().chain([long.as_str()]) {
        for sent in [Sent::Nothing, Sent::Part, Sent::Sealed] {
            let fault = upload::read(Trigger::ItemMaster, &answer(200, &[], body), sent, NOW_MS)
                .unwrap_err();
            assert_eq!(case(&fault), "unknown", "{body} {sent:?}");
            assert_eq!(fault.advice(), Advice::Decide);
        }
    }
}

#[test]
fn a_read_and_a_sign_in_by_status() {
    let check = |statuses: &[u16], expected: &str| {
        for status in statuses {
            for fault in [
                classify::read_refused(&bare(*status), NOW_MS),
                classify::sign_in_refused(&bare(*status), NOW_MS),
                templates::read(&bare(*status), NOW_MS).unwrap_err(),
                authenticate::read(&bare(*status)).unwrap_err(),
                token_refresh::read(&bare(*status), &session(true)).unwrap_err(),
            ] {
                assert_eq!(case(&fault), expected, "{status}");
                assert_eq!(fault.refusal().unwrap().status, Some(*status));
            }
        }
    };
    check(&[401, 403, 422], "unauthorized");
    check(&[408, 429, 500, 502, 503, 504, 599], "transient");
    check(&[301, 302, 308, 400, 404, 409, 413, 431, 451], "rejected");
    check(&[101, 600], "transient");
}

#[test]
fn the_code_comes_before_the_status() {
    let check = |status: u16, code: &str, expected: &str| {
        let body = format!(r#"{{"Message": "No.", "Code": "{code}"}}"#);
        let answer = answer(status, &[], body);
        for fault in [
            classify::upload_refused(&answer, Sent::Part, NOW_MS),
            classify::read_refused(&answer, NOW_MS),
        ] {
            assert_eq!(case(&fault), expected, "{status} {code}");
            assert_eq!(fault.refusal().unwrap().code.as_deref(), Some(code));
        }
    };
    check(400, "User.NotPrivileged", "unauthorized");
    check(500, "User.InvalidCredentials", "unauthorized");
    check(400, "ItemMaster.NotFound", "rejected");
    check(404, "ItemMaster.NotFound", "rejected");
    check(429, "Rate.Limited", "transient");
}

#[test]
fn words_of_the_answer() {
    let check = |body: &str, expected: &str, code: Option<&str>| {
        let fault = classify::read_refused(&answer(400, &[], body), NOW_MS);
        let refusal = fault.refusal().unwrap();
        assert_eq!((refusal.message.as_str(), refusal.code.as_deref()), (expected, code), "{body}");
    };
    check(
        r#"{"Message": "Bad", "Code": "JSON.Invalid", "message": "x"}"#,
        "Bad",
        Some("JSON.Invalid"),
    );
    check(r#"{"message": "small"}"#, "small", None);
    check(r#"{"msg": "Token has expired"}"#, "Token has expired", None);
    check(r#"{"Message": "a\u001b[31m\r\nb"}"#, "a [31m  b", None);
    check(
        r#"{"Message": "", "Code": ""}"#,
        r#"the answer was 400: {"Message": "", "Code": ""}"#,
        None,
    );
    check(r#"{"Message": 5}"#, r#"the answer was 400: {"Message": 5}"#, None);
    check("<h1>Bad\0 Gateway</h1>", "the answer was 400: <h1>Bad Gateway</h1>", None);
    check("", "the answer was 400", None);

    let long = format!(r#"{{"Message": "{0}", "Code": "{0}"}}"#, "é".repeat(20_000));
    let fault = classify::read_refused(&answer(400, &[], long), NOW_MS);
    assert_eq!(fault.message().len(), 4_096);
    assert!(fault.refusal().unwrap().code.as_ref().unwrap().len() <= 200);
    let html = classify::read_refused(&answer(502, &[], "<p>é</p> ".repeat(9_000)), NOW_MS);
    assert_eq!(html.message().chars().count(), "the answer was 502: ".len() + 200);
}

#[test]
fn a_redirect_names_its_target_without_secrets() {
    let check = |location: &str, expected: &str| {
        let answer = answer(302, &[("location", location)], "<a>moved</a>");
        let message = format!("redirected to {expected}; not followed");
        assert_eq!(classify::read_refused(&answer, NOW_MS).message(), message);
        assert_eq!(classify::upload_refused(&answer, Sent::Sealed, NOW_MS).message(), message);
    };
    check("https://login.example/sso?token=secret#part", "https://login.example/sso");
    check("https://me:secret@login.example/sso", "https://login.example/sso");
    check("//me:secret@login.example", "//login.example");
    check("/login?next=%2Fapi", "/login");
    check("/a\tb\u{7f}", "/a b");
}

#[test]
fn waits_are_handed_on() {
    let check = |status: u16, value: &str, expected: Option<u64>| {
        let answer = answer(status, &[("retry-after", value)], "");
        for fault in [
            classify::upload_refused(&answer, Sent::Sealed, NOW_MS),
            classify::read_refused(&answer, NOW_MS),
        ] {
            assert_eq!(fault.refusal().unwrap().retry_after_ms, expected, "{status} {value}");
        }
    };
    check(429, "7", Some(7_000));
    check(503, "Sat, 01 Jun 2024 08:46:22 GMT", Some(60_000));
    check(429, "86400", Some(RETRY_AFTER_MAX_MS));
    check(429, "0", None);
    check(503, "tomorrow", None);
}

#[test]
fn a_sign_in_quotes_no_body() {
    let body = r#"{"session_token": "secret"}"#;
    for status in [200, 400, 401, 500] {
        let fault = authenticate::read(&answer(status, &[], body)).unwrap_err();
        assert!(!format!("{fault:?}").contains("secret"), "{fault:?}");
    }
}

#[test]
fn what_a_renewal_may_mend() {
    let renewed: Vec<u16> = (100..=599).filter(|status| classify::wants_renewal(*status)).collect();
    assert_eq!(renewed, [401, 422]);
}
