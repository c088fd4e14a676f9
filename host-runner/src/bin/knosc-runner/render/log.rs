//! The same news for the log: what was sent and what Knosc said of it, for whoever asks a week later.
//!
//! Writes to the log only, and no text of a row: exports hold what nobody wants in a log.

use knosc_bulk_import::run::Fact;
use knosc_runner::progress::Progress;
use tracing::{debug, info};

use super::Shown;

pub fn news(news: &Progress, files: &[Shown]) {
    let Progress::Event(event) = news else {
        match news {
            Progress::UploadProgress { sent_bytes, total_bytes, .. } => {
                debug!(sent_bytes, total_bytes, "upload");
            }
            Progress::SessionRenewed => info!("signed in again"),
            _ => {}
        }
        return;
    };
    let step = files.get(event.step);
    let file = step.map_or("", |file| file.file_name.as_str());
    let trigger = step.map_or("", |file| file.trigger.name());
    match &event.fact {
        Fact::UploadStarted(_) => info!(trigger, file, "upload started"),
        Fact::UploadSealed(_) => debug!(trigger, file, "upload sealed"),
        Fact::UploadAccepted(job) => info!(trigger, file, job = job.job_id, "accepted"),
        Fact::UploadEnded(fault) => info!(trigger, file, reason = fault.message(), "upload ended"),
        Fact::JobObserved(report) if report.status.is_final() => {
            let errors = report.errors.len();
            info!(
                trigger,
                file,
                status = report.status.word(),
                report.rows_processed,
                errors,
                "job ended"
            );
        }
        Fact::JobObserved(report) => {
            debug!(trigger, file, status = report.status.word(), report.rows_processed, "job");
        }
        Fact::PollFailed(fault) => info!(trigger, file, reason = fault.message(), "poll failed"),
        Fact::Resolved(_) => info!(trigger, file, "resolved"),
    }
}
