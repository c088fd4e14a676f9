//! What must be true of every report, and of the facts alone after every crash: the model of Knosc is the witness.

use crate::world::{Style, World};
use knosc_bulk_import::job::{Job, JobReport};
use knosc_bulk_import::run::{Fact, Outcome, Report};

/// What the durable facts say now, whoever reads them next.
pub(crate) fn of_a_crash(world: &mut World) {
    let recorded = world.recorded();
    of_a_report(world, &recorded);
}

/// Every word of the report is what Knosc knows, now and later.
pub(crate) fn of_a_report(world: &mut World, report: &Report) {
    for (index, step) in report.steps.iter().enumerate() {
        let said = step.outcome.word();
        world.trace(|| format!("  {index} is said to be {said}"));
        let known = world.truths[index].jobs.first().cloned();
        match &step.outcome {
            Outcome::Completed(JobReport { job, .. }) => {
                names(job, known.as_ref());
                assert_eq!(status(world, job), "completed", "file {index}");
            }
            Outcome::Failed(JobReport { job, .. }) => {
                names(job, known.as_ref());
                assert_eq!(status(world, job), "failed", "file {index}");
                world.tally.failed += 1;
            }
            Outcome::Pending(JobReport { job, .. }) => names(job, known.as_ref()),
            Outcome::Lost(job) => {
                names(job, known.as_ref());
                world.tally.lost += 1;
            }
            Outcome::Refused(_) | Outcome::NotStarted | Outcome::Unchanged(_) => {
                assert_eq!(known, None, "file {index} is said to be {said}");
                // From now on nobody may find it there: a late request counts too.
                world.truths[index].called_unsent = true;
            }
            Outcome::Unknown(_) => assert!(may_be_unknown(world, index), "file {index} is known"),
        }
    }
}

/// A file was accepted: each one before it in the order is in Knosc, and its job completed.
pub(crate) fn of_the_order(world: &mut World, accepted: usize) {
    let order: Vec<usize> = world.plan.order().to_vec();
    for before in order.into_iter().take_while(|step| *step != accepted) {
        let truth = &world.truths[before];
        let job = truth.jobs.first().map(|id| Job { trigger: truth.trigger, job_id: id.clone() });
        let done = job.is_some_and(|job| status(world, &job) == "completed");
        assert!(done, "file {accepted} was sent before file {before} had completed");
    }
}

fn names(job: &Job, known: Option<&String>) {
    assert_eq!(Some(&job.job_id), known, "the report names a job that Knosc did not make of it");
}

/// The status word that Knosc itself has for a job.
pub(crate) fn status(world: &mut World, job: &Job) -> String {
    let (tenant, now_ms) = (world.model.default_tenant().to_owned(), world.server_ms());
    let jobs = world.model.jobs(&tenant, now_ms);
    let ours = jobs.iter().find(|known| known["job_id"] == job.job_id.as_str()).unwrap();
    ours["status"].as_str().unwrap().to_owned()
}

/// Between the seal and the answer; without a seal, between the start and the answer.
fn may_be_unknown(world: &World, index: usize) -> bool {
    let facts = world.durable.iter().filter(|event| event.step == index);
    let since = facts.skip_while(|event| !matches!(event.fact, Fact::UploadStarted(_)));
    match since.map(|event| &event.fact).last() {
        Some(Fact::UploadSealed(_)) => true,
        Some(Fact::UploadStarted(_)) => world.style == Style::Engine,
        Some(Fact::UploadEnded(_)) => !world.truths[index].is_knowable,
        _ => false,
    }
}
