//! The import `blobs`: files as handles, whose bytes go past the component's memory.
//!
//! Gives exactly as many bytes as the file had when its handle was made, or an error; and no host path or system message.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;
use wasmtime::component::Resource;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{DynInputStream, InputStream, Pollable, StreamError, StreamResult};
use wasmtime_wasi::runtime::AbortOnDropJoinHandle;

use crate::bindings::knosc::bulk_import::blobs::{Host, HostBlob};
use crate::blobs::{BlobSource, BlobSourceError};
use crate::host::HostState;
use crate::progress::{Progress, tell};

/// Bytes of one read: what wasi-http takes at once. Smaller costs calls, larger costs memory.
const CHUNK_BYTES: usize = 1024 * 1024;

/// One chunk is read while another one is sent.
const CHUNKS_AHEAD: usize = 1;

/// A handle on a file.
#[allow(
    unreachable_pub,
    reason = "the generated bindings name it publicly in their own private module"
)]
pub struct Blob {
    source: Arc<dyn BlobSource>,
    version: String,
    step: usize,
}

/// A file whose content was asked for.
pub(super) struct Opened {
    source: Arc<dyn BlobSource>,
    version: String,
}

impl Opened {
    /// Whether the file is still the one that its handle was made for.
    pub(super) fn is_unchanged(&self) -> bool {
        self.source.version().is_ok_and(|version| version == self.version)
    }
}

impl Blob {
    /// A handle on a file as it is now.
    pub(crate) fn new(source: Arc<dyn BlobSource>, step: usize) -> Result<Self, BlobSourceError> {
        let version = source.version()?;
        Ok(Self { source, version, step })
    }

    fn opened(&self) -> Opened {
        Opened { source: Arc::clone(&self.source), version: self.version.clone() }
    }
}

impl Host for HostState {}

impl HostBlob for HostState {
    async fn name(&mut self, blob: Resource<Blob>) -> wasmtime::Result<String> {
        Ok(self.table.get(&blob)?.source.name().to_owned())
    }

    async fn size(&mut self, blob: Resource<Blob>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&blob)?.source.size())
    }

    async fn duplicate(&mut self, blob: Resource<Blob>) -> wasmtime::Result<Resource<Blob>> {
        let Blob { source, version, step } = self.table.get(&blob)?;
        let twin = Blob { source: Arc::clone(source), version: version.clone(), step: *step };
        Ok(self.table.push(twin)?)
    }

    async fn open(
        &mut self,
        blob: Resource<Blob>,
        offset: u64,
    ) -> wasmtime::Result<Result<Resource<DynInputStream>, String>> {
        let blob = self.table.get(&blob)?;
        let (opened, step, size) = (blob.opened(), blob.step, blob.source.size());
        if !opened.is_unchanged() {
            return Ok(Err("the file changed since it was given, or cannot be read".to_owned()));
        }
        if offset > size {
            return Ok(Err("the file is shorter than that".to_owned()));
        }
        let (chunks, incoming) = mpsc::channel(CHUNKS_AHEAD);
        self.opened = Some(blob.opened());
        let stream = BlobStream {
            incoming,
            _reader: wasmtime_wasi::runtime::spawn(read_all(opened, offset, chunks)),
            next: Next::Unknown,
            told: Told {
                step,
                sent_bytes: offset,
                total_bytes: size,
                progress: self.progress.clone(),
            },
        };
        let stream: DynInputStream = Box::new(stream);
        Ok(Ok(self.table.push(stream)?))
    }

    async fn drop(&mut self, blob: Resource<Blob>) -> wasmtime::Result<()> {
        self.table.delete(blob)?;
        Ok(())
    }
}

/// The file is not what it was; nobody inside learns more.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the file changed or cannot be read")]
struct Broken;

type Chunk = Result<Bytes, Broken>;

/// Reads ahead until the file's end, its reader's end, or an error.
async fn read_all(opened: Opened, mut offset: u64, chunks: mpsc::Sender<Chunk>) {
    let size = opened.source.size();
    while offset < size {
        let chunk = read_chunk(&opened, offset, size).await;
        let length = chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        offset += length;
        if chunks.send(chunk).await.is_err() || length == 0 {
            return;
        }
    }
}

async fn read_chunk(opened: &Opened, offset: u64, size: u64) -> Chunk {
    let left = size - offset;
    let wanted = usize::try_from(left).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
    let chunk = opened.source.read_at(offset, wanted).await.map_err(|_| Broken)?;
    if chunk.is_empty() || chunk.len() > wanted {
        return Err(Broken);
    }
    if chunk.len() as u64 == left {
        // Before the last chunk is given away: is the file longer now, or another one?
        let beyond = opened.source.read_at(size, 1).await.map_err(|_| Broken)?;
        if !beyond.is_empty() || !opened.is_unchanged() {
            return Err(Broken);
        }
    }
    Ok(chunk)
}

/// The component's end of a file. Dropping it ends the reader.
struct BlobStream {
    incoming: mpsc::Receiver<Chunk>,
    _reader: AbortOnDropJoinHandle<()>,
    next: Next,
    told: Told,
}

/// What was received and not given away.
enum Next {
    Unknown,
    Chunk(Bytes),
    Broken,
    End,
}

impl From<Option<Chunk>> for Next {
    fn from(received: Option<Chunk>) -> Self {
        match received {
            Some(Ok(chunk)) => Self::Chunk(chunk),
            Some(Err(Broken)) => Self::Broken,
            None => Self::End,
        }
    }
}

/// How far a file is, for those who watch.
struct Told {
    step: usize,
    sent_bytes: u64,
    total_bytes: u64,
    progress: Option<mpsc::Sender<Progress>>,
}

impl Told {
    fn more(&mut self, bytes: usize) {
        self.sent_bytes += bytes as u64;
        let Self { step, sent_bytes, total_bytes, .. } = *self;
        tell(self.progress.as_ref(), Progress::UploadProgress { step, sent_bytes, total_bytes });
    }
}

#[async_trait]
impl Pollable for BlobStream {
    async fn ready(&mut self) {
        if matches!(self.next, Next::Unknown) {
            self.next = self.incoming.recv().await.into();
        }
    }
}

#[async_trait]
impl InputStream for BlobStream {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        if matches!(self.next, Next::Unknown) {
            self.next = match self.incoming.try_recv() {
                Ok(chunk) => Some(chunk).into(),
                Err(mpsc::error::TryRecvError::Empty) => return Ok(Bytes::new()),
                Err(mpsc::error::TryRecvError::Disconnected) => Next::End,
            };
        }
        let chunk = match &mut self.next {
            Next::Chunk(chunk) => chunk,
            Next::End if self.told.sent_bytes == self.told.total_bytes => {
                return Err(StreamError::Closed);
            }
            // A reader that ended before the file did was broken off.
            Next::Broken | Next::End | Next::Unknown => {
                return Err(StreamError::LastOperationFailed(Broken.into()));
            }
        };
        let part = chunk.split_to(size.min(chunk.len()));
        if chunk.is_empty() {
            self.next = Next::Unknown;
        }
        self.told.more(part.len());
        Ok(part)
    }
}
