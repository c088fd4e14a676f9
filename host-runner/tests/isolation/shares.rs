//! How fast a neighbour uploads beside a tenant that computes on every core, and beside one that opens connections without end.
//!
//! Figures for people: they are printed, and no test fails over them, since another program may have the machine.

use std::sync::Arc;
use std::time::Instant;

use knosc_bulk_import::trigger::Trigger;
use knosc_runner::blobs::MemoryBlob;
use knosc_runner::credentials::{Secret, StaticCredentials};
use knosc_runner::engine::{Runtime, RuntimeConfig};
use knosc_runner::net::ClientConfig;
use knosc_runner::platform::{PipelineRun, Submission};
use knosc_runner::runner::{Runner, UploadInput};
use knosc_runner::tenant::{Tenant, TenantConfig};

use crate::hostile::text;
use crate::world::World;
use crate::{alone, times};

const LIMITS: &str =
    "cpu = \"1h\"\nwall = \"2h\"\nrequests = 10000000\nrequests-in-flight = 64\nruns = 32";

/// An operator who leaves the pace of requests to the machine.
const NO_PACE: &str = "\nrequests-per-second = 10000";

/// Keeps 32 requests under way, and gives up the oldest for each new one.
const CONNECTIONS: &str = "(loop $l (global.set $at (i32.add (i32.const 1024) (i32.shl (i32.and (global.get $n) (i32.const 31)) (i32.const 2)))) (global.set $f (i32.load (global.get $at))) (if (i32.gt_s (global.get $f) (i32.const 0)) (then (call $drop-future (global.get $f)))) (i32.store (global.get $at) (call $ask (i32.const 560) (i32.const 5) (i32.const 640) (global.get $granted-len))) (global.set $n (i32.add (global.get $n) (i32.const 1))) (if (i32.eqz (i32.and (global.get $n) (i32.const 7))) (then (global.set $p (call $subscribe (i64.const 1000000))) (call $block (global.get $p)) (call $drop-pollable (global.get $p)))) (br $l)) (unreachable)";

const FIELDS: &str = r#"(data (i32.const 560) "/mute") (global $f (mut i32) (i32.const 0)) (global $n (mut i32) (i32.const 0)) (global $p (mut i32) (i32.const 0)) (global $at (mut i32) (i32.const 0))"#;

const MIB: usize = 1024 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_neighbour_keeps_its_share() {
    let _alone = alone().await;
    let cores = std::thread::available_parallelism().unwrap().get();
    let knosc = local_knosc::spawn(local_knosc::Config::default()).unwrap();
    let neighbour = runner(&knosc);
    upload(&neighbour).await;
    for (kind, hogs, limits, body) in [
        ("computes", cores, LIMITS.to_owned(), "(loop $l (br $l)) (unreachable)"),
        ("opens connections", 1, LIMITS.to_owned(), CONNECTIONS),
        ("opens connections without a pace", 1, format!("{LIMITS}{NO_PACE}"), CONNECTIONS),
    ] {
        let world = World::start(&limits, cores);
        let (granted, denied) = (world.granted.authority(), world.denied.authority());
        let component = wat::parse_str(text("", FIELDS, body, granted, denied)).unwrap();
        let rounds = times(21, 1);
        let (mut alone, mut beside, mut shares) = (Vec::new(), Vec::new(), Vec::new());
        // By turns, so that what the machine does meanwhile is in both.
        for _ in 0..rounds {
            let first = upload(&neighbour).await;
            let runs = hog(&world, &component, hogs).await;
            let second = upload(&neighbour).await;
            assert_eq!(world.platform.list().len(), hogs, "a hog ended by itself");
            world.platform.stop("acme");
            for run in runs {
                run.report().await;
            }
            shares.push(second / first * 100.0);
            alone.push(first);
            beside.push(second);
        }
        let [alone, beside, share] = [alone, beside, shares].map(median);
        println!(
            "{hogs} that {kind} ({} connections): {beside:.0} MiB/s beside {alone:.0} alone, medians of {rounds} uploads of {} MiB; {share:.0} % of the one before",
            world.granted.accepted(),
            size() / MIB,
        );
    }
}

async fn hog(world: &World, component: &[u8], hogs: usize) -> Vec<PipelineRun> {
    let mut runs = Vec::new();
    for _ in 0..hogs {
        let (component, inputs) = (component.to_vec(), Vec::new());
        let submission = Submission { component, inputs, settings: Vec::new(), limits: None };
        runs.push(world.platform.submit("acme", submission).await.unwrap());
    }
    runs
}

fn size() -> usize {
    times(64, 4) * MIB
}

/// One upload's speed, in MiB a second.
async fn upload(runner: &Runner) -> f64 {
    let blob = Arc::new(MemoryBlob::new("demand.csv", vec![b'x'; size()]));
    let began = Instant::now();
    runner.upload(UploadInput::new(Trigger::Demand, blob)).await.unwrap();
    f64::from(u32::try_from(size() / MIB).unwrap()) / began.elapsed().as_secs_f64()
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn runner(knosc: &local_knosc::Running) -> Runner {
    let secret = Secret::SignIn {
        username: local_knosc::DEFAULT_USER.to_owned(),
        password: local_knosc::DEFAULT_PASSWORD.to_owned(),
        one_time: None,
    };
    let tenant = Tenant::new(TenantConfig {
        name: "birch".to_owned(),
        origin: knosc.url().parse().unwrap(),
        client: ClientConfig::default(),
        credentials: Arc::new(StaticCredentials::new(secret)),
    });
    Runner::new(Runtime::new(RuntimeConfig::default()).unwrap(), tenant.unwrap())
}
