//! `Expect: 100-continue`: a large body waits until the server asked for it, and leaves only then.
//!
//! A server that refuses answers before the body, so that an honest refusal proves that nothing was accepted. Sends nothing itself.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{EXPECT, HeaderValue};
use http::{Request, StatusCode};
use http_body::{Body, Frame, SizeHint};
use tokio::sync::Notify;

use super::OutBody;

/// Bodies from this length on wait. Below it the body costs less than the round trip, as curl has it too.
pub(super) const BODY_BYTES_MIN: u64 = 1024 * 1024;

/// How long a server that did not answer an `Expect` is not asked again. A run of the command line is over by then or nearly so; the
/// process of a platform lives for months, and a proxy that was replaced meanwhile deserves another try.
const REMEMBERED: Duration = Duration::from_mins(10);

/// Whether the server is worth asking: one that did not answer in time, or refused the header, is not asked for a while.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<Option<Instant>>);

impl Memory {
    pub(super) fn is_worth_asking(&self) -> bool {
        let since = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        since.is_none_or(|since| since.elapsed() >= REMEMBERED)
    }

    pub(super) fn give_up(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
}

/// The body of a request that waits at a gate.
#[derive(Clone)]
pub(super) struct Gate(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// The server asked for the body.
    continued: Notify,
}

struct State {
    /// Nothing of it was polled as long as it is here.
    body: Option<OutBody>,
    open: bool,
    waiting: Option<Waker>,
}

impl Gate {
    /// Closes a gate before a body of that length; the second value stands in for the body.
    pub(super) fn before(body: OutBody, length: u64) -> (Self, OutBody) {
        let state = State { body: Some(body), open: false, waiting: None };
        let gate = Self(Arc::new(Shared { state: Mutex::new(state), continued: Notify::new() }));
        let gated = Gated { gate: gate.clone(), body: None, left: length };
        (gate, OutBody::new(gated))
    }

    /// Asks the server for its leave, and hears its answer.
    pub(super) fn announce(&self, request: &mut Request<OutBody>) {
        request.headers_mut().insert(EXPECT, HeaderValue::from_static("100-continue"));
        let gate = self.clone();
        hyper::ext::on_informational(request, move |interim| {
            // Other interim answers say nothing of the body.
            if interim.status() == StatusCode::CONTINUE {
                gate.0.continued.notify_one();
            }
        });
    }

    /// Ready when the server asked for the body.
    pub(super) async fn continued(&self) {
        self.0.continued.notified().await;
    }

    /// Lets the body out.
    pub(super) fn open(&self) {
        let mut state = self.state();
        state.open = true;
        if let Some(waiting) = state.waiting.take() {
            drop(state);
            waiting.wake();
        }
    }

    /// The body, if nothing of it was given out; it never leaves through this gate then.
    pub(super) fn take_back(&self) -> Option<OutBody> {
        let mut state = self.state();
        if state.open {
            return None;
        }
        state.body.take()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Gated {
    gate: Gate,
    body: Option<OutBody>,
    left: u64,
}

impl Gated {
    fn poll_open(&mut self, cx: &Context<'_>) -> Poll<&mut OutBody> {
        if self.body.is_none() {
            let mut state = self.gate.state();
            if state.open {
                self.body = state.body.take();
            } else {
                state.waiting = Some(cx.waker().clone());
            }
        }
        self.body.as_mut().map_or(Poll::Pending, Poll::Ready)
    }
}

impl Body for Gated {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let body = std::task::ready!(self.poll_open(cx));
        let frame = std::task::ready!(Pin::new(body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            self.left = self.left.saturating_sub(u64::try_from(bytes).unwrap_or(u64::MAX));
        }
        Poll::Ready(frame)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, Full};

    use super::*;

    fn gate() -> (Gate, OutBody) {
        let body = Full::new(Bytes::from_static(b"rows")).map_err(|never| match never {});
        Gate::before(OutBody::new(body), 4)
    }

    #[tokio::test]
    async fn a_closed_gate_lets_no_byte_out() {
        let (gate, mut body) = gate();
        let waited = tokio::time::timeout(Duration::from_millis(20), body.frame()).await;
        assert!(waited.is_err(), "a frame came through a closed gate");
        let kept = gate.take_back().unwrap().collect().await.unwrap();
        assert_eq!(kept.to_bytes(), "rows");
        gate.open();
        let waited = tokio::time::timeout(Duration::from_millis(20), body.frame()).await;
        assert!(waited.is_err(), "the body left twice");
    }

    #[tokio::test]
    async fn an_open_gate_wakes_the_body() {
        let (gate, body) = gate();
        let reading = tokio::spawn(body.collect());
        tokio::task::yield_now().await;
        gate.open();
        assert_eq!(reading.await.unwrap().unwrap().to_bytes(), "rows");
        assert!(gate.take_back().is_none());
    }

    #[test]
    fn a_server_is_not_asked_for_a_while() {
        let memory = Memory::default();
        assert!(memory.is_worth_asking());
        memory.give_up();
        assert!(!memory.is_worth_asking());
    }
}
