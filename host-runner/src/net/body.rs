//! The two bodies of an exchange: a request's that is as long as it said, and an answer's that may not stop.
//!
//! Neither looks at the bytes.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Limited, StreamBody};
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};

use super::config::Timeouts;
use super::connection::{Connection, IdleSlot};
use super::error::{NetError, SentBytes};
use super::{InBody, OutBody};

/// A request's body that fails if it is longer than `Content-Length` says; hyper fails one that is shorter.
///
/// A file that was cut or grew must never look whole.
pub(super) fn exact(body: OutBody, length: u64) -> OutBody {
    // Where no memory has room for so much, the length is above what a file here can have.
    OutBody::new(Limited::new(body, usize::try_from(length).unwrap_or(usize::MAX)))
}

/// An answer's body, and the connection that it comes from.
///
/// The connection goes to `idle` as soon as no byte of the body is left; it closes if the body breaks off, is given up, or there is no
/// such place, as for an upload's.
pub(super) fn answered(
    incoming: Incoming,
    connection: Connection,
    idle: Option<IdleSlot>,
    limit: Limit,
) -> InBody {
    let begun = Answered { incoming, connection, idle, limit }.unless_ended();
    let frames = stream::unfold(begun, |answered| async { answered?.next().await });
    InBody::new(StreamBody::new(frames))
}

/// How long a body may take: between two pieces, and until its end.
#[derive(Clone, Copy)]
pub(super) struct Limit {
    idle: Duration,
    end: Option<Instant>,
}

impl Limit {
    /// The total counts from the last byte of the request.
    pub(super) fn since(asked: Instant, timeouts: &Timeouts) -> Self {
        let end = timeouts.answer_total.and_then(|total| asked.checked_add(total));
        Self { idle: timeouts.body_idle, end }
    }

    /// When the next piece has to be there, and what it is called if it is not.
    fn next(self) -> (Instant, NetError) {
        let idle = Instant::now() + self.idle;
        match self.end {
            Some(end) if end < idle => (end, NetError::AnswerTooSlow),
            _ => (idle, NetError::BodyIdle),
        }
    }
}

struct Answered {
    incoming: Incoming,
    connection: Connection,
    idle: Option<IdleSlot>,
    limit: Limit,
}

impl Answered {
    async fn next(mut self) -> Option<(Result<Frame<Bytes>, NetError>, Option<Self>)> {
        let (until, late) = self.limit.next();
        if Instant::now() >= until {
            // A peer that always has a byte ready would never let the timer speak.
            return Some((Err(late), None));
        }
        match timeout_at(until, self.incoming.frame()).await {
            Err(_) => Some((Err(late), None)),
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
