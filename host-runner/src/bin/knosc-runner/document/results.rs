//! What came of a run, as programs read it: both ways of counting rows stand side by side.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

#[cfg(test)]
use super::words;
use super::words::TriggerName;

/// What came of a run.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Results {
    pub run_id: String,
    pub base_url: String,
    pub created_at: String,
    pub finished_at: Option<String>,
    pub files: Vec<FileResults>,
}

/// What came of a file.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct FileResults {
    pub trigger: TriggerName,
    pub file: String,
    #[cfg_attr(test, schemars(schema_with = "words::standings"))]
    pub outcome: &'static str,
    /// Of a refusal, or of an unknown outcome.
    pub message: Option<String>,
    pub job_id: Option<String>,
    pub rows_processed: Option<u64>,
    pub rows_in_file: Option<u64>,
    /// Rows without a value between others: whether Knosc counts them is not documented.
    pub blank_rows: Option<u64>,
    /// Which rows may be stored, and which were not reached.
    pub stored: Option<String>,
    /// Why rows are not shown beside the file's lines.
    pub not_joined: Option<String>,
    pub header: Option<Vec<String>>,
    /// Messages by their kind, the most frequent first.
    pub kinds: Vec<Kind>,
    /// How often a value of a message stands in the row of its number.
    pub values_found: Option<ValuesFound>,
    /// Messages that were not kept; at least so many where `errors_cut`.
    pub errors_omitted: u64,
    pub errors_cut: bool,
    pub errors: Vec<Rejected>,
    /// How long it was sent, queued and processed.
    pub stages: Vec<Stage>,
}

/// A kind of messages: the message without its values.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Kind {
    pub kind: String,
    pub count: usize,
}

/// A count for each way of counting rows.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct ValuesFound {
    pub header_not_counted: usize,
    pub header_counted: usize,
}

/// A row that Knosc rejected.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Rejected {
    /// Knosc's own number.
    pub row: Option<u64>,
    pub message: String,
    pub kind: String,
    #[serde(flatten)]
    pub places: Places,
}

/// Where the number stands in the file, under both ways of counting; which one is right is not documented.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Places {
    pub header_not_counted: Option<RowPlace>,
    pub header_counted: Option<RowPlace>,
}

/// A row of the file.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct RowPlace {
    /// The line of a text file or the row of a sheet, from 1.
    pub line: u64,
    pub sheet: Option<String>,
    /// As a spreadsheet program names it.
    pub cell: Option<String>,
    /// The column that the message seems to speak of.
    pub column: Option<String>,
    pub value: Option<String>,
    pub cells: Vec<String>,
    /// A value of the message stands in this row.
    pub has_value: bool,
}

/// What happened to a file for a while.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Stage {
    #[cfg_attr(test, schemars(schema_with = "words::phases"))]
    pub phase: &'static str,
    pub from: String,
    pub to: String,
}
