//! What may be sent as a file, judged by name, size and first bytes.
//!
//! Opens nothing: whoever holds the file hands in what this needs to know.

use crate::trigger::{Group, Trigger};

/// A file type that Knosc takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// An Excel workbook.
    Xlsx,
    /// Comma-separated (or otherwise separated) text.
    Csv,
}

/// A file that must not be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// An extension other than xlsx and csv.
    #[error("'{name}' is neither .xlsx nor .csv")]
    Extension {
        /// The file's name.
        name: String,
    },
    /// Nothing in it.
    #[error("'{name}' is empty")]
    Empty {
        /// The file's name.
        name: String,
    },
    /// The first bytes say something else than the extension.
    #[error("'{name}' is not what its extension says: it looks like {found}")]
    Mismatch {
        /// The file's name.
        name: String,
        /// What it looks like.
        found: &'static str,
    },
    /// A table of headers without a row, which REFRESH reads as "close everything".
    #[error(
        "'{name}' has a header and no rows: {trigger} would be closed, archived or replaced as a whole"
    )]
    HeaderOnly {
        /// The file's name.
        name: String,
        /// The trigger it was meant for.
        trigger: Trigger,
    },
    /// No name, or nothing but folders.
    #[error("the file has no name")]
    NoName,
}

impl BlobError {
    /// What the caller can do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Extension { .. } => "export as XLSX or CSV; Knosc takes no other type",
            Self::Empty { .. } => "look at the export job: it wrote an empty file",
            Self::Mismatch { .. } => "save the file again in the type that its extension names",
            Self::HeaderOnly { .. } => "if the empty table is meant, say so with allow-empty",
            Self::NoName => "give the file a name such as items.csv",
        }
    }
}

/// How many first bytes [`FileKind::check`] looks at.
pub const MAGIC_BYTES: usize = 8;

/// A file up to this size is looked into for a row before it is sent: headers of ERP exports are shorter by far.
pub const LOOK_BYTES: u64 = 64 * 1024;

const ZIP: &[u8] = b"PK\x03\x04";
const OLE2: &[u8] = b"\xD0\xCF\x11\xE0";
const PDF: &[u8] = b"%PDF";
const GZIP: &[u8] = b"\x1F\x8B";

impl FileKind {
    /// The type that a file's extension names, in any case.
    ///
    /// # Errors
    /// [`BlobError::Extension`] for any other.
    pub fn of_name(name: &str) -> Result<Self, BlobError> {
        match name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).as_deref()
        {
            Some("xlsx") => Ok(Self::Xlsx),
            Some("csv") => Ok(Self::Csv),
            _ => Err(BlobError::Extension { name: name.to_owned() }),
        }
    }

    /// The media type of the multipart part.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv",
        }
    }

    /// Compares a file's first bytes (up to [`MAGIC_BYTES`]) with its type.
    ///
    /// # Errors
    /// - [`BlobError::Empty`] if there are none.
    /// - [`BlobError::Mismatch`] if they belong to another type.
    pub fn check(self, name: &str, first: &[u8]) -> Result<(), BlobError> {
        if first.is_empty() {
            return Err(BlobError::Empty { name: name.to_owned() });
        }
        let found = match (self, first) {
            (Self::Xlsx, bytes) if bytes.starts_with(ZIP) => return Ok(()),
            (_, bytes) if bytes.starts_with(OLE2) => "an old .xls workbook, or an encrypted one",
            (Self::Csv, bytes) if bytes.starts_with(ZIP) => "a workbook or a zip archive",
            (_, bytes) if bytes.starts_with(PDF) => "a PDF",
            (_, bytes) if bytes.starts_with(GZIP) => "a gzip archive",
            (Self::Csv, _) => return Ok(()),
            (Self::Xlsx, _) => "text, or something that is no workbook",
        };
        Err(BlobError::Mismatch { name: name.to_owned(), found })
    }
}

/// Looks for a row below the header of a whole file that is text. A workbook is not looked into: that takes more than its bytes.
///
/// # Errors
/// [`BlobError::HeaderOnly`] where there is none, for a trigger that closes what a file leaves out.
pub fn check_rows(name: &str, trigger: Trigger, whole: &[u8]) -> Result<(), BlobError> {
    let may_close_all = trigger.group() == Group::Transactions;
    // What is no text, and what is nothing at all, is refused for that.
    let is_text =
        FileKind::of_name(name) == Ok(FileKind::Csv) && FileKind::Csv.check(name, whole).is_ok();
    if may_close_all && is_text && !has_two_lines(whole) {
        return Err(BlobError::HeaderOnly { name: name.to_owned(), trigger });
    }
    Ok(())
}

/// Whether a second line has something in it. Zeros count as nothing, so that UTF-16 is read rightly too.
fn has_two_lines(bytes: &[u8]) -> bool {
    bytes
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .filter(|line| line.iter().any(|byte| !byte.is_ascii_whitespace() && *byte != 0))
        .nth(1)
        .is_some()
}

/// The last part of a path, with either separator: Knosc gets a name, never a folder.
///
/// # Errors
/// [`BlobError::NoName`] if nothing is left.
pub fn base_name(name: &str) -> Result<&str, BlobError> {
    let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
    if base.is_empty() || base == "." || base == ".." { Err(BlobError::NoName) } else { Ok(base) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_by_name_and_by_bytes() {
        let check = |name: &str, first: &[u8]| FileKind::of_name(name)?.check(name, first);
        assert_eq!(check("a.XLSX", b"PK\x03\x04...."), Ok(()));
        assert_eq!(check("a.csv", b"_ItemNumber"), Ok(()));
        assert_eq!(check("a.csv", b"\xFF\xFEa\0"), Ok(()));
        assert!(matches!(check("a.csv", b""), Err(BlobError::Empty { .. })));
        assert!(matches!(check("a.csv", b"PK\x03\x04"), Err(BlobError::Mismatch { .. })));
        assert!(matches!(check("a.xlsx", b"a,b"), Err(BlobError::Mismatch { .. })));
        assert!(matches!(check("a.xlsx", OLE2), Err(BlobError::Mismatch { .. })));
        assert!(matches!(check("a.xls", b"x"), Err(BlobError::Extension { .. })));
        assert!(matches!(check("items", b"x"), Err(BlobError::Extension { .. })));
    }

    #[test]
    fn a_table_without_rows_is_no_file_for_what_closes_by_absence() {
        let check = |name: &str, trigger, whole: &[u8]| check_rows(name, trigger, whole).is_ok();
        let cases: [(&[u8], bool); 8] = [
            (b"_SONumber,_Line", false),
            (b"_SONumber,_Line\r\n \r\n\r\n", false),
            (b"\xEF\xBB\xBF_SONumber\n", false),
            (b"\xFF\xFEa\0\n\0", false),
            (b"\xFF\xFEa\0\n\x001\0", true),
            (b"_SONumber\r1", true),
            // Of no table at all others say what is wrong.
            (b"", true),
            (b"PK\x03\x04", true),
        ];
        for (whole, goes) in cases {
            assert_eq!(check("a.csv", Trigger::Demand, whole), goes, "{whole:?}");
            assert!(check("a.csv", Trigger::ItemMaster, whole), "{whole:?}");
            assert!(check("a.xlsx", Trigger::Demand, whole), "{whole:?}");
        }
    }

    #[test]
    fn base_names() {
        assert_eq!(base_name("exports/units.xlsx"), Ok("units.xlsx"));
        assert_eq!(base_name(r"C:\exports\units.xlsx"), Ok("units.xlsx"));
        assert_eq!(base_name("exports/"), Err(BlobError::NoName));
    }
}
