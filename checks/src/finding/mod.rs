//! Findings as data: what is wrong, how heavy it is, and where; with a list that keeps a few of each kind and counts the others.
//!
//! Prints nothing and looks at nothing.

mod code;
mod list;

pub use code::{Code, UnknownCode};
pub(crate) use list::{FileFindings, Place, is_invisible, letters, shown};

/// How heavy a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know.
    Note,
    /// It may go wrong; what Knosc does is not documented, or rests on what it knows already.
    Warn,
    /// It will go wrong, or the file cannot be what was meant: nothing is sent.
    Deny,
}

impl Severity {
    /// The word for programs and people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
    }
}

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub code: Code,
    /// How heavy it is here.
    pub severity: Severity,
    /// The file's name.
    pub file: String,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
    /// The line of a text file or the row of a sheet, from 1, as an editor or a spreadsheet program shows it.
    pub line: Option<u64>,
    /// The cell as a spreadsheet program names it, `G17`; of workbooks only.
    pub cell: Option<String>,
    /// The name of the column.
    pub column: Option<String>,
    /// The value that the finding is about.
    pub key: Option<String>,
    /// What is wrong, one sentence.
    pub message: String,
    /// How many more there are of the same code and column, which are not listed.
    pub more: u64,
}

impl Finding {
    /// What a person can do.
    pub const fn hint(&self) -> &'static str {
        self.code.hint()
    }
}

/// Which findings weigh otherwise than they do by themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Weights {
    /// They deny.
    pub deny: Vec<Code>,
    /// They are not told.
    pub allow: Vec<Code>,
}

impl Weights {
    /// Weighs anew; what is both denied and allowed is denied.
    pub fn apply(&self, findings: &mut Vec<Finding>) {
        findings.retain_mut(|finding| {
            if self.deny.contains(&finding.code) {
                finding.severity = Severity::Deny;
            }
            self.deny.contains(&finding.code) || !self.allow.contains(&finding.code)
        });
    }
}
