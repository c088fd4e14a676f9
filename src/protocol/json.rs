//! JSON as it comes: a pull reader that holds one text at a time.
//!
//! Knows no key. Takes what RFC 8259 allows; what is skipped is checked for its form alone. Ours and not `serde_json`,
//! which is a fifth of a small component: most of that prints numbers and errors that nobody here looks at.

mod texts;

use std::io::{ErrorKind, Read};
use std::iter::Peekable;

use super::value::Value;

/// Why a value could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JsonError {
    /// The bytes ended, or could not be read on, before the value did.
    Cut,
    /// They are no JSON, or not of the shape that was asked for.
    Wrong,
}

/// Bytes kept of a value that is neither text nor count: more than is shown of any.
const OTHER_BYTES_MAX: usize = 128;

/// Bytes of a stream that are read at once. What is said of one job is a fifth of it; and a run that waits keeps every page that its
/// component ever wrote to, ten thousand runs as many times.
const PIECE_BYTES: usize = 2 * 1024;

/// What reads one entry, of an object with its key; it takes exactly one value.
type EachField<'e> = &'e mut dyn FnMut(&mut Json<'_>, &str) -> Result<(), JsonError>;
type EachItem<'e> = &'e mut dyn FnMut(&mut Json<'_>) -> Result<(), JsonError>;

/// The reader. It stands before a value, and each method takes one.
pub(super) struct Json<'a> {
    bytes: Peekable<Box<dyn Iterator<Item = u8> + 'a>>,
    /// The bytes of the value that is being skipped, where they are wanted.
    kept: Option<Vec<u8>>,
}

impl<'a> Json<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self::over(Box::new(bytes.iter().copied()))
    }

    /// A stream that cannot be read on has ended.
    pub(super) fn streamed(mut body: impl Read + 'a) -> Self {
        let mut piece = Vec::new().into_iter();
        let bytes = std::iter::from_fn(move || {
            if piece.as_slice().is_empty() {
                piece = next_piece(&mut body).into_iter();
            }
            piece.next()
        });
        Self::over(Box::new(bytes.fuse()))
    }

    fn over(bytes: Box<dyn Iterator<Item = u8> + 'a>) -> Self {
        Self { bytes: bytes.peekable(), kept: None }
    }

    /// An object: `each` is called with every key, and the reader before its value.
    pub(super) fn object(&mut self, each: EachField<'_>) -> Result<(), JsonError> {
        self.entries(b'{', b'}', &mut |json| {
            let key = json.text()?;
            json.colon()?;
            each(json, &key)
        })
    }

    /// A list: `each` is called with the reader before every value.
    pub(super) fn list(&mut self, each: EachItem<'_>) -> Result<(), JsonError> {
        self.entries(b'[', b']', each)
    }

    /// A text, a count, or anything else.
    pub(super) fn value(&mut self) -> Result<Value, JsonError> {
        if self.token()? == b'"' {
            return self.text().map(Value::Text);
        }
        self.kept = Some(Vec::new());
        self.skip()?;
        let kept = self.kept.take().unwrap_or_default();
        let json = String::from_utf8_lossy(&kept);
        Ok(match json.parse() {
            Ok(count) => Value::Count(count),
            Err(_) if json == "null" => Value::Null,
            Err(_) => Value::Other(json.into_owned()),
        })
    }

    /// Any value, however deep: its nesting is on no stack.
    pub(super) fn skip(&mut self) -> Result<(), JsonError> {
        let mut open = Vec::new();
        loop {
            let close = match self.token()? {
                b'{' => Some(b'}'),
                b'[' => Some(b']'),
                _ => None,
            };
            if let Some(close) = close
                && self.opens(close)?
            {
                open.push(close);
            } else {
                if close.is_none() {
                    self.skip_scalar()?;
                }
                // A value has ended, and with it perhaps what it stood in.
                while let Some(close) = open.last()
                    && !self.goes_on(*close)?
                {
                    open.pop();
                }
                if open.is_empty() {
                    return Ok(());
                }
            }
            if open.last() == Some(&b'}') {
                self.skip_text()?;
                self.colon()?;
            }
        }
    }

    /// Nothing but white space follows.
    pub(super) fn end(&mut self) -> Result<(), JsonError> {
        match self.token() {
            Err(JsonError::Cut) => Ok(()),
            _ => Err(JsonError::Wrong),
        }
    }

    /// The first byte of the next token, which is not taken.
    pub(super) fn token(&mut self) -> Result<u8, JsonError> {
        loop {
            match self.peek()? {
                b' ' | b'\t' | b'\r' | b'\n' => _ = self.take()?,
                byte => return Ok(byte),
            }
        }
    }

    fn entries(&mut self, open: u8, close: u8, each: EachItem<'_>) -> Result<(), JsonError> {
        if self.token()? != open {
            return Err(JsonError::Wrong);
        }
        let mut more = self.opens(close)?;
        while more {
            each(self)?;
            more = self.goes_on(close)?;
        }
        Ok(())
    }

    /// Takes an opening bracket; false, and the closing one too, if nothing is between them.
    fn opens(&mut self, close: u8) -> Result<bool, JsonError> {
        self.take()?;
        let has_entry = self.token()? != close;
        if !has_entry {
            self.take()?;
        }
        Ok(has_entry)
    }

    /// After an entry: takes a comma, or the closing bracket, which ends it.
    fn goes_on(&mut self, close: u8) -> Result<bool, JsonError> {
        self.token()?;
        match self.take()? {
            b',' => Ok(true),
            byte if byte == close => Ok(false),
            _ => Err(JsonError::Wrong),
        }
    }

    /// The colon behind a key.
    fn colon(&mut self) -> Result<(), JsonError> {
        self.token()?;
        self.expect(b":")
    }

    fn skip_scalar(&mut self) -> Result<(), JsonError> {
        match self.peek()? {
            b'"' => self.skip_text(),
            b't' => self.expect(b"true"),
            b'f' => self.expect(b"false"),
            b'n' => self.expect(b"null"),
            _ => self.skip_number(),
        }
    }

    fn skip_number(&mut self) -> Result<(), JsonError> {
        let _ = self.takes(b"-");
        if !self.takes(b"0") {
            self.skip_digits()?;
        }
        if self.takes(b".") {
            self.skip_digits()?;
        }
        if self.takes(b"eE") {
            let _ = self.takes(b"+-");
            self.skip_digits()?;
        }
        Ok(())
    }

    /// One digit at the least.
    fn skip_digits(&mut self) -> Result<(), JsonError> {
        if !self.peek()?.is_ascii_digit() {
            return Err(JsonError::Wrong);
        }
        while self.takes(b"0123456789") {}
        Ok(())
    }

    fn expect(&mut self, word: &[u8]) -> Result<(), JsonError> {
        for byte in word {
            if self.take()? != *byte {
                return Err(JsonError::Wrong);
            }
        }
        Ok(())
    }

    /// Takes one of these bytes, if one comes.
    fn takes(&mut self, bytes: &[u8]) -> bool {
        self.peek().is_ok_and(|byte| bytes.contains(&byte)) && self.take().is_ok()
    }

    fn peek(&mut self) -> Result<u8, JsonError> {
        self.bytes.peek().copied().ok_or(JsonError::Cut)
    }

    fn take(&mut self) -> Result<u8, JsonError> {
        let byte = self.bytes.next().ok_or(JsonError::Cut)?;
        if let Some(kept) = &mut self.kept
            && kept.len() < OTHER_BYTES_MAX
        {
            kept.push(byte);
        }
        Ok(byte)
    }
}

/// The next bytes of a stream; none at its end, and where it cannot be read on.
fn next_piece(body: &mut impl Read) -> Vec<u8> {
    let mut piece = vec![0; PIECE_BYTES];
    let count = loop {
        match body.read(&mut piece) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => break read.unwrap_or(0),
        }
    };
    piece.truncate(count);
    piece
}

#[cfg(test)]
mod tests;
