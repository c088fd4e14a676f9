//! The import `wasi:http`: what may leave, with which session, and what is known when it fails.
//!
//! Only the tenant's own origin is reached, and only here does a request get its cookies. Never sends anything twice.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue, SET_COOKIE};
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use knosc_bulk_import::protocol::{self, Answer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{Instrument as _, Span};
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, ForbiddenHeaderFilter, RequestOptions, Result, WasiBody,
    WasiHttpHooks,
};

use crate::net::{Ended, InBody, NetError, OutBody, SentBytes, UploadMeter, declared_length};
use crate::session::{Proof, SignInError};
use crate::tenant::Tenant;

/// Requests of one store at a time. The component makes one; more is a mistake.
const REQUESTS_MAX: usize = 6;

/// The component reads 8 MiB of an answer; twice that is surely no answer of Knosc's.
const ANSWER_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Headers that a component may not set, nor see in an answer, beside wasmtime's own nine: those that carry a session, those that a
/// proxy would believe, and those that change how a request is framed.
const FORBIDDEN: &str = "authorization cookie expect forwarded proxy-authorization set-cookie te \
                         trailer via x-real-ip x-xsrf-token";

const FORBIDDEN_PREFIXES: [&str; 2] = ["proxy-", "x-forwarded-"];

/// Below this path a POST is an upload.
const UPLOADS: &str = "/api/job/";

/// Headers of an answer that are of its connection, or the session's.
const FRAMING: [&str; 4] = ["connection", "content-length", "set-cookie", "transfer-encoding"];

type Sent = Result<(Response<WasiBody>, Box<dyn Future<Output = Result<()>> + Send>)>;

/// The sessions that the requests of a store carried.
struct Used {
    /// Of the last request.
    generation: AtomicU64,
    /// The one that Knosc did not take before an upload, and that could not be renewed.
    over: AtomicU64,
}

impl Used {
    fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }
}

/// A generation that no session has.
const NONE: u64 = u64::MAX;

/// What a request is sent with.
enum Session {
    /// Of this generation.
    Headers(u64, Vec<(&'static str, String)>),
    /// An upload is not sent: this is what Knosc said of the session.
    Refused(Answer),
}

/// The requests of one store.
pub(super) struct Hooks {
    pub(super) tenant: Tenant,
    used: Arc<Used>,
    slots: Arc<Semaphore>,
    /// The meter and the `Content-Length` of the last upload.
    upload: Option<(UploadMeter, u64)>,
    /// The span of the call.
    call: Span,
    /// The file that is worked on, and its span; the call's own before the first one.
    step: (Option<usize>, Span),
}

impl Hooks {
    pub(super) fn new(tenant: Tenant) -> Self {
        let used = Arc::new(Used { generation: AtomicU64::new(0), over: AtomicU64::new(NONE) });
        let slots = Arc::new(Semaphore::new(REQUESTS_MAX));
        let call = Span::current();
        Self { tenant, used, slots, upload: None, step: (None, call.clone()), call }
    }

    /// Notes which file is worked on, so that requests are told as its own.
    pub(super) fn step(&mut self, index: usize) {
        if self.step.0 != Some(index) {
            self.step = (Some(index), tracing::info_span!(parent: &self.call, "step", index));
        }
    }

    /// Replaces the session that the last request carried. One that could not be replaced before an upload is not tried again.
    pub(super) async fn renew(&self) -> bool {
        let generation = self.used.generation();
        self.used.over.load(Ordering::Acquire) != generation
            && self.tenant.sessions().renew(generation).await
    }

    /// The meter and the length of the last upload.
    pub(super) fn upload(&self) -> Option<(UploadMeter, u64)> {
        self.upload.clone()
    }

    /// Everything that can be refused before a connection is thought of.
    fn admit(&mut self, request: &Request<WasiBody>) -> Result<Admitted> {
        self.tenant.egress().allows(request.method(), request.uri()).map_err(|denial| {
            tracing::warn!(rule = denial.rule(), "a request of the component was denied");
            Error::HttpRequestDenied
        })?;
        // That it is as long as it says is the client's to see.
        let length = declared_length(request).ok_or(Error::HttpRequestLengthRequired)?;
        let permit = Arc::clone(&self.slots).try_acquire_owned();
        let permit = permit.map_err(|_| Error::ConnectionLimitReached)?;
        let meter = UploadMeter::new();
        let method = if request.method() == Method::POST {
            self.upload = Some((meter.clone(), length));
            protocol::Method::Post
        } else if length == 0 {
            protocol::Method::Get
        } else {
            return Err(Error::HttpRequestBodySize(Some(0)));
        };
        Ok(Admitted { method, length, meter, permit })
    }
}

impl WasiHttpHooks for Hooks {
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::new(is_forbidden)
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<()>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let admitted = self.admit(&request);
        let (tenant, used) = (self.tenant.clone(), Arc::clone(&self.used));
        let span = tracing::info_span!(parent: &self.step.1, "request", method = %request.method());
        Box::new(async move {
            let answer = admitted?.send(request, &tenant, &used).instrument(span).await?;
            let nothing_more: Box<dyn Future<Output = Result<()>> + Send> =
                Box::new(async { Ok(()) });
            Ok((answer, nothing_more))
        })
    }
}

/// What is known of a request that may leave.
struct Admitted {
    method: protocol::Method,
    length: u64,
    meter: UploadMeter,
    permit: OwnedSemaphorePermit,
}

impl Admitted {
    async fn send(
        self,
        request: Request<WasiBody>,
        tenant: &Tenant,
        used: &Used,
    ) -> Result<Response<WasiBody>> {
        let (mut head, body) = request.into_parts();
        let is_upload = head.uri.path().starts_with(UPLOADS);
        let mut generation = 0;
        match self.session(tenant, used, is_upload).await {
            Ok(Session::Headers(current, headers)) => {
                generation = current;
                for (name, value) in headers {
                    let mut value =
                        HeaderValue::try_from(value).map_err(|_| Error::ConfigurationError)?;
                    value.set_sensitive(true);
                    head.headers.insert(HeaderName::from_static(name), value);
                }
            }
            Ok(Session::Refused(answer)) => return self.early(answer),
            // Knosc then answers 401, which says what is wrong better than any code of wasi-http.
            Err(error) => tracing::warn!(%error, "a request leaves without a session"),
        }
        let request = Request::from_parts(head, OutBody::new(body.map_err(Into::into)));
        let meter = Some(self.meter.clone());
        let client = tenant.client();
        let answer = if is_upload {
            client.upload(request, meter).await
        } else {
            client.send(request, meter).await
        };
        let handed_over = self.meter.body_bytes_max();
        let answer = answer.map_err(|error| upload_error(&error, handed_over, self.length))?;
        let (mut head, body) = answer.into_parts();
        tracing::debug!(status = head.status.as_u16(), "answered");
        tenant.sessions().answered(generation, head.status.as_u16());
        head.headers.remove(SET_COOKIE);
        Ok(Response::from_parts(head, capped(body, ANSWER_BYTES_MAX, self.permit)))
    }

    /// The headers of the session, which an upload carries only where Knosc takes it.
    async fn session(
        &self,
        tenant: &Tenant,
        used: &Used,
        is_upload: bool,
    ) -> Result<Session, SignInError> {
        let sessions = tenant.sessions();
        let (mut current, mut headers) = sessions.headers(self.method).await?;
        used.generation.store(current, Ordering::Release);
        if is_upload {
            match sessions.prove(current).await {
                Proof::Taken => {}
                Proof::Renewed => {
                    (current, headers) = sessions.headers(self.method).await?;
                    used.generation.store(current, Ordering::Release);
                }
                Proof::Refused(answer) => {
                    used.over.store(current, Ordering::Release);
                    return Ok(Session::Refused(answer));
                }
            }
        }
        Ok(Session::Headers(current, headers))
    }

    /// Hands the component an answer that came before its upload: nothing was sent, and nothing is.
    fn early(self, answer: Answer) -> Result<Response<WasiBody>> {
        tracing::info!(status = answer.status, "the session is over; the file is not sent");
        self.meter.end(Ended::Answered);
        let mut response = Response::builder().status(answer.status);
        for (name, value) in
            answer.headers.iter().filter(|(name, _)| !FRAMING.contains(&name.as_str()))
        {
            response = response.header(name, value);
        }
        let body = Full::new(Bytes::from(answer.body)).map_err(|never| match never {});
        let body = capped(InBody::new(body), ANSWER_BYTES_MAX, self.permit);
        response.body(body).map_err(|_| Error::HttpProtocolError)
    }
}

/// An answer's body of at most so many bytes; the exchange counts as under way until it is dropped.
pub(crate) fn capped(body: InBody, bytes_max: u64, permit: OwnedSemaphorePermit) -> WasiBody {
    let limit = usize::try_from(bytes_max).unwrap_or(usize::MAX);
    let body = Limited::new(body, limit).map_err(move |error| {
        // The closure lives as long as the body, and holds the permit.
        let _under_way = &permit;
        match error.downcast_ref::<NetError>() {
            Some(error) => error_code(error),
            None => Error::HttpResponseBodySize(Some(bytes_max)),
        }
    });
    body.boxed_unsync()
}

/// What no component sets or sees.
pub(crate) fn is_forbidden(name: &HeaderName) -> bool {
    DEFAULT_FORBIDDEN_HEADERS.contains(name)
        || FORBIDDEN.split(' ').any(|forbidden| name == forbidden)
        || FORBIDDEN_PREFIXES.iter().any(|prefix| name.as_str().starts_with(prefix))
}

/// Line end behind the closing boundary: a server that acts on the boundary itself has the file without these bytes.
const LAST_LINE_END_BYTES: u64 = 2;

/// As [`error_code`], and a proof where the connection was handed less than the closing boundary: nobody can have accepted that.
fn upload_error(error: &NetError, handed_over: u64, length: u64) -> Error {
    let is_part = handed_over.saturating_add(LAST_LINE_END_BYTES) < length;
    if error.sent() == SentBytes::Some && is_part {
        return Error::HttpRequestBodySize(Some(handed_over));
    }
    error_code(error)
}

/// What the component is told of a failure: the one table of it. Codes that mean "nothing left" are only given where it is so.
pub(crate) fn error_code(error: &NetError) -> Error {
    match error {
        NetError::Denied(_) => Error::HttpRequestDenied,
        NetError::Configuration { .. } => Error::ConfigurationError,
        NetError::Dns { .. } => Error::DnsError { rcode: None, info_code: None },
        NetError::Connect(_) => Error::ConnectionRefused,
        NetError::ConnectTimeout | NetError::TlsTimeout => Error::ConnectionTimeout,
        NetError::Tls(_) => Error::TlsProtocolError,
        NetError::UntrustedCertificate(_) => Error::TlsCertificateError,
        NetError::Proxy(_) => Error::DestinationUnavailable,
        _ if error.sent() == SentBytes::Nothing => Error::DestinationUnavailable,
        NetError::WriteStall(_) => Error::ConnectionWriteTimeout,
        NetError::AnswerTimeout(_) => Error::HttpResponseTimeout,
        NetError::BodyIdle | NetError::AnswerTooSlow => Error::ConnectionReadTimeout,
        NetError::Protocol { .. } => Error::HttpProtocolError,
        NetError::AnswerTooLarge => Error::HttpResponseHeaderSectionSize(None),
        // Also cases that the client may learn: nothing is known but that something left.
        _ => Error::ConnectionTerminated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_sets_no_header_that_carries_a_session_or_trust() {
        for name in
            ["cookie", "authorization", "x-xsrf-token", "x-forwarded-for", "proxy-anything", "host"]
        {
            assert!(is_forbidden(&HeaderName::from_static(name)), "{name}");
        }
        for name in ["content-type", "content-length", "accept", "user-agent"] {
            assert!(!is_forbidden(&HeaderName::from_static(name)), "{name}");
        }
    }

    #[test]
    fn what_may_have_left_is_never_reported_as_not_sent() {
        let sent = SentBytes::Some;
        let lost = || NetError::Closed { sent, message: String::new() };
        assert!(matches!(upload_error(&lost(), 0, 0), Error::ConnectionTerminated));
        assert!(matches!(upload_error(&lost(), 0, 60), Error::HttpRequestBodySize(Some(0))));
        assert!(matches!(upload_error(&lost(), 57, 60), Error::HttpRequestBodySize(Some(57))));
        for handed_over in 58..=60 {
            let code = upload_error(&lost(), handed_over, 60);
            assert!(
                matches!(code, Error::ConnectionTerminated),
                "{handed_over}: the boundary left"
            );
        }
        let refused = NetError::Connect(String::new());
        assert!(matches!(upload_error(&refused, 0, 9), Error::ConnectionRefused));
    }
}
