//! One `jobs` call that sends files, from its beginning in the host's journal to its end.
//!
//! Which files are sent is the host's word; here the ones that are not are put back into the report.

use std::sync::Arc;

use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::plan::Plan;
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::run::{Outcome, Report, StepReport};
use knosc_bulk_import::trigger::Trigger;

use super::jobs::{JobCall, Jobs};
use crate::blobs::BlobSource;
use crate::error::Error;
use crate::journal::Journal;
use crate::platform::journals::{Begun, BegunFile, Function, NewCall, Release};
use crate::runner::planned;

/// A call that has begun. Whoever began it ends it, whatever came of it.
pub(super) struct Call {
    pub(super) journal: Arc<dyn Journal>,
    /// The files that are sent, under the indexes that the importer sees.
    pub(super) sent: Vec<(Trigger, Arc<dyn BlobSource>)>,
    /// Their places among all.
    places: Vec<usize>,
    /// The other files, with their places among all.
    unchanged: Vec<(usize, StepReport)>,
    release: Option<Release>,
}

impl Call {
    /// Checks the call and begins it in the host's journal: what can never be a run is not recorded as one.
    pub(super) async fn begin(
        jobs: &Jobs,
        function: Function,
        steps: Vec<(Trigger, Arc<dyn BlobSource>)>,
        policy: Policy,
    ) -> Result<Self, JobCall> {
        let origin = jobs.runner.tenant().origin();
        check(&steps, policy, origin.is_loopback()).map_err(JobCall::Refused)?;
        let call = NewCall { tenant: &jobs.tenant, origin, function, policy, steps: &steps };
        match jobs.journals.begin(call).await {
            Ok(begun) => Ok(Self::new(begun, steps)),
            Err(Error::Fault(fault)) => Err(JobCall::NotBegun(fault)),
            Err(error) => Err(JobCall::Failed(Arc::new(error))),
        }
    }

    fn new(begun: Begun, steps: Vec<(Trigger, Arc<dyn BlobSource>)>) -> Self {
        let Begun { journal, files, release } = begun;
        let (sent, places, unchanged) = (Vec::new(), Vec::new(), Vec::new());
        let mut call = Self { journal, sent, places, unchanged, release };
        for (place, ((trigger, given), file)) in steps.into_iter().zip(files).enumerate() {
            match file {
                BegunFile::Sent(blob) => {
                    call.sent.push((trigger, blob));
                    call.places.push(place);
                }
                BegunFile::Unchanged(run) => {
                    let (file_name, outcome) = (given.name().to_owned(), Outcome::Unchanged(run));
                    call.unchanged.push((place, StepReport { trigger, file_name, outcome }));
                }
            }
        }
        call
    }

    /// The report with every file, under the indexes that the pipeline gave.
    pub(super) fn whole(&self, mut report: Report) -> Report {
        for (place, step) in &self.unchanged {
            let place = (*place).min(report.steps.len());
            report.steps.insert(place, step.clone());
        }
        for event in &mut report.events {
            event.step = self.places.get(event.step).copied().unwrap_or(event.step);
        }
        report
    }

    /// Gives back what was held.
    pub(super) async fn end(self) {
        if let Some(release) = self.release {
            release().await;
        }
    }
}

fn check(
    steps: &[(Trigger, Arc<dyn BlobSource>)],
    policy: Policy,
    is_loopback: bool,
) -> Result<(), Fault> {
    policy.check(is_loopback).map_err(|error| Fault::PermanentInvalid(error.to_string()))?;
    Plan::new(planned(steps), policy.allow_repeated_trigger)
        .map(drop)
        .map_err(|error| Fault::PermanentInvalid(error.to_string()))
}

#[cfg(test)]
mod tests {
    use knosc_bulk_import::fault::Refusal;
    use knosc_bulk_import::run::{Event, Fact};

    use super::*;
    use crate::blobs::MemoryBlob;
    use crate::journal::MemoryJournal;

    #[test]
    fn a_report_has_every_file_under_the_index_that_was_given() {
        let blob =
            |name: &str| -> Arc<dyn BlobSource> { Arc::new(MemoryBlob::new(name, &b"x"[..])) };
        let steps = vec![
            (Trigger::UnitMaster, blob("a.csv")),
            (Trigger::ItemMaster, blob("b.csv")),
            (Trigger::Demand, blob("c.csv")),
        ];
        let begun = Begun {
            journal: Arc::new(MemoryJournal::new()),
            files: vec![
                BegunFile::Unchanged("r1".to_owned()),
                BegunFile::Sent(Arc::clone(&steps[1].1)),
                BegunFile::Unchanged("r2".to_owned()),
            ],
            release: None,
        };
        let call = Call::new(begun, steps);
        let fault = Fault::Transient(Refusal::unanswered("no"));
        let sent = StepReport {
            trigger: Trigger::ItemMaster,
            file_name: "b.csv".to_owned(),
            outcome: Outcome::Refused(fault.clone()),
        };
        let events = vec![Event { at_ms: 1, step: 0, fact: Fact::UploadEnded(fault) }];
        let report = call.whole(Report { steps: vec![sent], events });
        let words: Vec<_> = report
            .steps
            .iter()
            .map(|step| (step.file_name.as_str(), step.outcome.word()))
            .collect();
        assert_eq!(words, [("a.csv", "unchanged"), ("b.csv", "refused"), ("c.csv", "unchanged")]);
        assert_eq!(report.events[0].step, 1);
    }
}
