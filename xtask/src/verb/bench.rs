//! `cargo xtask bench`: builds what is measured and the benches, which are a package of their own, and starts them.
//! Measures nothing itself, so that this program compiles at once on a new machine.

use std::process::Command;

use xtask::{Failure, benches, components::cargo, machine, place};

use super::{Steps, run as run_command};

const PROGRAMS: [&str; 7] = [
    "knosc-runner",
    "local-knosc",
    "knosc-bench",
    "rival-hyper",
    "stock-portable",
    "bench-journaled",
    "bench-tenants",
];

/// `words` are names of benches and `--quick`; none is all of them.
pub(crate) fn run(words: &[&str]) -> Result<(), Failure> {
    // A wrong word must not cost a build.
    benches::check(words)?;
    let mut steps = Steps::new(3);
    steps.step("this machine: the wasm target, once, 30 MB", machine::set_up)?;
    steps.step("release build: once, about 15 min on two cores", || {
        let mut build = cargo();
        build.current_dir(place::root()?).arg("build");
        build.arg("--target-dir").arg(place::target()?).args(["--release", "--workspace"]);
        run_command(build.args(PROGRAMS.iter().flat_map(|name| ["--bin", name])))
    })?;
    steps.step("the benches: about 8 min, 2 min with --quick; files of 3 GB, once", || {
        run_command(Command::new(place::program("release", "knosc-bench")?).args(words))
    })
}
