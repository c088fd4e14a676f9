//! What a test asks to go wrong; all of it is off by default and none of it is Knosc's.
//! Holds data only: the model asks, and counts down what was armed for so many times.

use serde::{Deserialize, Serialize};

use crate::{Fate, Request, Response};

/// The faults of one tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Answers to bend; the first that fits is taken.
    pub answers: Vec<AnswerFault>,
    /// What polls say.
    pub polls: PollFaults,
    /// What becomes of jobs accepted from now on.
    pub jobs: JobFaults,
}

/// One answer, bent so many times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AnswerFault {
    /// Only requests with this method; `None` for any.
    pub method: Option<String>,
    /// Only paths that begin so.
    pub path: String,
    /// When it strikes.
    pub when: When,
    /// So many fitting requests pass first.
    pub skip: u64,
    /// So many are bent; then the fault is gone.
    pub times: u64,
    /// Another status.
    pub status: Option<u16>,
    /// Headers that replace those of the same name.
    pub headers: Vec<(String, String)>,
    /// Another body; with one, `Content-Type` is dropped unless `headers` gives it.
    pub body: Option<String>,
    /// The connection is closed without an answer.
    pub drop: bool,
    /// The answer is cut after so many bytes of its body.
    pub truncate: Option<usize>,
    /// The answer is held back.
    pub delay_ms: u64,
}

impl Default for AnswerFault {
    fn default() -> Self {
        Self {
            method: None,
            path: "/api/job".into(),
            when: When::After,
            skip: 0,
            times: 1,
            status: None,
            headers: Vec::new(),
            body: None,
            drop: false,
            truncate: None,
            delay_ms: 0,
        }
    }
}

/// The moment at which an [`AnswerFault`] strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// Before an upload's body is read, and before anything is checked.
    Early,
    /// With the body read, before anything is accepted.
    Before,
    /// After the request took effect: the true answer is bent.
    After,
}

/// What polls say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PollFaults {
    /// The next so many polls leave out every job.
    pub omit: u64,
    /// Polls answer the jobs in reverse order.
    pub reorder: bool,
    /// Polls also list so many jobs that nobody asked for, before the others.
    pub foreign: u64,
    /// The next so many polls say this status word instead of a running or queued job's own.
    pub status_word: Option<(String, u64)>,
    /// The next so many polls say `queued` of a job that was already running or done.
    pub backwards: u64,
    /// Jobs are listed without `rows_processed` and `errors`, whatever their state.
    pub bare: bool,
}

/// What becomes of jobs accepted from now on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JobFaults {
    /// The next job fails with so many row errors, whatever its file holds; 0 for `failed` with an empty list.
    pub errors: Option<u64>,
    /// The next job completes, and lists so many errors nevertheless.
    pub completed_with_errors: Option<u64>,
}

impl Faults {
    /// Takes the fault that strikes this request at this moment, and counts it down.
    pub(crate) fn strike(&mut self, when: When, request: &Request) -> Option<AnswerFault> {
        let fits = |fault: &AnswerFault| {
            fault.when == when
                && request.path.starts_with(&fault.path)
                && fault.method.as_ref().is_none_or(|m| m.eq_ignore_ascii_case(&request.method))
        };
        let position = self.answers.iter().position(fits)?;
        let fault = self.answers.get_mut(position)?;
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        let taken = fault.clone();
        fault.times = fault.times.saturating_sub(1);
        if fault.times == 0 {
            self.answers.remove(position);
        }
        Some(taken)
    }
}

impl AnswerFault {
    /// Bends an answer.
    pub(crate) fn bend(&self, mut answer: Response) -> Response {
        answer.status = self.status.unwrap_or(if answer.status == 0 { 500 } else { answer.status });
        if let Some(body) = &self.body {
            answer.body = body.as_bytes().to_vec();
            answer.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        }
        for (name, value) in &self.headers {
            answer.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
            answer.headers.push((name.clone(), value.clone()));
        }
        answer.delay_ms = answer.delay_ms.saturating_add(self.delay_ms);
        answer.fate = match (self.drop, self.truncate) {
            (true, _) => Fate::Dropped,
            (false, Some(bytes)) => Fate::Truncated(bytes),
            (false, None) => answer.fate,
        };
        answer
    }
}
