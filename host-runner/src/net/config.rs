//! How a client connects: trust, proxy, and how long each phase may take.
//!
//! Values only; nothing is read or checked before a client is made.

#[cfg(feature = "own-ca")]
use std::path::PathBuf;
use std::time::Duration;

use super::resolve::Resolver;

#[cfg(feature = "proxy")]
use super::proxy::ProxyConfig;

/// How a client connects. The default trusts the system's authorities and uses no proxy.
#[derive(Clone, Debug, Default)]
pub struct ClientConfig {
    /// PEM files of certificate authorities that are trusted besides the system's.
    #[cfg(feature = "own-ca")]
    pub ca_files: Vec<PathBuf>,
    /// The company's proxy.
    #[cfg(feature = "proxy")]
    pub proxy: ProxyConfig,
    /// How long each phase may take.
    pub timeouts: Timeouts,
    /// Lets the origin have addresses of a company's own network (RFC 1918, `fc00::/7`). Off: a name that points inwards is refused.
    pub allow_private: bool,
    /// Sends `traceparent` with each request, so that the other side's traces join ours.
    #[cfg(feature = "otlp")]
    pub traceparent: bool,
    /// Who is asked for the addresses of names. What it says is checked, whoever it is.
    pub resolver: Resolver,
}

/// How long each phase of an exchange may take. None counts the upload itself: a large file on a slow line is no fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until the resolver answers.
    pub dns: Duration,
    /// Until one of the addresses took the connection, the proxy's answer included.
    pub connect: Duration,
    /// Until the TLS handshake is done.
    pub tls: Duration,
    /// How long the server may take no byte at all.
    pub write_stall: Duration,
    /// From the last byte of the request to the answer's head. Knosc stores and queues a file in this time.
    pub first_answer: Duration,
    /// Between two pieces of an answer's body.
    pub body_idle: Duration,
    /// From the last byte of the request to the last byte of the answer, head and body together: an answer that drips ends too. In
    /// this time 70 kB a second carry the largest answer that is read, 8 MiB. `None` where the caller bounds the exchange itself.
    pub answer_total: Option<Duration>,
    /// How long an upload of 1 MiB or more waits for `100 Continue` before its body leaves all the same. A second, as in curl.
    pub expect: Duration,
    /// How long a connection is kept for the next read. Common servers close theirs after 60 s or more.
    pub kept: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            dns: Duration::from_secs(5),
            connect: Duration::from_secs(10),
            tls: Duration::from_secs(10),
            write_stall: Duration::from_secs(30),
            first_answer: Duration::from_mins(2),
            body_idle: Duration::from_secs(30),
            answer_total: Some(Duration::from_mins(2)),
            expect: Duration::from_secs(1),
            kept: Duration::from_secs(30),
        }
    }
}
