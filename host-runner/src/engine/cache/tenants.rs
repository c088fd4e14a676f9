//! The part of the cache that a platform uses: a folder for each tenant, machine code that children write, and notes about components.
//!
//! Bounds what each tenant keeps and what all of them keep. Reads no machine code into memory: it is mapped.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::time::SystemTime;

use wasmtime::Engine;

use super::{Cache, Part, bounded, is_own_file, name, own_dir};

/// The longest note that is read.
const NOTE_BYTES_MAX: u64 = 1024 * 1024;

impl Cache {
    /// The place of a tenant's component, by its digest.
    ///
    /// # Errors
    /// Where the folder cannot be made, or where others may look into it.
    pub(crate) fn for_tenant(
        dir: &Path,
        tenant: &str,
        engine: &Engine,
        sha256: &[u8; 32],
    ) -> io::Result<Self> {
        own_dir(dir)?;
        let dir = dir.join(tenant);
        own_dir(&dir)?;
        let name = name(engine, sha256);
        let file = dir.join(format!("{name}.cwasm"));
        Ok(Self { dir, file, name })
    }

    /// The name of every file of this component, without an extension.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A file for machine code that a child writes.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub(crate) fn part(&self) -> io::Result<(Part, File)> {
        Part::create(&self.dir)
    }

    /// Keeps machine code that a child has written, and of all that is here the last used: so many bytes of this tenant, and so
    /// many of all tenants.
    ///
    /// # Errors
    /// Where it cannot be kept.
    pub(crate) fn keep(
        &self,
        part: Part,
        file: &File,
        (tenant_max, total_max): (u64, u64),
    ) -> io::Result<()> {
        part.keep(file, &self.file)?;
        bounded::bound(&self.dir, tenant_max, &self.file);
        if let Some(all) = self.dir.parent() {
            bounded::bound_all(all, total_max, &self.file);
        }
        Ok(())
    }

    /// Removes machine code that this engine does not take.
    pub(crate) fn forget(&self) {
        let _ = fs::remove_file(&self.file);
    }

    /// A note of this kind about the component, and when it was written.
    pub(crate) fn note(&self, kind: &str) -> Option<(SystemTime, String)> {
        let path = self.dir.join(format!("{}.{kind}", self.name));
        if !is_own_file(&path) {
            return None;
        }
        let file = File::open(path).ok()?;
        let at = file.metadata().ok()?.modified().ok()?;
        let mut text = String::new();
        file.take(NOTE_BYTES_MAX).read_to_string(&mut text).ok()?;
        Some((at, text))
    }

    /// Writes such a note; the next process finds all of it or nothing.
    ///
    /// # Errors
    /// Where it cannot be kept.
    pub(crate) fn keep_note(&self, kind: &str, text: &str) -> io::Result<()> {
        let (part, mut file) = self.part()?;
        file.write_all(text.as_bytes())?;
        part.keep(&file, &self.dir.join(format!("{}.{kind}", self.name)))?;
        bounded::bound_notes(&self.dir);
        Ok(())
    }
}
