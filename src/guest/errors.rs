//! What each of wasi-http's error codes means for whoever sent something: the one table of it.
//!
//! Reads codes, never their texts.

use wasi::http::types::ErrorCode;

use super::grants::EGRESS;
use crate::fault::Fault;
use crate::protocol::{Sent, classify};

/// What a code says of the request.
enum Meaning {
    /// The host did not let it out.
    Denied,
    /// No trusted TLS connection came about, so that not one byte of HTTP left.
    Untrusted,
    /// There was no connection, or the host took the request for none.
    NothingSent,
    /// `Content-Length` was not met: the server cannot have a whole request.
    PartSent,
    /// It broke somewhere on its way; only the sender knows how far it was.
    Broke,
}

/// The fault of an exchange that ended in an error code, `sent` being the most that can have left.
pub(super) fn fault(code: &ErrorCode, origin: &str, sent: Sent) -> Fault {
    let (meaning, what) = meaning(code);
    match meaning {
        Meaning::Denied => Fault::PermanentDenied(format!(
            "the host refused the request to {origin} ({what}); whoever runs it must allow this origin{EGRESS}"
        )),
        Meaning::Untrusted => Fault::PermanentDenied(format!(
            "the certificate of {origin} is not trusted, or no TLS connection was possible ({what}); nothing was sent"
        )),
        Meaning::NothingSent => {
            classify::unanswered(Sent::Nothing, format!("{origin} was not reached: {what}"))
        }
        Meaning::PartSent => classify::unanswered(
            sent.min(Sent::Part),
            format!("the request to {origin} broke off: {what}"),
        ),
        Meaning::Broke => {
            classify::unanswered(sent.max(Sent::Part), format!("no answer of {origin}: {what}"))
        }
    }
}

const fn meaning(code: &ErrorCode) -> (Meaning, &'static str) {
    match code {
        ErrorCode::HttpRequestDenied => (Meaning::Denied, "request denied"),
        ErrorCode::DestinationIpProhibited => (Meaning::Denied, "address prohibited"),
        ErrorCode::TlsCertificateError => (Meaning::Untrusted, "certificate error"),
        // The handshake's error in wasmtime; what breaks TLS later comes as an HTTP protocol error there.
        ErrorCode::TlsProtocolError => (Meaning::Untrusted, "TLS protocol error"),
        ErrorCode::DnsTimeout => (Meaning::NothingSent, "DNS timeout"),
        ErrorCode::DnsError(_) => (Meaning::NothingSent, "DNS error"),
        ErrorCode::DestinationNotFound => (Meaning::NothingSent, "destination not found"),
        ErrorCode::DestinationUnavailable => (Meaning::NothingSent, "destination unavailable"),
        ErrorCode::DestinationIpUnroutable => (Meaning::NothingSent, "address unroutable"),
        ErrorCode::ConnectionRefused => (Meaning::NothingSent, "connection refused"),
        ErrorCode::ConnectionTimeout => (Meaning::NothingSent, "connection timeout"),
        ErrorCode::ConnectionLimitReached => (Meaning::NothingSent, "connection limit reached"),
        ErrorCode::HttpRequestLengthRequired => (Meaning::NothingSent, "length required"),
        ErrorCode::HttpRequestMethodInvalid => (Meaning::NothingSent, "method invalid"),
        ErrorCode::HttpRequestUriInvalid => (Meaning::NothingSent, "URI invalid"),
        ErrorCode::HttpRequestUriTooLong => (Meaning::NothingSent, "URI too long"),
        ErrorCode::HttpRequestHeaderSectionSize(_) => (Meaning::NothingSent, "headers too large"),
        ErrorCode::HttpRequestHeaderSize(_) => (Meaning::NothingSent, "header too large"),
        ErrorCode::ConfigurationError => (Meaning::NothingSent, "configuration error of the host"),
        ErrorCode::HttpRequestBodySize(_) => (Meaning::PartSent, "body size"),
        // An alert may come after the handshake, on a request that was read.
        ErrorCode::TlsAlertReceived(_) => (Meaning::Broke, "TLS alert"),
        ErrorCode::ConnectionTerminated => (Meaning::Broke, "connection terminated"),
        ErrorCode::ConnectionReadTimeout => (Meaning::Broke, "read timeout"),
        ErrorCode::ConnectionWriteTimeout => (Meaning::Broke, "write timeout"),
        ErrorCode::HttpResponseTimeout => (Meaning::Broke, "response timeout"),
        ErrorCode::HttpResponseIncomplete => (Meaning::Broke, "response incomplete"),
        ErrorCode::HttpProtocolError => (Meaning::Broke, "HTTP protocol error"),
        _ => (Meaning::Broke, "an error of the host's HTTP client"),
    }
}
