//! What can go wrong with one request and around it, as data. Whoever sends the request makes it happen.

use crate::chance::Chance;
use knosc_bulk_import::protocol::{Answer, Method, Request};
use local_knosc::{IntegrationLock, Request as Asked, Response};

/// One thing that goes wrong with one upload.
#[derive(Clone, Copy, Debug)]
pub(crate) enum UploadFault {
    /// No connection.
    Refused,
    /// The connection ends after any byte of the request; after the last one Knosc has it all and no answer comes.
    Cut,
    /// The connection ends after any byte of the answer.
    AnswerCut,
    /// Somebody answers while the file is still on its way, and takes no more of it.
    Early(u16),
    /// A proxy answers for Knosc, which never saw the request.
    ProxyBefore(u16),
    /// A proxy answers for Knosc, which took the request.
    ProxyAfter(u16),
    /// Knosc took the file, and a proxy that lost its answer gives one of its own, or of another request.
    RefusedAfter(u16, &'static str),
    /// A proxy sends the request once more, and hands on what Knosc said to the second one.
    Repeated,
    /// A server names a job while the file is still on its way.
    AcceptedEarly,
    /// Knosc took the file, and what comes back is no usable answer.
    Odd(u16, &'static str),
    /// A page that looks like success, of somebody who is not Knosc.
    Captive,
    /// Nobody answers in time, and Knosc takes the request so many milliseconds later.
    Late(u64),
    Around(Around),
}

/// One thing that goes wrong with one poll.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PollFault {
    /// No connection, or one that ended before the answer.
    NoAnswer,
    /// The connection ends after any byte of the answer.
    AnswerCut,
    /// A proxy answers.
    Proxy(u16),
    /// A page instead of JSON.
    Page,
    /// The answer to the poll before comes once more in place of this one's.
    Stale,
    /// The answer comes twice; an engine notes both, and notes the second one whenever it likes.
    Twice,
    /// So many polls do not name the job.
    Missing(u64),
    /// So many polls say `queued` of a job that runs or has ended.
    Backwards(u64),
    /// So many polls say a word that nobody documented.
    Word(u64),
    /// The job is named once more, as one that has ended: `true` behind what is so, `false` before it.
    Contradicted(bool),
    /// The jobs of others are named before ours, in another order, and no more than status is said.
    Foreign,
    Around(Around),
}

/// What goes wrong with no request in particular.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Around {
    /// Knosc's sessions end just before the request; those that renew them too, or not.
    Expired(bool),
    /// An integration takes the tables.
    Lock(IntegrationLock),
    /// The caller's clock jumps.
    Clock(i64),
    /// The answer takes so many milliseconds.
    Slow(u64),
}

const DAY_MS: i64 = 86_400_000;

/// Words that success may come with and that name no job, and a job id that is cut off.
const ODD: [(u16, &str); 8] = [
    (200, "<html>Welcome</html>"),
    (200, "{}"),
    (200, r#"{"job_id":""}"#),
    (200, r#"{"job_id":17,"status":"queued"}"#),
    (200, r#"{"message":"File uploaded. Processing started.","job_id":"unit-master-upl"#),
    (201, "[]"),
    (202, "\u{0}\u{1}"),
    (204, ""),
];

/// Refusals that Knosc did not make, or may have made after it took the file.
const NOT_KNOSCS: [(u16, &str); 24] = [
    (300, ""),
    (302, "<html>moved</html>"),
    (307, ""),
    (400, "<html>Bad Request</html>"),
    (400, r#"{"Message":"No","Code":"Job.Exists"}"#),
    (400, r#"{"Message":"No","Code":"Items.DuplicateRows"}"#),
    (400, r#"{"msg":"Bad token"}"#),
    (401, "<html>Authorization Required</html>"),
    (401, ""),
    (401, r#"{"msg":"Token has expired","status":401}"#),
    (401, r#"{"Message":"No"}"#),
    (403, "<html>Forbidden</html>"),
    (403, r#"{"msg":"Forbidden"}"#),
    (404, r#"{"Message":"No","Code":"Items.AlreadyExists"}"#),
    (404, "<html>Not Found</html>"),
    (405, ""),
    (409, r#"{"Message":"No","Code":"Items.Invalid"}"#),
    (411, ""),
    (413, r#"{"Message":"No","Code":"Items.TooLarge"}"#),
    (415, ""),
    (422, "<html>Unprocessable</html>"),
    (422, r#"{"detail":"CSRF"}"#),
    (429, r#"{"Message":"No","Code":"Rate.Limited"}"#),
    (431, ""),
];

pub(crate) fn upload_fault(chance: &mut Chance) -> UploadFault {
    match chance.below(17) {
        0 => UploadFault::Refused,
        1..=3 => UploadFault::Cut,
        4 => UploadFault::AnswerCut,
        5 => UploadFault::Early(chance.one_of(&[400, 408, 413, 429, 431, 500, 502, 503, 504])),
        6 => UploadFault::ProxyBefore(chance.one_of(&[408, 413, 429, 500, 502, 503, 504, 520])),
        7 => UploadFault::ProxyAfter(chance.one_of(&[408, 500, 502, 503, 504, 520, 599])),
        8 => {
            let (status, body) = chance.one_of(&ODD);
            UploadFault::Odd(status, body)
        }
        9 => UploadFault::Captive,
        10 => UploadFault::Late(1 + chance.below(1_000_000)),
        11 | 12 => {
            let (status, body) = chance.one_of(&NOT_KNOSCS);
            UploadFault::RefusedAfter(status, body)
        }
        13 => UploadFault::Repeated,
        14 => UploadFault::AcceptedEarly,
        _ => UploadFault::Around(around(chance)),
    }
}

pub(crate) fn poll_fault(chance: &mut Chance) -> PollFault {
    match chance.below(14) {
        0 => PollFault::NoAnswer,
        1 | 2 => PollFault::AnswerCut,
        3 => PollFault::Proxy(chance.one_of(&[404, 408, 429, 500, 502, 503, 504, 520])),
        4 => PollFault::Page,
        5 => PollFault::Stale,
        6 => PollFault::Twice,
        7 => PollFault::Missing(1 + chance.below(7)),
        8 => PollFault::Backwards(1 + chance.below(4)),
        9 => PollFault::Word(1 + chance.below(4)),
        10 => PollFault::Foreign,
        11 => PollFault::Contradicted(chance.one_in(2)),
        _ => PollFault::Around(around(chance)),
    }
}

fn around(chance: &mut Chance) -> Around {
    match chance.below(7) {
        0 => Around::Expired(false),
        1 => Around::Expired(true),
        2 => Around::Lock(IntegrationLock::Polls(1 + chance.below(5))),
        3 => Around::Lock(IntegrationLock::Held),
        4 => Around::Clock(DAY_MS - chance.below(2 * DAY_MS as u64) as i64),
        _ => Around::Slow(chance.below(100_000)),
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

/// What is left of an answer whose connection ends after any of its bytes; nothing if its head did not arrive.
pub(crate) fn cut(mut answer: Answer, chance: &mut Chance) -> Option<Answer> {
    let lines = answer.headers.iter().map(|(name, value)| name.len() + value.len() + 4);
    let head = 19 + lines.sum::<usize>();
    let place = chance.place((head + answer.body.len()) as u64, head as u64) as usize;
    let kept = place.checked_sub(head)?;
    answer.cut = kept < answer.body.len();
    answer.body.truncate(kept);
    Some(answer)
}

/// An answer that names each of its jobs once more, as completed.
pub(crate) fn contradicted(mut answer: Answer, behind: bool) -> Answer {
    let Ok(mut body) = serde_json::from_slice::<serde_json::Value>(&answer.body) else {
        return answer;
    };
    let Some(jobs) = body.get_mut("jobs").and_then(serde_json::Value::as_array_mut) else {
        return answer;
    };
    let mut others = jobs.clone();
    for other in &mut others {
        other["status"] = "completed".into();
    }
    if behind {
        jobs.append(&mut others);
    } else {
        others.append(jobs);
        *jobs = others;
    }
    answer.body = body.to_string().into_bytes();
    answer
}

/// An answer that is not Knosc's, now and then with a wait that is sane or not.
pub(crate) fn page(status: u16, body: &str, chance: &mut Chance) -> Answer {
    let waits = ["0", "-5", "7", "120", "99999999999999999999", "soon"];
    let dates = ["Sat, 01 Jun 2024 08:45:22 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"];
    let headers = match chance.below(3) {
        0 => vec![("retry-after".to_owned(), chance.one_of(&waits).to_owned())],
        1 => vec![("retry-after".to_owned(), chance.one_of(&dates).to_owned())],
        _ => Vec::new(),
    };
    Answer { status, headers, body: body.into(), cut: false }
}
