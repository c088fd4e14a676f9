//! Thirteen files in order, and one file with a long job: the time beyond what the server itself takes.

use std::path::PathBuf;

use xtask::{Failure, exports::EXPORTS, place};

use crate::{
    Extent,
    report::{Check, Section},
    rivals::Arena,
    sample::{Samples, sample},
};

/// The rows that each discarded file is said to have; with the worker's speed, the length of a job.
const ROWS: u32 = 1_000;

struct Case {
    name: &'static str,
    job_s: f64,
    steps: usize,
    slow: bool,
}

const CASES: [Case; 4] = [
    Case { name: "13 files, jobs of 50 ms", job_s: 0.05, steps: 13, slow: false },
    Case { name: "13 files, jobs of 0.5 s", job_s: 0.5, steps: 13, slow: false },
    Case { name: "1 file, job of 5 s", job_s: 5.0, steps: 1, slow: false },
    Case { name: "1 file, job of 60 s", job_s: 60.0, steps: 1, slow: true },
];

pub(crate) fn run(arena: &mut Arena, extent: Extent) -> Result<Section, Failure> {
    let mut section = Section::new("ordered run");
    let exports = place::root()?.join("examples").join("exports");
    let pairs: Vec<(&str, PathBuf)> =
        EXPORTS.iter().map(|(trigger, file)| (*trigger, exports.join(file))).collect();
    let folder = exports.to_string_lossy();
    for case in CASES.iter().filter(|case| !extent.quick || !case.slow) {
        let speed = f64::from(ROWS) / case.job_s;
        arena.server.turn(&format!(r#"{{"discard_content":true,"digest_content":false,"discarded_rows":{ROWS},"queued_ms":0,"rows_per_second":{speed:.0}}}"#))?;
        let one = exports.join("inventory.csv");
        let one = one.to_string_lossy();
        let verb: &[&str] = if case.steps == 1 {
            &["upload", "--quiet", "inventory", &one]
        } else {
            &["run", "--quiet", &folder, "--settle", "0s"]
        };
        let mut quick_polls = Samples::default();
        let mut by_default = Samples::default();
        let mut script = Samples::default();
        let repeats = if case.slow { 1 } else { 3 };
        for _ in 0..repeats {
            let mut ours = arena.ours(verb)?;
            quick_polls.0.push(sample(ours.args(["--poll-interval", "20ms"]))?);
            by_default.0.push(sample(&mut arena.ours(verb)?)?);
            let some = if case.steps == 1 { pairs.get(8..9) } else { pairs.get(..) };
            // Computed for 60 s, as the script's polls do not depend on the job's age.
            if !case.slow
                && let Some(mut command) = arena.script(some.unwrap_or_default())?
            {
                script.0.push(sample(&mut command)?);
            }
        }
        #[allow(clippy::cast_precision_loss, reason = "thirteen steps")]
        let steps = case.steps as f64;
        let servers = case.job_s * steps;
        let beyond = quick_polls.wall_s() - servers;
        let (floor, aim) = ((servers * 0.1).max(0.1 * steps), (servers * 0.05).max(0.04 * steps));
        println!(
            "  {}: {:.3} s, of which {servers:.2} s are the server's",
            case.name,
            quick_polls.wall_s()
        );
        section.check(Check::at_most(
            format!("{}, s beyond the server's", case.name),
            beyond,
            floor,
            aim,
        ));
        section.row(case.name, "knosc-runner, from 20 ms", quick_polls);
        section.row(case.name, "knosc-runner, default policy", by_default);
        if !script.0.is_empty() {
            section.row(case.name, "script, every 20 ms", script);
        }
    }
    Ok(section)
}
