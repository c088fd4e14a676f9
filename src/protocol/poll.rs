//! `GET /api/job?jobs=[...]`: how far jobs are.
//!
//! Read as a stream, so that a million row errors cost no more than the first thousand, and a status counts even where the
//! list of errors behind it was cut. Jobs are matched by trigger and id, never by their place. No status is ever guessed.
//!
//! ```http
//! GET /api/job?jobs=%5B%7B%22trigger%22%3A%22item-master%22%2C%22job_id%22%3A%22item-master-upload-a1b2c3%22%7D%5D
//! ```
//!
//! ```json
//! {
//!   "jobs": [
//!     {
//!       "trigger": "item-master",
//!       "job_id": "item-master-upload-a1b2c3",
//!       "status": "failed",
//!       "rows_processed": 412,
//!       "errors": [
//!         { "row": 413, "message": "Item Unit 'EACH' not found in Unit Master" },
//!         { "row": 419, "message": "Duplicate Item Number: WIDGET-99" }
//!       ]
//!     }
//!   ]
//! }
//! ```

mod entries;

use std::fmt::Write;
use std::io::Read;

use super::json::{Json, JsonError};
use super::{ANSWER_BYTES_MAX, Answer, Method, POLL_ANSWER_BYTES_MAX, Request};
use super::{classify, text, upload};
use crate::fault::Fault;
use crate::job::{Job, JobReport, JobStatus};

/// Jobs in one poll: with ids like the documented ones the URL stays under 8 KiB, which is what servers commonly take.
pub const JOBS_MAX: usize = 50;

/// First bytes of an answer that are remembered, to be quoted if it is no JSON.
const HEAD_BYTES: usize = 1024;

/// Asks how far 1 to [`JOBS_MAX`] jobs are.
///
/// # Errors
/// [`Fault::PermanentInvalid`] for another number of jobs, or an id that cannot be one.
pub fn request(jobs: &[Job]) -> Result<Request, Fault> {
    if jobs.is_empty() || jobs.len() > JOBS_MAX {
        let message = format!("{} jobs to poll; 1 to {JOBS_MAX} are taken", jobs.len());
        return Err(Fault::PermanentInvalid(message));
    }
    if let Some(job) = jobs.iter().find(|job| !upload::is_job_id(&job.job_id)) {
        let message = format!("a job id of {} is empty, too long or not on one line", job.trigger);
        return Err(Fault::PermanentInvalid(message));
    }
    let mut named = String::new();
    for job in jobs {
        let before = if named.is_empty() { '[' } else { ',' };
        let (trigger, job_id) = (job.trigger.name(), text::json_string(&job.job_id));
        // Writing to a String does not fail.
        let _ = write!(named, r#"{before}{{"trigger":"{trigger}","job_id":{job_id}}}"#);
    }
    named.push(']');
    Ok(Request {
        method: Method::Get,
        path: format!("/api/job?jobs={}", percent_encoded(&named)),
        headers: Vec::new(),
        body: Vec::new(),
    })
}

/// Reads how far the jobs are, in the order asked; [`JobStatus::Missing`] where the answer does not name one.
///
/// Reads at most [`POLL_ANSWER_BYTES_MAX`] of the body. A body that ends or fails early is read as far as it goes.
///
/// # Errors
/// - [`Fault::Transient`] if Knosc is not well, the answer is not the documented JSON, or it was cut before it said the status of
///   each job.
/// - [`Fault::PermanentUnauthorized`] and [`Fault::PermanentRejected`] as [`classify::read_refused`] says.
pub fn read(
    jobs: &[Job],
    status: u16,
    headers: &[(String, String)],
    body: impl Read,
    now_ms: u64,
) -> Result<Vec<JobReport>, Fault> {
    if !(200..=299).contains(&status) {
        let answer = Answer::read(status, headers.to_vec(), body, ANSWER_BYTES_MAX);
        return Err(classify::read_refused(&answer, now_ms));
    }
    let mut body = Remembering { inner: body.take(POLL_ANSWER_BYTES_MAX as u64), head: Vec::new() };
    let mut slots = entries::Slots::new(jobs);
    let ended = slots.read_all(&mut Json::streamed(&mut body));
    match ended {
        Ok(()) => Ok(slots.into_reports(|job| Some(JobReport::of_status(job, JobStatus::Missing)))),
        Err(JsonError::Cut) => {
            slots.close_cut();
            Ok(slots.into_reports(|_| None))
        }
        Err(JsonError::Wrong) => {
            Err(classify::not_as_documented(status, "no list of jobs", &body.head))
        }
    }
    .and_then(|reports| {
        reports.ok_or_else(|| {
            let message = "the answer was cut before it said the status of each job";
            Fault::Transient(classify::answered(status, message))
        })
    })
}

/// RFC 3986: everything but unreserved characters as `%XX`, as in the guide's sample.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// A reader that remembers how its bytes began.
struct Remembering<R> {
    inner: R,
    head: Vec<u8>,
}

impl<R: Read> Read for Remembering<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let missing = HEAD_BYTES.saturating_sub(self.head.len());
        self.head.extend(buffer.iter().take(read.min(missing)));
        Ok(read)
    }
}
