//! Separated text: whatever the separator and encoding are, a row is a line with something in it.
//!
//! Judges no column and no value; a quoted line break does not end a row.

use std::io::{Read, Seek};
use std::ops::ControlFlow;

use knosc_bulk_import::blob::FileKind;

use crate::finding::FileFindings;
use crate::reading::{self, ReadingOptions, Row};
use crate::{CheckError, Filling, Limits};

/// Says how much there is in separated text; reads no further than its first row.
///
/// # Errors
/// - [`CheckError::Read`] if the reader fails.
/// - [`CheckError::Limit`] if a row is longer than [`Limits`] allow.
pub fn csv_filling(mut reader: impl Read + Seek) -> Result<Filling, CheckError> {
    let options = ReadingOptions { begin_only: true, ..ReadingOptions::default() };
    let mut count = 0;
    let mut row_seen = |row: &Row, _: &mut FileFindings| {
        count += usize::from(row.cells().any(|cell| !is_blank(cell.text)));
        if count < 2 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let mut ignored = FileFindings::new("", 0);
    let limits = Limits::default();
    let read =
        reading::read(FileKind::Csv, &mut reader, &options, &limits, &mut ignored, &mut row_seen);
    match read {
        Ok(_) => Ok(Filling::of_rows(count)),
        Err(stop) => match CheckError::of(stop) {
            None => Ok(Filling::Nothing),
            Some(error) => Err(error),
        },
    }
}

/// Whether a value holds nothing but blanks and what might be a separator.
fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || matches!(c, ';' | '|' | ',' | '"' | '\0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: Filling) {
        assert_eq!(csv_filling(std::io::Cursor::new(bytes)).unwrap(), expected, "{bytes:?}");
    }

    #[test]
    fn a_row_is_a_line_with_something_in_it() {
        check(b"", Filling::Nothing);
        check(b"\r\n,,\r\n", Filling::Nothing);
        check(b"a,b", Filling::HeaderOnly);
        check(b"a,b\r\n", Filling::HeaderOnly);
        check(b"a,b\n,\n \n", Filling::HeaderOnly);
        check(b"a;b\n;;\n", Filling::HeaderOnly);
        check(b"\"a\nb\",c\n", Filling::HeaderOnly);
        check(b"a,b\n1,2", Filling::Rows);
        check(b"\xEF\xBB\xBFa,b\n\n0,\n", Filling::Rows);
    }

    #[test]
    fn utf_16_counts_too() {
        let utf_16 = |text: &str| -> Vec<u8> {
            let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
            units.flat_map(u16::to_le_bytes).collect()
        };
        check(&utf_16("a,b\r\n"), Filling::HeaderOnly);
        check(&utf_16("a,b\r\n1,2\r\n"), Filling::Rows);
    }
}
