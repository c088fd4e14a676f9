//! What goes wrong after a file was accepted: F39, F40. The file is never sent again.

use integration_tests::proxy::{Act, Upto, Which};

use crate::setup::{Trial, units};

#[tokio::test(flavor = "multi_thread")]
async fn f39_a_session_that_ends_between_upload_and_poll_is_renewed_and_the_file_not_sent_again() {
    for body in
        [r#"{"Message": "No.", "Code": "Token.Invalid"}"#, r#"{"msg": "Token has expired"}"#]
    {
        let trial = Trial::new().await;
        let answer = Act::answer(401, "", body);
        trial.proxy.once(Which::Poll, [Act::Swallow(Upto::Whole), answer, Act::Fin]);
        let verdict = trial.send(units()).await;
        verdict.assert_completed();
        assert_eq!((verdict.uploads.len(), trial.knosc.model().refreshes()), (1, 1), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f40_polls_that_fail_are_made_again_and_the_file_is_not() {
    let cut = Act::Say(b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{\"jobs\": [".to_vec(), 1);
    for script in [
        vec![Act::Reset],
        vec![Act::Swallow(Upto::Whole), Act::Fin],
        vec![Act::Swallow(Upto::Whole), Act::answer(500, "", ""), Act::Fin],
        vec![Act::Swallow(Upto::Whole), Act::answer(503, "retry-after: 0\r\n", ""), Act::Fin],
        vec![Act::Swallow(Upto::Whole), Act::answer(200, "", "<html>busy</html>"), Act::Fin],
        vec![Act::Swallow(Upto::Whole), Act::answer(200, "", r#"{"jobs": 7}"#), Act::Fin],
        vec![Act::Swallow(Upto::Whole), cut, Act::Reset],
        vec![Act::Take(Upto::Whole), Act::Hear, Act::Tell(Upto::Half), Act::Reset],
    ] {
        let trial = Trial::new().await;
        trial.proxy.times(3, Which::Poll, script.clone());
        let verdict = trial.send(units()).await;
        verdict.assert_completed();
        assert_eq!(verdict.uploads.len(), 1, "{script:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f40_jobs_are_found_among_others_and_one_that_is_missing_too_often_is_lost() {
    let trial = Trial::new().await;
    let tenant = local_knosc::DEFAULT_TENANT;
    {
        let mut model = trial.knosc.model();
        let polls = &mut model.faults_mut(tenant).unwrap().polls;
        (polls.reorder, polls.foreign, polls.omit, polls.backwards) = (true, 3, 4, 2);
    }
    trial.send(units()).await.assert_completed();

    let trial = Trial::new().await;
    trial.knosc.model().faults_mut(tenant).unwrap().polls.omit = 5;
    let verdict = trial.send(units()).await;
    assert_eq!((verdict.word(), verdict.accepted, verdict.uploads.len()), ("lost", 1, 1));
}
