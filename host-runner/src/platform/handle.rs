//! A pipeline that runs: to watch, to wait for, or to stop.

use std::fmt;

use tokio::sync::mpsc::Receiver;
use tokio::task::JoinHandle;

use super::events::PipelineEvent;
use super::pipeline::{PipelineEnd, PipelineReport};
use crate::CancellationToken;

/// One run. Dropping it leaves the run alone.
pub struct PipelineRun {
    id: String,
    task: JoinHandle<PipelineReport>,
    cancel: CancellationToken,
    events: Option<Receiver<PipelineEvent>>,
}

impl PipelineRun {
    pub(super) const fn new(
        id: String,
        task: JoinHandle<PipelineReport>,
        cancel: CancellationToken,
        events: Receiver<PipelineEvent>,
    ) -> Self {
        Self { id, task, cancel, events: Some(events) }
    }

    /// Its name in logs and in the audit record.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What happens in it, from its beginning to its end; none where it was taken before.
    ///
    /// For screens and logs, never for decisions: who does not keep up misses some of it. The report has it all.
    pub fn events(&mut self) -> Option<Receiver<PipelineEvent>> {
        self.events.take()
    }

    /// Stops the pipeline at once, and its `jobs` call in an orderly way; [`Self::report`] then says what is known.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// What stops it, as [`Self::cancel`] does, for whoever waits for its end meanwhile.
    pub fn stopper(&self) -> CancellationToken {
        self.cancel.clone()
    }

    /// Waits for its end.
    pub async fn report(self) -> PipelineReport {
        self.task.await.unwrap_or_else(|error| {
            // The host's own fault: one run's, and no other's. Its `jobs` calls are in their journals.
            let message = format!("the host ended it: {error}");
            PipelineReport::of_end(PipelineEnd::Trapped { message })
        })
    }
}

impl fmt::Debug for PipelineRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipelineRun").field("id", &self.id).finish_non_exhaustive()
    }
}
