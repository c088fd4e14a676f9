//! The answer of the ERP and the new file, as what Rust's libraries read and write. No file is ever whole in memory.

use std::io::{self, Read, Write};

use waki::Response;

use crate::bindings::knosc::bulk_import::scratch::Writer;

/// So much of an answer is taken at once.
const PIECE_BYTES: u64 = 64 * 1024;

/// An answer's body.
pub(crate) struct Body<'a> {
    answer: &'a Response,
    piece: Vec<u8>,
    read: usize,
}

impl<'a> Body<'a> {
    pub(crate) fn new(answer: &'a Response) -> Self {
        Self { answer, piece: Vec::new(), read: 0 }
    }
}

impl Read for Body<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.read == self.piece.len() {
            let piece = self.answer.chunk(PIECE_BYTES).map_err(io::Error::other)?;
            let Some(piece) = piece else { return Ok(0) };
            (self.piece, self.read) = (piece, 0);
        }
        let read = (&self.piece[self.read..]).read(into)?;
        self.read += read;
        Ok(read)
    }
}

/// A scratch file that is being written.
pub(crate) struct File<'a>(pub(crate) &'a Writer);

impl Write for File<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
