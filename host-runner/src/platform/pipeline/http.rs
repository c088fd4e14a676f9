//! The import `wasi:http` of a pipeline: the origins that its operator granted, and never Knosc.
//!
//! The host alone sets what carries credentials or framing; no cookie enters or leaves.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use http::header::{CONTENT_LENGTH, HOST, HeaderName, HeaderValue, SET_COOKIE};
use http::{Request, Response};
use http_body_util::BodyExt;
use knosc_bulk_import::origin::Origin;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::Instrument as _;
use wasmtime_wasi_http::{
    Error, ForbiddenHeaderFilter, RequestOptions, Result, WasiBody, WasiHttpHooks,
};

use super::limiter::Met;
use super::pace::Pace;
use crate::egress::{is_ambiguous, same_origin};
use crate::host::http::{capped, error_code, is_forbidden};
use crate::net::{Client, OutBody};
use crate::platform::events::{PipelineEvent, Teller};
use crate::platform::limits::{PipelineLimit, PipelineLimits};
use crate::platform::tenants::EgressGrant;

/// A request that a pipeline may not make. Names the rule, and never a query, a header or a body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PipelineDenial {
    /// Knosc is reached through `jobs`.
    #[error("a pipeline reaches {origin} through jobs alone")]
    Knosc {
        /// The tenant's Knosc.
        origin: String,
    },
    /// An origin that was not granted.
    #[error("'{asked}' was not granted")]
    Origin {
        /// Scheme, host and port, cut where they are long.
        asked: String,
    },
    /// A method that was not granted for this origin.
    #[error("{method} was not granted for {origin}")]
    Method {
        /// Which method.
        method: String,
        /// Which origin.
        origin: String,
    },
    /// A path that was not granted, or that two readers may read differently.
    #[error("the path '{path}' was not granted for {origin}")]
    Path {
        /// The path, cut where it is long.
        path: String,
        /// Which origin.
        origin: String,
    },
    /// More requests than a run may make.
    #[error("the run made as many requests as it may: {0}")]
    Requests(u64),
}

impl PipelineDenial {
    /// The rule's name, for logs and counters.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Knosc { .. } => "knosc",
            Self::Origin { .. } => "origin",
            Self::Method { .. } => "method",
            Self::Path { .. } => "path",
            Self::Requests(_) => "requests",
        }
    }

    /// The line of `tenants.toml` that would allow it.
    pub fn hint(&self) -> String {
        match self {
            Self::Knosc { .. } => "call jobs.upload, jobs.poll or jobs.run-ordered; nothing in tenants.toml allows this".to_owned(),
            Self::Origin { asked } => {
                format!("[[tenant.egress]] origin = \"{asked}\", methods = [\"GET\"], paths = [\"/\"]")
            }
            Self::Method { method, origin } => {
                format!("in the [[tenant.egress]] of {origin}: methods = [\"{method}\"]")
            }
            Self::Path { path, origin } => {
                format!("in the [[tenant.egress]] of {origin}: paths = [\"{path}\"]")
            }
            Self::Requests(_) => format!("[tenant.limits] {} = …", PipelineLimit::Requests.row().key),
        }
    }
}

/// An origin that was granted, its connections, and what the host adds.
#[derive(Clone)]
pub(in crate::platform) struct Grant {
    pub(in crate::platform) rule: EgressGrant,
    pub(in crate::platform) client: Client,
    pub(in crate::platform) headers: Vec<(HeaderName, HeaderValue)>,
    /// The tenant's, for all its origins.
    pub(in crate::platform) pace: Arc<Pace>,
}

/// The requests of one pipeline's store.
pub(super) struct PipelineHooks {
    knosc: Origin,
    grants: Arc<Vec<Grant>>,
    slots: Arc<Semaphore>,
    limits: PipelineLimits,
    made: u64,
    met: Met,
    denials: Arc<Mutex<Denials>>,
    teller: Teller,
    /// Where sockets are served.
    io: Handle,
}

/// Denials that a report keeps; a pipeline that tries on is told the same and fills no memory.
const DENIALS_KEPT_MAX: usize = 32;

/// What was denied in a run.
#[derive(Debug, Default)]
pub(super) struct Denials {
    /// The first ones.
    pub(super) kept: Vec<PipelineDenial>,
    /// All of them.
    pub(super) count: u64,
}

/// Characters of a refused name that a message repeats.
const SHOWN_MAX: usize = 80;

type Sent = Result<(Response<WasiBody>, Box<dyn Future<Output = Result<()>> + Send>)>;

impl PipelineHooks {
    pub(super) fn new(
        knosc: Origin,
        grants: Arc<Vec<Grant>>,
        limits: PipelineLimits,
        met: Met,
        teller: Teller,
        io: Handle,
    ) -> Self {
        let slots = Arc::new(Semaphore::new(limits.get_usize(PipelineLimit::RequestsInFlight)));
        Self { knosc, grants, slots, limits, made: 0, met, denials: Arc::default(), teller, io }
    }

    /// What was denied, the first few of it.
    pub(super) fn denials(&self) -> Arc<Mutex<Denials>> {
        Arc::clone(&self.denials)
    }

    /// Requests that were made.
    pub(super) const fn made(&self) -> u64 {
        self.made
    }

    fn grant(&self, request: &Request<WasiBody>) -> Result<Grant, PipelineDenial> {
        let uri = request.uri();
        if same_origin(&self.knosc, uri).is_ok() {
            return Err(PipelineDenial::Knosc { origin: self.knosc.to_string() });
        }
        let granted = self.grants.iter().find(|grant| same_origin(&grant.rule.origin, uri).is_ok());
        let Some(grant) = granted else {
            let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
            // A user name in front of the host is part of the trick, not of the origin.
            let host = authority.rsplit('@').next().unwrap_or_default();
            let asked = format!("{}://{host}", uri.scheme_str().unwrap_or_default());
            return Err(PipelineDenial::Origin { asked: shown(&asked) });
        };
        let origin = grant.rule.origin.to_string();
        if !grant.rule.methods.contains(request.method()) {
            return Err(PipelineDenial::Method {
                method: shown(request.method().as_str()),
                origin,
            });
        }
        let path = uri.path();
        if is_ambiguous(path) || !grant.rule.paths.iter().any(|granted| is_below(path, granted)) {
            return Err(PipelineDenial::Path { path: shown(path), origin });
        }
        if self.made >= self.limits.get(PipelineLimit::Requests) {
            self.met.note(PipelineLimit::Requests);
            return Err(PipelineDenial::Requests(self.made));
        }
        Ok(grant.clone())
    }

    fn admit(&mut self, request: Request<WasiBody>) -> Result<Exchange> {
        let grant = self.grant(&request).map_err(|denial| {
            let mut denials = self.denials.lock().unwrap_or_else(PoisonError::into_inner);
            denials.count += 1;
            // Told as long as it is kept: a pipeline that asks without end fills no log of the host.
            if denials.kept.len() < DENIALS_KEPT_MAX {
                tracing::warn!(rule = denial.rule(), %denial, "a request of a pipeline was denied");
                self.teller.tell(PipelineEvent::Denied(denial.clone()));
                denials.kept.push(denial);
            }
            Error::HttpRequestDenied
        })?;
        let length = match request.headers().get(CONTENT_LENGTH) {
            Some(value) => value
                .to_str()
                .ok()
                .and_then(|value| value.parse().ok())
                .ok_or(Error::HttpRequestLengthRequired)?,
            None => 0,
        };
        let permit = Arc::clone(&self.slots).try_acquire_owned();
        let permit = permit.map_err(|_| {
            self.met.note(PipelineLimit::RequestsInFlight);
            Error::ConnectionLimitReached
        })?;
        self.made += 1;
        let answer_bytes_max = self.limits.get(PipelineLimit::AnswerBytes);
        let met = self.met.clone();
        Ok(Exchange { grant, length, permit, request, answer_bytes_max, met })
    }
}

impl WasiHttpHooks for PipelineHooks {
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        let added: Vec<HeaderName> = self
            .grants
            .iter()
            .flat_map(|grant| grant.headers.iter().map(|(name, _)| name.clone()))
            .collect();
        Arc::new(move |name| is_forbidden(name) || added.contains(name))
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<()>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let admitted = self.admit(request);
        let io = self.io.clone();
        Box::new(async move {
            let exchange = admitted?;
            // Given up together with the pipeline's own wait.
            let span = tracing::info_span!("request", origin = %exchange.grant.rule.origin);
            let sending = AbortOnDrop(io.spawn(exchange.send().instrument(span)));
            let answer = sending.await??;
            let nothing_more: Box<dyn Future<Output = Result<()>> + Send> =
                Box::new(async { Ok(()) });
            Ok((answer, nothing_more))
        })
    }
}

/// A request under way on other threads; it ends with whoever waits for it.
struct AbortOnDrop(tokio::task::JoinHandle<Result<Response<WasiBody>>>);

impl Future for AbortOnDrop {
    type Output = Result<Result<Response<WasiBody>>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // A panic there is this host's fault, and one request's.
        Pin::new(&mut self.0)
            .poll(context)
            .map(|joined| joined.map_err(|_| Error::InternalError(None)))
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// One admitted request.
struct Exchange {
    grant: Grant,
    length: u64,
    permit: OwnedSemaphorePermit,
    request: Request<WasiBody>,
    answer_bytes_max: u64,
    met: Met,
}

impl Exchange {
    async fn send(self) -> Result<Response<WasiBody>> {
        self.grant.pace.turn().await;
        let (mut head, body) = self.request.into_parts();
        for (name, value) in &self.grant.headers {
            head.headers.insert(name, value.clone());
        }
        let authority = HeaderValue::try_from(self.grant.rule.origin.authority());
        head.headers.insert(HOST, authority.map_err(|_| Error::ConfigurationError)?);
        head.headers.insert(CONTENT_LENGTH, HeaderValue::from(self.length));
        let body = OutBody::new(body.map_err(Into::into));
        let answer = self.grant.client.send(Request::from_parts(head, body), None).await;
        let answer = answer.map_err(|error| error_code(&error))?;
        let (mut head, body) = answer.into_parts();
        head.headers.remove(SET_COOKIE);
        let body = capped(body, self.answer_bytes_max, self.permit);
        let met = self.met;
        let body = body.map_err(move |error| {
            if matches!(error, Error::HttpResponseBodySize(_)) {
                met.note(PipelineLimit::AnswerBytes);
            }
            error
        });
        Ok(Response::from_parts(head, body.boxed_unsync()))
    }
}

/// Whether a path is the one that was granted or below it: `/export` grants `/export/a`, and not `/exports`.
fn is_below(path: &str, granted: &str) -> bool {
    let rest = path.strip_prefix(granted);
    rest.is_some_and(|rest| granted.ends_with('/') || rest.is_empty() || rest.starts_with('/'))
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN_MAX).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
