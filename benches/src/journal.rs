//! What the durable journal costs: the same run of thirteen 1 MiB files with it and with one in memory, by turns.

use std::{fs, process::Command};

use xtask::{Failure, place};

use crate::{
    Extent,
    report::{Check, Section},
    rivals::{Arena, SINK, said_seconds, sign_in_by_environment},
    sample::Samples,
};

const FILE_BYTES: u64 = 1 << 20;
const STEPS: f64 = 13.0;

/// Two sides that differ by some per cent need more pairs than those that differ by half.
const TIMES_MORE: usize = 3;

pub(crate) fn run(arena: &mut Arena, extent: Extent) -> Result<Section, Failure> {
    arena.server.turn(SINK)?;
    let file = arena.file(FILE_BYTES)?;
    let folder = arena.folder().join("journal");
    let (mut durable, mut memory) = (Samples::default(), Samples::default());
    for _ in 0..extent.repeats * TIMES_MORE {
        _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
        for (journal, samples) in
            [(folder.as_os_str(), &mut durable), ("memory".as_ref(), &mut memory)]
        {
            let mut run = Command::new(place::program("release", "bench-journaled")?);
            run.arg(arena.server.url()).arg(&file).arg(journal).arg(arena.folder().join("cache"));
            sign_in_by_environment(&mut run);
            samples.0.push(said_seconds(&mut run)?);
        }
    }
    let mut section = Section::new("journal");
    let share = 100.0 * (durable.to(&memory) - 1.0);
    section.check(Check::at_most("13 files of 1 MiB, the journal's share, %", share, 5.0, 2.0));
    let step_ms = (durable.wall_s() - memory.wall_s()) * 1_000.0 / STEPS;
    section.check(Check::at_most("the journal's cost of a step, ms", step_ms, 2.0, 2.0));
    section.note("Jobs end at once and are asked for after 20 ms: a real run waits longer, and the journal's share is smaller.");
    section.row("13 files of 1 MiB", "SQLite", durable);
    section.row("13 files of 1 MiB", "in memory", memory);
    Ok(section)
}
