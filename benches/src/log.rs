//! Figures that knosc-runner writes into its own debug log, read from one run that is not timed.

use std::{fs, path::Path, process::Command};

use serde_json::Value;
use xtask::Failure;

use crate::sample::sample;

/// The largest value of a field in the debug log of a run; none if no record has it.
pub(crate) fn largest(
    mut ours: Command,
    folder: &Path,
    field: &str,
) -> Result<Option<f64>, Failure> {
    let path = folder.join("debug.log");
    _ = fs::remove_file(&path);
    sample(ours.args(["-vv", "--log-format", "json", "--log-file"]).arg(&path))?;
    let text = fs::read_to_string(&path).map_err(|error| Failure::file(&path, &error))?;
    let records = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let values = records.filter_map(|record| {
        record.get("fields").unwrap_or(&record).get(field).and_then(Value::as_f64)
    });
    Ok(values.max_by(f64::total_cmp))
}
