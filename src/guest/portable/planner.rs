//! The export `planner`: the run as a pure machine, without clock and I/O.

use crate::fault::Fault;
use crate::guest::bindings::Component;
use crate::guest::bindings::exports::knosc::bulk_import::planner;
use crate::guest::bindings::types as wit;
use crate::guest::convert::{to_core, to_wit, try_all};
use crate::guest::drive::{impatient, unfit, unplanned};
use crate::plan::{Plan, Planned};
use crate::policy::Policy;
use crate::run::{Command, Run};

impl planner::Guest for Component {
    fn order(files: Vec<planner::Planned>, policy: wit::Policy) -> Result<Vec<u32>, wit::Fault> {
        let plan = plan(files, &to_core::policy(policy)).map_err(to_wit::fault)?;
        Ok(plan.order().iter().copied().map(to_wit::index).collect())
    }

    fn next(
        files: Vec<planner::Planned>,
        policy: wit::Policy,
        history: Vec<wit::Event>,
        now_ms: u64,
    ) -> Result<planner::Command, wit::Fault> {
        next(files, to_core::policy(policy), history, now_ms).map(command).map_err(to_wit::fault)
    }
}

fn plan(files: Vec<planner::Planned>, policy: &Policy) -> Result<Plan, Fault> {
    // The planner knows no origin: it takes the quickest polls that any origin may have.
    policy.check(true).map_err(|error| impatient(&error))?;
    let planned = try_all(files, |file| {
        Ok(Planned { trigger: to_core::trigger(&file.trigger)?, file_name: file.file_name })
    })?;
    Plan::new(planned, policy.allow_repeated_trigger).map_err(|error| unplanned(&error))
}

fn next(
    files: Vec<planner::Planned>,
    policy: Policy,
    history: Vec<wit::Event>,
    now_ms: u64,
) -> Result<Command, Fault> {
    let plan = plan(files, &policy)?;
    let history = to_core::history(history)?;
    let run = Run::replay(plan, policy, &history).map_err(|illegal| unfit(&illegal))?;
    Ok(run.next(now_ms))
}

fn command(command: Command) -> planner::Command {
    match command {
        Command::Upload(step) => planner::Command::Upload(to_wit::index(step)),
        Command::Poll(_, job) => planner::Command::Poll(to_wit::job(job)),
        Command::WaitMs(ms) => planner::Command::WaitMs(ms),
        Command::Finish(report) => planner::Command::Finish(to_wit::report(report)),
    }
}
