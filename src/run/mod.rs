//! An ordered run as a pure machine: its events are its only input.
//!
//! `next` says what it needs, its driver does it and hands back an event, `apply` is the only way to change it. It
//! reads no clock (the driver passes the time), opens nothing and draws nothing at random. Backwards clocks change
//! waiting, never facts.
//!
//! ```text
//!            upload-started            upload-sealed           upload-accepted        job-observed
//!   ready ───────────────► sending ───────────────► sealed ───────────────► watching ─────────────► ended
//!     ▲                       │  upload-ended          │ upload-ended           │ missing × 5          │
//!     │                       └───────────────────────►┴───────────────────────►┴────────────────────► │
//!     └──────────────────── resolved(not-accepted) ◄── unknown, refused or lost ◄──────────────────────┘
//! ```

mod event;
mod report;
mod step;

pub use event::{Event, Fact, Resolution, SentFile};
pub use report::{Outcome, Report, StepReport};
pub use step::Mismatch;

use crate::job::Job;
use crate::plan::Plan;
use crate::policy::Policy;
use step::Step;

/// What the machine asks its driver to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Send the file with this index; journal `upload-started` first.
    Upload(usize),
    /// Ask Knosc for the job of this step once.
    Poll(usize, Job),
    /// Ask again after so many milliseconds.
    WaitMs(u64),
    /// The run is over.
    Finish(Report),
}

/// An event that does not fit the run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {position} does not fit step {step}: {mismatch}")]
pub struct IllegalEvent {
    /// Which event of the run, from 0.
    pub position: usize,
    /// Which file it names.
    pub step: usize,
    /// Why it does not fit.
    pub mismatch: Mismatch,
}

/// One ordered run.
///
/// ```
/// use knosc_bulk_import::{plan::{Plan, Planned}, policy::Policy, run::{Command, Run}, trigger::Trigger};
///
/// let file = Planned { trigger: Trigger::UnitMaster, file_name: "units.csv".into() };
/// let run = Run::new(Plan::new(vec![file], false)?, Policy::default());
/// assert_eq!(run.next(0), Command::Upload(0));
/// assert_eq!(run.next(0), Command::Upload(0), "asking twice changes nothing");
/// # Ok::<(), knosc_bulk_import::plan::PlanError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Run {
    plan: Plan,
    policy: Policy,
    steps: Vec<Step>,
    history: Vec<Event>,
    applied_count: usize,
}

impl Run {
    /// A run that has not begun.
    pub fn new(plan: Plan, policy: Policy) -> Self {
        let steps = plan.files().iter().map(|_| Step::Ready).collect();
        Self { plan, policy, steps, history: Vec::new(), applied_count: 0 }
    }

    /// Folds a history. Patience counts from the history's own times, as an engine that asks `planner` again and again wants it.
    ///
    /// # Errors
    /// [`IllegalEvent`] if the history belongs to other files, or is no history of a run.
    pub fn replay(plan: Plan, policy: Policy, history: &[Event]) -> Result<Self, IllegalEvent> {
        let mut run = Self::new(plan, policy);
        for event in history {
            run.apply(event.clone())?;
        }
        Ok(run)
    }

    /// Folds a history for somebody who watches again from `now_ms` on: patience and failing polls count afresh.
    ///
    /// # Errors
    /// As [`Self::replay`].
    pub fn recover(
        plan: Plan,
        policy: Policy,
        history: &[Event],
        now_ms: u64,
    ) -> Result<Self, IllegalEvent> {
        let mut run = Self::replay(plan, policy, history)?;
        for step in &mut run.steps {
            step.attend_again(now_ms);
        }
        Ok(run)
    }

    /// What to do next. Changes nothing, so that asking twice is asking once.
    ///
    /// A started upload without an answer is only asked for again where its history seals uploads and this one was not sealed: the
    /// driver asks when nothing of its own is under way.
    pub fn next(&self, now_ms: u64) -> Command {
        for index in self.plan.order() {
            let Some(step) = self.steps.get(*index) else { continue };
            match step {
                Step::Ready => return Command::Upload(*index),
                Step::Sending(sending) if sending.cannot_have_arrived() => {
                    return Command::Upload(*index);
                }
                Step::Watching(watching) => {
                    return watching.next(&self.policy, now_ms).map_or_else(
                        || Command::Finish(self.report()),
                        |due_ms| match due_ms {
                            0 => Command::Poll(*index, watching.job().clone()),
                            wait_ms => Command::WaitMs(wait_ms),
                        },
                    );
                }
                Step::Ended(Outcome::Completed(_)) => {}
                Step::Sending(_) | Step::Ended(_) => break,
            }
        }
        Command::Finish(self.report())
    }

    /// Takes one fact in. The only way to change a run.
    ///
    /// A final status is sticky: what a late poll says after it changes nothing.
    ///
    /// # Errors
    /// [`IllegalEvent`] if the fact does not fit; the run is then as it was.
    pub fn apply(&mut self, event: Event) -> Result<(), IllegalEvent> {
        let illegal =
            |mismatch| IllegalEvent { position: self.applied_count, step: event.step, mismatch };
        let Some(planned) = self.plan.files().get(event.step) else {
            return Err(illegal(Mismatch::NoSuchStep));
        };
        if matches!(event.fact, Fact::UploadStarted(_)) && !self.is_turn_of(event.step) {
            return Err(illegal(Mismatch::NotItsTurn));
        }
        let Some(step) = self.steps.get_mut(event.step) else {
            return Err(illegal(Mismatch::NoSuchStep));
        };
        match step.after(planned, &event) {
            Ok(changed) => *step = changed,
            Err(mismatch) => return Err(illegal(mismatch)),
        }
        self.applied_count += 1;
        self.remember(event);
        Ok(())
    }

    /// What is known of every file now.
    pub fn report(&self) -> Report {
        let steps = self.plan.files().iter().zip(&self.steps).map(|(planned, step)| StepReport {
            trigger: planned.trigger,
            file_name: planned.file_name.clone(),
            outcome: step.outcome(),
        });
        Report { steps: steps.collect(), events: self.history.clone() }
    }

    /// How a file ended, or where it stands; none if there is no such file.
    pub fn outcome(&self, step: usize) -> Option<Outcome> {
        self.steps.get(step).map(Step::outcome)
    }

    /// How patiently jobs are watched.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The files and their order.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The facts so far, without row errors and without polls that changed nothing.
    pub fn history(&self) -> &[Event] {
        &self.history
    }

    /// Whether every file before this one in the order is done.
    fn is_turn_of(&self, index: usize) -> bool {
        self.plan.order().iter().take_while(|before| **before != index).all(|before| {
            matches!(self.steps.get(*before), Some(Step::Ended(Outcome::Completed(_))))
        })
    }

    /// A poll that changed nothing takes the place of the one before: 100,000 polls must not cost memory.
    fn remember(&mut self, event: Event) {
        let event = event.without_row_errors();
        match self.history.last_mut() {
            Some(last) if event.repeats(last) => *last = event,
            _ => self.history.push(event),
        }
    }
}
