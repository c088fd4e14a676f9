//! What a tenant's own component did, as programs read it.

use knosc_runner::platform::{LogLine, Stream};
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::{Step, Tenant};

/// A line that a pipeline wrote.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct LoggedLine {
    /// `stdout` or `stderr`.
    #[cfg_attr(test, schemars(extend("enum" = ["stdout", "stderr"])))]
    pub stream: &'static str,
    pub text: String,
}

impl From<&LogLine> for LoggedLine {
    fn from(line: &LogLine) -> Self {
        let stream = if line.stream == Stream::Out { "stdout" } else { "stderr" };
        Self { stream, text: line.text.clone() }
    }
}

/// What a component says of itself; nobody vouches for its own words.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Component {
    pub file: String,
    /// A world of the contract; null where it is of none.
    pub world: Option<String>,
    /// Its bytes.
    pub size: usize,
    /// Of its bytes, in lower-case hex.
    pub sha256: String,
    pub name: Option<String>,
    pub version: Option<String>,
    /// A licence expression of SPDX.
    pub licenses: Option<String>,
    pub source: Option<String>,
    pub description: Option<String>,
    pub imports: Vec<String>,
    pub exports: Vec<String>,
}

/// A pipeline begins.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct PipelineEvent {
    pub verb: &'static str,
    pub tenant: Tenant,
}

/// What a pipeline loaded, and how it ended.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct PipelineReport {
    pub tenant: Tenant,
    /// The component.
    pub file: String,
    /// The runs of the journal that it began.
    pub runs: Vec<PipelineRun>,
    /// What it wrote.
    pub log: Vec<LoggedLine>,
    pub log_dropped_bytes: u64,
    #[serde(flatten)]
    pub ending: PipelineEnding,
    pub exit_code: u8,
}

/// One of its runs.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct PipelineRun {
    pub run_id: String,
    pub steps: Vec<Step>,
    /// What to type to see how jobs go on.
    pub poll: Option<String>,
    /// What to type to go on with this run.
    pub resume: Option<String>,
}

/// How the pipeline's own code ended, and what it used.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct PipelineEnding {
    /// How its code ended.
    #[cfg_attr(test, schemars(extend("enum" = ["returned", "returned-error", "limit", "trapped", "cancelled", "other"])))]
    pub end: &'static str,
    /// What it returned, in its own words.
    pub note: Option<String>,
    /// The limit that it met, by its key in the operator's file.
    pub limit: Option<&'static str>,
    /// The first requests that were denied.
    pub denials: Vec<Denied>,
    /// How many were denied.
    pub denied: u64,
    pub used: Used,
}

/// A request that was denied.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Denied {
    pub rule: &'static str,
    pub message: String,
    pub hint: String,
}

/// What it used.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Used {
    pub memory_bytes: u64,
    pub computed_ms: u64,
    pub took_ms: u64,
    pub requests: u64,
    pub job_calls: u64,
    pub scratch_bytes: u64,
}

/// The end of a pipeline's lines.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct PipelineFinished {
    #[serde(flatten)]
    pub ending: PipelineEnding,
    pub exit_code: u8,
}
