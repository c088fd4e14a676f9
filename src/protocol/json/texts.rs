//! The texts of JSON: their end, their escapes, and that they are UTF-8.

use super::{Json, JsonError};

impl Json<'_> {
    pub(super) fn skip_text(&mut self) -> Result<(), JsonError> {
        self.token()?;
        self.expect(b"\"")?;
        while let Some(byte) = self.text_byte()? {
            if byte == b'\\' {
                let _ = self.escape()?;
            }
        }
        Ok(())
    }

    pub(super) fn text(&mut self) -> Result<String, JsonError> {
        self.token()?;
        self.expect(b"\"")?;
        let mut text = Vec::new();
        while let Some(byte) = self.text_byte()? {
            if byte != b'\\' {
                text.push(byte);
                continue;
            }
            let mut units = vec![self.escape()?];
            if matches!(units[..], [0xD800..0xDC00]) {
                self.expect(b"\\")?;
                units.push(self.escape()?);
            }
            // Half of a pair is no text.
            let escaped = String::from_utf16(&units).map_err(|_| JsonError::Wrong)?;
            text.extend_from_slice(escaped.as_bytes());
        }
        String::from_utf8(text).map_err(|_| JsonError::Wrong)
    }

    /// The next byte of a text; none for the quote that ends it.
    fn text_byte(&mut self) -> Result<Option<u8>, JsonError> {
        match self.take()? {
            b'"' => Ok(None),
            0..0x20 => Err(JsonError::Wrong),
            byte => Ok(Some(byte)),
        }
    }

    /// What stands behind a backslash, as UTF-16.
    fn escape(&mut self) -> Result<u16, JsonError> {
        Ok(match self.take()? {
            byte @ (b'"' | b'\\' | b'/') => byte.into(),
            b'b' => 0x08,
            b'f' => 0x0C,
            b'n' => 0x0A,
            b'r' => 0x0D,
            b't' => 0x09,
            b'u' => {
                let mut unit = 0;
                for _ in 0..4 {
                    let digit = char::from(self.take()?).to_digit(16).ok_or(JsonError::Wrong)?;
                    unit = unit << 4 | u16::try_from(digit).map_err(|_| JsonError::Wrong)?;
                }
                unit
            }
            _ => return Err(JsonError::Wrong),
        })
    }
}
