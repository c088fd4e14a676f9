//! A file as it was when it was checked: whoever changes it after that has it refused.
//!
//! Between the check and the first byte lie a sign-in and, in a run, every file before it.

use std::path::Path;

use bytes::Bytes;
use knosc_runner::BoxFuture;
use knosc_runner::blobs::{BlobSource, BlobSourceError, FileBlob};

/// An open file and the version that was checked.
pub struct PinnedBlob {
    blob: FileBlob,
    version: String,
    /// Whether a table without rows would have been found, and was meant.
    is_looked_into: bool,
}

impl PinnedBlob {
    /// Opens a file that is about to be checked.
    pub fn open(path: &Path) -> Result<Self, BlobSourceError> {
        let blob = FileBlob::open(path)?;
        let version = blob.version()?;
        Ok(Self { blob, version, is_looked_into: false })
    }

    /// The same, once the checks of this program, which ask for `--allow-empty`, have passed it.
    pub fn looked_into(self) -> Self {
        Self { is_looked_into: true, ..self }
    }
}

impl BlobSource for PinnedBlob {
    fn name(&self) -> &str {
        self.blob.name()
    }

    fn size(&self) -> u64 {
        self.blob.size()
    }

    fn version(&self) -> Result<String, BlobSourceError> {
        let now = self.blob.version()?;
        if now == self.version {
            return Ok(now);
        }
        Err(BlobSourceError::Changed(self.blob.name().to_owned()))
    }

    fn allows_empty(&self) -> bool {
        self.is_looked_into
    }

    fn read_at(
        &self,
        offset: u64,
        max_bytes: usize,
    ) -> BoxFuture<'_, Result<Bytes, BlobSourceError>> {
        self.blob.read_at(offset, max_bytes)
    }
}
