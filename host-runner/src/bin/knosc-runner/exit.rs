//! Exit codes: what a script may rely on. The numbers never change their meaning.
//!
//! Decides from outcomes and errors; prints nothing.

use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::job::{JobReport, JobStatus};
use knosc_bulk_import::run::{Outcome, Report};

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    Done = 0,
    Internal = 1,
    Usage = 2,
    JobFailed = 3,
    NotSignedIn = 4,
    Unfinished = 5,
    Unknown = 6,
    CheckFailed = 7,
    NotRun = 8,
    Locked = 9,
    Temporary = 10,
    Denied = 11,
    SameFile = 12,
    Interrupted = 130,
}

impl Exit {
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Which code wins where several hold: what a person has to look at first. The documented part is 6 > 3 > 5 > 8.
    const fn weight(self) -> u8 {
        match self {
            Self::Interrupted => 10,
            Self::Unknown => 9,
            Self::JobFailed => 8,
            Self::Unfinished => 7,
            Self::Internal => 6,
            Self::NotSignedIn => 5,
            Self::Denied => 4,
            Self::Usage | Self::CheckFailed | Self::Locked | Self::SameFile => 3,
            Self::Temporary => 2,
            Self::NotRun => 1,
            Self::Done => 0,
        }
    }

    pub const fn or_worse(self, other: Self) -> Self {
        if other.weight() > self.weight() { other } else { self }
    }
}

/// The code of a fault that ended a call.
pub const fn of_fault(fault: &Fault) -> Exit {
    match fault {
        Fault::ExecutionFailed => Exit::Internal,
        Fault::PermanentInvalid(_) => Exit::Usage,
        Fault::PermanentDenied(_) => Exit::Denied,
        Fault::PermanentUnauthorized(_) => Exit::NotSignedIn,
        Fault::PermanentRejected(_) => Exit::JobFailed,
        Fault::PermanentOutcomeUnknown(_) => Exit::Unknown,
        Fault::Transient(_) => Exit::Temporary,
        Fault::NotFinished(_) => Exit::Unfinished,
    }
}

/// The code of a run.
pub fn of_report(report: &Report) -> Exit {
    let accepted = report.steps.iter().any(|step| {
        matches!(
            step.outcome,
            Outcome::Completed(_)
                | Outcome::Failed(_)
                | Outcome::Pending(_)
                | Outcome::Lost(_)
                | Outcome::Unknown(_)
        )
    });
    report.steps.iter().fold(Exit::Done, |worst, step| {
        worst.or_worse(match &step.outcome {
            Outcome::Completed(_) | Outcome::Unchanged(_) => Exit::Done,
            Outcome::Failed(_) => Exit::JobFailed,
            // 10 promises that a rerun sends nothing twice: with an accepted file before it, it does.
            Outcome::Refused(Fault::Transient(_)) if accepted => Exit::NotRun,
            // The steps themselves were checked before the run: what is wrong now is the file, which changed since.
            Outcome::Refused(Fault::PermanentInvalid(_)) => Exit::CheckFailed,
            Outcome::Refused(fault) => of_fault(fault),
            Outcome::Unknown(_) => Exit::Unknown,
            Outcome::Pending(_) | Outcome::Lost(_) => Exit::Unfinished,
            Outcome::NotStarted => Exit::NotRun,
        })
    })
}

/// The code of polled jobs.
pub fn of_jobs(jobs: &[JobReport]) -> Exit {
    jobs.iter().fold(Exit::Done, |worst, job| {
        worst.or_worse(match job.status {
            JobStatus::Completed => Exit::Done,
            JobStatus::Failed => Exit::JobFailed,
            JobStatus::Queued | JobStatus::Running | JobStatus::Missing | JobStatus::Other(_) => {
                Exit::Unfinished
            }
        })
    })
}

/// `help exit-codes`.
pub const TOPIC: &str = "\
Exit codes of knosc-runner

  0   all done (with --detach: accepted)
  1   internal error, or the journal could not be written during a run (what is known is in runs show)
  2   usage or configuration, such as a state folder that holds no journal; nothing was sent
  3   a job failed, rows were rejected, or Knosc refused the file
  4   not signed in, or not allowed
  5   still queued or running (or lost) when the wait ended; the line to poll is printed
  6   outcome unknown, of this file or of one before it: it may have been accepted; nothing was sent again
  7   a file is unfit, leaves out too much of what was loaded before, or changed since it was checked; it was not sent
  8   not run because an earlier step failed (only where neither 3 nor 6 holds); a pipeline that returned an error or trapped
  9   locked by another run, which the message names
  10  temporary error, or the wait ended, before anything was accepted; safe to run again
  11  refused by policy or sandbox; a pipeline was not taken, or was stopped at a limit
  12  the same file again, refused: it completed, or is not seen to have ended
  130 interrupted; a job that was accepted goes on, and the line to resume is printed

Where several hold: 6 before 3 before 5 before 8. A code that is not listed is a failure.
";

#[cfg(test)]
mod tests;
