//! Answers that come before the whole upload did, and what a session's refusal means: F15 to F17, F22 to F24, F48, F49.

use integration_tests::proxy::{Act, Upto, Which};
use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::run::Outcome;

use crate::setup::{Trial, large, units};

#[tokio::test(flavor = "multi_thread")]
async fn f15_an_early_401_costs_one_renewal_and_one_more_request() {
    let answer = Act::answer(401, "", r#"{"Message": "No.", "Code": "Token.Invalid"}"#);
    for blob in [units(), large()] {
        let trial = Trial::of([Act::Swallow(Upto::Head), answer.clone(), Act::Fin]).await;
        let verdict = trial.send(blob.clone()).await;
        verdict.assert_completed();
        assert_eq!((verdict.uploads.len(), trial.knosc.model().refreshes()), (2, 1));

        let trial = Trial::new().await;
        let script = [Act::Swallow(Upto::Head), answer.clone(), Act::Fin];
        trial.proxy.times(9, Which::Upload, script);
        let verdict = trial.send(blob).await;
        assert!(matches!(verdict.fault(), Fault::PermanentUnauthorized(_)), "{verdict:?}");
        assert_eq!(verdict.uploads.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f16_a_refused_session_early_and_late_costs_one_renewal_and_one_more_request() {
    for (status, body) in [
        (422, r#"{"Message": "CSRF", "Code": "CSRF.Invalid"}"#),
        (422, r#"{"msg": "CSRF double submit tokens do not match"}"#),
        (401, r#"{"Message": "No.", "Code": "Token.Invalid"}"#),
        (401, r#"{"msg": "Token has expired"}"#),
    ] {
        let answer = Act::answer(status, "", body);
        for upto in [Upto::Head, Upto::Whole] {
            let trial = Trial::of([Act::Swallow(upto), answer.clone(), Act::Fin]).await;
            let verdict = trial.send(units()).await;
            verdict.assert_completed();
            assert_eq!((verdict.uploads.len(), trial.knosc.model().refreshes()), (2, 1), "{body}");
        }
    }
}

/// Two acceptances of one command, when any 401 was taken for Knosc's.
#[tokio::test(flavor = "multi_thread")]
async fn f48_a_late_401_of_a_proxy_is_unknown_and_nothing_is_sent_again() {
    for (status, body) in [(401, "<html>Authorization Required</html>"), (422, ""), (401, "{}")] {
        let answer = Act::answer(status, "www-authenticate: Basic\r\n", body);
        let script = [Act::Take(Upto::Whole), Act::Hear, answer, Act::Fin];
        let trial = Trial::of(script).await;
        let verdict = trial.send(units()).await;
        verdict.assert_unknown(1);
        assert_eq!((verdict.uploads.len(), trial.knosc.model().refreshes()), (1, 0), "{body}");
    }
}

/// A server that acts on what it has: which rows it loaded is not known, nor what REFRESH closed.
#[tokio::test(flavor = "multi_thread")]
async fn f49_a_success_before_the_whole_file_is_unknown() {
    let body = r#"{"message": "ok", "job_id": "unit-master-upload-a1b2c3", "status": "completed"}"#;
    for status in [200, 201, 202] {
        for upto in [Upto::Head, Upto::Bytes(64 << 10)] {
            let answer = Act::answer(status, "", body);
            let trial = Trial::of([Act::Swallow(upto), answer, Act::Fin]).await;
            let verdict = trial.send(large()).await;
            verdict.assert_unknown(0);
            assert!(!verdict.sealed, "{verdict:?}");
            let Outcome::Unknown(refusal) = &verdict.outcome else { panic!("{verdict:?}") };
            assert!(refusal.message.contains("before the whole file had left"), "{verdict:?}");
        }
    }
}

/// The proxy closes with bytes unread, so that its answer may be lost with the connection.
#[tokio::test(flavor = "multi_thread")]
async fn f17_an_early_413_and_an_end_is_never_unknown() {
    let answer = Act::answer(413, "connection: close\r\n", "");
    for end in [Act::Fin, Act::Reset] {
        for upto in [Upto::Head, Upto::Bytes(256 << 10)] {
            let trial = Trial::of([Act::Take(upto), answer.clone(), end.clone()]).await;
            let verdict = trial.send(large()).await;
            let is_rejected = matches!(verdict.fault(), Fault::PermanentRejected(_));
            assert!(is_rejected || verdict.is_safe_to_repeat(), "{verdict:?}");
            assert!(
                is_rejected || end == Act::Reset,
                "an answer in good order is read: {verdict:?}"
            );
            assert_eq!(verdict.uploads.len(), 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f22_a_gateway_that_gives_up_before_the_whole_file_is_incomplete() {
    for status in [502, 504] {
        let answer = Act::answer(status, "connection: close\r\n", "<html>busy</html>");
        let trial = Trial::of([Act::Take(Upto::Bytes(64 << 10)), answer, Act::Fin]).await;
        trial.send(large()).await.assert_safe();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f23_a_request_timeout_is_unknown_after_the_whole_file_and_incomplete_before() {
    let answer = Act::answer(408, "connection: close\r\n", "");
    let early = [Act::Take(Upto::Bytes(64 << 10)), answer.clone(), Act::Fin];
    Trial::of(early).await.send(large()).await.assert_safe();
    let late = [Act::Take(Upto::Whole), Act::Hear, answer, Act::Fin];
    Trial::of(late).await.send(units()).await.assert_unknown(1);
}

/// Interim answers say nothing of the file. Their number is bounded by the time for the answer, which none of them prolongs.
#[tokio::test(flavor = "multi_thread")]
async fn f24_interim_answers_are_passed_over_and_do_not_prolong_the_wait() {
    for interim in ["100 Continue", "102 Processing", "103 Early Hints"] {
        for times in [1, 10_000] {
            let say = Act::Say(format!("HTTP/1.1 {interim}\r\n\r\n").into_bytes(), times);
            for upto in [Upto::Head, Upto::Whole] {
                let script = [
                    Act::Take(upto),
                    say.clone(),
                    Act::Take(Upto::Whole),
                    Act::Hear,
                    Act::Tell(Upto::Whole),
                    Act::Fin,
                ];
                Trial::of(script).await.send(units()).await.assert_completed();
            }
        }
    }
    let trial = Trial::short().await;
    let endless = Act::Say(b"HTTP/1.1 102 Processing\r\n\r\n".to_vec(), u32::MAX);
    let script = [Act::Take(Upto::Whole), Act::Hear, endless, Act::Fin];
    trial.proxy.once(Which::Upload, script);
    trial.send(units()).await.assert_unknown(1);
}
