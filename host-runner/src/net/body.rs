//! The two bodies of an exchange: a request's that is exactly as long as it said, and an answer's that may not stop.
//!
//! Neither looks at the bytes.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Incoming;
use tokio::time::timeout;

use super::connection::{Connection, IdleSlot};
use super::error::{NetError, SentBytes};
use super::{InBody, OutBody};

/// A request's body that fails unless it is as long as `Content-Length` says: a file that ends early must never look whole.
pub(super) struct Exact {
    inner: OutBody,
    left: u64,
}

/// Why a request's body was given up.
#[derive(Debug, thiserror::Error)]
#[error("the request's body failed, or has another length than it said")]
pub(super) struct BodyFailed;

impl Exact {
    pub(super) const fn new(inner: OutBody, length: u64) -> Self {
        Self { inner, left: length }
    }

    /// Refuses one that is too long, and trailers, which Knosc does not take.
    fn count(&mut self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, BodyFailed> {
        let length = frame.data_ref().ok_or(BodyFailed)?.len() as u64;
        self.left = self.left.checked_sub(length).ok_or(BodyFailed)?;
        Ok(frame)
    }
}

impl Body for Exact {
    type Data = Bytes;
    type Error = BodyFailed;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyFailed>>> {
        Poll::Ready(match ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
            None if self.left == 0 => None,
            None | Some(Err(_)) => Some(Err(BodyFailed)),
            Some(Ok(frame)) => Some(self.count(frame)),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0 && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// An answer's body, and the connection that it comes from.
///
/// The connection goes to `idle` as soon as no byte of the body is left; it closes if the body breaks off, is given up, or there is no
/// such place, as for an upload's.
pub(super) fn answered(
    incoming: Incoming,
    connection: Connection,
    idle: Option<IdleSlot>,
    limit: Duration,
) -> InBody {
    let begun = Answered { incoming, connection, idle, limit }.unless_ended();
    let frames = stream::unfold(begun, |answered| async { answered?.next().await });
    InBody::new(StreamBody::new(frames))
}

struct Answered {
    incoming: Incoming,
    connection: Connection,
    idle: Option<IdleSlot>,
    limit: Duration,
}

impl Answered {
    async fn next(mut self) -> Option<(Result<Frame<Bytes>, NetError>, Option<Self>)> {
        match timeout(self.limit, self.incoming.frame()).await {
            Err(_) => Some((Err(NetError::BodyIdle), None)),
            Ok(Some(Ok(frame))) => Some((Ok(frame), self.unless_ended())),
            Ok(Some(Err(error))) => Some((Err(NetError::broken(&error, SentBytes::Some)), None)),
            Ok(None) => None,
        }
    }

    fn unless_ended(self) -> Option<Self> {
        if !self.incoming.is_end_stream() {
            return Some(self);
        }
        if let Some(idle) = self.idle {
            idle.put(self.connection);
        }
        None
    }
}
