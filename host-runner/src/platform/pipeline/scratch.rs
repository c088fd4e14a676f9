//! The import `scratch`: files that a pipeline writes, within its quota, in a folder of the run that goes away with it.
//!
//! Names are base names; a pipeline learns no path and reaches no other run's file.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use knosc_bulk_import::blob::base_name;
use wasmtime::component::Resource;

use super::bindings::knosc::bulk_import::scratch::{Host, HostWriter};
use super::state::PipelineState;
use crate::BoxFuture;
use crate::blobs::{BlobSource, BlobSourceError, FileBlob};
use crate::host::blobs::Blob;
use crate::platform::limits::PipelineLimit;

/// One call's bytes, as the contract says.
const WRITE_BYTES_MAX: usize = 1024 * 1024;

/// What a run wrote so far.
pub(super) struct Scratch {
    /// Where the run's folder is made, when the first file is.
    parent: PathBuf,
    folder: Option<Arc<Folder>>,
    files: u64,
    bytes: u64,
}

impl Scratch {
    pub(super) const fn new(parent: PathBuf) -> Self {
        Self { parent, folder: None, files: 0, bytes: 0 }
    }

    /// Bytes that were written.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    fn folder(&mut self) -> io::Result<Arc<Folder>> {
        if let Some(folder) = &self.folder {
            return Ok(Arc::clone(folder));
        }
        let folder =
            Arc::new(Folder(tempfile::Builder::new().prefix("scratch-").tempdir_in(&self.parent)?));
        self.folder = Some(Arc::clone(&folder));
        Ok(folder)
    }
}

/// The run's folder; it is removed when neither the run nor a file of it is used any more.
struct Folder(tempfile::TempDir);

/// A file that is being written.
#[allow(
    unreachable_pub,
    reason = "the generated bindings name it publicly in their own private module"
)]
pub struct Writer {
    file: Arc<File>,
    path: PathBuf,
    name: String,
    folder: Arc<Folder>,
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
        let number = self.scratch.files;
        let opened = self.scratch.folder().and_then(|folder| {
            // The pipeline's name is a label; on disk a number stands for it.
            let path = folder.0.path().join(number.to_string());
            Ok((File::create_new(&path)?, path, folder))
        });
        let (file, path, folder) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                tracing::error!(%error, "no scratch file");
                return Ok(Err("the host has no room for files now".to_owned()));
            }
        };
        self.scratch.files += 1;
        Ok(Ok(self.table.push(Writer { file: Arc::new(file), path, name, folder })?))
    }

    async fn finish(
        &mut self,
        this: Resource<Writer>,
    ) -> wasmtime::Result<Result<Resource<Blob>, String>> {
        let writer = self.table.delete(this)?;
        let opened = FileBlob::open(&writer.path).map_err(|_| ());
        let Ok(inner) = opened else { return Ok(Err("the file cannot be read back".to_owned())) };
        let source = ScratchBlob { name: writer.name, inner, _folder: writer.folder };
        match Blob::new(Arc::new(source), 0) {
            Ok(blob) => Ok(Ok(self.table.push(blob)?)),
            Err(_) => Ok(Err("the file cannot be read back".to_owned())),
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
        let Writer { path, .. } = self.table.delete(writer)?;
        remove(&path);
        Ok(())
    }
}

/// A file that was given up; the folder goes later in any case.
fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        tracing::debug!(%error, "a scratch file was not removed");
    }
}

/// A finished file. It keeps its folder: an upload of it may outlive the pipeline.
struct ScratchBlob {
    name: String,
    inner: FileBlob,
    _folder: Arc<Folder>,
}

impl BlobSource for ScratchBlob {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> u64 {
        self.inner.size()
    }

    fn version(&self) -> Result<String, BlobSourceError> {
        self.inner.version()
    }

    fn read_at(
        &self,
        offset: u64,
        max_bytes: usize,
    ) -> BoxFuture<'_, Result<Bytes, BlobSourceError>> {
        self.inner.read_at(offset, max_bytes)
    }
}
