//! A network that loses, cuts and answers for others, in front of the model of Knosc.
//!
//! Says what came back; decides nothing about what that means.

use crate::chance::Chance;
use knosc_bulk_import::protocol::{Answer, Method, Request};
use local_knosc::{Model, Request as Asked, Response};

/// One thing that goes wrong with one request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// No connection.
    Refused,
    /// The connection ends after so many thousandths of the request; at 1,000 Knosc has it all.
    Cut(u64),
    /// The answer ends after so many thousandths of its body; at 1,000 nothing of it comes, not even the head.
    AnswerCut(u64),
    /// A proxy answers for Knosc, which never saw the request.
    ProxyBefore(u16),
    /// A proxy answers for Knosc, which took the request.
    ProxyAfter(u16),
    /// A page instead of JSON, for a request that Knosc took.
    Page,
    /// Knosc's sessions end just before the request.
    Expired,
    /// The integration takes the tables for a minute.
    Integration,
}

/// What came of a request.
pub(crate) enum Came {
    /// No answer came.
    Nothing,
    /// An answer came.
    Answer(Answer),
}

/// Draws one fault.
pub(crate) fn draw(chance: &mut Chance) -> Fault {
    match chance.below(9) {
        0 => Fault::Refused,
        1 => Fault::Cut(chance.below(1_001)),
        2 => Fault::Cut(990 + chance.below(11)),
        3 => Fault::AnswerCut(chance.below(1_001)),
        4 => Fault::ProxyBefore([408, 429, 500, 502, 503, 504][chance.below(6) as usize]),
        5 => Fault::ProxyAfter([408, 500, 502, 503, 504, 520][chance.below(6) as usize]),
        6 => Fault::Page,
        7 => Fault::Expired,
        _ => Fault::Integration,
    }
}

/// Sends one request of `length` bytes.
pub(crate) fn send(
    model: &mut Model,
    request: &Asked,
    length: u64,
    fault: Option<Fault>,
    now_ms: u64,
) -> Came {
    let tenant = model.default_tenant().to_owned();
    match fault {
        Some(Fault::Refused) => return Came::Nothing,
        Some(Fault::Cut(thousandths)) if length * thousandths / 1_000 < length => {
            return Came::Nothing;
        }
        Some(Fault::ProxyBefore(status)) => return Came::Answer(page(status)),
        Some(Fault::Expired) => model.expire_sessions(&tenant, false),
        Some(Fault::Integration) => {
            let until = local_knosc::IntegrationLock::Until(now_ms + 60_000);
            model.set_integration_lock(&tenant, until, now_ms);
        }
        _ => {}
    }
    let response = model.answer(&tenant, request, now_ms);
    match fault {
        Some(Fault::Cut(_) | Fault::AnswerCut(1_000)) => Came::Nothing,
        Some(Fault::AnswerCut(thousandths)) => {
            let mut answer = answer(response);
            let kept = answer.body.len() * thousandths as usize / 1_000;
            answer.cut = kept < answer.body.len();
            answer.body.truncate(kept);
            Came::Answer(answer)
        }
        Some(Fault::ProxyAfter(status)) => Came::Answer(page(status)),
        Some(Fault::Page) => Came::Answer(page(200)),
        _ => Came::Answer(answer(response)),
    }
}

/// A request of the protocol as the model reads it.
pub(crate) fn asked(request: &Request, session: Vec<(&'static str, String)>) -> Asked {
    let method = match request.method {
        Method::Get => "GET",
        Method::Post => "POST",
    };
    let headers = request.headers.iter().cloned().chain(session);
    headers.fold(
        Asked::new(method, &request.path).with_body(request.body.clone()),
        |asked, (name, value)| asked.with_header(name, &value),
    )
}

pub(crate) fn answer(response: Response) -> Answer {
    let lower = |(name, value): (String, String)| (name.to_ascii_lowercase(), value);
    Answer {
        status: response.status,
        headers: response.headers.into_iter().map(lower).collect(),
        body: response.body,
        cut: false,
    }
}

fn page(status: u16) -> Answer {
    Answer { status, headers: Vec::new(), body: b"<html>busy</html>".to_vec(), cut: false }
}
