//! The hosted component in a store of one's own, trapped in the middle of an upload: by its fuel, at any instruction, and by an epoch
//! deadline. No server sees a whole body. F32.
//!
//! `DROPS=10000` traps a quarter as many of each kind; `cargo xtask drops` does. None is sealed, as in `drops`.

use std::sync::Arc;
use std::time::Duration;

use integration_tests::sink::Sink;
use knosc_bulk_import::session::Session;
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::blobs::{BlobSource, MemoryBlob};
use knosc_runner::tenant::Tenant;
use wasmtime::Config;

use crate::chance::Chance;
use crate::drops::NeverSealed;
use crate::own_store::{OwnEngine, tenant};
use crate::setup::{LONG, drops};

/// Guests of each kind in an ordinary run of the tests.
const TRAPS: u64 = 40;

/// As in `drops`.
const FILE_BYTES: usize = 4 << 20;

/// Guests that it takes to find how much fuel is used before the request begins, to a thousandth.
const BISECTIONS: u32 = 10;

/// Epochs of a millisecond that a guest may have: the seal of such a file comes within some ten.
const EPOCHS_MAX: u64 = 12;

/// More epochs than any test lasts.
const NO_DEADLINE: u64 = u32::MAX as u64;

/// A guest that was not trapped waits for its seal for ever.
const LAST: Duration = Duration::from_millis(60);

struct Bench {
    sink: Sink,
    engine: OwnEngine,
    tenant: Tenant,
    blob: Arc<dyn BlobSource>,
    chance: Chance,
}

impl Bench {
    fn new() -> Self {
        let mut config = Config::new();
        config.consume_fuel(true).epoch_interruption(true);
        let engine = OwnEngine::new(&config);
        let sink = Sink::open().unwrap();
        let session =
            Session { access_token: "token".into(), csrf_token: "csrf".into(), refresh: None };
        let tenant = tenant(&format!("http://{}", sink.address()), session);
        let blob = Arc::new(MemoryBlob::new("units.csv", vec![b'x'; FILE_BYTES]));
        Self { sink, engine, tenant, blob, chance: Chance::new(7) }
    }

    /// One guest with so much fuel and so many epochs; whether it was trapped, and the fuel that it used.
    async fn guest(&self, fuel: u64, epochs: u64) -> (bool, u64) {
        let mut store = self.engine.store(self.tenant.clone(), Arc::new(NeverSealed));
        store.set_fuel(fuel).unwrap();
        store.set_epoch_deadline(epochs);
        // One that has not even this much is trapped before it sends anything.
        let Ok(importer) = self.engine.importer.instantiate(&mut store).await else {
            return (true, fuel);
        };
        let upload = importer.upload(&mut store, Trigger::UnitMaster, &self.blob);
        let was_trapped = matches!(tokio::time::timeout(LAST, upload).await, Ok(Err(_)));
        (was_trapped, fuel - store.get_fuel().unwrap())
    }

    /// How much fuel is used when the request begins, and when the seal is asked for.
    async fn fuel(&self) -> (u64, u64) {
        let (_, used) = self.guest(u64::MAX, NO_DEADLINE).await;
        let (mut low, mut high) = (0_u64, used);
        for _ in 0..BISECTIONS {
            let middle = low.midpoint(high);
            let before = self.counts().await.0;
            self.guest(middle, NO_DEADLINE).await;
            let has_begun = self.counts().await.0 > before;
            if has_begun { high = middle } else { low = middle }
        }
        (high, used)
    }

    /// Guests with limits by chance, until so many were trapped after their requests began.
    async fn trap(&mut self, most: u64, limits: impl Fn(&mut Chance) -> (u64, u64)) -> u64 {
        let (mut trapped, mut before) = (0, self.counts().await.0);
        while trapped < most {
            let (fuel, epochs) = limits(&mut self.chance);
            let (was_trapped, _) = self.guest(fuel, epochs).await;
            let (begun, whole) = self.counts().await;
            assert_eq!(whole, 0, "of {begun}");
            trapped += u64::from(was_trapped && begun > before);
            before = begun;
        }
        trapped
    }

    /// Requests that began and that were whole, when the last connection is over.
    async fn counts(&self) -> (u64, u64) {
        self.sink.settled(LONG).await.expect("a connection outlives its guest")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn f32_a_guest_that_traps_in_the_middle_never_leaves_a_whole_body() {
    let mut bench = Bench::new();
    bench.tenant.sign_in().await.unwrap();
    let engine = bench.engine.engine.clone();
    let ticking = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(1)).await;
            engine.increment_epoch();
        }
    });
    let (begins, seals) = bench.fuel().await;
    let most = (drops(4 * TRAPS) / 4).max(1);
    let by_fuel =
        bench.trap(most, |chance| (begins + chance.below(seals - begins), NO_DEADLINE)).await;
    let by_deadline = bench.trap(most, |chance| (u64::MAX, 1 + chance.below(EPOCHS_MAX))).await;
    ticking.abort();
    println!("trapped by fuel: 0 of {by_fuel} whole; by a deadline: 0 of {by_deadline} whole");
}
