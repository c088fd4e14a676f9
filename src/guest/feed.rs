//! Where the bytes of an upload come from: read into the guest, or spliced past it.
//!
//! Moves bytes and counts them; knows neither request nor trigger.

use wasi::io::poll::Pollable;
use wasi::io::streams::{InputStream, OutputStream, StreamError};

use super::clock;
use super::http::READ_STALL_MS;
use crate::fault::{Fault, Refusal};

/// Bytes read at once where they have to pass the guest: what a host hands over in one piece.
pub(super) const PIECE_BYTES: u64 = 64 * 1024;

/// The content of a file, opened from its start.
pub(super) trait Feed {
    /// The next bytes, at most `max`; none for now if it is empty.
    fn read(&mut self, max: u64) -> Result<Vec<u8>, FeedError>;

    /// Moves at most `room` bytes into a stream that takes so many, and says how many.
    fn splice(&mut self, sink: &OutputStream, room: u64) -> Result<u64, FeedError> {
        let piece = self.read(room.min(PIECE_BYTES))?;
        sink.write(&piece).map_err(|_| FeedError::Sink)?;
        Ok(piece.len() as u64)
    }

    /// Ready when there is more to read, where that may take time.
    fn pollable(&self) -> Option<Pollable> {
        None
    }

    /// Whether what was moved is the file that was promised; asked before the last bytes of the request.
    fn verify(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}

/// Why bytes did not move.
pub(super) enum FeedError {
    /// The source ended or failed.
    Source,
    /// The stream takes no more.
    Sink,
}

/// A file that is open, and its size.
pub(super) struct Source<'a> {
    pub(super) size: u64,
    pub(super) feed: Box<dyn Feed + 'a>,
}

/// A host's stream, with the bytes that were looked at before.
pub(super) struct StreamFeed<K> {
    seen: Vec<u8>,
    stream: InputStream,
    /// What the stream belongs to; it must go after it.
    _keep: K,
}

impl<K> StreamFeed<K> {
    /// Reads the first bytes, `look` at most, so that they can be judged before anything is sent.
    pub(super) fn open(stream: InputStream, keep: K, look: u64) -> Result<Self, Fault> {
        // Made at once: two parameters would be dropped in the wrong order on the way out.
        let mut feed = Self { seen: Vec::new(), stream, _keep: keep };
        while (feed.seen.len() as u64) < look {
            match feed.stream.read(look.saturating_sub(feed.seen.len() as u64)) {
                Ok(piece) if piece.is_empty() => {
                    if !clock::wait(&[&feed.stream.subscribe()], READ_STALL_MS) {
                        return Err(unreadable("nothing came of it"));
                    }
                }
                Ok(piece) => feed.seen.extend_from_slice(&piece),
                Err(StreamError::Closed) => break,
                Err(StreamError::LastOperationFailed(_)) => return Err(unreadable("it broke off")),
            }
        }
        Ok(feed)
    }

    /// The first bytes.
    pub(super) fn seen(&self) -> &[u8] {
        &self.seen
    }

    /// The next bytes of a stream that is never slow, a file's. Beside it nothing is waited for: that took twice as long in
    /// wasmtime 48, which reads a file where it is asked, or on another thread if it must not wait.
    #[cfg(not(feature = "hosted"))]
    pub(super) fn read_on(&mut self, max: u64) -> Result<Vec<u8>, FeedError> {
        if self.seen.is_empty() {
            return self.stream.blocking_read(max).map_err(|_| FeedError::Source);
        }
        self.read(max)
    }

    /// By the host alone, past the guest.
    #[cfg(feature = "hosted")]
    fn pass(&self, sink: &OutputStream, room: u64) -> Result<u64, StreamError> {
        sink.splice(&self.stream, room)
    }

    /// `splice` of jco's shim 0.26 traps in the middle of an upload; its sibling is right, and what is ready does not block.
    #[cfg(not(feature = "hosted"))]
    fn pass(&self, sink: &OutputStream, room: u64) -> Result<u64, StreamError> {
        if self.stream.subscribe().ready() {
            sink.blocking_splice(&self.stream, room)
        } else {
            Ok(0)
        }
    }
}

/// A source that cannot be read now; nothing was sent, and the next call may find it well.
fn unreadable(why: &str) -> Fault {
    Fault::Transient(Refusal::unanswered(format!(
        "the file could not be read: {why}; nothing was sent"
    )))
}

impl<K> Feed for StreamFeed<K> {
    fn read(&mut self, max: u64) -> Result<Vec<u8>, FeedError> {
        if self.seen.is_empty() {
            return self.stream.read(max).map_err(|_| FeedError::Source);
        }
        let count = self.seen.len().min(usize::try_from(max).unwrap_or(usize::MAX));
        Ok(self.seen.drain(..count).collect())
    }

    fn splice(&mut self, sink: &OutputStream, room: u64) -> Result<u64, FeedError> {
        if !self.seen.is_empty() {
            let piece = self.read(room)?;
            sink.write(&piece).map_err(|_| FeedError::Sink)?;
            return Ok(piece.len() as u64);
        }
        // It does not say which of the two failed; a sink that still takes bytes was not it.
        self.pass(sink, room).map_err(|_| match sink.check_write() {
            Ok(_) => FeedError::Source,
            Err(_) => FeedError::Sink,
        })
    }

    fn pollable(&self) -> Option<Pollable> {
        Some(self.stream.subscribe())
    }
}
