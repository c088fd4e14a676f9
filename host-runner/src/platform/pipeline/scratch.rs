//! The import `scratch`: files that a pipeline writes, within its quota, without a name on disk: the system removes them with their last
//! user, also where this process is killed.
//!
//! Names are base names; a pipeline learns no path and reaches no other run's file.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use knosc_bulk_import::blob::base_name;
use wasmtime::component::Resource;

use super::bindings::knosc::bulk_import::scratch::{Host, HostWriter};
use super::state::PipelineState;
use crate::blobs::FileBlob;
use crate::host::blobs::Blob;
use crate::platform::limits::PipelineLimit;

/// One call's bytes, as the contract says.
const WRITE_BYTES_MAX: usize = 1024 * 1024;

/// What a run wrote so far.
pub(super) struct Scratch {
    /// On whose disk they are made.
    parent: PathBuf,
    files: u64,
    bytes: u64,
}

impl Scratch {
    pub(super) const fn new(parent: PathBuf) -> Self {
        Self { parent, files: 0, bytes: 0 }
    }

    /// Bytes that were written.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// A file that is being written.
#[allow(
    unreachable_pub,
    reason = "the generated bindings name it publicly in their own private module"
)]
pub struct Writer {
    file: Arc<File>,
    name: String,
}

impl Host for PipelineState {
    async fn create(&mut self, name: String) -> wasmtime::Result<Result<Resource<Writer>, String>> {
        let name = match base_name(&name) {
            Ok(name) => name.to_owned(),
            Err(error) => return Ok(Err(error.to_string())),
        };
        if self.scratch.files >= self.limits().get(PipelineLimit::ScratchFiles) {
            return Ok(Err(self.over(PipelineLimit::ScratchFiles)));
        }
        // The pipeline's name is a label alone.
        let file = match tempfile::tempfile_in(&self.scratch.parent) {
            Ok(file) => file,
            Err(error) => {
                tracing::error!(%error, "no scratch file");
                return Ok(Err("the host has no room for files now".to_owned()));
            }
        };
        self.scratch.files += 1;
        Ok(Ok(self.table.push(Writer { file: Arc::new(file), name })?))
    }

    async fn finish(
        &mut self,
        this: Resource<Writer>,
    ) -> wasmtime::Result<Result<Resource<Blob>, String>> {
        let Writer { file, name } = self.table.delete(this)?;
        let blob = FileBlob::unnamed(name, file).map_err(|_| ());
        match blob.and_then(|blob| Blob::new(Arc::new(blob), None, 0).map_err(|_| ())) {
            Ok(blob) => Ok(Ok(self.table.push(blob)?)),
            Err(()) => Ok(Err("the file cannot be read back".to_owned())),
        }
    }
}

impl HostWriter for PipelineState {
    async fn write(
        &mut self,
        writer: Resource<Writer>,
        bytes: Vec<u8>,
    ) -> wasmtime::Result<Result<(), String>> {
        if bytes.len() > WRITE_BYTES_MAX {
            return Ok(Err("at most 1 MiB is written at once".to_owned()));
        }
        let total = self.scratch.bytes.saturating_add(bytes.len() as u64);
        if total > self.limits().get(PipelineLimit::ScratchBytes) {
            return Ok(Err(self.over(PipelineLimit::ScratchBytes)));
        }
        self.scratch.bytes = total;
        let file = Arc::clone(&self.table.get(&writer)?.file);
        let written = tokio::task::spawn_blocking(move || (&*file).write_all(&bytes)).await;
        match written {
            Ok(Ok(())) => Ok(Ok(())),
            Ok(Err(error)) => {
                tracing::error!(%error, "a scratch file was not written");
                Ok(Err("the host has no room for files now".to_owned()))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn drop(&mut self, writer: Resource<Writer>) -> wasmtime::Result<()> {
        self.table.delete(writer)?;
        Ok(())
    }
}
