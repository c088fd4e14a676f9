//! Seeded simulation: the real machine and protocol against the model of Knosc, with a simulated clock, network and crashes.
//!
//! No wasm, no sockets, no sleeping. A failure prints its seed; `SIM_SEED=42 cargo test --test sim` plays it again, and
//! `SIM_SEEDS=1000000` plays more of them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(clippy::disallowed_methods, reason = "seeds to replay come from the environment")]
#![allow(clippy::cast_possible_truncation, reason = "counts of a handful")]

mod chance;
mod driver;
mod network;
mod verdict;

use driver::{Ending, World};

/// Seeds of an ordinary test run: a few seconds. CI and the figure in ARCHITECTURE.md take more.
const SEEDS: u64 = 2_000;

/// Lives (crashes and resumes) that a run may take before we say that it does not end.
const LIVES_MAX: usize = 40;

fn play(seed: u64) -> (World, usize) {
    let mut world = World::new(seed);
    for life in 1..=LIVES_MAX {
        match world.live() {
            Ending::Crashed => verdict::nothing_twice(&world),
            Ending::Finished(report) => {
                verdict::is_true(&world, &report);
                if !world.person_decides(&report) {
                    return (world, life);
                }
            }
        }
    }
    panic!("the run did not end in {LIVES_MAX} lives");
}

#[test]
fn each_file_is_accepted_once_or_said_to_be_unknown() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match number("SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SIM_SEEDS").unwrap_or(SEEDS),
    };
    let (mut unknown, mut crashes, mut uploads) = (0_u64, 0_u64, 0_u64);
    for seed in seeds.clone() {
        let played = std::panic::catch_unwind(|| play(seed));
        let (world, _) = played.unwrap_or_else(|_| {
            panic!("seed {seed} broke the promise; replay: SIM_SEED={seed} cargo test --test sim")
        });
        unknown += world.unknowns;
        crashes += world.crashes;
        uploads += world.model.uploads().len() as u64;
    }
    if seeds.end - seeds.start >= 1_000 {
        assert!(unknown > 0 && crashes > 0 && uploads > 0, "the faults do not reach the code");
    }
}

#[test]
fn a_seed_plays_the_same_twice() {
    for seed in 0..50 {
        let (first, second) = (play(seed), play(seed));
        assert_eq!(first.0.durable, second.0.durable, "seed {seed}");
        assert_eq!(first.1, second.1, "seed {seed}");
    }
}
