//! The first session.

use std::sync::Arc;

use knosc_bulk_import::fault::{Advice, Fault};
use knosc_bulk_import::protocol::Method;
use knosc_runner::credentials::{Secret, StaticCredentials};
use knosc_runner::session::SignInError;
use local_knosc::{AnswerFault, DEFAULT_PASSWORD, DEFAULT_TENANT, DEFAULT_USER};
use tokio::task::JoinSet;

use crate::common::{Recorded, demo, keeper, knosc, user};

#[tokio::test]
async fn many_requests_make_one_sign_in() {
    let knosc = knosc();
    let credentials = Recorded::new(demo());
    let keeper = keeper(&knosc, credentials.clone());
    let mut callers = JoinSet::new();
    for _ in 0..20 {
        let keeper = Arc::clone(&keeper);
        callers.spawn(async move { keeper.headers(Method::Get).await.unwrap().0 });
    }
    assert_eq!(callers.join_all().await, vec![1; 20]);
    assert_eq!(knosc.model().sign_in_attempts(), 1);
    assert_eq!(credentials.kept.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn headers_are_those_of_the_method() {
    let knosc = knosc();
    let keeper = keeper(&knosc, Recorded::new(demo()));
    let session = keeper.session().await.unwrap();
    assert!(session.refresh.is_some());
    let names = async |method| {
        let headers = keeper.headers(method).await.unwrap().1;
        headers.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(names(Method::Get).await, ["cookie"]);
    assert_eq!(names(Method::Post).await, ["cookie", "x-xsrf-token"]);
}

#[tokio::test]
async fn a_given_session_is_used_without_a_request() {
    let knosc = knosc();
    let session = keeper(&knosc, Recorded::new(demo())).session().await.unwrap();
    let credentials = Arc::new(StaticCredentials::new(Secret::Session(session.clone())));
    assert!(keeper(&knosc, credentials).session().await.unwrap() == session);
    assert_eq!(knosc.model().sign_in_attempts(), 1);
}

#[tokio::test]
async fn a_wrong_password_is_tried_once() {
    let knosc = knosc();
    let credentials = Recorded::new(user(DEFAULT_USER, "canary-wrong", None));
    let keeper = keeper(&knosc, credentials.clone());
    for _ in 0..5 {
        let error = keeper.headers(Method::Get).await.unwrap_err();
        assert!(
            matches!(&error, SignInError::Refused(Fault::PermanentUnauthorized(r)) if r.status == Some(401)),
            "{error:?}"
        );
        assert_eq!(error.advice(), Advice::SignIn);
        assert!(!format!("{error} {error:?} {} {keeper:?}", error.hint()).contains("canary"));
        assert!(!keeper.renew(0).await);
    }
    assert_eq!(knosc.model().sign_in_attempts(), 1);
    assert_eq!(credentials.failed.lock().unwrap().len(), 1);
    assert!(credentials.kept.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_first_sign_in_is_for_a_person() {
    let knosc = knosc();
    let keeper = keeper(&knosc, Recorded::new(user("first@acme.test", DEFAULT_PASSWORD, None)));
    for _ in 0..2 {
        assert_eq!(keeper.session().await.err(), Some(SignInError::FirstSignInRequired));
    }
    assert_eq!(knosc.model().sign_in_attempts(), 1);
}

#[tokio::test]
async fn knosc_not_being_well_is_not_final() {
    let knosc = knosc();
    let fault = AnswerFault {
        path: "/api/authenticate".into(),
        status: Some(503),
        body: Some(String::new()),
        ..AnswerFault::default()
    };
    knosc.model().faults_mut(DEFAULT_TENANT).unwrap().answers.push(fault);
    let credentials = Recorded::new(demo());
    let keeper = keeper(&knosc, credentials.clone());
    let error = keeper.session().await.unwrap_err();
    assert!(matches!(error, SignInError::Unavailable(_)), "{error:?}");
    assert_eq!(error.advice(), Advice::CallAgain);
    assert!(!credentials.failed.lock().unwrap()[0].is_final());
    assert!(keeper.session().await.is_ok());
}

#[tokio::test]
async fn no_answer_is_not_final() {
    let knosc = knosc();
    let fault =
        AnswerFault { path: "/api/authenticate".into(), drop: true, ..AnswerFault::default() };
    knosc.model().faults_mut(DEFAULT_TENANT).unwrap().answers.push(fault);
    let keeper = keeper(&knosc, Recorded::new(demo()));
    let error = keeper.session().await.unwrap_err();
    assert!(matches!(error, SignInError::Net(_)), "{error:?}");
    assert_eq!(knosc.model().sign_in_attempts(), 1);
    assert!(keeper.session().await.is_ok());
}
