//! A company's HTTP proxy: which origins go through it, and the CONNECT that opens the way.
//!
//! TLS is spoken through the tunnel, so the proxy sees a host name and nothing else. Its password is never printed.

use std::fmt;
use std::io;

use data_encoding::BASE64;
use knosc_bulk_import::origin::Origin;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::error::NetError;

/// The longest answer to CONNECT that is read.
const ANSWER_BYTES_MAX: usize = 8 * 1024;

/// Which proxy to use, and for what not. The default is none.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ProxyConfig {
    url: Option<String>,
    no_proxy: Vec<String>,
}

impl ProxyConfig {
    /// Uses `http://[user:password@]host[:port]` but for the hosts of a comma-separated list.
    ///
    /// An entry is a host, a suffix (`example.com` or `.example.com`), either with a port, or `*` for all.
    pub fn new(url: &str, no_proxy: &str) -> Self {
        let entries = no_proxy.split(',').map(|entry| entry.trim().to_ascii_lowercase());
        let url = Some(url.trim().to_owned()).filter(|url| !url.is_empty());
        Self { url, no_proxy: entries.filter(|entry| !entry.is_empty()).collect() }
    }

    /// Reads `HTTPS_PROXY` and `NO_PROXY`, in upper or lower case as curl does.
    pub fn from_env() -> Self {
        let read = |upper: &str| {
            let lower = upper.to_ascii_lowercase();
            std::env::var(lower).or_else(|_| std::env::var(upper)).unwrap_or_default()
        };
        Self::new(&read("HTTPS_PROXY"), &read("NO_PROXY"))
    }

    /// Whether an origin is asked through it.
    pub fn is_for(&self, origin: &Origin) -> bool {
        !matches!(self.for_origin(origin), Ok(None))
    }

    /// The proxy for an origin; this machine is never asked through one.
    pub(super) fn for_origin(&self, origin: &Origin) -> Result<Option<Proxy>, NetError> {
        let Some(url) = &self.url else { return Ok(None) };
        if origin.is_loopback() || self.no_proxy.iter().any(|entry| covers(entry, origin)) {
            return Ok(None);
        }
        Proxy::parse(url).map(Some).ok_or_else(|| {
            NetError::configuration(
                "the proxy's address cannot be read".to_owned(),
                "a proxy's address looks like http://proxy.example.com:3128",
            )
        })
    }
}

impl fmt::Debug for ProxyConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyConfig")
            .field("set", &self.url.is_some())
            .field("no_proxy", &self.no_proxy)
            .finish_non_exhaustive()
    }
}

fn covers(entry: &str, origin: &Origin) -> bool {
    if entry == "*" {
        return true;
    }
    let (name, port) = match entry.rsplit_once(':') {
        // A v6 address without brackets has more than one colon.
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, Some(port)),
        _ => (entry, None),
    };
    if port.is_some_and(|port| port != origin.port().to_string()) {
        return false;
    }
    let bare = |name: &str| name.trim_start_matches('[').trim_end_matches(']').to_owned();
    let (name, host) = (bare(name.trim_start_matches('.')), bare(origin.host()));
    host == name || host.strip_suffix(&name).is_some_and(|front| front.ends_with('.'))
}

/// A proxy's address and what opens it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Proxy {
    pub(super) host: String,
    pub(super) port: u16,
    /// The value of `Proxy-Authorization`.
    authorization: Option<String>,
}

impl Proxy {
    fn parse(url: &str) -> Option<Self> {
        let rest = match url.split_once("://") {
            None => url,
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
            // A proxy that itself wants TLS is rare, and is refused rather than spoken to in the clear.
            Some(_) => return None,
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (user, address) = match authority.rsplit_once('@') {
            Some((user, address)) => (Some(user), address),
            None => (None, authority),
        };
        // The port that curl takes where none is given.
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) if !host.ends_with(':') && !port.ends_with(']') => {
                (host, port.parse().ok()?)
            }
            _ => (address, 1080),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let odd = |character: char| character.is_ascii_control() || character.is_whitespace();
        if host.is_empty() || host.contains(odd) {
            return None;
        }
        let authorization = match user {
            None => None,
            Some(user) => {
                let (name, password) = user.split_once(':').unwrap_or((user, ""));
                let mut plain = unescape(name)?;
                plain.push(b':');
                plain.extend(unescape(password)?);
                Some(format!("Basic {}", BASE64.encode(&plain)))
            }
        };
        Some(Self { host, port, authorization })
    }

    /// Asks the proxy to connect to the origin; afterwards the stream is the origin's.
    pub(super) async fn tunnel(
        &self,
        tcp: &mut TcpStream,
        origin: &Origin,
    ) -> Result<(), NetError> {
        let failed = |error: io::Error| NetError::Proxy(error.to_string());
        let target = format!("{}:{}", origin.host(), origin.port());
        let authorization = self
            .authorization
            .as_ref()
            .map(|value| format!("Proxy-Authorization: {value}\r\n"))
            .unwrap_or_default();
        let request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{authorization}\r\n");
        tcp.write_all(request.as_bytes()).await.map_err(failed)?;

        // Byte by byte: what follows the head belongs to TLS. It is some hundred bytes once a connection.
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            if answer.len() >= ANSWER_BYTES_MAX {
                return Err(NetError::Proxy("its answer is too long".to_owned()));
            }
            answer.push(tcp.read_u8().await.map_err(failed)?);
        }
        match status_of(&answer) {
            Some(200..=299) => Ok(()),
            Some(status) => Err(NetError::Proxy(format!("it answered {status}"))),
            None => Err(NetError::Proxy("its answer is not HTTP".to_owned())),
        }
    }
}

/// The status of `HTTP/1.x NNN …`.
fn status_of(head: &[u8]) -> Option<u16> {
    let digits = head.strip_prefix(b"HTTP/1.")?.get(1..5)?.strip_prefix(b" ")?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Undoes percent escapes; `None` for one that is broken.
fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            plain.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        let value = digit()? * 16 + digit()?;
        plain.push(u8::try_from(value).ok()?);
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxied(url: &str, no_proxy: &str, origin: &str) -> Option<(String, u16)> {
        let proxy = ProxyConfig::new(url, no_proxy).for_origin(&origin.parse().unwrap()).unwrap();
        proxy.map(|proxy| (proxy.host, proxy.port))
    }

    #[test]
    fn which_origins_go_through_a_proxy() {
        let acme = "https://acme.knosc.com";
        let through = Some(("proxy".to_owned(), 3128));
        for (no_proxy, origin, expected) in [
            ("", acme, &through),
            ("", "https://localhost", &None),
            ("", "http://127.0.0.1:9", &None),
            ("*", acme, &None),
            ("acme.knosc.com", acme, &None),
            ("knosc.com", acme, &None),
            (" other , .Knosc.com ", acme, &None),
            ("osc.com", acme, &through),
            ("me.knosc.com", acme, &through),
            ("knosc.com:443", acme, &None),
            ("knosc.com:8443", acme, &through),
            ("[2606:4700::1]", "https://[2606:4700::1]", &None),
        ] {
            assert_eq!(
                &proxied("http://proxy:3128", no_proxy, origin),
                expected,
                "{no_proxy} {origin}"
            );
        }
        assert_eq!(proxied("", "", acme), None);
    }

    #[test]
    fn addresses_and_passwords() {
        let proxy = Proxy::parse("http://me:p%40ss%3a@[::1]:8080/").unwrap();
        assert_eq!((proxy.host.as_str(), proxy.port), ("::1", 8080));
        assert_eq!(proxy.authorization.as_deref(), Some("Basic bWU6cEBzczo="));
        assert_eq!(Proxy::parse("proxy").map(|proxy| proxy.port), Some(1080));
        for broken in
            ["https://proxy:1", "http://:1", "http://proxy:x", "http://a%zz@proxy", "http://a b:1"]
        {
            assert!(Proxy::parse(broken).is_none(), "{broken}");
        }
        let printed = format!("{:?}", ProxyConfig::new("http://me:canary@proxy", "a"));
        assert!(!printed.contains("canary"), "{printed}");
    }
}
