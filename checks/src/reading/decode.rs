//! Bytes of some encoding as UTF-8, piece by piece.
//!
//! What is no text becomes U+FFFD and is remembered, so that a finding can say so. Two buffers, whatever the file's size.

use std::io::{self, Read};

use encoding_rs::{CoderResult, Decoder, Encoding};

/// Bytes read at once; more gives no speed.
const RAW_BYTES: usize = 64 << 10;

pub(crate) struct Decoded<R> {
    reader: R,
    decoder: Decoder,
    raw: Vec<u8>,
    raw_at: usize,
    raw_end: usize,
    text: Vec<u8>,
    at: usize,
    end: usize,
    is_last: bool,
    is_over: bool,
    /// Some bytes were no text.
    pub(crate) had_errors: bool,
}

impl<R: Read> Decoded<R> {
    /// The mark at the begin has been passed over already.
    pub(crate) fn new(reader: R, encoding: &'static Encoding) -> Self {
        Self {
            reader,
            decoder: encoding.new_decoder_without_bom_handling(),
            raw: vec![0; RAW_BYTES],
            raw_at: 0,
            raw_end: 0,
            // A byte of a legacy encoding becomes at most three.
            text: vec![0; 3 * RAW_BYTES + 16],
            at: 0,
            end: 0,
            is_last: false,
            is_over: false,
            had_errors: false,
        }
    }

    /// What comes next, at least a byte of it; nothing at the end.
    pub(crate) fn fill(&mut self) -> io::Result<&[u8]> {
        while self.at == self.end && !self.is_over {
            if self.raw_at == self.raw_end && !self.is_last {
                self.raw_end = match self.reader.read(&mut self.raw) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    read => read?,
                };
                self.raw_at = 0;
                self.is_last = self.raw_end == 0;
            }
            let raw = self.raw.get(self.raw_at..self.raw_end).unwrap_or_default();
            let (result, read, written, had_errors) =
                self.decoder.decode_to_utf8(raw, &mut self.text, self.is_last);
            self.raw_at += read;
            (self.at, self.end) = (0, written);
            self.had_errors |= had_errors;
            self.is_over = self.is_last && result == CoderResult::InputEmpty;
        }
        Ok(self.text.get(self.at..self.end).unwrap_or_default())
    }

    /// So many bytes are done with.
    pub(crate) fn consume(&mut self, count: usize) {
        self.at = (self.at + count).min(self.end);
    }
}
