//! What the durable journal costs: the same run of thirteen 1 MiB files with it and with one in memory, by turns.

use std::{ffi::OsStr, fs, path::Path, process::Command};

use serde_json::Value;
use xtask::{Failure, place};

use crate::{
    Extent,
    report::{Check, Section},
    rivals::{Arena, SINK, said, sign_in_by_environment},
    sample::{Sample, Samples},
};

const FILE_BYTES: u64 = 1 << 20;
const STEPS: f64 = 13.0;

/// Two sides that differ by some per cent need more pairs than those that differ by half.
const TIMES_MORE: usize = 3;

/// How long a job takes, as the stand-in is told; and whether the share has a floor. Of a job that ends at once the run is little
/// but the first poll's 20 ms: it is shown, since it is the worst that can be.
const CASES: [(&str, u32, bool); 2] =
    [("jobs of 50 ms", 1_000, true), ("jobs that end at once", 1, false)];

/// Until the write-ahead log has its size, each fsync also records how the file grew. So many runs fill it once.
const RUNS_BEFORE: usize = 4;

pub(crate) fn run(arena: &mut Arena, extent: Extent) -> Result<Section, Failure> {
    let file = arena.file(FILE_BYTES)?;
    let folder = arena.folder().join("journal");
    _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
    arena.server.turn(SINK)?;
    let mut first = Samples::default();
    for _ in 0..RUNS_BEFORE {
        first.0.push(journaled(arena, &file, folder.as_os_str())?.0);
    }
    let mut section = Section::new("journal");
    for (case, rows, is_judged) in CASES {
        arena.server.turn(&format!(r#"{{"discard_content":true,"digest_content":false,"discarded_rows":{rows},"queued_ms":0,"rows_per_second":20000}}"#))?;
        let (durable, opened_s, memory) =
            pairs(arena, &file, &folder, extent.repeats * TIMES_MORE)?;
        let share = 100.0 * (durable.to(&memory) - 1.0);
        if is_judged {
            let what = format!("13 files of 1 MiB, {case}, the journal's share, %");
            section.check(Check::at_most(what, share, 5.0, 2.0));
        } else {
            section
                .note(format!("13 files of 1 MiB, {case}: the journal's share is {share:.1} %."));
        }
        // Opening the journal and recording the run are the run's, not a step's.
        let step_ms = (durable.wall_s() - opened_s - memory.wall_s()) * 1_000.0 / STEPS;
        section.note(format!(
            "{case}: opening the journal and recording the run take {:.1} ms.",
            opened_s * 1_000.0
        ));
        let what = format!("{case}, the journal's cost of a step, ms");
        section.check(Check::at_most(what, step_ms, 2.0, 2.0));
        section.row(format!("13 files of 1 MiB, {case}"), "SQLite", durable);
        section.row(format!("13 files of 1 MiB, {case}"), "in memory", memory);
    }
    section.row("13 files of 1 MiB, jobs that end at once", "SQLite, a new state folder", first);
    section.note("Jobs are asked for from 20 ms on; by the default policy a run waits longer, and the journal's share is smaller.");
    Ok(section)
}

/// The same run with a journal on disk, what opening that took, and the run with a journal in memory; by turns.
fn pairs(
    arena: &Arena,
    file: &Path,
    folder: &Path,
    times: usize,
) -> Result<(Samples, f64, Samples), Failure> {
    let [mut durable, mut opened, mut memory]: [Samples; 3] = Default::default();
    for _ in 0..times {
        let (sample, opened_s) = journaled(arena, file, folder.as_os_str())?;
        durable.0.push(sample);
        opened.0.push(Sample { wall_s: opened_s, ..sample });
        memory.0.push(journaled(arena, file, "memory".as_ref())?.0);
    }
    Ok((durable, opened.wall_s(), memory))
}

fn journaled(arena: &Arena, file: &Path, journal: &OsStr) -> Result<(Sample, f64), Failure> {
    let mut run = Command::new(place::program("release", "bench-journaled")?);
    run.arg(arena.server.url()).arg(file).arg(journal).arg(arena.folder().join("cache"));
    sign_in_by_environment(&mut run);
    let (sample, said) = said(&mut run)?;
    let opened_s = said.get("opened_s").and_then(Value::as_f64).unwrap_or(f64::NAN);
    Ok((sample, opened_s))
}
