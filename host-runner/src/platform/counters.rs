//! What happened, counted by tenant: a snapshot for programs, and Prometheus' text for everybody's dashboards.
//!
//! Counts; holds no name of a file and no secret.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use knosc_bulk_import::run::{Fact, Outcome};

use super::pipeline::{JobCall, PipelineEnd, PipelineReport};

/// One tenant's figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TenantCounters {
    /// Pipelines that run now.
    pub live: u64,
    /// Pipelines that were started.
    pub started: u64,
    /// Components that were not taken.
    pub refused: u64,
    /// Runs that returned well.
    pub succeeded: u64,
    /// Runs that returned an error, or trapped.
    pub failed: u64,
    /// Runs that the operator stopped.
    pub cancelled: u64,
    /// Limits that were met, by their key.
    pub limits: BTreeMap<&'static str, u64>,
    /// Requests that were denied.
    pub denials: u64,
    /// Bytes of files that uploads began to send to Knosc.
    pub bytes: u64,
    /// Files by how their step ended.
    pub steps: BTreeMap<&'static str, u64>,
    /// Files of which nobody knows whether Knosc took them, and which no person has decided yet: of runs of this process, and of those
    /// before that its host told of ([`Platform::undecided_before`](super::Platform::undecided_before)).
    pub undecided: u64,
}

/// Every tenant's figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot(pub BTreeMap<String, TenantCounters>);

#[derive(Default)]
pub(super) struct Counters(Mutex<Snapshot>);

impl Counters {
    fn of(&self, tenant: &str, change: impl FnOnce(&mut TenantCounters)) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(all.0.entry(tenant.to_owned()).or_default());
    }

    pub(super) fn refused(&self, tenant: &str) {
        self.of(tenant, |of| of.refused += 1);
    }

    pub(super) fn started(&self, tenant: &str) {
        self.of(tenant, |of| {
            of.started += 1;
            of.live += 1;
        });
    }

    pub(super) fn ended(&self, tenant: &str, report: &PipelineReport) {
        self.of(tenant, |of| {
            of.live = of.live.saturating_sub(1);
            match &report.end {
                PipelineEnd::Returned(Ok(_)) => of.succeeded += 1,
                PipelineEnd::Cancelled => of.cancelled += 1,
                PipelineEnd::Returned(Err(_))
                | PipelineEnd::Limit(_)
                | PipelineEnd::Trapped { .. } => {
                    of.failed += 1;
                }
            }
            if let Some(limit) = report.limit {
                *of.limits.entry(limit.row().key).or_default() += 1;
            }
            of.denials += report.denied;
            for call in &report.calls {
                if let JobCall::Run(report) | JobCall::Upload(report) = call {
                    for event in &report.events {
                        if let Fact::UploadStarted(sent) = &event.fact {
                            of.bytes = of.bytes.saturating_add(sent.size);
                        }
                    }
                    for step in &report.steps {
                        *of.steps.entry(step.outcome.word()).or_default() += 1;
                        of.undecided += u64::from(matches!(step.outcome, Outcome::Unknown(_)));
                    }
                }
            }
        });
    }

    /// Files that nobody had decided on when the process began.
    pub(super) fn undecided_before(&self, tenant: &str, files: u64) {
        self.of(tenant, |of| of.undecided = of.undecided.saturating_add(files));
    }

    /// A person decided what became of a file.
    pub(super) fn decided(&self, tenant: &str) {
        self.of(tenant, |of| of.undecided = of.undecided.saturating_sub(1));
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

type Figure = fn(&TenantCounters) -> u64;

type Figures = fn(&TenantCounters) -> &BTreeMap<&'static str, u64>;

impl Snapshot {
    /// As Prometheus reads it.
    pub fn prometheus(&self) -> String {
        let mut text = String::new();
        let plain: [(&str, &str, Figure); 9] = [
            ("knosc_pipelines_live", "gauge", |of| of.live),
            ("knosc_pipelines_started_total", "counter", |of| of.started),
            ("knosc_pipelines_refused_total", "counter", |of| of.refused),
            ("knosc_pipelines_succeeded_total", "counter", |of| of.succeeded),
            ("knosc_pipelines_failed_total", "counter", |of| of.failed),
            ("knosc_pipelines_cancelled_total", "counter", |of| of.cancelled),
            ("knosc_pipeline_denials_total", "counter", |of| of.denials),
            ("knosc_upload_bytes_total", "counter", |of| of.bytes),
            ("knosc_outcomes_undecided", "gauge", |of| of.undecided),
        ];
        // Writing to a string does not fail, and names of tenants need no escape.
        for (name, kind, figure) in plain {
            let _ = writeln!(text, "# TYPE {name} {kind}");
            for (tenant, of) in &self.0 {
                let _ = writeln!(text, "{name}{{tenant=\"{tenant}\"}} {}", figure(of));
            }
        }
        let by_word: [(&str, &str, Figures); 2] = [
            ("knosc_pipeline_limits_total", "limit", |of| &of.limits),
            ("knosc_steps_total", "outcome", |of| &of.steps),
        ];
        for (name, label, figures) in by_word {
            let _ = writeln!(text, "# TYPE {name} counter");
            for (tenant, of) in &self.0 {
                for (word, figure) in figures(of) {
                    let _ =
                        writeln!(text, "{name}{{tenant=\"{tenant}\",{label}=\"{word}\"}} {figure}");
                }
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prometheus_reads_it() {
        let counters = Counters::default();
        counters.started("acme");
        counters.refused("acme");
        let text = counters.snapshot().prometheus();
        assert!(text.contains("knosc_pipelines_live{tenant=\"acme\"} 1\n"), "{text}");
        assert!(text.contains("# TYPE knosc_pipelines_refused_total counter\n"), "{text}");
    }
}
