//! `knosc-runner run`, killed at each of its steps, then resumed: every file is accepted once, and none is lost.
//!
//! The process kills itself with SIGKILL where `KNOSC_FAILPOINT` says, on both sides of each write to journal and network.
//! `KILLS=20` plays every place and time so often; `cargo xtask kills` does.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it measured"
)]

mod world;

use std::collections::VecDeque;
use std::sync::Mutex;

use world::World;

/// Both sides of each step that reaches a disk or a network: see `src/failpoint.rs`.
const PLACES: [&str; 9] = [
    "append",
    "appended",
    "commit",
    "committed",
    "connect",
    "connected",
    "write",
    "written",
    "answered",
];

/// Worlds that go on at once.
const AT_ONCE: usize = 2;

/// A sweep of all of them has at least so many places and times.
const POINTS_MIN: usize = 60;

/// In an ordinary run of the tests: every place at every so manieth time.
const STRIDE: u64 = 7;

/// No place is reached more often in a run of four files.
const TIMES_MAX: u64 = 400;

/// What a sweep came to.
#[derive(Debug, Default)]
struct Sums {
    kills: u64,
    unknown: u64,
    lives: u64,
    points: usize,
}

#[test]
fn a_run_that_is_killed_anywhere_sends_each_file_once_and_loses_none() {
    let repeats: u64 = std::env::var("KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let stride = if repeats == 0 { STRIDE } else { 1 };
    // A place is played later and later, until the run ends before it is reached.
    let places: VecDeque<(&str, u64)> =
        (0..repeats.max(1)).flat_map(|repeat| PLACES.map(|place| (place, repeat))).collect();
    let (places, sums) = (Mutex::new(places), Mutex::new(Sums::default()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = places.lock().unwrap().pop_front();
                    let Some((place, repeat)) = next else { return };
                    sweep(place, repeat, stride, &sums);
                }
            });
        }
    });
    let sums = sums.into_inner().unwrap();
    println!("{sums:?}: 0 files accepted twice, 0 lost");
    assert!(sums.kills > 0 && sums.unknown > 0, "the kills do not reach the code: {sums:?}");
    assert!(repeats == 0 || sums.points >= POINTS_MIN, "{sums:?}");
}

fn sweep(place: &str, repeat: u64, stride: u64, sums: &Mutex<Sums>) {
    for time in (1..TIMES_MAX).step_by(usize::try_from(stride).unwrap()) {
        let point = format!("{place}:{time}");
        let played = World::new(&format!("{place}-{time}-{repeat}")).play(&point);
        let mut sums = sums.lock().unwrap();
        sums.lives += played.lives;
        if !played.killed {
            return;
        }
        sums.kills += 1;
        sums.unknown += u64::from(played.unknown);
        sums.points += usize::from(repeat == 0);
    }
    panic!("{place} has no end");
}
