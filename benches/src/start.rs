//! A small upload from process start to exit: with a warm component cache, and with none, as in a fresh container.

use std::{fs, process::Command};

use xtask::{Failure, place};

use crate::{
    Extent, log,
    report::{Check, Section},
    rivals::{Arena, SINK},
    sample::{Samples, sample},
};

/// Ten are over within a second, and a median of five of such short processes wanders.
const TIMES_MORE: usize = 2;

pub(crate) fn run(arena: &mut Arena, extent: Extent) -> Result<Section, Failure> {
    arena.server.turn(SINK)?;
    let file = arena.file(10 * 1_024)?;
    let pair = [("inventory", file.clone())];
    sample(&mut arena.our_upload(&file)?)?;
    let [mut warm, mut cold, mut curl, mut script, mut version]: [Samples; 5] = Default::default();
    for _ in 0..=extent.repeats * TIMES_MORE {
        warm.0.push(sample(&mut arena.our_upload(&file)?)?);
        curl.add(arena.curl(&file))?;
        script.add(arena.script(&pair)?)?;
        let mut says_version = Command::new(place::program("release", "knosc-runner")?);
        version.0.push(sample(says_version.arg("--version"))?);
    }
    let no_cache = arena.folder().join("no-cache");
    for _ in 0..extent.repeats {
        _ = fs::remove_dir_all(&no_cache);
        let mut ours = arena.our_upload(&file)?;
        cold.0.push(sample(ours.env("XDG_CACHE_HOME", &no_cache))?);
    }
    let load_ms = log::largest(arena.our_upload(&file)?, arena.folder(), "took_ms")?;
    let mut section = Section::new("cold start");
    if !curl.0.is_empty() {
        let to_curl = warm.wall_s() / curl.wall_s();
        section.check(Check::at_most("10 KiB, wall time to curl's", to_curl, 4.0, 2.0));
    }
    if !script.0.is_empty() {
        let to_script = warm.wall_s() / script.wall_s();
        section.check(Check::at_most("10 KiB, wall time to the script's", to_script, 0.3, 0.15));
    }
    let load_ms = load_ms.unwrap_or(f64::NAN);
    section.check(Check::at_most("component from the cache, ms", load_ms, 10.0, 10.0));
    section.check(Check::at_most("--version, ms", version.wall_s() * 1_000.0, 20.0, 20.0));
    section.note("curl is handed a session; knosc-runner and the script sign in. The script asks once for the job's state, after 20 ms.");
    section.row("10 KiB, warm cache", "knosc-runner", warm);
    section.row("10 KiB, no cache", "knosc-runner", cold);
    section.row("10 KiB", "curl", curl);
    section.row("10 KiB", "script", script);
    section.row("--version", "knosc-runner", version);
    Ok(section)
}
