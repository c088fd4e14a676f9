//! The component in a store: values in, values out, and traps told apart from faults.
//!
//! Decides nothing about what a fault means. After a trap the store is spent, and wasmtime refuses to use it again.

#[cfg(feature = "single-calls")]
mod single;

use std::fmt;
use std::sync::Arc;

use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::run::Report;
use knosc_bulk_import::trigger::{Trigger, UnknownTrigger};
use wasmtime::component::{InstancePre, Resource};
use wasmtime::{AsContextMut, Engine};

use crate::bindings::exports::knosc::bulk_import::jobs::Step;
use crate::bindings::knosc::bulk_import::types as wit;
use crate::bindings::{Hosted, HostedPre};
use crate::blobs::BlobSource;
use crate::convert::Contract;
use crate::error::{Error, Limit};
use crate::host::blobs::Blob;
use crate::host::{HostedCtxView, HostedView};

/// The component, linked for stores with such data.
pub struct ImporterPre<T: 'static>(HostedPre<T>);

impl<T: HostedView> ImporterPre<T> {
    /// Takes a component that was linked with [`add_to_linker`](crate::host::add_to_linker).
    ///
    /// # Errors
    /// [`Error::Component`] if it does not export `jobs`.
    pub fn new(linked: InstancePre<T>) -> Result<Self, Error> {
        HostedPre::new(linked).map(Self).map_err(|error| Error::component(&error))
    }

    /// Instantiates the component. The store's limits are its owner's.
    ///
    /// # Errors
    /// [`Error::Trap`] or [`Error::Limit`] if it does not start.
    pub async fn instantiate(
        &self,
        mut store: impl AsContextMut<Data = T>,
    ) -> Result<Importer, Error> {
        let instance = self.0.instantiate_async(&mut store).await;
        instance.map(Importer).map_err(|error| failed(&mut store, &error))
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.0.engine()
    }
}

impl<T> fmt::Debug for ImporterPre<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImporterPre").finish_non_exhaustive()
    }
}

/// The component in one store. Every call is made with that store.
pub struct Importer(Hosted);

impl Importer {
    /// Sends files in the documented order and watches each to its end; a journal that holds events resumes its run.
    ///
    /// # Errors
    /// [`Error::Fault`] with what Knosc or the file refused; the other cases are the host's. The journal says what was sent. A step
    /// that did not complete is an outcome in the report, and no error.
    pub async fn run_ordered<T: HostedView>(
        &self,
        mut store: impl AsContextMut<Data = T>,
        steps: &[(Trigger, Arc<dyn BlobSource>)],
        policy: &Policy,
    ) -> Result<Report, Error> {
        begin(&mut store);
        let mut given = Vec::with_capacity(steps.len());
        for (index, (trigger, source)) in steps.iter().enumerate() {
            let file = give(&mut store, source, *trigger, index)?;
            given.push(Step { trigger: trigger.to_wit(), file });
        }
        let jobs = self.0.knosc_bulk_import_jobs();
        let answer = jobs.call_run_ordered(&mut store, &given, policy.to_wit()).await;
        read(&mut store, answer)
    }
}

impl fmt::Debug for Importer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Importer").finish_non_exhaustive()
    }
}

fn begin<T: HostedView>(store: &mut impl AsContextMut<Data = T>) {
    store.as_context_mut().data_mut().hosted().ctx.begin();
}

/// Gives a call its next file.
fn give<T: HostedView>(
    store: &mut impl AsContextMut<Data = T>,
    source: &Arc<dyn BlobSource>,
    trigger: Trigger,
    step: usize,
) -> Result<Resource<Blob>, Error> {
    let blob = Blob::new(Arc::clone(source), Some(trigger), step)?;
    let mut store = store.as_context_mut();
    let HostedCtxView { ctx, table } = store.data_mut().hosted();
    ctx.expected.push(source.digest());
    table.push(blob).map_err(|error| Error::Trap { message: error.to_string() })
}

/// Why the host stopped the component wins over what the component made of that.
fn read<T: HostedView, V: Contract>(
    store: &mut impl AsContextMut<Data = T>,
    answer: wasmtime::Result<Result<V::Wit, wit::Fault>>,
) -> Result<V, Error> {
    if let Some(stopped) = store.as_context_mut().data_mut().hosted().ctx.stopped.take() {
        return Err(stopped);
    }
    // A component that answers with names it was not given is as good as one that trapped.
    let untrue = |error: UnknownTrigger| Error::Trap { message: error.to_string() };
    match answer {
        Ok(Ok(value)) => V::from_wit(value).map_err(untrue),
        Ok(Err(fault)) => Err(Error::Fault(Fault::from_wit(fault).map_err(untrue)?)),
        Err(error) => Err(failed(store, &error)),
    }
}

fn failed<T: HostedView>(
    store: &mut impl AsContextMut<Data = T>,
    error: &wasmtime::Error,
) -> Error {
    if error.downcast_ref::<wasmtime::Trap>() == Some(&wasmtime::Trap::Interrupt) {
        return Error::Limit(Limit::Cpu);
    }
    let limit = store.as_context_mut().data_mut().limit();
    limit.map_or_else(|| Error::Trap { message: format!("{error:#}") }, Error::Limit)
}
