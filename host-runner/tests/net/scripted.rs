//! Peers that do what a test says, and bodies of any length.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request};
use http_body::{Body, Frame, SizeHint};
use knosc_runner::net::{Client, ClientConfig, OutBody, Timeouts};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::{TcpListener, TcpStream};

/// An answer that needs no more said.
pub(crate) const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

pub(crate) async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    (listener, origin)
}

pub(crate) async fn accept(listener: &TcpListener) -> TcpStream {
    listener.accept().await.unwrap().0
}

pub(crate) fn client(origin: &str, timeouts: Timeouts) -> Client {
    let config = ClientConfig { timeouts, ..ClientConfig::default() };
    Client::new(&origin.parse().unwrap(), &config).unwrap()
}

pub(crate) fn get(origin: &str) -> Request<OutBody> {
    Request::get(format!("{origin}/api/job?jobs=1")).body(OutBody::default()).unwrap()
}

pub(crate) fn upload(origin: &str, body: impl Into<OutBody>) -> Request<OutBody> {
    let uri = format!("{origin}/api/job/item-master");
    Request::builder().method(Method::POST).uri(uri).body(body.into()).unwrap()
}

/// Reads a request's head.
pub(crate) async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// A body in pieces, that may end or fail before its length is reached.
pub(crate) struct Pieces {
    /// What the body says of its length.
    pub(crate) declared: u64,
    /// What it gives.
    pub(crate) given: u64,
    /// Fail at the end instead of ending.
    pub(crate) fails: bool,
}

impl Pieces {
    pub(crate) fn of(length: u64) -> Self {
        Self { declared: length, given: length, fails: false }
    }
}

impl From<Pieces> for OutBody {
    fn from(pieces: Pieces) -> Self {
        Self::new(pieces)
    }
}

const PIECE: u64 = 64 * 1024;

impl Body for Pieces {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        static ZEROES: [u8; 64 * 1024] = [b'x'; 64 * 1024];
        let length = self.given.min(PIECE);
        if length == 0 {
            return Poll::Ready(self.fails.then(|| Err("the file is gone".into())));
        }
        self.given -= length;
        let piece = &ZEROES[..usize::try_from(length).unwrap()];
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(piece)))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.declared)
    }
}
