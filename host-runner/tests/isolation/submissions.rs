//! Submissions that are refused, cannot be compiled, or are given up: nothing of them is left.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use knosc_runner::platform::compile::Compiler;
use knosc_runner::platform::{PoolUse, Submission};
use tokio::runtime::Handle;

use crate::hostile::text;
use crate::world::World;
use crate::{alone, process, times};

/// What there is of everything that a submission uses.
#[derive(Debug, PartialEq)]
struct Left {
    pool: PoolUse,
    running: usize,
    children: usize,
    half_written: usize,
    scratch: usize,
    open: Option<usize>,
    tasks: usize,
}

fn left(world: &World) -> Left {
    Left {
        pool: world.platform.pool(),
        running: world.platform.list().len(),
        children: process::children(),
        half_written: world.half_written(),
        scratch: world.left_behind(),
        open: process::open_files(),
        tasks: Handle::current().metrics().num_alive_tasks(),
    }
}

async fn submit(world: &World, component: Vec<u8>) {
    let submission =
        Submission { component, inputs: Vec::new(), settings: Vec::new(), limits: None };
    if let Ok(run) = world.platform.submit("acme", submission).await {
        run.report().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_hostile_submissions() {
    let _alone = alone().await;
    let program = PathBuf::from(env!("CARGO_BIN_EXE_knosc-runner"));
    let limits = "cpu = \"20ms\"\ncode = \"256 KiB\"";
    let world = World::compiling(limits, 2, Compiler::Child { program });
    let (granted, denied) = (world.granted.authority(), world.denied.authority());
    let valid = wat::parse_str(text("", "", "(loop $l (br $l)) (unreachable)", granted, denied));
    let valid = valid.unwrap();
    submit(&world, valid.clone()).await;
    // The task of a run ends just after its report.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let before = left(&world);
    for number in 0..times(1_000, 100) {
        // No two are alike, so each costs a child.
        let mark = u32::try_from(number).unwrap().to_le_bytes();
        let mut component = [&valid[..], &[0, 6, 1, b'n'][..], &mark[..]].concat();
        match number % 4 {
            // Runs until it is stopped.
            0 => submit(&world, component).await,
            // Given up while it is prepared.
            1 => {
                let within = Duration::from_millis(u64::try_from(number % 40).unwrap());
                let _ = tokio::time::timeout(within, submit(&world, component)).await;
            }
            // Not valid: a section that no component has.
            2 => {
                component.extend([0x7f, 0]);
                submit(&world, component).await;
            }
            // Cut.
            _ => {
                component.truncate(valid.len() / 2 + number);
                submit(&world, component).await;
            }
        }
    }
    let end = Instant::now() + Duration::from_secs(10);
    let mut after = left(&world);
    while after != before && Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(50)).await;
        after = left(&world);
    }
    println!("before and after: {before:?}, {after:?}");
    assert_eq!(after, before);
    assert_eq!((after.children, after.half_written, after.running), (0, 0, 0));
}
