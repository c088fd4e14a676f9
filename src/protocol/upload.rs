//! `POST /api/job/{trigger}`: one file, whole, once.
//!
//! Builds the frame around a file and reads the answer. Never says that an upload was refused where it may have been taken, and
//! never that one was taken without the job that Knosc made of it.
//!
//! ```http
//! POST /api/job/item-master
//! content-type: multipart/form-data; boundary=knosc-86bf2516340989bd980064227e6bdcaf
//! content-length: 233
//! ```
//!
//! ```http
//! 200 OK
//!
//! {
//!   "message": "File uploaded. Processing started.",
//!   "job_id": "item-master-upload-a1b2c3",
//!   "status": "queued"
//! }
//! ```

use super::value::{Fields, Value};
use super::{Answer, Sent, classify, multipart, text};
use crate::blob::{self, BlobError, FileKind};
use crate::fault::Fault;
use crate::job::{Job, JobReport, JobStatus};
use crate::trigger::Trigger;

pub use super::multipart::Boundary;

/// An upload without its file: whoever sends it writes `head`, the file's `size` bytes, `tail`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// `/api/job/item-master`.
    pub path: String,
    /// With the boundary.
    pub content_type: String,
    /// Before the file.
    pub head: Vec<u8>,
    /// After it; an upload without these bytes is one that Knosc cannot take.
    pub tail: Vec<u8>,
    /// Of head, file and tail together: exact.
    pub content_length: u64,
}

impl Frame {
    /// Frames a file of that name and size, with a boundary that this attempt drew. Of a path only the last part is sent.
    ///
    /// # Errors
    /// - [`BlobError::NoName`] and [`BlobError::Extension`] for the name.
    /// - [`BlobError::Empty`] if there is nothing to send.
    pub fn new(
        trigger: Trigger,
        file_name: &str,
        size: u64,
        boundary: &Boundary,
    ) -> Result<Self, BlobError> {
        let name = blob::base_name(file_name)?;
        let kind = FileKind::of_name(name)?;
        if size == 0 {
            return Err(BlobError::Empty { name: name.to_owned() });
        }
        let around = multipart::around(name, kind, boundary);
        let framed = (around.head.len() as u64).saturating_add(around.tail.len() as u64);
        Ok(Self {
            path: format!("/api/job/{trigger}"),
            content_type: around.content_type,
            head: around.head,
            tail: around.tail,
            // Saturates 16 EiB from here; no file is that long.
            content_length: framed.saturating_add(size),
        })
    }
}

/// Characters of a `job_id`: the documented ones have about 30, and each goes into the URL of every poll.
pub(super) const JOB_ID_CHARS_MAX: usize = 512;

/// Bytes kept of a status word that is not documented.
pub(super) const STATUS_BYTES_MAX: usize = 100;

/// Reads the job that Knosc made of the file.
///
/// # Errors
/// - [`Fault::PermanentOutcomeUnknown`] if it answered success without a usable `job_id`, or before the whole file had left, or as
///   [`classify::upload_refused`] says.
/// - [`Fault::PermanentUnauthorized`], [`Fault::PermanentRejected`] and [`Fault::Transient`] if nothing was taken.
pub fn read(
    trigger: Trigger,
    answer: &Answer,
    sent: Sent,
    now_ms: u64,
) -> Result<JobReport, Fault> {
    if !(200..=299).contains(&answer.status) {
        return Err(classify::upload_refused(answer, sent, now_ms));
    }
    let body = Fields::of(&answer.body);
    let Some(job_id) = body.text("job_id").filter(|job_id| is_job_id(job_id)) else {
        let what = if answer.cut { "the answer broke off" } else { "the answer names no job" };
        let message =
            format!("Knosc may have taken the file, but {what}{}", text::after_colon(&answer.body));
        return Err(Fault::PermanentOutcomeUnknown(classify::answered(answer.status, message)));
    };
    if sent != Sent::Sealed {
        return Err(accepted_early(answer.status, job_id));
    }
    let job = Job { trigger, job_id: job_id.to_owned() };
    Ok(JobReport::of_status(job, first_status(body.get("status"))))
}

/// A job of a part of the file: what Knosc made of it, and whether REFRESH closed the rest, only a person can find out.
fn accepted_early(status: u16, job_id: &str) -> Fault {
    let message = format!(
        "Knosc named job {} before the whole file had left, so it may have loaded a part of it",
        text::sanitised(job_id)
    );
    Fault::PermanentOutcomeUnknown(classify::answered(status, message))
}

/// Whether a text can be a job's id: not empty, not endless, on one line.
pub(super) fn is_job_id(text: &str) -> bool {
    !text.is_empty()
        && text.chars().count() <= JOB_ID_CHARS_MAX
        && !text.chars().any(char::is_control)
}

/// A job without a word is queued: the guide says that an accepted file is.
fn first_status(word: Option<&Value>) -> JobStatus {
    match word {
        None | Some(Value::Null) => JobStatus::Queued,
        Some(Value::Text(word) | Value::Other(word)) => status_of(word),
        Some(Value::Count(count)) => status_of(&count.to_string()),
    }
}

/// The status of a word, with an undocumented one bounded.
pub(super) fn status_of(word: &str) -> JobStatus {
    match JobStatus::from_word(word) {
        JobStatus::Other(word) => {
            JobStatus::Other(text::cut(&text::sanitised(&word), STATUS_BYTES_MAX).to_owned())
        }
        documented => documented,
    }
}
