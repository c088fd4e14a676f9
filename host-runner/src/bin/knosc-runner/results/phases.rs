//! How long a file was sent, queued and processed, from the facts of its run.

use knosc_bulk_import::job::JobStatus;
use knosc_bulk_import::run::{Event, Fact};

/// What happened to a file for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Sending,
    Queued,
    Running,
}

impl Phase {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Queued => "queued",
            Self::Running => "running",
        }
    }
}

/// A phase with its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    pub phase: Phase,
    pub from_ms: u64,
    /// The last that was heard of it.
    pub to_ms: u64,
}

/// The phases of one step. A clock that went back makes one of no length.
pub fn stages<'e>(events: impl Iterator<Item = &'e Event>) -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    let mut is_open = false;
    for event in events {
        if let (Some(last), true) = (stages.last_mut(), is_open) {
            last.to_ms = last.to_ms.max(event.at_ms);
        }
        let next = match &event.fact {
            Fact::UploadStarted(_) => Some(Phase::Sending),
            Fact::UploadAccepted(_) => Some(Phase::Queued),
            Fact::JobObserved(report) if report.status == JobStatus::Running => {
                Some(Phase::Running)
            }
            Fact::JobObserved(report) if report.status.is_final() => None,
            Fact::UploadEnded(_) | Fact::Resolved(_) => None,
            Fact::UploadSealed(_) | Fact::JobObserved(_) | Fact::PollFailed(_) => continue,
        };
        is_open = next.is_some();
        let is_same = stages.last().map(|last| last.phase) == next;
        if let (Some(phase), false) = (next, is_same) {
            stages.push(Stage { phase, from_ms: event.at_ms, to_ms: event.at_ms });
        }
    }
    stages
}

#[cfg(test)]
mod tests {
    use knosc_bulk_import::fault::{Fault, Refusal};
    use knosc_bulk_import::job::{Job, JobReport};
    use knosc_bulk_import::trigger::Trigger;

    use super::*;

    fn check(facts: Vec<(u64, Fact)>, expected: &[(Phase, u64, u64)]) {
        let events: Vec<Event> =
            facts.into_iter().map(|(at_ms, fact)| Event { at_ms, step: 0, fact }).collect();
        let found: Vec<_> = stages(events.iter())
            .iter()
            .map(|stage| (stage.phase, stage.from_ms, stage.to_ms))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn each_phase_lasts_until_the_next_fact_that_ends_it() {
        let job = || Job { trigger: Trigger::Demand, job_id: "demand-upload-1".into() };
        let seen = |status| Fact::JobObserved(JobReport::of_status(job(), status));
        let lost = Fact::PollFailed(Fault::Transient(Refusal::unanswered("reset")));
        let facts = vec![
            (1, Fact::UploadSealed(7)),
            (5, Fact::UploadAccepted(job())),
            (7, seen(JobStatus::Queued)),
            (9, seen(JobStatus::Running)),
            (11, lost),
            (12, seen(JobStatus::Running)),
            (20, seen(JobStatus::Failed)),
            (30, seen(JobStatus::Failed)),
        ];
        check(facts, &[(Phase::Queued, 5, 9), (Phase::Running, 9, 20)]);
        check(vec![], &[]);
        // The clock went back.
        let facts = vec![(9, Fact::UploadAccepted(job())), (3, seen(JobStatus::Completed))];
        check(facts, &[(Phase::Queued, 9, 9)]);
    }
}
