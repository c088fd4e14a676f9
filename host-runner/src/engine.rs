//! The component, compiled and linked once for a whole process.
//!
//! Holds no tenant, file or journal: those come with each call's store.

#[cfg(feature = "cache")]
pub(crate) mod cache;
pub(crate) mod ticker;

use std::borrow::Cow;
#[cfg(feature = "cache")]
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

/// Where a component comes from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ComponentSource {
    /// The one that was built together with this library.
    #[cfg(feature = "bundled")]
    Bundled,
    /// Its bytes: a binary component, never text and never precompiled code.
    Bytes(Vec<u8>),
}

/// What a runtime is made from. Features add fields: begin with [`RuntimeConfig::new`] or the default.
#[derive(Clone, Debug)]
pub struct RuntimeConfig {
    /// The component.
    pub component: ComponentSource,
    /// Where compiled code is kept, so that the next process starts in milliseconds. It must be this user's alone: what is found
    /// there is run. None compiles anew.
    #[cfg(feature = "cache")]
    pub cache_dir: Option<PathBuf>,
}

#[cfg(feature = "bundled")]
impl Default for RuntimeConfig {
    /// The bundled component, without a cache.
    fn default() -> Self {
        Self::new(ComponentSource::Bundled)
    }
}

impl RuntimeConfig {
    /// Compiles this component, and keeps nothing of it.
    pub const fn new(component: ComponentSource) -> Self {
        Self {
            component,
            #[cfg(feature = "cache")]
            cache_dir: None,
        }
    }
}

/// The component, compiled: cheap to clone, and shared by any number of tenants.
#[derive(Clone, Debug)]
pub struct Runtime {
    importer: Arc<ImporterPre<CallState>>,
    from_cache: bool,
}

/// The bytes of the bundled component of world `hosted`.
#[cfg(feature = "bundled")]
pub const HOSTED_COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/hosted.wasm"));

/// The bytes of the bundled component of world `portable`, for those who want to carry it to another engine.
#[cfg(feature = "bundled")]
pub const PORTABLE_COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/portable.wasm"));

/// Machine code of a component of world `hosted`, for a build of this library to carry: it runs on any processor of that target.
///
/// # Errors
/// [`Error::Component`] if the component cannot be compiled, or this build of wasmtime does not compile for that target.
#[cfg(feature = "cache")]
pub fn precompile(target: &str, component: &[u8]) -> Result<Vec<u8>, Error> {
    let mut config = compiling_config();
    let compiled = config
        .target(target)
        .and_then(|config| Engine::new(config))
        .and_then(|engine| engine.precompile_component(component));
    compiled.map_err(|error| Error::component(&error))
}

impl Runtime {
    /// Compiles and links the component, which takes a second, or takes its code from this build or the cache, which takes milliseconds.
    ///
    /// # Errors
    /// [`Error::Component`] if it cannot be read, is no component, or imports more than this host gives.
    pub fn new(config: RuntimeConfig) -> Result<Self, Error> {
        let began = std::time::Instant::now();
        let engine = Engine::new(&running_config()).map_err(|error| Error::component(&error))?;
        let (component, from_cache) = compiled(&engine, config)?;
        let mut linker = Linker::new(&engine);
        let ready = add_to_linker(&mut linker).and_then(|()| linker.instantiate_pre(&component));
        let importer = ImporterPre::new(ready.map_err(|error| Error::component(&error))?)?;
        ticker::start(&engine).map_err(|error| Error::Component {
            message: format!("no thread for its clock: {error}"),
        })?;
        let took_ms = began.elapsed().as_secs_f64() * 1_000.0;
        tracing::debug!(from_cache, took_ms, "the component is ready");
        Ok(Self { importer: Arc::new(importer), from_cache })
    }

    /// Whether the code was compiled before: it came from the cache, or was built in.
    pub fn is_from_cache(&self) -> bool {
        self.from_cache
    }

    pub(crate) fn importer(&self) -> &ImporterPre<CallState> {
        &self.importer
    }
}

/// Only what components need, ours and tenants': each proposal that is left out is code that no component can reach.
///
/// Whoever compiles needs no more than this; stacks are the running engine's.
pub(crate) fn compiling_config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .concurrency_support(false)
        .epoch_interruption(true)
        .wasm_memory64(false)
        .wasm_relaxed_simd(false)
        .wasm_tail_call(false)
        .wasm_custom_page_sizes(false);
    config
}

fn running_config() -> Config {
    let mut config = compiling_config();
    config
        .max_wasm_stack(WASM_STACK_BYTES)
        .async_stack_size(FIBER_STACK_BYTES)
        .async_stack_zeroing(true);
    config
}

/// Neither text nor precompiled code is taken: the one would need a parser more, the other would be run as it is.
fn compiled(engine: &Engine, config: RuntimeConfig) -> Result<(Component, bool), Error> {
    #[cfg(all(feature = "bundled", feature = "cache"))]
    if let (ComponentSource::Bundled, Some(component)) = (&config.component, cache::carried(engine))
    {
        return Ok((component, true));
    }
    let wasm: Cow<'_, [u8]> = match config.component {
        #[cfg(feature = "bundled")]
        ComponentSource::Bundled => HOSTED_COMPONENT.into(),
        ComponentSource::Bytes(bytes) => bytes.into(),
    };
    #[cfg(feature = "cache")]
    let cache = config.cache_dir.and_then(|dir| cache::Cache::open(dir, engine, &wasm));
    #[cfg(feature = "cache")]
    if let Some(component) = cache.as_ref().and_then(|cache| cache.load(engine)) {
        return Ok((component, true));
    }
    let component =
        Component::from_binary(engine, &wasm).map_err(|error| Error::component(&error))?;
    #[cfg(feature = "cache")]
    if let Some(cache) = cache {
        cache.store(&component);
    }
    Ok((component, false))
}
