//! The engine of pipelines, which links them; and the code of those that were compiled in this process.
//!
//! Runs nothing.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use wasmtime::Engine;
use wasmtime::component::Component;

use super::bindings::TenantPre;
use super::pool::PoolUse;
use super::{Pipeline, pool, state};
use crate::engine::ticker;
use crate::error::Error;
use crate::platform::admission::Admitted;
use crate::platform::compile::CompileError;
use crate::platform::tenants::TenantSpec;

/// Components that are kept in memory: a Python pipeline's code has 35 MB.
const COMPILED_MAX: usize = 4;

/// The engine that pipelines run in: none of the importer's, so that neither's settings bind the other.
pub(in crate::platform) struct PipelineEngine {
    engine: Engine,
    /// What was compiled in this process last, by its digest.
    compiled: Mutex<Vec<([u8; 32], Component)>>,
}

impl PipelineEngine {
    /// Makes the engine, with so much stack for each pipeline and room for so many runs.
    ///
    /// # Errors
    /// [`Error::Component`] if this machine cannot run one.
    pub(in crate::platform) fn new(stack_bytes: usize, runs_max: u64) -> Result<Self, Error> {
        let config = pool::running_config(stack_bytes, runs_max);
        let engine = Engine::new(&config).map_err(|error| unusable(&error))?;
        ticker::start(&engine).map_err(|error| Error::Component {
            message: format!("no thread for its clock: {error}"),
        })?;
        Ok(Self { engine, compiled: Mutex::default() })
    }

    /// What runs hold of the pool now.
    pub(in crate::platform) fn pool(&self) -> PoolUse {
        PoolUse::of(&self.engine)
    }

    /// The engine, which the name of cached code holds a digest of.
    pub(in crate::platform) const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Links a component for a tenant.
    ///
    /// # Errors
    /// [`CompileError::Wasm`] if it imports what is not given.
    pub(in crate::platform) fn link(
        &self,
        tenant: &TenantSpec,
        admitted: Admitted,
        component: &Component,
    ) -> Result<Pipeline, CompileError> {
        let wasm = |error: wasmtime::Error| CompileError::Wasm(format!("{error:#}"));
        let linker = state::link(&self.engine, !tenant.egress.is_empty()).map_err(wasm)?;
        let ready = linker.instantiate_pre(component).and_then(TenantPre::new);
        Ok(Pipeline { linked: ready.map_err(wasm)?, admitted })
    }

    /// In this process, where the last few are kept: a tenant's next run is of the same component.
    pub(in crate::platform) fn compile_here(
        &self,
        sha256: [u8; 32],
        bytes: &[u8],
    ) -> wasmtime::Result<Component> {
        let compiled = || self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let known = compiled().iter().find(|(of, _)| *of == sha256).cloned();
        if let Some((_, component)) = known {
            return Ok(component);
        }
        let component = Component::from_binary(&self.engine, bytes)?;
        let mut compiled = compiled();
        if compiled.len() >= COMPILED_MAX {
            compiled.remove(0);
        }
        compiled.push((sha256, component.clone()));
        Ok(component)
    }
}

fn unusable(error: &wasmtime::Error) -> Error {
    Error::Component { message: format!("{error:#}") }
}

impl fmt::Debug for PipelineEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipelineEngine").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiled(engine: &PipelineEngine, text: &str) -> Component {
        let wasm = wat::parse_str(text).unwrap();
        let sha256 = [u8::try_from(text.len()).unwrap(); 32];
        engine.compile_here(sha256, &wasm).unwrap()
    }

    #[test]
    fn what_was_compiled_last_is_not_compiled_again() {
        let engine = PipelineEngine::new(512 * 1024, 32).unwrap();
        let first = compiled(&engine, "(component)");
        let again = compiled(&engine, "(component)");
        assert_eq!(first.image_range(), again.image_range());
        for more in 1..=COMPILED_MAX {
            compiled(&engine, &format!("(component {})", " ".repeat(more)));
        }
        let later = compiled(&engine, "(component)");
        assert_ne!(first.image_range(), later.image_range());
        assert_eq!(engine.compiled.lock().unwrap().len(), COMPILED_MAX);
    }
}
