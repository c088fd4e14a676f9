//! The client of one origin: checks, connects, sends, and keeps one idle connection for reads.
//!
//! Never sends the body of an upload twice: one whose `Expect` was refused goes out again, since nothing of its body had left. A GET
//! goes out again only if the server had closed a kept connection before it answered.

use std::fmt;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, HOST, HeaderValue, TRANSFER_ENCODING, USER_AGENT};
use http::{Request, Response, StatusCode, Uri, request};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::protocol::{self, Answer};
use tokio::time::Instant;

use super::body::{Limit, answered, exact};
use super::config::{ClientConfig, Timeouts};
use super::connect::Connector;
use super::connection::{Connection, IdleSlot};
use super::error::NetError;
use super::expect::{self, Gate};
use super::meter::{Ended, UploadMeter};
use super::{InBody, OutBody};
use crate::egress::{Denial, same_origin};
use crate::failpoint;

/// The `User-Agent` of requests that bring none.
const OWN_USER_AGENT: &str = concat!("knosc-runner/", env!("CARGO_PKG_VERSION"));

/// Sends requests to one origin. Clones share the connection, and nothing is shared between clients.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    origin: Origin,
    host: HeaderValue,
    connector: Connector,
    timeouts: Timeouts,
    idle: IdleSlot,
    expect: expect::Memory,
    #[cfg(feature = "otlp")]
    traceparent: bool,
}

impl Client {
    /// Makes a client; reads the certificate files and connects to nothing.
    ///
    /// # Errors
    /// [`NetError::Configuration`] for a certificate file or a proxy address that cannot be used.
    pub fn new(origin: &Origin, config: &ClientConfig) -> Result<Self, NetError> {
        let connector = Connector::new(origin, config)?;
        Ok(Self(Arc::new(Inner {
            origin: origin.clone(),
            host: HeaderValue::try_from(origin.authority()).map_err(|_| Denial::Malformed)?,
            connector,
            timeouts: config.timeouts,
            idle: IdleSlot::default(),
            expect: expect::Memory::default(),
            #[cfg(feature = "otlp")]
            traceparent: config.traceparent,
        })))
    }

    /// The one origin that this client asks.
    pub fn origin(&self) -> &Origin {
        &self.0.origin
    }

    /// Sends a request with an absolute URI, and gives the answer when its head is there.
    ///
    /// The body must have a length (`Content-Length`, or a body that knows its own): without one, an upload that breaks
    /// off could end as a well-formed shorter file. Dropping the future or the answer's body closes the connection.
    ///
    /// # Errors
    /// Every [`NetError`]; [`NetError::sent`] says whether anything had left.
    pub async fn send(
        &self,
        request: Request<OutBody>,
        meter: Option<UploadMeter>,
    ) -> Result<Response<InBody>, NetError> {
        self.metered(request, meter, false).await
    }

    /// As [`Client::send`], for a file: from 1 MiB on its body waits until the server asked for it, at most for the time of
    /// [`Timeouts::expect`]. A server that refuses then has nothing of it.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn upload(
        &self,
        request: Request<OutBody>,
        meter: Option<UploadMeter>,
    ) -> Result<Response<InBody>, NetError> {
        self.metered(request, meter, true).await
    }

    async fn metered(
        &self,
        request: Request<OutBody>,
        meter: Option<UploadMeter>,
        is_file: bool,
    ) -> Result<Response<InBody>, NetError> {
        let ending = Ending(meter.unwrap_or_default());
        let answer = self.0.send(request, &ending.0, is_file).await;
        if answer.is_ok() {
            failpoint::reach("answered");
            ending.0.end(Ended::Answered);
        }
        answer
    }

    /// Sends a small request and reads the answer, of the body at most so many bytes.
    ///
    /// A longer body, and one that broke off, is marked as cut: its status is known all the same.
    ///
    /// # Errors
    /// Every [`NetError`] of the time before the answer's head.
    pub async fn exchange(
        &self,
        request: &protocol::Request,
        extra_headers: Vec<(&'static str, String)>,
        answer_bytes_max: usize,
    ) -> Result<Answer, NetError> {
        let body = Full::new(Bytes::from(request.body.clone()));
        let mut builder = Request::builder()
            .method(match request.method {
                protocol::Method::Get => http::Method::GET,
                protocol::Method::Post => http::Method::POST,
            })
            .uri(format!("{}{}", self.0.origin, request.path));
        for (name, value) in request.headers.iter().chain(&extra_headers) {
            builder = builder.header(*name, value);
        }
        let body = OutBody::new(body.map_err(|never| match never {}));
        let request = builder.body(body).map_err(|_| Denial::Malformed)?;
        let (head, body) = self.send(request, None).await?.into_parts();
        let (body, cut) = read_up_to(body, answer_bytes_max).await;
        let headers = head.headers.iter().map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        });
        Ok(Answer { status: head.status.as_u16(), headers: headers.collect(), body, cut })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("origin", &self.0.origin.to_string()).finish_non_exhaustive()
    }
}

/// Tells those who wait for the meter, even if the exchange is dropped half-way.
struct Ending(UploadMeter);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.end(Ended::Connection);
    }
}

/// What came of a request whose body waited.
enum Expecting {
    Answered(Response<InBody>),
    /// The body, whole: nothing of it left.
    Refused(OutBody),
}

impl Inner {
    async fn send(
        &self,
        request: Request<OutBody>,
        meter: &UploadMeter,
        is_file: bool,
    ) -> Result<Response<InBody>, NetError> {
        same_origin(&self.origin, request.uri())?;
        let length = declared_length(&request).ok_or(Denial::Length)?;
        let (mut head, body) = request.into_parts();
        self.prepare(&mut head, length)?;
        let is_read = head.method == http::Method::GET && length == 0;
        if is_read
            && let Some(mut kept) = self.idle.take(self.timeouts.kept)
            && kept.is_ready().await
        {
            let request = Request::from_parts(head.clone(), OutBody::default());
            match kept.send(request, 0, &self.timeouts).await {
                Ok(answer) => return Ok(self.received(answer, kept, is_read)),
                // The server had closed it while it waited: nothing was answered, and a GET changes nothing.
                Err(NetError::Closed { .. }) if !kept.is_answered() => {}
                Err(error) => return Err(error),
            }
        }
        let mut body = exact(body, length);
        if is_file && length >= expect::BODY_BYTES_MIN && self.expect.is_worth_asking() {
            match self.send_expecting(&head, body, length, meter).await? {
                Expecting::Answered(answer) => return Ok(answer),
                Expecting::Refused(whole) => body = whole,
            }
        }
        let request = Request::from_parts(head, body);
        let mut connection = self.connect(meter).await?;
        let answer = connection.send(request, length, &self.timeouts).await?;
        Ok(self.received(answer, connection, is_read))
    }

    async fn connect(&self, meter: &UploadMeter) -> Result<Connection, NetError> {
        let stream = self.connector.connect().await?;
        Connection::open(stream, meter.clone(), &self.timeouts).await
    }

    /// Sends with `Expect: 100-continue`. A 417 before the body gives the body back, if the meter proves that nothing of it left.
    async fn send_expecting(
        &self,
        head: &request::Parts,
        body: OutBody,
        length: u64,
        meter: &UploadMeter,
    ) -> Result<Expecting, NetError> {
        let (gate, body) = Gate::before(body, length);
        let mut request = Request::from_parts(head.clone(), body);
        gate.announce(&mut request);
        let mut connection = self.connect(meter).await?;
        let timeouts = &self.timeouts;
        let answer = connection.send_gated(request, length, timeouts, &gate, &self.expect).await?;
        let refused = answer.0.status() == StatusCode::EXPECTATION_FAILED;
        if refused {
            self.expect.give_up();
        }
        if refused
            && meter.body_bytes_max() == 0
            && let Some(body) = gate.take_back()
        {
            return Ok(Expecting::Refused(body));
        }
        Ok(Expecting::Answered(self.received(answer, connection, false)))
    }

    fn received(
        &self,
        (answer, asked): (Response<hyper::body::Incoming>, Instant),
        connection: Connection,
        is_read: bool,
    ) -> Response<InBody> {
        let idle = is_read.then(|| self.idle.clone());
        let limit = Limit::since(asked, &self.timeouts);
        answer.map(|body| answered(body, connection, idle, limit))
    }

    /// Turns the absolute URI into what stands on the wire, and sets the headers that are the client's own.
    fn prepare(&self, head: &mut request::Parts, length: u64) -> Result<(), NetError> {
        let target = head.uri.path_and_query().cloned().ok_or(Denial::Malformed)?;
        head.uri = Uri::from(target);
        head.version = http::Version::HTTP_11;
        head.headers.insert(HOST, self.host.clone());
        if head.method != http::Method::GET || length != 0 {
            head.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        #[cfg(feature = "otlp")]
        if let Some(value) = self.traceparent.then(crate::otlp::traceparent).flatten() {
            head.headers.insert("traceparent", value);
        }
        if !head.headers.contains_key(USER_AGENT) {
            head.headers.insert(USER_AGENT, HeaderValue::from_static(OWN_USER_AGENT));
        }
        Ok(())
    }
}

/// The length of a request's body, said once and without doubt.
pub(crate) fn declared_length<B: Body>(request: &Request<B>) -> Option<u64> {
    let mut lengths = request.headers().get_all(CONTENT_LENGTH).iter();
    match (lengths.next(), lengths.next()) {
        _ if request.headers().contains_key(TRANSFER_ENCODING) => None,
        // A GET has no body; one that gave bytes all the same would fail.
        (None, _) if request.method() == http::Method::GET => Some(0),
        (None, _) => request.body().size_hint().exact(),
        (Some(value), None) => value
            .to_str()
            .ok()
            .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|text| text.parse().ok()),
        (Some(_), Some(_)) => None,
    }
}

/// Reads a body, and says whether it went on or broke off.
pub(crate) async fn read_up_to(mut body: InBody, max: usize) -> (Vec<u8>, bool) {
    let mut bytes = BytesMut::new();
    loop {
        match body.frame().await {
            None => return (bytes.into(), false),
            Some(Err(_)) => return (bytes.into(), true),
            Some(Ok(frame)) => {
                let Ok(data) = frame.into_data() else { continue };
                let room = max.saturating_sub(bytes.len());
                bytes.extend_from_slice(data.get(..room.min(data.len())).unwrap_or_default());
                if data.len() > room {
                    return (bytes.into(), true);
                }
            }
        }
    }
}
