//! The component's exports beside `run-ordered`.
//!
//! As for a run: decides nothing about what a fault means.

use std::sync::Arc;

use knosc_bulk_import::job::{Job, JobReport};
use knosc_bulk_import::trigger::Trigger;
use wasmtime::AsContextMut;
use wasmtime::component::Resource;

use super::{Importer, begin, give, read};
use crate::blobs::BlobSource;
use crate::convert::Contract;
use crate::error::Error;
use crate::host::HostedView;

impl Importer {
    /// Sends one file: at most one accepted request.
    ///
    /// # Errors
    /// [`Error::Fault`] with what Knosc or the file refused; the other cases are the host's. The journal says what was sent.
    pub async fn upload<T: HostedView>(
        &self,
        mut store: impl AsContextMut<Data = T>,
        trigger: Trigger,
        source: &Arc<dyn BlobSource>,
    ) -> Result<JobReport, Error> {
        begin(&mut store);
        let blob = give(&mut store, source, trigger, 0)?;
        let lent = Resource::new_borrow(blob.rep());
        let jobs = self.0.knosc_bulk_import_jobs();
        let answer = jobs.call_upload(&mut store, &trigger.to_wit(), lent).await;
        read(&mut store, answer)
    }

    /// Asks Knosc once for 1 to 50 jobs; answers in the order asked.
    ///
    /// # Errors
    /// As [`Self::upload`].
    pub async fn poll<T: HostedView>(
        &self,
        mut store: impl AsContextMut<Data = T>,
        jobs: &[Job],
    ) -> Result<Vec<JobReport>, Error> {
        begin(&mut store);
        let asked: Vec<_> = jobs.iter().map(Job::to_wit).collect();
        let answer = self.0.knosc_bulk_import_jobs().call_poll(&mut store, &asked).await;
        read(&mut store, answer)
    }
}
