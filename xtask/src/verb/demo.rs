//! `cargo xtask demo`: thirteen sample exports into a Knosc on this machine, then a broken one: refused for what it leaves out, and sent
//! all the same. Its server ends with it.

use std::process::{Command, ExitStatus};

use xtask::{
    Failure,
    components::cargo,
    local::{CREDENTIALS, LocalKnosc},
    machine, place,
};

use super::{Steps, run as run_command};

/// The exit code for a job that failed or rows that were refused.
const EXIT_FAILED: i32 = 3;

/// The exit code for files that were not sent for what was found in them.
const EXIT_CHECK: i32 = 7;

pub(crate) fn run() -> Result<(), Failure> {
    let target = place::target()?;
    let mut steps = Steps::new(5);
    steps.step("this machine: the wasm target, once, 30 MB", machine::set_up)?;
    steps.step("runner, wasmtime and local-knosc: once, about 7 min on two cores, 1 GB", || {
        let mut build = cargo();
        build.current_dir(place::root()?).arg("build").arg("--target-dir").arg(&target);
        run_command(build.args(["--workspace", "--bin", "knosc-runner", "--bin", "local-knosc"]))
    })?;
    // What a demo of the past loaded is not in the Knosc of this one.
    let _ = std::fs::remove_dir_all(target.join("demo").join("state"));
    let server = LocalKnosc::start(&place::program("debug", "local-knosc")?, &[])?;
    steps.step("thirteen exports, in the order that Knosc needs", || {
        let ended = knosc_runner(&server, &["run", "examples/exports"])?;
        wants(ended, 0)
    })?;
    let broken = ["upload", "item-master", "examples/exports-broken/items.xlsx"];
    steps.step("an export that leaves out what was loaded: nothing is sent", || {
        wants(knosc_runner(&server, &broken)?, EXIT_CHECK)?;
        println!("      exit code {EXIT_CHECK}, as it should be: REFRESH may close every item");
        Ok(())
    })?;
    steps.step("the same, if it is meant so: what Knosc says of its rows", || {
        let meant = [&broken[..], &["--allow-drop", "100%"]].concat();
        wants(knosc_runner(&server, &meant)?, EXIT_FAILED)?;
        println!("      exit code {EXIT_FAILED}, as it should be: the job failed");
        Ok(())
    })
}

/// Shows the command as a person would type it, with the rest of its settings in the environment.
fn knosc_runner(server: &LocalKnosc, words: &[&str]) -> Result<ExitStatus, Failure> {
    let program = place::program("debug", "knosc-runner")?;
    println!("$ knosc-runner {}", words.join(" "));
    Command::new(&program)
        .current_dir(place::root()?)
        .args(words)
        .envs(CREDENTIALS)
        .env("KNOSC_BASE_URL", server.url())
        .env("KNOSC_STATE", place::target()?.join("demo").join("state"))
        // On this machine nobody minds; the default of a second would make thirteen of this.
        .env("KNOSC_POLL_INTERVAL", "50ms")
        .status()
        .map_err(|error| Failure::file(&program, &error))
}

fn wants(ended: ExitStatus, code: i32) -> Result<(), Failure> {
    if ended.code() == Some(code) {
        Ok(())
    } else {
        Err(Failure::new(format!("knosc-runner ended with {ended}, not with code {code}")))
    }
}
