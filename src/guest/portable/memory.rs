//! Content that came with the call: bytes, text and base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::content::Judge;
use crate::fault::Fault;
use crate::guest::feed::{Feed, FeedError, PIECE_BYTES, Source};
use crate::guest::upload::Content;
use crate::protocol::upload::Boundary;

/// Bytes, or a text's.
pub(super) struct BytesContent<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) judge: Judge,
}

impl Content for BytesContent<'_> {
    fn open(&self) -> Result<Source<'_>, Fault> {
        self.judge.check(self.bytes, true)?;
        let feed = BytesFeed { rest: self.bytes };
        Ok(Source { size: self.bytes.len() as u64, feed: Box::new(feed) })
    }

    fn holds(&self, boundary: &Boundary) -> bool {
        boundary.is_in(self.bytes)
    }
}

struct BytesFeed<'a> {
    rest: &'a [u8],
}

impl Feed for BytesFeed<'_> {
    fn read(&mut self, max: u64) -> Result<Vec<u8>, FeedError> {
        let count = usize::try_from(max).unwrap_or(usize::MAX).min(self.rest.len());
        let (now, later) = self.rest.split_at(count);
        self.rest = later;
        Ok(now.to_vec())
    }
}

/// Standard base64 with padding; line breaks, as many tools write them, are passed over.
pub(super) struct Base64Content<'a> {
    pub(super) text: &'a str,
    pub(super) judge: Judge,
}

impl Content for Base64Content<'_> {
    /// Decodes everything once to know that it is valid and how long it is; nothing is kept.
    fn open(&self) -> Result<Source<'_>, Fault> {
        let mut feed = Base64Feed::of(self.text);
        let mut size = 0_u64;
        let mut first = None;
        loop {
            let piece = feed.next().map_err(|()| {
                Fault::PermanentInvalid(format!(
                    "'{}' is not valid base64 (the standard alphabet, with padding)",
                    self.judge.name
                ))
            })?;
            if piece.is_empty() {
                break;
            }
            size += piece.len() as u64;
            first.get_or_insert(piece);
        }
        let first = first.unwrap_or_default();
        self.judge.check(&first, first.len() as u64 == size)?;
        Ok(Source { size, feed: Box::new(Base64Feed::of(self.text)) })
    }

    /// Decodes it once more; what is not base64 was refused before.
    fn holds(&self, boundary: &Boundary) -> bool {
        let mut feed = Base64Feed::of(self.text);
        let mut near = Vec::new();
        while let Ok(piece) = feed.next()
            && !piece.is_empty()
        {
            near.extend_from_slice(&piece);
            if boundary.is_in(&near) {
                return true;
            }
            // It may begin in one piece and end in the next.
            near.drain(..near.len().saturating_sub(boundary.as_str().len()));
        }
        false
    }
}

struct Base64Feed<'a> {
    rest: &'a [u8],
    /// Padding was seen: nothing may follow.
    is_over: bool,
    decoded: Vec<u8>,
}

impl<'a> Base64Feed<'a> {
    const fn of(text: &'a str) -> Self {
        Self { rest: text.as_bytes(), is_over: false, decoded: Vec::new() }
    }

    /// The next piece; empty at the end.
    fn next(&mut self) -> Result<Vec<u8>, ()> {
        let piece = self.letters();
        if self.is_over && !piece.is_empty() {
            return Err(());
        }
        self.is_over = piece.last() == Some(&b'=');
        STANDARD.decode(&piece).map_err(|_| ())
    }

    /// Line by line, as byte by byte takes ten times as long: a multiple of four, so that only the last piece can have padding.
    fn letters(&mut self) -> Vec<u8> {
        let full = usize::try_from(PIECE_BYTES).unwrap_or(4);
        let mut piece = Vec::with_capacity(full);
        while piece.len() < full && !self.rest.is_empty() {
            let room = self.rest.len().min(full - piece.len());
            let (near, _) = self.rest.split_at(room);
            let line = near.iter().position(u8::is_ascii_whitespace).unwrap_or(room);
            let (line, rest) = self.rest.split_at(line);
            piece.extend_from_slice(line);
            self.rest = rest.trim_ascii_start();
        }
        piece
    }
}

impl Feed for Base64Feed<'_> {
    fn read(&mut self, max: u64) -> Result<Vec<u8>, FeedError> {
        if self.decoded.is_empty() {
            self.decoded = self.next().map_err(|()| FeedError::Source)?;
        }
        let count = self.decoded.len().min(usize::try_from(max).unwrap_or(usize::MAX));
        Ok(self.decoded.drain(..count).collect())
    }
}
