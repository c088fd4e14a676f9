//! The table's JSON and the library's values: names of the WIT, variants as `tag` and `val`.

use knosc_bulk_import::fault::{Fault, Refusal};
use knosc_bulk_import::job::{Job, JobReport, JobStatus};
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::run::{Event, Fact, Outcome, Report, Resolution};
use knosc_bulk_import::session::{RefreshPair, Session};
use serde_json::{Value, json};

fn tagged(tag: &str, val: impl Into<Value>) -> Value {
    json!({ "tag": tag, "val": val.into() })
}

pub(crate) fn fault(fault: &Fault) -> Value {
    match fault {
        Fault::ExecutionFailed => json!({ "tag": "execution-failed" }),
        Fault::PermanentInvalid(message) => tagged("permanent-invalid", message.as_str()),
        Fault::PermanentDenied(message) => tagged("permanent-denied", message.as_str()),
        Fault::PermanentUnauthorized(why) => tagged("permanent-unauthorized", refusal(why)),
        Fault::PermanentRejected(why) => tagged("permanent-rejected", refusal(why)),
        Fault::PermanentOutcomeUnknown(why) => tagged("permanent-outcome-unknown", refusal(why)),
        Fault::Transient(why) => tagged("transient", refusal(why)),
        Fault::NotFinished(job) => tagged("not-finished", report(job)),
    }
}

fn refusal(why: &Refusal) -> Value {
    json!({
        "status": why.status, "code": why.code, "message": why.message,
        "retry-after-ms": why.retry_after_ms,
    })
}

fn job(job: &Job) -> Value {
    json!({ "trigger": job.trigger.name(), "job-id": job.job_id })
}

pub(crate) fn report(report: &JobReport) -> Value {
    let status = match &report.status {
        JobStatus::Queued => json!({ "tag": "queued" }),
        JobStatus::Running => json!({ "tag": "running" }),
        JobStatus::Completed => json!({ "tag": "completed" }),
        JobStatus::Failed => json!({ "tag": "failed" }),
        JobStatus::Missing => json!({ "tag": "missing" }),
        JobStatus::Other(word) => tagged("other", word.as_str()),
    };
    let errors = report.errors.iter();
    let errors: Value =
        errors.map(|error| json!({ "row": error.row, "message": error.message })).collect();
    json!({
        "job": job(&report.job), "status": status, "rows-processed": report.rows_processed,
        "errors": errors, "errors-omitted": report.errors_omitted, "errors-cut": report.errors_cut,
        "completed-at": report.completed_at,
    })
}

pub(crate) fn run(run: &Report) -> Value {
    let steps = run.steps.iter().map(|step| {
        let outcome = match &step.outcome {
            Outcome::Completed(job) => tagged("completed", report(job)),
            Outcome::Failed(job) => tagged("failed", report(job)),
            Outcome::Refused(why) => tagged("refused", fault(why)),
            Outcome::Unknown(why) => tagged("unknown", refusal(why)),
            Outcome::Pending(job) => tagged("pending", report(job)),
            Outcome::Lost(lost) => tagged("lost", job(lost)),
            Outcome::Unchanged(run) => tagged("unchanged", run.as_str()),
            Outcome::NotStarted => json!({ "tag": "not-started" }),
        };
        json!({ "trigger": step.trigger.name(), "file-name": step.file_name, "outcome": outcome })
    });
    json!({ "steps": steps.collect::<Value>(), "events": events(&run.events) })
}

pub(crate) fn events(events: &[Event]) -> Value {
    let event = |event: &Event| {
        let fact = match &event.fact {
            Fact::UploadStarted(sent) => tagged(
                "upload-started",
                json!({
                    "trigger": sent.trigger.name(), "name": sent.name, "size": sent.size,
                    "sha256": sent.sha256, "seal-follows": sent.seal_follows,
                }),
            ),
            Fact::UploadSealed(last) => tagged("upload-sealed", *last),
            Fact::UploadAccepted(accepted) => tagged("upload-accepted", job(accepted)),
            Fact::UploadEnded(why) => tagged("upload-ended", fault(why)),
            Fact::JobObserved(seen) => tagged("job-observed", report(seen)),
            Fact::PollFailed(why) => tagged("poll-failed", fault(why)),
            Fact::Resolved(Resolution::Accepted(accepted)) => {
                tagged("resolved", tagged("accepted", job(accepted)))
            }
            Fact::Resolved(Resolution::NotAccepted) => {
                tagged("resolved", json!({ "tag": "not-accepted" }))
            }
        };
        json!({ "at-ms": event.at_ms, "step": event.step, "fact": fact })
    };
    events.iter().map(event).collect()
}

/// The one fact that the table writes by itself.
pub(crate) fn seal(event: &Value) -> Event {
    let number = |at: &str| event.pointer(at).and_then(Value::as_u64).unwrap();
    assert_eq!(event.pointer("/fact/tag"), Some(&"upload-sealed".into()));
    Event {
        at_ms: number("/at-ms"),
        step: number("/step").try_into().unwrap(),
        fact: Fact::UploadSealed(number("/fact/val").try_into().unwrap()),
    }
}

pub(crate) fn jobs(jobs: &Value) -> Result<Vec<Job>, String> {
    let text = |job: &Value, name: &str| job.get(name).and_then(Value::as_str).unwrap().to_owned();
    let job = |value: &Value| {
        let trigger = text(value, "trigger").parse();
        let trigger = trigger.map_err(|error| format!("{error}"))?;
        Ok(Job { trigger, job_id: text(value, "job-id") })
    };
    jobs.as_array().into_iter().flatten().map(job).collect()
}

pub(crate) fn policy(policy: &Value) -> Policy {
    let number = |name: &str| policy.get(name).and_then(Value::as_u64).unwrap();
    Policy {
        poll_interval_min_ms: number("poll-interval-min-ms").try_into().unwrap(),
        poll_interval_max_ms: number("poll-interval-max-ms").try_into().unwrap(),
        queued_max_ms: number("queued-max-ms"),
        running_max_ms: number("running-max-ms"),
        allow_repeated_trigger: policy["allow-repeated-trigger"].as_bool().unwrap(),
    }
}

pub(crate) fn session(session: Option<&Value>) -> Session {
    let text = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
    let session = session.unwrap();
    let refresh = session.get("refresh").filter(|pair| !pair.is_null());
    Session {
        access_token: text(session, "access-token"),
        csrf_token: text(session, "csrf-token"),
        refresh: refresh.map(|pair| RefreshPair {
            token: text(pair, "token"),
            csrf_token: text(pair, "csrf-token"),
        }),
    }
}
