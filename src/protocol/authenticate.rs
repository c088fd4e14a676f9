//! `POST /api/authenticate`: the first (and mostly the only) step of a sign-in.
//!
//! Never repeated by us: Knosc locks an account after three failures. Never quotes an answer's body, which may hold a token.
//!
//! ```http
//! POST /api/authenticate
//! content-type: application/json
//!
//! {"username":"demo","password":"correct horse"}
//! ```
//!
//! ```http
//! 200 OK
//! set-cookie: access_token_cookie=<access-jwt>; HttpOnly; Path=/; SameSite=Lax
//! set-cookie: csrf_access_token=<access-csrf>; Path=/; SameSite=Lax
//! set-cookie: refresh_token_cookie=<refresh-jwt>; HttpOnly; Path=/api/token-refresh; SameSite=Lax
//! set-cookie: csrf_refresh_token=<refresh-csrf>; Path=/api/token-refresh; SameSite=Lax
//!
//! {"login": true}
//! ```

use super::value::Fields;
use super::{Answer, Method, Request, classify, cookies, text};
use crate::fault::Fault;
use crate::session::Session;

/// How far a sign-in came.
#[derive(Clone, PartialEq, Eq)]
pub enum SignIn {
    /// All the way.
    SignedIn(Session),
    /// Knosc wants a one-time code next ([`super::verify_2fa`]), with this `Cookie` header where the first step set cookies.
    OneTimeCodeRequired(Option<String>),
    /// The account has never been used: a person signs in with a browser and sets a password.
    FirstSignInRequired,
}

impl std::fmt::Debug for SignIn {
    /// Without cookie values.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::SignedIn(_) => "SignedIn",
            Self::OneTimeCodeRequired(_) => "OneTimeCodeRequired",
            Self::FirstSignInRequired => "FirstSignInRequired",
        })
    }
}

/// Asks for a session.
pub fn request(username: &str, password: &str) -> Request {
    let (username, password) = (text::json_string(username), text::json_string(password));
    Request {
        method: Method::Post,
        path: "/api/authenticate".to_owned(),
        headers: vec![("content-type", "application/json".to_owned())],
        body: format!(r#"{{"username":{username},"password":{password}}}"#).into_bytes(),
    }
}

/// Reads how far the sign-in came.
///
/// # Errors
/// - [`Fault::PermanentUnauthorized`] for a wrong name or password, and for a locked account.
/// - [`Fault::PermanentRejected`] if Knosc refuses otherwise, or says success without a session.
/// - [`Fault::Transient`] if Knosc is not well; to be tried again by a person only.
pub fn read(answer: &Answer) -> Result<SignIn, Fault> {
    if !(200..=299).contains(&answer.status) {
        return Err(refused(answer));
    }
    let body = Fields::of(&answer.body);
    if body.is_true("requires_2fa") {
        Ok(SignIn::OneTimeCodeRequired(cookies::all(answer)))
    } else if body.is_true("first_signin") {
        Ok(SignIn::FirstSignInRequired)
    } else {
        signed_in(answer, &body).map(SignIn::SignedIn)
    }
}

/// The session of an answer that says `{"login": true}`.
pub(super) fn signed_in(answer: &Answer, body: &Fields) -> Result<Session, Fault> {
    let rejected = |message| Fault::PermanentRejected(classify::answered(answer.status, message));
    if !body.is_true("login") {
        return Err(rejected("the answer to the sign-in is not the documented JSON"));
    }
    cookies::session(answer, None).ok_or_else(|| rejected("signed in, but no session cookie"))
}

/// A refused sign-in. A `Retry-After` given as a date reads as past: nobody waits for a sign-in, so that no clock is needed.
pub(super) fn refused(answer: &Answer) -> Fault {
    classify::sign_in_refused(answer, u64::MAX)
}
