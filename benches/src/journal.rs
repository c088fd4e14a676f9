//! What the durable journal costs: the same run of thirteen 1 MiB files with it and with one in memory, by turns.

use std::{fs, path::Path, process::Command};

use xtask::{Failure, place};

use crate::{
    Extent,
    report::{Check, Section},
    rivals::{Arena, said, sign_in_by_environment},
    sample::Samples,
};

const FILE_BYTES: u64 = 1 << 20;
const STEPS: f64 = 13.0;

/// Two sides that differ by some per cent need more pairs than those that differ by half.
const TIMES_MORE: usize = 3;

/// How long a job takes, as the stand-in is told; and whether the share has a floor. Of a job that ends at once the run is little
/// but the first poll's 20 ms: it is shown, since it is the worst that can be.
const CASES: [(&str, u32, bool); 2] =
    [("jobs of 50 ms", 1_000, true), ("jobs that end at once", 1, false)];

pub(crate) fn run(arena: &mut Arena, extent: Extent) -> Result<Section, Failure> {
    let file = arena.file(FILE_BYTES)?;
    let mut section = Section::new("journal");
    for (case, rows, is_judged) in CASES {
        arena.server.turn(&format!(r#"{{"discard_content":true,"digest_content":false,"discarded_rows":{rows},"queued_ms":0,"rows_per_second":20000}}"#))?;
        let (durable, memory) = pairs(arena, &file, extent.repeats * TIMES_MORE)?;
        let share = 100.0 * (durable.to(&memory) - 1.0);
        if is_judged {
            let what = format!("13 files of 1 MiB, {case}, the journal's share, %");
            section.check(Check::at_most(what, share, 5.0, 2.0));
        } else {
            section
                .note(format!("13 files of 1 MiB, {case}: the journal's share is {share:.1} %."));
        }
        let step_ms = (durable.wall_s() - memory.wall_s()) * 1_000.0 / STEPS;
        let what = format!("{case}, the journal's cost of a step, ms");
        section.check(Check::at_most(what, step_ms, 2.0, 2.0));
        section.row(format!("13 files of 1 MiB, {case}"), "SQLite", durable);
        section.row(format!("13 files of 1 MiB, {case}"), "in memory", memory);
    }
    section.note("Jobs are asked for from 20 ms on; by the default policy a run waits longer, and the journal's share is smaller.");
    Ok(section)
}

/// The same run with a journal on disk and with one in memory, by turns.
fn pairs(arena: &Arena, file: &Path, times: usize) -> Result<(Samples, Samples), Failure> {
    let folder = arena.folder().join("journal");
    let (mut durable, mut memory) = (Samples::default(), Samples::default());
    for _ in 0..times {
        _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
        for (journal, samples) in
            [(folder.as_os_str(), &mut durable), ("memory".as_ref(), &mut memory)]
        {
            let mut run = Command::new(place::program("release", "bench-journaled")?);
            run.arg(arena.server.url()).arg(file).arg(journal).arg(arena.folder().join("cache"));
            sign_in_by_environment(&mut run);
            samples.0.push(said(&mut run)?.0);
        }
    }
    Ok((durable, memory))
}
