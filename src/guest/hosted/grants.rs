//! What the host grants: blobs, the tenancy and the journal, as the shared code wants them.

use crate::blob::{FileKind, MAGIC_BYTES};
use crate::fault::{Fault, Refusal};
use crate::guest::access::Access;
use crate::guest::bindings::knosc::bulk_import::blobs::Blob;
use crate::guest::bindings::knosc::bulk_import::{journal, tenancy};
use crate::guest::convert::to_wit;
use crate::guest::feed::{Source, StreamFeed};
use crate::guest::http::Headers;
use crate::guest::upload::{Content, invalid};
use crate::origin::Origin;
use crate::protocol::Method;
use crate::run::Event;

/// The one origin of this tenant.
pub(super) fn origin() -> Result<Origin, Fault> {
    tenancy::origin().parse().map_err(|error: crate::origin::OriginError| {
        Fault::PermanentInvalid(format!("the host's origin: {error}: {}", error.hint()))
    })
}

/// Makes an event durable. Whoever calls again goes on from what is in the journal, so that a failure is transient at every point.
pub(super) fn append(event: &Event) -> Result<(), Fault> {
    journal::append(&to_wit::event(event.clone())).map_err(|message| {
        Fault::Transient(Refusal::unanswered(format!(
            "the journal could not be written, so nothing more was done: {message}"
        )))
    })
}

/// The host signs every request, and renews.
pub(super) struct HostAccess;

impl Access for HostAccess {
    fn headers(&self, _: Method) -> Headers {
        Headers::new()
    }

    fn renew(&mut self, _: &Origin) -> bool {
        tenancy::renew_session()
    }

    /// The host holds the session, and proves it before it lets an upload out.
    fn is_proven(&self) -> bool {
        true
    }

    fn prove(&mut self) {}
}

/// A file of the host's, lent for a call or handed over for a run.
pub(super) enum BlobContent<'a> {
    /// Lent.
    Borrowed(&'a Blob),
    /// Handed over.
    Owned(Blob),
}

impl BlobContent<'_> {
    const fn blob(&self) -> &Blob {
        match self {
            Self::Borrowed(blob) => blob,
            Self::Owned(blob) => blob,
        }
    }

    /// As the host named it.
    pub(super) fn name(&self) -> String {
        self.blob().name()
    }
}

impl Content for BlobContent<'_> {
    fn open(&self) -> Result<Source<'_>, Fault> {
        let blob = self.blob();
        let (name, size) = (blob.name(), blob.size());
        let kind = FileKind::of_name(&name).map_err(|error| invalid(&error))?;
        let stream = blob.open(0).map_err(|message| {
            Fault::PermanentInvalid(format!("'{name}' is not sent: {message}"))
        })?;
        let feed = StreamFeed::open(stream, (), MAGIC_BYTES as u64)?;
        kind.check(&name, feed.seen()).map_err(|error| invalid(&error))?;
        Ok(Source { size, feed: Box::new(feed) })
    }
}
