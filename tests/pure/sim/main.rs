//! Seeded simulation: the real machine and protocol against the model of Knosc, with a simulated clock, network, callers and
//! crashes.
//!
//! No wasm, no sockets, no sleeping. A failure prints its seed; `cargo xtask sim --seed 42` plays it again and shows each step,
//! and `cargo xtask sim --seeds 1000000` plays many.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(clippy::disallowed_methods, reason = "seeds to replay come from the environment")]
#![allow(clippy::print_stderr, reason = "a long simulation tells how far it is")]
#![allow(clippy::cast_possible_truncation, reason = "counts of a handful")]
#![allow(clippy::cast_possible_wrap, reason = "a day in milliseconds")]

mod chance;
mod host;
mod mutants;
mod network;
mod person;
mod restored;
mod verbs;
mod verdict;
mod world;

use std::ops::Range;
use std::panic::catch_unwind;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use person::play;
use world::{Rules, Tally};

/// Plays one seed; tells each step if it is traced.
type Play = fn(u64, bool, Rules) -> Tally;

/// Seeds of an ordinary test run and of CI: under a minute on two busy cores, unoptimised.
const SEEDS: u64 = 20_000;

/// Seeds of the repeated verbs, each of which is several runs.
const VERB_SEEDS: u64 = 20_000;

/// Seeds that a thread takes at a time.
const BATCH: u64 = 500;

/// Failing seeds after which there is no point in going on.
const FAILURES_MAX: usize = 10;

/// Seeds between two lines of progress, where they are asked for.
const PROGRESS_SEEDS: u64 = 50_000;

fn play_one(seed: u64, traced: bool, rules: Rules) -> Tally {
    play(seed, traced, rules).tally
}

/// Plays all seeds, on all cores; gives what the faults reached and the seeds that broke the promise.
fn play_all(
    play: Play,
    rules: Rules,
    seeds: Range<u64>,
    traced: bool,
    progress: bool,
) -> (Tally, Vec<u64>) {
    let (next, began) = (AtomicU64::new(seeds.start), Instant::now());
    let (tally, broken) = (Mutex::new(Tally::default()), Mutex::new(Vec::new()));
    let work = || {
        loop {
            let first = next.fetch_add(BATCH, Ordering::Relaxed);
            if first >= seeds.end || broken.lock().unwrap().len() >= FAILURES_MAX {
                return;
            }
            for seed in first..(first + BATCH).min(seeds.end) {
                match catch_unwind(|| play(seed, traced, rules)) {
                    Ok(played) => tally.lock().unwrap().add(&played),
                    Err(_) => broken.lock().unwrap().push(seed),
                }
            }
            if progress && first > seeds.start && first.is_multiple_of(PROGRESS_SEEDS) {
                eprintln!("{first} seeds, {} s", began.elapsed().as_secs());
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    if progress {
        eprintln!("{} seeds in {:.1} s", seeds.end - seeds.start, began.elapsed().as_secs_f64());
    }
    let (tally, mut broken) = (tally.into_inner().unwrap(), broken.into_inner().unwrap());
    broken.sort_unstable();
    (tally, broken)
}

#[test]
fn each_file_is_accepted_once_or_said_to_be_unknown() {
    simulate(play_one, SEEDS, Tally::has_all);
}

#[test]
fn verbs_that_are_repeated_load_no_file_twice_and_none_over_a_newer_one() {
    let reached = |tally: Tally| {
        [
            tally.crashes,
            tally.unknown,
            tally.unknown_accepted,
            tally.failed,
            tally.repeats,
            tally.late,
            tally.losses,
        ]
        .into_iter()
        .all(|count| count > 0)
    };
    simulate(verbs::play, VERB_SEEDS, reached);
}

/// Plays `count` seeds, or as the environment says; `reached` tells whether the faults reach the code.
fn simulate(play: Play, count: u64, reached: fn(Tally) -> bool) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (one, many) = (number("SIM_SEED"), number("SIM_SEEDS"));
    let seeds = one.map_or(0..many.unwrap_or(count), |seed| seed..seed + 1);
    let count = seeds.end - seeds.start;
    let (tally, broken) = play_all(play, Rules::default(), seeds, one.is_some(), many.is_some());
    if many.is_some() {
        eprintln!("{tally:?}");
    }
    assert!(
        broken.is_empty(),
        "the promise was broken by seeds {broken:?}; cargo xtask sim --seed {} shows the first step by step",
        broken[0]
    );
    if count >= 2_000 {
        assert!(reached(tally), "the faults do not reach the code: {tally:?}");
    }
}

#[test]
fn a_seed_plays_the_same_twice() {
    for seed in 0..50 {
        let (first, second) =
            (play(seed, false, Rules::default()), play(seed, false, Rules::default()));
        assert_eq!(first.durable, second.durable, "seed {seed}");
    }
}
