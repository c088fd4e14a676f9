//! An HTTP front for the Knosc component, composed with it or linked to it by the engine. Keeps nothing and repeats nothing.
//!
//! `POST /importer/upload` with `[connection, file]` answers `{"ok": …}` or `{"err": …}`, and so does every other function by its
//! interface's name and its own. `POST /files/unit-master/units.csv` takes a file as it is and signs in by environment.
//! The status says what may be done next, as the fault's name does: see [`status`].

mod bindings;
mod http;

use std::env;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, Method, ResponseOutparam};

use crate::bindings::knosc::bulk_import::importer::{Auth, Connection, Content, File};
use crate::bindings::knosc::bulk_import::types::{Fault, Job, Policy, Session};
use crate::bindings::knosc::bulk_import::{importer, planner, sessions};
use crate::http::Answer;

/// Where a transient fault names no time.
const RETRY_AFTER_S: u64 = 5;

struct Front;

wasip2::http::proxy::export!(Front);

impl Guest for Front {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let answer = respond(&request).unwrap_or_else(|refused| refused);
        http::send(out, &answer);
    }
}

fn respond(request: &IncomingRequest) -> Result<Answer, Answer> {
    if request.headers().has("origin") {
        // A page that somebody looks at could otherwise load files in that person's name.
        return Err(denied("not for browsers"));
    }
    if !matches!(request.method(), Method::Post) {
        return Err(Answer::refused(405, "permanent-invalid", "POST only"));
    }
    let path = request.path_with_query().unwrap_or_default();
    match path.split('/').collect::<Vec<_>>().as_slice() {
        ["", "files", trigger, name] => file(trigger, name, http::body(request)?),
        ["", interface, function] => call(interface, function, &http::body(request)?),
        _ => Err(unknown(&path)),
    }
}

/// A file as it is. As text where it is text: engines that call from one component to another at run time take longer ones.
fn file(trigger: &str, name: &str, bytes: Vec<u8>) -> Result<Answer, Answer> {
    if name.contains(['%', '?']) {
        return Err(invalid(
            "letters, digits, '.', '-' and '_' in a name; others by /importer/upload",
        ));
    }
    let base_url = env::var("KNOSC_URL").map_err(|_| denied("set KNOSC_URL for the front"))?;
    let connection = Connection { base_url, auth: Auth::Environment };
    let content = String::from_utf8(bytes)
        .map_or_else(|error| Content::Bytes(error.into_bytes()), Content::Text);
    let file = File { trigger: trigger.into(), name: name.into(), content, sha256: None };
    Ok(upload(&connection, &file))
}

/// Any function, by the names of its interface and its own.
fn call(interface: &str, function: &str, arguments: &[u8]) -> Result<Answer, Answer> {
    Ok(match (interface, function) {
        ("sessions", "login") => {
            let (base_url, credentials): (String, Option<_>) = read(arguments)?;
            allowed(&base_url)?;
            // The environment's password is for uploads and polls; nobody gets a session of that user handed out.
            let credentials = credentials.ok_or_else(|| denied("login wants credentials here"))?;
            answer(sessions::login(&base_url, Some(&credentials)))
        }
        ("sessions", "verify") => {
            let (base_url, username, code, first): (String, String, String, Option<String>) =
                read(arguments)?;
            allowed(&base_url)?;
            answer(sessions::verify(&base_url, &username, &code, first.as_deref()))
        }
        ("sessions", "refresh") => {
            let (base_url, session): (String, Session) = read(arguments)?;
            allowed(&base_url)?;
            answer(sessions::refresh(&base_url, &session))
        }
        ("importer", "upload") => {
            let (connection, file): (Connection, File) = read(arguments)?;
            allowed(&connection.base_url)?;
            upload(&connection, &file)
        }
        ("importer", "poll") => {
            let (connection, jobs): (Connection, Vec<Job>) = read(arguments)?;
            allowed(&connection.base_url)?;
            answer(importer::poll(&connection, &jobs))
        }
        ("importer", "templates") => {
            let (connection,): (Connection,) = read(arguments)?;
            allowed(&connection.base_url)?;
            answer(importer::templates(&connection))
        }
        ("importer", "require-finished") => {
            let (connection, job): (Connection, Job) = read(arguments)?;
            allowed(&connection.base_url)?;
            answer(importer::require_finished(&connection, &job))
        }
        ("importer", "run-ordered") => {
            let (connection, files, policy, history): (Connection, Vec<File>, Policy, Vec<_>) =
                read(arguments)?;
            allowed(&connection.base_url)?;
            logged(
                "run-ordered",
                answer(importer::run_ordered(&connection, &files, policy, &history)),
            )
        }
        ("planner", "order") => {
            let (files, policy): (Vec<_>, Policy) = read(arguments)?;
            answer(planner::order(&files, policy))
        }
        ("planner", "next") => {
            let (files, policy, history, now_ms): (Vec<_>, Policy, Vec<_>, u64) = read(arguments)?;
            answer(planner::next(&files, policy, &history, now_ms))
        }
        _ => return Err(unknown(&format!("/{interface}/{function}"))),
    })
}

/// Who can reach this front may name no other server than the one that it was set up for: it would get the password.
fn allowed(base_url: &str) -> Result<(), Answer> {
    let mine = env::var("KNOSC_URL").map_err(|_| denied("set KNOSC_URL for the front"))?;
    if base_url == mine {
        return Ok(());
    }
    Err(denied(&format!(
        "{base_url}: the front calls its KNOSC_URL, {mine}, and must allow this origin"
    )))
}

fn read<T: DeserializeOwned>(arguments: &[u8]) -> Result<T, Answer> {
    serde_json::from_slice(arguments).map_err(|error| invalid(&format!("the arguments: {error}")))
}

fn answer<T: Serialize>(result: Result<T, Fault>) -> Answer {
    let (status, retry_after_s) = result.as_ref().map_or_else(status, |_| (200, None));
    let json = match result {
        Ok(value) => json!({ "ok": value }),
        Err(fault) => json!({ "err": fault }),
    };
    Answer { status, retry_after_s, json }
}

/// Only what nobody accepted is a status that clients and proxies may repeat. An unknown outcome is none of those.
fn status(fault: &Fault) -> (u16, Option<u64>) {
    match fault {
        Fault::PermanentInvalid(_) => (400, None),
        Fault::PermanentDenied(_) | Fault::PermanentUnauthorized(_) => (403, None),
        Fault::PermanentRejected(_) => (422, None),
        Fault::PermanentOutcomeUnknown(_) | Fault::ExecutionFailed => (409, None),
        Fault::Transient(refusal) => {
            let wait = refusal.retry_after_ms.map_or(RETRY_AFTER_S, |ms| ms.div_ceil(1000));
            (503, Some(wait))
        }
        Fault::NotFinished(_) => (202, None),
    }
}

fn upload(connection: &Connection, file: &File) -> Answer {
    logged(&format!("{} {}", file.trigger, file.name), answer(importer::upload(connection, file)))
}

/// What was sent stands in the engine's log too: a client that hung up never saw the answer.
fn logged(what: &str, answer: Answer) -> Answer {
    eprintln!("{what}: {} {}", answer.status, answer.json);
    answer
}

fn denied(why: &str) -> Answer {
    Answer::refused(403, "permanent-denied", why)
}

fn invalid(why: &str) -> Answer {
    Answer::refused(400, "permanent-invalid", why)
}

fn unknown(path: &str) -> Answer {
    Answer::refused(404, "permanent-invalid", &format!("{path}: no such function"))
}
