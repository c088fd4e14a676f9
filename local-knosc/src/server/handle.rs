//! One connection, one request: from hyper's and axum's types to the model's and back.
//! Decides nothing but what a socket demands: tenant by host, body by stream, connections that break.

use std::{io, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::State, response::IntoResponse};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tower_service::Service;

use super::Shared;
use crate::{Begin, Fate, Model, Request, Response, multipart};

/// The largest body that is not an upload: sign-ins and knobs, far below it.
const SMALL_BODY_MAX: usize = 1 << 20;

/// Marks an answer that must not be sent.
#[derive(Debug, Clone, Copy)]
struct Dropped;

/// Accepts connections until the listener fails.
pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) -> io::Result<()> {
    let router = Router::new().fallback(handle).with_state(shared);
    loop {
        let (socket, _) = match listener.accept().await {
            Ok(accepted) => accepted,
            // The peer was gone before it was accepted; that is no reason to stop.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
            Err(error) => return Err(error),
        };
        _ = socket.set_nodelay(true);
        let router = router.clone();
        let service =
            hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                let mut router = router.clone();
                async move {
                    let Ok(answer) = router.call(request.map(Body::new)).await;
                    // An error instead of an answer makes hyper close the connection without a word.
                    if answer.extensions().get::<Dropped>().is_some() {
                        return Err(io::Error::from(io::ErrorKind::ConnectionAborted));
                    }
                    Ok(answer)
                }
            });
        tokio::spawn(async move {
            _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
        });
    }
}

async fn handle(
    State(shared): State<Arc<Shared>>,
    request: axum::extract::Request,
) -> axum::response::Response {
    let (parts, body) = request.into_parts();
    let text =
        |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut head = Request {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect(),
        body: Vec::new(),
    };
    let tenant = tenant_of(head.header("host"), shared.model().default_tenant());
    let answer = if Model::is_upload(&head) {
        upload(&shared, &tenant, &head, body).await
    } else {
        match axum::body::to_bytes(body, SMALL_BODY_MAX).await {
            Ok(bytes) => {
                head.body = bytes.to_vec();
                shared.model().answer(&tenant, &head, shared.now_ms())
            }
            Err(_) => Response::error(400, "Bad Request Format", "JSON.Invalid"),
        }
    };
    send(answer).await
}

async fn upload(shared: &Shared, tenant: &str, head: &Request, body: Body) -> Response {
    let begun = shared.model().begin_upload(tenant, head, shared.now_ms());
    let plan = match begun {
        Begin::Answer(answer) => return answer,
        Begin::Read(plan) => plan,
    };
    let read = multipart::read(body.into_data_stream(), &plan).await;
    let now = shared.now_ms();
    match read {
        Ok(upload) => shared.model().finish_upload(tenant, head, upload, now),
        Err(error) => shared.model().refuse_upload(tenant, head, error, now),
    }
}

/// Takes the tenant from the first label of `acme.localhost:PORT`; an address and bare `localhost` name none.
fn tenant_of(host: Option<&str>, default: &str) -> String {
    let host = host.unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|b| b.is_ascii_digit()) { name } else { host }
    });
    match name.strip_suffix(".localhost") {
        Some(label) => label.to_ascii_lowercase(),
        None => default.to_owned(),
    }
}

async fn send(answer: Response) -> axum::response::Response {
    if answer.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(answer.delay_ms)).await;
    }
    let Response { status, headers, body, fate, .. } = answer;
    let mut builder = axum::response::Response::builder().status(status);
    for (name, value) in headers {
        builder = builder.header(name, value);
    }
    let body = match fate {
        Fate::Sent => Body::from(body),
        Fate::Dropped => {
            let mut answer = axum::response::Response::default();
            answer.extensions_mut().insert(Dropped);
            return answer;
        }
        Fate::Truncated(at) => {
            builder = builder.header("Content-Length", body.len());
            let part = Bytes::copy_from_slice(body.get(..at).unwrap_or(&body));
            let cut = stream::once(async {
                // Hyper would otherwise take the error before it wrote what came first.
                tokio::time::sleep(Duration::from_millis(5)).await;
                Err(io::Error::from(io::ErrorKind::ConnectionAborted))
            });
            Body::from_stream(stream::once(std::future::ready(Ok(part))).chain(cut))
        }
    };
    // A fault with an impossible header or status is a mistake in the test: say so.
    builder.body(body).unwrap_or_else(|_| {
        (axum::http::StatusCode::INTERNAL_SERVER_ERROR, "bad fault").into_response()
    })
}

#[cfg(test)]
mod tests {
    use super::tenant_of;

    #[test]
    fn the_first_label_names_the_tenant() {
        let cases = [
            ("127.0.0.1:80", "acme"),
            ("localhost:8080", "acme"),
            ("[::1]:80", "acme"),
            ("birch.localhost:80", "birch"),
            ("Birch.localhost", "birch"),
            ("", "acme"),
        ];
        for (host, expected) in cases {
            assert_eq!(tenant_of(Some(host), "acme"), expected, "{host}");
        }
    }
}
