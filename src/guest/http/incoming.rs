//! An answer: its head at once, its body as it is read.

use std::io::{self, Read};

use wasi::http::types::{IncomingBody, IncomingResponse};
use wasi::io::streams::{InputStream, StreamError};

use super::READ_STALL_MS;
use crate::guest::clock::{self, Deadline};
use crate::protocol::Answer;

/// Bytes asked for at once: what a host hands over in one piece.
const READ_BYTES: usize = 64 * 1024;

/// An answer whose body was not read yet.
pub(in crate::guest) struct Incoming {
    pub(in crate::guest) status: u16,
    /// Lower-case names.
    pub(in crate::guest) headers: Vec<(String, String)>,
    pub(in crate::guest) body: BodyReader,
}

/// Reads an answer's body; a stall of [`READ_STALL_MS`] is an error, and so is a body that is not there by the deadline.
pub(in crate::guest) struct BodyReader {
    deadline: Deadline,
    // In this order: wasmtime traps when a parent goes before its child.
    stream: InputStream,
    #[cfg_attr(
        feature = "hosted",
        expect(dead_code, reason = "held so that the stream stays valid")
    )]
    parents: (IncomingBody, IncomingResponse),
}

impl Incoming {
    pub(super) fn of(response: IncomingResponse, deadline: Deadline) -> Option<Self> {
        let status = response.status();
        let headers = response.headers().entries().into_iter();
        let headers = headers
            .map(|(name, value)| {
                (name.to_ascii_lowercase(), String::from_utf8_lossy(&value).into_owned())
            })
            .collect();
        let body = response.consume().ok()?;
        let stream = body.stream().ok()?;
        let body = BodyReader { deadline, stream, parents: (body, response) };
        Some(Self { status, headers, body })
    }

    /// Reads the body, at most `max` bytes of it.
    pub(in crate::guest) fn read(mut self, max: usize) -> Answer {
        Answer::read(self.status, self.headers, &mut self.body, max)
    }
}

impl BodyReader {
    /// The stream, and what has to outlive it.
    #[cfg(not(feature = "hosted"))]
    pub(in crate::guest) fn into_parts(self) -> (InputStream, (IncomingBody, IncomingResponse)) {
        (self.stream, self.parents)
    }
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            // Asked before each piece: a body that drips is never empty when it is read.
            let left_ms = self.deadline.left_ms();
            if left_ms == 0 {
                return Err(io::ErrorKind::TimedOut.into());
            }
            match self.stream.read(buffer.len().min(READ_BYTES) as u64) {
                Ok(piece) if piece.is_empty() && !buffer.is_empty() => {
                    let patience_ms = READ_STALL_MS.min(left_ms);
                    if !clock::wait(&[&self.stream.subscribe()], patience_ms) {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                }
                Ok(piece) => {
                    // A host never gives more than was asked for; `zip` holds it to that.
                    buffer.iter_mut().zip(&piece).for_each(|(to, from)| *to = *from);
                    return Ok(piece.len().min(buffer.len()));
                }
                Err(StreamError::Closed) => return Ok(0),
                Err(StreamError::LastOperationFailed(_)) => {
                    return Err(io::ErrorKind::ConnectionAborted.into());
                }
            }
        }
    }
}
