//! The streaming reader of a poll's answer: what it holds is bounded, and what it read before a cut stays.
//!
//! Knows the documented keys; what a cut or a wrong shape means is decided in `poll`.

use crate::job::{ERROR_BYTES_MAX, ERRORS_MAX, Job, JobReport, JobStatus, RowError};
use crate::protocol::json::{Json, JsonError};
use crate::protocol::text::{self, MESSAGE_BYTES_MAX};
use crate::protocol::upload;
use crate::protocol::value::Value;

/// Bytes kept of `completed_at`: the documented form has 20.
const MOMENT_BYTES_MAX: usize = 100;

/// The keys that are documented for a job; none may stand twice.
const KEYS: [&str; 6] = ["trigger", "job_id", "status", "rows_processed", "errors", "completed_at"];

/// The jobs asked for, with what was said of each so far.
pub(super) struct Slots<'a> {
    jobs: &'a [Job],
    reports: Vec<Option<JobReport>>,
    /// The entry that is being read.
    open: Entry,
}

#[derive(Default)]
struct Entry {
    trigger: Option<String>,
    job_id: Option<String>,
    status: Option<String>,
    rows_processed: Option<u64>,
    completed_at: Option<String>,
    errors: Errors,
}

#[derive(Default)]
struct Errors {
    kept: Vec<RowError>,
    bytes: usize,
    omitted: u64,
    /// The list was read to its end.
    whole: bool,
}

impl<'a> Slots<'a> {
    pub(super) fn new(jobs: &'a [Job]) -> Self {
        Self { jobs, reports: vec![None; jobs.len()], open: Entry::default() }
    }

    /// Reads `{"jobs": [...]}`. After an error the slots hold what was read before it.
    pub(super) fn read_all(&mut self, json: &mut Json<'_>) -> Result<(), JsonError> {
        let mut seen = false;
        json.object(&mut |json, key| {
            if key != "jobs" {
                return json.skip();
            }
            if std::mem::replace(&mut seen, true) {
                return Err(JsonError::Wrong);
            }
            json.list(&mut |json| self.read_one(json))
        })?;
        if seen { json.end() } else { Err(JsonError::Wrong) }
    }

    fn read_one(&mut self, json: &mut Json<'_>) -> Result<(), JsonError> {
        self.open = Entry::default();
        let mut seen: Vec<&str> = Vec::new();
        let mut rows_processed = None;
        json.object(&mut |json, key| {
            let open = &mut self.open;
            // Only what stands after a number shows that it ended: of a cut 1500 nothing is kept, instead of 15.
            open.rows_processed = rows_processed;
            // Other keys are skipped, however often they stand there.
            let Some(key) = KEYS.into_iter().find(|known| *known == key) else {
                return json.skip();
            };
            if seen.contains(&key) {
                return Err(JsonError::Wrong);
            }
            seen.push(key);
            match key {
                "trigger" => open.trigger = json.value()?.text(),
                "job_id" => open.job_id = json.value()?.text(),
                "status" => open.status = json.value()?.text(),
                "rows_processed" => rows_processed = json.value()?.count(),
                "completed_at" => open.completed_at = moment(json.value()?),
                _ => open.errors.read(json)?,
            }
            Ok(())
        })?;
        self.open.rows_processed = rows_processed;
        if self.close(false) { Ok(()) } else { Err(JsonError::Wrong) }
    }

    /// Takes what the entry that was being read had said when the answer ended.
    pub(super) fn close_cut(&mut self) {
        let errors_cut = !self.open.errors.whole;
        // An entry without a status leaves its slot empty, which is what a cut before it means.
        let _ = self.close(errors_cut);
    }

    /// The reports in the order asked, with `missing` for those that were not named; none if `missing` gives none.
    pub(super) fn into_reports(
        self,
        missing: impl Fn(Job) -> Option<JobReport>,
    ) -> Option<Vec<JobReport>> {
        let said = self.jobs.iter().zip(self.reports);
        said.map(|(job, report)| report.or_else(|| missing(job.clone()))).collect()
    }

    /// Files the open entry under every job that it names and that nothing was said of before. False if it names one and
    /// has no status.
    fn close(&mut self, errors_cut: bool) -> bool {
        let Entry { trigger, job_id, status, rows_processed, completed_at, errors } =
            std::mem::take(&mut self.open);
        let named = |job: &Job| {
            trigger.as_deref() == Some(job.trigger.name()) && job_id.as_ref() == Some(&job.job_id)
        };
        let slots = self.jobs.iter().zip(&mut self.reports);
        let mut wanted = slots.filter(|(job, _)| named(job)).peekable();
        if wanted.peek().is_none() {
            return true;
        }
        let Some(status) = status.as_deref().map(upload::status_of) else { return false };
        for (job, slot) in wanted {
            if let Some(said) = slot {
                if let Some(status) = contradicted(&said.status, &status) {
                    *slot = Some(JobReport::of_status(job.clone(), status));
                }
                continue;
            }
            *slot = Some(JobReport {
                job: job.clone(),
                status: status.clone(),
                rows_processed,
                errors: errors.kept.clone(),
                errors_omitted: errors.omitted,
                errors_cut,
                completed_at: completed_at.clone(),
            });
        }
        true
    }
}

/// What is left of a job that was named twice, where the second entry changes it. Said once more is said, and of two states a job
/// has not ended; of two ends it is not known which one it had.
fn contradicted(said: &JobStatus, now: &JobStatus) -> Option<JobStatus> {
    match (said.is_final(), now.is_final()) {
        (true, true) if said != now => {
            Some(JobStatus::Other(format!("{} and {}", said.word(), now.word())))
        }
        (true, false) => Some(now.clone()),
        _ => None,
    }
}

impl Errors {
    /// The list, or null.
    fn read(&mut self, json: &mut Json<'_>) -> Result<(), JsonError> {
        match json.token()? {
            b'[' => json.list(&mut |json| {
                if self.is_full() {
                    json.skip()?;
                    self.omitted += 1;
                } else {
                    self.push(row_error(json)?);
                }
                Ok(())
            })?,
            b'n' => json.skip()?,
            _ => return Err(JsonError::Wrong),
        }
        self.whole = true;
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.omitted > 0 || self.kept.len() >= ERRORS_MAX
    }

    /// Keeps the first ones and counts the rest: what is kept has no holes.
    fn push(&mut self, error: RowError) {
        let bytes = self.bytes + error.message.len();
        if self.is_full() || bytes > ERROR_BYTES_MAX {
            self.omitted += 1;
        } else {
            self.bytes = bytes;
            self.kept.push(error);
        }
    }
}

/// A row error: `{"row": 413, "message": "..."}`, or a bare text. Anything else is an error without words: it counts.
fn row_error(json: &mut Json<'_>) -> Result<RowError, JsonError> {
    let (mut row, mut message) = (None, None);
    if json.token()? == b'{' {
        json.object(&mut |json, key| {
            match key {
                "row" => row = json.value()?.count(),
                "message" => message = json.value()?.text(),
                _ => json.skip()?,
            }
            Ok(())
        })?;
    } else {
        message = json.value()?.text();
    }
    let message = message.unwrap_or_default();
    Ok(RowError { row, message: text::cut(&message, MESSAGE_BYTES_MAX).to_owned() })
}

/// Knosc's own text, bounded.
fn moment(value: Value) -> Option<String> {
    let moment = text::sanitised(text::cut(&value.text()?, MOMENT_BYTES_MAX));
    (!moment.is_empty()).then_some(moment)
}
