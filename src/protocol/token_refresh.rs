//! `POST /api/token-refresh`: a new access cookie for an old refresh cookie.
//!
//! The only request that carries the refresh pair: its `Path` is this one. The new CSRF token counts from then on.
//!
//! ```http
//! POST /api/token-refresh
//! cookie: refresh_token_cookie=<refresh-jwt>; csrf_refresh_token=<refresh-csrf>
//! x-xsrf-token: <refresh-csrf>
//! ```
//!
//! ```http
//! 200 OK
//! set-cookie: access_token_cookie=<access-jwt>; HttpOnly; Path=/; SameSite=Lax
//! set-cookie: csrf_access_token=<access-csrf>; Path=/; SameSite=Lax
//! ```

use super::{Answer, Method, Request, authenticate, classify, cookies};
use crate::fault::Fault;
use crate::session::{RefreshPair, Session};

/// Asks for a new access cookie.
pub fn request(refresh: &RefreshPair) -> Request {
    let RefreshPair { token, csrf_token } = refresh;
    let cookie = format!("{}={token}; {}={csrf_token}", cookies::REFRESH, cookies::CSRF_REFRESH);
    Request {
        method: Method::Post,
        path: "/api/token-refresh".to_owned(),
        headers: vec![("cookie", cookie), (cookies::XSRF_HEADER, csrf_token.clone())],
        body: Vec::new(),
    }
}

/// Reads the renewed session; the refresh pair stays unless Knosc gave a new one.
///
/// # Errors
/// - [`Fault::PermanentUnauthorized`] if the refresh cookie is over: sign in again.
/// - [`Fault::PermanentRejected`] if Knosc refuses otherwise, or says success without a session.
/// - [`Fault::Transient`] if Knosc is not well.
pub fn read(answer: &Answer, before: &Session) -> Result<Session, Fault> {
    if !(200..=299).contains(&answer.status) {
        return Err(authenticate::refused(answer));
    }
    cookies::session(answer, before.refresh.as_ref()).ok_or_else(|| {
        Fault::PermanentRejected(classify::answered(
            answer.status,
            "renewed, but no session cookie",
        ))
    })
}
