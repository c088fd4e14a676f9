//! How a job is watched after it was accepted: when the next poll is due, and when nobody asks any more.

use knosc_bulk_import::fault::{Fault, Refusal};
use knosc_bulk_import::job::JobStatus;
use knosc_bulk_import::policy::POLL_FAILURES_MAX;
use knosc_bulk_import::run::{Command, Event, Fact, Mismatch, Resolution, Run};
use knosc_bulk_import::trigger::Trigger;

use super::{POLICY, accepted, job, observed, one, started, transient, unit};

fn events(facts: &[(u64, Fact)]) -> Vec<Event> {
    facts.iter().map(|(at_ms, fact)| Event { at_ms: *at_ms, step: 0, fact: fact.clone() }).collect()
}

#[test]
fn the_next_poll_is_due_by_age_and_count() {
    let facts = [(0, started()), (0, accepted()), (100_000, observed(JobStatus::Running))];
    let run = Run::replay(one(), POLICY, &events(&facts)).unwrap();
    let job_id = job(Trigger::UnitMaster).job_id;
    let pause_ms = POLICY.poll_interval_ms(100_000, &job_id, 1);
    assert!((4_500..=5_500).contains(&pause_ms), "a twentieth of its age");
    assert_ne!(pause_ms, POLICY.poll_interval_ms(100_000, &job_id, 0), "each pause is another");
    assert_eq!(run.next(100_000), Command::WaitMs(pause_ms));
    assert_eq!(run.next(100_000 + pause_ms - 1), Command::WaitMs(1));
    assert!(matches!(run.next(100_000 + pause_ms), Command::Poll(0, _)));
}

#[test]
fn an_answer_ends_a_row_of_failures() {
    let mut facts = vec![started(), accepted()];
    for _ in 0..2 {
        facts.extend((1..POLL_FAILURES_MAX).map(|_| Fact::PollFailed(transient())));
        facts.push(observed(JobStatus::Running));
    }
    let run = Run::replay(one(), POLICY, &unit(&facts)).unwrap();
    assert!(!matches!(run.next(30_000), Command::Finish(_)));
    let refused = Fact::PollFailed(Fault::PermanentUnauthorized(Refusal::unanswered("401")));
    let facts = [started(), accepted(), refused, observed(JobStatus::Running)];
    let run = Run::replay(one(), POLICY, &unit(&facts)).unwrap();
    assert!(matches!(run.next(3_500), Command::WaitMs(_)), "somebody signed in again");
}

#[test]
fn what_cannot_be_said_of_an_accepted_file() {
    let check = |facts: &[Fact], fact: Fact| {
        let mut run = Run::replay(one(), POLICY, &unit(facts)).unwrap();
        let error = run.apply(Event { at_ms: 9_000, step: 0, fact }).unwrap_err();
        assert_eq!(error.mismatch, Mismatch::OutOfOrder, "{facts:?}");
    };
    let resolved = |resolution| Fact::Resolved(resolution);
    let accepted_as = || resolved(Resolution::Accepted(job(Trigger::UnitMaster)));
    for status in [JobStatus::Running, JobStatus::Completed, JobStatus::Failed] {
        let facts = [started(), accepted(), observed(status)];
        check(&facts, accepted_as());
        check(&facts, resolved(Resolution::NotAccepted));
        check(&facts, Fact::UploadEnded(transient()));
        check(&facts, Fact::UploadSealed(1));
    }
    check(&[], accepted_as());
    let running =
        knosc_bulk_import::job::JobReport::of_status(job(Trigger::UnitMaster), JobStatus::Running);
    check(&[started()], Fact::UploadEnded(Fault::NotFinished(Box::new(running))));
}
