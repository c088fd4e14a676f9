//! How much of a request's body is on the socket, for whoever has to know before the last bytes follow.
//!
//! Only counts and tells; what the figures mean for an upload is the run's to decide.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::watch;

/// Why a count will not be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// The connection ended, or was never there.
    #[error("the connection ended")]
    Connection,
    /// The answer's head came first.
    #[error("the server answered before the request was whole")]
    Answered,
}

/// Counts one request's bytes as the socket takes them. Clones count the same request.
///
/// [`body_bytes`](Self::body_bytes) are surely on the socket; [`body_bytes_max`](Self::body_bytes_max) are all that can possibly be.
/// Whoever needs a proof that something has left asks the first, whoever needs a proof that it has not asks the second.
#[derive(Clone, Debug, Default)]
pub struct UploadMeter(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: watch::Sender<State>,
    body_max: AtomicU64,
    total: AtomicU64,
    /// Bytes of answers.
    read: AtomicU64,
    /// No byte was taken for the whole stall time.
    stalled: AtomicBool,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    body: u64,
    ended: Option<Ended>,
}

impl UploadMeter {
    /// Starts at zero. A meter serves one request.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes of the body that were written and flushed.
    pub fn body_bytes(&self) -> u64 {
        self.0.state.borrow().body
    }

    /// Bytes of the body that were handed to the connection, flushed or not: the server cannot have more.
    pub fn body_bytes_max(&self) -> u64 {
        self.0.body_max.load(Ordering::Acquire)
    }

    /// Bytes of head and body that were handed to the connection; 0 means that nothing left.
    pub fn total_bytes(&self) -> u64 {
        self.0.total.load(Ordering::Acquire)
    }

    /// Waits until so many bytes of the body are on the socket.
    ///
    /// # Errors
    /// [`Ended`] if the exchange ended first. Bytes that were counted by then still count.
    pub async fn wait_for(&self, body_bytes: u64) -> Result<(), Ended> {
        let mut state = self.0.state.subscribe();
        let reached = state.wait_for(|now| now.body >= body_bytes || now.ended.is_some()).await;
        match reached.map(|now| *now) {
            Ok(State { body, .. }) if body >= body_bytes => Ok(()),
            Ok(State { ended: Some(ended), .. }) => Err(ended),
            // The sender lives in `self`, so this is not reached.
            _ => Err(Ended::Connection),
        }
    }

    /// Counts what was written and not yet flushed.
    pub(super) fn written(&self, total: u64, body: u64) {
        self.0.total.fetch_add(total, Ordering::AcqRel);
        self.0.body_max.fetch_add(body, Ordering::AcqRel);
    }

    pub(super) fn read(&self, bytes: u64) {
        self.0.read.fetch_add(bytes, Ordering::AcqRel);
    }

    pub(super) fn read_bytes(&self) -> u64 {
        self.0.read.load(Ordering::Acquire)
    }

    pub(super) fn stall(&self) {
        self.0.stalled.store(true, Ordering::Release);
    }

    pub(super) fn is_stalled(&self) -> bool {
        self.0.stalled.load(Ordering::Acquire)
    }

    /// Tells those who wait that all that was written is flushed.
    pub(super) fn flushed(&self) {
        let body = self.body_bytes_max();
        self.0.state.send_if_modified(|state| {
            let grew = body > state.body;
            state.body = body;
            grew
        });
    }

    /// Ends the count for those who wait; the first reason stays.
    pub(crate) fn end(&self, reason: Ended) {
        self.0.state.send_if_modified(|state| {
            let first = state.ended.is_none();
            state.ended.get_or_insert(reason);
            first
        });
    }
}
