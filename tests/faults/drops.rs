//! The hosted component in this host, dropped in the middle of an upload: no server sees a whole body. F32.
//!
//! `DROPS=10000` drops so many; `cargo xtask drops` does. Every one is dropped before the seal, since its journal never takes one: after
//! the seal a whole body is no surprise.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use integration_tests::sink::Sink;
use knosc_bulk_import::run::{Event, Fact};
use knosc_bulk_import::session::Session;
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::BoxFuture;
use knosc_runner::blobs::{BlobSource, MemoryBlob};
use knosc_runner::journal::{Journal, JournalError};
use knosc_runner::net::ClientConfig;
use knosc_runner::runner::{Runner, UploadInput};

use crate::chance::Chance;
use crate::setup::{LONG, drops, runner, runtime};

/// Guests in an ordinary run of the tests.
const DROPS: u64 = 400;

/// Trials that go on at once, each with a server of its own.
const AT_ONCE: u64 = 2;

/// Takes some milliseconds to send, so that most guests end while it flows and some while they wait for the seal.
const FILE_BYTES: usize = 4 << 20;

/// The longest time between a request's head and its guest's end.
const LAST_MICROS: u64 = 12_000;

/// Takes every fact but the seal.
pub(crate) struct NeverSealed;

impl Journal for NeverSealed {
    fn history(&self) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn append(&self, event: Event) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(async move {
            if matches!(event.fact, Fact::UploadSealed(_)) {
                std::future::pending::<()>().await;
            }
            Ok(())
        })
    }
}

struct Bench {
    sink: Sink,
    runner: Runner,
    blob: Arc<dyn BlobSource>,
    chance: Chance,
}

impl Bench {
    fn new(seed: u64) -> Self {
        let sink = Sink::open().unwrap();
        let session =
            Session { access_token: "token".into(), csrf_token: "csrf".into(), refresh: None };
        let origin = format!("http://{}", sink.address());
        let runner = runner(runtime(), &origin, session, ClientConfig::default());
        let blob = Arc::new(MemoryBlob::new("units.csv", vec![b'x'; FILE_BYTES]));
        Self { sink, runner, blob, chance: Chance::new(seed) }
    }

    fn input(&self) -> UploadInput {
        let mut input = UploadInput::new(Trigger::UnitMaster, Arc::clone(&self.blob));
        input.journal = Arc::new(NeverSealed);
        input
    }

    fn later(&mut self) -> Duration {
        Duration::from_micros(self.chance.below(LAST_MICROS))
    }

    /// Its caller drops the call, and the store with it.
    async fn drop_call(&mut self) {
        let (begun, later) = (self.sink.begun(), self.later());
        let (runner, input) = (self.runner.clone(), self.input());
        let call = tokio::spawn(async move { runner.upload(input).await });
        let end = Instant::now() + LONG;
        while self.sink.begun() == begun {
            assert!(Instant::now() < end, "the request does not begin");
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        tokio::time::sleep(later).await;
        call.abort();
        _ = call.await;
    }

    /// A timer around the call.
    async fn time_out(&mut self) {
        let limit = self.later() + Duration::from_millis(3);
        _ = tokio::time::timeout(limit, self.runner.upload(self.input())).await;
    }

    /// Requests that began and that were whole, when the last connection is over.
    async fn counts(&self) -> (u64, u64) {
        self.sink.settled(LONG).await.expect("a connection outlives its guest")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn f32_a_guest_that_is_dropped_in_the_middle_never_leaves_a_whole_body() {
    let (most, dropped) = (drops(DROPS), Arc::new(AtomicU64::new(0)));
    let mut workers = tokio::task::JoinSet::new();
    for seed in 0..AT_ONCE {
        let dropped = Arc::clone(&dropped);
        workers.spawn(async move {
            let mut bench = Bench::new(seed);
            let mut before = 0;
            while dropped.load(Ordering::SeqCst) < most {
                bench.drop_call().await;
                bench.time_out().await;
                // Only what began counts: a timer may end a call before its request.
                let (begun, whole) = bench.counts().await;
                assert_eq!(whole, 0, "of {begun}");
                dropped.fetch_add(begun - before, Ordering::SeqCst);
                before = begun;
            }
        });
    }
    workers.join_all().await;
    println!("our host: 0 of {} whole", dropped.load(Ordering::SeqCst));
}
