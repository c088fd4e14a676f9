//! `cargo xtask sim`: many seeds of both simulations, optimised and on all cores; or one seed, step by step. Decides nothing: the
//! test says what was broken, and by which seed.

use xtask::{Failure, components::cargo, place};

use super::run as run_command;

/// What the simulation is judged by before a release.
const SEEDS: u64 = 1_000_000;

/// One run and its crashes; and whole runs, one after the other. Each takes all cores.
const TEST: [&str; 8] = [
    "-p",
    "knosc-bulk-import",
    "--test=sim",
    "--",
    "--nocapture",
    "--test-threads=1",
    "each_file_is_accepted_once_or_said_to_be_unknown",
    "verbs_that_are_repeated_load_no_file_twice_and_none_over_a_newer_one",
];

pub(crate) fn run(words: &[&str]) -> Result<(), Failure> {
    let (variable, number, profile) = match words {
        [] => ("SIM_SEEDS", SEEDS, Some("--release")),
        ["--seeds", number] => ("SIM_SEEDS", count(number)?, Some("--release")),
        // One seed plays in no time: the profile of all other tests is compiled already.
        ["--seed", number] => ("SIM_SEED", count(number)?, None),
        _ => return Err(Failure::new("sim: --seeds N or --seed N").hint("cargo xtask help")),
    };
    let mut test = cargo();
    test.current_dir(place::root()?).arg("test").arg("--target-dir").arg(place::target()?);
    run_command(test.args(profile).args(TEST).env(variable, number.to_string()))
}

fn count(word: &str) -> Result<u64, Failure> {
    word.replace('_', "").parse().map_err(|_| Failure::new(format!("{word} is no number of seeds")))
}
