//! Files that a run sends: the trait that a host fills, files on disk and bytes in memory.
//!
//! Reads and nothing else. What a file may be is judged by the core and by the checks; how it reaches the component is in `host`.

#[cfg(feature = "memory-blobs")]
mod memory;

use std::fmt;
use std::fs::{File, Metadata};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use knosc_bulk_import::blob::base_name;

use crate::BoxFuture;
#[cfg(feature = "memory-blobs")]
pub use memory::MemoryBlob;

/// A file of known length that can be read more than once.
pub trait BlobSource: Send + Sync {
    /// A base name, `items.xlsx`; it goes to Knosc.
    fn name(&self) -> &str;

    /// The length in bytes, fixed when the source was made.
    fn size(&self) -> u64;

    /// Something that changes whenever the content may have: it is compared before the first and before the last byte leaves.
    fn version(&self) -> Result<String, BlobSourceError>;

    /// The digest that the content must have, its XXH3 of 128 bits, big-endian, where it is known before: of a run that is resumed, say.
    ///
    /// It is compared when the last bytes are due; a file with another one is never completed.
    fn digest(&self) -> Option<[u8; 16]> {
        None
    }

    /// Whether a table without a row may be sent for a trigger that closes what a file leaves out. Of the host's own word alone: such
    /// text of at most [`LOOK_BYTES`](knosc_bulk_import::blob::LOOK_BYTES) is refused otherwise.
    fn allows_empty(&self) -> bool {
        false
    }

    /// At most `max_bytes` from `offset` on; fewer only where the file ends, none at its end.
    fn read_at(
        &self,
        offset: u64,
        max_bytes: usize,
    ) -> BoxFuture<'_, Result<Bytes, BlobSourceError>>;
}

impl fmt::Debug for dyn BlobSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BlobSource").field(&self.name()).finish()
    }
}

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BlobSourceError {
    /// There is no such file.
    #[error("'{0}' does not exist")]
    NotFound(String),
    /// A folder, a device, or a path without a file name.
    #[error("'{0}' is no file")]
    NotAFile(String),
    /// Somebody wrote to the file since it was opened.
    #[error("'{0}' changed while it was being sent")]
    Changed(String),
    /// The storage said something else.
    #[error("'{name}' cannot be read: {message}")]
    Read {
        /// The file's name.
        name: String,
        /// What the storage said.
        message: String,
    },
}

/// A file on disk, held open: what is read is one file, and one that was replaced or renamed away counts as changed.
#[derive(Debug)]
pub struct FileBlob {
    name: String,
    file: Arc<File>,
    size: u64,
    /// None of a file that has no name on disk.
    path: Option<std::path::PathBuf>,
    digest: Option<[u8; 16]>,
    allows_empty: bool,
}

impl FileBlob {
    /// Opens a file; its length is fixed from here on.
    ///
    /// # Errors
    /// [`BlobSourceError`] if it does not exist, is no regular file, or cannot be read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, BlobSourceError> {
        let path = path.as_ref();
        let named = path.display().to_string();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| base_name(name).ok())
            .ok_or_else(|| BlobSourceError::NotAFile(named.clone()))?;
        // Looked at before it is opened: opening a pipe would wait for its writer.
        let metadata = std::fs::metadata(path).map_err(|error| io_error(&named, &error))?;
        if !metadata.is_file() {
            return Err(BlobSourceError::NotAFile(named));
        }
        let file = File::open(path).map_err(|error| io_error(&named, &error))?;
        let metadata = file.metadata().map_err(|error| io_error(&named, &error))?;
        Ok(Self {
            name: name.to_owned(),
            file: Arc::new(file),
            size: metadata.len(),
            path: Some(path.to_owned()),
            digest: None,
            allows_empty: false,
        })
    }

    /// An open file that has no name on disk, under this name.
    #[cfg(feature = "platform")]
    pub(crate) fn unnamed(name: String, file: Arc<File>) -> io::Result<Self> {
        let size = file.metadata()?.len();
        Ok(Self { name, file, size, path: None, digest: None, allows_empty: false })
    }

    /// The same file, which must have this content.
    #[must_use]
    pub fn expecting(self, digest: [u8; 16]) -> Self {
        Self { digest: Some(digest), ..self }
    }

    /// The same file, which may be a table without a row: for a trigger that closes what a file leaves out, that closes everything.
    #[must_use]
    pub fn allowing_empty(self) -> Self {
        Self { allows_empty: true, ..self }
    }
}

impl BlobSource for FileBlob {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> u64 {
        self.size
    }

    /// Length, time of change and inode, of the open file and of what its path names now: a file that was replaced has changed too.
    fn version(&self) -> Result<String, BlobSourceError> {
        let read = |error: io::Error| io_error(&self.name, &error);
        let open = self.file.metadata().map_err(read)?;
        let named = self.path.as_ref().map(std::fs::metadata).transpose().map_err(read)?;
        Ok(format!("{} {}", stamp(&open), named.as_ref().map_or_else(String::new, stamp)))
    }

    fn digest(&self) -> Option<[u8; 16]> {
        self.digest
    }

    fn allows_empty(&self) -> bool {
        self.allows_empty
    }

    fn read_at(
        &self,
        offset: u64,
        max_bytes: usize,
    ) -> BoxFuture<'_, Result<Bytes, BlobSourceError>> {
        let file = Arc::clone(&self.file);
        Box::pin(async move {
            let read = tokio::task::spawn_blocking(move || read_whole(&file, offset, max_bytes));
            match read.await {
                Ok(Ok(bytes)) => Ok(bytes),
                Ok(Err(error)) => Err(io_error(&self.name, &error)),
                Err(error) => Err(BlobSourceError::Read {
                    name: self.name.clone(),
                    message: error.to_string(),
                }),
            }
        })
    }
}

/// Reads into what the buffer has left, without zeroing it first: that would cost a tenth of a large file's time.
#[cfg(unix)]
fn read_some(file: &File, buffer: &mut Vec<u8>, offset: u64) -> io::Result<usize> {
    Ok(rustix::io::pread(file, rustix::buffer::spare_capacity(buffer), offset)?)
}

#[cfg(windows)]
fn read_some(file: &File, buffer: &mut Vec<u8>, offset: u64) -> io::Result<usize> {
    let filled = buffer.len();
    buffer.resize(buffer.capacity(), 0);
    let rest = buffer.get_mut(filled..).unwrap_or_default();
    let read = std::os::windows::fs::FileExt::seek_read(file, rest, offset);
    buffer.truncate(filled + read.as_ref().map_or(0, |count| *count));
    read
}

/// Reads until `max_bytes` or the end: a short read in the middle is no end.
fn read_whole(file: &File, offset: u64, max_bytes: usize) -> io::Result<Bytes> {
    let mut buffer = Vec::with_capacity(max_bytes);
    while buffer.len() < max_bytes {
        let at = offset.saturating_add(buffer.len() as u64);
        match read_some(file, &mut buffer, at) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    // An allocator may give more than was asked for.
    buffer.truncate(max_bytes);
    Ok(buffer.into())
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_metadata: &Metadata) -> u64 {
    0
}

fn stamp(metadata: &Metadata) -> String {
    let changed = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let nanos = changed.map_or(0, |since| since.as_nanos());
    format!("{}-{nanos}-{}", metadata.len(), inode(metadata))
}

fn io_error(name: &str, error: &io::Error) -> BlobSourceError {
    let name = name.to_owned();
    match error.kind() {
        io::ErrorKind::NotFound => BlobSourceError::NotFound(name),
        _ => BlobSourceError::Read { name, message: error.to_string() },
    }
}
