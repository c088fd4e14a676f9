//! What it costs to look into files before anything is sent: a large CSV, a large workbook, a million keys compared with those of the
//! file before, references between thirteen files. Beside it the same reading with pandas.

mod files;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use xtask::Failure;

use crate::{
    Extent,
    report::{Check, Section},
    rivals::{Arena, SINK, interpreter},
    sample::{Samples, sample},
};

const CSV_ROWS: u32 = 1_000_000;
const XLSX_ROWS: u32 = 300_000;

/// Rows of the larger ones of thirteen files, and of the same ten times as long.
const FEW: u32 = 2_000;
const MANY: u32 = 20_000;

pub(crate) fn run(arena: &mut Arena, extent: Extent) -> Result<Section, Failure> {
    let folder = arena.folder().join("check");
    fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
    let pandas = interpreter("pandas, openpyxl");
    if pandas.is_none() {
        println!(
            "!! NO PYTHON WITH PANDAS AND OPENPYXL: its column is skipped (python3 -m pip install pandas openpyxl)"
        );
    }
    let mut section = Section::new("check");
    let csv = files::one_csv(&folder, "external-item-master", CSV_ROWS)?;
    let case =
        Case { name: "CSV of 1,000,000 rows", reads: "read_csv", wall_s: 3.0, peak_mib: 64.0 };
    case.run(arena, extent, &mut section, &csv, pandas.as_deref())?;
    let xlsx = files::one_xlsx(&folder, "demand", XLSX_ROWS)?;
    let case = Case {
        name: "workbook of 300,000 rows",
        reads: "read_excel",
        wall_s: 15.0,
        peak_mib: 256.0,
    };
    case.run(arena, extent, &mut section, &xlsx, pandas.as_deref())?;
    guard(arena, extent, &mut section, &folder)?;
    references(arena, extent, &mut section, &folder)?;
    Ok(section)
}

/// One file, and what checking it may cost.
struct Case {
    name: &'static str,
    /// What pandas calls it.
    reads: &'static str,
    wall_s: f64,
    peak_mib: f64,
}

impl Case {
    fn run(
        &self,
        arena: &Arena,
        extent: Extent,
        section: &mut Section,
        file: &Path,
        pandas: Option<&Path>,
    ) -> Result<(), Failure> {
        let (mut ours, mut theirs) = (Samples::default(), Samples::default());
        for _ in 0..extent.repeats {
            ours.0.push(sample(arena.ours(&["check", "--quiet"])?.arg(file))?);
            if let Some(python) = pandas {
                let script =
                    format!("import pandas, sys; pandas.{}(sys.argv[1], dtype=str)", self.reads);
                theirs.0.push(sample(Command::new(python).args(["-c", &script]).arg(file))?);
            }
        }
        let name = self.name;
        println!("  {name}: {:.3} s", ours.wall_s());
        section.check(Check::at_most(
            format!("{name}, s"),
            ours.wall_s(),
            self.wall_s,
            self.wall_s,
        ));
        let peak = ours.peak_mib().unwrap_or(f64::NAN);
        section.check(Check::at_most(
            format!("{name}, memory, MiB"),
            peak,
            self.peak_mib,
            self.peak_mib,
        ));
        section.row(name, "knosc-runner check", ours);
        section.row(name, "pandas, reading alone", theirs);
        Ok(())
    }
}

/// The same plan where nothing is known of the file before, and where its million keys are.
fn guard(
    arena: &Arena,
    extent: Extent,
    section: &mut Section,
    folder: &Path,
) -> Result<(), Failure> {
    arena.server.turn(SINK)?;
    let file = files::one_csv(folder, "inventory", CSV_ROWS)?;
    let exports = file.parent().unwrap_or(folder);
    let states: [PathBuf; 2] = ["state-first", "state-second"].map(|name| folder.join(name));
    for state in &states {
        _ = fs::remove_dir_all(state);
    }
    let [first, second] = &states;
    let mut load = arena.ours(&["run", "--quiet", "--settle", "0s"])?;
    sample(load.arg(exports).env("KNOSC_STATE", second))?;
    let (mut without, mut with) = (Samples::default(), Samples::default());
    for _ in 0..extent.repeats {
        for (state, samples) in [(first, &mut without), (second, &mut with)] {
            let mut plan = arena.ours(&["plan", "--quiet"])?;
            samples.0.push(sample(plan.arg(exports).env("KNOSC_STATE", state))?);
        }
    }
    let more_s = with.wall_s() - without.wall_s();
    section.check(Check::at_most("guard on 1,000,000 keys, s more", more_s, 1.0, 1.0));
    let more_mib = with.peak_mib().zip(without.peak_mib()).map_or(f64::NAN, |(a, b)| a - b);
    section.check(Check::at_most("guard on 1,000,000 keys, MiB more", more_mib, 32.0, 32.0));
    section.row("plan of 1,000,000 keys", "nothing to compare with", without);
    section.row("plan of 1,000,000 keys", "compared with the file before", with);
    Ok(())
}

/// Ten times the rows should take ten times as long; what a process costs to start makes it less.
fn references(
    arena: &Arena,
    extent: Extent,
    section: &mut Section,
    folder: &Path,
) -> Result<(), Failure> {
    let (few, few_rows) = files::folder(folder, FEW)?;
    let (many, many_rows) = files::folder(folder, MANY)?;
    let [mut short, mut long]: [Samples; 2] = Default::default();
    for _ in 0..extent.repeats {
        for (exports, samples) in [(&few, &mut short), (&many, &mut long)] {
            samples.0.push(sample(arena.ours(&["check", "--quiet"])?.arg(exports))?);
        }
    }
    let growth = long.wall_s() / short.wall_s() / (f64::from(many_rows) / f64::from(few_rows));
    let what = "references of 13 files, a row's cost with ten times the rows, to before";
    section.check(Check::at_most(what, growth, 1.5, 1.1));
    section.row(format!("13 files, {few_rows} rows"), "knosc-runner check", short);
    section.row(format!("13 files, {many_rows} rows"), "knosc-runner check", long);
    Ok(())
}
