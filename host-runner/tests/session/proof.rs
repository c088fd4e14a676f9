//! Before a file leaves, Knosc has shown within the last minute that it takes the session; the file is never what finds out.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::run::{Outcome, Report};
use knosc_bulk_import::session::Session;
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::blobs::MemoryBlob;
use knosc_runner::clock::Clock;
use knosc_runner::credentials::Secret;
use knosc_runner::engine::{Runtime, RuntimeConfig};
use knosc_runner::net::ClientConfig;
use knosc_runner::runner::{RunInput, Runner};
use knosc_runner::tenant::{Tenant, TenantConfig};
use local_knosc::{AnswerFault, DEFAULT_TENANT, Running, SessionRefusals, When};
use tokio::task::JoinSet;

use crate::common::{Recorded, demo, keeper, knosc};

const ASKS: &str = "/api/validate-privileges";
const UPLOAD: &str = "/api/job/unit-master";
const BOTH: [SessionRefusals; 2] = [SessionRefusals::Envelope, SessionRefusals::Msg];

/// The machine's clock, and what a test adds to it.
#[derive(Default)]
struct Ahead(AtomicU64);

impl Clock for Ahead {
    fn now_ms(&self) -> u64 {
        knosc_runner::clock::SystemClock.now_ms() + self.0.load(Ordering::Relaxed)
    }
}

fn runner_at(url: &str, secret: Secret, clock: Arc<Ahead>) -> Runner {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| Runtime::new(RuntimeConfig::default()).unwrap());
    let config = TenantConfig {
        name: DEFAULT_TENANT.to_owned(),
        origin: url.parse().unwrap(),
        client: ClientConfig::default(),
        credentials: Recorded::new(secret),
    };
    Runner::new(runtime.clone(), Tenant::with_clock(config, clock).unwrap())
}

fn runner(knosc: &Running, secret: Secret) -> Runner {
    runner_at(&knosc.url(), secret, Arc::default())
}

/// A session that another process made: this one has seen no answer to it.
async fn given(knosc: &Running) -> Session {
    keeper(knosc, Recorded::new(demo())).session().await.unwrap()
}

fn input() -> RunInput {
    let blob = Arc::new(MemoryBlob::new("units.csv", &b"_UnitCode,_UnitName\nEA,Each\n"[..]));
    let policy = Policy { poll_interval_min_ms: 10, poll_interval_max_ms: 50, ..Policy::default() };
    RunInput { steps: vec![(Trigger::UnitMaster, blob)], policy, ..RunInput::default() }
}

async fn send(runner: &Runner) -> Report {
    runner.run_ordered(input()).await.unwrap()
}

fn asked(knosc: &Running, path: &str) -> usize {
    knosc.model().requests().filter(|record| record.path == path).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_session_costs_no_request() {
    let knosc = knosc();
    let runner = runner(&knosc, demo());
    for _ in 0..2 {
        assert_eq!(send(&runner).await.steps[0].outcome.word(), "completed");
    }
    assert_eq!((asked(&knosc, ASKS), asked(&knosc, UPLOAD)), (0, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_given_session_is_asked_about_once() {
    let knosc = knosc();
    let runner = runner(&knosc, Secret::Session(given(&knosc).await));
    for _ in 0..2 {
        assert_eq!(send(&runner).await.steps[0].outcome.word(), "completed");
    }
    assert_eq!((asked(&knosc, ASKS), asked(&knosc, UPLOAD)), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_minute_it_is_asked_about_again() {
    let knosc = knosc();
    let clock = Arc::new(Ahead::default());
    let runner = runner_at(&knosc.url(), demo(), Arc::clone(&clock));
    send(&runner).await;
    clock.0.store(60_000, Ordering::Relaxed);
    send(&runner).await;
    // A clock that goes back proves nothing.
    clock.0.store(0, Ordering::Relaxed);
    send(&runner).await;
    assert_eq!((asked(&knosc, ASKS), asked(&knosc, UPLOAD)), (2, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_over_is_renewed_before_the_file_leaves() {
    for refusals in BOTH {
        let knosc = knosc();
        let runner = runner(&knosc, Secret::Session(given(&knosc).await));
        knosc.model().knobs_mut().assumed_session_refusals = refusals;
        knosc.model().expire_sessions(DEFAULT_TENANT, false);
        assert_eq!(send(&runner).await.steps[0].outcome.word(), "completed");
        assert_eq!((asked(&knosc, ASKS), asked(&knosc, UPLOAD)), (1, 1), "{refusals:?}");
        assert_eq!(knosc.model().refreshes(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_cannot_be_renewed_sends_nothing() {
    for refusals in BOTH {
        let knosc = knosc();
        let runner = runner(&knosc, Secret::Session(given(&knosc).await));
        knosc.model().knobs_mut().assumed_session_refusals = refusals;
        knosc.model().expire_sessions(DEFAULT_TENANT, true);
        let report = send(&runner).await;
        let Outcome::Refused(Fault::PermanentUnauthorized(refusal)) = &report.steps[0].outcome
        else {
            panic!("{report:?}");
        };
        assert_eq!(refusal.status, Some(401));
        assert_eq!((asked(&knosc, ASKS), asked(&knosc, UPLOAD)), (1, 0), "{refusals:?}");
        assert_eq!(asked(&knosc, "/api/token-refresh"), 1, "renewed more than once");
    }
}

/// Also a 422 that is said to a GET, which carries no CSRF token.
#[tokio::test(flavor = "multi_thread")]
async fn a_422_counts_as_a_session_that_is_over() {
    let knosc = knosc();
    let runner = runner(&knosc, Secret::Session(given(&knosc).await));
    fault(&knosc, AnswerFault { status: Some(422), ..AnswerFault::default() });
    assert_eq!(send(&runner).await.steps[0].outcome.word(), "completed");
    assert_eq!((asked(&knosc, ASKS), knosc.model().refreshes()), (1, 1));
}

fn fault(knosc: &Running, fault: AnswerFault) {
    let fault = AnswerFault { path: ASKS.into(), when: When::Before, times: 1, ..fault };
    knosc.model().faults_mut(DEFAULT_TENANT).unwrap().answers.push(fault);
}

#[tokio::test(flavor = "multi_thread")]
async fn any_other_answer_stops_no_upload() {
    let status = |status| AnswerFault { status: Some(status), ..AnswerFault::default() };
    let faults = [200, 204, 302, 400, 403, 404, 405, 429, 500, 503].map(status);
    let dropped = AnswerFault { drop: true, ..AnswerFault::default() };
    let late = AnswerFault { delay_ms: 60_000, ..AnswerFault::default() };
    for bent in faults.into_iter().chain([dropped, late]) {
        let knosc = knosc();
        let runner = runner(&knosc, Secret::Session(given(&knosc).await));
        fault(&knosc, bent.clone());
        assert_eq!(send(&runner).await.steps[0].outcome.word(), "completed", "{bent:?}");
        assert_eq!((asked(&knosc, UPLOAD), knosc.model().refreshes()), (1, 0), "{bent:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_that_find_it_over_renew_it_once() {
    let knosc = knosc();
    let runner = runner(&knosc, Secret::Session(given(&knosc).await));
    knosc.model().expire_sessions(DEFAULT_TENANT, false);
    let mut runs = JoinSet::new();
    for _ in 0..8 {
        let runner = runner.clone();
        runs.spawn(async move { send(&runner).await.steps[0].outcome.word() });
    }
    assert_eq!(runs.join_all().await, vec!["completed"; 8]);
    assert_eq!(knosc.model().refreshes(), 1);
}
