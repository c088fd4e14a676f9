//! Whoever started the run: looks at Knosc where nobody knows, decides either way, starts the call again or lets it be.
//!
//! Tells the truth. A person who says "not accepted" of a file that Knosc has makes a second load, and no machine can help it.

use crate::host::{Call, Ending};
use crate::verdict;
use crate::world::{Rules, Style, World};
use knosc_bulk_import::job::Job;
use knosc_bulk_import::run::{Event, Fact, Outcome, Report, Resolution};

/// Lives (crashes, calls and resumes) that a run may take before we say that it does not end.
const LIVES_MAX: usize = 60;

/// Plays a seed to its end.
pub(crate) fn play(seed: u64, traced: bool, rules: Rules) -> World {
    let mut world = World::new(seed, traced, rules);
    for _ in 0..LIVES_MAX {
        let call = world.call();
        match world.live(call) {
            Ending::Crashed => verdict::of_a_crash(&mut world),
            Ending::Finished(report) => {
                verdict::of_a_report(&mut world, &report);
                if world.chance.one_in(3) {
                    call_again(&mut world, call, &report);
                } else if !world.decide(&report) {
                    world.settle();
                    verdict::of_a_crash(&mut world);
                    return world;
                }
            }
        }
    }
    panic!("the run did not end in {LIVES_MAX} lives");
}

/// The same call over the same facts: what is over stays as it is, and nothing is sent.
fn call_again(world: &mut World, call: Call, before: &Report) {
    let is_over = |outcome: &Outcome| {
        !matches!(outcome, Outcome::Completed(_) | Outcome::Pending(_) | Outcome::NotStarted)
    };
    let words = |report: &Report| -> Vec<_> {
        report.steps.iter().map(|step| step.outcome.word()).collect()
    };
    let stands = before.steps.iter().any(|step| is_over(&step.outcome))
        || before.steps.iter().all(|step| step.outcome.is_done());
    let posts = world.model.upload_posts();
    world.tally.repeats += 1;
    match world.live(call) {
        Ending::Crashed => verdict::of_a_crash(world),
        Ending::Finished(after) => {
            verdict::of_a_report(world, &after);
            if stands {
                assert_eq!(words(before), words(&after), "called again, it says something else");
            }
        }
    }
    assert!(!stands || posts == world.model.upload_posts(), "called again, it sent something");
}

impl World {
    /// Which call comes next: one file may be sent by `upload` and watched by another call.
    fn call(&mut self) -> Call {
        let is_one = self.truths.len() == 1 && self.style == Style::Hosted;
        if is_one && !self.is_calm() && self.chance.one_in(2) {
            Call::Upload
        } else {
            Call::RunOrdered
        }
    }

    /// What a person does with a report that does not say "completed": looks at Knosc, and decides. False where
    /// no call goes on from here.
    fn decide(&mut self, report: &Report) -> bool {
        let mut order = self.plan.order().iter().copied();
        let open = order.find(|step| !report.steps[*step].outcome.is_done());
        let Some(step) = open else { return false };
        let resolution = match &report.steps[step].outcome {
            Outcome::Unknown(_) => {
                // Who looks too early sees nothing, and decides wrongly.
                self.settle();
                let truth = &self.truths[step];
                let job = truth.jobs.first();
                self.tally.unknown += 1;
                self.tally.unknown_accepted += u64::from(job.is_some());
                let accepted = |job_id: &String| {
                    let job = Job { trigger: truth.trigger, job_id: job_id.clone() };
                    Resolution::Accepted(job)
                };
                job.map_or(Resolution::NotAccepted, accepted)
            }
            Outcome::Refused(_) => {
                self.tally.refused += 1;
                Resolution::NotAccepted
            }
            Outcome::Failed(_) | Outcome::Lost(_) => return false,
            Outcome::Pending(pending) if self.style == Style::Engine => {
                // The patience of a replay is over for good: whoever waits longer polls by himself.
                self.release();
                self.pass(60_000);
                self.watch(step, &pending.job);
                return true;
            }
            _ => {
                self.release();
                return true;
            }
        };
        if self.chance.one_in(8) {
            return false;
        }
        self.trace(|| format!("  a person: {resolution:?}"));
        let fact = Fact::Resolved(resolution);
        self.durable.push(Event { at_ms: self.now_ms(), step, fact });
        true
    }
}
