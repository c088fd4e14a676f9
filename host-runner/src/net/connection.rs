//! One HTTP/1.1 connection, its task, and the place where a single idle one waits.
//!
//! Says what became of a request; decides nothing about sending it again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::OutBody;
use super::config::Timeouts;
use super::connect::Stream;
use super::error::{NetError, SentBytes};
use super::expect::{Gate, Memory};
use super::meter::UploadMeter;
use super::metered::Metered;

/// The longest head of an answer. Knosc's own is under 2 KiB with four cookies; proxies add some.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Header lines of an answer.
const HEADERS_MAX: usize = 100;

/// An open connection. Dropping it closes the socket, whatever is on the way.
pub(super) struct Connection {
    sender: SendRequest<OutBody>,
    meter: UploadMeter,
    /// Bytes of answers to earlier requests.
    read_before: u64,
    /// Drives the connection.
    _task: AbortOnDropHandle<()>,
}

impl Connection {
    /// Over a stream whose bytes the meter counts.
    pub(super) async fn open(
        stream: Stream,
        meter: UploadMeter,
        timeouts: &Timeouts,
    ) -> Result<Self, NetError> {
        let stream = Metered::new(stream, meter.clone(), timeouts.write_stall);
        let handshake = Builder::new()
            .max_buf_size(HEAD_BYTES_MAX)
            .max_headers(HEADERS_MAX)
            .handshake(TokioIo::new(stream))
            .await;
        let (sender, driver) = handshake.map_err(|error| NetError::Closed {
            sent: SentBytes::Nothing,
            message: error.to_string(),
        })?;
        // The request's own future tells what went wrong; the task has nobody else to tell.
        let task = AbortOnDropHandle::new(tokio::spawn(async move { _ = driver.await }));
        Ok(Self { sender, meter, read_before: 0, _task: task })
    }

    /// Whether the connection can take another request.
    pub(super) async fn is_ready(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }

    /// Whether a byte of an answer to the last request came.
    pub(super) fn is_answered(&self) -> bool {
        self.answer_bytes() > 0
    }

    fn answer_bytes(&self) -> u64 {
        self.meter.read_bytes().saturating_sub(self.read_before)
    }

    /// Sends one request and waits for the answer's head; also says since when the answer was due: since the last byte of the
    /// request, or since now where the answer came before that.
    pub(super) async fn send(
        &mut self,
        request: Request<OutBody>,
        length: u64,
        timeouts: &Timeouts,
    ) -> Result<(Response<Incoming>, Instant), NetError> {
        self.read_before = self.meter.read_bytes();
        let meter = self.meter.clone();
        let answer = self.sender.send_request(request);
        tokio::pin!(answer);
        let mut asked = None;
        let answer = loop {
            tokio::select! {
                // In this order: an answer's time counts from the last byte, also where both are seen at once.
                biased;
                () = whole(&meter, length), if asked.is_none() => asked = Some(Instant::now()),
                answer = &mut answer => break answer,
                () = overdue(asked, timeouts.first_answer) => {
                    return Err(NetError::AnswerTimeout(self.sent()));
                }
            }
        };
        match answer {
            Ok(answer) => Ok((answer, asked.unwrap_or_else(Instant::now))),
            Err(error) => Err(self.explain(&error)),
        }
    }

    /// The same for a body behind a gate, which opens when the server asked for it, or was silent for the time of that.
    ///
    /// A silent server is remembered. An answer that comes first leaves the gate closed.
    pub(super) async fn send_gated(
        &mut self,
        request: Request<OutBody>,
        length: u64,
        timeouts: &Timeouts,
        gate: &Gate,
        memory: &Memory,
    ) -> Result<(Response<Incoming>, Instant), NetError> {
        let sending = self.send(request, length, timeouts);
        tokio::pin!(sending);
        tokio::select! {
            biased;
            answer = &mut sending => return answer,
            () = gate.continued() => {}
            () = tokio::time::sleep(timeouts.expect) => memory.give_up(),
        }
        gate.open();
        sending.await
    }

    /// A connection that was kept has sent something, so that a read over it never counts as not sent.
    fn sent(&self) -> SentBytes {
        if self.meter.total_bytes() == 0 { SentBytes::Nothing } else { SentBytes::Some }
    }

    fn explain(&self, error: &hyper::Error) -> NetError {
        let sent = self.sent();
        // What hyper calls the user is our side: the body of the request.
        if error.is_user() || error.is_body_write_aborted() {
            NetError::Body(sent)
        } else if self.meter.is_stalled() {
            NetError::WriteStall(sent)
        } else if error.is_parse() && self.answer_bytes() >= HEAD_BYTES_MAX as u64 {
            NetError::AnswerTooLarge
        } else {
            NetError::broken(error, sent)
        }
    }
}

/// Ready when the last byte of the request was taken.
async fn whole(meter: &UploadMeter, length: u64) {
    if meter.wait_for(length).await.is_err() {
        // The exchange ended, and the other side of the select says how.
        std::future::pending::<()>().await;
    }
}

/// Ready so long after the last byte of the request was taken; never while it is still on its way.
async fn overdue(asked: Option<Instant>, limit: Duration) {
    match asked.and_then(|asked| asked.checked_add(limit)) {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// Holds at most one idle connection of one client.
#[derive(Clone, Default)]
pub(super) struct IdleSlot(Arc<Mutex<Option<(Connection, Instant)>>>);

impl IdleSlot {
    pub(super) fn put(&self, connection: Connection) {
        if !connection.sender.is_closed() {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
                Some((connection, Instant::now()));
        }
    }

    pub(super) fn take(&self, kept: Duration) -> Option<Connection> {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        waiting.filter(|(_, since)| since.elapsed() < kept).map(|(connection, _)| connection)
    }
}
