//! What the checks and the comparison before REFRESH found, as programs read it.

use knosc_bulk_import::admission::refresh::Effect;
use knosc_checks::{Checked, DecimalMark, Finding as CoreFinding, Reading, Severity};
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

#[cfg(test)]
use super::words;
use super::words::TriggerName;
use crate::guard::{Found, Guarded, Stale, With};

/// One thing that is wrong with a file.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Finding {
    /// What `--deny` and `--allow` take.
    #[cfg_attr(test, schemars(schema_with = "words::codes"))]
    pub code: &'static str,
    /// With `deny` nothing is sent.
    #[cfg_attr(test, schemars(schema_with = "words::severities"))]
    pub severity: &'static str,
    pub file: String,
    pub sheet: Option<String>,
    /// The line of a text file or the row of a sheet, from 1.
    pub line: Option<u64>,
    /// As a spreadsheet program names it, `G17`.
    pub cell: Option<String>,
    pub column: Option<String>,
    /// The value that it is about.
    pub key: Option<String>,
    pub message: String,
    /// What a person can do.
    pub hint: &'static str,
    /// How many more there are of this code and column, which are not listed.
    pub more: u64,
}

impl From<&CoreFinding> for Finding {
    fn from(finding: &CoreFinding) -> Self {
        Self {
            code: finding.code.name(),
            severity: finding.severity.word(),
            file: finding.file.clone(),
            sheet: finding.sheet.clone(),
            line: finding.line,
            cell: finding.cell.clone(),
            column: finding.column.clone(),
            key: finding.key.clone(),
            message: finding.message.clone(),
            hint: finding.hint(),
            more: finding.more,
        }
    }
}

/// One file that was looked into.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct CheckedFile {
    pub trigger: TriggerName,
    pub file: String,
    /// Rows below the header that hold something.
    pub rows: u64,
    /// Null where it could not be read.
    pub read_as: Option<ReadAs>,
    pub findings: Vec<Finding>,
}

/// How a file was read, and why.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
#[cfg_attr(test, derive(JsonSchema))]
pub enum ReadAs {
    /// Separated text.
    Text {
        encoding: &'static str,
        encoding_evidence: String,
        delimiter: String,
        delimiter_evidence: String,
        line_ends: String,
        /// What parts fractions; null where no number has one.
        decimal_mark: Option<&'static str>,
        decimal_mark_evidence: String,
    },
    /// A sheet of so many.
    Sheet { sheet: String, sheets: usize },
}

impl From<&Reading> for ReadAs {
    fn from(reading: &Reading) -> Self {
        match reading {
            Reading::Text(writing) => Self::Text {
                encoding: writing.encoding,
                encoding_evidence: writing.encoding_evidence.clone(),
                delimiter: char::from(writing.delimiter).to_string(),
                delimiter_evidence: writing.delimiter_evidence.clone(),
                line_ends: writing.line_ends.clone(),
                decimal_mark: writing.decimal_mark.map(DecimalMark::word),
                decimal_mark_evidence: writing.decimal_mark_evidence.clone(),
            },
            Reading::Sheet { name, of } => Self::Sheet { sheet: name.clone(), sheets: *of },
        }
    }
}

impl From<&Checked> for CheckedFile {
    fn from(checked: &Checked) -> Self {
        Self {
            trigger: checked.trigger.into(),
            file: checked.file.clone(),
            rows: checked.rows,
            read_as: checked.reading.as_ref().map(ReadAs::from),
            findings: checked.findings.iter().map(Finding::from).collect(),
        }
    }
}

/// How many findings of each weight, those that are not listed too.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Counts {
    pub deny: u64,
    pub warn: u64,
    pub note: u64,
}

impl Counts {
    pub fn of(checked: &[Checked]) -> Self {
        let count = |severity: Severity| {
            let findings = checked.iter().flat_map(|file| &file.findings);
            let of_it = findings.filter(|finding| finding.severity == severity);
            of_it.map(|finding| 1 + finding.more).sum()
        };
        Self {
            deny: count(Severity::Deny),
            warn: count(Severity::Warn),
            note: count(Severity::Note),
        }
    }
}

/// The end of a check.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct CheckFinished {
    pub counts: Counts,
    pub exit_code: u8,
}

/// What a refreshing file leaves out of what was loaded before it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Refresh {
    pub trigger: TriggerName,
    pub file: String,
    /// What REFRESH does with what a file leaves out.
    #[cfg_attr(test, schemars(schema_with = "words::effects"))]
    pub effect: &'static str,
    /// By what they were compared, or why they were not.
    #[cfg_attr(test, schemars(schema_with = "words::comparisons"))]
    pub comparison: &'static str,
    /// How many of `of` are left out; null where nothing was compared.
    pub left_out: Option<u64>,
    pub of: Option<u64>,
    /// The run that loaded what it was compared with.
    pub run: Option<String>,
    /// The run that may have changed since what Knosc has.
    pub stale_since_run: Option<String>,
    /// Knosc may hold something else than what was compared with.
    pub stale: bool,
    /// How much may go, a number or a share.
    pub allowed: String,
    /// It leaves out too much, and nothing is sent.
    pub refused: bool,
    pub message: String,
}

impl From<&Guarded> for Refresh {
    fn from(guarded: &Guarded) -> Self {
        let mut refresh = Self {
            trigger: guarded.trigger.into(),
            file: guarded.file.clone(),
            effect: Effect::of(guarded.trigger).word(),
            comparison: "not-read",
            left_out: None,
            of: None,
            run: None,
            stale_since_run: None,
            stale: false,
            allowed: guarded.allowed.to_string(),
            refused: guarded.is_refused(),
            message: guarded.sentence(),
        };
        match &guarded.found {
            Found::NotRead => {}
            Found::Exempt => refresh.comparison = "exempt",
            Found::Nothing { .. } => refresh.comparison = "nothing",
            Found::Compared { dropped, with, stale } => {
                refresh.comparison = if dropped.by_key { "keys" } else { "rows" };
                refresh.left_out = Some(dropped.left_out);
                refresh.of = Some(dropped.of);
                if let With::Run(run) = with {
                    refresh.run = Some(run.clone());
                }
                if let Some(Stale::Since { run, .. }) = stale {
                    refresh.stale_since_run = Some(run.clone());
                }
                refresh.stale = stale.is_some();
            }
        }
        refresh
    }
}
