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
use knosc_runner::platform::Submission;
use knosc_runner::runner::{Runner, UploadInput};
use knosc_runner::tenant::{Tenant, TenantConfig};

use crate::hostile::text;
use crate::world::World;
use crate::{alone, times};

const LIMITS: &str =
    "cpu = \"1h\"\nwall = \"2h\"\nrequests = 10000000\nrequests-in-flight = 64\nruns = 32";

/// Keeps 32 requests under way, and gives up the oldest for each new one.
const CONNECTIONS: &str = "(loop $l (global.set $at (i32.add (i32.const 1024) (i32.shl (i32.and (global.get $n) (i32.const 31)) (i32.const 2)))) (global.set $f (i32.load (global.get $at))) (if (i32.gt_s (global.get $f) (i32.const 0)) (then (call $drop-future (global.get $f)))) (i32.store (global.get $at) (call $ask (i32.const 560) (i32.const 5) (i32.const 640) (global.get $granted-len))) (global.set $n (i32.add (global.get $n) (i32.const 1))) (if (i32.eqz (i32.and (global.get $n) (i32.const 7))) (then (global.set $p (call $subscribe (i64.const 1000000))) (call $block (global.get $p)) (call $drop-pollable (global.get $p)))) (br $l)) (unreachable)";

const FIELDS: &str = r#"(data (i32.const 560) "/mute") (global $f (mut i32) (i32.const 0)) (global $n (mut i32) (i32.const 0)) (global $p (mut i32) (i32.const 0)) (global $at (mut i32) (i32.const 0))"#;

const MIB: usize = 1024 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_neighbour_keeps_its_share() {
    let _alone = alone().await;
    let cores = std::thread::available_parallelism().unwrap().get();
    let world = World::start(LIMITS, cores);
    let knosc = local_knosc::spawn(local_knosc::Config::default()).unwrap();
    let neighbour = runner(&knosc);
    let size = times(64, 4) * MIB;
    let rounds = times(5, 1);
    measured(&neighbour, size, 1).await;
    let alone = measured(&neighbour, size, rounds).await;
    println!("alone: {alone:.0} MiB/s, the median of {rounds} uploads of {} MiB", size / MIB);
    for (kind, hogs, body) in [
        ("computes", cores, "(loop $l (br $l)) (unreachable)"),
        ("opens connections", 1, CONNECTIONS),
    ] {
        let (granted, denied) = (world.granted.authority(), world.denied.authority());
        let component = wat::parse_str(text("", FIELDS, body, granted, denied)).unwrap();
        let mut runs = Vec::new();
        for _ in 0..hogs {
            let (component, inputs) = (component.clone(), Vec::new());
            let submission = Submission { component, inputs, settings: Vec::new(), limits: None };
            runs.push(world.platform.submit("acme", submission).await.unwrap());
        }
        let connected = world.granted.accepted();
        let beside = measured(&neighbour, size, rounds).await;
        let share = beside / alone * 100.0;
        let connected = world.granted.accepted() - connected;
        assert_eq!(world.platform.list().len(), hogs, "a hog ended by itself");
        world.platform.stop("acme");
        for run in runs {
            run.report().await;
        }
        println!(
            "beside {hogs} that {kind} ({connected} connections): {beside:.0} MiB/s, {share:.0} % of it"
        );
    }
}

/// The median speed of some uploads, in MiB a second.
async fn measured(runner: &Runner, size: usize, rounds: usize) -> f64 {
    let mut speeds = Vec::new();
    for _ in 0..rounds {
        let blob = Arc::new(MemoryBlob::new("demand.csv", vec![b'x'; size]));
        let began = Instant::now();
        runner.upload(UploadInput::new(Trigger::Demand, blob)).await.unwrap();
        let mib = f64::from(u32::try_from(size / MIB).unwrap());
        speeds.push(mib / began.elapsed().as_secs_f64());
    }
    speeds.sort_by(f64::total_cmp);
    speeds[speeds.len() / 2]
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
