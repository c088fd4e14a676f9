//! A file as the journal knows it: its digest and its stamp, made of the real one.
//!
//! The only part of the journal that looks at exports.

use std::fs::File;
use std::io::{self, Read as _};
#[cfg(unix)]
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use knosc_bulk_import::admission::{Digest, Stamp};
use twox_hash::XxHash3_128;

use super::filesystem;
use crate::blobs::{BlobSource, BlobSourceError};

/// Large enough that calls cost nothing, small enough for a processor's cache.
const HASHED_AT_ONCE_BYTES: usize = 256 * 1024;

/// Reads a file to its end and gives its digest. Blocks.
///
/// # Errors
/// The file system's.
pub fn digest(path: &Path) -> io::Result<Digest> {
    let mut file = File::open(path)?;
    let mut hasher = XxHash3_128::new();
    let mut buffer = vec![0; HASHED_AT_ONCE_BYTES];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(Digest(hasher.finish_128().to_be_bytes())),
            Ok(count) => hasher.write(buffer.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The digest of a file that is no path's.
///
/// # Errors
/// The file's.
pub async fn digest_of(blob: &dyn BlobSource) -> Result<Digest, BlobSourceError> {
    let (mut hasher, mut offset) = (XxHash3_128::new(), 0_u64);
    loop {
        let bytes = blob.read_at(offset, HASHED_AT_ONCE_BYTES).await?;
        if bytes.is_empty() {
            return Ok(Digest(hasher.finish_128().to_be_bytes()));
        }
        hasher.write(&bytes);
        offset = offset.saturating_add(bytes.len() as u64);
    }
}

/// A digest in lower-case hex.
pub(super) fn hex(digest: Digest) -> String {
    HEXLOWER.encode(&digest.0)
}

/// Reads a digest in hex.
pub(super) fn unhex(text: &str) -> Option<Digest> {
    let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?;
    Some(Digest(bytes.try_into().ok()?))
}

/// The stamp of a file as it is now.
///
/// Its change time is taken for known only on a local disk, and only if it is older than this moment by more than a file system's
/// clock may be coarse: a change that comes right after would have the same time.
///
/// # Errors
/// The file system's.
pub fn stamp(path: &Path) -> io::Result<Stamp> {
    let metadata = std::fs::metadata(path)?;
    let mtime_ns = metadata.modified().ok().map_or(0, nanoseconds);
    #[cfg(unix)]
    let (inode, changed_ns) = (MetadataExt::ino(&metadata), change_time(&metadata));
    // Elsewhere the content decides.
    #[cfg(not(unix))]
    let (inode, changed_ns) = (0, 0);
    let age_ns = nanoseconds(SystemTime::now()).saturating_sub(changed_ns);
    let is_settled = age_ns > if changed_ns % 1_000_000_000 == 0 { SECONDS_NS } else { TICKS_NS };
    let is_known = is_settled && filesystem::has_change_times(path);
    let ctime_ns = if is_known { changed_ns } else { 0 };
    Ok(Stamp { size: metadata.len(), mtime_ns, ctime_ns, inode })
}

/// How long changes may share a time: where a file system keeps seconds alone, and where it keeps the kernel's ticks of at most 10 ms.
const SECONDS_NS: i64 = 2_000_000_000;
const TICKS_NS: i64 = 100_000_000;

#[cfg(unix)]
fn change_time(metadata: &std::fs::Metadata) -> i64 {
    MetadataExt::ctime(metadata)
        .saturating_mul(1_000_000_000)
        .saturating_add(MetadataExt::ctime_nsec(metadata))
}

fn nanoseconds(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |nanos| -nanos),
    }
}
