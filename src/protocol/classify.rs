//! What an answer that is no success means for whoever asked: the one place where that is decided.
//!
//! Knosc's `Code` decides first and the status second, since the documentation gives several statuses for one thing. No
//! sentence is ever read to decide. An upload is called refused only where Knosc cannot have taken it: once its last bytes have
//! left, only an answer that is Knosc's own by its form proves that.
//!
//! ```http
//! 403 Forbidden
//! content-type: application/json
//!
//! {"Message": "Not Privileged for this action", "Code": "User.NotPrivileged"}
//! ```

use super::envelope::{self, Quote};
use super::{Answer, Sent, retry_after, text};
use crate::fault::{Fault, Refusal};

/// Codes that say who is asking, whatever the status.
const UNAUTHORIZED_CODES: [&str; 2] = ["User.NotPrivileged", "User.InvalidCredentials"];

/// An upload that got no answer, or none that could be read.
///
/// Knosc takes whole bodies only: as long as the closing boundary had not left, nothing was accepted.
pub fn unanswered(sent: Sent, message: impl Into<String>) -> Fault {
    let refusal = Refusal::unanswered(message);
    match sent {
        Sent::Nothing | Sent::Part => Fault::Transient(refusal),
        Sent::Sealed => Fault::PermanentOutcomeUnknown(refusal),
    }
}

/// An upload that was answered with something else than success.
///
/// `sent` says what had left when the answer came. Before the seal no answer can mean that the file was accepted. After it a
/// redirect, a rate limit, an error page or an empty body may come from a proxy behind which Knosc took the file all the same, so
/// everything but a refusal that Knosc itself made is unknown.
pub fn upload_refused(answer: &Answer, sent: Sent, now_ms: u64) -> Fault {
    let refusal = refusal(answer, Quote::Body, now_ms);
    if sent == Sent::Sealed && !envelope::is_refusal_of_knosc(answer) {
        return Fault::PermanentOutcomeUnknown(refusal);
    }
    if is_unauthorized(&refusal, answer.status) {
        return Fault::PermanentUnauthorized(refusal);
    }
    match answer.status {
        408 | 429 => Fault::Transient(refusal),
        300..=499 => Fault::PermanentRejected(refusal),
        _ => Fault::Transient(refusal),
    }
}

/// A poll or a list of templates that was answered with something else than success. Reading again harms nothing.
pub fn read_refused(answer: &Answer, now_ms: u64) -> Fault {
    refused(answer, refusal(answer, Quote::Body, now_ms))
}

/// A sign-in (or its second step, or a renewal) that was answered with something else than success.
///
/// Final for whoever asks without a person: Knosc locks an account after three failures. [`Fault::Transient`] says that a
/// person may try again.
pub fn sign_in_refused(answer: &Answer, now_ms: u64) -> Fault {
    refused(answer, refusal(answer, Quote::Nothing, now_ms))
}

/// Whether a status may mean that the session is over, so that one renewal is worth its while: 401, and 422 for the CSRF
/// token that belongs to it. 403 is a missing privilege, which no renewal gives.
pub const fn wants_renewal(status: u16) -> bool {
    matches!(status, 401 | 422)
}

/// A success by its status whose body is not what the documentation shows: a proxy's page, a cut answer. For reads only.
pub(super) fn not_as_documented(status: u16, what: &str, body: &[u8]) -> Fault {
    let quote = text::after_colon(body);
    let message = format!("the answer is not the documented JSON, {what}{quote}");
    Fault::Transient(answered(status, message))
}

/// A refusal in our words of an answer with a status.
pub(super) fn answered(status: u16, message: impl Into<String>) -> Refusal {
    Refusal { status: Some(status), ..Refusal::unanswered(message) }
}

fn refused(answer: &Answer, refusal: Refusal) -> Fault {
    if is_unauthorized(&refusal, answer.status) {
        return Fault::PermanentUnauthorized(refusal);
    }
    match answer.status {
        408 | 429 => Fault::Transient(refusal),
        300..=499 => Fault::PermanentRejected(refusal),
        _ => Fault::Transient(refusal),
    }
}

/// 422 is documented for a missing CSRF header, and for nothing else.
fn is_unauthorized(refusal: &Refusal, status: u16) -> bool {
    let by_code = refusal.code.as_deref().is_some_and(|code| UNAUTHORIZED_CODES.contains(&code));
    by_code || matches!(status, 401 | 403 | 422)
}

fn refusal(answer: &Answer, quote: Quote, now_ms: u64) -> Refusal {
    let said = envelope::read(answer, quote);
    let message = match (answer.status, answer.header("location")) {
        (300..=399, Some(location)) => format!("redirected to {}; not followed", target(location)),
        _ => said.message,
    };
    Refusal {
        status: Some(answer.status),
        code: said.code,
        message,
        retry_after_ms: retry_after::read(answer, now_ms),
    }
}

/// A redirect's target without query, fragment and user name, which may be secrets.
fn target(location: &str) -> String {
    let end = location.find(['?', '#']).unwrap_or(location.len());
    let bare = location.get(..end).unwrap_or_default();
    let bare = match bare.split_once('/').map(|(scheme, rest)| (scheme, rest.strip_prefix('/'))) {
        Some((scheme, Some(rest))) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
            let host = authority.rsplit('@').next().unwrap_or_default();
            format!("{scheme}//{host}{path}")
        }
        _ => bare.to_owned(),
    };
    text::sanitised(text::cut(&bare, 300))
}
