//! A journal in memory for each run, for platforms whose tests do not read it again.

use std::sync::Arc;

use knosc_bulk_import::trigger::Trigger;
use knosc_runner::BoxFuture;
use knosc_runner::blobs::BlobSource;
use knosc_runner::error::Error;
use knosc_runner::journal::{Journal, MemoryJournal};
use knosc_runner::platform::Journals;

pub(crate) struct InMemory;

impl Journals for InMemory {
    fn begin(
        &self,
        _: &str,
        _: &[(Trigger, Arc<dyn BlobSource>)],
    ) -> BoxFuture<'_, Result<Arc<dyn Journal>, Error>> {
        Box::pin(async { Ok(Arc::new(MemoryJournal::new()) as Arc<dyn Journal>) })
    }
}
