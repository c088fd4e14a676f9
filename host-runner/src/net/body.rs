//! The two bodies of an exchange: a request's that is exactly as long as it said, and an answer's that may not stop.
//!
//! Neither looks at the bytes.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use super::OutBody;
use super::connection::{Connection, IdleSlot};
use super::error::{NetError, SentBytes};

/// A request's body that fails unless it is as long as `Content-Length` says: a file that ends early must never look whole.
pub(super) struct Exact {
    inner: OutBody,
    left: u64,
    failed: Arc<AtomicBool>,
}

/// Why a request's body was given up.
#[derive(Debug, thiserror::Error)]
#[error("the request's body failed, or has another length than it said")]
pub(super) struct BodyFailed;

impl Exact {
    pub(super) fn new(inner: OutBody, length: u64) -> Self {
        Self { inner, left: length, failed: Arc::new(AtomicBool::new(false)) }
    }

    /// Tells later whether this side was at fault.
    pub(super) fn failed(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.failed)
    }

    fn fail(&self) -> Poll<Option<Result<Frame<Bytes>, BodyFailed>>> {
        self.failed.store(true, Ordering::Release);
        Poll::Ready(Some(Err(BodyFailed)))
    }
}

impl Body for Exact {
    type Data = Bytes;
    type Error = BodyFailed;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyFailed>>> {
        match Pin::new(&mut self.inner).poll_frame(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) if self.left == 0 => Poll::Ready(None),
            Poll::Ready(Some(Ok(frame))) => {
                let length =
                    frame.data_ref().map(Bytes::len).and_then(|len| u64::try_from(len).ok());
                match length.and_then(|length| self.left.checked_sub(length)) {
                    Some(left) => {
                        self.left = left;
                        Poll::Ready(Some(Ok(frame)))
                    }
                    // Too long, or trailers, which Knosc does not take.
                    None => self.fail(),
                }
            }
            Poll::Ready(None | Some(Err(_))) => self.fail(),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0 && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// An answer's body, with the connection that it comes from.
pub(super) struct Answered {
    incoming: Incoming,
    connection: Option<Connection>,
    /// Where the connection goes when the body ended well; nowhere for an upload's.
    idle: Option<IdleSlot>,
    limit: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    waiting: bool,
}

impl Answered {
    pub(super) fn new(
        incoming: Incoming,
        connection: Connection,
        idle: Option<IdleSlot>,
        limit: Duration,
    ) -> Self {
        let connection = Some(connection);
        let mut body = Self { incoming, connection, idle, limit, timer: None, waiting: false };
        body.release_at_end();
        body
    }

    /// Gives the connection back, or ends it, as soon as no byte of the body is left.
    fn release_at_end(&mut self) {
        if self.incoming.is_end_stream() {
            self.release();
        }
    }

    fn release(&mut self) {
        if let (Some(connection), Some(idle)) = (self.connection.take(), &self.idle) {
            idle.put(connection);
        }
    }

    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, NetError>>> {
        let at = Instant::now() + self.limit;
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(at)));
        if !self.waiting {
            timer.as_mut().reset(at);
            self.waiting = true;
        }
        timer.as_mut().poll(cx).map(|()| Some(Err(NetError::BodyIdle)))
    }
}

impl Body for Answered {
    type Data = Bytes;
    type Error = NetError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, NetError>>> {
        match Pin::new(&mut self.incoming).poll_frame(cx) {
            Poll::Pending => self.poll_idle(cx),
            Poll::Ready(Some(Ok(frame))) => {
                self.waiting = false;
                self.release_at_end();
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => {
                self.connection = None;
                let (sent, message) = (SentBytes::Some, error.to_string());
                Poll::Ready(Some(Err(if error.is_parse() {
                    NetError::Protocol { sent, message }
                } else {
                    NetError::Closed { sent, message }
                })))
            }
            Poll::Ready(None) => {
                self.release();
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
