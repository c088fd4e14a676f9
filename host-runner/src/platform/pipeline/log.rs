//! A pipeline's standard output and error: lines for a log, capped, without control characters or what the host adds to requests.
//!
//! Takes everything and never blocks; what goes over the limit is counted and dropped.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};

use super::http::Grant;
use super::limiter::Met;
use crate::platform::events::{PipelineEvent, Teller};
use crate::platform::limits::PipelineLimit;

/// A line of more is cut: it is for people.
const LINE_BYTES_MAX: usize = 4 * 1024;

/// Which of the two a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// One line that a pipeline wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Where it wrote it.
    pub stream: Stream,
    /// What it wrote, as text without control characters.
    pub text: String,
}

/// What a pipeline wrote, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// The lines that were kept.
    pub lines: Vec<LogLine>,
    /// Bytes that went over the limit.
    pub dropped_bytes: u64,
}

/// Both streams of one store.
#[derive(Clone)]
pub(super) struct LogSink(Arc<Mutex<Kept>>);

struct Kept {
    log: Log,
    room: usize,
    /// Unfinished lines, of [`Stream::Out`] and [`Stream::Err`].
    open: [Vec<u8>; 2],
    run: String,
    met: Met,
    teller: Teller,
    secrets: Secrets,
}

/// What a line may not hold, whoever told the pipeline: an origin that quotes the request's headers in its answer, say.
#[derive(Clone, Default)]
pub(super) struct Secrets(Vec<String>);

/// What is shorter stands in many a word by chance.
const SECRET_BYTES_MIN: usize = 8;

impl Secrets {
    /// Of what the host adds to requests: each value, and its last word without the scheme in front.
    pub(super) fn of(grants: &[Grant]) -> Self {
        let values = grants.iter().flat_map(|grant| &grant.headers);
        let texts = values.filter_map(|(_, value)| std::str::from_utf8(value.as_bytes()).ok());
        let mut secrets: Vec<String> = texts
            .flat_map(|text| [Some(text), text.rsplit(' ').next()])
            .flatten()
            .filter(|text| text.len() >= SECRET_BYTES_MIN)
            .map(str::to_owned)
            .collect();
        // The longer one first: it holds the other.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self(secrets)
    }

    /// The text without them.
    pub(super) fn left_out(&self, text: String) -> String {
        let left_out = |text: String, secret: &String| {
            if text.contains(secret.as_str()) { text.replace(secret, "[redacted]") } else { text }
        };
        self.0.iter().fold(text, left_out)
    }
}

impl LogSink {
    /// Takes so many bytes, and names this run in the host's log.
    pub(super) fn new(
        bytes_max: usize,
        run: String,
        met: Met,
        teller: Teller,
        secrets: Secrets,
    ) -> Self {
        let open = [Vec::new(), Vec::new()];
        let kept = Kept { log: Log::default(), room: bytes_max, open, run, met, teller, secrets };
        Self(Arc::new(Mutex::new(kept)))
    }

    /// One of the two streams, for the store.
    pub(super) fn stream(&self, stream: Stream) -> LogStream {
        LogStream { sink: self.clone(), stream }
    }

    /// Ends open lines and gives what there is.
    pub(super) fn finish(&self) -> Log {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for stream in [Stream::Out, Stream::Err] {
            kept.end_line(stream, true);
        }
        kept.log.clone()
    }

    fn write(&self, stream: Stream, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = bytes.len().min(kept.room);
        kept.room -= taken;
        let (bytes, over) = bytes.split_at_checked(taken).unwrap_or((bytes, &[]));
        kept.log.dropped_bytes += over.len() as u64;
        if !over.is_empty() {
            kept.met.note(PipelineLimit::LogBytes);
        }
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let ends = piece.ends_with(b"\n");
            kept.open(stream).extend_from_slice(piece.strip_suffix(b"\n").unwrap_or(piece));
            if ends || kept.open(stream).len() >= LINE_BYTES_MAX {
                kept.end_line(stream, false);
            }
        }
    }
}

impl Kept {
    fn open(&mut self, stream: Stream) -> &mut Vec<u8> {
        let [out, err] = &mut self.open;
        match stream {
            Stream::Out => out,
            Stream::Err => err,
        }
    }

    fn end_line(&mut self, stream: Stream, only_open: bool) {
        let bytes = std::mem::take(self.open(stream));
        if only_open && bytes.is_empty() {
            return;
        }
        let text: String = String::from_utf8_lossy(&bytes)
            .chars()
            .filter(|c| *c != '\r')
            .map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c })
            .collect();
        let text = self.secrets.left_out(text);
        tracing::info!(target: "pipeline", run = %self.run, ?stream, line = %text);
        let line = LogLine { stream, text };
        self.teller.tell(PipelineEvent::Log(line.clone()));
        self.log.lines.push(line);
    }
}

/// One stream of a store.
#[derive(Clone)]
pub(super) struct LogStream {
    sink: LogSink,
    stream: Stream,
}

impl IsTerminal for LogStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for LogStream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for LogStream {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.sink.write(self.stream, bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::events::channel;

    #[test]
    fn lines_are_whole_capped_and_plain() {
        let (teller, mut events) = channel();
        let sink = LogSink::new(40, "run".to_owned(), Met::default(), teller, Secrets::default());
        sink.write(Stream::Out, b"one\ntw");
        sink.write(Stream::Err, b"\x1b[31mred\r\n");
        sink.write(Stream::Out, b"o\n\n");
        sink.write(Stream::Out, &[b'x'; 100]);
        let log = sink.finish();
        let lines: Vec<_> = log.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(lines, ["one", "\u{fffd}[31mred", "two", "", &"x".repeat(21)]);
        assert_eq!(log.dropped_bytes, 79);
        let told = std::iter::from_fn(|| events.try_recv().ok());
        assert!(told.eq(log.lines.into_iter().map(PipelineEvent::Log)));
    }

    #[test]
    fn what_the_host_adds_to_requests_is_in_no_line() {
        let (teller, _events) = channel();
        let secrets = Secrets(vec!["Bearer abcdefgh".to_owned(), "abcdefgh".to_owned()]);
        let sink = LogSink::new(200, "run".to_owned(), Met::default(), teller, secrets);
        sink.write(Stream::Out, b"it said Bearer abcdefgh, and abcde");
        sink.write(Stream::Out, b"fgh again\n");
        let log = sink.finish();
        assert_eq!(log.lines[0].text, "it said [redacted], and [redacted] again");
    }
}
