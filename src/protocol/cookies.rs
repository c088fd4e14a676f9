//! The four cookies of a signed-in user: out of answers and cookie files, into requests.
//!
//! Values are opaque, and taken only where they can stand in a header without adding to it. Stores nothing, prints nothing.
//!
//! ```http
//! set-cookie: access_token_cookie=<access-jwt>; HttpOnly; Path=/; SameSite=Lax
//! set-cookie: csrf_access_token=<access-csrf>; Path=/; SameSite=Lax
//! set-cookie: refresh_token_cookie=<refresh-jwt>; HttpOnly; Path=/api/token-refresh; SameSite=Lax
//! set-cookie: csrf_refresh_token=<refresh-csrf>; Path=/api/token-refresh; SameSite=Lax
//! ```

use super::{Answer, Method};
use crate::session::{RefreshPair, Session};

/// The header that a state-changing request must carry, in lower case.
pub(super) const XSRF_HEADER: &str = "x-xsrf-token";

pub(super) const ACCESS: &str = "access_token_cookie";
pub(super) const CSRF_ACCESS: &str = "csrf_access_token";
pub(super) const REFRESH: &str = "refresh_token_cookie";
pub(super) const CSRF_REFRESH: &str = "csrf_refresh_token";

/// Bytes of one value: what browsers and servers take for a whole cookie, twice.
const VALUE_BYTES_MAX: usize = 8 * 1024;

/// The path that the refresh cookies belong to.
const REFRESH_PATH: &str = "/api/token-refresh";

/// The headers that a session adds to a request: the cookie, and for POST the CSRF token.
///
/// The refresh pair is never among them: its `Path` is `/api/token-refresh` alone. Check a session that was made elsewhere
/// with [`is_sound`] first.
pub fn session_headers(session: &Session, method: Method) -> Vec<(&'static str, String)> {
    let Session { access_token, csrf_token, .. } = session;
    let cookie = format!("{ACCESS}={access_token}; {CSRF_ACCESS}={csrf_token}");
    match method {
        Method::Get => vec![("cookie", cookie)],
        Method::Post => vec![("cookie", cookie), (XSRF_HEADER, csrf_token.clone())],
    }
}

/// Whether every value of a session can stand in a header: visible ASCII without `;`, not empty, at most 8 KiB.
pub fn is_sound(session: &Session) -> bool {
    let pair = session.refresh.iter().flat_map(|pair| [&pair.token, &pair.csrf_token]);
    [&session.access_token, &session.csrf_token]
        .into_iter()
        .chain(pair)
        .all(|value| is_value(value))
}

/// Reads a session from a Netscape cookie file, as `curl -c cookies.txt` writes it.
///
/// Takes the cookies that belong to `host` and to `/api`; expiry is left to Knosc, since there is no clock here. The refresh
/// pair is there only if both of its cookies are. None where one of the two access cookies is missing.
///
/// ```
/// use knosc_bulk_import::protocol::cookies::from_cookies_txt;
///
/// let text = "#HttpOnly_acme.knosc.com\tFALSE\t/\tTRUE\t0\taccess_token_cookie\tone\n\
///             acme.knosc.com\tFALSE\t/\tTRUE\t0\tcsrf_access_token\ttwo\n";
/// assert!(from_cookies_txt(text, "acme.knosc.com").is_some());
/// assert!(from_cookies_txt(text, "other.knosc.com").is_none());
/// ```
pub fn from_cookies_txt(text: &str, host: &str) -> Option<Session> {
    let find = |name: &str, path: &str| {
        // curl writes one line for each cookie; where a file was put together by hand, the last one is the newest.
        text.lines().rev().find_map(|line| file_value(line, host, path, name))
    };
    let refresh = find(REFRESH, REFRESH_PATH).zip(find(CSRF_REFRESH, REFRESH_PATH));
    Some(Session {
        access_token: find(ACCESS, "/api/job")?,
        csrf_token: find(CSRF_ACCESS, "/api/job")?,
        refresh: refresh.map(|(token, csrf_token)| RefreshPair { token, csrf_token }),
    })
}

/// The session that an answer sets; none unless both access cookies are set. Without a refresh pair of its own it has
/// the one given.
pub(super) fn session(answer: &Answer, kept: Option<&RefreshPair>) -> Option<Session> {
    let refresh = value(answer, REFRESH)
        .zip(value(answer, CSRF_REFRESH))
        .map(|(token, csrf_token)| RefreshPair { token, csrf_token });
    Some(Session {
        access_token: value(answer, ACCESS)?,
        csrf_token: value(answer, CSRF_ACCESS)?,
        refresh: refresh.or_else(|| kept.cloned()),
    })
}

/// All cookies that an answer sets, of any name, as the value of a `Cookie` header: how Knosc ties the second step of a
/// sign-in to the first is not documented, and a browser would send them.
pub(super) fn all(answer: &Answer) -> Option<String> {
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    for (name, value) in set_cookies(answer) {
        if !is_value(name) {
            continue;
        }
        pairs.retain(|(known, _)| *known != name);
        if is_value(value) {
            pairs.push((name, value));
        }
    }
    let mut header = String::new();
    for (name, value) in pairs {
        let between = if header.is_empty() { "" } else { "; " };
        header.extend([between, name, "=", value]);
    }
    (!header.is_empty() && header.len() <= VALUE_BYTES_MAX).then_some(header)
}

/// The last value that an answer sets for a name, as in a browser; none where it is empty, which clears it, or unfit.
fn value(answer: &Answer, name: &str) -> Option<String> {
    let last = set_cookies(answer).filter(|(known, _)| *known == name).last();
    last.map(|(_, value)| value).filter(|value| is_value(value)).map(str::to_owned)
}

fn set_cookies(answer: &Answer) -> impl Iterator<Item = (&str, &str)> {
    answer
        .headers
        .iter()
        .filter(|(name, _)| name == "set-cookie")
        .flat_map(|(_, line)| unfolded(line))
        .filter_map(|cookie| cookie.split(';').next()?.split_once('='))
        .map(|(name, value)| (name.trim_matches([' ', '\t']), value.trim_matches([' ', '\t'])))
}

/// The cookies of one header. RFC 6265 knows one a header, but jco 1.35 hands over all that an answer sets as one, with commas.
///
/// A comma begins a cookie where a name and `=` follow; the comma of a date is followed by neither.
fn unfolded(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let line = rest.take()?;
        let mut commas = line.match_indices(',').filter_map(|(at, _)| line.split_at_checked(at));
        let next = commas.find(|(_, after)| is_named(after.get(1..).unwrap_or_default()));
        let (cookie, after) = next.map_or((line, None), |(cookie, after)| (cookie, Some(after)));
        rest = after.and_then(|after| after.strip_prefix(','));
        Some(cookie)
    })
}

/// Whether a text begins with a cookie's name and `=`.
fn is_named(text: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    text.trim_start_matches(' ')
        .split_once('=')
        .is_some_and(|(name, _)| !name.is_empty() && name.bytes().all(token))
}

/// A value that cannot end its header or its cookie.
fn is_value(value: &str) -> bool {
    !value.is_empty()
        && value.len() <= VALUE_BYTES_MAX
        && value.bytes().all(|byte| byte.is_ascii_graphic() && byte != b';')
}

/// The value in one line of a cookie file: domain, whether subdomains too, path, secure, expiry, name, value.
fn file_value(line: &str, host: &str, path: &str, name: &str) -> Option<String> {
    let line = line.strip_prefix("#HttpOnly_").unwrap_or(line);
    if line.starts_with('#') {
        return None;
    }
    let fields: Vec<&str> = line.trim_end_matches('\r').split('\t').collect();
    let &[domain, subdomains, cookie_path, _, _, cookie_name, value] = fields.as_slice() else {
        return None;
    };
    let fits = cookie_name == name
        && fits_domain(host, domain, subdomains == "TRUE")
        && fits_path(path, cookie_path);
    (fits && is_value(value)).then(|| value.to_owned())
}

fn fits_domain(host: &str, domain: &str, subdomains: bool) -> bool {
    let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
    let domain = domain.trim_start_matches('.').trim_matches(['[', ']']).to_ascii_lowercase();
    let below = || host.strip_suffix(&domain).is_some_and(|front| front.ends_with('.'));
    !domain.is_empty() && (host == domain || (subdomains && below()))
}

/// RFC 6265 §5.1.4: the same path, or a folder above it.
fn fits_path(path: &str, cookie_path: &str) -> bool {
    path.strip_prefix(cookie_path).is_some_and(|rest| {
        !cookie_path.is_empty()
            && (rest.is_empty() || cookie_path.ends_with('/') || rest.starts_with('/'))
    })
}
