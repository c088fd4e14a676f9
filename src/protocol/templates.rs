//! `GET /api/templates`: the download links of the blank upload files.
//!
//! The documentation says that it answers JSON, and not which: it is handed on as it came, and no key is guessed.
//!
//! ```http
//! GET /api/templates
//! ```

use serde::de::IgnoredAny;

use super::{Answer, Method, Request, classify};
use crate::fault::Fault;

/// Asks for the list.
pub fn request() -> Request {
    Request {
        method: Method::Get,
        path: "/api/templates".to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
    }
}

/// Gives the JSON as it came.
///
/// # Errors
/// - [`Fault::PermanentUnauthorized`] if the session is over or lacks the privilege.
/// - [`Fault::PermanentRejected`] if Knosc refuses for good.
/// - [`Fault::Transient`] if Knosc is not well, or the answer is cut or no JSON.
pub fn read(answer: &Answer, now_ms: u64) -> Result<String, Fault> {
    if !(200..=299).contains(&answer.status) {
        return Err(classify::read_refused(answer, now_ms));
    }
    let wrong = |what| Err(classify::not_as_documented(answer.status, what, &answer.body));
    if answer.cut {
        return wrong("it was cut");
    }
    match std::str::from_utf8(&answer.body) {
        Ok(body) if serde_json::from_str::<IgnoredAny>(body).is_ok() => Ok(body.to_owned()),
        _ => wrong("no JSON"),
    }
}
