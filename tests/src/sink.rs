//! A server that only asks one thing of each request: did it end as HTTP says that a request ends?
//!
//! Understands `Content-Length` and chunked bodies, as any server must. Keeps no byte.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::proxy::wire::{CONTINUE, Head, Side};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";

/// Requests so far.
#[derive(Debug, Default)]
struct Counts {
    begun: AtomicU64,
    whole: AtomicU64,
    broken: AtomicU64,
}

/// A sink that listens. Dropping it ends it.
#[derive(Debug)]
pub struct Sink {
    address: SocketAddr,
    counts: Arc<Counts>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sink {
    /// Listens on a free port of `127.0.0.1`.
    ///
    /// # Errors
    /// If there is no socket or no thread.
    pub fn open() -> io::Result<Self> {
        let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let counts = Arc::new(Counts::default());
        let (stop, stopped) = oneshot::channel::<()>();
        let shared = Arc::clone(&counts);
        let body = move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    _ = accept(listener, shared) => {}
                }
            });
        };
        let thread = std::thread::Builder::new().name("sink".to_owned()).spawn(body)?;
        Ok(Self { address, counts, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Requests with a body whose head came.
    pub fn begun(&self) -> u64 {
        self.counts.begun.load(Ordering::SeqCst)
    }

    /// Requests that ended as HTTP says.
    pub fn whole(&self) -> u64 {
        self.counts.whole.load(Ordering::SeqCst)
    }

    /// Requests that began and that were whole, when the last of them is over; none if that takes longer than `limit`: then a
    /// connection outlives its sender.
    pub async fn settled(&self, limit: Duration) -> Option<(u64, u64)> {
        let over = async {
            while self.whole() + self.broken() < self.begun() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            (self.begun(), self.whole())
        };
        tokio::time::timeout(limit, over).await.ok()
    }

    /// Requests that broke off.
    pub fn broken(&self) -> u64 {
        self.counts.broken.load(Ordering::SeqCst)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

async fn accept(listener: StdListener, counts: Arc<Counts>) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        let counts = Arc::clone(&counts);
        tokio::spawn(async move { serve(stream, &counts).await });
    }
}

async fn serve(stream: TcpStream, counts: &Counts) {
    let mut client = Side::new(stream);
    let Ok(Some(head)) = client.head().await else { return };
    if head.first_line.starts_with("GET ") {
        // It has no body that could be cut. The client may be gone.
        _ = client.put(ANSWER).await;
        return;
    }
    counts.begun.fetch_add(1, Ordering::SeqCst);
    let whole = match body(&mut client, &head).await {
        Ok(()) => &counts.whole,
        Err(_) => &counts.broken,
    };
    whole.fetch_add(1, Ordering::SeqCst);
    // The client may be gone.
    _ = client.put(ANSWER).await;
}

/// Reads a body to its end; an error is an end before the end.
async fn body(client: &mut Side, head: &Head) -> io::Result<()> {
    skip(client, head.bytes).await?;
    if head.expects {
        client.put(CONTINUE).await?;
    }
    if !head.is_chunked {
        return skip(client, head.content_length.unwrap_or(0)).await;
    }
    loop {
        let line = line(client).await?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16).map_err(|_| io::ErrorKind::InvalidData)?;
        if size == 0 {
            // Trailers end with an empty line.
            while !self::line(client).await?.is_empty() {}
            return Ok(());
        }
        skip(client, size + 2).await?;
    }
}

async fn skip(client: &mut Side, mut left: u64) -> io::Result<()> {
    while left > 0 {
        left -= next(client, left).await?.len() as u64;
    }
    Ok(())
}

/// A line without its end.
async fn line(client: &mut Side) -> io::Result<String> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        line.extend(next(client, 1).await?);
    }
    line.truncate(line.len() - 2);
    Ok(String::from_utf8_lossy(&line).into_owned())
}

async fn next(client: &mut Side, max: u64) -> io::Result<Bytes> {
    let bytes = client.some(max).await?;
    if bytes.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(bytes) }
}
