//! The content of a file while a pipeline reads it: each such stream holds pieces that were read ahead, so that their number is limited.
//!
//! Counts; what is read is the file's own.

use tokio::sync::OwnedSemaphorePermit;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{DynInputStream, InputStream, Pollable, StreamResult};

/// A stream that keeps its place until it is dropped.
pub(super) struct OpenFile {
    pub(super) content: DynInputStream,
    pub(super) _place: OwnedSemaphorePermit,
}

#[async_trait]
impl InputStream for OpenFile {
    fn read(&mut self, size: usize) -> StreamResult<bytes::Bytes> {
        self.content.read(size)
    }

    async fn cancel(&mut self) {
        self.content.cancel().await;
    }
}

#[async_trait]
impl Pollable for OpenFile {
    async fn ready(&mut self) {
        self.content.ready().await;
    }
}
