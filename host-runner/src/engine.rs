//! The component, compiled and linked once for a whole process.
//!
//! Holds no tenant, file or journal: those come with each call's store.

pub(crate) mod cache;
pub(crate) mod ticker;

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine};

use crate::error::Error;
use crate::host::add_to_linker;
use crate::importer::ImporterPre;
use crate::store::CallState;

/// Stack of the component's own code. Rust's standard library needs a tenth of it; the rest is room for parsing JSON.
const WASM_STACK_BYTES: usize = 512 * 1024;

/// Stack of a whole fiber; host functions get what the component's code does not.
const FIBER_STACK_BYTES: usize = 2 * 1024 * 1024;

/// A larger file is no component of ours: it has some hundred kilobytes.
const COMPONENT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Where a component comes from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ComponentSource {
    /// The one that was built together with this library.
    #[cfg(feature = "bundled")]
    Bundled,
    /// Its bytes: a binary component, never text and never precompiled code.
    Bytes(Vec<u8>),
    /// A file with such bytes.
    File(PathBuf),
}

/// What a runtime is made from.
#[derive(Clone, Debug)]
pub struct RuntimeConfig {
    /// The component.
    pub component: ComponentSource,
    /// Where compiled code is kept, so that the next process starts in milliseconds. It must be this user's alone: what is found
    /// there is run. None compiles anew.
    pub cache_dir: Option<PathBuf>,
}

#[cfg(feature = "bundled")]
impl Default for RuntimeConfig {
    /// The bundled component, without a cache.
    fn default() -> Self {
        Self { component: ComponentSource::Bundled, cache_dir: None }
    }
}

/// The component, compiled: cheap to clone, and shared by any number of tenants.
#[derive(Clone)]
pub struct Runtime {
    inner: Arc<Inner>,
}

struct Inner {
    importer: ImporterPre<CallState>,
    from_cache: bool,
    /// Ends with the last clone.
    _ticker: ticker::Ticker,
}

/// The bytes of the bundled component of world `hosted`.
#[cfg(feature = "bundled")]
pub const HOSTED_COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/hosted.wasm"));

/// The bytes of the bundled component of world `portable`, for those who want to carry it to another engine.
#[cfg(feature = "bundled")]
pub const PORTABLE_COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/portable.wasm"));

impl Runtime {
    /// Compiles and links the component, or loads its code from the cache. Takes a second without a cache, milliseconds with one.
    ///
    /// # Errors
    /// [`Error::Component`] if it cannot be read, is no component, or imports more than this host gives.
    pub fn new(config: RuntimeConfig) -> Result<Self, Error> {
        let engine = Engine::new(&engine_config()).map_err(|error| Error::component(&error))?;
        let wasm: Cow<'_, [u8]> = match config.component {
            #[cfg(feature = "bundled")]
            ComponentSource::Bundled => HOSTED_COMPONENT.into(),
            ComponentSource::Bytes(bytes) => bytes.into(),
            ComponentSource::File(path) => read_component(&path)?.into(),
        };
        let (component, from_cache) = compiled(&engine, &wasm, config.cache_dir)?;
        let mut linker = Linker::new(&engine);
        let ready = add_to_linker(&mut linker).and_then(|()| linker.instantiate_pre(&component));
        let importer = ImporterPre::new(ready.map_err(|error| Error::component(&error))?)?;
        let ticker = ticker::Ticker::start(&engine).map_err(|error| Error::Component {
            message: format!("no thread for its clock: {error}"),
        })?;
        Ok(Self { inner: Arc::new(Inner { importer, from_cache, _ticker: ticker }) })
    }

    /// Whether the code came from the cache.
    pub fn is_from_cache(&self) -> bool {
        self.inner.from_cache
    }

    pub(crate) fn importer(&self) -> &ImporterPre<CallState> {
        &self.inner.importer
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime")
            .field("from_cache", &self.inner.from_cache)
            .finish_non_exhaustive()
    }
}

/// Only what the component needs: each proposal that is left out is code that no component can reach.
fn engine_config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .concurrency_support(false)
        .epoch_interruption(true)
        .max_wasm_stack(WASM_STACK_BYTES)
        .async_stack_size(FIBER_STACK_BYTES)
        .async_stack_zeroing(true)
        .wasm_memory64(false)
        .wasm_relaxed_simd(false)
        .wasm_tail_call(false)
        .wasm_custom_page_sizes(false);
    config
}

fn compiled(
    engine: &Engine,
    wasm: &[u8],
    cache_dir: Option<PathBuf>,
) -> Result<(Component, bool), Error> {
    if wasm.len() > COMPONENT_BYTES_MAX {
        return Err(Error::Component {
            message: format!(
                "it has {} bytes, at most {COMPONENT_BYTES_MAX} are taken",
                wasm.len()
            ),
        });
    }
    // Compiled code is run as it is; what somebody hands in must be wasm.
    if Engine::detect_precompiled(wasm).is_some() {
        return Err(Error::Component { message: "precompiled code is not taken".to_owned() });
    }
    let cache = cache_dir.and_then(|dir| cache::Cache::open(dir, engine, wasm));
    if let Some(component) = cache.as_ref().and_then(|cache| cache.load(engine)) {
        return Ok((component, true));
    }
    let component =
        Component::from_binary(engine, wasm).map_err(|error| Error::component(&error))?;
    if let Some(cache) = cache {
        cache.store(&component);
    }
    Ok((component, false))
}

fn read_component(path: &std::path::Path) -> Result<Vec<u8>, Error> {
    let unreadable = |error| Error::Component { message: format!("{}: {error}", path.display()) };
    let length = std::fs::metadata(path).map_err(unreadable)?.len();
    if length > COMPONENT_BYTES_MAX as u64 {
        return Err(Error::Component {
            message: format!(
                "{} has {length} bytes, at most {COMPONENT_BYTES_MAX} are taken",
                path.display()
            ),
        });
    }
    std::fs::read(path).map_err(unreadable)
}
