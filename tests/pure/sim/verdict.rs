//! What must be true of every report, of the facts alone after every crash, and of all uploads of an office: the model of Knosc is
//! the witness.

use crate::verbs::{FILES, Office};
use crate::world::{Style, Truth, World};
use knosc_bulk_import::job::{Job, JobReport};
use knosc_bulk_import::run::{Fact, Outcome, Report};
use knosc_bulk_import::trigger::Trigger;

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
            Outcome::Refused(_) | Outcome::NotStarted | Outcome::Unknown(_)
                if world.truths[index].is_forgotten => {}
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

impl Office {
    /// A file is called unchanged: its content is the one that the run sent.
    pub(crate) fn called_unchanged(&mut self, file: usize, run: &str) {
        self.world.tally.repeats += 1;
        let run: usize = run.trim_start_matches("run-").parse().unwrap();
        let truth = self.runs[run].truths.iter().find(|truth| truth.trigger == FILES[file].0);
        let content = FILES[file].1[self.disk[file].content];
        assert_eq!(truth.unwrap().content, content, "a file that changed was called unchanged");
    }

    /// A file that Knosc took is not sent to it again before another one was, unless its job failed; and no run brings back an old
    /// file over one that a later run loaded.
    pub(crate) fn nothing_twice(&mut self, trigger: Trigger) {
        let mut taken: Vec<(usize, &str, String)> = Vec::new();
        let is_repeated = |job_id: &String| {
            let mut truths = self.runs.iter().flat_map(|recorded| &recorded.truths);
            truths.any(|truth| truth.repeated.contains(job_id))
        };
        for upload in self
            .world
            .model
            .uploads()
            .iter()
            .filter(|known| known.trigger == trigger.name() && !is_repeated(&known.job_id))
        {
            let owner = self.runs.iter().enumerate().find_map(|(run, recorded)| {
                let owns = |truth: &&Truth| truth.jobs.contains(&upload.job_id);
                recorded.truths.iter().find(owns).map(|truth| (run, truth.content))
            });
            let (run, content) = owner.expect("a job that nobody's file became");
            taken.push((run, content, upload.job_id.clone()));
        }
        for pair in taken.windows(2) {
            let [(before, old, job_id), (after, new, _)] = pair else { continue };
            assert!(
                before <= after,
                "run {before} loaded {trigger}, and run {after} an older file over it"
            );
            let job = Job { trigger, job_id: job_id.clone() };
            let failed = status(&mut self.world, &job) == "failed";
            // Nothing says what a file held whose facts were lost.
            assert!(
                old != new || failed || self.lost.contains(job_id),
                "{trigger} was loaded twice: by runs {before} and {after}"
            );
        }
    }
}
