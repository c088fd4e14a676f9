//! HTTP/1.1 to one origin: sockets, TLS, timers, and what is known of a request that failed.
//!
//! Knows no Knosc route and no session. Never sends a body twice: only a GET on a connection that the server had already closed,
//! and an upload whose `Expect` was refused before a byte of its body left, go out again. Never follows a redirect, and never
//! connects to an address that `egress` denies.

mod body;
#[cfg(feature = "chain")]
pub mod chain;
mod client;
mod config;
mod connect;
mod connection;
mod error;
mod expect;
mod meter;
mod metered;
#[cfg(feature = "own-ca")]
mod own_ca;
#[cfg(feature = "proxy")]
mod proxy;
mod resolve;
mod tls;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;

pub use client::Client;
pub(crate) use client::declared_length;
#[cfg(feature = "otlp")]
pub(crate) use client::read_up_to;
pub use config::{ClientConfig, Timeouts};
pub use error::{NetError, SentBytes};
pub use meter::{Ended, UploadMeter};
#[cfg(feature = "proxy")]
pub use proxy::ProxyConfig;
#[cfg(feature = "resolver")]
pub use resolve::Resolve;
pub use resolve::Resolver;

/// A request's body, of a length that is known before.
pub type OutBody = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// An answer's body. The connection lives as long as it does.
pub type InBody = UnsyncBoxBody<Bytes, NetError>;
