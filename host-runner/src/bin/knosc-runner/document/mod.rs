//! What programs read, as types: each document of `--output json`, each event of `--output ndjson`. `docs/schemas/` is made from them.
//!
//! The names are a promise to scripts: fields are added, never renamed. Holds data; decides and prints nothing.

mod checks;
mod pipeline;
mod results;
mod run;
#[cfg(test)]
mod schemas;
mod small;
pub mod words;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

pub use checks::{CheckFinished, CheckedFile, Counts, Finding, Refresh};
pub use pipeline::{
    Component, Denied, LoggedLine, PipelineEnding, PipelineEvent, PipelineFinished, PipelineReport,
    PipelineRun, Used,
};
pub use results::{FileResults, Kind, Places, Rejected, Results, RowPlace, Stage, ValuesFound};
pub use run::{
    Job, JobStatus, Next, Planned, Report, RunFinished, Step, StepFile, StepRowError, Tenant,
    UploadProgress,
};
pub use small::{
    Certificate, Doctor, Error, ErrorBody, LookedAt, Lookup, NumberedStep, PastEvent, PastRun,
    RecordedRun, RestoredRun, Runs, Setting, Template,
};

/// The version of documents and events; it changes when a field changes its meaning.
pub const SCHEMA: &str = "knosc-runner/1";

/// One JSON document on stdout or, for an error, on stderr.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Document {
    /// The version of documents and events; it changes when a field changes its meaning.
    #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
    schema: &'static str,
    #[serde(flatten)]
    pub body: Body,
}

/// What a document says.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(test, derive(JsonSchema))]
pub enum Body {
    /// `plan`: what would be sent, in this order.
    Plan {
        verb: &'static str,
        tenant: Tenant,
        steps: Vec<Planned>,
        #[serde(flatten)]
        looked: Looked,
    },
    /// `run`, `upload` and `resume`: how each file ended. `--on-finish` hears it too.
    Report(Report),
    /// `poll`: how far jobs are.
    Jobs { verb: &'static str, tenant: Tenant, jobs: Vec<Job>, exit_code: u8 },
    /// `check`: what is wrong with files.
    Check { verb: &'static str, files: Vec<CheckedFile>, counts: Counts, exit_code: u8 },
    /// `doctor`: what a run needs.
    Doctor(Doctor),
    /// `runs list`, `runs resolve` and `runs unlock`.
    Runs(Runs),
    /// `runs show`: all that is known of a run.
    RecordedRun(RecordedRun),
    /// `results --output json` and `results --format json`: what came of a run, and where its rejected rows stand in the file.
    Results(Results),
    /// `pipeline run`: what a tenant's own component loaded, and how it ended.
    PipelineReport(PipelineReport),
    /// `pipeline check`: a component that would be taken.
    #[serde(rename = "pipeline-check")]
    PipelineCheck {
        tenant: Tenant,
        file: String,
        sha256: String,
        bytes: u64,
        instances: u64,
        memory_bytes: u64,
        imports: Vec<String>,
        exit_code: u8,
    },
    /// `component inspect`: what a component says of itself.
    #[serde(rename = "component-inspect")]
    ComponentInspect(Component),
    /// `login`.
    Login { signed_in: bool, base_url: String, session_file: String },
    /// `logout`.
    Logout { signed_out: bool, base_url: String },
    /// `auth status`.
    #[serde(rename = "auth-status")]
    AuthStatus { session: bool, base_url: String },
    /// `template get` and `template diff`.
    Template(Template),
    /// `config show`: what flags are where nobody types them.
    Config { file: String, settings: Vec<Setting> },
    /// Why a verb ended before it had a result; on stderr.
    Error(ErrorBody),
}

/// What was looked at before files were sent; absent where nobody looked.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Looked {
    /// What the checks found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings: Option<Vec<Finding>>,
    /// What refreshing files leave out of what was loaded before them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(default))]
    pub refresh: Vec<Refresh>,
}

/// One line of `--output ndjson`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Line<'a> {
    /// The version of documents and events; it changes when a field changes its meaning.
    #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
    pub schema: &'static str,
    /// When it was written, UTC, `2026-01-31T23:59:59Z`.
    pub ts: String,
    /// The run in the journal, or an id of this process where there is none.
    pub run_id: &'a str,
    /// Which line of this process it is, from 0.
    pub seq: u64,
    #[serde(flatten)]
    pub event: &'a Event,
}

/// What a line says.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(test, derive(JsonSchema))]
pub enum Event {
    /// Files were read and put in order.
    RunStarted { verb: &'static str, tenant: Tenant },
    /// One file of the plan.
    StepPlanned(Planned),
    /// What the checks found.
    CheckFinding(Finding),
    /// `check` is done.
    CheckFinished(CheckFinished),
    /// What a refreshing file leaves out.
    RefreshCompared(Refresh),
    /// Bytes of a file that were sent; at most one a second, and the last one.
    UploadProgress(UploadProgress),
    /// The session was renewed.
    AuthRefreshed {},
    /// Knosc took a file.
    UploadAccepted {
        #[serde(flatten)]
        of: Option<StepFile>,
        job_id: String,
    },
    /// A file may have been taken.
    UploadUnknown {
        #[serde(flatten)]
        of: Option<StepFile>,
        message: String,
    },
    /// How far a job is.
    JobStatus(JobStatus),
    /// A row that Knosc rejected.
    RowError(StepRowError),
    /// How a file ended.
    StepFinished(Step),
    /// Nothing more follows.
    RunFinished(RunFinished),
    /// A pipeline begins.
    PipelineStarted(PipelineEvent),
    /// A line that a pipeline wrote.
    PipelineLog(LoggedLine),
    /// A pipeline ended; nothing more follows.
    PipelineFinished(PipelineFinished),
}

impl From<Body> for Document {
    fn from(body: Body) -> Self {
        Self { schema: SCHEMA, body }
    }
}

/// As JSON. The types above hold nothing that JSON cannot say.
pub fn value(document: &impl Serialize) -> Value {
    serde_json::to_value(document).unwrap_or_default()
}
