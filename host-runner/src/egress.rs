//! Which requests may leave for a tenant, and which addresses they may reach.
//!
//! Pure rules over values; whoever sends asks first. Nothing is granted that is not written here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::{Method, Uri};
use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::trigger::Trigger;

/// A request that may not leave. Names the rule, and never a query, a header or a body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Denial {
    /// Another scheme, host or port, or no absolute URI.
    #[error("only {allowed} may be asked, not '{asked}'")]
    Origin {
        /// The tenant's origin.
        allowed: String,
        /// What was asked, without path and query.
        asked: String,
    },
    /// A user name or password in the URI.
    #[error("a URI must not carry a user name or password")]
    UserInfo,
    /// Neither GET nor POST.
    #[error("method {0} is not allowed")]
    Method(Method),
    /// `..`, `//`, a backslash or a percent sign: a path that two readers may read differently.
    #[error(
        "the path is ambiguous: dot segments, empty segments, backslashes and percent signs are not allowed"
    )]
    AmbiguousPath,
    /// A path that is not part of the import, or with the other method.
    #[error("{method} {path} is not part of Knosc's import")]
    Path {
        /// The method.
        method: Method,
        /// The path, cut where it is long.
        path: String,
    },
    /// A link that is no address.
    #[cfg(feature = "account")]
    #[error("a link of Knosc's cannot be read as an address")]
    Link,
    /// An address that is not public, of the host or of one of several addresses of it.
    #[error("'{host}' has the address {address}, which is not public")]
    Address {
        /// The host.
        host: String,
        /// Its first address that is denied.
        address: IpAddr,
    },
    /// A body of unknown length, or of two.
    #[error("a request needs exactly one Content-Length")]
    Length,
    /// No request at all.
    #[error("a header value or the path has a character that HTTP does not allow")]
    Malformed,
    /// A query where Knosc takes none.
    #[error("{path} takes no query")]
    Query {
        /// The path.
        path: String,
    },
}

impl Denial {
    /// The rule's name, for logs.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Origin { .. } => "origin",
            Self::UserInfo => "user-info",
            Self::Method(_) => "method",
            Self::AmbiguousPath => "ambiguous-path",
            Self::Path { .. } => "path",
            #[cfg(feature = "account")]
            Self::Link => "link",
            Self::Query { .. } => "query",
            Self::Address { .. } => "address",
            Self::Length => "content-length",
            Self::Malformed => "request",
        }
    }
}

/// What one tenant may ask: one origin, and the routes of Knosc's import.
#[derive(Clone, Debug)]
pub struct Egress {
    origin: Origin,
}

/// Routes that are asked with POST and no query.
const POST_ROUTES: [&str; 4] =
    ["/api/authenticate", "/api/verify-2fa", "/api/token-refresh", "/api/logout"];

/// Characters of a refused path that a message repeats: enough to know it again, too few to flood a log.
const PATH_SHOWN_MAX: usize = 80;

impl Egress {
    /// The routes that Knosc's import needs, on one origin.
    pub fn knosc(origin: &Origin) -> Self {
        Self { origin: origin.clone() }
    }

    /// Says whether the file behind a link of Knosc's own may be asked for: with GET, on the tenant's origin, any plain path.
    ///
    /// For the host alone. A component never asks for more than [`Egress::allows`] says.
    #[cfg(feature = "account")]
    pub fn allows_link(&self, uri: &Uri) -> Result<(), Denial> {
        same_origin(&self.origin, uri)?;
        // A name may have a space or an umlaut in it, and with them percent signs; what they say stays on this origin.
        if is_ambiguous(&uri.path().replace('%', "")) {
            return Err(Denial::AmbiguousPath);
        }
        Ok(())
    }

    /// Says whether a request may leave.
    pub fn allows(&self, method: &Method, uri: &Uri) -> Result<(), Denial> {
        same_origin(&self.origin, uri)?;
        if method != Method::GET && method != Method::POST {
            return Err(Denial::Method(method.clone()));
        }
        let path = uri.path();
        if is_ambiguous(path) {
            return Err(Denial::AmbiguousPath);
        }
        let is_get = method == Method::GET;
        let known = match path {
            "/api/job" | "/api/templates" => is_get,
            _ if POST_ROUTES.contains(&path) => !is_get,
            _ => !is_get && path.strip_prefix("/api/job/").is_some_and(is_trigger),
        };
        if !known {
            let path = path.chars().take(PATH_SHOWN_MAX).collect();
            return Err(Denial::Path { method: method.clone(), path });
        }
        if uri.query().is_some() && path != "/api/job" {
            return Err(Denial::Query { path: path.to_owned() });
        }
        Ok(())
    }
}

/// Says whether a URI is absolute, of this origin, and without user name and password.
pub fn same_origin(origin: &Origin, uri: &Uri) -> Result<(), Denial> {
    let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
    if authority.contains('@') {
        return Err(Denial::UserInfo);
    }
    let https = match uri.scheme_str() {
        Some("https") => Some(true),
        Some("http") => Some(false),
        _ => None,
    };
    let host = uri.host().unwrap_or_default();
    let port = match (authority.len() > host.len(), uri.port_u16()) {
        // `acme.knosc.com:` and a port over 65535 leave text that is no port.
        (true, None) => None,
        (_, Some(port)) => Some(port),
        (false, None) => https.map(|https| if https { 443 } else { 80 }),
    };
    if https == Some(origin.is_https())
        && host.eq_ignore_ascii_case(origin.host())
        && port == Some(origin.port())
    {
        return Ok(());
    }
    let asked = format!("{}://{}", uri.scheme_str().unwrap_or_default(), authority);
    Err(Denial::Origin {
        allowed: origin.to_string(),
        asked: asked.chars().take(PATH_SHOWN_MAX).collect(),
    })
}

fn is_trigger(name: &str) -> bool {
    Trigger::ALL.iter().any(|trigger| trigger.name() == name)
}

/// Whether proxies, frameworks and we might disagree about what a path means. Knosc's own paths need no escape at all.
pub(crate) fn is_ambiguous(path: &str) -> bool {
    !path.starts_with('/')
        || path.contains("//")
        || path.contains(['%', '\\', ';'])
        || path.split('/').any(|segment| segment == "." || segment == "..")
}

/// Says whether an address may be connected to: loopback alone for a loopback origin, else public addresses alone.
///
/// Denied for other origins: this host, private, shared (CGNAT), link-local and so cloud metadata, benchmarking, documentation,
/// multicast and reserved addresses, and every IPv6 form that carries an IPv4 address in it.
pub fn address_allowed(address: IpAddr, loopback_origin: bool) -> bool {
    match (loopback_origin, address) {
        (true, address) => address.is_loopback(),
        (false, IpAddr::V4(address)) => is_public_v4(address),
        (false, IpAddr::V6(address)) => is_public_v6(address),
    }
}

/// Metadata services at unique local IPv6 addresses: of Google, Oracle and Scaleway. Amazon's are a whole prefix.
const METADATA_V6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254),
    Ipv6Addr::new(0xfd00, 0x00c1, 0, 0, 0, 0, 0xa9fe, 0xa9fe),
    Ipv6Addr::new(0xfd00, 0x0042, 0, 0, 0, 0, 0, 0x0042),
];

/// Says whether an address belongs to a company's own network: RFC 1918, or a unique local IPv6 address. Never a metadata service.
pub fn is_private_network(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private(),
        IpAddr::V6(address) => {
            address.is_unique_local()
                && address.segments().get(..2) != Some(&[0xfd00, 0x0ec2])
                && !METADATA_V6.contains(&address)
        }
    }
}

/// Says whether the address of a company's proxy may be connected to: a public one, one of the company's network, or this machine.
///
/// Whoever starts the host names the proxy. A name that leads to a metadata service or to the host's own network is refused all the same.
#[cfg(feature = "proxy")]
pub fn proxy_address_allowed(address: IpAddr) -> bool {
    address_allowed(address, false) || address.is_loopback() || is_private_network(address)
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let denied = a == 0
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (18..20).contains(&b))
        // Protocol assignments, and the former 6to4 relays.
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        // A cloud's platform address, which answers like a metadata service.
        || address == Ipv4Addr::new(168, 63, 129, 16);
    !denied
}

/// Only `2000::/3` is given out; within it, what tunnels or documents is taken out again.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let global = a & 0xe000 == 0x2000;
    let protocol_or_teredo = a == 0x2001 && b < 0x0200;
    let documentation = (a == 0x2001 && b == 0x0db8) || (a == 0x3fff && b < 0x1000);
    let six_to_four = a == 0x2002;
    global && !protocol_or_teredo && !documentation && !six_to_four
}
