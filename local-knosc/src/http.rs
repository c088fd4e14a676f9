//! Requests and answers as plain values, and the little of HTTP that the model reads from them.
//! Holds no socket and no state; what is not needed to answer as documented is left out.

use std::fmt;

use serde_json::{Value, json};

/// A request as the model sees it: the bytes are already here.
#[derive(Clone, Default)]
pub struct Request {
    /// The method in capitals.
    pub method: String,
    /// The path without the query, starting with `/`.
    pub path: String,
    /// The query without the `?`, still percent-encoded; empty without one.
    pub query: String,
    /// Header names and values in the order received; names compare without case.
    pub headers: Vec<(String, String)>,
    /// The body; empty for an upload whose body is read elsewhere.
    pub body: Vec<u8>,
}

/// Shows no header value and no body, because both carry secrets.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("headers", &self.headers.len())
            .field("body", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Request {
    /// Makes a request without headers and body.
    pub fn new(method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            ..Self::default()
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Gives the first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// Gives a cookie's value, from any of the `Cookie` headers.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .filter(|(n, _)| n.eq_ignore_ascii_case("cookie"))
            .flat_map(|(_, v)| v.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(n, _)| *n == name)
            .map(|(_, v)| v)
    }

    /// Decodes the query: percent-encoding, and `+` for a space, as both documented clients send it.
    pub fn query_pairs(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.query.as_bytes()).into_owned().collect()
    }

    /// Gives the first query value of that name, decoded.
    pub fn query_value(&self, name: &str) -> Option<String> {
        self.query_pairs().into_iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }
}

/// What happens to an answer on its way: nothing, unless a test asked for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fate {
    /// The answer is sent whole.
    #[default]
    Sent,
    /// The connection is closed and nothing is answered.
    Dropped,
    /// The head announces the whole body, and the connection is closed after so many bytes of it.
    Truncated(usize),
}

/// An answer of the model.
#[derive(Clone, Default)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Headers without `Content-Length`, which the server adds.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How long the answer is held back; whoever has a clock waits.
    pub delay_ms: u64,
    /// What happens to it on its way.
    pub fate: Fate,
}

/// Shows no cookie that the answer sets.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &self.headers.len())
            .field("body", &self.body.len())
            .field("delay_ms", &self.delay_ms)
            .field("fate", &self.fate)
            .finish()
    }
}

impl Response {
    /// Makes a JSON answer.
    pub fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".into(), "application/json".into())],
            body: body.to_string().into_bytes(),
            ..Self::default()
        }
    }

    /// Makes an answer with the documented error envelope.
    pub fn error(status: u16, message: &str, code: &str) -> Self {
        Self::json(status, &json!({"Message": message, "Code": code}))
    }

    /// Makes an answer whose body the documentation does not show: as JSON if it has one.
    pub(crate) fn undocumented(status: u16, body: &str) -> Self {
        let mut answer = Self { status, body: body.as_bytes().to_vec(), ..Self::default() };
        if !body.is_empty() {
            answer = answer.with_header("Content-Type", "application/json");
        }
        answer
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Reads the body as JSON; `Null` if it is none.
    pub fn to_json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// Gives the first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// Gives every cookie that the answer sets, as `(name, value)`; cleared ones have an empty value.
    pub fn set_cookies(&self) -> Vec<(String, String)> {
        self.headers
            .iter()
            .filter(|(n, _)| n.eq_ignore_ascii_case("set-cookie"))
            .filter_map(|(_, v)| v.split(';').next()?.split_once('='))
            .map(|(n, v)| (n.trim().to_owned(), v.to_owned()))
            .collect()
    }
}
