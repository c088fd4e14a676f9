//! What a pipeline's run tells while it goes on: for screens and logs, never for decisions.
//!
//! Values, and the channel that they go through; nothing waits for who listens.

use knosc_bulk_import::run::Fact;
use tokio::sync::mpsc;

use super::pipeline::{LogLine, PipelineDenial};
use crate::progress::Progress;

/// One piece of news of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PipelineEvent {
    /// It wrote a line.
    Log(LogLine),
    /// A request of its own was denied.
    Denied(PipelineDenial),
    /// It called `jobs`; one call at a time.
    CallBegan(&'static str),
    /// Of the call under way. Rows that Knosc refused are in the report alone.
    Progress(Progress),
    /// The call has ended, in whatever way: the report says in which.
    CallEnded,
}

/// Some screens of lines: what nobody reads takes at most 1 MiB of the host, and is told no further.
const UNREAD_MAX: usize = 256;

/// Tells what happens in one run. Clones are the same run's.
#[derive(Clone, Debug)]
pub(super) struct Teller(mpsc::Sender<PipelineEvent>);

/// The two ends of a run's news.
pub(super) fn channel() -> (Teller, mpsc::Receiver<PipelineEvent>) {
    let (sender, receiver) = mpsc::channel(UNREAD_MAX);
    (Teller(sender), receiver)
}

impl Teller {
    /// Tells it if somebody listens and keeps up.
    pub(super) fn tell(&self, event: PipelineEvent) {
        // A full or closed channel loses news, and a run must not wait for a screen.
        let _ = self.0.try_send(event);
    }

    /// Tells what a call tells, until it has ended.
    pub(super) async fn pass_on(self, mut from: mpsc::Receiver<Progress>) {
        while let Some(mut news) = from.recv().await {
            if let Progress::Event(event) = &mut news
                && let Fact::JobObserved(report) = &mut event.fact
            {
                report.errors.clear();
            }
            self.tell(PipelineEvent::Progress(news));
        }
    }
}
