//! One end of a connection: heads and bytes of HTTP/1.1 messages that have a `Content-Length`.
//!
//! Reads no further than it is asked to, but for the head. Knows no script.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A longer head is no request of a client of ours.
const HEAD_BYTES_MAX: usize = 256 * 1024;

const PIECE_BYTES: usize = 256 * 1024;

/// What lets the body of a request with `Expect` follow.
pub(crate) const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// A stream, and what was read of it and not taken.
#[derive(Debug)]
pub(crate) struct Side {
    stream: TcpStream,
    held: BytesMut,
}

/// The head of a message.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) first_line: String,
    pub(crate) bytes: u64,
    pub(crate) content_length: Option<u64>,
    pub(crate) is_chunked: bool,
    /// The sender waits for `100 Continue` before its body.
    pub(crate) expects: bool,
}

impl Head {
    /// Head and body.
    pub(crate) fn whole(&self) -> u64 {
        self.bytes + self.content_length.unwrap_or(0)
    }

    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.split("\r\n");
        let first_line = lines.next().unwrap_or_default().to_owned();
        let (mut content_length, mut is_chunked, mut expects) = (None, false, false);
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            if name.eq_ignore_ascii_case("content-length") {
                content_length = value.trim().parse().ok();
            }
            is_chunked |= name.eq_ignore_ascii_case("transfer-encoding");
            expects |= name.eq_ignore_ascii_case("expect");
        }
        Self { first_line, bytes: bytes.len() as u64, content_length, is_chunked, expects }
    }

    /// Whether it is an interim answer, which another one follows.
    pub(crate) fn is_interim(&self) -> bool {
        self.first_line.split(' ').nth(1).is_some_and(|status| status.starts_with('1'))
    }
}

impl Side {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, held: BytesMut::new() }
    }

    /// Reads a head and holds it, to be taken as bytes; none if the peer ended before one was whole.
    pub(crate) async fn head(&mut self) -> io::Result<Option<Head>> {
        loop {
            if let Some(end) = self.held.windows(4).position(|window| window == b"\r\n\r\n") {
                return Ok(self.held.get(..end + 4).map(Head::parse));
            }
            if self.held.len() > HEAD_BYTES_MAX || self.read_more().await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Takes the next bytes, at most so many; none at the end.
    pub(crate) async fn some(&mut self, max: u64) -> io::Result<Bytes> {
        if self.held.is_empty() && max > 0 {
            self.read_more().await?;
        }
        let count = self.held.len().min(usize::try_from(max).unwrap_or(usize::MAX));
        Ok(self.held.split_to(count).freeze())
    }

    pub(crate) async fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Says that nothing more comes, and waits until the peer says so too.
    pub(crate) async fn end(&mut self) {
        self.held.clear();
        // A peer that is gone has ended as well.
        _ = self.stream.shutdown().await;
        while matches!(self.read_more().await, Ok(1..)) {
            self.held.clear();
        }
    }

    /// Breaks the connection: the peer gets a reset.
    pub(crate) fn reset(self) {
        _ = self.stream.set_zero_linger();
    }

    async fn read_more(&mut self) -> io::Result<usize> {
        let before = self.held.len();
        self.held.reserve(PIECE_BYTES);
        self.stream.read_buf(&mut self.held).await?;
        Ok(self.held.len() - before)
    }
}
