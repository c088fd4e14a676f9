//! The poll: what a tenant's jobs are up to, in the documented shape.
//! Re-reads no file, so that a poll costs next to nothing.

use serde_json::{Map, Value, json};

use super::{
    Tenant,
    auth::bad_json,
    time::timestamp,
    worker::{Job, State},
};
use crate::{
    Knobs, Request, Response,
    data::check::RowError,
    faults::PollFaults,
    knobs::{QueuedBody, UnknownJob},
};

impl Tenant {
    pub(super) fn poll(
        &mut self,
        request: &Request,
        knobs: &Knobs,
        now: u64,
    ) -> Result<Response, Response> {
        let asked =
            request.query_value("jobs").and_then(|jobs| serde_json::from_str::<Value>(&jobs).ok());
        let Some(Value::Array(asked)) = asked else { return Err(bad_json()) };
        let mut jobs = Vec::with_capacity(asked.len());
        for one in &asked {
            let text = |key| one.get(key).and_then(Value::as_str).ok_or_else(bad_json);
            let (trigger, id) = (text("trigger")?, text("job_id")?);
            match self.worker.jobs.iter().find(|job| job.id == id && job.trigger == trigger) {
                Some(job) if !is_forgotten(job, knobs, now) => {
                    jobs.push(describe(job, &self.faults.polls, knobs, now));
                }
                _ if knobs.assumed_unknown_job == UnknownJob::Refused => {
                    return Err(Response::error(
                        400,
                        &format!("Job {id} not found"),
                        &knobs.assumed_codes.unknown_job,
                    ));
                }
                _ => {}
            }
        }
        self.faults.polls.bend(&mut jobs);
        self.worker.polled(now);
        Ok(Response::json(200, &json!({"jobs": jobs})))
    }
}

fn is_forgotten(job: &Job, knobs: &Knobs, now: u64) -> bool {
    let retention = knobs.assumed_job_retention_ms;
    matches!((job.ended(), retention), (Some(at), Some(kept)) if now >= at.saturating_add(kept))
}

pub(super) fn describe(job: &Job, faults: &PollFaults, knobs: &Knobs, now: u64) -> Value {
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    put("trigger", json!(job.trigger));
    put("job_id", json!(job.id));
    let status = match &faults.status_word {
        Some((word, _)) if job.ended().is_none() => word,
        _ if faults.backwards > 0 => "queued",
        _ => job.status(),
    };
    put("status", json!(status));
    let short =
        matches!(job.state, State::Queued) && knobs.assumed_queued_body == QueuedBody::Short;
    if !short && !faults.bare {
        put("rows_processed", json!(job.rows(knobs, now)));
        put("errors", job.errors().iter().map(RowError::to_json).collect());
    }
    if let (State::Completed { at, .. }, 0) = (&job.state, faults.backwards) {
        put("completed_at", json!(timestamp(*at)));
    }
    Value::Object(object)
}

impl PollFaults {
    /// Bends the list of one poll, and counts down.
    fn bend(&mut self, jobs: &mut Vec<Value>) {
        if self.omit > 0 {
            jobs.clear();
        }
        if self.reorder {
            jobs.reverse();
        }
        for number in 0..self.foreign {
            let id = format!("item-master-upload-zzz{number:03}");
            let foreign = json!({"trigger": "item-master", "job_id": id, "status": "completed",
                "rows_processed": 1, "errors": [], "completed_at": "2024-06-01T08:45:22Z"});
            jobs.insert(0, foreign);
        }
        self.omit = self.omit.saturating_sub(1);
        self.backwards = self.backwards.saturating_sub(1);
        self.status_word =
            self.status_word.take().and_then(|(word, left)| (left > 1).then(|| (word, left - 1)));
    }
}
