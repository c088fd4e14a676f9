//! The one place that a tenant's requests go to: an https origin, or http on this machine.
//!
//! Parses and names; connects to nothing. `/api` is always appended by `protocol`, never part of an origin.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Scheme, host and port; `https://acme.knosc.com`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    https: bool,
    /// Lower case; a v6 address keeps its brackets, a name its trailing dot.
    host: String,
    port: Option<u16>,
}

/// Which Knosc an origin belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// `.knosc.com`.
    Production,
    /// `.knosc.io`.
    Test,
    /// A loopback address.
    Local,
    /// Any other host: Knosc behind a name of the company's own.
    Other,
}

impl Environment {
    /// The word for people and for JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Test => "test",
            Self::Local => "local",
            Self::Other => "other",
        }
    }
}

/// A base URL that is no origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginError {
    /// Neither https nor http.
    #[error("the base URL must start with https://")]
    Scheme,
    /// http beyond this machine: cookies would travel in the clear.
    #[error(
        "http is only taken for this machine (127.0.0.1, [::1], localhost); '{host}' needs https"
    )]
    Plain {
        /// The host that was named.
        host: String,
    },
    /// A user name or password in the URL.
    #[error("the base URL must not carry a user name or password")]
    UserInfo,
    /// A path other than `/` and `/api`, a query or a fragment.
    #[error("the base URL must end after the host, or with /api")]
    Path,
    /// No host, a character that no host has, or a port that is no number.
    #[error("the base URL names no valid host and port")]
    Host,
}

impl OriginError {
    /// What the caller can do about it.
    pub const fn hint(&self) -> &'static str {
        "a base URL looks like https://acme.knosc.com (production) or https://acme.knosc.io (test)"
    }
}

impl Origin {
    /// Reads a base URL with or without `/api`.
    ///
    /// # Errors
    /// One [`OriginError`] for each thing that an origin does not have.
    ///
    /// ```
    /// use knosc_bulk_import::origin::Origin;
    ///
    /// let origin: Origin = "https://Acme.knosc.com/api/".parse()?;
    /// assert_eq!(origin.to_string(), "https://acme.knosc.com");
    /// # Ok::<(), knosc_bulk_import::origin::OriginError>(())
    /// ```
    fn parse(url: &str) -> Result<Self, OriginError> {
        let (scheme, rest) = url.split_once(':').ok_or(OriginError::Scheme)?;
        let rest = rest.strip_prefix("//").ok_or(OriginError::Scheme)?;
        let https = scheme.eq_ignore_ascii_case("https");
        if !https && !scheme.eq_ignore_ascii_case("http") {
            return Err(OriginError::Scheme);
        }
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).ok_or(OriginError::Host)?;
        if authority.contains('@') {
            return Err(OriginError::UserInfo);
        }
        if !matches!(path, "" | "/" | "/api" | "/api/") {
            return Err(OriginError::Path);
        }
        let (host, port) = split_port(authority)?;
        let host = host.to_ascii_lowercase();
        if !is_host(&host) {
            return Err(OriginError::Host);
        }
        let port = port.filter(|port| *port != if https { 443 } else { 80 });
        let origin = Self { https, host, port };
        if !https && !origin.is_loopback() {
            return Err(OriginError::Plain { host: origin.host });
        }
        Ok(origin)
    }

    /// Whether TLS is spoken.
    pub const fn is_https(&self) -> bool {
        self.https
    }

    /// The host as it stands in a URL; a v6 address has brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, the scheme's own where none was given.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(if self.https { 443 } else { 80 })
    }

    /// The name under which a ledger keeps this origin: without a trailing dot, and the same for `localhost`, `127.0.0.1` and `[::1]`.
    /// It says which files belong together; requests go to what was typed.
    ///
    /// ```
    /// use knosc_bulk_import::origin::Origin;
    ///
    /// let typed: Origin = "https://ACME.knosc.com.:443".parse()?;
    /// assert_eq!(typed.ledger_key(), "https://acme.knosc.com");
    /// # Ok::<(), knosc_bulk_import::origin::OriginError>(())
    /// ```
    pub fn ledger_key(&self) -> String {
        let host = match self.dotless() {
            "127.0.0.1" | "[::1]" => "localhost",
            host => host,
        };
        Self { https: self.https, host: host.to_owned(), port: self.port }.to_string()
    }

    /// The host without a trailing dot, which names the same host.
    fn dotless(&self) -> &str {
        self.host.strip_suffix('.').unwrap_or(&self.host)
    }

    /// Host and port as in a `Host` header.
    pub fn authority(&self) -> String {
        self.port.map_or_else(|| self.host.clone(), |port| format!("{}:{port}", self.host))
    }

    /// Whether the origin is this machine.
    pub fn is_loopback(&self) -> bool {
        let host = self.dotless();
        if host == "localhost" || host.ends_with(".localhost") {
            return true;
        }
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        bare.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
            || bare.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback())
    }

    /// Which Knosc this is.
    pub fn environment(&self) -> Environment {
        if self.is_loopback() {
            Environment::Local
        } else if self.dotless().ends_with(".knosc.com") {
            Environment::Production
        } else if self.dotless().ends_with(".knosc.io") {
            Environment::Test
        } else {
            Environment::Other
        }
    }

    /// The tenant's name: the first label of Knosc's own hosts, else the whole authority.
    pub fn tenant(&self) -> String {
        match self.environment() {
            Environment::Production | Environment::Test => {
                self.host.split('.').next().unwrap_or_default().to_owned()
            }
            Environment::Local | Environment::Other => self.authority(),
        }
    }
}

impl std::str::FromStr for Origin {
    type Err = OriginError;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        Self::parse(url)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority())
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), OriginError> {
    let after_address = authority.rfind(']').map_or(0, |at| at + 1);
    let Some(tail) = authority.get(after_address..) else { return Err(OriginError::Host) };
    match tail.find(':') {
        None => Ok((authority, None)),
        Some(at) => {
            let host = authority.get(..after_address + at).ok_or(OriginError::Host)?;
            let digits = tail.get(at + 1..).unwrap_or_default();
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(OriginError::Host);
            }
            let port = digits.parse().map_err(|_| OriginError::Host)?;
            Ok((host, Some(port)))
        }
    }
}

/// Names and v4 addresses of letters, digits, dots and hyphens, or a v6 address in brackets; no zone, no percent. A name may end in a
/// dot.
fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    let host = match host.strip_suffix('.') {
        Some(name) if name.parse::<Ipv4Addr>().is_ok() => return false,
        Some(name) => name,
        None => host,
    };
    !host.is_empty()
        && host.len() <= 253
        && host.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, expected: Result<&str, &OriginError>) {
        let origin = url.parse::<Origin>().map(|origin| origin.to_string());
        assert_eq!(origin.as_deref(), expected.map_err(|_| origin.as_ref().unwrap_err()), "{url}");
        if let Err(error) = expected {
            assert_eq!(origin.as_ref().unwrap_err(), error, "{url}");
        }
    }

    #[test]
    fn base_urls() {
        check("https://acme.knosc.com", Ok("https://acme.knosc.com"));
        check("https://acme.knosc.com/", Ok("https://acme.knosc.com"));
        check("https://acme.knosc.com/api", Ok("https://acme.knosc.com"));
        check("HTTPS://ACME.knosc.com:443/api/", Ok("https://acme.knosc.com"));
        check("http://127.0.0.1:8080", Ok("http://127.0.0.1:8080"));
        check("http://[::1]:8080/api", Ok("http://[::1]:8080"));
        check("http://acme.localhost:80", Ok("http://acme.localhost"));
        check("ftp://acme.knosc.com", Err(&OriginError::Scheme));
        check("acme.knosc.com", Err(&OriginError::Scheme));
        check("http://acme.knosc.com", Err(&OriginError::Plain { host: "acme.knosc.com".into() }));
        check("https://me:pw@acme.knosc.com", Err(&OriginError::UserInfo));
        check("https://acme.knosc.com/api/job", Err(&OriginError::Path));
        check("https://acme.knosc.com?x=1", Err(&OriginError::Path));
        check("https://acme.knosc.com#x", Err(&OriginError::Path));
        check("https://", Err(&OriginError::Host));
        check("https://a..b", Err(&OriginError::Host));
        check("https://acme.knosc.com.", Ok("https://acme.knosc.com."));
        check("http://localhost.:8080", Ok("http://localhost.:8080"));
        check("https://acme.knosc.com..", Err(&OriginError::Host));
        check("https://.", Err(&OriginError::Host));
        check("http://127.0.0.1.:8080", Err(&OriginError::Host));
        check("https://a:b", Err(&OriginError::Host));
        check("https://a:99999", Err(&OriginError::Host));
        check("https://[::1%25eth0]", Err(&OriginError::Host));
        check("https://acme\\.evil.com", Err(&OriginError::Path));
    }

    #[test]
    fn one_origin_has_one_ledger_key() {
        let key = |url: &str| url.parse::<Origin>().unwrap().ledger_key();
        for url in
            ["https://acme.knosc.com", "HTTPS://Acme.Knosc.Com.:443/api", "https://acme.knosc.com."]
        {
            assert_eq!(key(url), "https://acme.knosc.com", "{url}");
        }
        for url in [
            "http://localhost:81",
            "http://LOCALHOST.:81",
            "http://127.0.0.1:81/api",
            "http://[::1]:81",
        ] {
            assert_eq!(key(url), "http://localhost:81", "{url}");
        }
        let others = [
            "http://acme.localhost:81",
            "http://127.0.0.2:81",
            "http://localhost",
            "http://localhost:82",
            "https://localhost:81",
            "https://acme.knosc.io",
            "https://acme.knosc.com:8443",
        ];
        for url in others {
            assert_ne!(key(url), "http://localhost:81", "{url}");
            assert_ne!(key(url), "https://acme.knosc.com", "{url}");
        }
        assert_eq!(key("http://acme.localhost:81"), "http://acme.localhost:81");
    }

    #[test]
    fn environments() {
        let environment = |url: &str| url.parse::<Origin>().unwrap().environment();
        assert_eq!(environment("https://acme.knosc.com"), Environment::Production);
        assert_eq!(environment("https://acme.knosc.io"), Environment::Test);
        assert_eq!(environment("https://acme.knosc.com."), Environment::Production);
        assert_eq!(environment("http://localhost:1"), Environment::Local);
        assert_eq!(environment("https://knosc.com.evil.org"), Environment::Other);
    }
}
