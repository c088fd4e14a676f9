//! Compiled code on disk or in this very program, so that a process starts in milliseconds.
//!
//! The one file of this crate with an `unsafe`. A cache that cannot be used is no error: the component is compiled again.
#![allow(
    unsafe_code,
    reason = "deserialize and deserialize_file run what they read; only what was built in and files that this user wrote reach them"
)]

#[cfg(feature = "platform")]
mod bounded;
#[cfg(feature = "platform")]
mod tenants;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::hash::{BuildHasher as _, DefaultHasher, Hash, Hasher, RandomState};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

/// What `cargo xtask dist` compiled of the bundled component; empty in every other build.
#[cfg(feature = "bundled")]
const CARRIED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/hosted.cwasm"));

/// The bundled component's code, where this build carries it and the processor has what it needs.
#[cfg(feature = "bundled")]
pub(crate) fn carried(engine: &Engine) -> Option<Component> {
    if CARRIED.is_empty() {
        return None;
    }
    // SAFETY: a part of this program, made by `precompile` when it was built: whoever can change it can change the program. An engine
    // of another version or other settings refuses it.
    match unsafe { Component::deserialize(engine, CARRIED) } {
        Ok(component) => Some(component),
        Err(error) => {
            tracing::debug!(%error, "the code that was built in is not usable");
            None
        }
    }
}

/// One component's place in the cache.
pub(crate) struct Cache {
    dir: PathBuf,
    file: PathBuf,
    /// Of every file of this component, without an extension.
    #[cfg(feature = "platform")]
    name: String,
}

impl Cache {
    /// The place of a component and an engine: other bytes, another wasmtime, other settings or another CPU have another one.
    ///
    /// None if the folder cannot be made, or if others may write to it.
    pub(crate) fn open(dir: PathBuf, engine: &Engine, wasm: &[u8]) -> Option<Self> {
        if let Err(error) = own_dir(&dir) {
            tracing::debug!(%error, "no cache of compiled components");
            return None;
        }
        let name = name(engine, &Sha256::digest(wasm).into());
        let file = dir.join(format!("{name}.cwasm"));
        Some(Self {
            dir,
            file,
            #[cfg(feature = "platform")]
            name,
        })
    }

    /// The compiled component, if it is there and this engine takes it.
    pub(crate) fn load(&self, engine: &Engine) -> Option<Component> {
        if !is_own_file(&self.file) {
            return None;
        }
        // SAFETY: the file lies in a folder that no other user may write to, is no link, belongs to this process's user with mode
        // 0600, and its name holds the digest of the wasm and the engine's compatibility hash. Only `store` writes such files, by
        // renaming a finished one, so that what is read here was written by wasmtime and is whole.
        match unsafe { Component::deserialize_file(engine, &self.file) } {
            Ok(component) => {
                #[cfg(feature = "platform")]
                bounded::touch(&self.file);
                Some(component)
            }
            Err(error) => {
                tracing::debug!(%error, "a cached component is not usable");
                None
            }
        }
    }

    /// Keeps a compiled component; the next process finds all of it or nothing.
    pub(crate) fn store(&self, component: &Component) {
        let stored =
            component.serialize().map_err(io::Error::other).and_then(|code| self.write(&code));
        if let Err(error) = stored {
            tracing::debug!(%error, "a compiled component was not cached");
        }
    }

    fn write(&self, code: &[u8]) -> io::Result<()> {
        let (part, mut file) = Part::create(&self.dir)?;
        file.write_all(code)?;
        part.keep(&file, &self.file)
    }
}

/// A file that is half written; removed when it is dropped before it is whole.
pub(crate) struct Part {
    path: PathBuf,
    is_kept: bool,
}

impl Part {
    fn create(dir: &Path) -> io::Result<(Self, File)> {
        let random = RandomState::new().build_hasher().finish();
        let path = dir.join(format!("{}-{random:016x}.part", std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        Ok((Self { path, is_kept: false }, file))
    }

    fn keep(mut self, file: &File, under: &Path) -> io::Result<()> {
        file.sync_all()?;
        fs::rename(&self.path, under)?;
        self.is_kept = true;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_kept {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn name(engine: &Engine, sha256: &[u8; 32]) -> String {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{}-{:016x}", HEXLOWER.encode(sha256), hasher.finish())
}

fn own_dir(dir: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)?;
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(dir)?.permissions());
        if mode & 0o077 != 0 {
            return Err(io::Error::other(
                "others may look into the cache folder; it needs mode 0700",
            ));
        }
    }
    Ok(())
}

#[cfg(unix)]
fn is_own_file(file: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    const OTHERS: u32 = 0o077;
    let myself = rustix::process::geteuid().as_raw();
    fs::symlink_metadata(file)
        .is_ok_and(|data| data.is_file() && data.mode() & OTHERS == 0 && data.uid() == myself)
}

#[cfg(not(unix))]
fn is_own_file(file: &Path) -> bool {
    fs::symlink_metadata(file).is_ok_and(|data| data.is_file())
}

#[cfg(all(test, feature = "bundled", target_arch = "x86_64", target_os = "linux"))]
mod tests {
    use super::*;
    use crate::engine::{HOSTED_COMPONENT, precompile, running_config};

    /// What a release carries was compiled on another machine, for any processor of this kind, by a library for another C library.
    #[test]
    fn code_for_any_processor_is_taken_and_that_of_other_settings_refused() {
        let code = precompile("x86_64-unknown-linux-musl", HOSTED_COMPONENT).unwrap();
        // SAFETY: made one line above.
        let take = |engine: &Engine| unsafe { Component::deserialize(engine, &code) }.is_ok();
        assert!(take(&Engine::new(&running_config()).unwrap()));
        let mut other = running_config();
        other.epoch_interruption(false);
        assert!(!take(&Engine::new(&other).unwrap()));
    }
}
