//! One instance of the component, for one call: values in, values out, and traps told apart from faults.
//!
//! Decides nothing about what a fault means, and never uses a store again after a trap.

use std::sync::Arc;

use knosc_bulk_import::job::{Job, JobReport};
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::run::Report;
use knosc_bulk_import::trigger::{Trigger, UnknownTrigger};
use wasmtime::component::Resource;
use wasmtime::{Store, UpdateDeadline};

use crate::bindings::Hosted;
use crate::bindings::exports::knosc::bulk_import::jobs::Step;
use crate::bindings::knosc::bulk_import::types as wit;
use crate::blobs::BlobSource;
use crate::convert;
use crate::engine::Runtime;
use crate::error::{Error, Limit};
use crate::host::HostState;
use crate::host::blobs::Blob;
use crate::host::limits::{self, Metered};

/// A store and the component in it.
pub(crate) struct Importer {
    store: Store<HostState>,
    component: Hosted,
}

impl Importer {
    /// Instantiates the component in a store of its own.
    pub(crate) async fn new(runtime: &Runtime, state: HostState) -> Result<Self, Error> {
        let importer = runtime.importer();
        let mut store = Store::new(importer.engine(), state);
        store.limiter(|state| &mut state.limits);
        store.set_hostcall_fuel(limits::HOSTCALL_BYTES_MAX);
        store.set_max_component_handles(limits::HANDLES_MAX);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut context| {
            if context.data_mut().limits.over_cpu_budget() {
                return Ok(UpdateDeadline::Interrupt);
            }
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        });
        let busy = store.data().limits.busy();
        match Metered::new(importer.instantiate_async(&mut store), busy).await {
            Ok(component) => Ok(Self { store, component }),
            Err(error) => Err(failed(store.data(), &error)),
        }
    }

    /// Calls `jobs.upload`.
    pub(crate) async fn upload(
        &mut self,
        trigger: Trigger,
        source: &Arc<dyn BlobSource>,
    ) -> Result<JobReport, Error> {
        let blob = self.give(source, 0)?;
        let borrowed = Resource::new_borrow(blob.rep());
        let jobs = self.component.knosc_bulk_import_jobs();
        let busy = self.store.data().limits.busy();
        let name = trigger.name().to_owned();
        let call = jobs.call_upload(&mut self.store, &name, borrowed);
        let answer = Metered::new(call, busy).await;
        self.read(answer, convert::job_report_from)
    }

    /// Calls `jobs.poll`.
    pub(crate) async fn poll(&mut self, jobs: &[Job]) -> Result<Vec<JobReport>, Error> {
        let asked: Vec<wit::Job> = jobs.iter().map(convert::job_to).collect();
        let busy = self.store.data().limits.busy();
        let call = self.component.knosc_bulk_import_jobs().call_poll(&mut self.store, &asked);
        let answer = Metered::new(call, busy).await;
        self.read(answer, |reports| reports.into_iter().map(convert::job_report_from).collect())
    }

    /// Calls `jobs.run-ordered`.
    pub(crate) async fn run_ordered(
        &mut self,
        steps: &[(Trigger, Arc<dyn BlobSource>)],
        policy: &Policy,
    ) -> Result<Report, Error> {
        let mut given = Vec::with_capacity(steps.len());
        for (index, (trigger, source)) in steps.iter().enumerate() {
            given
                .push(Step { trigger: trigger.name().to_owned(), file: self.give(source, index)? });
        }
        let busy = self.store.data().limits.busy();
        let jobs = self.component.knosc_bulk_import_jobs();
        let call = jobs.call_run_ordered(&mut self.store, &given, convert::policy_to(policy));
        let answer = Metered::new(call, busy).await;
        self.read(answer, convert::report_from)
    }

    /// Why the host stopped it wins over what the component made of that.
    pub(crate) fn end<T>(mut self, answer: Result<T, Error>) -> Result<T, Error> {
        match self.store.data_mut().stopped.take() {
            Some(stopped) => Err(stopped.into()),
            None => answer,
        }
    }

    fn give(&mut self, source: &Arc<dyn BlobSource>, step: usize) -> Result<Resource<Blob>, Error> {
        let blob = Blob::new(Arc::clone(source), step)?;
        let pushed = self.store.data_mut().table.push(blob);
        pushed.map_err(|error| Error::Trap { message: error.to_string() })
    }

    fn read<T, U>(
        &self,
        answer: wasmtime::Result<Result<T, wit::Fault>>,
        convert: impl FnOnce(T) -> Result<U, UnknownTrigger>,
    ) -> Result<U, Error> {
        // A component that answers with names it was not given is as good as one that trapped.
        let untrue = |error: UnknownTrigger| Error::Trap { message: error.to_string() };
        match answer {
            Ok(Ok(value)) => convert(value).map_err(untrue),
            Ok(Err(fault)) => Err(Error::Fault(convert::fault_from(fault).map_err(untrue)?)),
            Err(error) => Err(failed(self.store.data(), &error)),
        }
    }
}

fn failed(state: &HostState, error: &wasmtime::Error) -> Error {
    let over = state.limits.exceeded();
    if error.downcast_ref::<wasmtime::Trap>() == Some(&wasmtime::Trap::Interrupt) {
        return Error::Limit(Limit::Cpu);
    }
    over.map_or_else(|| Error::Trap { message: format!("{error:#}") }, Error::Limit)
}
