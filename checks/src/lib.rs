//! What is wrong with an export, as data. Knows no wasm, opens no file and sends nothing.
//!
//! Whether the columns are right, only Knosc knows: what is said of columns and keys is one table, [`known`], each line of it documented
//! or assumed, and what is assumed only warns. Two questions are asked of every file before it is sent: [`csv_filling`] and
//! [`sheet_without_rows`]; [`check`] asks the others.

mod csv_table;
mod finding;
pub mod known;
mod limits;
mod plan;
mod reading;
pub mod rejected;
mod table;
mod xlsx_table;

pub use csv_table::csv_filling;
pub use encoding_rs::Encoding;
pub use finding::{Code, Finding, Severity, UnknownCode, Weights};
pub use limits::Limits;
pub use plan::{Candidate, Checked, Elsewhere, check, check_with, header};
pub use reading::{Content, DecimalMark, Reading, ReadingOptions, Writing};
pub use xlsx_table::{Sheet, sheet_without_rows};

/// How much there is in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filling {
    /// Not even a header.
    Nothing,
    /// A header and no row below it.
    HeaderOnly,
    /// At least one row below the header.
    Rows,
}

impl Filling {
    /// The filling of a table with so many rows that are not blank.
    const fn of_rows(count: usize) -> Self {
        match count {
            0 => Self::Nothing,
            1 => Self::HeaderOnly,
            _ => Self::Rows,
        }
    }
}

/// A table that cannot be looked into.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The file broke off or could not be read.
    #[error("the file could not be read: {0}")]
    Read(#[from] std::io::Error),
    /// The bytes are no workbook, or it is protected by a password.
    #[error("the workbook could not be opened: {0}")]
    Workbook(#[from] calamine::XlsxError),
    /// The workbook has no sheet.
    #[error("the workbook has no sheet")]
    NoSheet,
    /// It is larger than the limits allow.
    #[error("{message}")]
    Limit {
        /// Which limit.
        code: Code,
        /// What is larger, and than what.
        message: String,
    },
}

impl CheckError {
    /// `None` where there is merely nothing.
    fn of(stop: reading::Stop) -> Option<Self> {
        match stop.code {
            Code::FileEmpty => None,
            Code::Unreadable => Some(Self::Read(std::io::Error::other(stop.message))),
            code => Some(Self::Limit { code, message: stop.message }),
        }
    }

    /// What the caller can do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Read(_) => "look at the file's permissions and at the disk that it is on",
            Self::Workbook(_) | Self::NoSheet => {
                "open it in a spreadsheet program and save it again as .xlsx, without a password"
            }
            Self::Limit { code, .. } => code.hint(),
        }
    }
}
