//! The import `blobs`: files as handles, whose bytes go past the component's memory.
//!
//! Gives exactly as many bytes as the file had when its handle was made, or an error; and no host path or system message.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use knosc_bulk_import::blob::{self, LOOK_BYTES};
use knosc_bulk_import::trigger::Trigger;
use tokio::sync::{mpsc, oneshot};
use wasmtime::component::Resource;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{DynInputStream, InputStream, Pollable, StreamError, StreamResult};
use wasmtime_wasi::runtime::AbortOnDropJoinHandle;

use crate::bindings::knosc::bulk_import::blobs::{Host, HostBlob};
use crate::blobs::{BlobSource, BlobSourceError};
use crate::host::HostedCtxView;
use crate::host::digest::Digester;
use crate::progress::{Progress, tell};

/// Bytes of one read: what wasi-http takes at once. Smaller costs calls, larger costs memory.
const CHUNK_BYTES: usize = 1024 * 1024;

/// One chunk is read while another one is sent.
const CHUNKS_AHEAD: usize = 1;

/// A handle on a file, as it was when the handle was made.
#[allow(
    unreachable_pub,
    reason = "the generated bindings name it publicly in their own private module"
)]
#[derive(Clone)]
pub struct Blob {
    source: Arc<dyn BlobSource>,
    version: String,
    step: usize,
    /// Where the file goes, once that is said.
    trigger: Option<Trigger>,
}

impl Blob {
    /// A handle on a file as it is now.
    pub(crate) fn new(
        source: Arc<dyn BlobSource>,
        trigger: Option<Trigger>,
        step: usize,
    ) -> Result<Self, BlobSourceError> {
        let version = source.version()?;
        Ok(Self { source, version, step, trigger })
    }

    /// The file.
    #[cfg(feature = "platform")]
    pub(crate) fn source(&self) -> Arc<dyn BlobSource> {
        Arc::clone(&self.source)
    }

    /// Its content from `offset` on; the message is for people, and names no path.
    #[cfg(feature = "platform")]
    pub(crate) fn read_from(&self, offset: u64) -> Result<DynInputStream, String> {
        self.open(offset, None, None).map(|(stream, _)| stream)
    }

    /// Some of its bytes from `offset` on; none at its end alone.
    #[cfg(feature = "platform")]
    pub(crate) async fn piece(&self, offset: u64, len: u32) -> Result<Bytes, String> {
        self.check(offset)?;
        let wanted = usize::try_from(len).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
        if wanted == 0 || offset == self.source.size() {
            return Ok(Bytes::new());
        }
        self.chunk(offset, wanted).await.map_err(|broken| broken.to_string())
    }

    /// Refuses a table without a row, unless its owner means it.
    async fn judge(&self) -> Result<(), String> {
        let (source, Some(trigger)) = (&self.source, self.trigger) else { return Ok(()) };
        if source.allows_empty() || source.size() > LOOK_BYTES {
            return Ok(());
        }
        let whole = source.read_at(0, CHUNK_BYTES).await.map_err(|_| Broken.to_string())?;
        let judged = blob::check_rows(source.name(), trigger, &whole);
        judged.map_err(|error| format!("{error}; {}", error.hint()))
    }

    /// Its content from `offset` on, and whether all of it was given away yet.
    fn open(
        &self,
        offset: u64,
        digester: Option<Digester>,
        progress: Option<mpsc::Sender<Progress>>,
    ) -> Result<(DynInputStream, Arc<AtomicBool>), String> {
        let (step, size) = (self.step, self.source.size());
        self.check(offset)?;
        let (chunks, incoming) = mpsc::channel(CHUNKS_AHEAD);
        let is_given = Arc::new(AtomicBool::new(size == 0));
        let reader = Reader { file: self.clone(), offset, chunks, digester };
        let stream = BlobStream {
            incoming,
            _reader: wasmtime_wasi::runtime::spawn(reader.read_all()),
            next: None,
            is_given: Arc::clone(&is_given),
            told: Told { step, sent_bytes: offset, total_bytes: size, progress },
        };
        Ok((Box::new(stream), is_given))
    }

    fn is_unchanged(&self) -> bool {
        self.source.version().is_ok_and(|version| version == self.version)
    }

    fn check(&self, offset: u64) -> Result<(), String> {
        if !self.is_unchanged() {
            return Err("the file changed since it was given, or cannot be read".to_owned());
        }
        if offset > self.source.size() {
            return Err("the file is shorter than that".to_owned());
        }
        Ok(())
    }

    /// Up to `max` of the bytes that are left from `offset` on, of which there is one at least.
    async fn chunk(&self, offset: u64, max: usize) -> Chunk {
        let size = self.source.size();
        let left = size - offset;
        let wanted = usize::try_from(left).unwrap_or(max).min(max);
        let chunk = self.source.read_at(offset, wanted).await.map_err(|_| Broken)?;
        if chunk.is_empty() || chunk.len() > wanted {
            return Err(Broken);
        }
        if chunk.len() as u64 == left {
            // Before the last chunk is given away: is the file longer now, or another one?
            let beyond = self.source.read_at(size, 1).await.map_err(|_| Broken)?;
            if !beyond.is_empty() || !self.is_unchanged() {
                return Err(Broken);
            }
        }
        Ok(chunk)
    }
}

/// A file whose content was asked for.
pub(super) struct Opened {
    file: Blob,
    /// Whether the component was given every byte.
    is_given: Arc<AtomicBool>,
    /// Of what was read; none where that did not begin at the start, or nobody wants to know.
    digest: Option<oneshot::Receiver<[u8; 16]>>,
}

impl Opened {
    /// The file's place in the plan.
    pub(super) const fn step(&self) -> usize {
        self.file.step
    }

    /// The file's name.
    pub(super) fn name(&self) -> &str {
        self.file.source.name()
    }

    /// Whether the file is still the one that its handle was made for.
    pub(super) fn is_unchanged(&self) -> bool {
        self.file.is_unchanged()
    }

    /// The digest of what the component was given, if that was the whole file; told once.
    pub(super) async fn digest(&mut self) -> Option<[u8; 16]> {
        if !self.is_given.load(Ordering::Acquire) {
            return None;
        }
        self.digest.take()?.await.ok()
    }
}

impl Host for HostedCtxView<'_> {}

impl HostBlob for HostedCtxView<'_> {
    async fn name(&mut self, blob: Resource<Blob>) -> wasmtime::Result<String> {
        Ok(self.table.get(&blob)?.source.name().to_owned())
    }

    async fn size(&mut self, blob: Resource<Blob>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&blob)?.source.size())
    }

    async fn duplicate(&mut self, blob: Resource<Blob>) -> wasmtime::Result<Resource<Blob>> {
        let twin = self.table.get(&blob)?.clone();
        Ok(self.table.push(twin)?)
    }

    async fn open(
        &mut self,
        blob: Resource<Blob>,
        offset: u64,
    ) -> wasmtime::Result<Result<Resource<DynInputStream>, String>> {
        let file = self.table.get(&blob)?.clone();
        if let Err(reason) = file.judge().await {
            return Ok(Err(reason));
        }
        let (digester, digest) =
            (offset == 0 && self.ctx.wants_digest(file.step)).then(Digester::new).unzip();
        match file.open(offset, digester, self.ctx.progress.clone()) {
            Ok((stream, is_given)) => {
                self.ctx.opened = Some(Opened { file, is_given, digest });
                Ok(Ok(self.table.push(stream)?))
            }
            Err(reason) => Ok(Err(reason)),
        }
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

/// Reads ahead until the file's end, its listener's end, or an error.
struct Reader {
    file: Blob,
    offset: u64,
    chunks: mpsc::Sender<Chunk>,
    digester: Option<Digester>,
}

impl Reader {
    async fn read_all(mut self) {
        let size = self.file.source.size();
        while self.offset < size {
            let chunk = self.file.chunk(self.offset, CHUNK_BYTES).await;
            let Ok(bytes) = &chunk else {
                let _ = self.chunks.send(chunk).await;
                return;
            };
            self.offset += bytes.len() as u64;
            if let Some(digester) = &mut self.digester {
                digester.more(bytes);
            }
            if self.chunks.send(chunk).await.is_err() {
                return;
            }
        }
        if let Some(digester) = self.digester {
            digester.finish();
        }
    }
}

/// The component's end of a file. Dropping it ends the reader.
struct BlobStream {
    incoming: mpsc::Receiver<Chunk>,
    _reader: AbortOnDropJoinHandle<()>,
    /// What was received and not given away.
    next: Option<Chunk>,
    is_given: Arc<AtomicBool>,
    told: Told,
}

/// How far a file is, for those who watch.
struct Told {
    step: usize,
    sent_bytes: u64,
    total_bytes: u64,
    progress: Option<mpsc::Sender<Progress>>,
}

impl Told {
    const fn is_whole(&self) -> bool {
        self.sent_bytes == self.total_bytes
    }

    fn more(&mut self, bytes: usize) {
        self.sent_bytes += bytes as u64;
        let Self { step, sent_bytes, total_bytes, .. } = *self;
        tell(self.progress.as_ref(), Progress::UploadProgress { step, sent_bytes, total_bytes });
    }
}

#[async_trait]
impl Pollable for BlobStream {
    async fn ready(&mut self) {
        if self.next.is_none() && !self.told.is_whole() {
            // A reader that ended before the file did was broken off.
            self.next = Some(self.incoming.recv().await.unwrap_or(Err(Broken)));
        }
    }
}

#[async_trait]
impl InputStream for BlobStream {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        if self.told.is_whole() {
            return Err(StreamError::Closed);
        }
        let next = match self.next.take().map_or_else(|| self.incoming.try_recv(), Ok) {
            Ok(next) => next,
            Err(mpsc::error::TryRecvError::Empty) => return Ok(Bytes::new()),
            Err(mpsc::error::TryRecvError::Disconnected) => Err(Broken),
        };
        let mut chunk = next.map_err(|error| StreamError::LastOperationFailed(error.into()))?;
        let part = chunk.split_to(size.min(chunk.len()));
        if !chunk.is_empty() {
            self.next = Some(Ok(chunk));
        }
        self.told.more(part.len());
        if self.told.is_whole() {
            self.is_given.store(true, Ordering::Release);
        }
        Ok(part)
    }
}
