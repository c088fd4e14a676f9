//! Knosc's wire format: values to requests, answers to values. No sockets.
//!
//! One file for each thing that is asked of Knosc: [`authenticate`], [`verify_2fa`], [`token_refresh`], [`logout`], [`upload`], [`poll`],
//! [`templates`], [`validate_privileges`]. What an answer means for the caller is decided in one place, [`classify`].

pub mod authenticate;
pub mod classify;
pub mod cookies;
pub mod logout;
mod multipart;
pub mod poll;
pub mod templates;
pub mod token_refresh;
pub mod upload;
pub mod validate_privileges;
pub mod verify_2fa;

mod envelope;
mod json;
mod retry_after;
mod text;
mod value;

use std::io::Read;

/// The two methods that Knosc's import needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads; needs the access cookie alone.
    Get,
    /// Changes state; needs `X-XSRF-TOKEN` too.
    Post,
}

/// A request whose body is known whole. Uploads have their own form, [`upload::Frame`].
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// How.
    pub method: Method,
    /// Path and query, from `/api` on.
    pub path: String,
    /// Lower-case names. Never session headers: those are added by whoever holds the session ([`cookies::session_headers`]),
    /// but for `token-refresh` and `verify-2fa`, which carry cookies of their own.
    pub headers: Vec<(&'static str, String)>,
    /// Empty for GET.
    pub body: Vec<u8>,
}

/// An answer, as much of it as was read.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    /// At most as many bytes as the reader was told to take.
    pub body: Vec<u8>,
    /// Whether the body was longer than that, or broke off.
    pub cut: bool,
}

impl Answer {
    /// Reads a body as far as it goes, at most `max` bytes of it.
    pub fn read(status: u16, headers: Vec<(String, String)>, body: impl Read, max: usize) -> Self {
        let mut start = Vec::new();
        // One byte more shows that there is more.
        let read = body.take(max as u64 + 1).read_to_end(&mut start);
        let cut = read.is_err() || start.len() > max;
        start.truncate(max);
        Self { status, headers, body: start, cut }
    }

    /// The first header of a (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// When the answer was made by its own account, in seconds of Unix time.
    pub fn date_seconds(&self) -> Option<u64> {
        retry_after::unix_seconds(self.header("date")?.trim())
    }
}

/// How much of an upload had left when it broke off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sent {
    /// Not one byte: denied, no address, no connection.
    Nothing,
    /// Less than `Content-Length`: Knosc cannot have a whole request.
    Part,
    /// The closing boundary was handed over, or may have been.
    Sealed,
}

/// Bytes of an upload's (or a sign-in's) answer that are read.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Bytes of a poll's answer that are read: some hundred thousand row errors.
pub const POLL_ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

impl std::fmt::Debug for Request {
    /// Without header values and body, which may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Answer {
    /// Without headers and body, which may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .field("cut", &self.cut)
            .finish_non_exhaustive()
    }
}
