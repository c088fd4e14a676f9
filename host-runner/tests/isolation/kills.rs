//! How soon a pipeline is stopped after its limit, and that nothing of it is left: no task, socket, place in the pool, or file.

use std::time::{Duration, Instant};

use knosc_runner::platform::limits::{PipelineLimit, PipelineLimits};
use knosc_runner::platform::{PipelineEnd, PoolUse};
use tokio::runtime::Handle;

use crate::hostile::text;
use crate::world::World;
use crate::{alone, process, times};

const CPU: Duration = Duration::from_millis(40);
const WALL: Duration = Duration::from_millis(100);

const LIMITS: &str = "cpu = \"40ms\"\nwall = \"60s\"\nmemory = \"16 MiB\"";

/// A file that is half written, and then what never ends.
const WRITE: &str = "(call $create (i32.const 512) (i32.const 5) (i32.const 32)) (call $write (i32.load (i32.const 36)) (i32.const 0) (i32.const 4096) (i32.const 48))";

/// Figures of one kind of kill.
struct Late {
    kind: &'static str,
    after: Vec<Duration>,
}

impl Late {
    fn show(&mut self) {
        self.after.sort();
        let at = |hundredth: usize| {
            let place = (self.after.len() * hundredth / 100).min(self.after.len() - 1);
            self.after[place]
        };
        println!(
            "{}: {} kills, after the limit by {:.1?} (median), {:.1?} (99th percentile), {:.1?} (longest)",
            self.kind,
            self.after.len(),
            at(50),
            at(99),
            at(100)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_a_pipeline_that_was_stopped() {
    let _alone = alone().await;
    let world = World::start(LIMITS, 2);
    let component = |body: &str| {
        let fields = "(data (i32.const 560) \"/mute\")";
        let (granted, denied) = (world.granted.authority(), world.denied.authority());
        wat::parse_str(text("", fields, body, granted, denied)).unwrap()
    };
    let ask = "(call $ask (i32.const 560) (i32.const 5) (i32.const 640) (global.get $granted-len))";
    let kinds = [
        ("a loop", PipelineLimit::Cpu, CPU, format!("{WRITE} (loop $l (br $l)) (unreachable)")),
        (
            "a sleep",
            PipelineLimit::Wall,
            WALL,
            format!("{WRITE} (call $block (call $subscribe (i64.const -1))) (unreachable)"),
        ),
        (
            "a request",
            PipelineLimit::Wall,
            WALL,
            format!("(call $block (call $answered {ask})) (unreachable)"),
        ),
    ]
    .map(|(kind, limit, budget, body)| (kind, limit, budget, component(&body)));
    // What the first run of each costs, and every later one uses too.
    for (_, _, _, component) in &kinds {
        let mut limits = PipelineLimits::default();
        limits.set(PipelineLimit::Wall, 200).unwrap();
        world.run_with("acme", component.clone(), limits).await;
    }
    let before = left(&world).await;
    let mut late = kinds.each_ref().map(|(kind, ..)| Late { kind, after: Vec::new() });
    for _ in 0..times(1_000, 45).div_ceil(kinds.len()) {
        for ((kind, limit, budget, component), late) in kinds.iter().zip(&mut late) {
            let mut limits = PipelineLimits::default();
            if *limit == PipelineLimit::Wall {
                limits.set(*limit, u64::try_from(WALL.as_millis()).unwrap()).unwrap();
            }
            let report = world.run_with("acme", component.clone(), limits).await;
            assert_eq!(report.end, PipelineEnd::Limit(*limit), "{kind}");
            // A busy machine gives a pipeline less than all of a core: computing is measured by what it computed.
            let used = report.used;
            let spent = if *limit == PipelineLimit::Cpu { used.computed } else { used.took };
            late.after.push(spent.saturating_sub(*budget));
        }
    }
    late.iter_mut().for_each(Late::show);
    let after = settled(&world, &before).await;
    println!("before and after: {before:?}, {after:?}");
    assert_eq!(after, before);
    assert_eq!((after.pool, after.files), (PoolUse::default(), 0));
}

/// What there is of everything that a run uses.
#[derive(Debug, PartialEq)]
struct Left {
    pool: PoolUse,
    files: usize,
    open: Option<usize>,
    tasks: usize,
}

async fn left(world: &World) -> Left {
    // What ended last is cleared away by tasks that have yet to run.
    tokio::time::sleep(Duration::from_millis(200)).await;
    Left {
        pool: world.platform.pool(),
        files: world.left_behind(),
        open: process::open_files(),
        tasks: Handle::current().metrics().num_alive_tasks(),
    }
}

/// The same, after a while if need be: the peer closes its end of a connection when its own thread runs.
async fn settled(world: &World, expected: &Left) -> Left {
    let end = Instant::now() + Duration::from_secs(5);
    loop {
        let now = left(world).await;
        if now == *expected || Instant::now() > end {
            return now;
        }
    }
}
