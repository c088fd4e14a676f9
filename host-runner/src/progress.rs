//! What a run tells while it goes on: for progress bars and logs, never for decisions.
//!
//! Values only. Whoever listens slowly misses progress, and nothing else: the journal is the record.

use knosc_bulk_import::run::Event;

/// One piece of news of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// So much of a file was handed to the connection.
    UploadProgress {
        /// Index into the files as the caller gave them.
        step: usize,
        /// Bytes of the file, without the multipart frame.
        sent_bytes: u64,
        /// The file's length.
        total_bytes: u64,
    },
    /// A fact that the journal has taken, unchanged observations of a job among them.
    Event(Event),
    /// The session was refreshed, or signed in anew.
    SessionRenewed,
}

/// Sends news if somebody listens and keeps up; never waits.
pub(crate) fn tell(listener: Option<&tokio::sync::mpsc::Sender<Progress>>, news: Progress) {
    if let Some(listener) = listener {
        // A full or closed channel loses news of progress, and a run must not wait for a screen.
        let _ = listener.try_send(news);
    }
}
