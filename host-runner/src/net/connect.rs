//! From an origin to an open stream: address, socket, proxy, TLS, each with its own time.
//!
//! Sends nothing of a request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use knosc_bulk_import::origin::Origin;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use super::config::{ClientConfig, Timeouts};
use super::error::NetError;
#[cfg(feature = "own-ca")]
use super::own_ca;
#[cfg(feature = "proxy")]
use super::proxy::Proxy;
use super::resolve::{self, Resolver};
use super::tls;
use crate::failpoint;

/// A stream of any kind.
pub(super) type Stream = Box<dyn Io>;

/// What HTTP needs of a stream.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Io for S {}

/// Opens streams to one origin.
pub(super) struct Connector {
    origin: Origin,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    #[cfg(feature = "proxy")]
    proxy: Option<Proxy>,
    allow_private: bool,
    resolver: Resolver,
    timeouts: Timeouts,
}

impl Connector {
    /// Reads the certificates and the proxy's address, once.
    pub(super) fn new(origin: &Origin, config: &ClientConfig) -> Result<Self, NetError> {
        let tls = if origin.is_https() {
            let host = origin.host().trim_start_matches('[').trim_end_matches(']').to_owned();
            let name = ServerName::try_from(host).map_err(|error| {
                NetError::configuration(error.to_string(), "check the host in the base URL")
            })?;
            let roots = tls::system();
            #[cfg(feature = "own-ca")]
            let roots = own_ca::added(roots, &config.ca_files)?;
            Some((TlsConnector::from(Arc::new(tls::trusting(roots)?)), name))
        } else {
            None
        };
        Ok(Self {
            origin: origin.clone(),
            tls,
            #[cfg(feature = "proxy")]
            proxy: config.proxy.for_origin(origin)?,
            allow_private: config.allow_private,
            resolver: config.resolver.clone(),
            timeouts: config.timeouts,
        })
    }

    /// The name that a certificate has to be of.
    #[cfg(feature = "chain")]
    pub(super) fn server_name(&self) -> Option<&ServerName<'static>> {
        self.tls.as_ref().map(|(_, name)| name)
    }

    pub(super) async fn connect(&self) -> Result<Stream, NetError> {
        failpoint::reach("connect");
        let tcp = self.tcp().await?;
        // A poll's request is one small segment that must not wait for an acknowledgement; a failure costs only time.
        _ = tcp.set_nodelay(true);
        keep_little_unsent(&tcp);
        failpoint::reach("connected");
        let Some((connector, name)) = &self.tls else { return Ok(Box::new(tcp)) };
        match timeout(self.timeouts.tls, connector.connect(name.clone(), tcp)).await {
            Err(_) => Err(NetError::TlsTimeout),
            Ok(Err(error)) => Err(tls::explain(&error)),
            Ok(Ok(stream)) => Ok(Box::new(stream)),
        }
    }

    /// Where a connection is made to, all of it checked: the proxy's addresses where there is one, else the origin's.
    async fn targets(&self) -> Result<Vec<SocketAddr>, NetError> {
        let Self { resolver, timeouts: Timeouts { dns, .. }, .. } = self;
        #[cfg(feature = "proxy")]
        if let Some(proxy) = &self.proxy {
            resolve::vet_literal(&self.origin, self.allow_private)?;
            return resolve::proxy_addresses(resolver, &proxy.host, proxy.port, *dns).await;
        }
        resolve::origin_addresses(resolver, &self.origin, self.allow_private, *dns).await
    }

    pub(super) async fn tcp(&self) -> Result<TcpStream, NetError> {
        let connect = self.timeouts.connect;
        let tcp = dial(&self.targets().await?, connect).await?;
        #[cfg(feature = "proxy")]
        if let Some(proxy) = &self.proxy {
            let mut tcp = tcp;
            return match timeout(connect, proxy.tunnel(&mut tcp, &self.origin)).await {
                Ok(tunnelled) => tunnelled.map(|()| tcp),
                Err(_) => Err(NetError::ConnectTimeout),
            };
        }
        Ok(tcp)
    }
}

/// Bytes that the system may hold for a socket before it sends them. Left to itself it takes megabytes: a file would count as sent,
/// and its answer as overdue, long before a slow line has carried it. A line of 64 KiB/s carries these in two seconds.
#[cfg(any(target_os = "android", target_os = "linux"))]
const UNSENT_BYTES_MAX: u32 = 128 * 1024;

/// Elsewhere, or if the system refuses: the seal comes earlier than it could, and no verdict is wrong.
fn keep_little_unsent(tcp: &TcpStream) {
    #[cfg(any(target_os = "android", target_os = "linux"))]
    {
        _ = socket2::SockRef::from(tcp).set_tcp_notsent_lowat(UNSENT_BYTES_MAX);
    }
    #[cfg(not(any(target_os = "android", target_os = "linux")))]
    let _ = tcp;
}

/// Tries the addresses in order. The time is shared, so that one that never answers leaves some for the next.
async fn dial(addresses: &[SocketAddr], limit: Duration) -> Result<TcpStream, NetError> {
    let end = Instant::now() + limit;
    let mut last = NetError::ConnectTimeout;
    for (at, address) in addresses.iter().enumerate() {
        let left = u32::try_from(addresses.len().saturating_sub(at)).unwrap_or(u32::MAX).max(1);
        let share = end.saturating_duration_since(Instant::now()) / left;
        last = match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => NetError::Connect(format!("{address}: {error}")),
            Err(_) => NetError::ConnectTimeout,
        };
    }
    Err(last)
}

#[cfg(test)]
#[cfg(feature = "resolver")]
mod tests;
