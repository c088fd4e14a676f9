//! What is measured inside of one process: instances, recovery, decoding. Criterion measures; here its estimates are read.

use std::{fs, path::Path, process::Command};

use serde_json::Value;
use xtask::{Failure, components::cargo, place};

use crate::{
    Extent,
    report::{Check, Section},
    rivals::Arena,
};

/// Over a hundred times as much, a cost that is linear grows a hundred times; ten times that is still no square.
const GROWTH_MAX: f64 = 1_000.0;

pub(crate) fn run(_: &mut Arena, extent: Extent) -> Result<Section, Failure> {
    let quick: &[&str] = if extent.quick { &["--quick"] } else { &[] };
    run_bench(quick)?;
    let criterion = place::target()?.join("criterion");
    let ns = |name: &str| median_ns(&criterion, name);
    let mut section = Section::new("in process");
    let instance_us = ns("instantiate, call, drop")? / 1_000.0;
    section.check(Check::at_most("instantiate, call, drop, µs", instance_us, 60.0, 40.0));
    let live = String::from_utf8_lossy(&run_bench(&["--live"])?).trim().parse().unwrap_or(f64::NAN);
    section.check(Check::at_most("a live instance, KiB", live, 64.0, 40.0));
    for (group, what) in [("recover", "events"), ("decode", "row errors")] {
        let [ten, thousand, most] = [
            ns(&format!("{group}/10"))?,
            ns(&format!("{group}/1000"))?,
            ns(&format!("{group}/100000"))?,
        ];
        let label = format!("{group}, 100,000 {what} to 1,000");
        section.check(Check::at_most(label, most / thousand, GROWTH_MAX, 150.0));
        section.note(format!(
            "{group}: {:.1} µs for 10 {what}, {:.1} µs for 1,000, {:.1} ms for 100,000.",
            ten / 1_000.0,
            thousand / 1_000.0,
            most / 1_000_000.0
        ));
    }
    Ok(section)
}

fn run_bench(words: &[&str]) -> Result<Vec<u8>, Failure> {
    let mut bench: Command = cargo();
    bench.current_dir(place::root()?).args(["bench", "--quiet", "--target-dir"]);
    // With the features of the whole workspace, which was built before: of this package alone, all would be compiled again.
    bench.arg(place::target()?).args(["--workspace", "--bench", "in_process", "--"]);
    let output = bench.args(words).stderr(std::process::Stdio::inherit()).output();
    let output = output.map_err(|error| Failure::new(format!("cargo bench: {error}")))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(Failure::new(format!("cargo bench ended with {}", output.status)))
}

/// The median of what criterion measured last.
fn median_ns(criterion: &Path, name: &str) -> Result<f64, Failure> {
    let path = criterion.join(name).join("new").join("estimates.json");
    let text = fs::read_to_string(&path).map_err(|error| Failure::file(&path, &error))?;
    let estimates: Value = serde_json::from_str(&text).unwrap_or_default();
    let median = estimates.pointer("/median/point_estimate").and_then(Value::as_f64);
    median.ok_or_else(|| Failure::new(format!("{}: no median", path.display())))
}
