//! A thin client over `wasi:http/outgoing-handler`: one origin, no redirects, no retries, every wait bounded.
//!
//! Follows nothing (a 3xx is an answer like any other), keeps nothing between two calls, and knows no session.

mod exchange;
mod incoming;

pub(super) use exchange::{Body, Exchange, Outgoing, begin};
pub(super) use incoming::Incoming;

use crate::fault::Fault;
use crate::origin::Origin;
use crate::protocol::{Method, Request, Sent, classify};

/// Names and values as they go into a request.
pub(super) type Headers = Vec<(&'static str, String)>;

/// Longest time between the last byte of a request and the end of its answer, head and body together, the connection included:
/// Knosc checks a file's header row before it answers, and proxies give up at 60 to 100 s. The longest answer that is read, to a
/// poll, then needs 70 kB/s.
pub(super) const ANSWER_MS: u64 = 120_000;

/// Longest time in which nothing of a body could be handed over: a mobile link recovers sooner, a dead peer never does.
pub(super) const WRITE_STALL_MS: u64 = 60_000;

/// Longest time between two pieces of a body that we read.
pub(super) const READ_STALL_MS: u64 = 30_000;

/// How long an answer may take that was sent early, when all that we see of it is that writing broke off.
pub(super) const GRACE_MS: u64 = 2_000;

/// Makes a request whose body is known whole, and gives the answer from its head on.
///
/// An exchange that came to nothing is never of unknown outcome here: nothing that is asked this way loads data.
pub(super) fn ask(origin: &Origin, request: &Request, session: Headers) -> Result<Incoming, Fault> {
    let mut headers = request.headers.clone();
    headers.extend(session);
    let length = match request.method {
        Method::Get => None,
        Method::Post => Some(request.body.len() as u64),
    };
    let target = Outgoing { origin, method: request.method, path: &request.path, headers, length };
    let (exchange, body) = begin(target)?;
    let Some(body) = body else { return exchange.answer(Sent::Part, ANSWER_MS) };
    match body.write_all(&request.body, &exchange) {
        Ok(()) => body.finish(&exchange, Sent::Part)?,
        // An early answer is read below; without one, the break is reported.
        Err(Interrupted::Answered) => {}
        Err(Interrupted::Broken) => return exchange.answer(Sent::Part, GRACE_MS),
        Err(Interrupted::Stalled) => {
            return Err(classify::unanswered(Sent::Part, stalled(origin)));
        }
    }
    exchange.answer(Sent::Part, ANSWER_MS)
}

/// Why a body was not written to its end.
pub(super) enum Interrupted {
    /// The answer came first, or an error in its place.
    Answered,
    /// The stream takes no more.
    Broken,
    /// Nothing moved for [`WRITE_STALL_MS`].
    Stalled,
}

/// The sentence for a body that nobody takes.
pub(super) fn stalled(origin: &Origin) -> String {
    format!("{origin} took nothing for {} s", WRITE_STALL_MS / 1_000)
}
