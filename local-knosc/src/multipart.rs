//! Reads an upload's body with multer, strictly: exactly one part `file`, whole, and nothing else.
//! One reader for both paths, the server's stream and the model's bytes in memory; it stores nothing.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use data_encoding::HEXLOWER;
use futures_util::{FutureExt, Stream, StreamExt, stream};
use sha2::{Digest, Sha256};

/// A file that arrived whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The file name as sent, perhaps with directories.
    pub file_name: String,
    /// The bytes; `None` if they were only counted.
    pub bytes: Option<Vec<u8>>,
    /// The number of bytes.
    pub size: u64,
    /// Their SHA-256 in lower-case hex; empty with `digest_content` off.
    pub sha256: String,
    /// The first four bytes, enough to tell a ZIP archive.
    pub(crate) magic: Vec<u8>,
}

/// How a body is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadPlan {
    pub(crate) boundary: String,
    pub(crate) keep: bool,
    pub(crate) digest: bool,
    pub(crate) bytes_max: Option<u64>,
}

/// Why a body is no upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadError {
    /// The body broke off: no closing boundary, or fewer bytes than announced.
    Cut,
    /// There is no part named `file` with a file name.
    NoFile,
    /// There is a part, a part header or text that does not belong.
    Unexpected,
    /// The file has no bytes.
    Empty,
    /// The file is over the limit.
    TooBig,
}

impl UploadError {
    /// Says it in words, for the error envelope.
    pub fn message(self) -> &'static str {
        match self {
            Self::Cut => "The request body ended too early.",
            Self::NoFile => "No file part in the request.",
            Self::Unexpected => "The request holds more than one file part.",
            Self::Empty => "The file is empty.",
            Self::TooBig => "The file is too big.",
        }
    }
}

/// Finds the boundary in a `Content-Type` value.
pub(crate) fn boundary(content_type: Option<&str>) -> Option<String> {
    multer::parse_boundary(content_type?).ok()
}

/// Reads a body that is in memory.
pub(crate) fn read_slice(body: &[u8], plan: &ReadPlan) -> Result<Upload, UploadError> {
    let once =
        stream::once(std::future::ready(Ok::<_, std::io::Error>(Bytes::copy_from_slice(body))));
    // The only stream in there is ready at once, so that a future still pending means a body without end.
    read(once, plan).now_or_never().unwrap_or(Err(UploadError::Cut))
}

/// Reads a body to its last byte, even when its multipart ended before: only then is it known to be whole.
pub(crate) async fn read<S, E>(body: S, plan: &ReadPlan) -> Result<Upload, UploadError>
where
    S: Stream<Item = Result<Bytes, E>> + Send + Unpin,
    E: Into<Box<dyn std::error::Error + Send + Sync>> + 'static,
{
    let mut watched =
        Watched { inner: body, tail: Vec::new(), keep: plan.boundary.len() + 8, cut: false };
    let read = read_parts(&mut watched, plan).await;
    if matches!(read, Err(UploadError::TooBig)) {
        return read;
    }
    while watched.next().await.is_some() {}
    let closing = format!("--{}--", plan.boundary);
    let tail = watched.tail.strip_suffix(b"\r\n").unwrap_or(&watched.tail);
    if watched.cut || !tail.ends_with(closing.as_bytes()) {
        return Err(UploadError::Cut);
    }
    read
}

async fn read_parts<S, E>(body: S, plan: &ReadPlan) -> Result<Upload, UploadError>
where
    S: Stream<Item = Result<Bytes, E>> + Send,
    E: Into<Box<dyn std::error::Error + Send + Sync>> + 'static,
{
    let mut parts = multer::Multipart::new(body, plan.boundary.as_str());
    let Some(mut part) = parts.next_field().await.map_err(|e| of(&e))? else {
        return Err(UploadError::NoFile);
    };
    let foreign = |name: &str| !matches!(name, "content-disposition" | "content-type");
    if part.headers().keys().any(|name| foreign(name.as_str())) {
        return Err(UploadError::Unexpected);
    }
    let file_name = part.file_name().unwrap_or_default().to_owned();
    if part.name() != Some("file") || file_name.is_empty() {
        return Err(UploadError::NoFile);
    }
    let mut upload = Upload {
        file_name,
        bytes: plan.keep.then(Vec::new),
        size: 0,
        sha256: String::new(),
        magic: Vec::new(),
    };
    let mut hash = Sha256::new();
    while let Some(chunk) = part.chunk().await.map_err(|e| of(&e))? {
        upload.size += chunk.len() as u64;
        if plan.bytes_max.is_some_and(|max| upload.size > max) {
            return Err(UploadError::TooBig);
        }
        if plan.digest {
            hash.update(&chunk);
        }
        let missing = 4_usize.saturating_sub(upload.magic.len());
        upload.magic.extend(chunk.iter().take(missing));
        if let Some(bytes) = &mut upload.bytes {
            bytes.extend_from_slice(&chunk);
        }
    }
    drop(part);
    if parts.next_field().await.map_err(|e| of(&e))?.is_some() {
        return Err(UploadError::Unexpected);
    }
    if upload.size == 0 {
        return Err(UploadError::Empty);
    }
    if plan.digest {
        upload.sha256 = HEXLOWER.encode(&hash.finalize());
    }
    Ok(upload)
}

fn of(error: &multer::Error) -> UploadError {
    use multer::Error as E;
    match error {
        E::IncompleteFieldData { .. }
        | E::IncompleteStream
        | E::IncompleteHeaders
        | E::StreamReadFailed(_) => UploadError::Cut,
        _ => UploadError::Unexpected,
    }
}

/// A body that remembers how it ended, which multer does not tell.
struct Watched<S> {
    inner: S,
    tail: Vec<u8>,
    keep: usize,
    cut: bool,
}

impl<S, E> Stream for Watched<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    type Item = Result<Bytes, E>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.inner.poll_next_unpin(cx);
        match &polled {
            Poll::Ready(Some(Ok(chunk))) => {
                let keep = self.keep;
                self.tail.extend(chunk.iter().skip(chunk.len().saturating_sub(keep)));
                let surplus = self.tail.len().saturating_sub(keep);
                self.tail.drain(..surplus);
            }
            Poll::Ready(Some(Err(_))) => self.cut = true,
            Poll::Ready(None) | Poll::Pending => {}
        }
        polled
    }
}
