//! How far things are, on stderr: one moving line on a terminal, else a line every few seconds.
//!
//! Shows; decides nothing, and never writes to stdout.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use knosc_bulk_import::job::{JobReport, JobStatus};
use knosc_bulk_import::run::Fact;
use knosc_runner::progress::Progress;

use super::Shown;
use super::text::bytes;

/// Between two lines where stderr is no terminal: a log of hours stays readable.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Between two upload events or redraws.
const EVENT_EVERY: Duration = Duration::from_secs(1);

/// A job that stays queued so long may wait for an integration.
const QUEUED_NOTE_AFTER: Duration = Duration::from_secs(3);

/// Progress on stderr.
pub struct View {
    shown: bool,
    bar: Option<ProgressBar>,
    last_line: Option<Instant>,
    last_event: Option<Instant>,
    upload_began: Instant,
    queued_since: Option<Instant>,
    last_text: String,
}

impl View {
    pub fn new(shown: bool) -> Self {
        let bar = (shown && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            // The template is a constant; without it indicatif's own is as good.
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                bar.set_style(style);
            }
            bar
        });
        let upload_began = Instant::now();
        Self {
            shown,
            bar,
            last_line: None,
            last_event: None,
            upload_began,
            queued_since: None,
            last_text: String::new(),
        }
    }

    /// Whether an upload event is due: at most one a second, and always the last one.
    pub fn is_due(&mut self, last: bool) -> bool {
        let due = last || self.last_event.is_none_or(|at| at.elapsed() >= EVENT_EVERY);
        if due {
            self.last_event = Some(Instant::now());
        }
        due
    }

    pub fn news(&mut self, news: &Progress, files: &[Shown]) {
        match news {
            Progress::UploadProgress { step, sent_bytes, total_bytes } => {
                let millis = self.upload_began.elapsed().as_millis().max(1);
                let rate = u128::from(*sent_bytes) * 1_000 / millis;
                let rate = bytes(u64::try_from(rate).unwrap_or(u64::MAX));
                let name = file_name(files, *step);
                self.state(
                    &format!(
                        "{name}: {} of {} sent, {rate}/s",
                        bytes(*sent_bytes),
                        bytes(*total_bytes)
                    ),
                    false,
                );
            }
            Progress::Event(event) => match &event.fact {
                Fact::UploadStarted(_) => {
                    self.upload_began = Instant::now();
                    self.queued_since = None;
                }
                Fact::UploadAccepted(job) => {
                    self.state(
                        &format!("{}: accepted as {}", file_name(files, event.step), job.job_id),
                        true,
                    );
                }
                Fact::JobObserved(report) => {
                    let name = file_name(files, event.step);
                    self.job(&name, report);
                }
                Fact::PollFailed(fault) => {
                    self.state(
                        &format!(
                            "{}: poll failed: {}",
                            file_name(files, event.step),
                            fault.message()
                        ),
                        true,
                    );
                }
                _ => {}
            },
            Progress::SessionRenewed => self.state("signed in", false),
            _ => {}
        }
    }

    /// How far one job is.
    pub fn job(&mut self, name: &str, report: &JobReport) {
        match report.status {
            JobStatus::Queued => {
                let since = *self.queued_since.get_or_insert_with(Instant::now);
                if since.elapsed() >= QUEUED_NOTE_AFTER {
                    self.state(
                        &format!("{name}: queued: a data integration may hold the tables"),
                        false,
                    );
                } else {
                    self.state(&format!("{name}: queued"), false);
                }
            }
            JobStatus::Running => {
                self.queued_since = None;
                let rows = report.rows_processed.unwrap_or(0);
                self.state(&format!("{name}: {rows} rows processed"), false);
            }
            JobStatus::Completed | JobStatus::Failed | JobStatus::Missing | JobStatus::Other(_) => {
                self.queued_since = None;
                self.state(&format!("{name}: {}", report.status.word()), report.status.is_final());
            }
        }
    }

    pub fn note(&mut self, sentence: &str) {
        self.state(sentence, true);
    }

    /// A state replaces the one before on a terminal; elsewhere it is a line, if it is news or enough time has gone.
    fn state(&mut self, text: &str, always: bool) {
        if !self.shown {
            return;
        }
        if let Some(bar) = &self.bar {
            bar.set_message(text.to_owned());
            bar.tick();
            return;
        }
        let due = self.last_line.is_none_or(|at| at.elapsed() >= LINE_EVERY);
        if (always || due) && self.last_text != text {
            text.clone_into(&mut self.last_text);
            self.last_line = Some(Instant::now());
            // Progress is not worth an error.
            let _ = writeln!(anstream::stderr(), "{text}");
        }
    }

    /// Lines that stay, above the moving one.
    pub fn say(&self, lines: &str) {
        // Nobody is left to tell that stderr is closed.
        let write = || drop(anstream::stderr().write_all(lines.as_bytes()));
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    pub fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// The file's name, and which one of several it is.
fn file_name(files: &[Shown], step: usize) -> String {
    let Some(file) = files.get(step) else { return "file".to_owned() };
    match files.len() {
        1 => file.file_name.clone(),
        count => format!("[{}/{count}] {}", file.position, file.file_name),
    }
}
