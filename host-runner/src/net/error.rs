//! Why an exchange failed, and whether anything had left.
//!
//! Holds no header, no body and no credential, so that every case may be logged.

use knosc_bulk_import::fault::Advice;

use crate::egress::Denial;

/// Whether a request had left when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentBytes {
    /// Not one byte of the request was written.
    Nothing,
    /// At least one byte may have arrived.
    Some,
}

/// Why an exchange came to no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetError {
    /// A rule of this host forbids the request or the address.
    #[error("denied by the rule '{}': {}", .0.rule(), .0)]
    Denied(#[from] Denial),
    /// The client cannot be set up: a certificate file, the proxy's address.
    #[error("{message}")]
    Configuration {
        /// What is wrong.
        message: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// The host name has no address, or the resolver did not answer in time.
    #[error("no address for '{host}': {message}")]
    Dns {
        /// The host.
        host: String,
        /// What the resolver said.
        message: String,
    },
    /// Refused or unreachable.
    #[error("no connection: {0}")]
    Connect(String),
    /// Nobody took the connection in time.
    #[error("no connection in time")]
    ConnectTimeout,
    /// The TLS handshake failed, not because of the certificate.
    #[error("no secure connection: {0}")]
    Tls(String),
    /// The server's certificate is not trusted.
    #[error("the server's certificate is not trusted: {0}")]
    UntrustedCertificate(String),
    /// The TLS handshake did not end in time.
    #[error("no secure connection in time")]
    TlsTimeout,
    /// The proxy refused, or does not speak HTTP.
    #[error("the proxy did not connect: {0}")]
    Proxy(String),
    /// The server took no byte for too long.
    #[error("the server stopped taking bytes")]
    WriteStall(SentBytes),
    /// The request had left whole, and no answer came in time.
    #[error("no answer in time")]
    AnswerTimeout(SentBytes),
    /// The answer's body stopped coming.
    #[error("the answer stopped in the middle")]
    BodyIdle,
    /// The answer kept coming, and did not end in time.
    #[error("the answer did not end in time")]
    AnswerTooSlow,
    /// The connection ended before the answer did.
    #[error("the connection ended: {message}")]
    Closed {
        /// Whether anything had left.
        sent: SentBytes,
        /// What the system said.
        message: String,
    },
    /// What came is no HTTP/1.1 answer.
    #[error("the answer is not HTTP: {message}")]
    Protocol {
        /// Whether anything had left.
        sent: SentBytes,
        /// What the parser said.
        message: String,
    },
    /// The answer's head is longer than any that is taken.
    #[error("the answer's head is too large")]
    AnswerTooLarge,
    /// The request's own body failed or was shorter than it said.
    #[error("the request's body failed")]
    Body(SentBytes),
}

impl NetError {
    /// Whether anything of the request had left. Never says `Nothing` when it might have.
    pub const fn sent(&self) -> SentBytes {
        match self {
            Self::Denied(_)
            | Self::Configuration { .. }
            | Self::Dns { .. }
            | Self::Connect(_)
            | Self::ConnectTimeout
            | Self::Tls(_)
            | Self::UntrustedCertificate(_)
            | Self::TlsTimeout
            | Self::Proxy(_) => SentBytes::Nothing,
            Self::WriteStall(sent)
            | Self::AnswerTimeout(sent)
            | Self::Body(sent)
            | Self::Closed { sent, .. }
            | Self::Protocol { sent, .. } => *sent,
            Self::BodyIdle | Self::AnswerTooSlow | Self::AnswerTooLarge => SentBytes::Some,
        }
    }

    /// What the caller may do next, for a request that may be made again. Whether an upload may be is for the run to decide.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::Denied(_)
            | Self::Configuration { .. }
            | Self::UntrustedCertificate(_)
            | Self::Proxy(_) => Advice::AskOperator,
            Self::Body(_) => Advice::MendInput,
            _ => Advice::CallAgain,
        }
    }

    /// What hyper made of a connection that ended, or said something else than HTTP.
    pub(super) fn broken(error: &hyper::Error, sent: SentBytes) -> Self {
        let message = error.to_string();
        if error.is_parse() {
            Self::Protocol { sent, message }
        } else {
            Self::Closed { sent, message }
        }
    }

    pub(super) const fn configuration(message: String, hint: &'static str) -> Self {
        Self::Configuration { message, hint }
    }
}
