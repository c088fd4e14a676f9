//! The words of an answer that is no success: `{"Message": "...", "Code": "Domain.Subtype"}`, or what stands in its place.
//!
//! Reads words and says whose they are; what they mean is decided in `classify`. Successes spell it `message`, in small letters.

use super::value::Fields;
use super::{Answer, text};

/// What a refusing answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Envelope {
    /// Knosc's sentence, or ours with a quote of the body. Never empty.
    pub(super) message: String,
    /// `User.NotPrivileged`.
    pub(super) code: Option<String>,
}

/// Whether a body that is not the documented JSON may be quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quote {
    /// Its first characters.
    Body,
    /// No: an answer to a sign-in may hold a token, or echo what was typed.
    Nothing,
}

/// Bytes of a `Code`: the documented ones have at most 40.
const CODE_BYTES_MAX: usize = 200;

/// Reads what an answer says: the documented envelope, the likes of it that libraries send, or the status and a quote.
pub(super) fn read(answer: &Answer, quote: Quote) -> Envelope {
    let body = Fields::of(&answer.body);
    let word = |key: &str| {
        let text = text::sanitised(body.text(key)?);
        (!text.is_empty()).then_some(text)
    };
    let message = ["Message", "message", "msg"].into_iter().find_map(word);
    Envelope {
        message: message.unwrap_or_else(|| status_sentence(answer, quote)),
        code: word("Code").map(|code| text::cut(&code, CODE_BYTES_MAX).to_owned()),
    }
}

/// Whether an answer shows by its form that the application itself refused the request, and not a proxy or a debug page.
///
/// Two forms do: the documented envelope, with a status for refusals that the documentation knows; and the `{"msg": "..."}`
/// of the JWT library that the cookies' names belong to (inferred, never documented), which checks a session before any handler
/// runs. A code that speaks of a job or of something that exists already may be said by a handler that took the file.
pub(super) fn is_refusal_of_knosc(answer: &Answer) -> bool {
    if answer.cut {
        return false;
    }
    let body = Fields::of(&answer.body);
    let is_envelope = || {
        let said = body.only_text("Message").zip(body.only_text("Code"));
        said.is_some_and(|(_, code)| is_code(code) && !may_be_said_after_acceptance(code))
    };
    match answer.status {
        401 | 422 => is_envelope() || (body.len() == 1 && body.only_text("msg").is_some()),
        400 | 403 | 404 => is_envelope(),
        _ => false,
    }
}

/// `Domain.Subtype`: two words of letters and digits.
fn is_code(code: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    code.split_once('.').is_some_and(|(domain, subtype)| is_word(domain) && is_word(subtype))
}

fn may_be_said_after_acceptance(code: &str) -> bool {
    let code = code.to_ascii_lowercase();
    let domain = code.split('.').next().unwrap_or_default();
    matches!(domain, "job" | "upload")
        || code.contains("duplicate")
        || code.contains("alreadyexists")
}

fn status_sentence(answer: &Answer, quote: Quote) -> String {
    let quote = match quote {
        Quote::Body => text::after_colon(&answer.body),
        Quote::Nothing => String::new(),
    };
    format!("the answer was {}{quote}", answer.status)
}
