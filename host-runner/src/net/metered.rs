//! The stream between HTTP and TLS: counts what is written, and gives up on a peer that takes nothing.
//!
//! Changes no byte. It sees plain text, so it must keep none.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::meter::UploadMeter;
use crate::failpoint;

/// How long an answer may follow after the server closed its side for our bytes. A server that refuses early answers before it closes.
const LAST_ANSWER: Duration = Duration::from_secs(2);

/// Finds the empty line that ends a request's head, however the bytes are cut.
#[derive(Debug, Default)]
struct HeadEnd {
    /// Bytes of CR LF CR LF seen in a row; 4 is the body.
    seen: u8,
}

impl HeadEnd {
    /// How many of these bytes are body.
    fn body_of(&mut self, bytes: &[u8]) -> usize {
        for (at, byte) in bytes.iter().enumerate() {
            if self.seen == 4 {
                return bytes.len() - at;
            }
            self.seen = match (self.seen, byte) {
                (0 | 2, b'\r') | (1 | 3, b'\n') => self.seen + 1,
                (_, b'\r') => 1,
                _ => 0,
            };
        }
        0
    }
}

/// A stream that counts.
pub(super) struct Metered<S> {
    inner: S,
    meter: UploadMeter,
    head: HeadEnd,
    stall: Duration,
    /// Runs while a write waits.
    timer: Option<Pin<Box<Sleep>>>,
    waiting: bool,
    /// The error that ended writing; told only after [`LAST_ANSWER`], so that an answer already on its way is read.
    broken: Option<io::ErrorKind>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Metered<S> {
    pub(super) fn new(inner: S, meter: UploadMeter, stall: Duration) -> Self {
        let head = HeadEnd::default();
        Self { inner, meter, head, stall, timer: None, waiting: false, broken: None }
    }

    fn count(&mut self, slices: &[IoSlice<'_>], taken: usize) {
        let (mut left, mut body) = (taken, 0);
        for slice in slices {
            let part = slice.get(..left.min(slice.len())).unwrap_or_default();
            left -= part.len();
            body += self.head.body_of(part);
        }
        self.meter.written(wide(taken), wide(body));
    }

    fn start(&mut self, after: Duration) {
        let at = Instant::now() + after;
        match &mut self.timer {
            Some(timer) => timer.as_mut().reset(at),
            None => self.timer = Some(Box::pin(tokio::time::sleep_until(at))),
        }
        self.waiting = true;
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.timer.as_mut().map_or(Poll::Pending, |timer| timer.as_mut().poll(cx))
    }

    /// Ends the wait of a write that moved, and starts it for one that did not.
    fn watch<T>(
        &mut self,
        moved: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        match moved {
            Poll::Ready(Ok(value)) => {
                self.waiting = false;
                Poll::Ready(Ok(value))
            }
            Poll::Ready(Err(error)) => {
                self.broken = Some(error.kind());
                self.start(LAST_ANSWER);
                self.poll_broken(error.kind(), cx)
            }
            Poll::Pending => {
                if !self.waiting {
                    self.start(self.stall);
                }
                ready!(self.poll_timer(cx));
                self.meter.stall();
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }

    fn poll_broken<T>(&mut self, kind: io::ErrorKind, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        ready!(self.poll_timer(cx));
        Poll::Ready(Err(kind.into()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(cx, buffer);
        self.meter.read(wide(buffer.filled().len() - before));
        read
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let Some(kind) = self.broken {
            return self.poll_broken(kind, cx);
        }
        failpoint::reach("write");
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, slices);
        if let Poll::Ready(Ok(taken)) = written {
            failpoint::reach("written");
            self.count(slices, taken);
        }
        self.watch(written, cx)
    }

    /// Without this hyper would copy every piece of a file into a buffer of its own.
    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(kind) = self.broken {
            return self.poll_broken(kind, cx);
        }
        let flushed = Pin::new(&mut self.inner).poll_flush(cx);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            self.meter.flushed();
        }
        self.watch(flushed, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

fn wide(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The body is found wherever the bytes are cut.
    #[test]
    fn the_end_of_the_head() {
        for (bytes, body) in [
            ("GET / HTTP/1.1\r\nhost: a\r\n\r\n", 0),
            ("POST / HTTP/1.1\r\n\r\nabc", 3),
            ("POST / HTTP/1.1\r\nx: \r\r\n\r\n\r\n\r\n", 4),
            ("\r\n\r\r\n\r\nx", 1),
            ("no end\r\n", 0),
        ] {
            for cut in 0..=bytes.len() {
                let (front, back) = bytes.as_bytes().split_at(cut);
                let mut head = HeadEnd::default();
                assert_eq!(
                    head.body_of(front) + head.body_of(back),
                    body,
                    "{bytes:?} cut at {cut}"
                );
            }
        }
    }
}
