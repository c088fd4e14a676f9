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

impl Case {
    #[allow(clippy::cast_precision_loss, reason = "thirteen steps")]
    fn servers_s(&self) -> f64 {
        self.job_s * self.steps as f64
    }

    fn judge(&self, section: &mut Section, wall_s: f64) {
        #[allow(clippy::cast_precision_loss, reason = "thirteen steps")]
        let (servers, steps) = (self.servers_s(), self.steps as f64);
        println!("  {}: {wall_s:.3} s, of which {servers:.2} s are the server's", self.name);
        let (floor, aim) = ((servers * 0.1).max(0.1 * steps), (servers * 0.05).max(0.04 * steps));
        let what = format!("{}, s beyond the server's", self.name);
        section.check(Check::at_most(what, wall_s - servers, floor, aim));
    }
}

pub(crate) fn run(arena: &mut Arena, extent: Extent) -> Result<Section, Failure> {
    let mut section = Section::new("ordered run");
    let exports = place::root()?.join("examples").join("exports");
    let pairs: Vec<(&str, PathBuf)> =
        EXPORTS.iter().map(|(trigger, file)| (*trigger, exports.join(file))).collect();
    let folder = exports.to_string_lossy();
    let one = exports.join("inventory.csv");
    let one = one.to_string_lossy();
    let mut script_beyond = None;
    for case in CASES.iter().filter(|case| !extent.quick || !case.slow) {
        let speed = f64::from(ROWS) / case.job_s;
        arena.server.turn(&format!(r#"{{"discard_content":true,"digest_content":false,"discarded_rows":{ROWS},"queued_ms":0,"rows_per_second":{speed:.0}}}"#))?;
        let verb: &[&str] = if case.steps == 1 {
            &["upload", "--quiet", "inventory", &one]
        } else {
            &["run", "--quiet", &folder, "--settle", "0s"]
        };
        let [mut quick_polls, mut by_default, mut script]: [Samples; 3] = Default::default();
        for _ in 0..if case.slow { 1 } else { 3 } {
            let mut ours = arena.ours(verb)?;
            quick_polls.0.push(sample(ours.args(["--poll-interval", "20ms"]))?);
            by_default.0.push(sample(&mut arena.ours(verb)?)?);
            let some = if case.steps == 1 { pairs.get(8..9) } else { pairs.get(..) };
            if !case.slow {
                script.add(arena.script(some.unwrap_or_default())?)?;
            }
        }
        case.judge(&mut section, quick_polls.wall_s());
        section.row(case.name, "knosc-runner, from 20 ms", quick_polls);
        section.row(case.name, "knosc-runner, default policy", by_default);
        if !script.0.is_empty() {
            script_beyond = Some(script.wall_s() - case.servers_s());
            section.row(case.name, "script, every 20 ms", script);
        } else if let Some(beyond) = script_beyond {
            // Its polls do not depend on the job's age: what it took beyond the case before, it takes beyond this one.
            let computed = case.servers_s() + beyond;
            section.note(format!("{}: the script takes {computed:.2} s, computed.", case.name));
        }
    }
    Ok(section)
}
