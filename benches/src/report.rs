//! What a run found: tables, floors and aims, as Markdown and as JSON. Measures nothing.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::{machine, sample::Samples};

/// Over this, another program was at work: the figures are not to be quoted.
const SPREAD_MAX_PERCENT: f64 = 30.0;

/// One figure that has a floor: it has to be at most, or at least, so much.
#[derive(Debug, Clone)]
pub(crate) struct Check {
    what: String,
    value: f64,
    floor: f64,
    aim: f64,
    at_least: bool,
}

impl Check {
    pub(crate) fn at_most(what: impl Into<String>, value: f64, floor: f64, aim: f64) -> Self {
        Self { what: what.into(), value, floor, aim, at_least: false }
    }

    pub(crate) fn at_least(what: impl Into<String>, value: f64, floor: f64, aim: f64) -> Self {
        Self { what: what.into(), value, floor, aim, at_least: true }
    }

    /// A figure that could not be had does not hold.
    fn holds(&self, bound: f64) -> bool {
        if self.at_least { self.value >= bound } else { self.value <= bound }
    }

    fn verdict(&self) -> &'static str {
        match (self.holds(self.floor), self.holds(self.aim)) {
            (true, true) => "aim reached",
            (true, false) => "floor holds",
            _ => "FLOOR MISSED",
        }
    }
}

/// One rival in one case.
#[derive(Debug)]
struct Row {
    case: String,
    rival: &'static str,
    samples: Samples,
}

/// One bench.
#[derive(Debug, Default)]
pub(crate) struct Section {
    name: &'static str,
    rows: Vec<Row>,
    checks: Vec<Check>,
    notes: Vec<String>,
}

impl Section {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }

    /// A rival that is not on this machine has no samples, and no row.
    pub(crate) fn row(&mut self, case: impl Into<String>, rival: &'static str, samples: Samples) {
        if samples.0.is_empty() {
            return;
        }
        self.rows.push(Row { case: case.into(), rival, samples });
    }

    pub(crate) fn check(&mut self, check: Check) {
        self.checks.push(check);
    }

    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    fn markdown(&self, out: &mut String) {
        _ = writeln!(out, "\n## {}", self.name);
        if !self.rows.is_empty() {
            _ = writeln!(
                out,
                "\n| case | rival | wall, median | spread | CPU | peak memory |\n|---|---|---|---|---|---|"
            );
        }
        for row in &self.rows {
            let unknown = || "not known".to_owned();
            let cpu = row.samples.cpu_s().map_or_else(unknown, |cpu| format!("{cpu:.2} s"));
            let peak = row.samples.peak_mib().map_or_else(unknown, |mib| format!("{mib:.1} MiB"));
            let (wall, spread) = (row.samples.wall_s(), row.samples.spread_percent());
            _ = writeln!(
                out,
                "| {} | {} | {wall:.4} s | {spread:.0} % | {cpu} | {peak} |",
                row.case, row.rival
            );
        }
        _ = writeln!(out, "\n| figure | value | floor | aim | |\n|---|---|---|---|---|");
        for check in &self.checks {
            let sign = if check.at_least { "≥" } else { "≤" };
            let Check { what, value, floor, aim, .. } = check;
            _ = writeln!(
                out,
                "| {what} | {value:.2} | {sign} {floor} | {sign} {aim} | {} |",
                check.verdict()
            );
        }
        for note in &self.notes {
            _ = writeln!(out, "\n{note}");
        }
    }

    fn json(&self) -> Value {
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|row| {
                let samples = &row.samples;
                json!({"case": row.case, "rival": row.rival, "wall_s": samples.wall_s(), "cpu_s": samples.cpu_s(),
                    "peak_mib": samples.peak_mib(), "spread_percent": samples.spread_percent(),
                    "all_wall_s": samples.0.iter().map(|sample| sample.wall_s).collect::<Vec<_>>()})
            })
            .collect();
        let checks: Vec<Value> = self
            .checks
            .iter()
            .map(|check| {
                json!({"figure": check.what, "value": check.value, "floor": check.floor, "aim": check.aim,
                    "at_least": check.at_least, "verdict": check.verdict()})
            })
            .collect();
        json!({"bench": self.name, "rows": rows, "floors": checks, "notes": self.notes})
    }
}

/// Everything of one run.
#[derive(Debug)]
pub(crate) struct Report(pub(crate) Vec<Section>);

impl Report {
    /// Which machine it was, and whether the figures may be quoted.
    pub(crate) fn head(&self) -> String {
        let mut out = format!("# Figures\n\n{}\n", machine::line());
        if let Some(warning) = self.busy() {
            _ = writeln!(out, "\n**{warning}**");
        }
        out
    }

    /// The bench that ended last.
    pub(crate) fn last(&self) -> String {
        let mut out = String::new();
        if let Some(section) = self.0.last() {
            section.markdown(&mut out);
        }
        out
    }

    pub(crate) fn markdown(&self) -> String {
        let mut out = self.head();
        for section in &self.0 {
            section.markdown(&mut out);
        }
        out
    }

    pub(crate) fn json(&self) -> Value {
        let benches: Vec<Value> = self.0.iter().map(Section::json).collect();
        json!({"machine": machine::line(), "not_to_be_quoted": self.busy(), "benches": benches})
    }

    /// The floors that do not hold.
    pub(crate) fn missed(&self) -> Vec<String> {
        let checks = self.0.iter().flat_map(|section| &section.checks);
        let missed = checks.filter(|check| !check.holds(check.floor));
        missed.map(|check| format!("{}: {:.2}", check.what, check.value)).collect()
    }

    fn busy(&self) -> Option<String> {
        let rows = self.0.iter().flat_map(|section| &section.rows);
        let wide = rows.filter(|row| row.samples.spread_percent() > SPREAD_MAX_PERCENT).count();
        (wide > 0).then(|| {
            format!("Not to be quoted: {wide} rows have a spread over {SPREAD_MAX_PERCENT} %, the machine was busy.")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Check, Report, Section};

    #[test]
    fn a_figure_that_could_not_be_had_misses_its_floor() {
        let mut section = Section::new("x");
        section.check(Check::at_most("held", 1.0, 1.2, 0.9));
        section.check(Check::at_least("unknown", f64::NAN, 0.8, 1.0));
        assert_eq!(Report(vec![section]).missed(), ["unknown: NaN"]);
    }
}
