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
    /// What parts a number's fraction in text (`--decimal-mark`).
    pub decimal_mark: Option<DecimalMark>,
    /// Only the first rows are wanted: nothing is said of the others.
    pub(crate) begin_only: bool,
}

/// What stands between a number's whole part and its fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalMark {
    /// `1.5`.
    Point,
    /// `1,5`.
    Comma,
}

impl DecimalMark {
    /// The word for programs and people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Point => "point",
            Self::Comma => "comma",
        }
    }
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
    /// What parts fractions; `None` where no number has one.
    pub decimal_mark: Option<DecimalMark>,
    /// Why it is that one.
    pub decimal_mark_evidence: String,
}

impl Writing {
    /// Says what parts fractions, from how many numbers have a point and how many a comma; what a person says goes before it.
    pub(crate) fn decimals(&mut self, [points, commas]: [u64; 2], told: Option<DecimalMark>) {
        let (mark, evidence) = match (told, points, commas) {
            (Some(told), ..) => (Some(told), "--decimal-mark says so".to_owned()),
            (None, 0, 0) => (None, "no number has a fraction".to_owned()),
            (None, points, commas) if points >= commas => {
                (Some(DecimalMark::Point), format!("in {points} numbers, a comma in {commas}"))
            }
            (None, points, commas) => {
                (Some(DecimalMark::Comma), format!("in {commas} numbers, a point in {points}"))
            }
        };
        (self.decimal_mark, self.decimal_mark_evidence) = (mark, evidence);
    }
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
