//! An upload or a poll by itself, for callers that make their own runs of them.
//!
//! Each is one call of the component; nothing here watches a job.

use std::sync::Arc;
use std::time::Duration;

use knosc_bulk_import::job::{Job, JobReport};
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::trigger::Trigger;
use tokio::sync::mpsc;

use super::{RunInput, Runner};
use crate::CancellationToken;
use crate::blobs::BlobSource;
use crate::error::Error;
use crate::importer::Importer;
use crate::journal::Journal;
use crate::progress::Progress;

/// One file, sent and not watched.
#[derive(Clone, Debug)]
pub struct UploadInput {
    /// Where the file goes.
    pub trigger: Trigger,
    /// The file.
    pub blob: Arc<dyn BlobSource>,
    /// Of this upload alone.
    pub journal: Arc<dyn Journal>,
    /// Who is told, if anybody.
    pub progress: Option<mpsc::Sender<Progress>>,
    /// Ends the upload at the next safe moment.
    pub cancel: CancellationToken,
    /// As for a run.
    pub leave: CancellationToken,
    /// How long a cancelled upload waits for its answer once its last bytes have left.
    pub grace: Duration,
    /// As for a run.
    pub digest: bool,
}

impl UploadInput {
    /// One file, a journal in memory, nobody told.
    pub fn new(trigger: Trigger, blob: Arc<dyn BlobSource>) -> Self {
        let RunInput { journal, progress, cancel, leave, grace, digest, .. } = RunInput::default();
        Self { trigger, blob, journal, progress, cancel, leave, grace, digest }
    }
}

impl Runner {
    /// Sends one file: at most one accepted request.
    ///
    /// # Errors
    /// As [`Self::run_ordered`].
    pub async fn upload(&self, input: UploadInput) -> Result<JobReport, Error> {
        let UploadInput { trigger, blob, journal, progress, cancel, leave, grace, digest } = input;
        let steps = vec![(trigger, Arc::clone(&blob))];
        let policy = Policy::default();
        let input = RunInput { steps, policy, journal, progress, cancel, leave, grace, digest };
        let work =
            |importer: Importer, store| async move { importer.upload(store, trigger, &blob).await };
        self.call(&input, work).await
    }

    /// Asks Knosc once for 1 to 50 jobs; answers in the order asked.
    ///
    /// # Errors
    /// [`Error::Fault`] with what Knosc refused; [`Error::Cancelled`]; the other cases are the host's.
    pub async fn poll(
        &self,
        jobs: &[Job],
        cancel: CancellationToken,
    ) -> Result<Vec<JobReport>, Error> {
        // Nothing is sealed by a poll, so that nothing is waited for.
        let input = RunInput { cancel, grace: Duration::ZERO, ..RunInput::default() };
        let work = |importer: Importer, store| async move { importer.poll(store, jobs).await };
        self.call(&input, work).await
    }
}
