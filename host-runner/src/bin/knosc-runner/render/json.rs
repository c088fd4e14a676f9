//! Values as JSON. The names here are a promise to scripts: fields are added, never renamed.
//!
//! Makes values; prints nothing.

use knosc_bulk_import::job::{JobReport, RowError};
use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::run::{Outcome, StepReport};
use serde_json::{Value, json};

use super::{Shown, findings};
use crate::problem::Problem;

/// The version of documents and events; it changes when a field changes its meaning.
pub const SCHEMA: &str = "knosc-runner/1";

pub fn tenant(origin: &Origin) -> Value {
    json!({ "name": origin.tenant(), "base_url": origin.to_string(), "environment": origin.environment().word() })
}

pub fn planned(file: &Shown, position: usize) -> Value {
    json!({
        "position": position, "trigger": file.trigger.name(), "file": file.file_name, "path": file.path,
        "bytes": file.size, "reason": file.trigger.reason(),
    })
}

pub fn job(report: &JobReport) -> Value {
    let mut value = json!({ "trigger": report.job.trigger.name(), "job_id": report.job.job_id });
    add_job(&mut value, report);
    value
}

/// What Knosc said of a job, added to an object.
pub fn add_job(value: &mut Value, report: &JobReport) {
    let fields = json!({
        "job_id": report.job.job_id, "status": report.status.word(), "rows_processed": report.rows_processed,
        "errors": report.errors.iter().map(row_error).collect::<Vec<_>>(),
        "errors_omitted": report.errors_omitted, "errors_cut": report.errors_cut,
        "completed_at": report.completed_at,
    });
    merge(value, &fields);
}

fn row_error(error: &RowError) -> Value {
    json!({ "row": error.row, "message": error.message })
}

/// The row errors of a step as events.
pub fn row_errors(step: &StepReport) -> Vec<Value> {
    let Outcome::Failed(report) = &step.outcome else { return Vec::new() };
    let event = |error: &RowError| {
        json!({
            "trigger": step.trigger.name(), "file": step.file_name, "job_id": report.job.job_id,
            "row": error.row, "message": error.message,
        })
    };
    report.errors.iter().map(event).collect()
}

pub fn step(step: &StepReport) -> Value {
    let mut value = json!({
        "trigger": step.trigger.name(), "file": step.file_name, "outcome": step.outcome.word(),
    });
    match &step.outcome {
        Outcome::Completed(report) | Outcome::Failed(report) | Outcome::Pending(report) => {
            add_job(&mut value, report);
        }
        Outcome::Lost(job) => merge(&mut value, &json!({ "job_id": job.job_id })),
        Outcome::Refused(fault) => {
            let refusal = fault.refusal();
            let fields = json!({
                "message": fault.message(), "status_code": refusal.and_then(|refusal| refusal.status),
                "code": refusal.and_then(|refusal| refusal.code.clone()),
            });
            merge(&mut value, &fields);
        }
        Outcome::Unknown(refusal) => {
            let fields = json!({
                "message": refusal.message, "status_code": refusal.status, "code": refusal.code,
            });
            merge(&mut value, &fields);
        }
        Outcome::Unchanged(run) => merge(&mut value, &json!({ "completed_in_run": run })),
        Outcome::NotStarted => {}
    }
    value
}

pub fn problem(problem: &Problem) -> Value {
    let mut value = json!({
        "schema": SCHEMA, "type": "error", "code": problem.code(), "message": problem.to_string(),
        "known": problem.known(), "hint": problem.hint(), "exit_code": problem.exit().code(),
    });
    if let Problem::Unfit(denying) = problem {
        let denying: Vec<Value> = denying.iter().map(findings::finding).collect();
        merge(&mut value, &json!({ "findings": denying }));
    }
    if let Problem::Dropped(refused) = problem {
        let refused: Vec<Value> = refused.iter().map(super::guard::value).collect();
        merge(&mut value, &json!({ "refresh": refused }));
    }
    value
}

/// Adds the fields of one object to another.
pub fn merge(into: &mut Value, from: &Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
}
