//! Spans to a collector of OpenTelemetry, over the same client as everything else: one origin, its addresses checked, limits on
//! every wait.
//!
//! Exports what `tracing` has anyway, in which no secret is; it adds no field and samples nothing away.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full};
use knosc_bulk_import::origin::Origin;
use opentelemetry::trace::{TraceContextExt as _, TracerProvider as _};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::{Builder, Runtime};
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::registry::LookupSpan;

use crate::net::{Client, ClientConfig, NetError, OutBody, Timeouts, read_up_to};

/// Where a collector takes spans, by the OTLP specification ("OTLP/HTTP Request").
const PATH: &str = "/v1/traces";

/// A collector answers with a few bytes; more is not read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// For each wait of an export. A collector that hangs must not keep a finished run.
const WAIT_MAX: Duration = Duration::from_secs(3);

/// Why spans cannot be exported. A collector that is not there is none: its spans are lost, and runs go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OtlpError {
    /// The connection cannot be made so.
    #[error(transparent)]
    Client(#[from] NetError),
    /// There is no thread for it, or the exporter refused its settings.
    #[error("spans cannot be exported: {0}")]
    Exporter(String),
}

/// Sends spans in batches from a thread of its own. Dropping it loses those of the last seconds: [`Otlp::finish`] sends them.
#[derive(Debug)]
pub struct Otlp(SdkTracerProvider);

impl Otlp {
    /// Begins to export to a collector, https or on this machine: `http://127.0.0.1:4318`. Connects to nothing yet.
    ///
    /// At most 2,048 spans wait; further ones are dropped rather than held.
    ///
    /// # Errors
    /// [`OtlpError::Client`] for a certificate file or a proxy that cannot be used, [`OtlpError::Exporter`] for the rest.
    pub fn start(
        collector: &Origin,
        service: &'static str,
        config: &ClientConfig,
    ) -> Result<Self, OtlpError> {
        let timeouts = Timeouts {
            dns: WAIT_MAX,
            connect: WAIT_MAX,
            tls: WAIT_MAX,
            write_stall: WAIT_MAX,
            first_answer: WAIT_MAX,
            body_idle: WAIT_MAX,
            answer_total: Some(WAIT_MAX),
            ..config.timeouts
        };
        let config = ClientConfig { timeouts, traceparent: false, ..config.clone() };
        let failed = |error: &dyn fmt::Display| OtlpError::Exporter(error.to_string());
        let runtime = Builder::new_current_thread().enable_all().build();
        let sender = Sender {
            client: Client::new(collector, &config)?,
            runtime: runtime.map_err(|error| failed(&error))?,
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(sender)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{collector}{PATH}"))
            .build();
        let resource = Resource::builder().with_service_name(service).build();
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            .with_batch_exporter(exporter.map_err(|error| failed(&error))?)
            .build();
        Ok(Self(provider))
    }

    /// What a subscriber needs to have its spans exported, from level `INFO` on.
    pub fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        let tracer = self.0.tracer(env!("CARGO_PKG_NAME"));
        tracing_opentelemetry::layer().with_tracer(tracer).with_filter(LevelFilter::INFO)
    }

    /// Sends what waits. Blocks, some seconds at most; not to be called on a thread that drives futures.
    ///
    /// # Errors
    /// [`OtlpError::Exporter`] if spans were lost.
    pub fn finish(self) -> Result<(), OtlpError> {
        self.0.shutdown().map_err(|error| OtlpError::Exporter(error.to_string()))
    }
}

/// The header that joins Knosc's trace to ours (W3C Trace Context), if a span is open that is exported.
pub(crate) fn traceparent() -> Option<HeaderValue> {
    let context = tracing::Span::current().context();
    let span = context.span();
    let span = span.span_context();
    let text =
        format!("00-{}-{}-{:02x}", span.trace_id(), span.span_id(), span.trace_flags().to_u8());
    span.is_valid().then(|| HeaderValue::try_from(text).ok()).flatten()
}

/// Our client behind the exporter's trait. The exporter has a thread without a runtime, so that it brings one.
struct Sender {
    client: Client,
    runtime: Runtime,
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sender").field(&self.client).finish()
    }
}

#[async_trait::async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let request =
            request.map(|body| OutBody::new(Full::new(body).map_err(|never| match never {})));
        self.runtime.block_on(async {
            let (head, body) = self.client.send(request, None).await?.into_parts();
            let (body, _) = read_up_to(body, ANSWER_BYTES_MAX).await;
            Ok(Response::from_parts(head, body.into()))
        })
    }
}
