//! The world `hosted`: `jobs` on handles, one origin and a journal that the host gives.
//!
//! No secret comes in here: the host adds the session to each request and renews it.

mod grants;

use self::grants::{BlobContent, HostAccess, append, origin};
use super::bindings::Component;
use super::bindings::exports::knosc::bulk_import::jobs;
use super::bindings::knosc::bulk_import::journal;
use super::bindings::types as wit;
use super::convert::{to_core, to_wit, try_all};
use super::drive::{Append, Drive, impatient, look_at_all, plan, unfit};
use super::upload::{Item, Seal};
use super::{calls, clock};
use crate::blob::base_name;
use crate::fault::Fault;
use crate::job::{JobReport, JobStatus};
use crate::origin::Origin;
use crate::policy::Policy;
use crate::run::{Command, Outcome, Report, Run};

impl jobs::Guest for Component {
    fn upload(trigger: wit::Trigger, file: &jobs::Blob) -> Result<wit::JobReport, wit::Fault> {
        upload(&trigger, file).map(to_wit::job_report).map_err(to_wit::fault)
    }

    fn poll(jobs: Vec<wit::Job>) -> Result<Vec<wit::JobReport>, wit::Fault> {
        poll(jobs).map(to_wit::job_reports).map_err(to_wit::fault)
    }

    fn run_ordered(steps: Vec<jobs::Step>, policy: wit::Policy) -> Result<wit::Report, wit::Fault> {
        run_ordered(steps, to_core::policy(policy)).map(to_wit::report).map_err(to_wit::fault)
    }
}

fn item<'a>(trigger: &str, content: BlobContent<'a>) -> Result<Item<'a>, Fault> {
    let trigger = to_core::trigger(trigger)?;
    let name = content.name();
    let name = base_name(&name).map_err(|error| super::upload::invalid(&error))?.to_owned();
    Ok(Item { trigger, name, content: Box::new(content) })
}

/// A run of one step. A journal that has begun is followed: what was accepted is reported, and not sent again.
fn upload(trigger: &str, file: &jobs::Blob) -> Result<JobReport, Fault> {
    let origin = origin()?;
    let items = [item(trigger, BlobContent::Borrowed(file))?];
    let mut run = recover(&items, Policy::default())?;
    if run.next(clock::now_ms()) != Command::Upload(0) {
        return known(run.report());
    }
    if run.history().is_empty() {
        look_at_all(&items)?;
    }
    drive(&origin, &items, &mut HostAccess, &mut append).upload(&mut run, 0)?
}

/// What a journal says of its one upload.
fn known(report: Report) -> Result<JobReport, Fault> {
    match report.steps.into_iter().next().map(|step| step.outcome) {
        Some(Outcome::Completed(report) | Outcome::Failed(report) | Outcome::Pending(report)) => {
            Ok(report)
        }
        Some(Outcome::Lost(job)) => Ok(JobReport::of_status(job, JobStatus::Missing)),
        Some(Outcome::Refused(fault)) => Err(fault),
        Some(Outcome::Unknown(refusal)) => Err(Fault::PermanentOutcomeUnknown(refusal)),
        Some(Outcome::Unchanged(_) | Outcome::NotStarted) | None => Err(Fault::PermanentInvalid(
            "the journal has begun and says nothing of an upload".to_owned(),
        )),
    }
}

fn poll(jobs: Vec<wit::Job>) -> Result<Vec<JobReport>, Fault> {
    let jobs = to_core::jobs(jobs)?;
    calls::poll_once(&origin()?, &mut HostAccess, &jobs)
}

fn run_ordered(steps: Vec<jobs::Step>, policy: Policy) -> Result<Report, Fault> {
    let origin = origin()?;
    policy.check(origin.is_loopback()).map_err(|error| impatient(&error))?;
    let items = try_all(steps, |step| item(&step.trigger, BlobContent::Owned(step.file)))?;
    let mut run = recover(&items, policy)?;
    if run.history().is_empty() {
        look_at_all(&items)?;
    }
    drive(&origin, &items, &mut HostAccess, &mut append).run(&mut run)
}

/// The loop with what the host gives.
fn drive<'a>(
    origin: &'a Origin,
    items: &'a [Item<'a>],
    access: &'a mut HostAccess,
    append: &'a mut Append<'a>,
) -> Drive<'a> {
    Drive { origin, access, items, seal: Seal::Recorded, append }
}

fn recover(items: &[Item<'_>], policy: Policy) -> Result<Run, Fault> {
    let history = to_core::history(journal::history())?;
    let plan = plan(items, &policy)?;
    Run::recover(plan, policy, &history, clock::now_ms()).map_err(|illegal| unfit(&illegal))
}
