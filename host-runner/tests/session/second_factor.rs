//! Users with a second factor.

use std::sync::Arc;
use std::time::{Duration, Instant};

use knosc_bulk_import::protocol::Method;
use knosc_runner::clock::{Clock, SystemClock};
use knosc_runner::credentials::Secret;
use knosc_runner::net::{Client, ClientConfig};
use knosc_runner::session::{OneTimeError, SessionKeeper, SignInError};
use local_knosc::{DEFAULT_PASSWORD, DEFAULT_TENANT, DEFAULT_TOTP_SECRET};

use crate::common::{Recorded, keeper, knosc, user};

const STEP_MS: u64 = 30_000;

fn two_factor(one_time: Option<&str>) -> Secret {
    user("two-factor@acme.test", DEFAULT_PASSWORD, one_time)
}

#[tokio::test]
async fn a_secret_makes_the_code() {
    let knosc = knosc();
    let keeper = keeper(&knosc, Recorded::new(two_factor(Some(DEFAULT_TOTP_SECRET))));
    let session = keeper.session().await.unwrap();
    assert!(session.refresh.is_none(), "the documentation shows no refresh cookie here");
    assert_eq!(knosc.model().sign_in_attempts(), 2);
}

#[tokio::test]
async fn six_digits_work_once() {
    let knosc = knosc();
    let code = local_knosc::totp_code(DEFAULT_TOTP_SECRET, SystemClock.now_ms()).unwrap();
    let keeper = keeper(&knosc, Recorded::new(two_factor(Some(&code))));
    let (generation, _) = keeper.headers(Method::Get).await.unwrap();
    knosc.model().expire_sessions(DEFAULT_TENANT, true);
    assert!(!keeper.renew(generation).await);
    assert!(!keeper.renew(generation).await);
    assert_eq!(knosc.model().sign_in_attempts(), 2, "a used code is not worth a password step");
}

#[tokio::test]
async fn without_a_usable_secret_there_is_one_typed_error() {
    for (one_time, expected, attempts) in [
        (None, SignInError::from(OneTimeError::Missing), 1),
        (Some("not base32!"), OneTimeError::Invalid.into(), 0),
    ] {
        let knosc = knosc();
        let keeper = keeper(&knosc, Recorded::new(two_factor(one_time)));
        for _ in 0..3 {
            assert_eq!(keeper.session().await.err().as_ref(), Some(&expected));
        }
        assert_eq!(knosc.model().sign_in_attempts(), attempts);
    }
}

#[tokio::test]
async fn a_wrong_code_is_final() {
    let knosc = knosc();
    let credentials = Recorded::new(two_factor(Some("JBSWY3DPEHPK3PXP")));
    let keeper = keeper(&knosc, credentials.clone());
    for _ in 0..3 {
        let error = keeper.session().await.unwrap_err();
        assert!(matches!(error, SignInError::Refused(_)), "{error:?}");
    }
    assert_eq!(knosc.model().sign_in_attempts(), 2);
    assert_eq!(credentials.failed.lock().unwrap().len(), 1);
}

/// The machine's clock, moved forward by less than one step.
struct Moved(u64);

impl Clock for Moved {
    fn now_ms(&self) -> u64 {
        SystemClock.now_ms() + self.0
    }
}

/// Knosc takes a code once only here, as RFC 6238 wants: a second sign-in waits for the next step.
#[tokio::test]
async fn a_second_sign_in_waits_for_another_code() {
    const LEFT_MS: u64 = 1_500;
    let knosc = knosc();
    knosc.model().knobs_mut().assumed_totp_single_use = true;
    let late_in_the_step = STEP_MS - LEFT_MS;
    let moved = Moved(late_in_the_step.saturating_sub(SystemClock.now_ms() % STEP_MS));
    let client = Client::new(&knosc.url().parse().unwrap(), &ClientConfig::default()).unwrap();
    let credentials = Recorded::new(two_factor(Some(DEFAULT_TOTP_SECRET)));
    let keeper = SessionKeeper::new(client, credentials, Arc::new(moved));

    let (generation, _) = keeper.headers(Method::Get).await.unwrap();
    let started = Instant::now();
    assert!(keeper.renew(generation).await);
    assert!(started.elapsed() < Duration::from_millis(LEFT_MS + 1_000));
    assert_eq!(knosc.model().sign_in_attempts(), 4);
}
