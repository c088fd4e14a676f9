//! The audit record: who was admitted, refused, denied, stopped and signed in, and what a person decided, a line each, in a file that is only appended to.
//!
//! Holds names, digests and rules; no secret, no header and no content of a file.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::pipeline::{PipelineEnd, PipelineReport};

/// The record, or none where the operator wants none. Every line goes to the log as well, as target `audit`.
pub(super) struct Audit(Option<Mutex<File>>);

impl Audit {
    /// Opens the record, or begins one that this user alone may read.
    pub(super) fn open(path: Option<&Path>) -> io::Result<Self> {
        let Some(path) = path else { return Ok(Self(None)) };
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        Ok(Self(Some(Mutex::new(options.open(path)?))))
    }

    /// One line: when, whose, which run, what, and more of it in quotes.
    pub(super) fn note(
        &self,
        tenant: &str,
        run: &str,
        what: &'static str,
        more: &dyn fmt::Display,
    ) {
        tracing::info!(target: "audit", tenant, run, what, %more);
        let Some(file) = &self.0 else { return };
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        // As Rust writes text: a line end in it is two characters.
        let line = format!("{at} {tenant} {run} {what} {:?}\n", more.to_string());
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        // One write, so that lines of two processes are never mixed.
        if let Err(error) = file.write_all(line.as_bytes()) {
            tracing::error!(target: "audit", %error, "the audit record cannot be written");
        }
    }

    /// What is worth a line of how a run ended.
    pub(super) fn ended(&self, tenant: &str, run: &str, report: &PipelineReport) {
        for denial in &report.denials {
            self.note(tenant, run, "denied", &format_args!("{}: {denial}", denial.rule()));
        }
        match &report.end {
            PipelineEnd::Returned(Ok(_)) => self.note(tenant, run, "ended", &"well"),
            PipelineEnd::Returned(Err(_)) => self.note(tenant, run, "ended", &"with an error"),
            PipelineEnd::Limit(limit) => self.note(tenant, run, "stopped", limit),
            PipelineEnd::Cancelled => self.note(tenant, run, "stopped", &"by the operator"),
            PipelineEnd::Trapped { message } => self.note(tenant, run, "trapped", message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_appended_and_hold_no_line_end_of_a_tenants() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit");
        for more in ["one", "two\n0 birch birch-1 admitted \"forged\""] {
            Audit::open(Some(&path)).unwrap().note("acme", "acme-1", "trapped", &more);
        }
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.lines().all(|line| line.contains(" acme acme-1 trapped \"")), "{text}");
    }
}
