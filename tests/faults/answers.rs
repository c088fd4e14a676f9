//! What Knosc or a proxy before it answers to a whole upload: F12 to F14, F18 to F21, F31.

use integration_tests::proxy::{Act, Upto};
use knosc_bulk_import::fault::Fault;

use crate::setup::{Trial, UNITS, Verdict, large, units};

/// An upload that Knosc took, and an answer in place of Knosc's.
async fn taken(status: u16, headers: &str, body: &str) -> Verdict {
    let answer = Act::answer(status, headers, body);
    let script = [Act::Take(Upto::Whole), Act::Hear, answer, Act::Fin];
    Trial::of(script).await.send(units()).await
}

/// An upload that never came to Knosc, and an answer in place of Knosc's.
async fn refused(status: u16, headers: &str, body: &str) -> Verdict {
    let answer = Act::answer(status, headers, body);
    let script = [Act::Swallow(Upto::Whole), answer, Act::Fin];
    Trial::of(script).await.send(units()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn f12_a_success_that_names_no_job_is_unknown() {
    let large = format!(r#"{{"rows": "{}"}}"#, "x".repeat(10 << 20));
    for body in [
        "<html>ok</html>",
        "{}",
        r#"{"job_id": null}"#,
        r#"{"job_id": ""}"#,
        r#"{"job_id": 7}"#,
        &large,
    ] {
        taken(200, "", body).await.assert_unknown(1);
    }
    let no_text = Act::Say(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n\xff\xfe\xfd".to_vec(), 1);
    let script = [Act::Take(Upto::Whole), Act::Hear, no_text, Act::Fin];
    Trial::of(script).await.send(units()).await.assert_unknown(1);
}

/// The id is Knosc's to choose: one that reads like another trigger's is watched as it is, and here it is never named.
#[tokio::test(flavor = "multi_thread")]
async fn f12_a_job_that_is_not_this_uploads_is_lost_and_nothing_is_sent_again() {
    let other =
        r#"{"upload_type": "demand", "job_id": "demand-upload-a1b2c3", "status": "queued"}"#;
    let verdict = taken(200, "", other).await;
    assert_eq!((verdict.word(), verdict.accepted, verdict.uploads.len()), ("lost", 1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn f13_whatever_word_an_accepted_file_has_it_is_watched_to_its_end() {
    let trial = Trial::new().await;
    for word in ["queued", "running", "archiving"] {
        trial.knosc.model().faults_mut(local_knosc::DEFAULT_TENANT).unwrap().polls.status_word =
            Some((word.to_owned(), 2));
    }
    trial.send(units()).await.assert_completed();
}

#[tokio::test(flavor = "multi_thread")]
async fn f14_another_success_is_a_success_if_it_names_a_job() {
    for status in [201, 202] {
        let trial = Trial::new().await;
        trial.knosc.model().knobs_mut().assumed_upload_status = status;
        trial.send(units()).await.assert_completed();
    }
    let empty = Act::Say(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(), 1);
    let script = [Act::Take(Upto::Whole), Act::Hear, empty, Act::Fin];
    Trial::of(script).await.send(units()).await.assert_unknown(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn f18_a_late_refusal_of_knoscs_own_is_final() {
    for status in [400, 404] {
        let verdict = refused(status, "", r#"{"Message": "No", "Code": "Items.NotFound"}"#).await;
        let is_rejected = matches!(verdict.fault(), Fault::PermanentRejected(_));
        assert!(is_rejected && verdict.uploads.len() == 1, "{status}: {verdict:?}");
    }
    let verdict = refused(403, "", r#"{"Message": "No", "Code": "User.NotPrivileged"}"#).await;
    assert!(matches!(verdict.fault(), Fault::PermanentUnauthorized(_)), "{verdict:?}");
    assert_eq!(verdict.uploads.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn f18_an_early_refusal_is_final() {
    for status in [400, 404, 405, 411, 413, 415, 431] {
        let answer = Act::answer(status, "connection: close\r\n", "");
        let trial = Trial::of([Act::Swallow(Upto::Head), answer, Act::Fin]).await;
        let verdict = trial.send(large()).await;
        let is_rejected = matches!(verdict.fault(), Fault::PermanentRejected(_));
        assert!(is_rejected, "{status}: {verdict:?}");
        assert_eq!(verdict.uploads.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f19_a_redirect_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let trial = Trial::new().await;
        let headers = format!("location: {}/api/job/unit-master\r\n", trial.knosc.url());
        let answer = Act::answer(status, &headers, "");
        let script = [Act::Swallow(Upto::Head), answer, Act::Fin];
        trial.proxy.once(integration_tests::proxy::Which::Upload, script);
        let verdict = trial.send(large()).await;
        assert!(matches!(verdict.fault(), Fault::PermanentRejected(_)), "{status}: {verdict:?}");
        assert_eq!(trial.knosc.model().upload_posts(), 0, "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f20_a_rate_limit_is_handed_on_with_a_wait_that_is_bounded() {
    for (value, wait_ms) in
        [("7", Some(7_000)), ("31536000", Some(300_000)), ("-1", None), ("soon", None)]
    {
        let headers = format!("retry-after: {value}\r\nconnection: close\r\n");
        let answer = Act::answer(429, &headers, "");
        let trial = Trial::of([Act::Swallow(Upto::Head), answer, Act::Fin]).await;
        let verdict = trial.send(large()).await;
        verdict.assert_safe();
        let Fault::Transient(refusal) = verdict.fault() else { panic!("{verdict:?}") };
        assert_eq!(refusal.retry_after_ms, wait_ms, "{value}");
        assert_eq!(verdict.uploads.len(), 1, "a run repeats no upload: {value}");
    }
}

/// This answer may be a proxy's that had lost Knosc's own.
#[tokio::test(flavor = "multi_thread")]
async fn f47_a_late_answer_that_is_not_knoscs_own_is_unknown() {
    let page = "<html>no</html>";
    let envelope = r#"{"Message": "No", "Code": "Items.NotFound"}"#;
    let library = r#"{"msg": "Token has expired"}"#;
    let pages = [300, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 409, 411, 413];
    let pages = pages.into_iter().chain([415, 417, 422, 429, 431]).map(|status| (status, page));
    let others = [
        (302, envelope),
        (408, envelope),
        (413, envelope),
        (429, envelope),
        (502, envelope),
        (400, library),
        (403, library),
        (401, r#"{"msg": "Token has expired", "status": 401}"#),
        (401, ""),
        (403, r#"{"Message": "No"}"#),
        (400, r#"{"Message": "No", "Code": "Job.Exists"}"#),
        (400, r#"{"Message": "No", "Code": "Upload.Invalid"}"#),
        (400, r#"{"Message": "No", "Code": "Items.DuplicateRows"}"#),
        (404, r#"{"Message": "No", "Code": "Items.AlreadyExists"}"#),
    ];
    for (status, body) in pages.chain(others) {
        let verdict = taken(status, "location: /error\r\n", body).await;
        verdict.assert_unknown(1);
        assert_eq!(verdict.uploads.len(), 1, "{status} {body}");
        refused(status, "", body).await.assert_unknown(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f21_a_servers_error_after_the_whole_file_is_unknown() {
    for status in [500, 502, 503, 504, 520, 599] {
        taken(status, "", "<html>busy</html>").await.assert_unknown(1);
        refused(status, "", "").await.assert_unknown(0);
    }
}

/// Out of our hands: nothing in a request tells Knosc that it came twice. The figure is what the client cannot know.
#[tokio::test(flavor = "multi_thread")]
async fn f31_a_middlebox_that_repeats_the_request_loads_it_twice() {
    let script = [Act::Take(Upto::Whole), Act::Hear, Act::Twice, Act::Tell(Upto::Whole), Act::Fin];
    let trial = Trial::of(script).await;
    let input = crate::setup::quick(
        std::sync::Arc::new(knosc_runner::journal::MemoryJournal::new()),
        units(),
    );
    let report = trial.runner().run_ordered(input).await.unwrap();
    assert_eq!(report.steps[0].outcome.word(), "completed");
    let model = trial.knosc.model();
    assert_eq!((trial.proxy.uploads().len(), model.uploads().len()), (1, 2));
    assert!(model.uploads().iter().all(|known| known.size == UNITS.len() as u64));
}
