//! A file as an engine passes it: which form it has, and what is judged of it before anything is sent.

use sha2::{Digest, Sha256};
use wasi::io::poll::Pollable;

use super::file::PathContent;
use super::memory::{Base64Content, BytesContent};
use super::url::UrlContent;
use crate::blob::{FileKind, base_name, check_rows};
use crate::fault::Fault;
use crate::guest::bindings::exports::knosc::bulk_import::importer;
use crate::guest::convert::to_core;
use crate::guest::feed::{Feed, FeedError, Source};
use crate::guest::upload::{Content, Item, invalid};
use crate::protocol::upload::Boundary;
use crate::trigger::Trigger;

/// A file with its trigger, ready to be opened.
pub(super) fn item(file: &importer::File) -> Result<Item<'_>, Fault> {
    let trigger = to_core::trigger(&file.trigger)?;
    let name = base_name(&file.name).map_err(|error| invalid(&error))?.to_owned();
    let kind = FileKind::of_name(&name).map_err(|error| invalid(&error))?;
    if let Some(digest) = &file.sha256
        && !is_digest(digest)
    {
        return Err(Fault::PermanentInvalid(format!(
            "sha256 of '{name}' is not 64 lower-case hexadecimal digits"
        )));
    }
    let judge = Judge { trigger, kind, name: name.clone() };
    let content: Box<dyn Content + '_> = match &file.content {
        importer::Content::Bytes(bytes) => Box::new(BytesContent { bytes, judge }),
        importer::Content::Text(text) => Box::new(BytesContent { bytes: text.as_bytes(), judge }),
        importer::Content::Base64(text) => Box::new(Base64Content { text, judge }),
        importer::Content::Path(path) => Box::new(PathContent { path, judge }),
        importer::Content::Url(url) => Box::new(UrlContent { url, judge }),
    };
    let content = match &file.sha256 {
        Some(expected) => Box::new(Promised { content, expected }),
        None => content,
    };
    Ok(Item { trigger, name, content })
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Knows what a file should look like.
pub(super) struct Judge {
    trigger: Trigger,
    kind: FileKind,
    pub(super) name: String,
}

impl Judge {
    /// Judges first bytes; `is_whole` if they are all there is.
    pub(super) fn check(&self, first: &[u8], is_whole: bool) -> Result<(), Fault> {
        self.kind.check(&self.name, first).map_err(|error| invalid(&error))?;
        if !is_whole {
            return Ok(());
        }
        check_rows(&self.name, self.trigger, first).map_err(|error| {
            Fault::PermanentInvalid(format!(
                "{error}; this component does not send it: load an empty table in Knosc itself if it is meant"
            ))
        })
    }
}

/// Content whose digest was promised: every byte passes the guest.
struct Promised<'a> {
    content: Box<dyn Content + 'a>,
    expected: &'a str,
}

impl Content for Promised<'_> {
    fn open(&self) -> Result<Source<'_>, Fault> {
        let Source { size, feed } = self.content.open()?;
        let feed = Digested { feed, digest: Sha256::new(), expected: self.expected };
        Ok(Source { size, feed: Box::new(feed) })
    }

    fn look(&self) -> Result<(), Fault> {
        self.content.look()
    }

    fn holds(&self, boundary: &Boundary) -> bool {
        self.content.holds(boundary)
    }

    fn sha256(&self) -> Option<String> {
        Some(self.expected.to_owned())
    }
}

struct Digested<'a> {
    feed: Box<dyn Feed + 'a>,
    digest: Sha256,
    expected: &'a str,
}

impl Feed for Digested<'_> {
    fn read(&mut self, max: u64) -> Result<Vec<u8>, FeedError> {
        let piece = self.feed.read(max)?;
        self.digest.update(&piece);
        Ok(piece)
    }

    fn pollable(&self) -> Option<Pollable> {
        self.feed.pollable()
    }

    fn verify(&mut self) -> Result<(), Fault> {
        self.feed.verify()?;
        let mut found = Vec::new();
        for byte in self.digest.finalize_reset() {
            found.extend([hex_digit(byte >> 4), hex_digit(byte & 0x0F)]);
        }
        if found == self.expected.as_bytes() {
            return Ok(());
        }
        Err(Fault::PermanentInvalid(
            "the content does not match sha256; the request was given up before its end, nothing was accepted"
                .to_owned(),
        ))
    }
}

const fn hex_digit(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }
}
