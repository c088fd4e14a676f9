//! Separated text: whatever the separator and encoding are, a row is a line with something in it.
//!
//! Judges no column and no value; a quoted line break does not end a row.

use std::io::{self, Read};

use crate::{CheckError, Filling};

/// Says how much there is in separated text; reads no further than its first row.
///
/// UTF-8, UTF-16 and single-byte encodings are told apart no more than needed: NUL bytes and marks are skipped.
///
/// # Errors
/// [`CheckError::Read`] if the reader fails.
pub fn csv_filling(reader: impl Read) -> Result<Filling, CheckError> {
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(WithoutNul { inner: reader });
    let mut record = csv::ByteRecord::new();
    let mut count = 0;
    while count < 2 && rows.read_byte_record(&mut record).map_err(io::Error::from)? {
        if record.iter().any(|field| !is_blank(field)) {
            count += 1;
        }
    }
    Ok(Filling::of_rows(count))
}

/// Whether a field holds nothing but space, separators that are not a comma, and byte order marks.
fn is_blank(field: &[u8]) -> bool {
    field.iter().all(|byte| {
        byte.is_ascii_whitespace()
            || matches!(byte, b';' | b'|' | b'"' | 0xEF | 0xBB | 0xBF | 0xFE | 0xFF)
    })
}

/// UTF-16 becomes good enough to count rows in.
struct WithoutNul<R> {
    inner: R,
}

impl<R: Read> Read for WithoutNul<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.inner.read(buffer)?;
            if count == 0 {
                return Ok(0);
            }
            let mut kept = 0;
            for at in 0..count {
                if let Some(byte) = buffer.get(at).copied().filter(|byte| *byte != 0)
                    && let Some(slot) = buffer.get_mut(kept)
                {
                    *slot = byte;
                    kept += 1;
                }
            }
            // A piece of NUL bytes alone is not the end.
            if kept > 0 {
                return Ok(kept);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: Filling) {
        assert_eq!(csv_filling(bytes).unwrap(), expected, "{bytes:?}");
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
