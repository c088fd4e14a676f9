//! Content that is fetched and streamed on: https, or http on this machine; no redirect, no credentials.

use super::content::Judge;
use crate::blob::LOOK_BYTES;
use crate::fault::{Fault, Refusal};
use crate::guest::feed::{Source, StreamFeed};
use crate::guest::http::{self, Headers, Incoming};
use crate::guest::upload::Content;
use crate::origin::{Origin, OriginError};
use crate::protocol::{Method, Request};

/// A URL that anyone may read who has it.
pub(super) struct UrlContent<'a> {
    pub(super) url: &'a str,
    pub(super) judge: Judge,
}

impl Content for UrlContent<'_> {
    fn open(&self) -> Result<Source<'_>, Fault> {
        let (origin, path) = self.target()?;
        let request = Request { method: Method::Get, path, headers: Vec::new(), body: Vec::new() };
        let answer = http::ask(&origin, &request, Headers::new())?;
        let size = self.size(&answer)?;
        let (stream, keep) = answer.body.into_parts();
        let feed = StreamFeed::open(stream, keep, LOOK_BYTES.min(size))?;
        self.judge.check(feed.seen(), feed.seen().len() as u64 >= size)?;
        Ok(Source { size, feed: Box::new(feed) })
    }

    /// Nothing is fetched just to look at it.
    fn look(&self) -> Result<(), Fault> {
        self.target().map(drop)
    }
}

impl UrlContent<'_> {
    fn target(&self) -> Result<(Origin, String), Fault> {
        // What is no scheme is refused by `Origin`.
        let after_scheme = self.url.find(':').map_or(0, |colon| colon + "://".len());
        let rest = self.url.get(after_scheme..).unwrap_or_default();
        let length = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (origin, path) =
            self.url.split_at_checked(after_scheme + length).unwrap_or((self.url, ""));
        // Not the whole URL: a signed one is a secret.
        let origin = origin.parse().map_err(|error: OriginError| {
            Fault::PermanentInvalid(format!(
                "the URL of '{}' is not taken (https, or http on this machine; no user name): {error}",
                self.judge.name
            ))
        })?;
        let path = path.split('#').next().unwrap_or_default();
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok((origin, path))
    }

    /// The length that the server promises, which the upload promises on.
    fn size(&self, answer: &Incoming) -> Result<u64, Fault> {
        let name = &self.judge.name;
        if matches!(answer.status, 408 | 429 | 500..=599) {
            let message =
                format!("the server of '{name}' answered {}; nothing was sent", answer.status);
            return Err(Fault::Transient(Refusal::unanswered(message)));
        }
        if answer.status != 200 {
            let followed =
                if (300..=399).contains(&answer.status) { "; it is not followed" } else { "" };
            let message = format!("the server of '{name}' answered {}{followed}", answer.status);
            return Err(Fault::PermanentInvalid(message));
        }
        let header = |name: &str| {
            answer.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim())
        };
        if header("content-encoding").is_some_and(|encoding| encoding != "identity") {
            return Err(Fault::PermanentInvalid(format!(
                "the server of '{name}' sends it encoded"
            )));
        }
        header("content-length").and_then(|length| length.parse().ok()).ok_or_else(|| {
            Fault::PermanentInvalid(format!(
                "the server of '{name}' does not say its Content-Length"
            ))
        })
    }
}
