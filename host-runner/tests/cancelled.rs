//! A run that is dropped, or whose token is cancelled, at each of its awaits: what it leaves is true, and nothing is sent twice.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

#[allow(dead_code, reason = "shared with the tests of the runner")]
mod setup;

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use knosc_bulk_import::plan::{Plan, Planned};
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::run::{Fact, Report};
use knosc_runner::CancellationToken;
use knosc_runner::error::Error;
use knosc_runner::journal::MemoryJournal;
use knosc_runner::runner::{RunInput, Runner, UploadInput};
use local_knosc::Running;
use setup::{knosc, quick, runner, units};

/// More awaits than a run of one small file has. One that needs more would not end here, and fail.
const AWAITS_MAX: usize = 200;

/// Where a run waits depends on what is faster, the server or the disk.
const ROUNDS: usize = 5;

/// Polls a future; `at` says what is done when it waits for so many times: go on, or give it up.
async fn stopped_at<F: Future>(future: F, at: usize, stop: impl Fn() -> bool) -> Option<F::Output> {
    let mut future = Box::pin(future);
    let mut waited = 0;
    poll_fn(move |context| match future.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => {
            waited += 1;
            if waited == at + 1 && stop() { Poll::Ready(None) } else { Poll::Pending }
        }
    })
    .await
}

/// How many files Knosc has taken, once nothing is on its way to it any more.
async fn accepted(server: &Running) -> usize {
    let mut before = server.model().uploads().len();
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(15)).await;
        let now = server.model().uploads().len();
        if now == before {
            return now;
        }
        before = now;
    }
    before
}

async fn known(journal: &MemoryJournal) -> Report {
    let (trigger, blob) = units();
    let plan = Plan::new(vec![Planned { trigger, file_name: blob.name().to_owned() }], false);
    Runner::report(plan.unwrap(), Policy::default(), journal).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_dropped_at_any_await_is_resumed_to_one_file_or_is_unknown() {
    let server = knosc();
    let runner = runner(&server);
    let (mut dropped, mut sealed_ones, mut at, mut rounds) = (0, 0, 0, 0);
    while rounds < ROUNDS {
        assert!(at < AWAITS_MAX, "a run of one file does not end");
        let journal = Arc::new(MemoryJournal::new());
        let input = || RunInput { journal: journal.clone(), ..quick(vec![units()]) };
        let before = server.model().uploads().len();
        if stopped_at(runner.run_ordered(input()), at, || true).await.is_some() {
            (at, rounds) = (0, rounds + 1);
            continue;
        }
        dropped += 1;
        let taken = accepted(&server).await - before;
        let sealed =
            journal.events().iter().any(|event| matches!(event.fact, Fact::UploadSealed(_)));
        sealed_ones += usize::from(sealed);
        assert!(sealed || taken == 0, "await {at}: taken, and not sealed");
        let word = known(&journal).await.steps[0].outcome.word();
        assert!(taken == 0 || ["pending", "completed", "unknown"].contains(&word), "{at}: {word}");

        let report = runner.run_ordered(input()).await.unwrap();
        let word = report.steps[0].outcome.word();
        let in_all = accepted(&server).await - before;
        assert!(in_all <= 1, "await {at}: sent twice");
        assert!((word == "completed" && in_all == 1) || word == "unknown", "await {at}: {word}");
        at += 1;
    }
    assert!(dropped > 3 * ROUNDS && sealed_ones > 0, "{dropped} drops, {sealed_ones} sealed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_cancelled_at_any_await_says_what_became_of_its_file() {
    let server = knosc();
    let runner = runner(&server);
    let (mut at, mut rounds) = (0, 0);
    while rounds < ROUNDS {
        assert!(at < AWAITS_MAX, "a run of one file does not end");
        let cancel = CancellationToken::new();
        let input = RunInput { cancel: cancel.clone(), ..quick(vec![units()]) };
        let before = server.model().uploads().len();
        let go_on = || {
            cancel.cancel();
            false
        };
        let ended = stopped_at(runner.run_ordered(input), at, go_on).await.unwrap();
        let taken = accepted(&server).await - before;
        let report = match ended {
            Err(Error::Cancelled { report }) => *report.unwrap(),
            Ok(report) if cancel.is_cancelled() => report,
            Ok(_) => {
                (at, rounds) = (0, rounds + 1);
                continue;
            }
            Err(error) => panic!("await {at}: {error:?}"),
        };
        let word = report.steps[0].outcome.word();
        let told = ["pending", "completed"].contains(&word);
        assert_eq!(told, taken == 1, "await {at}: {taken} taken, and told is '{word}'");
        at += 1;
    }
}

/// A future of the library may wait on any thread.
#[tokio::test]
async fn futures_are_send() {
    fn is_send<T: Send>(_: T) {}
    let server = knosc();
    let runner = runner(&server);
    let tenant = runner.tenant();
    is_send(runner.run_ordered(quick(vec![units()])));
    let (trigger, blob) = units();
    is_send(runner.upload(UploadInput::new(trigger, blob)));
    is_send(runner.poll(&[], CancellationToken::new()));
    is_send(known(&MemoryJournal::new()));
    is_send(tenant.sign_in());
    is_send(tenant.templates());
    is_send(tenant.template("/"));
    is_send(tenant.logout());
    is_send(tenant.sessions().renew(0));
    is_send(tenant.client().exchange(&knosc_bulk_import::protocol::logout::request(), vec![], 1));
}
