//! A file of bytes in memory.
//!
//! Never changes, and allows no table without a row.

use bytes::Bytes;

use super::{BlobSource, BlobSourceError};
use crate::BoxFuture;

/// Bytes in memory: for tests, and for embedders that made the file themselves.
#[derive(Clone, Debug)]
pub struct MemoryBlob {
    name: String,
    bytes: Bytes,
}

impl MemoryBlob {
    /// A file of these bytes.
    pub fn new(name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self { name: name.into(), bytes: bytes.into() }
    }
}

impl BlobSource for MemoryBlob {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn version(&self) -> Result<String, BlobSourceError> {
        Ok(String::new())
    }

    fn read_at(
        &self,
        offset: u64,
        max_bytes: usize,
    ) -> BoxFuture<'_, Result<Bytes, BlobSourceError>> {
        let length = self.bytes.len();
        let start = usize::try_from(offset).unwrap_or(length).min(length);
        let end = start.saturating_add(max_bytes).min(length);
        let bytes = self.bytes.slice(start..end);
        Box::pin(async move { Ok(bytes) })
    }
}
