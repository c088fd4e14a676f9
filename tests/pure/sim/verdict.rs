//! What must be true of every run: the model of Knosc is the witness.

use crate::driver::World;
use knosc_bulk_import::run::{Fact, Outcome, Report};
use knosc_bulk_import::trigger::Trigger;

fn accepted(world: &World, trigger: Trigger) -> usize {
    world.model.uploads().iter().filter(|known| known.trigger == trigger.name()).count()
}

/// No file was accepted twice, whatever happened so far.
pub(crate) fn nothing_twice(world: &World) {
    for planned in world.plan.files() {
        let times = accepted(world, planned.trigger);
        assert!(times <= 1, "{} was accepted {times} times", planned.trigger);
    }
}

/// Every word of the report is what Knosc knows.
pub(crate) fn is_true(world: &World, report: &Report) {
    nothing_twice(world);
    for (index, step) in report.steps.iter().enumerate() {
        let times = accepted(world, step.trigger);
        match &step.outcome {
            Outcome::Completed(_) | Outcome::Failed(_) | Outcome::Pending(_) | Outcome::Lost(_) => {
                assert_eq!(times, 1, "{} is said to be {}", step.trigger, step.outcome.word());
            }
            Outcome::Refused(fault) => {
                assert_eq!(times, 0, "{} is said to be refused: {fault:?}", step.trigger);
            }
            Outcome::NotStarted | Outcome::Unchanged(_) => {
                assert_eq!(times, 0, "{} is said to be not sent", step.trigger);
            }
            Outcome::Unknown(_) => {
                let sealed = world.durable.iter().any(|event| {
                    event.step == index && matches!(event.fact, Fact::UploadSealed(_))
                });
                assert!(sealed, "{} is unknown and was never sealed", step.trigger);
            }
        }
    }
}
