//! From an origin to the addresses that may be connected to.
//!
//! Resolves once; whoever connects uses these addresses and never the name again, so that a second answer cannot differ.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use knosc_bulk_import::origin::Origin;

use super::error::NetError;
#[cfg(feature = "resolver")]
use crate::BoxFuture;
#[cfg(feature = "proxy")]
use crate::egress::proxy_address_allowed;
use crate::egress::{Denial, address_allowed, is_private_network};

/// Finds the addresses of a host.
#[cfg(feature = "resolver")]
pub trait Resolve: Send + Sync {
    /// All addresses of this name, with this port, in the order in which they are tried.
    ///
    /// # Errors
    /// What the resolver says where it knows none.
    fn addresses<'a>(
        &'a self,
        host: &'a str,
        port: u16,
    ) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>>;
}

/// Whoever is asked for addresses: the system by default. Asked once for each connection, and never trusted.
#[derive(Clone, Debug, Default)]
pub struct Resolver(#[cfg(feature = "resolver")] Option<std::sync::Arc<dyn Resolve>>);

impl Resolver {
    /// A resolver of one's own.
    #[cfg(feature = "resolver")]
    pub fn new(resolve: impl Resolve + 'static) -> Self {
        Self(Some(std::sync::Arc::new(resolve)))
    }

    async fn addresses(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        #[cfg(feature = "resolver")]
        if let Some(own) = &self.0 {
            return own.addresses(host, port).await;
        }
        Ok(tokio::net::lookup_host((host, port)).await?.collect())
    }
}

#[cfg(feature = "resolver")]
impl std::fmt::Debug for dyn Resolve {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Resolve")
    }
}

/// Finds an origin's addresses, all of them allowed, in the resolver's order.
pub(super) async fn origin_addresses(
    resolver: &Resolver,
    origin: &Origin,
    allow_private: bool,
    limit: Duration,
) -> Result<Vec<SocketAddr>, NetError> {
    let addresses = if let Some(address) = literal(origin) {
        vec![SocketAddr::new(address, origin.port())]
    } else if origin.is_loopback() {
        // RFC 6761: such names never go to a resolver.
        let own = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        own.map(|address| SocketAddr::new(address, origin.port())).to_vec()
    } else {
        look_up(resolver, origin.host(), origin.port(), limit).await?
    };
    vet(origin, allow_private, &addresses)?;
    Ok(addresses)
}

/// Finds the addresses of a company's proxy, all of them allowed.
#[cfg(feature = "proxy")]
pub(super) async fn proxy_addresses(
    resolver: &Resolver,
    host: &str,
    port: u16,
    limit: Duration,
) -> Result<Vec<SocketAddr>, NetError> {
    let addresses = look_up(resolver, host, port, limit).await?;
    let denied = addresses.iter().map(SocketAddr::ip).find(|found| !proxy_address_allowed(*found));
    match denied {
        None => Ok(addresses),
        Some(address) => Err(Denial::Address { host: host.to_owned(), address }.into()),
    }
}

/// Asks the resolver.
async fn look_up(
    resolver: &Resolver,
    host: &str,
    port: u16,
    limit: Duration,
) -> Result<Vec<SocketAddr>, NetError> {
    let failed = |message: String| NetError::Dns { host: host.to_owned(), message };
    match tokio::time::timeout(limit, resolver.addresses(host, port)).await {
        Err(_) => Err(failed("the resolver did not answer in time".to_owned())),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Ok(Ok(found)) if found.is_empty() => Err(failed("no address".to_owned())),
        Ok(Ok(found)) => Ok(found),
    }
}

/// Refuses all addresses if one is denied: a name that points both outwards and inwards is an attack, or a mistake.
pub(super) fn vet(
    origin: &Origin,
    allow_private: bool,
    addresses: &[SocketAddr],
) -> Result<(), NetError> {
    let loopback = origin.is_loopback();
    let allowed = |address: IpAddr| {
        address_allowed(address, loopback)
            || (allow_private && !loopback && is_private_network(address))
    };
    let denied = addresses.iter().map(SocketAddr::ip).find(|address| !allowed(*address));
    match denied {
        None => Ok(()),
        Some(address) => Err(Denial::Address { host: origin.host().to_owned(), address }.into()),
    }
}

/// Refuses an origin that is a denied address in itself, for connections whose names a proxy resolves.
#[cfg(feature = "proxy")]
pub(super) fn vet_literal(origin: &Origin, allow_private: bool) -> Result<(), NetError> {
    literal(origin).map_or(Ok(()), |address| {
        vet(origin, allow_private, &[SocketAddr::new(address, origin.port())])
    })
}

fn literal(origin: &Origin) -> Option<IpAddr> {
    origin.host().trim_start_matches('[').trim_end_matches(']').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(origin: &str, allow_private: bool, addresses: &[&str]) -> bool {
        let addresses: Vec<SocketAddr> =
            addresses.iter().map(|a| SocketAddr::new(a.parse().unwrap(), 443)).collect();
        vet(&origin.parse().unwrap(), allow_private, &addresses).is_ok()
    }

    #[test]
    fn one_denied_address_denies_them_all() {
        assert!(verdict("https://acme.knosc.com", false, &["8.8.8.8", "2606:4700::1"]));
        assert!(!verdict("https://acme.knosc.com", false, &["8.8.8.8", "127.0.0.1"]));
        assert!(!verdict("https://acme.knosc.com", false, &["8.8.8.8", "::ffff:8.8.8.8"]));
        assert!(!verdict("https://acme.knosc.com", false, &["10.0.0.1"]));
        assert!(verdict("https://acme.knosc.com", true, &["10.0.0.1", "fd12::1"]));
        assert!(!verdict("https://acme.knosc.com", true, &["10.0.0.1", "169.254.169.254"]));
        assert!(!verdict("https://acme.knosc.com", true, &["127.0.0.1"]));
        assert!(verdict("http://acme.localhost:1", false, &["127.0.0.1", "::1"]));
        assert!(!verdict("http://acme.localhost:1", true, &["10.0.0.1"]));
    }
}
