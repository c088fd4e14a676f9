//! `POST /api/verify-2fa`: the second step of a sign-in, with a one-time code.
//!
//! Makes no codes. Never repeated by us; the documentation shows no refresh cookies here, so that such a session may end for good.
//!
//! ```http
//! POST /api/verify-2fa
//! content-type: application/json
//!
//! {"username":"demo","totp_code":"123456"}
//! ```
//!
//! ```http
//! 200 OK
//! set-cookie: access_token_cookie=<access-jwt>; HttpOnly; Path=/; SameSite=Lax
//! set-cookie: csrf_access_token=<access-csrf>; Path=/; SameSite=Lax
//!
//! {"login": true}
//! ```

use super::value::Fields;
use super::{Answer, Method, Request, authenticate, text};
use crate::fault::Fault;
use crate::session::Session;

/// Hands in a one-time code; `first_step` is what [`authenticate::SignIn::OneTimeCodeRequired`] gave.
pub fn request(username: &str, code: &str, first_step: Option<&str>) -> Request {
    let (username, code) = (text::json_string(username), text::json_string(code));
    let mut headers = vec![("content-type", "application/json".to_owned())];
    headers.extend(first_step.map(|cookie| ("cookie", cookie.to_owned())));
    Request {
        method: Method::Post,
        path: "/api/verify-2fa".to_owned(),
        headers,
        body: format!(r#"{{"username":{username},"totp_code":{code}}}"#).into_bytes(),
    }
}

/// Reads the session.
///
/// # Errors
/// As [`authenticate::read`]; a wrong code is [`Fault::PermanentUnauthorized`].
pub fn read(answer: &Answer) -> Result<Session, Fault> {
    if !(200..=299).contains(&answer.status) {
        return Err(authenticate::refused(answer));
    }
    authenticate::signed_in(answer, &Fields::of(&answer.body))
}
