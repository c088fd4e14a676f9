//! The loop around a run: it asks what is next, does it, records it and hands it back.
//!
//! Decides nothing: what comes next is the run's, what an answer means is the protocol's.

use super::access::Access;
use super::upload::{Item, Seal, UploadError, send};
use super::{calls, clock};
use crate::fault::{Fault, Refusal};
use crate::job::{Job, JobReport};
use crate::origin::Origin;
use crate::plan::{Plan, PlanError, Planned};
use crate::policy::{Policy, PolicyError};
use crate::run::{Command, Event, Fact, IllegalEvent, Report, Run, SentFile};

/// Makes an event durable, where the world has a journal.
pub(super) type Append<'a> = dyn FnMut(&Event) -> Result<(), Fault> + 'a;

/// What the loop works with.
pub(super) struct Drive<'a> {
    pub(super) origin: &'a Origin,
    pub(super) access: &'a mut dyn Access,
    pub(super) items: &'a [Item<'a>],
    pub(super) seal: Seal,
    pub(super) append: &'a mut Append<'a>,
}

impl Drive<'_> {
    /// Runs to the end, or to the first fact that cannot be recorded.
    pub(super) fn run(&mut self, run: &mut Run) -> Result<Report, Fault> {
        loop {
            match run.next(clock::now_ms()) {
                Command::Upload(step) => {
                    // How it ended is in the run by now.
                    let _ = self.upload(run, step)?;
                }
                Command::Poll(step, job) => {
                    let fact = self.poll(&job);
                    record(run, self.append, step, fact)?;
                }
                Command::WaitMs(ms) => clock::sleep_ms(ms),
                Command::Finish(report) => return Ok(report),
            }
        }
    }

    /// Sends one file and records how that ended. The inner error is Knosc's or the file's, the outer one the journal's.
    pub(super) fn upload(
        &mut self,
        run: &mut Run,
        step: usize,
    ) -> Result<Result<JobReport, Fault>, Fault> {
        let Some(item) = self.items.get(step) else {
            return Err(Fault::PermanentInvalid(format!("there is no file {step}")));
        };
        let mut is_started = false;
        let append = &mut *self.append;
        let sent = send(self.origin, item, self.access, self.seal, &mut |fact| {
            let starts = matches!(fact, Fact::UploadStarted(_));
            let ends = matches!(fact, Fact::Resolved(_));
            record(run, append, step, fact)?;
            is_started = (is_started || starts) && !ends;
            Ok(())
        });
        match sent {
            Ok(report) => {
                let fact = Fact::UploadAccepted(report.job.clone());
                record(run, append, step, fact)
                    .map_err(|fault| accepted_unrecorded(&report, &fault))?;
                Ok(Ok(report))
            }
            Err(UploadError::Unrecorded(fault)) => Err(fault),
            Err(UploadError::Fault(fault)) => {
                if !is_started {
                    record(run, append, step, Fact::UploadStarted(never_opened(item, self.seal)))?;
                }
                record(run, append, step, Fact::UploadEnded(fault.clone()))?;
                Ok(Err(fault))
            }
        }
    }

    fn poll(&mut self, job: &Job) -> Fact {
        let reports = calls::poll_once(self.origin, self.access, std::slice::from_ref(job));
        match reports.map(|reports| reports.into_iter().next()) {
            Ok(Some(report)) => Fact::JobObserved(report),
            Ok(None) => Fact::PollFailed(Fault::Transient(Refusal::unanswered(
                "the answer could not be read as one job",
            ))),
            Err(fault) => Fact::PollFailed(fault),
        }
    }
}

/// Durable first, then believed.
fn record(run: &mut Run, append: &mut Append<'_>, step: usize, fact: Fact) -> Result<(), Fault> {
    let event = Event { at_ms: clock::now_ms(), step, fact };
    append(&event)?;
    run.apply(event).map_err(|illegal| unfit(&illegal))
}

/// A file that could not be opened was started and ended in one: no byte of it is known.
fn never_opened(item: &Item<'_>, seal: Seal) -> SentFile {
    SentFile {
        trigger: item.trigger,
        name: item.name.clone(),
        size: 0,
        sha256: item.content.sha256(),
        seal_follows: matches!(seal, Seal::Recorded),
    }
}

/// Knosc took the file and nobody wrote it down: the one who calls must not believe that it can be sent again.
fn accepted_unrecorded(report: &JobReport, fault: &Fault) -> Fault {
    Fault::PermanentOutcomeUnknown(Refusal::unanswered(format!(
        "Knosc accepted the file as job {} of {}, but that could not be recorded: {}",
        report.job.job_id,
        report.job.trigger,
        fault.message()
    )))
}

/// The plan of some files.
pub(super) fn plan(items: &[Item<'_>], policy: &Policy) -> Result<Plan, Fault> {
    let planned = items
        .iter()
        .map(|item| Planned { trigger: item.trigger, file_name: item.name.clone() })
        .collect();
    Plan::new(planned, policy.allow_repeated_trigger).map_err(|error| unplanned(&error))
}

/// Files that cannot become a plan.
pub(super) fn unplanned(error: &PlanError) -> Fault {
    Fault::PermanentInvalid(format!("{error}: {}", error.hint()))
}

/// Patience that makes no sense.
pub(super) fn impatient(error: &PolicyError) -> Fault {
    Fault::PermanentInvalid(error.to_string())
}

/// A history that is none of these files.
pub(super) fn unfit(illegal: &IllegalEvent) -> Fault {
    Fault::PermanentInvalid(format!("the history does not fit the files: {illegal}"))
}

/// Opens every file once before the first is sent, so that a bad one stops the run before anything happened.
pub(super) fn look_at_all(items: &[Item<'_>]) -> Result<(), Fault> {
    items.iter().try_for_each(|item| item.content.look())
}
