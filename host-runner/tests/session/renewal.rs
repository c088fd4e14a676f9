//! Another session for one that is over: once for everybody, and never in a loop.

use std::sync::Arc;

use knosc_bulk_import::protocol::Method;
use knosc_runner::credentials::Secret;
use local_knosc::{DEFAULT_TENANT, DEFAULT_USER};
use tokio::task::JoinSet;

use crate::common::{Recorded, both, counts, demo, keeper, knosc, user};

#[tokio::test]
async fn twenty_that_find_it_expired_make_one_refresh() {
    for knosc in both() {
        let credentials = Recorded::new(demo());
        let keeper = keeper(&knosc, credentials.clone());
        let (generation, before) = keeper.headers(Method::Post).await.unwrap();
        knosc.model().expire_sessions(DEFAULT_TENANT, false);

        let mut callers = JoinSet::new();
        for _ in 0..20 {
            let keeper = Arc::clone(&keeper);
            callers.spawn(async move { keeper.renew(generation).await });
        }
        assert_eq!(callers.join_all().await, vec![true; 20]);
        let (renewed, after) = keeper.headers(Method::Post).await.unwrap();
        assert_eq!(renewed, generation + 1);
        assert!(before != after, "the old headers are still used");
        assert_eq!(counts(&knosc), (1, 1));
        assert_eq!(credentials.kept.lock().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_session_that_is_newer_than_the_failed_one_is_kept() {
    let knosc = knosc();
    let keeper = keeper(&knosc, Recorded::new(demo()));
    let (generation, _) = keeper.headers(Method::Get).await.unwrap();
    assert!(keeper.renew(generation).await);
    assert!(keeper.renew(generation).await);
    assert!(keeper.renew(0).await);
    assert_eq!(knosc.model().refreshes(), 1);
}

#[tokio::test]
async fn where_the_refresh_is_over_too_there_is_one_sign_in() {
    for knosc in both() {
        let keeper = keeper(&knosc, Recorded::new(demo()));
        let (generation, _) = keeper.headers(Method::Get).await.unwrap();
        knosc.model().expire_sessions(DEFAULT_TENANT, true);
        assert!(keeper.renew(generation).await);
        assert_eq!(counts(&knosc), (1, 2));
        assert_eq!(keeper.headers(Method::Get).await.unwrap().0, generation + 1);
    }
}

#[tokio::test]
async fn a_password_that_was_changed_meanwhile_is_tried_once() {
    for knosc in both() {
        let credentials = Recorded::new(demo());
        let keeper = keeper(&knosc, credentials.clone());
        let (generation, _) = keeper.headers(Method::Get).await.unwrap();
        knosc.model().touch_user(DEFAULT_TENANT, DEFAULT_USER);
        credentials.replace(user(DEFAULT_USER, "wrong", None));
        let mut callers = JoinSet::new();
        for _ in 0..20 {
            let keeper = Arc::clone(&keeper);
            callers.spawn(async move { keeper.renew(generation).await });
        }
        assert_eq!(callers.join_all().await, vec![false; 20]);
        assert_eq!(knosc.model().sign_in_attempts(), 2);
        assert_eq!(credentials.failed.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_given_session_that_cannot_be_refreshed_is_over() {
    let knosc = knosc();
    let mut session = keeper(&knosc, Recorded::new(demo())).session().await.unwrap();
    session.refresh = None;
    let keeper = keeper(&knosc, Recorded::new(Secret::Session(session)));
    let (generation, _) = keeper.headers(Method::Get).await.unwrap();
    assert!(!keeper.renew(generation).await);
    assert_eq!(counts(&knosc), (0, 1));
}

#[tokio::test]
async fn a_session_that_somebody_else_made_meanwhile_is_taken() {
    let knosc = knosc();
    let bare = |mut session: knosc_bulk_import::session::Session| {
        session.refresh = None;
        session
    };
    let mine = bare(keeper(&knosc, Recorded::new(demo())).session().await.unwrap());
    let credentials = Recorded::new(Secret::Session(mine));
    let keeper_of_mine = keeper(&knosc, credentials.clone());
    let (generation, _) = keeper_of_mine.headers(Method::Get).await.unwrap();
    let theirs = bare(keeper(&knosc, Recorded::new(demo())).session().await.unwrap());
    credentials.replace(Secret::Session(theirs));
    assert!(keeper_of_mine.renew(generation).await);
    assert!(!keeper_of_mine.renew(generation + 1).await, "it is given twice");
    assert_eq!(counts(&knosc), (0, 2));
}

#[tokio::test]
async fn the_refresh_cookie_goes_to_its_own_path_alone() {
    for knosc in both() {
        let tenant = crate::common::tenant(&knosc.url(), Recorded::new(demo()));
        tenant.templates().await.unwrap();
        knosc.model().expire_sessions(DEFAULT_TENANT, false);
        tenant.templates().await.unwrap();
        let model = knosc.model();
        let with_refresh: Vec<_> =
            model.requests().filter(|r| r.refresh_cookie).map(|r| r.path.clone()).collect();
        assert_eq!(with_refresh, ["/api/token-refresh"]);
    }
}
