//! The words of an answer that is no success: `{"Message": "...", "Code": "Domain.Subtype"}`, or what stands in its place.
//!
//! Reads words; what they mean is decided in `classify`. Successes spell it `message`, in small letters.

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

fn status_sentence(answer: &Answer, quote: Quote) -> String {
    let quote = match quote {
        Quote::Body => text::after_colon(&answer.body),
        Quote::Nothing => String::new(),
    };
    format!("the answer was {}{quote}", answer.status)
}
