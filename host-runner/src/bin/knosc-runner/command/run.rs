//! `run`: all files of a manifest or a folder, in order, each to its end.
//!
//! Checks everything before anything is sent; the sending is the library's.

use super::source::{self, Source};
use crate::args::{Global, Run, WaitArgs};
use crate::connect;
use crate::drive::{self, Drive};
use crate::exit::{self, Exit};
use crate::interrupt::Interrupt;
use crate::problem::Problem;
use crate::render::Reporter;

pub async fn execute(
    global: &Global,
    args: &Run,
    reporter: &mut Reporter,
) -> Result<Exit, Problem> {
    let source = source::read(global, &args.source, &args.files, true, reporter)?;
    send(global, source, &args.wait, reporter).await
}

/// Sends checked files and reports.
pub async fn send(
    global: &Global,
    source: Source,
    wait: &WaitArgs,
    reporter: &mut Reporter,
) -> Result<Exit, Problem> {
    let policy = source::with_interval(source.policy, wait.poll_interval);
    policy.check(source.origin.is_loopback())?;
    reporter.begin(&source.origin, source.shown(), source.plan.order());
    let interrupt = Interrupt::listen();
    let runner = connect::runner(global, &source.origin)?;
    // Every file before the last one has to be complete before the next may go, so that only the last is left alone.
    let detach_after = if wait.detach { source.plan.order().last().copied() } else { None };
    let drive = Drive { steps: source.steps(), policy, detach_after, wait: wait.wait };
    let driven = drive::run(&runner, drive, &interrupt, reporter).await?;
    let mut exit = exit::of_report(&driven.report);
    if wait.detach && exit == Exit::Unfinished && all_accepted(&driven.report) {
        exit = Exit::Done;
    }
    if driven.interrupted {
        exit = Exit::Interrupted;
    }
    reporter.finish(&driven.report, exit);
    if driven.interrupted {
        return Err(Problem::Interrupted);
    }
    Ok(exit)
}

/// Whether nothing but the end of a job is open, as `--detach` asked for.
fn all_accepted(report: &knosc_bulk_import::run::Report) -> bool {
    use knosc_bulk_import::run::Outcome;
    report
        .steps
        .iter()
        .all(|step| step.outcome.is_done() || matches!(step.outcome, Outcome::Pending(_)))
}
