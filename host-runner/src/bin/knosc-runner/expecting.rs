//! Files as the store knows them: one whose content is known before it is sent, and one that is not sent at all.
//!
//! Reads nothing by itself.

use std::sync::Arc;

use bytes::Bytes;
use knosc_bulk_import::admission::{Digest, RecordedStep};
use knosc_runner::BoxFuture;
use knosc_runner::blobs::{BlobSource, BlobSourceError};

/// The file, and where its content is known, a file that must have this content: another one stays unsealed.
pub fn expecting(blob: Arc<dyn BlobSource>, digest: Option<Digest>) -> Arc<dyn BlobSource> {
    match digest {
        Some(digest) => Arc::new(ExpectingBlob { blob, digest }),
        None => blob,
    }
}

struct ExpectingBlob {
    blob: Arc<dyn BlobSource>,
    digest: Digest,
}

impl BlobSource for ExpectingBlob {
    fn name(&self) -> &str {
        self.blob.name()
    }

    fn size(&self) -> u64 {
        self.blob.size()
    }

    fn version(&self) -> Result<String, BlobSourceError> {
        self.blob.version()
    }

    fn digest(&self) -> Option<[u8; 16]> {
        Some(self.digest.0)
    }

    fn allows_empty(&self) -> bool {
        self.blob.allows_empty()
    }

    fn read_at(
        &self,
        offset: u64,
        max_bytes: usize,
    ) -> BoxFuture<'_, Result<Bytes, BlobSourceError>> {
        self.blob.read_at(offset, max_bytes)
    }
}

/// A file that a resumed run does not send: its name is needed, and it may be gone.
pub struct RecordedBlob {
    name: String,
    size: u64,
}

impl RecordedBlob {
    pub fn new(step: &RecordedStep) -> Self {
        Self { name: step.file_name.clone(), size: step.stamp.size }
    }
}

impl BlobSource for RecordedBlob {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> u64 {
        self.size
    }

    fn version(&self) -> Result<String, BlobSourceError> {
        Ok("recorded".to_owned())
    }

    fn read_at(&self, _: u64, _: usize) -> BoxFuture<'_, Result<Bytes, BlobSourceError>> {
        Box::pin(async { Err(BlobSourceError::NotFound(self.name.clone())) })
    }
}
