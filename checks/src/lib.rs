//! What is wrong with an export, as data. Knows no wasm and sends nothing.
//!
//! So far one question: does a table hold anything below its header? Knosc's default action REFRESH closes what a file leaves
//! out, so that a table of headers alone closes everything. Whether the columns are right, only Knosc knows.

mod csv_table;
mod xlsx_table;

pub use csv_table::csv_filling;
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
}

impl CheckError {
    /// What the caller can do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Read(_) => "look at the file's permissions and at the disk that it is on",
            Self::Workbook(_) | Self::NoSheet => {
                "open it in a spreadsheet program and save it again as .xlsx, without a password"
            }
        }
    }
}
