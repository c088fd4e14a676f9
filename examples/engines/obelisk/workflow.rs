//! A workflow for Obelisk: the component's planner says what comes next, Obelisk keeps what came of it and sleeps between.
//!
//! Each call of `importer` and `planner` is an activity whose answer Obelisk stores. After a restart the workflow is run again with these
//! answers, and sends nothing. `max_retries = 0` of the activity: what may be called again is decided here.

use exports::example::knosc_load::load::Guest;
use knosc::bulk_import::importer::{self, Auth, Connection, File};
use knosc::bulk_import::planner::{self, Command, Planned};
use knosc::bulk_import::types::{
    Event, Fact, Fault, Job, JobStatus, Outcome, Policy, Refusal, Report, SentFile,
};
use obelisk::types::time::{Duration, ScheduleAt};
use obelisk::workflow::workflow_support::sleep;

wit_bindgen::generate!({
    path: ["wit/obelisk_types@4.2.0", "wit/obelisk_workflow@5.1.0", "wit/knosc_bulk-import@0.1.0", "load.wit"],
    world: "example:knosc-load/workflow",
    generate_all,
});

const POLICY: Policy = Policy {
    poll_interval_min_ms: 1_000,
    poll_interval_max_ms: 30_000,
    queued_max_ms: 24 * 3_600_000,
    running_max_ms: 24 * 3_600_000,
    allow_repeated_trigger: false,
};

/// How often a file that Knosc did not take is sent, and a step asked for whose process died.
const TRIES_MAX: u32 = 5;

struct Load;

impl Guest for Load {
    fn run(base_url: String, files: Vec<File>) -> Result<Vec<String>, String> {
        let connection = Connection { base_url, auth: Auth::Environment };
        let planned: Vec<Planned> = files
            .iter()
            .map(|file| Planned { trigger: file.trigger.clone(), file_name: file.name.clone() })
            .collect();
        let mut history = Vec::new();
        // A workflow has no clock; the time is when its last sleep ended.
        let mut now_ms = slept(ScheduleAt::Now)?;
        loop {
            match next(&planned, &history, now_ms)? {
                Command::Upload(step) => {
                    let file =
                        files.get(step as usize).ok_or("the planner names no file of ours")?;
                    history.push(Event {
                        at_ms: now_ms,
                        step,
                        fact: Fact::UploadStarted(sent(file)),
                    });
                    let fact = upload(&connection, file)?;
                    now_ms = slept(ScheduleAt::Now)?;
                    history.push(Event { at_ms: now_ms, step, fact });
                }
                Command::Poll(job) => {
                    let fact = poll(&connection, &job);
                    note(&mut history, now_ms, &job, fact);
                }
                Command::WaitMs(ms) => now_ms = slept(ScheduleAt::In(Duration::Milliseconds(ms)))?,
                Command::Finish(report) => return told(&report),
            }
        }
    }
}

/// Sleeps durably; the time afterwards, as Unix time.
fn slept(until: ScheduleAt) -> Result<u64, String> {
    let now = sleep(until).map_err(|()| "the load was cancelled")?;
    Ok(now.seconds * 1_000 + u64::from(now.nanoseconds / 1_000_000))
}

/// The planner touches nothing, so that one whose process died is asked again.
fn next(files: &[Planned], history: &[Event], now_ms: u64) -> Result<Command, String> {
    let mut tries = 0;
    loop {
        tries += 1;
        match planner::next(files, POLICY, history, now_ms) {
            Err(Fault::ExecutionFailed) if tries < TRIES_MAX => {}
            answer => return answer.map_err(|fault| format!("{fault:?}")),
        }
    }
}

fn sent(file: &File) -> SentFile {
    SentFile {
        trigger: file.trigger.clone(),
        name: file.name.clone(),
        // Whoever serves the file knows.
        size: 0,
        sha256: file.sha256.clone(),
        // What Obelisk stores is the answer: without one, nobody knows whether the file arrived.
        seal_follows: false,
    }
}

/// Sends a file. What is `transient` was not taken, and is sent again after a sleep; all else ends the run.
fn upload(connection: &Connection, file: &File) -> Result<Fact, String> {
    let mut tries = 0;
    loop {
        tries += 1;
        match importer::upload(connection, file) {
            Ok(report) => return Ok(Fact::UploadAccepted(report.job)),
            Err(Fault::Transient(refusal)) if tries < TRIES_MAX => {
                let wait_ms = refusal.retry_after_ms.unwrap_or(1_000 * u64::from(tries));
                slept(ScheduleAt::In(Duration::Milliseconds(wait_ms)))?;
            }
            Err(fault) => return Ok(Fact::UploadEnded(fault)),
        }
    }
}

/// Asks once. A poll whose process died changed nothing, and is made again.
fn poll(connection: &Connection, job: &Job) -> Fact {
    match importer::poll(connection, std::slice::from_ref(job)) {
        Ok(mut reports) if reports.len() == 1 => Fact::JobObserved(reports.remove(0)),
        Ok(_) => Fact::PollFailed(Fault::Transient(refusal("not one job in the answer"))),
        Err(Fault::ExecutionFailed) => {
            Fact::PollFailed(Fault::Transient(refusal("Obelisk ended the poll")))
        }
        Err(fault) => Fact::PollFailed(fault),
    }
}

fn refusal(message: &str) -> Refusal {
    Refusal { status: None, code: None, message: message.to_owned(), retry_after_ms: None }
}

/// A poll that saw what the one before it saw takes its place: the planner is handed all events each time.
fn note(history: &mut Vec<Event>, at_ms: u64, job: &Job, fact: Fact) {
    let accepted = history.iter().rev().find(|event| match &event.fact {
        Fact::UploadAccepted(known) => known.job_id == job.job_id,
        _ => false,
    });
    let Some(step) = accepted.map(|event| event.step) else { return };
    if let (Fact::JobObserved(now), Some(last)) = (&fact, history.last_mut())
        && let Fact::JobObserved(before) = &last.fact
        && matches!(
            (&before.status, &now.status),
            (JobStatus::Queued, JobStatus::Queued) | (JobStatus::Running, JobStatus::Running)
        )
    {
        last.at_ms = at_ms;
        return;
    }
    history.push(Event { at_ms, step, fact });
}

/// A line a file; an error if one did not complete.
fn told(report: &Report) -> Result<Vec<String>, String> {
    let lines: Vec<String> = report
        .steps
        .iter()
        .map(|step| match &step.outcome {
            Outcome::Completed(job) => {
                let rows = job.rows_processed.map_or("?".to_owned(), |rows| rows.to_string());
                format!("{} completed {rows} rows", step.trigger)
            }
            Outcome::Refused(fault) => format!("{}: {}", step.trigger, named(fault)),
            Outcome::Unknown(refusal) => {
                format!(
                    "{}: permanent-outcome-unknown: {}; look in Knosc",
                    step.trigger, refusal.message
                )
            }
            Outcome::Failed(job) => {
                let why = job.errors.first().map_or("", |error| error.message.as_str());
                format!("{} failed: {why}", step.trigger)
            }
            Outcome::Pending(job) => {
                format!("{}: accepted as {} and not finished", step.trigger, job.job.job_id)
            }
            Outcome::Lost(job) => {
                format!("{}: accepted as {}, which Knosc no longer names", step.trigger, job.job_id)
            }
            Outcome::Unchanged(_) | Outcome::NotStarted => format!("{}: not sent", step.trigger),
        })
        .collect();
    let all = report.steps.iter().all(|step| matches!(step.outcome, Outcome::Completed(_)));
    if all { Ok(lines) } else { Err(lines.join("; ")) }
}

fn named(fault: &Fault) -> String {
    let (name, refusal) = match fault {
        Fault::ExecutionFailed => return "execution-failed".to_owned(),
        Fault::PermanentInvalid(message) => return format!("permanent-invalid: {message}"),
        Fault::PermanentDenied(message) => return format!("permanent-denied: {message}"),
        Fault::NotFinished(_) => return "not-finished".to_owned(),
        Fault::PermanentUnauthorized(refusal) => ("permanent-unauthorized", refusal),
        Fault::PermanentRejected(refusal) => ("permanent-rejected", refusal),
        Fault::PermanentOutcomeUnknown(refusal) => ("permanent-outcome-unknown", refusal),
        Fault::Transient(refusal) => ("transient", refusal),
    };
    format!("{name}: {}", refusal.message)
}

export!(Load);
