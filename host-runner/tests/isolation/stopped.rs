//! Each hostile pipeline beside a well-behaved one: it is stopped at the right limit, costs no more memory than it may, and the
//! neighbour finishes.

use std::time::{Duration, Instant};

use knosc_runner::platform::limits::{PipelineLimit, PipelineLimits};
use knosc_runner::platform::{PipelineEnd, PipelineReport, PoolUse};

use crate::hostile::{self, Ends, OK};
use crate::world::World;
use crate::{alone, process};

/// Small where a test would wait for them, and the defaults for everything that costs the host's memory.
const LIMITS: &str = r#"
cpu = "100ms"
wall = "500ms"
memory = "16 MiB"
scratch = "1 MiB"
scratch-files = 3
answer = "1 MiB"
requests = 40
job-calls = 5
requests-per-second = 1000
"#;

/// Met in the test below, in those of admission, and in those of runs side by side; the pace of requests is none to be met.
const ELSEWHERE: [PipelineLimit; 7] = [
    PipelineLimit::Code,
    PipelineLimit::Compiles,
    PipelineLimit::CompilesWaiting,
    PipelineLimit::ComponentBytes,
    PipelineLimit::Handles,
    PipelineLimit::RequestRate,
    PipelineLimit::Runs,
];

const MIB: u64 = 1024 * 1024;

/// What a store may have of linear memory, and what all the rest of it may cost the host.
const MEMORY_MAX: u64 = (16 + 32) * MIB;

/// Writes a file, waits a little now and then, and returns.
const NEIGHBOUR: &str = "(call $create (i32.const 512) (i32.const 5) (i32.const 32)) (call $write (i32.load (i32.const 36)) (i32.const 0) (i32.const 65536) (i32.const 48)) (call $finish (i32.load (i32.const 36)) (i32.const 40)) (loop $l (call $block (call $subscribe (i64.const 5000000))) (global.set $n (i32.add (global.get $n) (i32.const 1))) (br_if $l (i32.lt_u (global.get $n) (i32.const 20)))) (if (i32.load8_u (i32.const 40)) (then (unreachable)))";

/// What is wrong with a report.
fn judge(name: &str, report: &PipelineReport, expected: Ends) -> Option<String> {
    let right = match (&report.end, expected) {
        (PipelineEnd::Limit(met), Ends::Limit(limit)) => *met == limit,
        (PipelineEnd::Limit(met), Ends::Either(one, other)) => *met == one || *met == other,
        (PipelineEnd::Returned(Ok(_)), Ends::Met(limit)) => report.limit == Some(limit),
        (PipelineEnd::Returned(Ok(_)), Ends::Fine) => report.limit.is_none(),
        (PipelineEnd::Trapped { .. }, Ends::Trap) => true,
        _ => false,
    };
    let (end, limit) = (&report.end, report.limit);
    (!right).then(|| format!("{name}: not {expected:?} but {end:?}, {limit:?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_is_stopped_and_its_neighbour_runs_on() {
    let _alone = alone().await;
    let world = World::start(LIMITS, 2);
    let (granted, denied) = (world.granted.authority(), world.denied.authority());
    let text = hostile::text(
        "",
        "(global $n (mut i32) (i32.const 0))",
        &format!("{NEIGHBOUR} {OK}"),
        granted,
        denied,
    );
    let neighbour = wat::parse_str(text).unwrap();
    // What the first run of all costs, and every later one uses too.
    world.run("birch", neighbour.clone()).await;
    let guests = hostile::all();
    assert!(guests.len() >= 40);
    let (mut wrong, mut met) = (Vec::new(), Vec::new());
    let (mut most, mut longest) = ((0, ""), (Duration::ZERO, ""));
    for guest in &guests {
        let component = guest.component(granted, denied);
        process::forget_peak();
        let before = process::memory();
        let began = Instant::now();
        let (report, beside) =
            tokio::join!(world.run("acme", component), world.run("birch", neighbour.clone()));
        longest = longest.max((began.elapsed(), guest.name));
        wrong.extend(judge(guest.name, &report, guest.ends));
        met.extend(report.limit);
        wrong.extend(judge("the neighbour", &beside, Ends::Fine));
        if let (Some(before), Some(after)) = (before, process::memory()) {
            let cost = after.peak.saturating_sub(before.now);
            most = most.max((cost, guest.name));
            if cost > MEMORY_MAX {
                wrong.push(format!("{}: {} MiB more than before", guest.name, cost / MIB));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for limit in PipelineLimit::ALL {
        let somewhere = met.contains(&limit) || ELSEWHERE.contains(&limit);
        assert!(somewhere, "no hostile pipeline met the limit '{limit}'");
    }
    println!(
        "{} hostile pipelines; the most memory {} MiB ({}), the longest {:?} ({})",
        guests.len(),
        most.0 / MIB,
        most.1,
        longest.0,
        longest.1
    );
    assert_eq!(world.left_behind(), 0, "files of runs that ended");
    // The task of the last run ends just after it said its report.
    for _ in 0..500 {
        if world.platform.pool() == PoolUse::default() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(world.platform.pool(), PoolUse::default());
    assert_eq!(world.denied.accepted(), 0, "somebody reached an origin that was not granted");
    for head in world.granted.heads() {
        let head = head.to_ascii_lowercase();
        assert!(!head.contains("cookie") && head.contains("x-erp-token: canary-of-erp"), "{head}");
    }
}

/// A timer has a handle and two resources, a set of headers one of each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handles_and_resources_are_told_apart() {
    let _alone = alone().await;
    let world = World::start(LIMITS, 1);
    let (granted, denied) = (world.granted.authority(), world.denied.authority());
    let mut limits = PipelineLimits::default();
    limits.set(PipelineLimit::Handles, 1_000).unwrap();
    limits.set(PipelineLimit::Resources, 1_500).unwrap();
    for (name, limit) in [
        ("pollable-flood", PipelineLimit::Resources),
        ("sets-of-headers-without-end", PipelineLimit::Handles),
    ] {
        let guest = hostile::all().into_iter().find(|guest| guest.name == name).unwrap();
        let component = guest.component(granted, denied);
        let report = world.run_with("acme", component, limits.clone()).await;
        assert_eq!(judge(name, &report, Ends::Limit(limit)), None);
    }
}
