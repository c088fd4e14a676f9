//! `GET /api/templates`: the download links of the blank upload files.
//!
//! The documentation says that it answers JSON, and not which: it is handed on as it came, and no key is guessed.
//!
//! ```http
//! GET /api/templates
//! ```

use super::json::Json;
use super::{Answer, Method, Request, classify};
use crate::fault::Fault;

/// The largest template that is read: a blank file has a header and some formats, and a workbook of them is far below this.
pub const FILE_BYTES_MAX: usize = 8 * 1024 * 1024;

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
        Ok(body) if is_json(body) => Ok(body.to_owned()),
        _ => wrong("no JSON"),
    }
}

/// Asks for one blank file, by the path and query of its link.
pub fn file_request(path: &str) -> Request {
    Request { path: path.to_owned(), ..request() }
}

/// Gives the blank file as it came.
///
/// # Errors
/// As [`read`]; [`Fault::Transient`] also if what came is a page of a web site, which is what sign-in forms and proxies answer.
pub fn read_file(answer: &Answer, now_ms: u64) -> Result<Vec<u8>, Fault> {
    if !(200..=299).contains(&answer.status) {
        return Err(classify::read_refused(answer, now_ms));
    }
    let is_page = answer
        .header("content-type")
        .is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("text/html"));
    let wrong = match (answer.cut, answer.body.is_empty(), is_page) {
        (true, ..) => Some("the file was cut, or is too large for a template"),
        (_, true, _) => Some("the file is empty"),
        (.., true) => Some("a page of a web site came instead of the file"),
        (false, false, false) => None,
    };
    match wrong {
        Some(wrong) => Err(Fault::Transient(classify::answered(answer.status, wrong))),
        None => Ok(answer.body.clone()),
    }
}

fn is_json(body: &str) -> bool {
    let mut json = Json::of(body.as_bytes());
    json.skip().and_then(|()| json.end()).is_ok()
}
