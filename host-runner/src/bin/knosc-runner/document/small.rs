//! Documents of the small verbs: runs of the past, templates, settings, what `doctor` looked at, and errors.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

#[cfg(test)]
use super::words;
use super::words::TriggerName;
use super::{Body, Document, Finding, LoggedLine, Refresh, Step, Tenant};
use crate::certificates::Shown;
use crate::when;

/// `runs list`, `runs resolve` and `runs unlock`.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
#[cfg_attr(test, derive(JsonSchema))]
pub enum Runs {
    /// `runs list`: the last ones, the newest first.
    List { runs: Vec<PastRun> },
    /// `runs resolve`: what a person decided.
    Resolved {
        run_id: String,
        trigger: TriggerName,
        file: String,
        job_id: Option<String>,
        accepted: bool,
        /// `user@host`.
        who: String,
    },
    /// `runs unlock`.
    Unlocked {
        trigger: TriggerName,
        /// The run that had it.
        unlocked_from: Option<String>,
    },
    /// `runs accept-restored`: the runs that stand for what may be missing.
    Restored { restored: Vec<RestoredRun> },
}

/// A run without a file, of which a person decides.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct RestoredRun {
    pub run_id: String,
    /// The tenant's address.
    pub tenant: String,
    pub trigger: TriggerName,
}

/// A run of the past.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct PastRun {
    pub run_id: String,
    /// The tenant's address.
    pub tenant: String,
    /// What was asked for.
    pub kind: &'static str,
    pub began: String,
    pub finished: Option<String>,
    /// How many steps stand where, in words.
    pub summary: String,
}

/// All that is known of a run.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct RecordedRun {
    #[serde(flatten)]
    pub run: PastRun,
    pub steps: Vec<NumberedStep>,
    pub events: Vec<PastEvent>,
    /// What the pipeline of this run wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<Vec<LoggedLine>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_dropped_bytes: Option<u64>,
}

/// A step with the number that `runs resolve` takes.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct NumberedStep {
    /// From 1.
    pub step: usize,
    /// What can be looked up, and what to type; null where there is nothing to decide.
    pub check: Option<Lookup>,
    #[serde(flatten)]
    pub ended: Step,
}

/// What can be looked up in Knosc for an unknown outcome, and how to say what was found.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Lookup {
    /// The documented list of what is stored, where there is one.
    pub list_url: Option<String>,
    pub look: Vec<&'static str>,
    /// What to type for either answer.
    pub accepted: String,
    pub not_accepted: String,
}

/// An event of the journal.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct PastEvent {
    pub ts: String,
    pub trigger: &'static str,
    pub fact: String,
    /// Who decided it, `user@host`.
    pub who: Option<String>,
}

/// `template get` and `template diff`.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
#[cfg_attr(test, derive(JsonSchema))]
pub enum Template {
    /// `template get`: where it was saved.
    Saved { file: String, bytes: usize },
    /// `template diff`: how the template differs from a file.
    Compared {
        trigger: TriggerName,
        file: String,
        same: bool,
        only_in_file: Vec<String>,
        only_in_template: Vec<String>,
        /// The same columns in another order.
        reordered: bool,
    },
}

/// What a flag is, and whence.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Setting {
    pub name: String,
    pub value: String,
    pub origin: String,
}

/// What `doctor` looked at.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Doctor {
    pub tenant: Tenant,
    pub checks: Vec<LookedAt>,
    pub exit_code: u8,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct LookedAt {
    pub check: &'static str,
    #[cfg_attr(test, schemars(schema_with = "words::healths"))]
    pub result: &'static str,
    pub message: String,
    pub hint: Option<String>,
    /// The certificates that the server showed, its own first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(default))]
    pub chain: Vec<Certificate>,
}

/// A certificate that the server showed.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Certificate {
    pub subject: String,
    pub issuer: String,
    /// UTC; null where it cannot be read.
    pub valid_from: Option<String>,
    pub valid_to: Option<String>,
    /// Now is between the two.
    pub is_current: bool,
    /// Its issuer is an authority that is trusted here.
    pub issuer_is_trusted: bool,
}

impl From<&Shown> for Certificate {
    fn from(shown: &Shown) -> Self {
        Self {
            subject: shown.subject.clone(),
            issuer: shown.issuer.clone(),
            valid_from: shown.valid.map(|(from, _)| when::rfc3339(from)),
            valid_to: shown.valid.map(|(_, to)| when::rfc3339(to)),
            is_current: shown.is_current(),
            issuer_is_trusted: shown.issuer_is_trusted,
        }
    }
}

/// Why a verb ended before it had a result.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct ErrorBody {
    /// A word for programs.
    pub code: &'static str,
    pub message: String,
    /// What is known of whether anything was sent.
    pub known: &'static str,
    pub hint: String,
    pub exit_code: u8,
    /// What denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings: Option<Vec<Finding>>,
    /// Files that leave out too much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh: Option<Vec<Refresh>>,
}

/// An error inside of a report: the document that it would be by itself.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Error {
    #[cfg_attr(test, schemars(extend("const" = super::SCHEMA)))]
    schema: &'static str,
    #[serde(rename = "type")]
    #[cfg_attr(test, schemars(extend("const" = "error")))]
    kind: &'static str,
    #[serde(flatten)]
    body: ErrorBody,
}

impl From<ErrorBody> for Error {
    fn from(body: ErrorBody) -> Self {
        Self { schema: super::SCHEMA, kind: "error", body }
    }
}

impl From<ErrorBody> for Document {
    fn from(body: ErrorBody) -> Self {
        Body::Error(body).into()
    }
}
