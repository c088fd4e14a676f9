//! `cargo xtask VERB`: set-up, components, demo, tests, benchmark, WIT reference. Only starts other programs and says
//! what they cost; what it starts keeps its output.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people: its output is its purpose"
)]

mod verb;

use std::{env, fs, process::ExitCode};

use xtask::{Failure, place, wit};

const HELP: &str = "\
cargo xtask VERB

  setup                       what a new machine lacks: the wasm target; says what else is missing
  build                       both components, into target/components/
  demo                        thirteen sample exports into a Knosc on this machine, and a broken one
  test [--require-all [--except TOOL]]
                              all tests; --require-all fails where a tool of one is missing
  sim [--seeds N | --seed N]  the simulation, optimised: a million seeds or N, about three minutes a million on two cores
                              after the build; or one seed step by step
  drops                       15,000 guests ended in the middle of an upload, 2,000 of a stock host: about 9 min
  kills                       a run killed at each of its steps, twenty times over, and resumed: about 12 min
  isolation                   hostile pipelines beside a well-behaved one, 1,000 kills, shares of a neighbour: about 5 min
  bench [NAME...] [--quick]   knosc-runner beside curl, the guide's script and a client on hyper: upload, tls, portable,
                              cold-start, ordered-run, journal, tenants, in-process; in the release profile;
                              target/bench/report.md. Fails where a floor is missed
  engines [NAME...] [--require-all]
                              other people's engines, by their pages' commands and the table of calls: wasmtime-py, jco,
                              wasmtime-cli, wasmtime-serve, wasmcloud, restate-jco; installs them into target/engines/ from
                              PyPI and npm, once 1.5 GB;
                              only where it is named: obelisk, which is compiled for a quarter of an hour
  dist [--registry] [--crates] [--twice]
                              what a release has, into target/dist/out/: the runner (static, Linux), components, WIT package,
                              lists of parts, digests; tried in an empty folder; --registry: through a registry on this machine;
                              --crates: cargo package; --twice: once more from a clone, compared. 20 min the first time
  wit                         docs/wit.md of the files in wit/";

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["setup"] => verb::set_up(),
        ["build"] => verb::build(),
        ["demo"] => verb::demo::run(),
        ["test", options @ ..] => verb::test::run(options),
        ["sim", options @ ..] => verb::sim::run(options),
        ["drops"] => verb::faults::drops(),
        ["kills"] => verb::faults::kills(),
        ["isolation"] => verb::faults::isolation(),
        ["bench", words @ ..] => verb::bench::run(words),
        ["engines", words @ ..] => verb::engines::run(words),
        ["dist", options @ ..] => verb::dist::run(options),
        ["wit"] => write_wit(),
        ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn write_wit() -> Result<(), Failure> {
    let path = place::root()?.join("docs").join("wit.md");
    fs::write(&path, wit::reference()?).map_err(|error| Failure::file(&path, &error))?;
    println!("{}", path.display());
    Ok(())
}
