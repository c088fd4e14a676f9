//! From bytes to rows, in memory that the limits bound: text by `csv-core`, workbooks by `calamine`.
//!
//! Finds what is odd about how a file is written; knows no column. Opens nothing: content is given.

mod decode;
mod delimiter;
mod records;
mod row;
mod survey;
mod text;
pub(crate) mod unpacked;
mod workbook;

use std::io::{self, Read, Seek};
use std::ops::ControlFlow;

use encoding_rs::Encoding;
use knosc_bulk_import::blob::FileKind;

pub(crate) use row::{Cell, CellKind, Row};

use crate::finding::{Code, FileFindings};
use crate::limits::Limits;

/// A file's content.
pub trait Content: Read + Seek {}

impl<T: Read + Seek> Content for T {}

/// What a person says of how files are written, instead of what is found.
#[derive(Clone, Debug, Default)]
pub struct ReadingOptions {
    /// The encoding of text (`--encoding`).
    pub encoding: Option<&'static Encoding>,
    /// What parts values (`--delimiter`).
    pub delimiter: Option<u8>,
    /// The sheet of workbooks (`--sheet`).
    pub sheet: Option<String>,
    /// Only the first rows are wanted: nothing is said of the others.
    pub(crate) begin_only: bool,
}

/// How a file was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Separated text.
    Text(Writing),
    /// A sheet of a workbook.
    Sheet {
        /// Its name.
        name: String,
        /// How many sheets the workbook has.
        of: usize,
    },
}

/// How a text is written, with the evidence for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writing {
    /// The encoding's name.
    pub encoding: &'static str,
    /// Why it is that one.
    pub encoding_evidence: String,
    /// What parts values.
    pub delimiter: u8,
    /// Why it is that one.
    pub delimiter_evidence: String,
    /// How lines end.
    pub line_ends: String,
}

/// Why reading ended early: what was found, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stop {
    pub(crate) code: Code,
    pub(crate) line: Option<u64>,
    pub(crate) message: String,
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        let message = error.to_string();
        Self { code: Code::Unreadable, line: None, message }
    }
}

/// Reads all rows, blank ones too, until somebody has enough.
pub(crate) fn read(
    kind: FileKind,
    content: &mut dyn Content,
    options: &ReadingOptions,
    limits: &Limits,
    findings: &mut FileFindings,
    row_seen: &mut dyn FnMut(&Row, &mut FileFindings) -> ControlFlow<()>,
) -> Result<Reading, Stop> {
    match kind {
        FileKind::Csv => text::read(content, options, limits, findings, row_seen),
        FileKind::Xlsx => workbook::read(content, options, limits, findings, row_seen),
    }
}
