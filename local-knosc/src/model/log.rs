//! What a test may see afterwards: which uploads were accepted, and which requests came.
//! Keeps header names and never a value, because values are cookies and tokens.

use std::collections::VecDeque;

use serde::Serialize;

use super::session::CSRF_HEADER;
use crate::{Request, Response};

/// An upload that became a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UploadRecord {
    /// Whose it is.
    pub tenant: String,
    /// The trigger.
    pub trigger: String,
    /// The file name as sent.
    pub file_name: String,
    /// The number of bytes.
    pub size: u64,
    /// Their SHA-256 in lower-case hex; empty with `digest_content` off.
    pub sha256: String,
    /// The job.
    pub job_id: String,
    /// When it was accepted, in the model's milliseconds.
    pub at: u64,
}

/// A request and how it was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestRecord {
    /// When, in the model's milliseconds.
    pub at: u64,
    /// Which tenant was asked.
    pub tenant: String,
    /// The method.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The status that was answered, or was about to be.
    pub status: u16,
    /// The names of the request's headers, lower-case.
    pub header_names: Vec<String>,
    /// Whether an access cookie was there.
    pub session_cookie: bool,
    /// Whether a refresh cookie was there.
    pub refresh_cookie: bool,
    /// Whether a CSRF header was there.
    pub csrf: bool,
}

/// All that is kept.
#[derive(Debug, Clone, Default)]
pub(super) struct Log {
    pub(super) uploads: Vec<UploadRecord>,
    pub(super) requests: VecDeque<RequestRecord>,
    /// POSTs to `/api/job/…`, refused ones included.
    pub(super) upload_posts: u64,
    /// POSTs to `/api/authenticate` and `/api/verify-2fa`.
    pub(super) sign_in_attempts: u64,
    /// POSTs to `/api/token-refresh`.
    pub(super) refreshes: u64,
}

impl Log {
    /// Counts a request as it arrives, whatever becomes of it.
    pub(super) fn count(&mut self, request: &Request) {
        if request.method != "POST" {
            return;
        }
        match request.path.as_str() {
            "/api/authenticate" | "/api/verify-2fa" => self.sign_in_attempts += 1,
            "/api/token-refresh" => self.refreshes += 1,
            path if path.starts_with("/api/job/") => self.upload_posts += 1,
            _ => {}
        }
    }

    pub(super) fn accept(&mut self, record: UploadRecord) {
        self.uploads.push(record);
    }

    pub(super) fn write(
        &mut self,
        tenant: &str,
        request: &Request,
        answer: &Response,
        at: u64,
        max: usize,
    ) {
        if max == 0 {
            return;
        }
        while self.requests.len() >= max {
            self.requests.pop_front();
        }
        self.requests.push_back(RequestRecord {
            at,
            tenant: tenant.to_owned(),
            method: request.method.clone(),
            path: request.path.clone(),
            status: answer.status,
            header_names: request
                .headers
                .iter()
                .map(|(name, _)| name.to_ascii_lowercase())
                .collect(),
            session_cookie: request.cookie("access_token_cookie").is_some(),
            refresh_cookie: request.cookie("refresh_token_cookie").is_some(),
            csrf: request.header(CSRF_HEADER).is_some(),
        });
    }
}
