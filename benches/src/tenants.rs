//! Fifteen thousand tenants, each with a run of its own in flight, in one process; their Knosc is another one.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use xtask::{Failure, place};

use crate::{
    Extent,
    report::{Check, Section},
    rivals::Arena,
};

/// As many as are aimed at.
const RUNS: u32 = 15_000;
/// As many as have to be possible.
const RUNS_FLOOR: u32 = 10_000;
const RUNS_QUICK: u32 = 1_000;
const OVER_S: u32 = 60;

pub(crate) fn run(arena: &mut Arena, extent: Extent) -> Result<Section, Failure> {
    let (runs, over_s) = if extent.quick { (RUNS_QUICK, OVER_S / 6) } else { (RUNS, OVER_S) };
    let server = Server::start(runs)?;
    let folder = arena.folder().join("tenants");
    _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
    let mut client = Command::new(place::program("release", "bench-tenants")?);
    client.args(["run", &server.url, &runs.to_string()]).arg(&folder).arg(over_s.to_string());
    let output = client.stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| Failure::new(format!("bench-tenants: {error}")))?;
    let told: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| Failure::new(format!("bench-tenants told no figures: {error}")))?;
    let figure = |name: &str| told.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN);
    let mut section = Section::new("tenants");
    let done = f64::from(runs) - figure("failed");
    let floor = f64::from(runs.min(RUNS_FLOOR));
    section.check(Check::at_least("runs that completed", done, floor, f64::from(runs)));
    section.check(Check::at_most("runs that did not", figure("failed"), 0.0, 0.0));
    section.check(Check::at_most(
        "memory of a run in flight, KiB",
        figure("kib_each"),
        128.0,
        128.0,
    ));
    let p99 = figure("durable_p99_ms");
    section.check(Check::at_most(
        "answer to durable event, 99th percentile, ms",
        p99,
        500.0,
        250.0,
    ));
    section.note(format!(
        "{runs} runs begun within {:.1} s, {:.0} of them in flight at the end of that; all ended after {:.1} s, jobs take 30 s. \
         Half of the answers were durable within {:.1} ms.",
        figure("started_s"),
        figure("in_flight"),
        figure("took_s"),
        figure("durable_p50_ms"),
    ));
    Ok(section)
}

/// Ends with this value.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(tenants: u32) -> Result<Self, Failure> {
        let program = place::program("release", "bench-tenants")?;
        let mut serve = Command::new(&program);
        serve.args(["serve", &tenants.to_string()]).stdout(Stdio::piped());
        let mut child = serve.spawn().map_err(|error| Failure::file(&program, &error))?;
        let mut port = String::new();
        if let Some(stdout) = child.stdout.take() {
            let read = BufReader::new(stdout).read_line(&mut port);
            read.map_err(|error| Failure::file(&program, &error))?;
        }
        Ok(Self { child, url: format!("http://127.0.0.1:{}", port.trim()) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
