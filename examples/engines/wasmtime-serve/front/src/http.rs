//! What comes in and what goes out: whole bodies, bounded. Knows nothing of Knosc.

use std::io::Write as _;

use serde_json::{Value, json};
use wasip2::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasip2::io::streams::StreamError;

/// Longest body. It is held whole, here and in the component: what is longer goes by `path`.
const BODY_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// So much of a body is taken at once.
const PIECE_BYTES: u64 = 64 * 1024;

/// A status and what stands below it.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after_s: Option<u64>,
    pub(crate) json: Value,
}

impl Answer {
    /// What the front itself refuses, before the component is called.
    pub(crate) fn refused(status: u16, tag: &str, why: &str) -> Self {
        Self { status, retry_after_s: None, json: json!({ "err": { "tag": tag, "val": why } }) }
    }

    fn invalid(status: u16, why: &str) -> Self {
        Self::refused(status, "permanent-invalid", why)
    }
}

/// The body, whole or not at all: one that broke off must not pass for a shorter file.
pub(crate) fn body(request: &IncomingRequest) -> Result<Vec<u8>, Answer> {
    let length = request.headers().get("content-length");
    let length = length.first().and_then(|value| str::from_utf8(value).ok()?.parse::<u64>().ok());
    let length = length.ok_or_else(|| Answer::invalid(411, "a body needs Content-Length"))?;
    if length > BODY_BYTES_MAX {
        return Err(Answer::invalid(
            413,
            &format!("{length} bytes, at most {BODY_BYTES_MAX}: pass the file by path"),
        ));
    }
    let broken = || Answer::invalid(400, "the body broke off; nothing was sent");
    let incoming = request.consume().map_err(|()| broken())?;
    let stream = incoming.stream().map_err(|()| broken())?;
    let mut bytes = Vec::new();
    while bytes.len() as u64 <= length {
        match stream.blocking_read(PIECE_BYTES) {
            Ok(piece) => bytes.extend_from_slice(&piece),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(_)) => return Err(broken()),
        }
    }
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(broken()) }
}

/// Sends the answer. Where the client is gone there is nobody to tell.
pub(crate) fn send(out: ResponseOutparam, answer: &Answer) {
    let headers = Fields::new();
    let mut head = vec![("content-type", "application/json".to_owned())];
    head.extend(answer.retry_after_s.map(|seconds| ("retry-after", seconds.to_string())));
    for (name, value) in head {
        _ = headers.append(name, value.as_bytes());
    }
    let response = OutgoingResponse::new(headers);
    _ = response.set_status_code(answer.status);
    let Ok(body) = response.body() else { return };
    ResponseOutparam::set(out, Ok(response));
    if let Ok(mut stream) = body.write() {
        _ = stream.write_all(answer.json.to_string().as_bytes());
        _ = stream.write_all(b"\n");
    }
    _ = OutgoingBody::finish(body, None);
}
